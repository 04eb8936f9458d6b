"""Dashboard "Energy": what is stored, what is drawn and what the cars give."""

from __future__ import annotations

from deploy.grafana.source.dashboard import SITE, Dashboard, row
from deploy.grafana.source.kinds import bars, lines, stat
from deploy.grafana.source.panel import Panel, Query, fixed, override
from deploy.grafana.source.shared import power_by_source
from deploy.grafana.source.style import FLOOR, LEDGER_KWH, LIFE_H, SOURCES, Look

_CHOSEN = '{site=~"$site"}'


def energy() -> Dashboard:
    """Batteries, cars, sun and grid of the chosen sites."""
    return Dashboard(
        "energy",
        "gridran · Energy",
        "What is stored, what is drawn and what the cars give",
        (
            row(4, (_left(), 6), (_draw(), 6), (_from_cars(), 6), (_ledger(), 6)),
            row(9, (_charge(), 12), (_life(), 12)),
            row(8, (power_by_source(_CHOSEN), 12), (_load(), 12)),
            row(8, (_asked(), 8), (_for_sale(), 8), (_price(), 8)),
            row(6, (_cars(), 12), (_since_start(), 12)),
        ),
        (SITE,),
    )


def _left() -> Panel:
    return stat(
        "Left in batteries",
        "Energy above the floor of each battery, all chosen sites.",
        "kwatth",
        Query(f"sum(gridran_emulator_usable_kwh{_CHOSEN})", "left"),
        more={"decimals": 1},
    )


def _draw() -> Panel:
    return stat(
        "Draw",
        "What the chosen sites draw together.",
        "kwatt",
        Query(f"sum(gridran_emulator_load_kw{_CHOSEN})", "draw"),
        more={"decimals": 1},
    )


def _from_cars() -> Panel:
    return stat(
        "From cars",
        "Power that parked cars give to the chosen sites.",
        "kwatt",
        Query('sum(gridran_emulator_power_kw{site=~"$site", source="v2g"})', "cars"),
        more={"decimals": 1},
    )


def _ledger() -> Panel:
    return stat(
        "Ledger error",
        "The largest energy imbalance of a site in the last period; above 1e-6 kWh it is no round-off.",
        "kwatth",
        Query("max(gridran_emulator_ledger_error_kwh)", "error"),
        LEDGER_KWH,
    )


def _charge() -> Panel:
    return lines(
        "State of charge by site",
        "At the end of each period. The dashed line is the default floor of 20 %.",
        "percentunit",
        Query(f"max by (site) (gridran_emulator_soc_frac{_CHOSEN})", "{{site}}"),
        custom={"thresholdsStyle": {"mode": "dashed"}},
        more={"min": 0, "max": 1},
        limits=FLOOR,
    )


def _life() -> Panel:
    return bars(
        "Life of each battery",
        "Hours at the present draw, shortest first; red before the next plan, full from 6 h on. Only sites on battery.",
        "h",
        Query(f"sort(max by (site) (site:gridran_battery_life_h:ratio{_CHOSEN}))", "{{site}}", instant=True),
        limits=LIFE_H,
        more={"decimals": 2, "min": 0, "max": 6, "noValue": "none in use"},
    )


def _load() -> Panel:
    return lines(
        "Draw by site",
        "Mean draw of each site in the last period. A site in deep sleep draws 0.1 kW.",
        "kwatt",
        Query(f"max by (site) (gridran_emulator_load_kw{_CHOSEN})", "{{site}}"),
    )


def _asked() -> Panel:
    return lines(
        "Power asked of cars",
        "What the xApp asked for, and what the cars gave.",
        "kwatt",
        Query(f"sum(gridran_xapp_v2g_asked_kw{_CHOSEN})", "asked"),
        Query('sum(gridran_emulator_power_kw{site=~"$site", source="v2g"})', "given"),
        looks={"asked": Look("asked", "#8b9096"), "given": Look("given", SOURCES["v2g"].colour)},
    )


def _for_sale() -> Panel:
    return lines(
        "Energy of cars",
        "What cars at the chosen sites could sell now, and what the rApp expects of all sites until its horizon.",
        "kwatth",
        Query(f"sum(gridran_emulator_ev_usable_kwh{_CHOSEN})", "now"),
        Query("max(gridran_rapp_ev_energy_kwh)", "forecast, all sites"),
        overrides=(
            override("byName", "now", color=fixed(SOURCES["v2g"].colour)),
            override("byName", "forecast, all sites", color=fixed("#8b9096"), custom__lineStyle={"fill": "dash"}),
        ),
    )


def _price() -> Panel:
    return lines(
        "Price offered to cars",
        "US dollars per kWh: highest, mean and lowest offer of the chosen sites.",
        "currencyUSD",
        Query(f"max(gridran_emulator_price_usd_per_kwh{_CHOSEN})", "highest"),
        Query(f"avg(gridran_emulator_price_usd_per_kwh{_CHOSEN})", "mean"),
        Query(f"min(gridran_emulator_price_usd_per_kwh{_CHOSEN})", "lowest"),
        more={"decimals": 2},
    )


def _cars() -> Panel:
    return lines(
        "Cars connected",
        "Cars at the chargers of the chosen sites.",
        "short",
        Query(f"sum(gridran_emulator_evs{_CHOSEN})", "cars"),
        more={"decimals": 0},
        looks={"cars": SOURCES["v2g"]},
    )


def _since_start() -> Panel:
    return bars(
        "Energy since the start",
        "By source, all sites.",
        "kwatth",
        Query("sum by (source) (gridran_emulator_energy_kwh_total)", "{{source}}", instant=True),
        looks=SOURCES,
        more={"min": 0, "decimals": 1},
    )
