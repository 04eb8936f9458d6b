"""The ``gridran`` command: reads the arguments and hands over. Exit codes: 0 done, 1 failed, 2 bad arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from console.arguments import PAGE, parser
from gridran.runtime.heap import keep_freed_memory

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


class UsageError(Exception):
    """An argument that could be judged only now; the message names it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    asked = parser().parse_args(argv)
    keep_freed_memory()
    try:
        return COMMANDS[asked.command](asked)
    except UsageError as wrong:
        return _say(asked.command, wrong, EXIT_USAGE)
    except OSError as wrong:
        return _say(asked.command, wrong, EXIT_FAILED)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _say(command: str, wrong: Exception, code: int) -> int:
    print(f"gridran {command}: {' '.join(str(wrong).split())}", file=sys.stderr)
    return code


def _run(asked: argparse.Namespace) -> int:
    from console.configs import RunRequest
    from console.run import run
    from console.scenarios import load

    try:
        scenario = load(asked.scenario)
    except ValueError as wrong:
        raise UsageError(f"argument SCENARIO: {wrong}") from None
    hours_h, factor = float(asked.hours), float(asked.speed)
    if round(hours_h * 3600.0 / scenario.time.period_s) < 1:
        raise UsageError(f"argument --hours: {hours_h:g} h is shorter than a period of {scenario.time.period_s:g} s")
    _make_directory(asked.out)
    web = not asked.no_web
    return run(RunRequest(asked.scenario, asked.strategy, asked.load, asked.seed, hours_h, factor, asked.out, web))


def _make_directory(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise UsageError(f"argument --out: {out} cannot be made: {wrong.strerror}") from None


def _web(asked: argparse.Namespace) -> int:
    from console.page import replay, web_problem

    if asked.config is not None and asked.listen is not None:
        raise UsageError("argument --listen: goes with DIR; in a configuration it is http of [listen]")
    problem = web_problem()
    if problem:
        print(f"gridran web: {problem}", file=sys.stderr)
        return EXIT_FAILED
    if asked.config is not None:
        return _service(asked)
    from console.web.shelf import DamagedRunError

    try:
        return replay(asked.dir, asked.listen or PAGE)
    except DamagedRunError as wrong:
        raise UsageError(f"argument DIR: {wrong}") from None


def _service(asked: argparse.Namespace) -> int:
    from console.services import serve

    return serve(asked.command, asked.config)


def _study(asked: argparse.Namespace) -> int:
    from studies.registry import StudyRequest, study_named

    try:
        chosen = study_named(asked.name)
    except ValueError as wrong:
        raise UsageError(f"argument NAME: {wrong}") from None
    _make_directory(asked.out)
    from console.study import study
    from console.trial_progress import shown_progress
    from gridran.runtime.dask_cluster import ClusterError

    request = StudyRequest(
        asked.out, asked.trials, asked.jobs, asked.dask, asked.quick, asked.resume, progress=shown_progress()
    )
    try:
        return study(chosen, request)
    except ClusterError as wrong:
        raise UsageError(f"argument --dask: {wrong}") from None


def _bench(asked: argparse.Namespace) -> int:
    from benchmarks.registry import bench_named

    try:
        bench = bench_named(asked.name)
    except ValueError as wrong:
        raise UsageError(f"argument NAME: {wrong}") from None
    _make_directory(asked.out)
    bench(asked.out)
    return 0


def _explain(asked: argparse.Namespace) -> int:
    from console.explain import explain

    try:
        lines = explain(asked.dir, asked.site, asked.at)
    except ValueError as wrong:
        raise UsageError(f"argument {wrong}") from None
    print("\n".join(lines))
    return 0


def _scenario(asked: argparse.Namespace) -> int:
    from console.scenarios import load

    try:
        scenario = load(str(asked.file))
    except ValueError as wrong:
        print(wrong, file=sys.stderr)  # every line begins with the file
        return EXIT_FAILED
    print(
        f"{asked.file}: {scenario.name}, {scenario.network.site_count} sites, {scenario.traffic.ue_count} users: good"
    )
    return 0


def _certificates(asked: argparse.Namespace) -> int:
    import datetime as dt

    from console.certificates import certificates

    print(f"{asked.out}: {certificates(asked.out, asked.days, dt.datetime.now(dt.UTC))}")
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "emulator": _service,
    "rapp": _service,
    "xapp": _service,
    "web": _web,
    "study": _study,
    "bench": _bench,
    "explain": _explain,
    "scenario": _scenario,
    "certificates": _certificates,
}
