"""The master program of the lifetime planner at textbook values, and the bound that its prices give."""

from __future__ import annotations

import numpy as np
import pytest

from gridran.types import FloatArray
from rapp.cooperation import master
from rapp.cooperation.master import Hours, Offer, Stores, bound_h, hours

ALTERNATING_KW = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])  # the left site alone, the right one alone, both


def stores(energy_kwh: tuple[float, ...] | FloatArray, max_h: float = 48.0) -> Stores:
    energy = np.asarray(energy_kwh, dtype=np.float64)
    return Stores(
        energy,
        np.full(len(energy), 99.0),
        np.zeros(len(energy), dtype=np.bool_),
        max_h,
    )


def main(power_kw: FloatArray, least_h: float = 0.0) -> Offer:
    return Offer(power_kw, np.ones(len(power_kw)), least_h)


def other(power_kw: FloatArray, least_h: float) -> Offer:
    return Offer(power_kw, np.zeros(len(power_kw)), least_h)


def solved(offers: list[Offer], what: Stores) -> Hours:
    found = hours(offers, what)
    assert found is not None
    return found


def life_h(found: Hours) -> float:
    return float(found.each_h[0].sum())


def least_costs(price: FloatArray, offers: list[Offer], what: Stores) -> list[float]:
    """Exact pricing: min_c π·(P(c) − a) of each phase."""
    return [float((offer.power_kw @ price).min()) for offer in offers]


def test_two_sites_that_take_turns_live_twice_as_long() -> None:
    """Each can carry everything at 2 kW: awake together 10 kWh last 5 h, in turns 10 h."""
    together = solved([main(ALTERNATING_KW[2:])], stores((10.0, 10.0)))
    in_turns = solved([main(ALTERNATING_KW)], stores((10.0, 10.0)))
    assert life_h(together) == pytest.approx(5.0)
    assert in_turns.each_h[0] == pytest.approx([5.0, 5.0, 0.0])


def test_a_price_is_the_life_of_one_more_kwh() -> None:
    """In turns at 2 kW a kWh more at either site is half an hour; one that a site cannot use is worth nothing."""
    assert solved([main(ALTERNATING_KW)], stores((10.0, 10.0))).price_per_kwh == pytest.approx([0.5, 0.5])
    alone = solved([main(ALTERNATING_KW[2:])], stores((10.0, 30.0)))
    assert alone.price_per_kwh == pytest.approx([0.5, 0.0])


def test_nothing_is_planned_beyond_the_limit() -> None:
    """Where the energy lasts longer than max_h that is the life, and no energy has a price."""
    found = solved([main(ALTERNATING_KW)], stores((99.0, 99.0), max_h=24.0))
    assert life_h(found) == pytest.approx(24.0)
    assert found.price_per_kwh == pytest.approx([0.0, 0.0])


def test_a_phase_with_hours_to_keep_is_kept() -> None:
    """20 kWh: three hours at 4 kW leave 8 kWh, four hours of the main phase at 2 kW."""
    found = solved([main(np.array([[2.0]])), other(np.array([[4.0]]), 3.0)], stores((20.0,)))
    assert [float(each.sum()) for each in found.each_h] == pytest.approx([4.0, 3.0])


def test_a_phase_lasts_no_longer_than_it_must() -> None:
    """A last phase is as long as it has to be, though it draws less than the main one: 20 kWh less 1 at 2 kW."""
    found = solved([main(np.array([[2.0]])), other(np.array([[0.5]]), 2.0)], stores((20.0,)))
    assert [float(each.sum()) for each in found.each_h] == pytest.approx([9.5, 2.0])


def test_a_shortfall_shows() -> None:
    """With energy for five hours of a phase that must last eight, it has five and the main phase none."""
    found = solved([main(np.array([[2.0]])), other(np.array([[2.0]]), 8.0)], stores((10.0,)))
    assert [float(each.sum()) for each in found.each_h] == pytest.approx([0.0, 5.0])


@pytest.mark.parametrize(("power_kw", "expected_h"), [(2.9, [4.2, 2.0]), (3.1, [10.0, 0.0])])
def test_what_an_hour_of_shortfall_is_worth(power_kw: float, expected_h: list[float]) -> None:
    """A phase gives way once an hour of it costs more than three of the main phase, and not before."""
    found = solved([main(np.array([[1.0]])), other(np.array([[power_kw]]), 2.0)], stores((10.0,)))
    assert [float(each.sum()) for each in found.each_h] == pytest.approx(expected_h)


def test_a_pattern_of_less_value_is_used_less() -> None:
    """Of two patterns that draw the same, the one whose hour counts more has all the hours."""
    offer = Offer(np.array([[2.0], [2.0]]), np.array([0.9, 1.0]), 0.0)
    assert solved([offer], stores((10.0,))).each_h[0] == pytest.approx([0.0, 5.0])


def test_no_energy_no_hours() -> None:
    """Empty batteries give a life of zero, not a failure."""
    assert life_h(solved([main(ALTERNATING_KW)], stores((0.0, 0.0)))) == 0.0


def test_a_failed_solve_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """None where HiGHS does not end with an optimum: here it has no time."""
    made = master.solver

    def hurried() -> object:
        highs = made()
        highs.setOptionValue("simplex_iteration_limit", 0)
        highs.setOptionValue("presolve", "off")
        return highs

    monkeypatch.setattr(master, "solver", hurried)
    assert hours([main(ALTERNATING_KW)], stores((10.0, 10.0))) is None


def instance(rng: np.random.Generator) -> tuple[list[Offer], Stores]:
    """A main phase and two others on up to five sites, with energy for the others, none of which
    draws so much more than the main one that it would pay to let it fall short."""
    sites = int(rng.integers(1, 6))
    offers = [main(rng.uniform(1.5, 4.0, (int(rng.integers(1, 7)), sites)))]
    offers += [other(rng.uniform(0.1, 3.3, (int(rng.integers(1, 5)), sites)), rng.uniform(0, 2)) for _ in range(2)]
    energy = rng.uniform(0.0, 10.0, sites) + 16.0  # the others need at most 2 · 2 h · 3.3 kW
    return offers, Stores(energy, np.full(sites, 99.0), np.zeros(sites, dtype=np.bool_), 200.0)


@pytest.mark.parametrize("seed", range(40))
def test_weak_duality(seed: int) -> None:
    """With exact pricing no prices give a bound below the life, and those of the optimum give the life itself."""
    rng = np.random.default_rng(seed)
    offers, what = instance(rng)
    found, durations = solved(offers, what), [offer.least_h for offer in offers]
    assert [float(each.sum()) for each in found.each_h[1:]] == pytest.approx(durations[1:])
    for _ in range(20):
        price = rng.uniform(0.0, 1.0, len(what.energy_kwh)) * rng.integers(0, 2, len(what.energy_kwh))
        assert bound_h(price, what, least_costs(price, offers, what), durations) >= life_h(found) - 1e-6
    tight = bound_h(found.price_per_kwh, what, least_costs(found.price_per_kwh, offers, what), durations)
    assert tight == pytest.approx(life_h(found))


def test_without_prices_there_is_no_bound() -> None:
    """Where serving costs nothing at the prices, only the end of planning bounds the life."""
    assert bound_h(np.zeros(2), stores((1.0, 1.0), max_h=24.0), [0.0], [0.0]) == 24.0


def test_the_bound_is_a_time() -> None:
    """Never below zero, where the other phases ask for more than there is, and never beyond max_h."""
    what = stores((1.0,), max_h=24.0)
    assert bound_h(np.ones(1), what, [1.0, 1.0], [0.0, 9.0]) == 0.0
    assert bound_h(np.ones(1), what, [1e-6], [0.0]) == 24.0
