"""Pedestrian random waypoint about a home point (SPEC 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.area import Area, inside
from gridran.scenario.params import TrafficParams
from gridran.types import FloatArray

MEAN_LEG_RADII = 128.0 / (45.0 * np.pi)  # mean distance of two uniform points in a disc, in radii: 0.905


@dataclass(frozen=True)
class Walks:
    """``xy_m`` and ``waypoint_xy_m`` [U, 2]; ``pause_s`` [U], rest still to be taken before the next walk."""

    xy_m: FloatArray
    waypoint_xy_m: FloatArray
    pause_s: FloatArray


def initial_walks(params: TrafficParams, area: Area, home_xy_m: FloatArray, rng: np.random.Generator) -> Walks:
    """Everybody somewhere about home, with the share of resting users of the steady state."""
    xy_m = _waypoints(params, area, home_xy_m, rng)
    walk_mean_s = MEAN_LEG_RADII * params.roam_radius_m / params.speed_mps if params.speed_mps > 0.0 else np.inf
    resting = rng.random(len(home_xy_m)) * (params.pause_mean_s + walk_mean_s) < params.pause_mean_s
    pause_s = np.where(resting, rng.exponential(params.pause_mean_s, len(home_xy_m)), 0.0)
    return Walks(xy_m, _waypoints(params, area, home_xy_m, rng), pause_s)


def next_walks(
    params: TrafficParams, area: Area, home_xy_m: FloatArray, walks: Walks, dt_h: float, rng: np.random.Generator
) -> Walks:
    """Positions after ``dt_h``. At a waypoint a user rests, then walks to a new one; nobody leaves the area."""
    walk_s = np.maximum(dt_h * 3600.0 - walks.pause_s, 0.0)
    pause_s = np.maximum(walks.pause_s - dt_h * 3600.0, 0.0)
    way_m = walks.waypoint_xy_m - walks.xy_m
    left_m = np.hypot(way_m[:, 0], way_m[:, 1])
    step_m = np.minimum(params.speed_mps * walk_s, left_m)
    xy_m = walks.xy_m + way_m * np.divide(step_m, left_m, out=np.zeros_like(left_m), where=left_m > 0.0)[:, None]
    # The outline of the area has notches: a walk across one stops before it and turns to a new waypoint.
    walking = np.flatnonzero(step_m > 0.0)
    blocked = np.zeros(len(xy_m), dtype=np.bool_)
    blocked[walking] = ~inside(area, xy_m[walking])
    arrived = (walk_s > 0.0) & (step_m >= left_m)
    turning = np.flatnonzero(arrived | blocked)
    waypoint_xy_m = walks.waypoint_xy_m.copy()
    waypoint_xy_m[turning] = _waypoints(params, area, home_xy_m[turning], rng)
    new_pause_s = rng.exponential(params.pause_mean_s, len(xy_m))
    return Walks(
        xy_m=np.where(blocked[:, None], walks.xy_m, xy_m),
        waypoint_xy_m=waypoint_xy_m,
        pause_s=np.where(arrived, new_pause_s, pause_s),
    )


def _waypoints(params: TrafficParams, area: Area, home_xy_m: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Points uniform in the disc about each home, reflected through the home where outside the area, [U, 2]."""
    radius_m = params.roam_radius_m * np.sqrt(rng.random(len(home_xy_m)))
    angle = rng.uniform(0.0, 2.0 * np.pi, len(home_xy_m))
    offset_m = np.column_stack([radius_m * np.cos(angle), radius_m * np.sin(angle)])
    outside = np.flatnonzero(~inside(area, home_xy_m + offset_m))
    offset_m[outside] *= -1.0
    stuck = outside[~inside(area, home_xy_m[outside] + offset_m[outside])]
    offset_m[stuck] = 0.0
    waypoint_xy_m: FloatArray = home_xy_m + offset_m
    return waypoint_xy_m
