"""One look for all dashboards: the colours of the run's report, limits and words."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, WARNING, BAD, PLAIN = "green", "orange", "red", "text"


@dataclass(frozen=True)
class Look:
    """How a series with a known name is shown: its words and its colour."""

    words: str
    colour: str


CLASSES = {
    "emergency": Look("emergency", "#d55e00"),
    "voice": Look("voice", "#cc79a7"),
    "essential": Look("essential", "#009e73"),
    "best_effort": Look("best effort", "#8b9096"),
}
STATES = {
    "normal": Look("normal", "#56b4e9"),
    "helping": Look("helping", "#e69f00"),
    "assisted": Look("assisted", "#0072b2"),
    "deep_sleep": Look("deep sleep", "#7d78c4"),
    "down": Look("down", "#d62728"),
}
SOURCES = {
    "battery": Look("battery", "#0072b2"),
    "v2g": Look("cars", "#e69f00"),
    "pv": Look("sun", "#f0d93a"),
    "grid": Look("grid", "#9aa2a9"),
}
SINKS = {
    "into battery": Look("into batteries", "#56b4e9"),
    "into ev": Look("into cars", "#d55e00"),
}
SHED = {
    "out_of_coverage": Look("out of coverage", "#0072b2"),
    "site_down": Look("site down", "#d62728"),
    "no_capacity": Look("no capacity", "#e69f00"),
    "power_budget": Look("power budget", "#f0d93a"),
    "policy_limit": Look("policy limit", "#8b9096"),
}
TARGET_FRAC = {"emergency": 1.0, "voice": 0.95, "essential": 0.80, "best_effort": 0.50}  # Table III of the paper

Steps = tuple[tuple[float | None, str], ...]
"""Thresholds: from this value on, this colour. The first has no value."""

NO_LIMITS: Steps = ((None, PLAIN),)
CRITICAL: Steps = ((None, BAD), (0.50, WARNING), (0.95, GOOD))
LIFE_H: Steps = ((None, BAD), (0.25, WARNING), (1.0, GOOD))
VALID_H: Steps = ((None, BAD), (1e-9, WARNING), (0.15, GOOD))
LEDGER_KWH: Steps = ((None, GOOD), (1e-6, BAD))
NONE_IS_GOOD: Steps = ((None, GOOD), (1.0, BAD))
GAP: Steps = ((None, GOOD), (0.20, WARNING), (0.30, BAD))
EFFECT: Steps = ((None, BAD), (0.95, GOOD))
ALL_THREE: Steps = ((None, BAD), (3.0, GOOD))
FLOOR: Steps = ((None, BAD), (0.2, PLAIN))


def at_least(target: float) -> Steps:
    """Good from ``target`` on, a warning up to ten points below it, else bad."""
    return ((None, BAD), (round(target - 0.10, 2), WARNING), (target, GOOD))
