"""The limits of every parameter, as one table: dataclass -> field -> constraint on each of its numbers.

Constraints are ``annotated_types`` objects that pydantic enforces on every leaf of a field (each element of a tuple);
a tuple of words is a list of choices. A field of type str or bool without choices needs no entry.
"""

from __future__ import annotations

from typing import Any

from annotated_types import Ge, Gt, Le, Lt

from gridran.scenario.params import (
    ControlParams,
    EvParams,
    Fault,
    GridParams,
    MicrogridParams,
    PlanningParams,
    PvParams,
    TimeParams,
    TrafficParams,
)
from gridran.types import Band, Battery, CooperationParams, PowerParams, RadioParams, Site

Constraint = tuple[Any, ...]

ANY: Constraint = ()
POSITIVE: Constraint = (Gt(0),)
NOT_NEGATIVE: Constraint = (Ge(0),)
FRACTION: Constraint = (Ge(0), Le(1))
ABOVE_ZERO_FRACTION: Constraint = (Gt(0), Le(1))
COUNT: Constraint = (Ge(1),)

LIMITS: dict[type, dict[str, Constraint]] = {
    Band: {
        "carrier_mhz": (Ge(100), Le(100_000)),
        "bandwidth_mhz": POSITIVE,
        "capacity_mbps": POSITIVE,
        "tx_power_dbm": (Ge(-30), Le(80)),
        "antenna_gain_dbi": (Ge(-10), Le(60)),
        "idle_w": NOT_NEGATIVE,
        "per_dl_load_w": NOT_NEGATIVE,
        "per_ul_load_w": NOT_NEGATIVE,
        "per_dl_mbps_w": NOT_NEGATIVE,
    },
    Battery: {
        "capacity_kwh": NOT_NEGATIVE,
        "initial_soc_frac": FRACTION,
        "soc_min_frac": FRACTION,
        "soc_max_frac": FRACTION,
        "charge_efficiency_frac": ABOVE_ZERO_FRACTION,
        "discharge_efficiency_frac": ABOVE_ZERO_FRACTION,
        "charge_limit_kw": NOT_NEGATIVE,
        "discharge_limit_kw": NOT_NEGATIVE,
        "restart_margin_frac": FRACTION,
    },
    Site: {
        "x_m": ANY,
        "y_m": ANY,
        "sectors": (Ge(1), Le(12)),
        "evse_count": NOT_NEGATIVE,
        "v2x_limit_kw": NOT_NEGATIVE,
        "pv_kwp": NOT_NEGATIVE,
    },
    RadioParams: {
        "noise_figure_db": (Ge(0), Le(30)),
        "sinr_min_db": (Ge(-30), Le(30)),
        "site_height_m": (Gt(1), Le(150)),
        "ue_height_m": (Ge(1), Le(22.5)),  # the range of TR 38.901 Table 7.4.1-1 UMa
        "measured_sites": COUNT,
    },
    CooperationParams: {
        "nominal_radius_m": POSITIVE,
        "expanded_radius_m": POSITIVE,
        "reduced_radius_frac": ABOVE_ZERO_FRACTION,
        "cooperation_radius_m": NOT_NEGATIVE,
        "kappa_min_frac": FRACTION,
        "max_links": COUNT,
        "links": ("chosen", "literal"),
        "assisted_bands": ("low", "high"),
        "helper_loss_frac": (Ge(0), Lt(1)),
    },
    PowerParams: {"site_scale": POSITIVE, "standby_frac": FRACTION, "deep_sleep_kw": NOT_NEGATIVE},
    TimeParams: {"period_s": POSITIVE, "plan_period_min": POSITIVE, "start_hour": (Ge(0), Lt(24))},
    TrafficParams: {
        "ue_count": COUNT,
        "hotspot_share": FRACTION,
        "hotspot_count": NOT_NEGATIVE,
        "hotspot_sigma_m": POSITIVE,
        "class_share": FRACTION,
        "class_weight": POSITIVE,
        "voice_mbps": POSITIVE,
        "essential_lognormal": (Ge(-20), Le(20)),
        "best_effort_lognormal": (Ge(-20), Le(20)),
        "essential_min_mbps": NOT_NEGATIVE,
        "session_mean_min": POSITIVE,
        "load_scale": POSITIVE,
        "day_profile": NOT_NEGATIVE,
        "speed_mps": NOT_NEGATIVE,
        "roam_radius_m": NOT_NEGATIVE,
        "pause_mean_s": NOT_NEGATIVE,
    },
    EvParams: {
        "arrivals_per_site_day": NOT_NEGATIVE,
        "initial_count_mean": NOT_NEGATIVE,
        "capacity_mean_kwh": POSITIVE,
        "capacity_sd_kwh": NOT_NEGATIVE,
        "capacity_min_kwh": POSITIVE,
        "initial_soc_frac": FRACTION,
        "soc_floor_frac": FRACTION,
        "power_limit_kw": NOT_NEGATIVE,
        "stay_mean_h": POSITIVE,
        "reservation_usd_per_kwh": NOT_NEGATIVE,
        "base_price_usd_per_kwh": NOT_NEGATIVE,
        "urgency": NOT_NEGATIVE,
        "urgency_tau_h": POSITIVE,
    },
    PvParams: {
        "latitude_deg": (Ge(-90), Le(90)),
        "day_of_year": (Ge(1), Le(366)),
        "performance_ratio": FRACTION,
        "cloud_factor": FRACTION,
    },
    GridParams: {"outages_h": NOT_NEGATIVE, "mean_up_h": NOT_NEGATIVE, "mean_down_h": NOT_NEGATIVE},
    MicrogridParams: {
        "topology": ("none", "bus", "star"),
        "cable_limit_kw": NOT_NEGATIVE,
        "loss_frac_per_km": (Ge(0), Lt(1)),
    },
    Fault: {"kind": ("site-down", "report-lost", "control-lost"), "start_h": NOT_NEGATIVE, "hours_h": POSITIVE},
    PlanningParams: {
        "horizon_h": POSITIVE,
        "objective_weight": NOT_NEGATIVE,
        "service_target_frac": FRACTION,
        "demand_points": COUNT,
        "cluster_sites": COUNT,
        "gap_frac": FRACTION,
        "node_limit": NOT_NEGATIVE,
        "time_limit_s": POSITIVE,
        "forecast": ("persistence", "seasonal"),
        "forecast_error_frac": (Gt(-1), Le(10)),
        "policy_lifetime_min": POSITIVE,
        "service_level_frac": FRACTION,
        "generous_level_frac": FRACTION,
        "generous_frac": FRACTION,
        "service_margin_frac": FRACTION,
        "critical_reserve_frac": FRACTION,
        "life_limit_h": POSITIVE,
    },
    ControlParams: {
        "least_power_tolerance_frac": FRACTION,
        "candidate_sites": COUNT,
        "pwl_segments": COUNT,
        "deadline_s": POSITIVE,
    },
}
