"""The benchmarks that ``gridran bench NAME`` knows."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

Bench = Callable[[Path], None]

BENCHES: dict[str, str] = {
    "dispatch": "benchmarks.dispatch:dispatch_bench",
    "emulator": "benchmarks.emulator:emulator_bench",
    "loop": "benchmarks.loop:loop",
    "plan": "benchmarks.plan:plan_bench",
    "radio": "benchmarks.radio:radio_bench",
    "scale": "benchmarks.scale:scale_bench",
}
"""Name -> "module:function", imported when asked for. The function writes DIR/NAME.json."""


def bench_named(name: str) -> Bench:
    """The benchmark called ``name``. ValueError: there is none (with the choices), or its peer is not installed."""
    if name not in BENCHES:
        raise ValueError(f"no such bench {name!r}; there are: {', '.join(sorted(BENCHES)) or 'none'}")
    module, function = BENCHES[name].split(":")
    try:
        bench: Bench = getattr(import_module(module), function)
    except ModuleNotFoundError as missing:
        raise ValueError(f"bench {name!r} needs {missing.name}; pip install 'gridran[bench]'") from None
    return bench
