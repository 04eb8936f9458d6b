"""Why a site is as it is at one moment, in sentences, from facts that a file or a live run gave.

The services' notes (written by ``gridran.runtime.notefile``) are used where there are any: "plan" with ``policy_id,
tier, gap_frac, binding_sites``; "mode-change" with ``site, from, to, helpers, helps, soc_frac, expected_life_h``;
"plan-failed", or any other note with a ``why``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Note = dict[str, Any]
Named = tuple[tuple[str, int], ...]
PARTNERS = (("helpers", "helped by"), ("helps", "to help"))
SHED_WORDS = {
    "out_of_coverage": "no awake site reaches them well enough",
    "site_down": "the site that should serve them has no power",
    "no_capacity": "the blocks went to more important users",
    "power_budget": "serving them would exceed the site's power budget or reserve",
    "policy_limit": "the plan throttles their class at this site to less than the minimum",
}
MODE_WORDS = {
    "normal": "in normal mode",
    "helping": "helping its neighbours",
    "assisted": "assisted, on its low bands alone",
    "deep_sleep": "in deep sleep",
}
FAILED_PLAN = "plan-failed"
_NAMED = 3


@dataclass(frozen=True)
class SiteFacts:
    """One site in one period, which begins at ``time_h`` and ends at ``end_h``.

    ``status``: a mode's name or "down", unchanged since ``since_h``, or for longer where not ``since_known``: nobody
    saw what was before. ``restart_frac``: the charge at which a site that went down comes back. ``carriers``: sites
    that serve users of its cell, ``helped``: cells whose users it serves, each with its number of users, most first.
    ``shed``: users of its cell without service, by name of the reason.
    """

    site_id: str
    time_h: float
    end_h: float
    since_h: float
    status: str
    soc_frac: float
    soc_min_frac: float
    restart_frac: float
    load_kw: float
    v2g_kw: float
    ev_connected: int
    price_usd_per_kwh: float
    carriers: Named
    helped: Named
    users_own: int
    users_served: int
    shed: Mapping[str, int]
    strategy: str
    policy_id: str
    since_known: bool = True


def reasons(facts: SiteFacts, notes: Sequence[Note] | None) -> list[str]:
    """The explanation, a sentence or two a line. ``notes`` in order of time; None where nobody kept any."""
    past = None if notes is None else _until(notes, facts.end_h)
    return [
        _state(facts),
        *_reason(facts),
        *_mode_change(facts, past or []),
        _plan(facts, past or []),
        *_users(facts),
        *([] if past is None else [_last_failure(past)]),
    ]


def _state(facts: SiteFacts) -> str:
    words, longer = MODE_WORDS.get(facts.status, "down"), "" if facts.since_known else " or before"
    return (
        f"{facts.site_id} at {facts.time_h:.2f} h: {words} since {facts.since_h:.2f} h{longer}; "
        f"battery at {facts.soc_frac:.1%}, drawing {facts.load_kw:.2f} kW."
    )


def _reason(facts: SiteFacts) -> list[str]:
    if facts.status == "down":
        return [_why_down(facts)]
    if facts.status in ("assisted", "deep_sleep"):
        return [_why_resting(facts)]
    if facts.status == "helping":
        return [_whom_it_helps(facts)]
    return []


def _why_down(facts: SiteFacts) -> str:
    if facts.soc_frac >= facts.restart_frac:
        return "Its battery is above the restart level: a fault took it down, not the lack of energy."
    parked = f"{facts.ev_connected} parked car{'' if facts.ev_connected == 1 else 's'}"
    sold = f"sold {facts.v2g_kw:.1f} kW" if facts.v2g_kw > 0.0 else "sold nothing"
    return (
        f"Its battery is at its floor ({facts.soc_min_frac:.0%}) and it comes back at {facts.restart_frac:.0%}; "
        f"{parked} {sold} at an offer of {facts.price_usd_per_kwh:.2f} $/kWh."
    )


def _why_resting(facts: SiteFacts) -> str:
    names = _counted(facts.carriers)
    carried = f"its users are carried by {names}" if names else "nobody was seen carrying its users"
    return f"The plan lets it rest and spend little; {carried}."


def _whom_it_helps(facts: SiteFacts) -> str:
    names = _counted(facts.helped)
    return f"It carries users of {names}." if names else "It was not seen carrying users of other cells."


def _mode_change(facts: SiteFacts, past: Sequence[Note]) -> list[str]:
    """The plan's own words about the last change of the site's mode."""
    note = _last(past, lambda fields, kind: kind == "mode-change" and fields.get("site") == facts.site_id)
    if note is None:
        return []
    fields = _fields(note)
    change = f"{_words(fields.get('from'))} to {_words(fields.get('to'))}"
    soc, life_h = fields.get("soc_frac"), fields.get("expected_life_h")
    held = f", its battery at {soc:.0%}" if isinstance(soc, float) else ""
    lives = f", expected to last {life_h:.1f} h" if isinstance(life_h, int | float) else ""
    partners = [f"{word} {_listed(fields[key])}" for key, word in PARTNERS if fields.get(key)]
    told = f" ({'; '.join(partners)})" if partners else ""
    return [f"The plan at {_time_h(note):.2f} h moved it from {change}{told}{held}{lives}."]


def _plan(facts: SiteFacts, past: Sequence[Note]) -> str:
    policy_id, strategy = facts.policy_id, facts.strategy
    if not policy_id:
        return f"No policy was in force: the fast loop ran the strategy {strategy}."
    note = _last(past, lambda fields, kind: kind == "plan" and fields.get("policy_id") == policy_id)
    if note is None:
        return f"Policy {policy_id} ({strategy}) was in force."
    fields = _fields(note)
    gap = fields.get("gap_frac")
    proven = f"gap {gap:.1%}" if isinstance(gap, int | float) else "no gap proven"
    binding = f"; it is bound by {_listed(fields['binding_sites'])}" if fields.get("binding_sites") else ""
    at = f"planned at {_time_h(note):.2f} h"
    return f"Policy {policy_id} ({strategy}), {at}, was in force: tier {fields.get('tier')}, {proven}{binding}."


def _users(facts: SiteFacts) -> list[str]:
    lines = [f"Of the {facts.users_own} users of its cell, {facts.users_served} were served."]
    shed = ((name, count) for name, count in facts.shed.items() if count)
    return lines + [f"  {count} not: {SHED_WORDS[name]} ({name})." for name, count in shed]


def _last_failure(past: Sequence[Note]) -> str:
    note = _last(past, lambda fields, kind: kind == FAILED_PLAN or "why" in fields)
    if note is None:
        return "No solve had failed by then."
    fields = _fields(note)
    outcome, why = fields.get("outcome", note["kind"]), fields.get("why") or "no reason given"
    binding = f"; least to live on: {_listed(fields['binding_sites'])}" if fields.get("binding_sites") else ""
    return f"The last solve that failed: {note.get('app', '?')} at {_time_h(note):.2f} h, {outcome}: {why}{binding}."


def _counted(named: Named) -> str:
    return ", ".join(f"{name} ({users})" for name, users in named[:_NAMED])


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names) if isinstance(names, list) else str(names)


def _words(mode: Any) -> str:
    return str(mode).replace("_", " ")


def _fields(note: Note) -> dict[str, Any]:
    fields = note.get("fields")
    return fields if isinstance(fields, dict) else {}


def _time_h(note: Note) -> float:
    return float(note["time_h"])


def _until(notes: Sequence[Note], end_h: float) -> list[Note]:
    return [note for note in notes if "time_h" in note and "kind" in note and _time_h(note) <= end_h]


def _last(past: Sequence[Note], fits: Callable[[dict[str, Any], str], bool]) -> Note | None:
    """The last note that ``fits`` (fields, kind)."""
    return next((note for note in reversed(past) if fits(_fields(note), str(note["kind"]))), None)
