"""MSRC Secs. II-B and II-D, equation by equation, and the figures that SPEC 2-3 and Table I quote for energy.

Expected values are worked out here by hand, from the printed equation and not from the product's code.
"""

import math

import numpy as np
import pytest

from gridran.energy import battery, ev, ledger, site_power
from gridran.scenario.params import LOAD_SCALE, EvParams
from gridran.types import Band, Battery, Network, PowerParams, Site, SiteMode

# Name: zero load, per unit ρ_DL, per unit ρ_UL (W), per Mbps DL (W), nominal capacity (Mbps); SPEC 2 and 3.
TABLE = {
    "800": (78.7, 57.4, 171.8, 3.44, 50.0),
    "1800": (66.1, 94.6, 87.0, 0.28, 100.0),
    "2600": (44.7, 101.5, 90.6, 0.0, 120.0),
    "3700": (136.5, 451.1, 616.8, 0.0, 500.0),
}
BANDS = tuple(
    Band(name, float(name), 20.0, capacity, 46.0, 17.0, idle, dl, ul, mbps, name == "800")
    for name, (idle, dl, ul, mbps, capacity) in TABLE.items()
)
PURE = Network((Site("a", 0.0, 0.0), Site("b", 500.0, 0.0)), BANDS, power=PowerParams(site_scale=1.0))
HALF_MINUTE_H = 30.0 / 3600.0


def drawn_kw(mode: SiteMode, on: tuple[int, int, int, int], prb: float = 0.0, volume_mbps: float = 0.0) -> float:
    """Draw of the first site with the same utilisation and volume on every band."""
    shape = np.ones((2, 4))
    band_on = np.tile(np.array(on, dtype=bool), (2, 1))
    return float(site_power.site_power_kw(PURE, np.full(2, mode), band_on, prb * shape, volume_mbps * shape)[0])


@pytest.mark.parametrize("name", TABLE)
def test_eq_2_sector_power_is_linear_in_utilisation_and_volume(name: str) -> None:
    """Eq. (2): one sector draws β_0' + (β_1 + β_2)·ρ + β_3·ν, with ρ_UL = ρ_DL and β_4 = 0."""
    idle, dl, ul, mbps, _ = TABLE[name]
    band = next(b for b in BANDS if b.name == name)
    got = site_power.sector_power_w(band, np.array(0.4), np.array(7.0))
    assert float(got) == pytest.approx(idle + 0.4 * dl + 0.4 * ul + 7.0 * mbps)


@pytest.mark.parametrize("column", range(4))
def test_table_of_power_coefficients(column: int) -> None:
    """SPEC 3: a three-sector site draws three times each coefficient per sector, its volume counted once."""
    quoted_kw = np.array([row[:4] for row in TABLE.values()])[column] / 1000.0
    assert site_power.idle_kw(PURE)[0, column] == pytest.approx(3 * quoted_kw[0])
    assert site_power.per_load_kw(PURE)[0, column] == pytest.approx(3 * (quoted_kw[1] + quoted_kw[2]))
    assert site_power.per_mbps_kw(PURE)[column] == pytest.approx(quoted_kw[3])


def test_eq_3_effective_volume_adds_help_and_subtracts_offload() -> None:
    """Eq. (3): a helper with 40 Mbps that takes over 10 and hands over 4 handles 46 Mbps."""
    got = site_power.effective_mbps(np.array([40.0]), np.array([10.0]), np.array([4.0]))
    np.testing.assert_allclose(got, [46.0])


def test_eq_3_utilisation_scales_linearly_with_volume() -> None:
    """After Eq. (3): ρ_eff = ρ·ν_eff/ν, so 46 Mbps instead of 40 at ρ = 0.2 give 0.23."""
    got = site_power.effective_prb_frac(np.array([0.2]), np.array([40.0]), np.array([46.0]))
    np.testing.assert_allclose(got, [0.23])


def test_eq_4_site_power_adds_active_and_standby_bands() -> None:
    """Eq. (4): active bands draw Eq. (2), the others 0.45 of their zero load, three sectors each."""
    active_w = 78.7 + 0.5 * (57.4 + 171.8) + 44.7 + 0.5 * (101.5 + 90.6)
    standby_w = 0.45 * (66.1 + 136.5)
    volume_w = 6.0 * 3.44
    got = drawn_kw(SiteMode.ASSISTED, (1, 0, 1, 0), 0.5, 6.0)
    assert got == pytest.approx((3 * (active_w + standby_w) + volume_w) / 1000.0)


def test_eq_4_deep_sleep_draws_100_w() -> None:
    """Eq. (4): in deep sleep z = 0 and P_std = 0, which leaves P_sleep = 100 W, not scaled by m."""
    assert drawn_kw(SiteMode.DEEP_SLEEP, (0, 0, 0, 0)) == 0.1
    scaled = Network(PURE.sites, BANDS)
    zero = np.zeros((2, 4))
    got = site_power.site_power_kw(scaled, np.full(2, SiteMode.DEEP_SLEEP), zero > 0, zero, zero)
    np.testing.assert_array_equal(got, [0.1, 0.1])
    assert PowerParams().deep_sleep_kw == 0.1


def test_quoted_standby_share() -> None:
    """SPEC 3: standby is 0.45 of the zero-load draw (3GPP TR 38.864, light to micro sleep)."""
    assert PowerParams().standby_frac == 0.45
    np.testing.assert_allclose(site_power.standby_kw(PURE), 0.45 * site_power.idle_kw(PURE))


@pytest.mark.parametrize(("load", "quoted_kw"), [("light", 1.42), ("medium", 1.86), ("heavy", 2.56)])
def test_quoted_site_draw(load: str, quoted_kw: float) -> None:
    """SPEC 3: at m = 1, all bands on and ρ = load/770 on each, a site draws 1.42/1.86/2.56 kW."""
    essential, best_effort = math.exp(0.5**2 / 2), math.exp(1.5 + 0.7**2 / 2)
    user_mbps = (0.02 + 0.15) * 0.064 + 0.50 * essential + 0.33 * best_effort
    site_frac = LOAD_SCALE[load] * 1000 * user_mbps / 19 / 770.0
    capacity = np.array([row[4] for row in TABLE.values()])
    prb = np.full((2, 4), site_frac)
    got = site_power.site_power_kw(PURE, np.zeros(2, dtype=np.int64), prb > 0, prb, prb * capacity)
    np.testing.assert_allclose(got, quoted_kw, atol=0.005)


def test_eq_11_volume_and_utilisation_sum_over_users() -> None:
    """Eq. (11): ν_DL = Σ r and ρ_DL = Σ χ over the users of a carrier, per site and band."""
    rate = np.array([[2.0, 1.0], [0.0, 3.0], [5.0, 0.0]])
    share = np.array([[0.2, 0.1], [0.0, 0.3], [0.5, 0.0]])
    volume, prb = site_power.carrier_totals(np.array([1, 1, 0]), rate, share, 2)
    np.testing.assert_allclose(volume, [[5.0, 0.0], [2.0, 4.0]])
    np.testing.assert_allclose(prb, [[0.5, 0.0], [0.2, 0.4]])


def test_eq_12_state_of_charge_after_charge_and_discharge() -> None:
    """Eq. (12): an hour at 2 kW moves 20 kWh by +0.95·2/20 when charging and by −2/(0.95·20) when discharging."""
    soc = battery.step(battery.battery_arrays(PURE), np.full(2, 0.5), np.array([2.0, 0.0]), np.array([0.0, 2.0]), 1.0)
    np.testing.assert_allclose(soc, [0.5 + 0.95 * 2.0 / 20.0, 0.5 - 2.0 / (0.95 * 20.0)])


@pytest.mark.parametrize(("charge_kw", "discharge_kw"), [(10.1, 0.0), (0.0, 10.1), (1.0, 1.0), (-1.0, 0.0)])
def test_eq_13_power_limits_and_no_simultaneous_flows(charge_kw: float, discharge_kw: float) -> None:
    """Eq. (13): powers in [0, 10] kW, never charge and discharge at once; anything else is refused."""
    with pytest.raises(ValueError, match="battery of site"):
        battery.step(battery.battery_arrays(PURE), np.full(2, 0.5), np.full(2, charge_kw), np.full(2, discharge_kw),
                     HALF_MINUTE_H)  # fmt: skip


def test_eq_13_state_of_charge_bounds() -> None:
    """Eq. (13): emptied and filled as far as allowed a battery stands at 0.2 and 1.0."""
    cells, none = battery.battery_arrays(PURE), np.zeros(2)
    empty = battery.step(cells, np.full(2, 0.3), none, battery.deliverable_kw(cells, np.full(2, 0.3), 1.0), 1.0)
    full = battery.step(cells, np.full(2, 0.9), battery.chargeable_kw(cells, np.full(2, 0.9), 1.0), none, 1.0)
    np.testing.assert_allclose(empty, 0.2)
    np.testing.assert_allclose(full, 1.0)


def test_quoted_battery() -> None:
    """Sec. V: 20 kWh, 80 % at the start, 10 kW discharge; SPEC 3: [0.2, 1.0], 0.95 both ways, restart margin 0.02."""
    b = Battery()
    assert (b.capacity_kwh, b.initial_soc_frac, b.discharge_limit_kw, b.charge_limit_kw) == (20.0, 0.8, 10.0, 10.0)
    assert (b.soc_min_frac, b.soc_max_frac, b.restart_margin_frac) == (0.2, 1.0, 0.02)
    assert (b.charge_efficiency_frac, b.discharge_efficiency_frac) == (0.95, 0.95)


def test_eq_14_usable_fleet_energy() -> None:
    """Eq. (14): 60 kWh at 80 % and a 33 % floor give 28.2 kWh; a car below its floor or gone gives nothing."""
    soc = np.array([[0.8, 0.2], [0.8, 0.5]])
    present = np.array([[True, True], [False, True]])
    got = ev.usable_kwh(soc, 0.33, np.full((2, 2), 60.0), present)
    np.testing.assert_allclose(got, [0.47 * 60.0, 0.17 * 60.0])


@pytest.mark.parametrize(("interface_kw", "expected_kw"), [(10.0, 10.0), (7.0, 7.0), (20.0, 14.0)])
def test_eq_15_exchange_is_bounded_by_the_interface(interface_kw: float, expected_kw: float) -> None:
    """Eq. (15): two cars of 7 kW give P^V2X,max together, and no more than 14 kW behind a wider interface."""
    limit, cars = np.array([interface_kw]), np.full((1, 2), 30.0)
    given_kw = ev.deliverable_kw(cars, np.ones((1, 2), bool), 7.0, limit, HALF_MINUTE_H)
    taken_kw = ev.chargeable_kw(cars, 2 * cars, 7.0, limit, HALF_MINUTE_H)
    np.testing.assert_allclose([given_kw, taken_kw], expected_kw)


def test_eq_16_price_follows_urgency() -> None:
    """Eq. (16) with ρ_base 0.5, α 2, τ 1.5: 1.5 $/kWh with no time left, 0.5·(1 + 2/e) at T = τ, 0.5 for ever."""
    p = EvParams()
    price = ev.urgency_price_usd_per_kwh(p.base_price_usd_per_kwh, p.urgency, p.urgency_tau_h,
                                         np.array([0.0, 1.5, np.inf]))  # fmt: skip
    np.testing.assert_allclose(price, [1.5, 0.5 * (1 + 2 / math.e), 0.5])


def test_eq_16_survival_is_energy_over_mean_power() -> None:
    """Below Eq. (16): T̂ = E_bat / P̄, so 11.4 kWh at 4.56 kW last 2.5 h."""
    np.testing.assert_allclose(ev.survival_h(np.array([11.4]), np.array([4.56])), [2.5])


def test_eq_17_power_balance() -> None:
    """Eq. (17): load = battery + EVs + grid closes the books; a kilowatt missing for an hour is a kilowatt-hour."""
    flows = {name: np.zeros(2) for name in ("battery_charge_kw", "ev_charge_kw", "pv_kw", "grid_import_kw")}
    got = ledger.imbalance_kwh(1.0, load_kw=np.array([5.0, 6.0]), battery_discharge_kw=np.full(2, 3.0),
                               v2g_kw=np.full(2, 2.0), **flows)  # fmt: skip
    np.testing.assert_allclose(got, [0.0, -1.0])


def test_quoted_ev_parameters() -> None:
    """Table I and Sec. V: λ 3, N(60, 15) kWh, SoC U(0.5, 0.8), floor 33 %, 7 kW, stay 3 h, 0.5 $/kWh, α 2, τ 1.5 h."""
    p = EvParams()
    assert (p.arrivals_per_site_day, p.stay_mean_h, p.power_limit_kw) == (3.0, 3.0, 7.0)
    assert (p.capacity_mean_kwh, p.capacity_sd_kwh, p.capacity_min_kwh) == (60.0, 15.0, 15.0)
    assert (p.initial_soc_frac, p.soc_floor_frac) == ((0.5, 0.8), 0.33)
    assert (p.base_price_usd_per_kwh, p.urgency, p.urgency_tau_h) == (0.5, 2.0, 1.5)


def test_quoted_charger() -> None:
    """SPEC 3: one bidirectional charger of 7 kW per site."""
    assert (PURE.sites[0].evse_count, PURE.sites[0].v2x_limit_kw) == (1, 7.0)


@pytest.mark.parametrize(("offer", "quoted_frac"), [(0.5, 0.23), (1.01, 0.61)])
def test_quoted_acceptance(offer: float, quoted_frac: float) -> None:
    """SPEC 3 from Table IV: 23 % of cars sell at 0.5 $/kWh and 61 % at 1.01, reservation prices U(0.19, 1.53)."""
    lowest, highest = EvParams().reservation_usd_per_kwh
    assert (lowest, highest) == (0.19, 1.53)
    assert float(ev.acceptance_frac(np.array(offer), lowest, highest)) == pytest.approx(quoted_frac, abs=0.005)
