"""What the ``lifetime`` planner has to plan: what users need at each level of service, and what there is to spend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray, ServiceClass, SiteMode
from rapp.cooperation.demand import demand_points
from rapp.cooperation.gathering import gathered
from rapp.cooperation.generate import cheapest
from rapp.cooperation.inputs import battery_kwh, cooperation_problem, full_battery_kwh, served_volume_mbps
from rapp.cooperation.master import Stores
from rapp.cooperation.search import Space, space
from rapp.plan import PlanProblem

GENEROUS, AGREED, CRITICAL = "generous", "agreed", "critical"
CRITICAL_FRAC = (1.0, 1.0, 0.0, 0.0)
CANDIDATES = 7
SLOT_H = 0.25
DRAWN_FRAC = 1.2  # of the planned draw that a battery has to be good for
SURE_FRAC = 0.5  # of what a car gives now: it may leave
PLUGGED_KWH = 1e4  # energy of a site with grid power: no limit in practice, and still a finite number


@dataclass(frozen=True)
class Outage:
    """A planning step: the patterns' space at each level, what there is to spend, and how long the phases around the
    agreed one are to last."""

    problem: PlanProblem
    space: dict[str, Space]
    share_frac: dict[str, tuple[float, ...]]
    stores: Stores
    least_h: dict[str, float]
    kept: tuple[BoolArray, ...]


def outage_of(problem: PlanProblem) -> Outage:
    """The planning step that ``problem`` describes."""
    params = problem.params
    margin = params.service_margin_frac
    shares = {
        AGREED: _with_margin(params.service_level_frac, margin),
        GENEROUS: _with_margin(params.generous_level_frac, margin),
        CRITICAL: CRITICAL_FRAC,
    }
    emergency = problem.snapshot.service_class == ServiceClass.EMERGENCY
    ue_point = gathered(problem.network, problem.snapshot, params.demand_points, alone=emergency)
    spaces = {name: _space(problem, share, ue_point) for name, share in shares.items()}
    battery, full = battery_kwh(problem), full_battery_kwh(problem)
    starts = {name: cheapest(each) for name, each in spaces.items()}
    stores = _stores(problem, starts[AGREED][1])
    generous_kwh = float(battery.sum() - (1.0 - params.generous_frac) * full.sum())
    reserve_kwh = params.critical_reserve_frac * float(full.sum())
    return Outage(
        problem=problem,
        space=spaces,
        share_frac=shares,
        stores=stores,
        least_h={
            AGREED: 0.0,
            GENEROUS: max(generous_kwh, 0.0) / max(starts[GENEROUS][1], 1e-9),
            CRITICAL: reserve_kwh / max(starts[CRITICAL][1], 1e-9),
        },
        kept=(*_kept(problem), *(awake for awake, _ in starts.values())),
    )


def _stores(problem: PlanProblem, agreed_kw: float) -> Stores:
    """What there is to spend where the agreed level takes ``agreed_kw`` at the least. Cars that may still come do not
    count: they are energy on average, and a plan ends with the poorest of the sites that it needs."""
    plugged, most_h = problem.snapshot.grid_up, problem.params.life_limit_h
    energy_kwh = battery_kwh(problem) + problem.forecast.ev_parked_kwh
    lasts_h = min(float(energy_kwh.sum()) / max(agreed_kw, 1e-9), most_h)
    return Stores(
        energy_kwh=np.where(plugged, PLUGGED_KWH, energy_kwh),
        most_kw=np.where(plugged, PLUGGED_KWH, battery_kwh(problem) / (DRAWN_FRAC * SLOT_H) + _selling_kw(problem)),
        frail=~plugged & (energy_kwh < problem.network.power.deep_sleep_kw * lasts_h),
        max_h=most_h,
    )


def _selling_kw(problem: PlanProblem) -> FloatArray:
    """What parked cars that sell now can give a site until the next plan, [N]."""
    snapshot = problem.snapshot
    limit_kw = np.array([s.v2x_limit_kw for s in problem.network.sites])
    given_kw = np.minimum(limit_kw, snapshot.ev_usable_kwh / SLOT_H)
    return np.where(snapshot.ev_accepting, SURE_FRAC * given_kw, 0.0)


def _with_margin(share_frac: tuple[float, ...], margin_frac: float) -> tuple[float, ...]:
    return tuple(min(share + margin_frac, 1.0) for share in share_frac)


def _space(problem: PlanProblem, share_frac: tuple[float, ...], ue_point: IntArray) -> Space:
    volume = served_volume_mbps(problem, share_frac)
    points = demand_points(
        problem.network, problem.snapshot, volume, problem.class_weight, ue_point, candidates=CANDIDATES
    )
    return space(cooperation_problem(problem, points, battery_kwh(problem) + problem.forecast.ev_energy_kwh))


def _kept(problem: PlanProblem) -> tuple[BoolArray, ...]:
    if problem.previous is None:
        return ()
    now = problem.previous.mode != SiteMode.DEEP_SLEEP
    remembered = problem.previous.kept.awake if problem.previous.kept is not None else now[None]
    return (now, *remembered)
