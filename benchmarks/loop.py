"""Bench ``loop``: indication to control over loopback gRPC, 19 sites × 1,000 users, all three processes together.

Also says how many times faster than real time the whole loop runs, planning included.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.output import publish

HOURS_H = 0.5
KEPT = ("control_latency_p50_ms", "control_latency_p99_ms", "sim_h", "wall_s")


def loop(out: Path) -> None:
    """Run half an hour of ``msrc`` and write OUT/loop.json. RuntimeError where the run fails."""
    run_dir = out / "loop-run"
    command = [sys.executable, "-m", "console", "run", "--strategy", "msrc", "--load", "medium", "--seed", "1"]
    done = subprocess.run(  # noqa: S603 - our own command line
        [*command, "--hours", str(HOURS_H), "--out", str(run_dir)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"gridran run failed: {done.stderr.strip().splitlines()[-1:]}")
    kpis = json.loads((run_dir / "kpis.json").read_text(encoding="utf-8"))
    figures = {key: kpis[key] for key in KEPT}
    figures["real_time_factor"] = kpis["sim_h"] * 3600.0 / kpis["wall_s"]
    publish(out, "loop", figures)
