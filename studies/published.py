"""Published values, by strategy, load and metric, from ``expected/*.csv``."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

EXPECTED = Path(__file__).parent / "expected"


@cache
def published(paper: str = "msrc") -> dict[tuple[str, str, str], float]:
    """Values of one paper's tables, keyed (strategy, load, metric)."""
    with (EXPECTED / f"{paper}.csv").open(encoding="utf-8", newline="") as file:
        return {(r["strategy"], r["load"], r["metric"]): float(r["paper"]) for r in csv.DictReader(file)}


def published_value(strategy: str, load: str, metric: str) -> float | None:
    """The paper's value, None where it gives none."""
    return published().get((strategy, load, metric))
