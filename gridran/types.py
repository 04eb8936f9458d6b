"""The vocabulary that every room of the house shares: frozen values, arrays inside.

Index conventions, used everywhere and never repeated: ``N`` sites, ``B`` bands, ``U`` users, ``K`` measured
neighbour sites per user. Arrays are indexed in the order of ``Network.sites`` and ``Network.bands``; a site
index of ``-1`` means "no site". Units are in the names. Arrays are treated as immutable by every reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class ServiceClass(IntEnum):
    """User service class, most important first (MSRC II-C.3)."""

    EMERGENCY = 0
    VOICE = 1
    ESSENTIAL = 2
    BEST_EFFORT = 3


class SiteMode(IntEnum):
    """Cooperation mode γ_i of a site (MSRC II-A)."""

    NORMAL = 0
    HELPING = 1
    ASSISTED = 2
    DEEP_SLEEP = 3


class ShedReason(IntEnum):
    """Why a user is not served at its minimum rate; ``SERVED`` when it is."""

    SERVED = 0
    OUT_OF_COVERAGE = 1  # no awake site reaches the user with SINR >= Γ_min
    SITE_DOWN = 2  # the only site that may serve it has no power
    NO_CAPACITY = 3  # the site's resource blocks are spent on more important users
    POWER_BUDGET = 4  # serving it would exceed the site's power budget or reserve floor
    POLICY_LIMIT = 5  # the policy gives its class less than the minimum


class EnergySupply(StrEnum):
    """3GPP TS 28.310 energySupplyMode of a site."""

    GRID_ELECTRICITY = "GRID_ELECTRICITY"
    BACKUP_ENERGY = "BACKUP_ENERGY"
    LOCALLY_GENERATED_ENERGY = "LOCALLY_GENERATED_ENERGY"


class PlanTier(StrEnum):
    """How a plan came about, best first."""

    OPTIMAL = "optimal"  # proven within the requested gap
    FEASIBLE = "feasible"  # an incumbent with a known gap
    RULE = "rule"  # a planner that decides by rule, nothing to prove
    LAST_GOOD = "last_good"  # the solve failed: the previous plan again
    SAFE = "safe"  # no previous plan either: every site normal


class DispatchTier(StrEnum):
    """How a dispatch came about, best first."""

    EXACT = "exact"
    RESTRICTED = "restricted"
    MAX_SINR = "max_sinr"


@dataclass(frozen=True, slots=True)
class Band:
    """One carrier of every site. Capacity and bandwidth are per site and per sector (SPEC 2); power is per sector.

    ``idle_w`` is the zero-load draw; ``per_dl_load_w``/``per_ul_load_w`` the draw per unit of resource-block
    utilisation; ``per_dl_mbps_w`` the draw per Mbps of downlink volume, Eq. (2).
    """

    name: str
    carrier_mhz: float
    bandwidth_mhz: float
    capacity_mbps: float
    tx_power_dbm: float
    antenna_gain_dbi: float
    idle_w: float
    per_dl_load_w: float
    per_ul_load_w: float
    per_dl_mbps_w: float
    low: bool


@dataclass(frozen=True, slots=True)
class Battery:
    """Stationary storage of a site, Eqs. (12)-(13). ``restart_margin_frac``: a site that went down returns at
    ``soc_min_frac + restart_margin_frac``."""

    capacity_kwh: float = 20.0
    initial_soc_frac: float = 0.8
    soc_min_frac: float = 0.2
    soc_max_frac: float = 1.0
    charge_efficiency_frac: float = 0.95
    discharge_efficiency_frac: float = 0.95
    charge_limit_kw: float = 10.0
    discharge_limit_kw: float = 10.0
    restart_margin_frac: float = 0.02


@dataclass(frozen=True, slots=True)
class Site:
    """A base-station site: a place, sectors, a battery, PV and bidirectional EV chargers (EVSE)."""

    site_id: str
    x_m: float
    y_m: float
    sectors: int = 3
    battery: Battery = Battery()
    evse_count: int = 1
    v2x_limit_kw: float = 7.0
    pv_kwp: float = 0.0


@dataclass(frozen=True, slots=True)
class RadioParams:
    """Receiver and coverage parameters (SPEC 2)."""

    noise_figure_db: float = 7.0
    sinr_min_db: float = -6.0
    site_height_m: float = 25.0
    ue_height_m: float = 1.5
    measured_sites: int = 24  # K: strongest sites a UE reports, all of them in the paper's network


@dataclass(frozen=True, slots=True)
class CooperationParams:
    """Cooperation graph and mode parameters (MSRC Table I, SPEC 2 and 4)."""

    nominal_radius_m: float = 500.0 / 3.0**0.5
    expanded_radius_m: float = 800.0
    reduced_radius_frac: float = 0.5
    cooperation_radius_m: float = 1000.0
    kappa_min_frac: float = 0.3
    max_links: int = 3
    links: str = "chosen"  # "chosen" | "literal", SPEC 4 (23)
    assisted_bands: str = "low"  # "low": Eq. (25); "high": the text of II-C
    helper_loss_frac: float = 0.05  # λ_loss of Eq. (9)


@dataclass(frozen=True, slots=True)
class PowerParams:
    """Site power (SPEC 3). ``site_scale`` is m, the only calibrated number; it multiplies all but deep sleep."""

    site_scale: float = 2.365
    standby_frac: float = 0.45
    deep_sleep_kw: float = 0.1


@dataclass(frozen=True)
class Network:
    """What never changes during a run: sites, bands and parameters. Travels in the E2 and O1 set-up."""

    sites: tuple[Site, ...]
    bands: tuple[Band, ...]
    radio: RadioParams = RadioParams()
    cooperation: CooperationParams = CooperationParams()
    power: PowerParams = PowerParams()

    @property
    def site_count(self) -> int:
        return len(self.sites)

    @property
    def band_count(self) -> int:
        return len(self.bands)

    @cached_property
    def site_xy_m(self) -> FloatArray:
        """Site positions, shape [N, 2]."""
        return np.array([(s.x_m, s.y_m) for s in self.sites], dtype=np.float64).reshape(-1, 2)

    @cached_property
    def site_distance_m(self) -> FloatArray:
        """Distance between sites, shape [N, N]."""
        delta_m = self.site_xy_m[:, None, :] - self.site_xy_m[None, :, :]
        distance_m: FloatArray = np.hypot(delta_m[..., 0], delta_m[..., 1])
        return distance_m

    @cached_property
    def low_bands(self) -> BoolArray:
        """Which bands are in B_low of Eq. (25), shape [B]."""
        return np.array([b.low for b in self.bands], dtype=np.bool_)


@dataclass(frozen=True)
class Snapshot:
    """One E2 indication: what the emulated RAN reports at the start of a period (SPEC 5, 8).

    Users (shape [U]): ``ue_id``, ``service_class``, ``demand_mbps``, ``min_rate_mbps`` (10), position
    ``ue_xy_m`` [U, 2], ``serving_site`` and ``served_mbps`` of the period before.
    Measurements: ``neighbour_site`` [U, K], strongest first at the lowest band, and ``gain_db`` [U, K, B], the
    coupling gain without antenna gain (minus path loss and shadowing). Column 0 is the user's own cell.
    Sites (shape [N]): ``soc_frac``, ``site_up``, ``grid_up``, ``load_kw`` (mean of the last period),
    ``pv_kw`` (available), ``ev_connected`` (count), ``ev_usable_kwh`` (14), ``ev_accepting`` (an EV took
    the standing offer), ``price_usd_per_kwh`` (the standing offer), ``v2g_kw`` (delivered in the last period).
    Carriers (shape [N, B]): ``band_on`` and ``prb_used_frac`` (ρ, RRU.PrbUsedDl / RRU.PrbAvailDl) of the last period.
    ``mode`` [N] is the cooperation mode last enforced.
    """

    period: int
    time_h: float
    ue_id: IntArray
    service_class: IntArray
    demand_mbps: FloatArray
    min_rate_mbps: FloatArray
    ue_xy_m: FloatArray
    serving_site: IntArray
    served_mbps: FloatArray
    neighbour_site: IntArray
    gain_db: FloatArray
    mode: IntArray
    soc_frac: FloatArray
    site_up: BoolArray
    grid_up: BoolArray
    load_kw: FloatArray
    pv_kw: FloatArray
    ev_connected: IntArray
    ev_usable_kwh: FloatArray
    ev_accepting: BoolArray
    price_usd_per_kwh: FloatArray
    v2g_kw: FloatArray
    band_on: BoolArray
    prb_used_frac: FloatArray


@dataclass(frozen=True)
class Telemetry:
    """One O1 report for the slow loop: the state at a planning boundary and means over the window before it.

    Window means, shape [N]: ``mean_load_kw``; ``mean_offered_mbps`` (demand by own cell); ``mean_v2g_kw``;
    ``offers_made`` and ``offers_accepted`` count distinct EV offers and acceptances since the outage began.
    """

    snapshot: Snapshot
    window_h: float
    mean_load_kw: FloatArray
    mean_offered_mbps: FloatArray
    mean_v2g_kw: FloatArray
    offers_made: IntArray
    offers_accepted: IntArray


@dataclass(frozen=True)
class Forecast:
    """Expected traffic and EV energy over the horizon, one row per step of ``step_h``.

    ``demand_frac`` [T, N]: offered traffic by own cell relative to now. ``ev_energy_kwh`` [N]: EV energy that a
    site can expect to buy inside the horizon at the standing price, Eq. (14) times acceptance; ``ev_parked_kwh`` [N]
    is the part of it that is parked there now, which comes once, however far one looks.
    """

    horizon_h: float
    step_h: float
    demand_frac: FloatArray
    ev_energy_kwh: FloatArray
    ev_parked_kwh: FloatArray


@dataclass(frozen=True)
class PolicySlot:
    """What a policy asks from ``from_h`` on; the fields are those of ``Policy`` (see there)."""

    from_h: float
    mode: IntArray
    links: tuple[tuple[int, int], ...]
    band_planned: BoolArray
    service_frac: FloatArray


@dataclass(frozen=True)
class Policy:
    """An A1 policy: bounds, targets and an expiry for the fast loop (SPEC 8, policy type 20260).

    Shape [N]: ``mode``; ``power_budget_kw``, the most a site may draw; ``reserve_soc_frac``, below which it may
    not discharge; ``price_usd_per_kwh``, the V2G offer (16). ``links`` are (helper, assisted) site indices.
    ``band_planned`` [N, B]: the carriers the plan counted on, a starting point for the fast loop, not an order.
    ``class_weight`` [4]: w_u of (18) and (27). ``gap_frac``: proven optimality gap, NaN where nothing was proven.
    ``service_frac`` [N, 4]: the largest share of its demand that a user of each class may be given, by its own cell.
    ``availability_frac`` [N, 4]: the share of each class's users that are to have their minimum rate (10), best effort
    half of its demand, whatever ``service_frac`` says: of all whose own cells promise the same. ``slots``: later ones
    inside the policy's life, ``issued_h`` < ``from_h`` < ``valid_until_h``, strictly increasing; before the first one
    the policy's own ``mode``, ``links``, ``band_planned`` and ``service_frac`` hold.
    """

    policy_id: str
    strategy: str
    issued_h: float
    valid_until_h: float
    tier: PlanTier
    gap_frac: float
    plan_age_h: float
    mode: IntArray
    links: tuple[tuple[int, int], ...]
    band_planned: BoolArray
    power_budget_kw: FloatArray
    reserve_soc_frac: FloatArray
    price_usd_per_kwh: FloatArray
    class_weight: FloatArray
    service_frac: FloatArray
    availability_frac: FloatArray
    slots: tuple[PolicySlot, ...] = ()


@dataclass(frozen=True)
class Dispatch:
    """One E2 control: everything an E2 node is told for one period (SPEC 5).

    Sites, shape [N]: ``mode``; ``price_usd_per_kwh``, the offer to EVs; ``v2g_kw`` >= 0, the power wanted from
    EVs; ``ev_charge_kw`` >= 0, the power offered to EVs from the site; never both above zero.
    ``band_on`` [N, B]. Users: ``ue_site`` [U] and ``rate_mbps`` [U, B], the rate granted on each carrier of the
    serving site; ``shed_reason`` [U]. ``tier`` says how the decision was reached; ``policy_id`` under which policy,
    empty where the fallback strategy acted.
    """

    period: int
    policy_id: str
    strategy: str
    tier: DispatchTier
    mode: IntArray
    band_on: BoolArray
    price_usd_per_kwh: FloatArray
    v2g_kw: FloatArray
    ev_charge_kw: FloatArray
    ue_site: IntArray
    rate_mbps: FloatArray
    shed_reason: IntArray


@dataclass(frozen=True)
class StepOutcome:
    """What truly happened in one period: the emulator's record, from which every figure of merit is computed.

    Sites, shape [N]: ``mode``, ``site_up``, ``soc_frac`` (at the end), powers as period means: ``load_kw``,
    ``battery_discharge_kw``, ``battery_charge_kw``, ``v2g_kw``, ``ev_charge_kw``, ``pv_kw`` (used),
    ``grid_import_kw``; ``ev_connected`` (count), ``ev_usable_kwh``, ``price_usd_per_kwh``.
    Carriers [N, B]: ``band_on``, ``prb_used_frac``. Users [U]: ``service_class``, ``demand_mbps``,
    ``min_rate_mbps``, ``served_mbps``, ``ue_site``, ``own_site``, ``shed_reason``, ``ue_xy_m`` [U, 2].
    ``handovers``: serving-site changes in this period. ``ledger_error_kwh``: largest energy imbalance of a site.
    """

    period: int
    time_h: float
    dt_h: float
    strategy: str
    policy_id: str
    mode: IntArray
    site_up: BoolArray
    soc_frac: FloatArray
    load_kw: FloatArray
    battery_discharge_kw: FloatArray
    battery_charge_kw: FloatArray
    v2g_kw: FloatArray
    ev_charge_kw: FloatArray
    pv_kw: FloatArray
    grid_import_kw: FloatArray
    ev_connected: IntArray
    ev_usable_kwh: FloatArray
    price_usd_per_kwh: FloatArray
    band_on: BoolArray
    prb_used_frac: FloatArray
    service_class: IntArray
    demand_mbps: FloatArray
    min_rate_mbps: FloatArray
    served_mbps: FloatArray
    ue_site: IntArray
    own_site: IntArray
    shed_reason: IntArray
    ue_xy_m: FloatArray
    handovers: int
    ledger_error_kwh: float
