"""``gridran explain``: why a site was as it was at one moment, in sentences, from the files of a run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from console.carried import Pairs, carried
from console.reasons import Named, SiteFacts, reasons
from gridran.types import FloatArray
from studies.recorder import SHED_NAMES
from studies.rundir import DAMAGE, RunDir, read_run


def explain(path: Path, site: str, at_h: float) -> list[str]:
    """The explanation, a sentence or two a line. ValueError names the argument that fits nothing."""
    with _whole(path):
        run = _read(path)
        site_ids, time_h, dt_h = run.site_ids, run.series("time_h"), run.series("dt_h")
    index, period = _site_index(site_ids, site), _period_at(time_h, dt_h, at_h)
    with _whole(path):
        return explained(run, index, period)


def explained(run: RunDir, index: int, period: int) -> list[str]:
    """The explanation of a site, by its index, in a period of the run, both known to exist."""
    return reasons(facts_at(run, index, period), run.notes)


def facts_at(run: RunDir, index: int, period: int) -> SiteFacts:
    """What the files say of a site, by its index, in a period; who carries whom is that of the moment next to it."""
    battery, network = run.facts["sites"][index]["battery"], run.network
    time_h, dt_h = float(run.series("time_h")[period]), float(run.series("dt_h")[period])
    pairs = _pairs(run, time_h)
    return SiteFacts(
        site_id=run.site_ids[index],
        time_h=time_h,
        end_h=time_h + dt_h,
        since_h=_since_h(run, index, period),
        status=_status(run, index, period),
        soc_frac=_cell(run, "soc_frac", index, period),
        soc_min_frac=battery["soc_min_frac"],
        restart_frac=battery["soc_min_frac"] + battery["restart_margin_frac"],
        load_kw=_cell(run, "load_kw", index, period),
        v2g_kw=_cell(run, "v2g_kw", index, period),
        ev_connected=_count(run, "ev_connected", index, period),
        price_usd_per_kwh=_cell(run, "price_usd_per_kwh", index, period),
        carriers=carriers(pairs, run.site_ids, index),
        helped=helped(pairs, run.site_ids, index),
        users_own=_count(run, "users_own", index, period),
        users_served=_count(run, "users_served", index, period),
        shed={name: _count(run, f"shed_{name}", index, period) for name in SHED_NAMES},
        strategy=network.texts["strategy"][period],
        policy_id=network.texts["policy_id"][period],
    )


def carriers(pairs: Pairs, site_ids: list[str], index: int) -> Named:
    """The sites that carry users of ``index``'s cell, most first."""
    return tuple((site_ids[by], users) for (by, own), users in pairs.most_common() if own == index)


def helped(pairs: Pairs, site_ids: list[str], index: int) -> Named:
    """The cells whose users the site ``index`` carries, most first."""
    return tuple((site_ids[own], users) for (by, own), users in pairs.most_common() if by == index)


class _UnfitError(ValueError):
    """An argument that fits nothing."""


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[None]:
    """A run whose files do not hold what they should, or are closed to us, is a fault of the argument, too."""
    try:
        yield
    except _UnfitError:
        raise
    except OSError as wrong:
        said = f"{wrong.filename}: {wrong.strerror}; it must be a file that this user may read"
        raise _UnfitError(f"DIR: {said}") from None
    except DAMAGE as wrong:
        raise _UnfitError(f"DIR: {path} holds a damaged run: {wrong!r}") from None


def _read(path: Path) -> RunDir:
    try:
        run = read_run(path)
    except ValueError as missing:
        raise _UnfitError(f"DIR: {missing}") from None
    if not run.period_count:
        raise _UnfitError("DIR: the run has no period yet")
    return run


def _site_index(site_ids: list[str], site: str) -> int:
    if site in site_ids:
        return site_ids.index(site)
    if site.isdecimal() and int(site) < len(site_ids):
        return int(site)
    last = len(site_ids) - 1
    raise _UnfitError(f"--site: {site!r} is no site of this run; use 0 … {last} or an id such as {site_ids[0]!r}")


def _period_at(time_h: FloatArray, dt_h: FloatArray, at_h: float) -> int:
    end_h = float(time_h[-1] + dt_h[-1])
    if not 0.0 <= at_h <= end_h:
        raise _UnfitError(f"--at: {at_h:g} lies outside the run, which covers 0 … {end_h:.2f} h")
    return int(np.searchsorted(time_h, at_h + 1e-9, side="right")) - 1


def _cell(run: RunDir, column: str, index: int, period: int) -> float:
    return float(run.site_series(column)[period, index])


def _count(run: RunDir, column: str, index: int, period: int) -> int:
    """A count; 0 where the run is of an older version that did not keep it."""
    return int(_cell(run, column, index, period)) if column in run.timeline.numbers else 0


def _status(run: RunDir, index: int, period: int) -> str:
    if not _cell(run, "site_up", index, period):
        return "down"
    return run.timeline.texts["mode"][period * len(run.site_ids) + index]


def _since_h(run: RunDir, index: int, period: int) -> float:
    status = _status(run, index, period)
    while period > 0 and _status(run, index, period - 1) == status:
        period -= 1
    return float(run.series("time_h")[period])


def _pairs(run: RunDir, at_h: float) -> Pairs:
    """(serving site, own cell) of the users at the recorded moment nearest to ``at_h``."""
    if not run.moments:
        return Pairs()
    moment = min(run.moments, key=lambda m: abs(float(m["time_h"]) - at_h))
    return carried(moment["ue_site"], moment["own_site"])
