"""The figures of merit of SPEC 7, one definition a test, on runs whose answer is plain."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gridran.lost import critical_availability_frac
from gridran.service import fully_served
from gridran.types import ServiceClass, StepOutcome
from studies.availability import class_availability_frac
from studies.kpis import KpiAccumulator, RunMeta
from studies.published import published_value
from studies.thresholds import lost

DT_H = 30.0 / 3600.0
META = RunMeta("independent", "medium", 1, wall_s=2.0, control_latency_ms=(10.0, 20.0, 30.0))


def _synthetic() -> ModuleType:
    path = Path(__file__).parents[1] / "synthetic_outcomes.py"
    spec = importlib.util.spec_from_file_location("synthetic_outcomes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SYNTHETIC = _synthetic()


def outcome(period: int = 0, **changes: Any) -> StepOutcome:
    made: StepOutcome = SYNTHETIC.outcome(period, **changes)
    return made


def kpis_of(*outcomes: StepOutcome) -> dict[str, Any]:
    accumulator = KpiAccumulator()
    for one in outcomes:
        accumulator.add(one)
    return accumulator.result(META)


def run_of(served: list[float]) -> list[StepOutcome]:
    """One period per entry: everybody gets that share of what they ask for; 40 users."""
    return [outcome(k, served_frac=share, ues=40) for k, share in enumerate(served)]


def partly(share: float, users: int = 40) -> np.ndarray:
    """The first ``share`` of every class is served in full, the rest not at all."""
    rank = np.arange(users) // 4
    return (rank < round(share * users / 4)).astype(float)


def test_critical_availability_is_the_share_of_emergency_and_voice_served_in_full() -> None:
    """One of two critical users at 99 % of demand leaves half; essential and best-effort users don't count."""
    made = outcome(ues=4, served_frac=np.array([1.0, 0.99, 0.0, 0.0]))
    assert critical_availability_frac(made) == 0.5


def test_full_demand_allows_a_relative_millionth() -> None:
    """demand·(1−1e-6) counts as served at full demand, anything less does not."""
    made = outcome(ues=2, served_frac=np.array([1.0 - 0.9e-6, 1.0 - 1.1e-6]))
    assert fully_served(made).tolist() == [True, False]


def test_best_effort_is_served_above_half_its_demand() -> None:
    """Exactly half is not enough for best-effort; the minimum rate is enough for the others."""
    half = class_availability_frac(outcome(ues=4, served_frac=0.5))
    more = class_availability_frac(outcome(ues=4, served_frac=0.51))
    assert half.tolist() == [1.0, 1.0, 1.0, 0.0]
    assert more[ServiceClass.BEST_EFFORT] == 1.0


def test_survival_is_the_start_of_the_first_five_minutes_below_half() -> None:
    """Nine periods below 50 % are a dip; the tenth makes it the end, dated back to the first."""
    dip, end = [partly(0.4)] * 9, [partly(0.4)] * 10
    good = [partly(1.0)] * 3
    kpis = kpis_of(*(outcome(k, served_frac=s, ues=40) for k, s in enumerate([*good, *dip, *good, *end])))
    assert kpis["survival_h"] == pytest.approx(15 * DT_H)


def test_exactly_half_is_still_alive() -> None:
    """The threshold itself is not below the threshold."""
    kpis = kpis_of(*(outcome(k, served_frac=partly(0.5), ues=40) for k in range(20)))
    assert "survival_h" in kpis["censored_metrics"]


def test_critical_h_is_the_same_at_95_percent() -> None:
    """With 90 % of the critical users served, critical_h has come and survival_h has not."""
    kpis = kpis_of(*(outcome(k, served_frac=partly(0.9), ues=40) for k in range(12)))
    assert kpis["critical_h"] == 0.0
    assert kpis["survival_h"] == pytest.approx(12 * DT_H)


def test_sla_h_is_the_first_missed_target_of_table_iii() -> None:
    """70 % of the essential users served misses their 80 %, though no critical user lost anything."""
    served = np.ones(40)
    served[2::4] = (np.arange(10) < 7).astype(float)
    kpis = kpis_of(*(outcome(k, served_frac=1.0 if k < 4 else served, ues=40) for k in range(20)))
    assert kpis["sla_h"] == pytest.approx(4 * DT_H)
    assert "critical_h" in kpis["censored_metrics"]


def test_sla_h_counts_one_stretch_whichever_target_is_missed() -> None:
    """Five periods without essential users' targets, then five without best-effort's, are five minutes of misses."""
    no_essential, no_best_effort = np.ones(40), np.ones(40)
    no_essential[2::4], no_best_effort[3::4] = 0.0, 0.0
    shares = [no_essential] * 5 + [no_best_effort] * 5 + [np.ones(40)] * 5
    kpis = kpis_of(*(outcome(k, served_frac=share, ues=40) for k, share in enumerate(shares)))
    assert kpis["sla_h"] == 0.0


def test_sla_volume_h_asks_the_same_of_the_volume() -> None:
    """Essential users at 79 % of demand all have their minimum rate, but their volume misses 80 %."""
    volume = np.ones(40)
    volume[2::4] = 0.79
    kpis = kpis_of(*(outcome(k, served_frac=1.0 if k < 4 else volume, ues=40) for k in range(20)))
    assert kpis["sla_volume_h"] == pytest.approx(4 * DT_H)
    assert "sla_h" in kpis["censored_metrics"]


@pytest.mark.parametrize(("share", "missed"), [(1.0 - 0.9e-6, False), (1.0 - 1.1e-6, True)])
def test_emergency_volume_may_lose_a_millionth(share: float, missed: bool) -> None:
    """The target of 100 % is met up to a relative 1e-6."""
    volume = np.ones(40)
    volume[0::4] = share
    kpis = kpis_of(*(outcome(k, served_frac=volume, ues=40) for k in range(20)))
    assert ("sla_volume_h" not in kpis["censored_metrics"]) == missed


def test_depletion_is_the_first_time_that_a_site_is_down_and_empty() -> None:
    """first_depletion_h is the first site's, last_depletion_h the last one's; a return changes neither."""
    up = [(True, True), (False, True), (True, True), (False, False)]
    kpis = kpis_of(*(outcome(k, site_up=np.array(u), soc_frac=np.full(2, 0.2)) for k, u in enumerate(up)))
    assert kpis["first_depletion_h"] == pytest.approx(1 * DT_H)
    assert kpis["last_depletion_h"] == pytest.approx(3 * DT_H)


def test_a_faulty_site_with_a_full_battery_is_not_depleted() -> None:
    """A site that is down at 80 % charge is broken, not empty."""
    kpis = kpis_of(outcome(0, site_up=np.array([False, True])))
    assert {"first_depletion_h", "last_depletion_h"} <= set(kpis["censored_metrics"])


def test_service_h_is_user_hours_over_users() -> None:
    """Half of the users over an hour is half an hour of service for each."""
    kpis = kpis_of(*(outcome(k, served_frac=partly(0.5), ues=40) for k in range(120)))
    assert kpis["service_h"] == pytest.approx(0.5)


def test_what_is_not_reached_is_the_end_and_censored() -> None:
    """A run alive at its end reports the end for all thresholds, and says so."""
    kpis = kpis_of(*run_of([1.0] * 20))
    assert kpis["censored"] is True
    assert kpis["survival_h"] == kpis["critical_h"] == kpis["sla_h"] == pytest.approx(20 * DT_H)
    assert {"survival_h", "critical_h", "sla_h"} <= set(kpis["censored_metrics"])


def test_a_dead_network_is_not_censored_by_a_site_that_still_sleeps() -> None:
    """Censored says that the network was alive at the end; an undrained battery does not make it so."""
    kpis = kpis_of(*run_of([0.0] * 20))
    assert kpis["censored"] is False
    assert "last_depletion_h" in kpis["censored_metrics"]


def test_availability_at_two_and_a_half_hours_is_that_of_the_covering_period() -> None:
    """Table III looks at the period that covers t = 2.5 h: the one that starts there."""
    shares = [1.0 if k != 300 else partly(0.8) for k in range(310)]
    kpis = kpis_of(*(outcome(k, served_frac=share, ues=40) for k, share in enumerate(shares)))
    assert kpis["availability_emergency_2h5_frac"] == pytest.approx(0.8)
    assert kpis["served_volume_best_effort_2h5_frac"] == pytest.approx(0.8)


def test_a_network_lost_before_two_and_a_half_hours_keeps_its_last_state() -> None:
    """A run that stopped because the network was lost is as dead at 2.5 h as when it stopped."""
    assert kpis_of(*run_of([0.0] * 60))["availability_voice_2h5_frac"] == 0.0


def test_a_short_run_has_no_availability_at_two_and_a_half_hours() -> None:
    """A run that was merely short cannot know."""
    assert kpis_of(*run_of([1.0] * 60))["availability_voice_2h5_frac"] is None


def test_continuity_is_user_time_served_up_to_survival() -> None:
    """80 % until the network dies is 80 %, however long it stays dead."""
    shares = [0.8] * 60 + [0.0] * 60
    kpis = kpis_of(*(outcome(k, served_frac=partly(s), ues=40) for k, s in enumerate(shares)))
    assert kpis["continuity_frac"] == pytest.approx(0.8)


def test_ev_utilisation_is_energy_over_charger_time_and_over_what_was_usable() -> None:
    """Half an hour at 3.5 kW out of one connected hour at 7 kW, out of a car that had 7 kWh to give."""
    usable_kwh = [7.0 - max(0, k - 60) * 3.5 * DT_H for k in range(120)]
    outcomes = [
        outcome(
            k,
            ev_connected=np.array([1, 0]),
            ev_usable_kwh=np.array([usable_kwh[k], 0.0]),
            v2g_kw=np.array([3.5 if k >= 60 else 0.0, 0.0]),
        )
        for k in range(120)
    ]
    kpis = kpis_of(*outcomes)
    assert kpis["v2g_kwh"] == pytest.approx(1.75)
    assert kpis["ev_utilisation_frac"] == pytest.approx(0.25)
    assert kpis["ev_utilisation_usable_frac"] == pytest.approx(0.25)


def test_a_second_car_adds_its_energy_to_what_was_usable() -> None:
    """A car that leaves unsold and one that comes later count both."""
    stock = [5.0, 5.0, 0.0, 0.0, 9.0]
    outcomes = [outcome(k, ev_usable_kwh=np.array([s, 0.0]), ev_connected=np.ones(2)) for k, s in enumerate(stock)]
    last = outcome(5, ev_usable_kwh=np.array([9.0, 0.0]), v2g_kw=np.array([1.4 / DT_H, 0.0]))
    assert kpis_of(*outcomes, last)["ev_utilisation_usable_frac"] == pytest.approx(0.1)


def test_handovers_are_per_user() -> None:
    """Six changes among ten users are 0.6 each."""
    assert kpis_of(outcome(0, handovers=2), outcome(1, handovers=4))["handovers_per_user"] == pytest.approx(0.6)


def test_mode_switches_are_changes_after_the_first_pattern() -> None:
    """A pattern that never changes has none, as Table IV says of Static; each later change counts per site."""
    still = [outcome(k, mode=np.array([1, 2])) for k in range(3)]
    assert kpis_of(*still)["mode_switches_per_site"] == 0.0
    moved = [outcome(0, mode=np.array([0, 2])), outcome(1, mode=np.array([1, 3])), outcome(2, mode=np.array([1, 2]))]
    assert kpis_of(*moved)["mode_switches_per_site"] == pytest.approx(1.5)


def test_a_site_without_power_switches_no_mode() -> None:
    """What a dead site is told does not count; coming back in another mode than it went down in is one switch."""
    up, down = np.ones(2, dtype=bool), np.array([True, False])
    told = [(0, up), (3, down), (0, down), (3, down)]
    flapping = [outcome(k, mode=np.array([1, mode]), site_up=power) for k, (mode, power) in enumerate(told)]
    assert kpis_of(*flapping)["mode_switches_per_site"] == 0.0
    back = outcome(4, mode=np.array([1, 3]), site_up=up)
    assert kpis_of(*flapping, back)["mode_switches_per_site"] == pytest.approx(0.5)


def test_signalling_is_also_given_by_the_hour() -> None:
    """A run that lasts twice as long may hand over twice as often: the rate is over the whole run."""
    kpis = kpis_of(*[outcome(k, handovers=1, mode=np.array([k % 2, 2])) for k in range(120)])
    assert kpis["handovers_per_user_hour"] == pytest.approx(kpis["handovers_per_user"])
    assert kpis["mode_switches_per_site_hour"] == pytest.approx(119 / 2)


def test_table_iv_ends_where_survival_ends() -> None:
    """Handovers, mode switches and cars count while half of the critical users are left, not in what comes after."""
    alive = [outcome(k, ues=40, handovers=1, mode=np.array([k % 2, 2])) for k in range(60)]
    after = [outcome(k, ues=40, served_frac=0.0, handovers=9, mode=np.array([k % 2, 2])) for k in range(60, 120)]
    kpis = kpis_of(*alive, *after)
    assert kpis["survival_h"] == pytest.approx(0.5)
    assert kpis["handovers_per_user"] == pytest.approx(60 / 40)
    assert kpis["mode_switches_per_site"] == pytest.approx(59 / 2)
    assert kpis["handovers_per_user_hour"] == pytest.approx(3.0)


def test_targets_held_until_2_5_h() -> None:
    """1 where no target was missed for five minutes before 2.5 h, 0 where one was; unknown of a shorter run."""
    assert kpis_of(*run_of([1.0] * 310))["sla_held_2h5_frac"] == 1.0
    assert kpis_of(*run_of([1.0] * 200 + [0.0] * 110))["sla_held_2h5_frac"] == 0.0
    assert kpis_of(*run_of([1.0] * 200))["sla_held_2h5_frac"] is None


def test_site_power_is_the_mean_while_the_network_lives() -> None:
    """The quiet of a dead network does not make it thrifty."""
    alive = [outcome(k, load_kw=np.array([2.0, 4.0])) for k in range(10)]
    dead = [outcome(k, served_frac=0.0, load_kw=np.zeros(2)) for k in range(10, 30)]
    assert kpis_of(*alive, *dead)["mean_site_power_kw"] == pytest.approx(3.0)


def test_energy_is_counted_by_source() -> None:
    """Two sites over an hour: kW summed over sites, times hours."""
    powers = {"battery_discharge_kw": 1.0, "v2g_kw": 2.0, "pv_kw": 3.0, "grid_import_kw": 4.0, "ev_charge_kw": 5.0}
    fields = {name: np.full(2, kw) for name, kw in powers.items()}
    kpis = kpis_of(*(outcome(k, **fields) for k in range(120)))
    names = ("battery_kwh", "v2g_kwh", "pv_kwh", "grid_kwh", "ev_charge_kwh")
    assert [kpis[name] for name in names] == pytest.approx([2.0, 4.0, 6.0, 8.0, 10.0])


def test_a_run_is_lost_after_thirty_minutes_below_half() -> None:
    """59 periods are not enough, 60 are, and one good period starts the count again."""
    assert not lost([0.4] * 59, [DT_H] * 59)
    assert lost([0.4] * 60, [DT_H] * 60)
    assert not lost([0.4] * 60 + [0.5], [DT_H] * 61)


def test_the_accumulator_knows_when_the_run_is_lost() -> None:
    """``lost`` follows the same rule, period by period."""
    accumulator = KpiAccumulator()
    for k in range(60):
        assert not accumulator.lost
        accumulator.add(outcome(k, served_frac=0.0))
    assert accumulator.lost


def test_results_carry_what_the_contract_names() -> None:
    """kpis.json has every flat key of SPEC 9, latency percentiles among them."""
    kpis = kpis_of(*run_of([1.0] * 10))
    keys = "strategy load seed sites ues wall_s sim_h ledger_error_kwh control_latency_p50_ms control_latency_p99_ms"
    assert set(keys.split()) <= set(kpis)
    assert kpis["control_latency_p50_ms"] == 20.0


def test_published_values_are_those_of_the_tables() -> None:
    """Table II, medium: 2.5, 3.5 and 5.0 h; Table III, essential under MSRC: 96 %; Table IV: 61 % of EVs used."""
    survival_h = [published_value(s, "medium", "survival_h") for s in ("independent", "static-lb", "msrc")]
    assert survival_h == [2.5, 3.5, 5.0]
    assert published_value("msrc", "medium", "availability_essential_2h5_frac") == 0.96
    assert published_value("msrc", "medium", "ev_utilisation_frac") == 0.61
    assert published_value("lifetime", "medium", "survival_h") is None
