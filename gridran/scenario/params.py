"""What a scenario says, as typed frozen values. Defaults are the paper's scenario (SPEC 2-3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from gridran.types import FloatArray, IntArray, Network

LOAD_SCALE = {"light": 0.5, "medium": 1.0, "heavy": 1.8}


@dataclass(frozen=True, slots=True)
class TimeParams:
    """``start_hour``: local hour of day at time 0. ``period_s``: fast loop; ``plan_period_min``: slow loop."""

    period_s: float = 30.0
    plan_period_min: float = 15.0
    start_hour: float = 18.0


@dataclass(frozen=True)
class TrafficParams:
    """Users, their classes, sessions and walks. ``class_share`` and ``class_weight`` follow ServiceClass order.

    Demands: emergency and voice constant ``voice_mbps``; essential and best-effort log-normal (log-mean, log-sd).
    ``day_profile``: 24 multipliers, one an hour, or empty. ``load_scale`` multiplies every demand.
    ``speed_mps``: pedestrian speed; ``roam_radius_m``: waypoints lie this close to the home point;
    ``pause_mean_s``: rest at a waypoint.
    """

    ue_count: int = 1000
    hotspot_share: float = 0.7
    hotspot_count: int = 8
    hotspot_sigma_m: float = 150.0
    class_share: tuple[float, float, float, float] = (0.02, 0.15, 0.50, 0.33)
    class_weight: tuple[float, float, float, float] = (1000.0, 100.0, 10.0, 1.0)
    voice_mbps: float = 0.064
    essential_lognormal: tuple[float, float] = (0.0, 0.5)
    best_effort_lognormal: tuple[float, float] = (1.5, 0.7)
    essential_min_mbps: float = 0.5
    session_mean_min: float = 5.0
    load_scale: float = 1.0
    day_profile: tuple[float, ...] = ()
    speed_mps: float = 1.0
    roam_radius_m: float = 60.0
    pause_mean_s: float = 1100.0


@dataclass(frozen=True)
class EvParams:
    """EV arrivals and sellers (SPEC 3). Exactly one of the arrival readings is in force: ``arrivals_per_site_day``
    as a Poisson process, unless ``initial_count_mean`` > 0 (Poisson count parked at time 0, no arrivals)."""

    arrivals_per_site_day: float = 3.0
    initial_count_mean: float = 0.0
    capacity_mean_kwh: float = 60.0
    capacity_sd_kwh: float = 15.0
    capacity_min_kwh: float = 15.0
    initial_soc_frac: tuple[float, float] = (0.5, 0.8)
    soc_floor_frac: float = 0.33
    power_limit_kw: float = 7.0
    stay_mean_h: float = 3.0
    reservation_usd_per_kwh: tuple[float, float] = (0.19, 1.53)
    base_price_usd_per_kwh: float = 0.5
    urgency: float = 2.0
    urgency_tau_h: float = 1.5


@dataclass(frozen=True)
class PvParams:
    """Photovoltaic output: clear-sky shape by latitude and day, times a cloud factor drawn per hour."""

    latitude_deg: float = 45.07
    day_of_year: int = 118
    performance_ratio: float = 0.8
    cloud_factor: tuple[float, float] = (0.4, 1.0)


@dataclass(frozen=True)
class GridParams:
    """Grid outages. ``outages_h``: (start, end) of each network-wide outage. With ``mean_up_h`` > 0 further
    outages follow an alternating exponential process instead (``mean_down_h`` long)."""

    outages_h: tuple[tuple[float, float], ...] = ((0.0, 1e9),)
    mean_up_h: float = 0.0
    mean_down_h: float = 0.0


@dataclass(frozen=True)
class MicrogridParams:
    """Cables between sites: ``topology`` "none", "bus" (chain in site order) or "star" (through site 0)."""

    topology: str = "none"
    cable_limit_kw: float = 5.0
    loss_frac_per_km: float = 0.02


@dataclass(frozen=True)
class Fault:
    """One injected fault: ``kind`` "site-down" | "report-lost" | "control-lost", from ``start_h`` for ``hours_h``."""

    kind: str
    start_h: float
    hours_h: float
    site_id: str = ""


@dataclass(frozen=True)
class PlanningParams:
    """Slow loop (SPEC 4). ``objective_weight``: λ of (18). ``service_target_frac``: share of each class's demand that a
    plan must carry. ``node_limit`` and ``gap_frac`` end a solve the same way on every
    machine; ``time_limit_s`` is a safety net far above what they need. ``forecast_error_frac``: for studies, how far
    every traffic forecast is off; 0.5 expects half as much again, −0.5 half. ``cluster_sites``: a network of more
    than twice as many is planned cluster by cluster.

    Of the lifetime planner: ``service_level_frac``, the share of each class's users that must be served (Table III's
    targets; calls are too small to save any), ``generous_level_frac``, the same while more than 1 − ``generous_frac``
    of the energy is left, ``service_margin_frac`` above both, since users come and go between plans, and
    ``critical_reserve_frac`` of the energy, kept for emergency and voice alone."""

    horizon_h: float = 6.0
    objective_weight: tuple[float, float, float, float] = (0.5, 0.3, 0.1, 0.1)
    service_target_frac: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    demand_points: int = 80
    gap_frac: float = 0.03
    node_limit: int = 0
    time_limit_s: float = 60.0
    forecast: str = "persistence"
    forecast_error_frac: float = 0.0
    policy_lifetime_min: float = 30.0
    cluster_sites: int = 19
    service_level_frac: tuple[float, float, float, float] = (1.0, 1.0, 0.80, 0.50)
    generous_level_frac: tuple[float, float, float, float] = (1.0, 1.0, 0.96, 0.75)
    generous_frac: float = 0.3
    service_margin_frac: float = 0.03
    critical_reserve_frac: float = 0.1
    life_limit_h: float = 24.0


@dataclass(frozen=True)
class ControlParams:
    """Fast loop (SPEC 5). ``least_power_tolerance_frac``: utility that least power may give up."""

    least_power_tolerance_frac: float = 1e-3
    candidate_sites: int = 4
    pwl_segments: int = 4
    deadline_s: float = 5.0


@dataclass(frozen=True)
class EvSessions:
    """EV sessions given by a file, in arrival order, shape [S]; empty where EVs are drawn (EvParams).

    ``site`` index, ``arrival_h``/``departure_h`` since time 0, ``capacity_kwh``, ``soc_frac`` at arrival.
    """

    site: IntArray
    arrival_h: FloatArray
    departure_h: FloatArray
    capacity_kwh: FloatArray
    soc_frac: FloatArray


@dataclass(frozen=True)
class TrafficCounters:
    """Measured offered downlink volume, from PM counters: ``offered_mbps`` [T, N] in steps of ``step_min``.

    Drives the number of active users of a site over time: users are spread over sites in proportion, and every
    demand of a site's own users is scaled so that the site's offered volume follows the counter.
    """

    step_min: float
    offered_mbps: FloatArray


@dataclass(frozen=True)
class PvProfile:
    """Measured PV output in units of kWp: ``output_frac`` [T] in steps of ``step_min`` from time 0, repeated daily."""

    step_min: float
    output_frac: FloatArray


@dataclass(frozen=True)
class Scenario:
    """A whole scenario: the network, the world around it and the two loops' parameters."""

    name: str
    network: Network
    time: TimeParams = TimeParams()
    traffic: TrafficParams = TrafficParams()
    ev: EvParams = EvParams()
    pv: PvParams = PvParams()
    grid: GridParams = GridParams()
    microgrid: MicrogridParams = MicrogridParams()
    faults: tuple[Fault, ...] = ()
    planning: PlanningParams = PlanningParams()
    control: ControlParams = ControlParams()
    ev_sessions: EvSessions | None = field(default=None)
    traffic_counters: TrafficCounters | None = field(default=None)
    pv_profile: PvProfile | None = field(default=None)
