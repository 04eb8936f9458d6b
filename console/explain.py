"""``gridran explain``: why a site was as it was at one moment, in sentences, from the files of a run.

The services' notes (DIR/journal/*.jsonl, written by ``gridran.runtime.notefile``) are read where they exist: "plan"
with ``policy_id, tier, gap_frac, binding_sites``; "mode-change" with ``site, from, to, helpers, helps, soc_frac,
expected_life_h``; "plan-failed", or any other note with a ``why``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from studies.recorder import SHED_NAMES
from studies.rundir import RunDir, read_run

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


def explain(path: Path, site: str, at_h: float) -> list[str]:
    """The explanation, a sentence or two a line. ValueError names the argument that fits nothing."""
    try:
        run = read_run(path)
    except ValueError as missing:
        raise ValueError(f"DIR: {missing}") from None
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"DIR: {path} holds a damaged run: {wrong!r}") from None
    index = _site_index(run, site)
    period = _period_at(run, at_h)
    return [
        _state(run, index, period),
        *_reason(run, index, period),
        *_mode_change(run, index, period),
        *_plan(run, period),
        *_users(run, index, period),
        *_last_failure(run, period),
    ]


def _site_index(run: RunDir, site: str) -> int:
    if site in run.site_ids:
        return run.site_ids.index(site)
    if site.isdecimal() and int(site) < len(run.site_ids):
        return int(site)
    last = len(run.site_ids) - 1
    raise ValueError(f"--site: {site!r} is no site of this run; use 0 … {last} or an id such as {run.site_ids[0]!r}")


def _period_at(run: RunDir, at_h: float) -> int:
    if not run.period_count:
        raise ValueError("DIR: the run has no period yet")
    time_h = run.series("time_h")
    end_h = float(time_h[-1] + run.series("dt_h")[-1])
    if not 0.0 <= at_h <= end_h:
        raise ValueError(f"--at: {at_h:g} lies outside the run, which covers 0 … {end_h:.2f} h")
    return int(np.searchsorted(time_h, at_h + 1e-9, side="right")) - 1


def _cell(run: RunDir, column: str, index: int, period: int) -> float:
    return float(run.timeline[column][period * len(run.site_ids) + index])


def _text(run: RunDir, column: str, index: int, period: int) -> str:
    return run.timeline[column][period * len(run.site_ids) + index]


def _status(run: RunDir, index: int, period: int) -> str:
    return _text(run, "mode", index, period) if _cell(run, "site_up", index, period) else "down"


def _since_h(run: RunDir, index: int, period: int) -> float:
    status = _status(run, index, period)
    while period > 0 and _status(run, index, period - 1) == status:
        period -= 1
    return float(run.network["time_h"][period])


def _state(run: RunDir, index: int, period: int) -> str:
    status = _status(run, index, period)
    words = MODE_WORDS.get(status, "down")
    soc, load_kw = (_cell(run, name, index, period) for name in ("soc_frac", "load_kw"))
    return (
        f"{run.site_ids[index]} at {float(run.network['time_h'][period]):.2f} h: {words} since "
        f"{_since_h(run, index, period):.2f} h; battery at {soc:.1%}, drawing {load_kw:.2f} kW."
    )


def _reason(run: RunDir, index: int, period: int) -> list[str]:
    status = _status(run, index, period)
    if status == "down":
        return [_why_down(run, index, period)]
    if status in ("assisted", "deep_sleep"):
        return [_why_resting(run, index, period)]
    if status == "helping":
        return [_whom_it_helps(run, index, period)]
    return []


def _why_down(run: RunDir, index: int, period: int) -> str:
    battery = run.facts["sites"][index]["battery"]
    restart_frac = battery["soc_min_frac"] + battery["restart_margin_frac"]
    if _cell(run, "soc_frac", index, period) >= restart_frac:
        return "Its battery is above the restart level: a fault took it down, not the lack of energy."
    cars, price = (_cell(run, name, index, period) for name in ("ev_connected", "price_usd_per_kwh"))
    v2g_kw = _cell(run, "v2g_kw", index, period)
    parked = f"{cars:g} parked car{'' if cars == 1 else 's'}"
    sold = f"sold {v2g_kw:.1f} kW" if v2g_kw > 0.0 else "sold nothing"
    return (
        f"Its battery is at its floor ({battery['soc_min_frac']:.0%}) and it comes back at {restart_frac:.0%}; "
        f"{parked} {sold} at an offer of {price:.2f} $/kWh."
    )


def _pairs(run: RunDir, period: int) -> Counter[tuple[int, int]]:
    """(serving site, own cell) of the users at the recorded moment nearest to the period."""
    at_h = float(run.network["time_h"][period])
    if not run.moments:
        return Counter()
    moment = min(run.moments, key=lambda m: abs(float(m["time_h"]) - at_h))
    pairs = zip(moment["ue_site"], moment["own_site"], strict=True)
    return Counter((by, own) for by, own in pairs if by >= 0 and by != own)


def _why_resting(run: RunDir, index: int, period: int) -> str:
    carriers = [(by, users) for (by, own), users in _pairs(run, period).most_common() if own == index]
    names = ", ".join(f"{run.site_ids[by]} ({users})" for by, users in carriers[:3])
    carried = f"its users are carried by {names}" if names else "nobody was seen carrying its users"
    return f"The plan lets it rest and spend little; {carried}."


def _whom_it_helps(run: RunDir, index: int, period: int) -> str:
    helped = [(own, users) for (by, own), users in _pairs(run, period).most_common() if by == index]
    names = ", ".join(f"{run.site_ids[own]} ({users})" for own, users in helped[:3])
    return f"It carries users of {names}." if names else "It was not seen carrying users of other cells."


def _mode_change(run: RunDir, index: int, period: int) -> list[str]:
    """The plan's own words about the last change of the site's mode."""
    site = run.site_ids[index]
    note = _last_note(run, period, lambda fields, kind: kind == "mode-change" and fields.get("site") == site)
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


def _plan(run: RunDir, period: int) -> list[str]:
    policy_id = run.network["policy_id"][period]
    strategy = run.network["strategy"][period]
    if not policy_id:
        return [f"No policy was in force: the fast loop ran the strategy {strategy}."]
    note = _last_note(run, period, lambda fields, kind: kind == "plan" and fields.get("policy_id") == policy_id)
    if note is None:
        return [f"Policy {policy_id} ({strategy}) was in force."]
    fields = _fields(note)
    gap = fields.get("gap_frac")
    proven = f"gap {gap:.1%}" if isinstance(gap, int | float) else "no gap proven"
    binding = f"; it is bound by {_listed(fields['binding_sites'])}" if fields.get("binding_sites") else ""
    at = f"planned at {_time_h(note):.2f} h"
    return [f"Policy {policy_id} ({strategy}), {at}, was in force: tier {fields.get('tier')}, {proven}{binding}."]


def _users(run: RunDir, index: int, period: int) -> list[str]:
    own, got = (int(_cell(run, name, index, period)) for name in ("users_own", "users_served"))
    lines = [f"Of the {own} users of its cell, {got} were served."]
    for name in SHED_NAMES:
        column = f"shed_{name}"
        count = int(_cell(run, column, index, period)) if column in run.timeline else 0  # a run of an older version
        if count:
            lines.append(f"  {count} not: {SHED_WORDS[name]} ({name}).")
    return lines


def _last_failure(run: RunDir, period: int) -> list[str]:
    note = _last_note(run, period, lambda fields, kind: kind == FAILED_PLAN or "why" in fields)
    if note is None:
        return ["No solve had failed by then."]
    fields = _fields(note)
    outcome, why = fields.get("outcome", note["kind"]), fields.get("why") or "no reason given"
    binding = f"; least to live on: {_listed(fields['binding_sites'])}" if fields.get("binding_sites") else ""
    return [f"The last solve that failed: {note.get('app', '?')} at {_time_h(note):.2f} h, {outcome}: {why}{binding}."]


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names) if isinstance(names, list) else str(names)


def _words(mode: Any) -> str:
    return str(mode).replace("_", " ")


def _fields(note: dict[str, Any]) -> dict[str, Any]:
    fields = note.get("fields")
    return fields if isinstance(fields, dict) else {}


def _time_h(note: dict[str, Any]) -> float:
    return float(note["time_h"])


def _last_note(run: RunDir, period: int, fits: Callable[[dict[str, Any], str], bool]) -> dict[str, Any] | None:
    """The last note up to the end of the period that ``fits`` (fields, kind)."""
    end_h = float(run.network["time_h"][period]) + float(run.network["dt_h"][period])
    past = [note for note in run.notes if "time_h" in note and "kind" in note and _time_h(note) <= end_h]
    return next((note for note in reversed(past) if fits(_fields(note), str(note["kind"]))), None)
