"""A service as a process: its arguments, its signals, its exit code.

Exit codes: 0 ended by itself or by SIGTERM/SIGINT, 1 failed, 2 a configuration or a port that it cannot start with.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn, Protocol

from gridran.plugins import PluginError
from gridran.runtime.address import ListenError
from gridran.runtime.heap import keep_freed_memory
from gridran.runtime.service_config import ConfigError
from gridran.runtime.tls import TlsError
from gridran.scenario.problem import ScenarioError

EXIT_OK, EXIT_FAILED, EXIT_REFUSED = 0, 1, 2
_REFUSALS = (ConfigError, ListenError, PluginError, ScenarioError, TlsError)


class Service(Protocol):
    """A service with threads of its own."""

    def start(self) -> None:
        """Listens and begins; ListenError or TlsError where it cannot."""

    def wait(self) -> int:
        """Returns the exit code when the service has ended by itself."""

    def stop(self) -> bool:
        """Ends it within 2 s with its files closed; False where a computation could not be interrupted."""


class Forever:
    """The ``wait`` of a service that does not end by itself."""

    def __init__(self) -> None:
        self._never = threading.Event()

    def wait(self) -> int:
        """Returns only by a signal's exception."""
        self._never.wait()
        return EXIT_OK


def play(name: str, make: Callable[[], Service]) -> int:
    """Makes a service and runs it to its end or to a signal. Refusals are one line on stderr."""
    asked = threading.Event()
    _on_signals(partial(_as_interrupt, asked))
    service: Service | None = None
    try:
        service = make()
        service.start()
        if asked.is_set():  # the interrupt was lost in a callback that lets no exception out, as of gRPC or of gc
            return EXIT_OK
        return service.wait()
    except _REFUSALS as wrong:
        return _say(name, wrong, EXIT_REFUSED)
    except OSError as wrong:
        return _say(name, wrong, EXIT_FAILED)
    except KeyboardInterrupt:
        return EXIT_OK
    finally:
        _on_signals(signal.SIG_IGN)  # a second request must not cut the end short
        if service is not None and not service.stop():
            _leave(EXIT_OK)


def main(name: str, run: Callable[[Path], int], argv: Sequence[str] | None = None) -> int:
    """``python -m NAME --config FILE``."""
    arguments = argparse.ArgumentParser(prog=name)
    arguments.add_argument("--config", type=Path, required=True, metavar="FILE")
    keep_freed_memory()
    return run(arguments.parse_args(argv).config)


def _on_signals(handler: Callable[..., object] | signal.Handlers) -> None:
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, handler)


def _as_interrupt(asked: threading.Event, *_: object) -> NoReturn:
    asked.set()
    raise KeyboardInterrupt


def _say(name: str, wrong: Exception, code: int) -> int:
    sys.stderr.write(f"{name}: {' '.join(str(wrong).split())}\n")
    return code


def _leave(code: int) -> None:
    """Ends the process while a solver still runs: waiting for its thread could take a minute."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
