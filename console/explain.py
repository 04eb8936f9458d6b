"""``gridran explain``: why a site was as it was at one moment, in sentences, from the files of a run.

The services' journals (DIR/journal/*.jsonl) hold one JSON object per line: ``time_h``, ``app`` ("rapp" or "xapp"),
``kind`` and ``fields``, an object. Fields that are read here where they occur: ``tier``, ``gap_frac``, ``policy_id``
(a plan), ``why`` (a failed solve), ``site`` (index or site_id: what concerns one site).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from studies.recorder import SHED_NAMES
from studies.rundir import RunDir, read_run

PLAN_H = 0.25
SHED_WORDS = {
    "out_of_coverage": "no awake site reaches them well enough",
    "site_down": "the site that should serve them has no power",
    "no_capacity": "the blocks went to more important users",
    "power_budget": "serving them would exceed the site's power budget or reserve",
}
MODE_WORDS = {
    "normal": "in normal mode",
    "helping": "helping its neighbours",
    "assisted": "assisted, on its low bands alone",
    "deep_sleep": "in deep sleep",
}
FAILURE_KINDS = ("infeasible", "timed_out", "failed")


def explain(path: Path, site: str, at_h: float) -> list[str]:
    """The explanation, a sentence or two a line. ValueError names the argument that fits nothing."""
    try:
        run = read_run(path)
    except ValueError as missing:
        raise ValueError(f"DIR: {missing}") from None
    index = _site_index(run, site)
    period = _period_at(run, at_h)
    return [
        _state(run, index, period),
        *_reason(run, index, period),
        *_plan(run, period),
        *_users(run, index, period),
        *_last_failure(run, period),
        *_journal(run, index, period),
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


def _plan(run: RunDir, period: int) -> list[str]:
    policy_id = run.network["policy_id"][period]
    strategy = run.network["strategy"][period]
    if not policy_id:
        return [f"No policy was in force: the fast loop ran the strategy {strategy}."]
    plan = _last_note(run, period, lambda fields, _: fields.get("policy_id") == policy_id and "tier" in fields)
    if plan is None:
        return [f"Policy {policy_id} ({strategy}) was in force."]
    fields = _fields(plan)
    gap = fields.get("gap_frac")
    proven = f"gap {float(gap):.1%}" if isinstance(gap, int | float) and np.isfinite(gap) else "no gap proven"
    at = f"planned at {float(plan['time_h']):.2f} h"
    return [f"Policy {policy_id} ({strategy}), {at}, was in force: tier {fields['tier']}, {proven}."]


def _users(run: RunDir, index: int, period: int) -> list[str]:
    own, got = (int(_cell(run, name, index, period)) for name in ("users_own", "users_served"))
    lines = [f"Of the {own} users of its cell, {got} were served."]
    for name in SHED_NAMES:
        count = int(_cell(run, f"shed_{name}", index, period))
        if count:
            lines.append(f"  {count} not: {SHED_WORDS[name]} ({name}).")
    return lines


def _last_failure(run: RunDir, period: int) -> list[str]:
    note = _last_note(run, period, lambda fields, kind: "why" in fields or any(k in kind for k in FAILURE_KINDS))
    if note is None:
        return ["No solve had failed by then."]
    why = _fields(note).get("why") or "no reason given"
    return [
        f"The last solve that failed: {note.get('app', '?')} at {float(note['time_h']):.2f} h, {note['kind']}: {why}."
    ]


def _journal(run: RunDir, index: int, period: int) -> list[str]:
    """What the services noted about this site within the planning period before."""
    at_h = _end_h(run, period)
    names = (index, str(index), run.site_ids[index])
    recent = [n for n in run.notes if at_h - PLAN_H <= float(n.get("time_h", -1.0)) <= at_h]
    about = [n for n in recent if _fields(n).get("site") in names]
    return [
        f"Noted by {n.get('app', '?')} at {float(n['time_h']):.2f} h: {n.get('kind', '?')} {_said(_fields(n))}"
        for n in about
    ]


def _said(fields: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in fields.items() if key != "site")


def _fields(note: dict[str, Any]) -> dict[str, Any]:
    fields = note.get("fields")
    return fields if isinstance(fields, dict) else {}


def _end_h(run: RunDir, period: int) -> float:
    return float(run.network["time_h"][period]) + float(run.network["dt_h"][period])


def _last_note(run: RunDir, period: int, fits: Callable[[dict[str, Any], str], bool]) -> dict[str, Any] | None:
    at_h = _end_h(run, period)
    past = [n for n in run.notes if "time_h" in n and "kind" in n and float(n["time_h"]) <= at_h]
    return next((n for n in reversed(past) if fits(_fields(n), str(n["kind"]))), None)
