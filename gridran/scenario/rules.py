"""What no single key can tell: shares that sum to one, names that exist, ranges the right way round.

One table. Each rule reads the sections it names, already checked key by key, and yields (path, sentence) pairs; a rule
whose sections have mistakes of their own is left out, so that one slip is reported once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from gridran.scenario.locator import Path
from gridran.scenario.problem import did_you_mean

Finding = tuple[Path, str]
Rule = Callable[[Any], Iterator[Finding]]

DATA_FILES = ("traffic_counters", "ev_sessions", "pv_profile")
"""Keys of ``[data]`` that name a file."""

_SHARE_TOLERANCE = 1e-6


def _shares(doc: Any) -> Iterator[Finding]:
    total = sum(doc.traffic.class_share)
    if abs(total - 1.0) > _SHARE_TOLERANCE:
        yield ("traffic", "class_share"), f"the shares sum to {total:g}; make them sum to 1"


def _day_profile(doc: Any) -> Iterator[Finding]:
    profile = doc.traffic.day_profile
    if profile and len(profile) != 24:
        yield ("traffic", "day_profile"), f"has {len(profile)} values; give 24, one an hour, or none"


def _objective(doc: Any) -> Iterator[Finding]:
    if sum(doc.planning.objective_weight) <= 0.0:
        yield ("planning", "objective_weight"), "all weights are 0; give at least one above 0"


def _periods(doc: Any) -> Iterator[Finding]:
    periods = doc.time.plan_period_min * 60.0 / doc.time.period_s
    if periods < 1.0 or not math.isclose(periods, round(periods)):
        yield (
            ("time", "plan_period_min"),
            f"{doc.time.plan_period_min:g} min is not a whole number of {doc.time.period_s:g} s periods; make it one",
        )


def _lifetime(doc: Any) -> Iterator[Finding]:
    if doc.planning.policy_lifetime_min < doc.time.plan_period_min:
        yield (
            ("planning", "policy_lifetime_min"),
            f"a policy would expire before the next plan; give at least {doc.time.plan_period_min:g} min",
        )


def _ranges(section: str, *keys: str) -> Rule:
    def rule(doc: Any) -> Iterator[Finding]:
        for key in keys:
            low, high = getattr(getattr(doc, section), key)
            if low > high:
                yield (section, key), f"the range runs from {low:g} down to {high:g}; write the lower end first"

    return rule


def _outages(doc: Any) -> Iterator[Finding]:
    for index, (start_h, end_h) in enumerate(doc.grid.outages_h):
        if end_h <= start_h:
            yield (
                ("grid", "outages_h", index),
                f"ends at {end_h:g} h, not after its start at {start_h:g} h; swap them",
            )
    for index, (before, after) in enumerate(itertools.pairwise(doc.grid.outages_h), start=1):
        if before[0] < before[1] and after[0] < after[1] and after[0] < before[1]:
            yield ("grid", "outages_h", index), f"starts at {after[0]:g} h, inside the outage before it; merge them"
    if (doc.grid.mean_up_h > 0.0) != (doc.grid.mean_down_h > 0.0):
        yield ("grid", "mean_up_h"), "mean_up_h and mean_down_h belong together; give both above 0, or neither"


def _cooperation(doc: Any) -> Iterator[Finding]:
    radii = doc.cooperation
    if radii.expanded_radius_m < radii.nominal_radius_m:
        yield (
            ("cooperation", "expanded_radius_m"),
            f"a helper cannot reach less far than nominal_radius_m ({radii.nominal_radius_m:g} m); give at least that",
        )


def _heights(doc: Any) -> Iterator[Finding]:
    if doc.radio.ue_height_m >= doc.radio.site_height_m:
        yield ("radio", "ue_height_m"), f"users stand above the antennas ({doc.radio.site_height_m:g} m); lower it"


def _low_bands(doc: Any) -> Iterator[Finding]:
    names = [band.name for band in doc.band]
    for index, name in enumerate(doc.cooperation.low_bands):
        if names and name not in names:
            yield ("cooperation", "low_bands", index), f"no band is called {name!r}; {did_you_mean(name, names)}"


def _band_names(doc: Any) -> Iterator[Finding]:
    yield from _twice(("band",), "name", [band.name for band in doc.band])


def _site_ids(doc: Any) -> Iterator[Finding]:
    yield from _twice(("site",), "site_id", [site.site_id for site in doc.site])


def _twice(path: Path, key: str, names: list[str]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            yield (*path, index, key), f"{name!r} is already {path[0]}[{first[name]}]; give every {path[0]} its own"
        first.setdefault(name, index)


def _layout(doc: Any) -> Iterator[Finding]:
    given = [word for word, there in (("rings", doc.sites.rings is not None), ("file", bool(doc.sites.file))) if there]
    if len(given) == 2:
        yield ("sites", "file"), "rings and file both place the sites; keep one of them"
    for index, site in enumerate(doc.site):
        for key in ("x_m", "y_m"):
            if (getattr(site, key) is None) and not given:
                yield ("site", index, key), "is missing; without rings or file every site needs x_m and y_m"
            if (getattr(site, key) is not None) and given:
                yield ("site", index, key), f"{given[0]} already places this site; remove {key}"


def _data_start(doc: Any) -> Iterator[Finding]:
    for key in DATA_FILES:
        if getattr(doc.data, key) and doc.data.start is None:
            yield ("data", key), "needs the moment of time 0; add start = 2019-05-01T18:00:00 (your own) to [data]"
            return


def hour_of(moment: datetime) -> float:
    """The local hour of day of a moment, with its minutes as a fraction."""
    return moment.hour + moment.minute / 60.0 + moment.second / 3600.0


def _start_hour(doc: Any) -> Iterator[Finding]:
    start = doc.data.start
    if start is None or "start_hour" not in doc.time.model_fields_set:
        return
    hour = hour_of(start)
    if not math.isclose(hour, doc.time.start_hour):
        words = f"{doc.time.start_hour:g} contradicts start in [data] ({hour:g} h); remove one of them"
        yield ("time", "start_hour"), words


RULES: tuple[tuple[tuple[str, ...], Rule], ...] = (
    (("traffic",), _shares),
    (("traffic",), _day_profile),
    (("planning",), _objective),
    (("time",), _periods),
    (("time", "planning"), _lifetime),
    (("ev",), _ranges("ev", "initial_soc_frac", "reservation_usd_per_kwh")),
    (("pv",), _ranges("pv", "cloud_factor")),
    (("grid",), _outages),
    (("cooperation",), _cooperation),
    (("radio",), _heights),
    (("band", "cooperation"), _low_bands),
    (("band",), _band_names),
    (("site",), _site_ids),
    (("sites", "site"), _layout),
    (("data",), _data_start),
    (("data", "time"), _start_hour),
)
