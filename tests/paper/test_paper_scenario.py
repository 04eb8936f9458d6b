"""Quoted constants of the MSRC paper and of SPEC 2 and 3, as the scenario ``paper`` carries them."""

from __future__ import annotations

import pytest

from gridran.scenario.params import Scenario

# name, carrier MHz, bandwidth MHz, capacity Mbps, Ptx dBm, gain dBi (SPEC 2)
RADIO = (
    ("LTE800", 800, 10, 50, 46, 15),
    ("LTE1800", 1800, 20, 100, 46, 17),
    ("LTE2600", 2600, 20, 120, 46, 18),
    ("NR3700", 3700, 100, 500, 53, 24),
)
# W per sector: zero load, per unit ρ_DL, per unit ρ_UL, per Mbps (SPEC 3)
POWER = ((78.7, 57.4, 171.8, 3.44), (66.1, 94.6, 87.0, 0.28), (44.7, 101.5, 90.6, 0.0), (136.5, 451.1, 616.8, 0.0))


def test_bands(paper_scenario: Scenario) -> None:
    """Four carriers with the paper's bandwidth, nominal capacity per site and transmit power."""
    bands = paper_scenario.network.bands
    found = tuple(
        (b.name, b.carrier_mhz, b.bandwidth_mhz, b.capacity_mbps, b.tx_power_dbm, b.antenna_gain_dbi) for b in bands
    )
    assert found == RADIO


def test_power_coefficients(paper_scenario: Scenario) -> None:
    """The coefficients of Vallero et al. per sector and band, Eq. (2)."""
    bands = paper_scenario.network.bands
    assert tuple((b.idle_w, b.per_dl_load_w, b.per_ul_load_w, b.per_dl_mbps_w) for b in bands) == POWER


def test_low_band(paper_scenario: Scenario) -> None:
    """B_low of Eq. (25) is 800 MHz alone."""
    assert [b.name for b in paper_scenario.network.bands if b.low] == ["LTE800"]


def test_sites(paper_scenario: Scenario) -> None:
    """19 sites of 3 sectors with one bidirectional 7 kW charger and no PV."""
    sites = paper_scenario.network.sites
    assert {(s.sectors, s.evse_count, s.v2x_limit_kw, s.pv_kwp) for s in sites} == {(3, 1, 7.0, 0.0)}
    assert len(sites) == 19


def test_battery(paper_scenario: Scenario) -> None:
    """20 kWh at 80 %, floor 20 %, 95 % each way, 10 kW both ways, back at 22 %."""
    (b,) = {s.battery for s in paper_scenario.network.sites}
    assert (b.capacity_kwh, b.initial_soc_frac, b.soc_min_frac, b.soc_max_frac) == (20.0, 0.8, 0.2, 1.0)
    assert (b.charge_efficiency_frac, b.discharge_efficiency_frac) == (0.95, 0.95)
    assert (b.charge_limit_kw, b.discharge_limit_kw, b.restart_margin_frac) == (10.0, 10.0, 0.02)


def test_users(paper_scenario: Scenario) -> None:
    """1,000 users, 70 % in hotspots, in the paper's classes with its weights."""
    t = paper_scenario.traffic
    assert (t.ue_count, t.hotspot_share, t.hotspot_count, t.hotspot_sigma_m) == (1000, 0.7, 8, 150.0)
    assert t.class_share == (0.02, 0.15, 0.50, 0.33)
    assert t.class_weight == (1000.0, 100.0, 10.0, 1.0)
    assert (t.voice_mbps, t.essential_lognormal, t.best_effort_lognormal) == (0.064, (0.0, 0.5), (1.5, 0.7))


def test_cooperation(paper_scenario: Scenario) -> None:
    """Radii, κ_min, K_max and λ_loss of Table I and SPEC 2."""
    c = paper_scenario.network.cooperation
    assert c.nominal_radius_m == pytest.approx(288.7, abs=0.1)
    assert (c.expanded_radius_m, c.reduced_radius_frac, c.cooperation_radius_m) == (800.0, 0.5, 1000.0)
    assert (c.kappa_min_frac, c.max_links, c.helper_loss_frac) == (0.3, 3, 0.05)
    assert (c.links, c.assisted_bands) == ("chosen", "low")


def test_cars(paper_scenario: Scenario) -> None:
    """N(60, 15) kWh at 50 to 80 %, floor 33 %, 7 kW, 3 h stays, reservation prices as derived in SPEC 3."""
    e = paper_scenario.ev
    assert (e.capacity_mean_kwh, e.capacity_sd_kwh, e.capacity_min_kwh) == (60.0, 15.0, 15.0)
    assert (e.initial_soc_frac, e.soc_floor_frac, e.power_limit_kw, e.stay_mean_h) == ((0.5, 0.8), 0.33, 7.0, 3.0)
    assert (e.arrivals_per_site_day, e.reservation_usd_per_kwh) == (3.0, (0.19, 1.53))


def test_power_rules(paper_scenario: Scenario) -> None:
    """Standby at 0.45 of zero load, deep sleep at 100 W a site."""
    assert paper_scenario.network.power.standby_frac == 0.45
    assert paper_scenario.network.power.deep_sleep_kw == 0.1


def test_loops(paper_scenario: Scenario) -> None:
    """The fast loop runs every 30 s, the slow loop every 15 min, over 6 h, with λ = (0.5, 0.3, 0.1, 0.1)."""
    assert (paper_scenario.time.period_s, paper_scenario.time.plan_period_min) == (30.0, 15.0)
    assert paper_scenario.planning.horizon_h == 6.0
    assert paper_scenario.planning.objective_weight == (0.5, 0.3, 0.1, 0.1)


def test_radio_limits(paper_scenario: Scenario) -> None:
    """Noise figure 7 dB and Γ_min −6 dB."""
    r = paper_scenario.network.radio
    assert (r.noise_figure_db, r.sinr_min_db) == (7.0, -6.0)
