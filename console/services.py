"""``gridran emulator|rapp|xapp|web --config FILE``: one service in this process.

The module of a service offers ``run(config: Path) -> int``; the emulator's takes a second argument, where its periods
go (``console.sink.RunSink``, or None where its configuration names no ``[run] out``).
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

MODULES = {
    "emulator": "emulator.service",
    "rapp": "rapp.service",
    "xapp": "xapp.service",
    "web": "console.web.service",
}
PR_SET_PDEATHSIG = 1
PAGE_NICENESS = 10  # the run goes first


def serve(service: str, config: Path) -> int:
    """Runs a service until it ends and returns its exit code. SIGTERM ends it like Ctrl-C, files closed."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    if end_with_parent() and service == "web":
        os.nice(PAGE_NICENESS)
    module = importlib.import_module(MODULES[service])
    try:
        code: int = _emulate(module.run, config) if service == "emulator" else module.run(config)
    except KeyboardInterrupt:
        return 0
    return code


def end_with_parent() -> bool:
    """Where started by ``gridran run``, and True then: on Linux a SIGTERM when that process dies, even by kill -9."""
    if os.environ.get("GRIDRAN_PARENT") != str(os.getppid()):
        return False
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return True


def _emulate(run: Any, config: Path) -> int:
    from console.sink import RunSink, SinkConfig
    from gridran.runtime.service_config import ConfigError, EmulatorConfig, read_config

    try:
        asked = read_config(config, EmulatorConfig).run
    except ConfigError:
        return int(run(config, None))  # which says what is wrong
    if asked.out is None:
        return int(run(config, None))
    sink = RunSink(SinkConfig(asked.strategy, asked.load, asked.seed, asked.hours, asked.out))
    try:
        return int(run(config, sink))
    finally:
        sink.end()


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt
