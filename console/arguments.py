"""The arguments of the ``gridran`` command. Nothing heavy is imported, so that ``--help`` is instant."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from gridran.runtime.address import parse_address
from gridran.strategies import DEFAULT, strategy_named

RUN_FILE = "run.json"
PAGE = "127.0.0.1:8080"
_MOST_DAYS = 3650
LOADS = ("light", "medium", "heavy")
SERVICES = {"emulator": "the radio network and the world behind it", "rapp": "the slow loop", "xapp": "the fast loop"}


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line that names the argument, and exits with 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")


def parser() -> Parser:
    """The whole command line (SPEC 9)."""
    top = Parser(prog="gridran", description="Keeps a mobile network alive through a blackout.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _run(commands.add_parser("run", help="a blackout with the three services as processes, and its report"))
    for name, what in SERVICES.items():
        service = commands.add_parser(name, help=f"one service: {what}")
        service.add_argument("--config", type=_checked(existing_file), required=True, metavar="FILE")
    _web(commands.add_parser("web", help="the live page: a run that goes on, or recorded ones"))
    _study(commands.add_parser("study", help="published tables and figures, by Monte Carlo"))
    bench = commands.add_parser("bench", help="speed, as ratios")
    bench.add_argument("name", metavar="NAME")
    bench.add_argument("--out", type=_checked(directory), required=True, metavar="DIR")
    _explain(commands.add_parser("explain", help="why a site slept, a user was shed, a solve failed"))
    _scenario(commands.add_parser("scenario", help="work on scenario files"))
    _certificates(commands.add_parser("certificates", help="a throw-away authority and a certificate for each role"))
    return top


def _run(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "scenario", nargs="?", default="", metavar="SCENARIO", help="name or file; default: the paper's"
    )
    command.add_argument("--strategy", type=_checked(strategy_name), default=DEFAULT, metavar="NAME")
    command.add_argument("--load", type=_checked(load), default="medium", metavar="light|medium|heavy|X")
    command.add_argument("--seed", type=_checked(whole), default=1, metavar="N")
    command.add_argument("--hours", type=_checked(positive), default=24.0, metavar="H")
    command.add_argument("--speed", type=_checked(speed), default=0.0, metavar="max|X", help="times real time")
    command.add_argument("--out", type=_checked(directory), required=True, metavar="DIR")
    command.add_argument("--no-web", action="store_true", help="no live page")


def _web(command: argparse.ArgumentParser) -> None:
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "dir", nargs="?", type=_checked(run_directory), metavar="DIR", help="a run's directory, or one of several"
    )
    what.add_argument(
        "--config", type=_checked(existing_file), metavar="FILE", help="as a service, to watch an emulator"
    )
    command.add_argument("--listen", type=_checked(address), metavar="HOST:PORT", help=f"with DIR; default {PAGE}")


def _study(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME")
    command.add_argument("--trials", type=_checked(at_least_one), default=0, metavar="N")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=_checked(at_least_one), default=1, metavar="N")
    where.add_argument("--dask", default="", metavar="ADDR")
    command.add_argument("--quick", action="store_true")
    command.add_argument("--resume", action="store_true")
    command.add_argument("--out", type=_checked(directory), required=True, metavar="DIR")


def _explain(command: argparse.ArgumentParser) -> None:
    command.add_argument("dir", type=_checked(_given), metavar="DIR")
    command.add_argument("--site", required=True, metavar="I", help="index or site id")
    command.add_argument("--at", type=_checked(not_negative), required=True, metavar="H")


def _scenario(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="says what is wrong in a scenario file, and where")
    check.add_argument("file", type=_checked(existing_file), metavar="FILE")


def _certificates(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out", type=_checked(directory), required=True, metavar="DIR", help="gets a folder for each role"
    )
    command.add_argument("--days", type=_checked(days), default=30, metavar="N", help="how long they are valid")


def _checked(convert: Callable[[str], object]) -> Callable[[str], object]:
    """``convert`` with its ValueError as argparse's own, so that the message is kept, and a path that is closed to us
    as one, too."""

    def checked(text: str) -> object:
        try:
            return convert(text)
        except ValueError as wrong:
            raise argparse.ArgumentTypeError(str(wrong)) from None
        except OSError as wrong:
            raise argparse.ArgumentTypeError(f"{text!r} cannot be read: {wrong.strerror}") from None

    return checked


def strategy_name(text: str) -> str:
    """A known strategy."""
    return strategy_named(text).name


def load(text: str) -> str:
    """light, medium, heavy or a positive factor."""
    if text in LOADS:
        return text
    try:
        return f"{positive(text):g}"
    except ValueError:
        raise ValueError(f"{text!r} is none of {', '.join(LOADS)}, nor a number above 0") from None


def number(text: str) -> float:
    """A finite number."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not finite")
    return value


def positive(text: str) -> float:
    """A number above 0."""
    value = number(text)
    if value <= 0.0:
        raise ValueError(f"{text!r} is not above 0")
    return value


def not_negative(text: str) -> float:
    """A number of at least 0."""
    value = number(text)
    if value < 0.0:
        raise ValueError(f"{text!r} is below 0")
    return value


def speed(text: str) -> float:
    """``max`` as 0, or a positive factor of real time."""
    return 0.0 if text == "max" else positive(text)


def whole(text: str) -> int:
    """A whole number of at least 0."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def at_least_one(text: str) -> int:
    """A whole number of at least 1."""
    value = whole(text)
    if value < 1:
        raise ValueError(f"{text!r} is below 1")
    return value


def days(text: str) -> int:
    """A whole number of days, 1 to 3650."""
    value = at_least_one(text)
    if value > _MOST_DAYS:
        raise ValueError(f"{text!r} is above {_MOST_DAYS}")
    return value


def existing_file(text: str) -> Path:
    """A path where a file is."""
    path = Path(text)
    if not path.is_file():
        raise ValueError(f"there is no file {text!r}")
    return path


def address(text: str) -> str:
    """HOST:PORT."""
    return str(parse_address(text))


def run_directory(text: str) -> Path:
    """A directory in which a run was recorded, or several were, each in one of its own."""
    path = _given(text)
    wanted = "give what was --out of gridran run, or a directory of several"
    if not path.is_dir():
        there = f"{text!r} is not a directory" if path.exists() else f"there is no directory {text!r}"
        raise ValueError(f"{there}; {wanted}")
    if not (path / RUN_FILE).is_file() and not any(path.glob(f"*/{RUN_FILE}")):
        raise ValueError(f"{text!r} holds no run: there is no {RUN_FILE} in it; {wanted}")
    return path


def directory(text: str) -> Path:
    """A directory, or a place where one can be made."""
    path = _given(text)
    if path.exists() and not path.is_dir():
        raise ValueError(f"{text!r} is not a directory")
    return path


def _given(text: str) -> Path:
    """A path. An empty one, of a shell's variable that nobody has set, would be the current directory."""
    if not text:
        raise ValueError("the path is empty; give . for the current directory")
    return Path(text)
