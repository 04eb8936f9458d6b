"""Traffic forecasts: persistence, and the hourly profile that is learnt from history."""

import numpy as np
import pytest

from gridran.types import FloatArray, Network, Telemetry
from rapp.forecast import FORECASTERS, persistence, seasonal
from rapp.forecast.base import Ahead
from rapp.forecast.history import (
    KEPT_H,
    History,
    empty_history,
    history_from_json,
    history_to_json,
    mean_load_kw,
    recorded,
)

START_HOUR = 18.0


def of_quarters(time_h: FloatArray, offered_mbps: FloatArray, load_kw: FloatArray | None = None) -> History:
    """Windows of a quarter hour; 1 kW everywhere unless told."""
    return History(
        time_h, np.full(len(time_h), 0.25), offered_mbps, np.ones_like(offered_mbps) if load_kw is None else load_kw
    )


def daily(hours_h: float, sites: int = 2) -> History:
    """A history of ``hours_h`` in quarter hours: 10 Mbps by night, 30 by day (8-20 h), twice that at site 1."""
    time_h = np.arange(0.125, hours_h, 0.25)
    clock = (START_HOUR + time_h) % 24.0
    level = np.where((clock >= 8.0) & (clock < 20.0), 30.0, 10.0)
    return of_quarters(time_h, level[:, None] * (1.0 + np.arange(sites)))


def test_persistence_expects_no_change() -> None:
    """Demand over the whole horizon is what it is now."""
    np.testing.assert_array_equal(
        persistence.demand_frac(daily(48.0), Ahead(48.0, 0.25, 24, START_HOUR)), np.ones((24, 2))
    )


def test_seasonal_learns_the_day() -> None:
    """After a day, at 18 h, it expects traffic to stay until 20 h and to fall to a third then, at every site."""
    expected = np.where(np.arange(24) < 8, 1.0, 1.0 / 3.0)
    got = seasonal.demand_frac(daily(24.0), Ahead(24.0, 0.25, 24, START_HOUR))
    np.testing.assert_allclose(got, np.stack([expected, expected], axis=1))


def test_seasonal_sees_the_morning_rise() -> None:
    """At 6 h it expects three times the night's traffic from 8 h on."""
    got = seasonal.demand_frac(daily(36.0), Ahead(36.0, 1.0, 4, START_HOUR))
    np.testing.assert_allclose(got[:, 0], [1.0, 1.0, 3.0, 3.0])


@pytest.mark.parametrize("history", [empty_history(2), daily(1.0)], ids=["empty", "one hour"])
def test_seasonal_persists_where_history_is_short(history: History) -> None:
    """Hours never seen are expected to be as now."""
    got = seasonal.demand_frac(history, Ahead(1.0, 0.25, 24, START_HOUR))
    np.testing.assert_array_equal(got, np.ones((24, 2)))


def test_seasonal_persists_at_a_site_without_traffic_now() -> None:
    """No ratio can be taken to nothing: a silent site stays as it is."""
    history = daily(24.0)
    silent = of_quarters(history.time_h, history.offered_mbps * np.array([0.0, 1.0]))
    got = seasonal.demand_frac(silent, Ahead(24.0, 0.25, 24, START_HOUR))
    np.testing.assert_array_equal(got[:, 0], np.ones(24))
    assert got[-1, 1] < 1.0


def test_seasonal_is_bounded() -> None:
    """One freak hour cannot turn into a forecast of nothing or of a hundredfold."""
    history = daily(24.0)
    freak = np.where((np.arange(len(history.time_h)) >= 8)[:, None], 1e-6, history.offered_mbps)
    got = seasonal.demand_frac(of_quarters(history.time_h, freak), Ahead(24.0, 0.25, 24, START_HOUR))
    assert got.min() == 0.25


def test_seasonal_averages_over_days() -> None:
    """Two days of one hour, 10 and 30 Mbps, give a profile of 20."""
    history = of_quarters(np.array([0.5, 24.5]), np.array([[10.0], [30.0]]))
    profile = seasonal.hourly_mbps(history, START_HOUR)
    assert profile[18, 0] == 20.0
    assert np.isnan(profile[19, 0])


def test_history_keeps_two_weeks(hexagon: object, telemetry_of: object) -> None:
    """History grows with each report, at the middle of its window, and forgets what is too old."""
    network: Network = hexagon(1)  # type: ignore[operator]
    history = empty_history(7)
    for step in (0, 4, 8):
        history = recorded(history, telemetry_of(network, step))  # type: ignore[operator]
    np.testing.assert_array_equal(history.time_h, [0.0, 0.875, 1.875])
    late: Telemetry = telemetry_of(network, 4, time_h=KEPT_H + 1.0)  # type: ignore[operator]
    np.testing.assert_array_equal(recorded(history, late).time_h, [0.875, 1.875, KEPT_H + 0.875])
    assert recorded(history, late).offered_mbps.shape == (3, 7)


@pytest.mark.parametrize("history", [empty_history(2), daily(24.0)], ids=["empty", "a day"])
def test_history_survives_the_journal(history: History) -> None:
    """Written as JSON and read back it is the same, bit for bit."""
    back = history_from_json(history_to_json(history), 2)
    for name in ("time_h", "window_h", "offered_mbps", "load_kw"):
        np.testing.assert_array_equal(getattr(back, name), getattr(history, name))


def test_history_of_another_version_is_refused() -> None:
    """A history that lacks a series is named, not filled with guesses."""
    with pytest.raises(ValueError, match="without window_h, load_kw"):
        history_from_json(b'{"time_h": [], "offered_mbps": []}', 2)


def test_mean_load_is_over_the_last_hours() -> None:
    """A site that worked for an hour and slept for one drew half of its power over both, none over the last."""
    load_kw = np.repeat([2.0, 0.0], 4)[:, None]
    history = of_quarters(np.arange(0.125, 2.0, 0.25), np.ones((8, 1)), load_kw)
    assert mean_load_kw(history, 2.0) == 1.0
    assert mean_load_kw(history, 1.0) == 0.0


def test_mean_load_counts_windows_by_their_length() -> None:
    """A report without a window says nothing of power; before any other nothing is known."""
    history = History(np.array([0.0]), np.zeros(1), np.ones((1, 1)), np.zeros((1, 1)))
    assert np.isnan(mean_load_kw(history, 6.0)).all()
    later = History(np.array([0.0, 0.125]), np.array([0.0, 0.25]), np.ones((2, 1)), np.array([[0.0], [3.0]]))
    assert mean_load_kw(later, 6.0) == 3.0


def test_history_of_another_network_is_refused() -> None:
    """Two sites are not three."""
    with pytest.raises(ValueError, match="not one of 3 sites"):
        history_from_json(history_to_json(daily(1.0)), 3)


@pytest.mark.parametrize("name", FORECASTERS)
@pytest.mark.parametrize("hours_h", [0.0, 0.5, 30.0, 100.0])
def test_every_forecast_is_finite_and_positive(name: str, hours_h: float) -> None:
    """Whatever the history, a forecaster answers with [T, N] finite positive figures."""
    got = FORECASTERS[name](daily(hours_h), Ahead(hours_h, 0.25, 24, START_HOUR))
    assert got.shape == (24, 2)
    assert np.isfinite(got).all()
    assert (got > 0.0).all()
