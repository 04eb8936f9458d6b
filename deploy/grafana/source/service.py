"""Dashboard "Service by class": who is served, who is not, and why."""

from __future__ import annotations

from deploy.grafana.source.dashboard import SITE, Dashboard, row
from deploy.grafana.source.kinds import areas, gauge, lines
from deploy.grafana.source.panel import Json, Panel, Query, fixed, override, thresholds
from deploy.grafana.source.shared import availability
from deploy.grafana.source.style import CLASSES, SHED, TARGET_FRAC, at_least

_CHOSEN = '{site=~"$site"}'


def service() -> Dashboard:
    """Classes against their targets; below, how the sites carry them."""
    return Dashboard(
        "service",
        "gridran · Service by class",
        "Who is served, who is not, and why",
        (
            row(6, (_against_targets(), 24)),
            row(8, (availability(), 12), (_not_served(), 12)),
            row(8, (_volume_share(), 12), (_volume(), 12)),
            row(8, (_carried(), 8), (_blocks(), 8), (_handovers(), 8)),
        ),
        (SITE,),
    )


def _against_targets() -> Panel:
    return gauge(
        "Users served, against the targets",
        "Green from the target of Table III on: emergency 100 %, voice 95 %, essential 80 %, best effort 50 %.",
        "percentunit",
        Query("max by (service_class) (gridran_emulator_availability_frac)", "{{service_class}}"),
        more={"min": 0, "max": 1, "decimals": 1},
        overrides=tuple(_class_gauge(name) for name in CLASSES),
    )


def _class_gauge(name: str) -> Json:
    limits = thresholds(at_least(TARGET_FRAC[name]))
    return override("byName", name, displayName=CLASSES[name].words, thresholds=limits)


def _not_served() -> Panel:
    return areas(
        "Users not served, by reason",
        "Users that are shed, whatever their class. Policy limit: the plan throttles so that the energy lasts.",
        "short",
        Query('sum by (state) (gridran_emulator_users{state!="served"})', "{{state}}"),
        looks=SHED,
    )


def _volume_share() -> Panel:
    return lines(
        "Volume served",
        "Share of the volume that each class asks for; a user at its minimum rate may ask for more.",
        "percentunit",
        Query("service_class:gridran_volume_served_frac:ratio", "{{service_class}}"),
        custom={"lineWidth": 2},
        more={"min": 0, "max": 1},
        looks=CLASSES,
    )


def _volume() -> Panel:
    dashed = tuple(
        override(
            "byName",
            f"{name} asked",
            displayName=f"{look.words} asked",
            color=fixed(look.colour),
            custom__lineStyle={"fill": "dash"},
        )
        for name, look in CLASSES.items()
    )
    return lines(
        "Volume asked and served",
        "Dashed: what the users of a class ask for together.",
        "Mbits",
        Query("sum by (service_class) (gridran_emulator_served_mbps)", "{{service_class}}"),
        Query("sum by (service_class) (gridran_emulator_offered_mbps)", "{{service_class}} asked"),
        looks=CLASSES,
        overrides=dashed,
    )


def _carried() -> Panel:
    return lines(
        "Users carried by each site",
        "Whosever they are: a helper carries those of the sites that sleep.",
        "short",
        Query(f"max by (site) (gridran_emulator_users_carried{_CHOSEN})", "{{site}}"),
    )


def _blocks() -> Panel:
    return lines(
        "Resource blocks in use",
        "Mean over the carriers that are on, by band.",
        "percentunit",
        Query(
            f"avg by (band) (gridran_emulator_prb_used_frac{_CHOSEN} and gridran_emulator_band_on{_CHOSEN} == 1)",
            "{{band}}",
        ),
        more={"min": 0, "max": 1},
    )


def _handovers() -> Panel:
    return lines(
        "Handovers per user and hour",
        "Changes of serving site per user and simulated hour, over the last minute of real time.",
        "short",
        Query(
            "sum(rate(gridran_emulator_handovers_total[1m])) / (sum(deriv(gridran_emulator_time_seconds[1m])) / 3600)"
            " / sum(gridran_emulator_users)",
            "handovers",
        ),
        more={"decimals": 2},
    )
