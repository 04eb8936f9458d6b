"""What the page shows of one period: one type, whether the run goes on or is replayed, and how each is made of what
came over the wire.

``state`` of a site: its ``SiteMode``, or ``DOWN``. Columns are rounded: what is shown, not what is computed with.
"""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np

from console.carried import Pairs, carried, links
from gridran.types import FloatArray, Network, SiteMode, StepOutcome
from studies.availability import CLASS_NAMES, SLA_TARGET_FRAC, class_availability_frac, served
from studies.recorder import MODE_NAMES

DOWN = len(SiteMode)
STATE_NAMES = (*MODE_NAMES, "down")
SITE_DECIMALS = {"soc_frac": 4, "load_kw": 3, "v2g_kw": 3, "ev_charge_kw": 3, "pv_kw": 3, "grid_import_kw": 3}

# One period on the timeline: time_h, mean SoC, availability of four classes, sites in five states.
Point = list[float]


class Users(TypedDict):
    """Columns of U users as they were at ``time_h``: place (m), class, serving site, own cell, served (0 or 1)."""

    time_h: float
    x_m: list[int]
    y_m: list[int]
    service_class: list[int]
    site: list[int]
    own: list[int]
    served: list[int]


class Frame(TypedDict):
    """One period. Site columns have N values; ``links`` are helper, own cell and number of users; ``users`` is None
    where nobody recorded them in this period."""

    period: int
    time_h: float
    dt_h: float
    strategy: str
    policy_id: str
    state: list[int]
    sites: dict[str, list[float]]
    links: list[tuple[int, int, int]]
    availability_frac: list[float]
    soc_mean_frac: float
    users: Users | None


class Place(TypedDict):
    """A site on the map, and the charge at which it goes down."""

    id: str
    x_m: float
    y_m: float
    soc_min_frac: float


class Ground(TypedDict):
    """What stays the same in all frames of a run: sites, how far each reaches by state (m), names, and targets."""

    sites: list[Place]
    radius_m: list[float]
    states: list[str]
    classes: list[str]
    targets_frac: list[float]


def frame_of(outcome: StepOutcome, network: Network) -> Frame:
    """The frame of a period that a live run reports."""
    state = np.where(outcome.site_up, outcome.mode, DOWN).tolist()
    counts = {"users_own": outcome.own_site, "users_carried": outcome.ue_site[outcome.ue_site >= 0]}
    counts["users_served"] = outcome.own_site[served(outcome)]
    sites = {name: getattr(outcome, name).round(digits).tolist() for name, digits in SITE_DECIMALS.items()}
    sites |= {name: np.bincount(of, minlength=network.site_count).tolist() for name, of in counts.items()}
    return Frame(
        period=outcome.period,
        time_h=round(outcome.time_h, 6),
        dt_h=outcome.dt_h,
        strategy=outcome.strategy,
        policy_id=outcome.policy_id,
        state=state,
        sites=sites | {"ev_connected": outcome.ev_connected.tolist()},
        links=link_rows(carried(outcome.ue_site.tolist(), outcome.own_site.tolist()), state),
        availability_frac=class_availability_frac(outcome).round(4).tolist(),
        soc_mean_frac=round(float(outcome.soc_frac.mean()), 4),
        users=_users(outcome),
    )


def point_of(outcome: StepOutcome) -> Point:
    """The period on the timeline."""
    state = np.where(outcome.site_up, outcome.mode, DOWN)
    return point(
        outcome.time_h,
        float(outcome.soc_frac.mean()),
        class_availability_frac(outcome),
        np.bincount(state, minlength=DOWN + 1).astype(np.float64),
    )


def point(time_h: float, soc_mean_frac: float, availability_frac: FloatArray, sites: FloatArray) -> Point:
    """A timeline's row of its parts: availability [4], number of sites [5] by state."""
    shares = (soc_mean_frac, *availability_frac.tolist())
    return [round(time_h, 6), *(round(share, 4) for share in shares), *(int(count) for count in sites)]


def link_rows(pairs: Pairs, state: list[int]) -> list[tuple[int, int, int]]:
    """Helper, own cell and users of every link, under the states or modes [N]."""
    return [(by, own, users) for (by, own), users in sorted(links(pairs, state).items())]


def ground_of(network: Network) -> Ground:
    """The ground of a live run."""
    cooperation = network.cooperation
    return _ground(
        [Place(id=s.site_id, x_m=s.x_m, y_m=s.y_m, soc_min_frac=s.battery.soc_min_frac) for s in network.sites],
        (cooperation.nominal_radius_m, cooperation.expanded_radius_m, cooperation.reduced_radius_frac),
    )


def ground_of_facts(facts: dict[str, Any]) -> Ground:
    """The ground of a recorded run, from its run.json."""
    sites = [
        Place(id=s["site_id"], x_m=s["x_m"], y_m=s["y_m"], soc_min_frac=s["battery"]["soc_min_frac"])
        for s in facts["sites"]
    ]
    return _ground(sites, (facts["nominal_radius_m"], facts["expanded_radius_m"], facts["reduced_radius_frac"]))


def _ground(sites: list[Place], reach: tuple[float, float, float]) -> Ground:
    nominal_m, expanded_m, reduced_frac = reach
    return Ground(
        sites=sites,
        radius_m=[nominal_m, expanded_m, nominal_m * reduced_frac, 0.0, 0.0],
        states=list(STATE_NAMES),
        classes=list(CLASS_NAMES),
        targets_frac=list(SLA_TARGET_FRAC),
    )


def _users(outcome: StepOutcome) -> Users:
    x_m, y_m = outcome.ue_xy_m.round().astype(int).T.tolist() if len(outcome.ue_xy_m) else ([], [])
    return Users(
        time_h=round(outcome.time_h, 6),
        x_m=x_m,
        y_m=y_m,
        service_class=outcome.service_class.tolist(),
        site=outcome.ue_site.tolist(),
        own=outcome.own_site.tolist(),
        served=served(outcome).astype(int).tolist(),
    )
