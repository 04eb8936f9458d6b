"""A strategy is data: a planner, a dispatcher with its rules, and a price rule, each by name (SPEC 6).

The apps resolve their own half of a strategy from their own registries; nothing here imports them. Installed
distributions add strategies by the entry-point group ``gridran.strategies`` (docs/howto/add-a-strategy.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from gridran import plugins
from gridran.plugins import PluginError

ASSOCIATIONS = ("own-cell", "cooperative")
BAND_RULES = ("all-on", "least-power")


@dataclass(frozen=True, slots=True)
class Strategy:
    """``association``: "own-cell" or "cooperative". ``band_rule``: "all-on" or "least-power".
    ``price_rule``: "flat" (ρ_base) or "urgency" (16).

    Planner, dispatcher and price rule may also be "module:function", somebody else's code that is imported by the app
    it belongs to. ValueError: no such association or band rule.
    """

    name: str
    planner: str
    dispatcher: str
    association: str
    band_rule: str
    price_rule: str

    def __post_init__(self) -> None:
        for field, value, choices in (
            ("association", self.association, ASSOCIATIONS),
            ("band_rule", self.band_rule, BAND_RULES),
        ):
            if value not in choices:
                raise ValueError(f"strategy {self.name!r}: {field} {value!r} is none of {', '.join(choices)}")


STRATEGIES: dict[str, Strategy] = {
    s.name: s
    for s in (
        Strategy("independent", "none", "proportional-fair", "own-cell", "all-on", "flat"),
        Strategy("independent-es", "none", "proportional-fair", "own-cell", "least-power", "flat"),
        Strategy("static-lb", "static-lb", "proportional-fair", "cooperative", "all-on", "flat"),
        Strategy("msrc", "msrc", "proportional-fair", "cooperative", "least-power", "urgency"),
        Strategy("lifetime", "lifetime", "proportional-fair", "cooperative", "least-power", "urgency"),
    )
}

FALLBACK = "independent"
DEFAULT = "lifetime"  # what nobody chose: the one that wins the studies


def strategy_names() -> tuple[str, ...]:
    """Every strategy that can be asked for: ours, then those of installed distributions."""
    return (*STRATEGIES, *(name for name in plugins.declared() if name not in STRATEGIES))


def strategy_named(name: str) -> Strategy:
    """The strategy that somebody asks for by ``name``.

    PluginError, a ValueError of one line: there is none (with the choices), a distribution claims a name of ours, or
    its entry point does not give a ``Strategy`` of that name.
    """
    if name in STRATEGIES and name in plugins.declared():
        raise PluginError(f"strategy {name!r} is gridran's own, rename the {plugins.owners(name)}")
    return strategy_in_force(name)


def strategy_in_force(name: str) -> Strategy:
    """As ``strategy_named``, for decisions under way: ours are always ours, so no plug-in can spoil the fallback."""
    if name in STRATEGIES:
        return STRATEGIES[name]
    if name not in plugins.declared():
        raise PluginError(f"strategy {name!r} is unknown; choose one of {', '.join(strategy_names())}")
    found = plugins.loaded(name)
    if not isinstance(found, Strategy):
        raise PluginError(f"strategy {name!r} is a {type(found).__name__}, not a Strategy: {plugins.owners(name)}")
    if found.name != name:
        raise PluginError(f"strategy {name!r} calls itself {found.name!r}: {plugins.owners(name)}")
    return found
