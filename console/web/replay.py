"""A recorded run as frames: site values of every period, users as they were at the last recorded moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from console.carried import carried
from console.web.frame import (
    DOWN,
    SITE_DECIMALS,
    STATE_NAMES,
    Frame,
    Point,
    Users,
    ground_of_facts,
    link_rows,
    point,
)
from gridran.types import FloatArray, IntArray
from studies.availability import CLASS_NAMES
from studies.columns import Columns
from studies.recorder import MODE_NAMES
from studies.rundir import RunDir

_COUNTS = ("ev_connected", "users_own", "users_served", "users_carried")
_COUNT_MAX = 2.0**53
_EPSILON_H = 1e-5  # moments are recorded to a millionth of an hour


def frames_of(run: RunDir) -> Iterator[Frame]:
    """All frames of ``run``. KeyError, ValueError, IndexError or TypeError where its files are damaged."""
    return iter(Replay(run).frames(0, run.period_count))


def points_of(network: Columns) -> list[Point]:
    """The timeline in the columns of network.csv, a row for every period. Raises as ``frames_of``."""
    shares = _numbers(network, [f"availability_{name}_frac" for name in CLASS_NAMES])
    sites = _numbers(network, [f"sites_{name}" for name in STATE_NAMES])
    rows = zip(*_numbers(network, ["time_h", "soc_mean_frac"]).T.tolist(), shares, sites, strict=True)
    return [point(time_h, soc, share, count) for time_h, soc, share, count in rows]


class Replay:
    """A recorded run, ready to be asked for parts of it; columns are parsed once. Raises as ``frames_of``."""

    def __init__(self, run: RunDir) -> None:
        self.run = run
        self._moment_h = [float(moment["time_h"]) for moment in run.moments]
        self._count = {name: _counts(run.site_series(name)) for name in _COUNTS}

    def overview(self) -> dict[str, Any]:
        """What a browser needs before the first frame: what was played, the ground of all frames, the timeline."""
        ended = self.run.kpis is not None
        facts = {key: self.run.facts[key] for key in ("strategy", "load", "seed", "scenario", "hours_h")}
        return {**facts, "ended": ended, "ground": ground_of_facts(self.run.facts), "points": self.points()}

    def points(self) -> list[Point]:
        """The whole timeline, a row for every period."""
        return points_of(self.run.network)

    def frames(self, first: int, end: int) -> list[Frame]:
        """Periods ``first`` up to ``end``, as far as there are any. The first has users, so that each answer can be
        shown by itself; the others where a moment was recorded in them."""
        return [self._frame(k, k == first) for k in range(max(0, first), min(end, self.run.period_count))]

    def _frame(self, k: int, always_users: bool) -> Frame:
        series, texts, state = self.run.series, self.run.network.texts, self._state[k].tolist()
        time_h, dt_h = float(series("time_h")[k]), float(series("dt_h")[k])
        at = bisect_right(self._moment_h, time_h + _EPSILON_H) - 1
        moment = self.run.moments[at] if at >= 0 else None
        fresh = moment is not None and self._moment_h[at] > time_h - dt_h + _EPSILON_H
        return Frame(
            period=int(series("period")[k]),
            time_h=round(time_h, 6),
            dt_h=dt_h,
            strategy=texts["strategy"][k],
            policy_id=texts["policy_id"][k],
            state=state,
            sites=self._sites(k),
            links=link_rows(carried(moment["ue_site"], moment["own_site"]), state) if moment else [],
            availability_frac=[round(float(series(f"availability_{name}_frac")[k]), 4) for name in CLASS_NAMES],
            soc_mean_frac=round(float(series("soc_mean_frac")[k]), 4),
            users=_users(moment) if moment and (fresh or always_users) else None,
        )

    @cached_property
    def _state(self) -> IntArray:
        """Site states, shape [T, N]."""
        codes = {name: code for code, name in enumerate(MODE_NAMES)}
        mode = np.array([[codes[name] for name in row] for row in self.run.site_texts("mode")], dtype=np.int64)
        return np.where(self.run.site_series("site_up") > 0.0, mode.reshape(-1, len(self.run.site_ids)), DOWN)

    def _sites(self, k: int) -> dict[str, list[float]]:
        """Site values by column name in a period, [N] each."""
        measured = {name: self.run.site_series(name)[k].round(n).tolist() for name, n in SITE_DECIMALS.items()}
        return measured | {name: counts[k].tolist() for name, counts in self._count.items()}


def _numbers(table: Columns, columns: list[str]) -> FloatArray:
    """Columns side by side, shape [T, columns]."""
    return np.column_stack([table.numbers[name] for name in columns])


def _counts(values: FloatArray) -> IntArray:
    """Whole numbers. ValueError where there are others: a cast would make up numbers for them."""
    if not (np.abs(values) < _COUNT_MAX).all():
        raise ValueError("a count is no number")
    return values.astype(np.int64)


def _users(moment: dict[str, Any]) -> Users:
    return Users(
        time_h=moment["time_h"],
        x_m=list(moment["ue_x_m"]),
        y_m=list(moment["ue_y_m"]),
        service_class=list(moment["service_class"]),
        site=list(moment["ue_site"]),
        own=list(moment["own_site"]),
        served=list(moment["served"]),
    )
