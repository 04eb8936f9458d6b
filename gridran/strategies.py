"""A strategy is data: a planner, a dispatcher with its rules, and a price rule, each by name (SPEC 6).

The apps resolve their own half of a strategy from their own registries; nothing here imports them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Strategy:
    """``association``: "own-cell" or "cooperative". ``band_rule``: "all-on" or "least-power".
    ``price_rule``: "flat" (ρ_base) or "urgency" (16)."""

    name: str
    planner: str
    dispatcher: str
    association: str
    band_rule: str
    price_rule: str


STRATEGIES: dict[str, Strategy] = {
    s.name: s
    for s in (
        Strategy("independent", "none", "proportional-fair", "own-cell", "all-on", "flat"),
        Strategy("independent-es", "none", "proportional-fair", "own-cell", "least-power", "flat"),
        Strategy("static-lb", "static-lb", "proportional-fair", "cooperative", "all-on", "flat"),
        Strategy("msrc", "msrc", "proportional-fair", "cooperative", "least-power", "urgency"),
    )
}

FALLBACK = "independent"


def strategy_named(name: str) -> Strategy:
    """The strategy called ``name``; ValueError names the choices."""
    try:
        return STRATEGIES[name]
    except KeyError:
        raise ValueError(f"strategy {name!r} is unknown; choose one of {', '.join(STRATEGIES)}") from None
