"""Bad input is refused, and the refusal names the field."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from gridran.types import Network
from gridran.wire import convert
from gridran.wire.convert import WireError
from gridran.wire.v1 import a1_policy_pb2 as a1

Spoil = Callable[[Any], Any]


def put(path: str, value: object) -> Spoil:
    """Sets the attribute or entry ``path`` of a message, as in ``sites[1].soc_frac``."""

    def spoil(message: Any) -> None:
        parent, _, last = path.rpartition(".")
        target = message
        for step in filter(None, parent.split(".")):
            name, _, index = step.partition("[")
            target = getattr(target, name)
            target = target[int(index.rstrip("]"))] if index else target
        name, _, index = last.partition("[")
        if index:
            getattr(target, name)[int(index.rstrip("]"))] = value
        else:
            setattr(target, name, value)

    return spoil


def drop(path: str) -> Spoil:
    """Removes the last entry of a repeated field, or clears a sub-message."""

    def spoil(message: Any) -> None:
        *parents, last = path.split(".")
        for step in parents:
            message = getattr(message, step)
        value = getattr(message, last)
        if hasattr(value, "__delitem__"):
            del value[-1]
        else:
            message.ClearField(last)

    return spoil


def again(path: str) -> Spoil:
    """Repeats the first entry of a repeated field."""

    def spoil(message: Any) -> None:
        getattr(message, path).append(getattr(message, path)[0])

    return spoil


BAD: list[tuple[str, Spoil, str, str]] = [
    ("snapshot", put("time_h", math.nan), "time_h", "not a finite number"),
    ("snapshot", put("sites[1].site_id", "nowhere"), "sites[1].site_id", "unknown site 'nowhere'"),
    ("snapshot", put("sites[1].site_id", "S0"), "sites[1].site_id", "has a row already"),
    ("snapshot", drop("sites"), "sites", "site 'S2' has no row"),
    ("snapshot", put("sites[2].mode", 0), "sites[2].mode", "0 is not a SiteMode"),
    ("snapshot", put("sites[2].mode", 9), "sites[2].mode", "9 is not a SiteMode"),
    ("snapshot", put("sites[0].energy_supply_mode", 7), "sites[0].energy_supply_mode", "7 is none of"),
    ("snapshot", put("sites[0].load_kw", -1.0), "sites[0].load_kw", "is negative"),
    ("snapshot", put("sites[0].soc_frac", 1.1), "sites[0].soc_frac", "is above 1"),
    ("snapshot", put("sites[0].pv_kw", math.inf), "sites[0].pv_kw", "not a finite number"),
    ("snapshot", put("sites[0].cells[1].prb_used_frac", -0.1), "sites[0].cells[1].prb_used_frac", "is negative"),
    ("snapshot", put("sites[0].cells[1].band", "B9"), "sites[0].cells[1].band", "unknown band 'B9'"),
    (
        "snapshot",
        put("sites[0].cells[0].energy_saving_state", 0),
        "sites[0].cells[0].energy_saving_state",
        "0 is none of",
    ),
    ("snapshot", drop("users"), "users", "is missing"),
    ("snapshot", drop("users.demand_mbps"), "users.demand_mbps", "has 3 entries, expected 4"),
    ("snapshot", drop("users.service_class"), "users.service_class", "has 3 entries, expected 4"),
    ("snapshot", drop("users.neighbour_site"), "users.neighbour_site", "has 7 entries, expected 8"),
    ("snapshot", put("users.demand_mbps[2]", -1.0), "users.demand_mbps[2]", "is negative"),
    ("snapshot", put("users.x_m[3]", math.inf), "users.x_m[3]", "not a finite number"),
    ("snapshot", put("users.service_class[1]", 5), "users.service_class[1]", "5 is not a ServiceClass"),
    ("snapshot", put("users.serving_site[0]", 3), "users.serving_site[0]", "unknown site 3"),
    ("snapshot", put("users.neighbour_site[5]", -2), "users.neighbour_site[5]", "unknown site -2"),
    ("snapshot", put("users.measured_sites", 4), "users.measured_sites", "above the number of sites"),
    ("snapshot", drop("users.gain_db"), "users.gain_db", "is missing"),
    ("snapshot", drop("users.gain_db.float64_le"), "users.gain_db", "has no data"),
    ("snapshot", put("users.gain_db.shape[0]", 5), "users.gain_db.shape", "expected [4, 2, 2]"),
    ("snapshot", put("users.gain_db.float64_le", b"1234"), "users.gain_db.float64_le", "has 4 bytes, expected 128"),
    (
        "snapshot",
        put("users.gain_db.float32_le", b"\x00\x00\xc0\x7f" * 16),
        "users.gain_db[0][0][0]",
        "not a finite number",
    ),
    ("telemetry", drop("snapshot"), "snapshot", "is missing"),
    ("telemetry", put("snapshot.time_h", -1.0), "snapshot.time_h", "is negative"),
    ("telemetry", put("snapshot.users.x_m[0]", math.nan), "snapshot.users.x_m[0]", "not a finite number"),
    ("telemetry", put("window_h", -1.0), "window_h", "is negative"),
    ("telemetry", put("sites[1].mean_load_kw", math.nan), "sites[1].mean_load_kw", "not a finite number"),
    ("telemetry", put("sites[1].site_id", "nowhere"), "sites[1].site_id", "unknown site 'nowhere'"),
    ("policy", put("policy_id", ""), "policy_id", "is missing"),
    ("policy", put("strategy", ""), "strategy", "is missing"),
    ("policy", put("issued_h", math.nan), "issued_h", "not a finite number"),
    ("policy", put("valid_until_h", 0.0), "valid_until_h", "is below"),
    ("policy", put("tier", 0), "tier", "0 is none of"),
    ("policy", put("gap_frac", -0.5), "gap_frac", "is negative"),
    ("policy", put("plan_age_h", -1.0), "plan_age_h", "is negative"),
    ("policy", put("sites[2].site_id", "nowhere"), "sites[2].site_id", "unknown site 'nowhere'"),
    ("policy", put("sites[2].power_budget_kw", -4.0), "sites[2].power_budget_kw", "is negative"),
    ("policy", put("sites[2].reserve_soc_frac", 20.0), "sites[2].reserve_soc_frac", "is above 1"),
    ("policy", put("sites[2].price_usd_per_kwh", math.inf), "sites[2].price_usd_per_kwh", "not a finite number"),
    ("policy", lambda m: m.sites[1].planned_bands.insert(0, "B9"), "sites[1].planned_bands[0]", "unknown band 'B9'"),
    (
        "policy",
        lambda m: m.links.add(helper_site_id="S0", assisted_site_id="S7"),
        "links[0].assisted_site_id",
        "unknown site",
    ),
    (
        "policy",
        lambda m: m.links.add(helper_site_id="S0", assisted_site_id="S0"),
        "links[0].assisted_site_id",
        "help itself",
    ),
    ("policy", again("classes"), "classes[4].service_class", "has a row already"),
    ("policy", drop("classes"), "classes", "class 4 has no row"),
    ("policy", put("classes[0].weight", -1.0), "classes[0].weight", "is negative"),
    ("policy", put("classes[3].rrm_policy_ratio_frac", 0.99), "classes", "adds up to"),
    ("policy", put("classes[1].weight", 1e9), "classes[0].rrm_policy_ratio_frac", "not the share"),
    ("policy", lambda m: m.sites[1].service_frac.pop(), "sites[1].service_frac", "has 3 entries, expected 4"),
    ("policy", put("sites[1].service_frac[2]", 1.25), "sites[1].service_frac[2]", "is above 1"),
    ("policy", put("sites[0].service_frac[0]", math.nan), "sites[0].service_frac[0]", "not a finite number"),
    ("policy", put("slots[0].from_h", 0.0), "slots[0].from_h", "out of order"),
    ("policy", put("slots[0].from_h", math.inf), "slots[0].from_h", "not a finite number"),
    ("policy", put("slots[1].from_h", 99.0), "slots[1].from_h", "out of order"),
    ("policy", again("slots"), "slots[2].from_h", "out of order"),
    ("policy", lambda m: m.slots[1].sites.pop(), "slots[1].sites", "site 'S2' has no row"),
    ("policy", put("slots[1].sites[0].mode", 9), "slots[1].sites[0].mode", "9 is not a SiteMode"),
    ("policy", put("slots[0].sites[2].service_frac[3]", -0.1), "slots[0].sites[2].service_frac[3]", "is negative"),
    (
        "policy",
        lambda m: m.slots[0].sites[1].planned_bands.insert(0, "B9"),
        "slots[0].sites[1].planned_bands[0]",
        "unknown band 'B9'",
    ),
    (
        "policy",
        lambda m: m.slots[1].links.insert(0, a1.CooperationLink(helper_site_id="S0", assisted_site_id="S7")),
        "slots[1].links[0].assisted_site_id",
        "unknown site",
    ),
    ("dispatch", put("strategy", ""), "strategy", "is missing"),
    ("dispatch", put("tier", 4), "tier", "4 is none of"),
    ("dispatch", put("sites[0].site_id", "nowhere"), "sites[0].site_id", "unknown site 'nowhere'"),
    ("dispatch", drop("sites"), "sites", "site 'S2' has no row"),
    ("dispatch", put("sites[0].v2g_kw", -1.0), "sites[0].v2g_kw", "is negative"),
    ("dispatch", put("sites[0].ev_charge_kw", math.nan), "sites[0].ev_charge_kw", "not a finite number"),
    (
        "dispatch",
        put("sites[1].cells[0].energy_saving_control", 3),
        "sites[1].cells[0].energy_saving_control",
        "3 is none",
    ),
    ("dispatch", drop("users"), "users", "is missing"),
    ("dispatch", drop("users.target_site"), "users.target_site", "has 3 entries, expected 4"),
    ("dispatch", put("users.target_site[3]", 3), "users.target_site[3]", "unknown site 3"),
    ("dispatch", put("users.rate_mbps[7]", -0.5), "users.rate_mbps[7]", "is negative"),
    ("dispatch", drop("users.rate_mbps"), "users.rate_mbps", "has 7 entries, expected 8"),
    ("dispatch", put("users.shed_reason[0]", 0), "users.shed_reason[0]", "0 is not a ShedReason"),
]


@pytest.mark.parametrize(("what", "spoil", "path", "fault"), BAD, ids=[f"{b[0]}-{b[2]}-{i}" for i, b in enumerate(BAD)])
def test_bad_input_names_its_field(what: str, spoil: Spoil, path: str, fault: str, network: Network, made: Any) -> None:
    """One wrong value is enough to refuse the message; field path and fault are said, under the caller's prefix."""
    good = made.policy(2_000, slots=2) if what == "policy" else getattr(made, what)(2_000)
    message = getattr(convert, f"{what}_to_proto")(good, network)
    if what == "policy":
        del message.links[:]
    spoil(message)
    count = (4,) if what == "dispatch" else ()
    with pytest.raises(WireError) as caught:
        getattr(convert, f"{what}_from_proto")(message, network, *count, at="body.")
    assert caught.value.field_path == f"body.{path}"
    assert fault in caught.value.message


BAD_NETWORK: list[tuple[Spoil, str, str]] = [
    (put("sites[1].site_id", "S0"), "sites[1].site_id", "is there already"),
    (put("sites[1].site_id", ""), "sites[1].site_id", "is missing"),
    (put("sites[1].sectors", 0), "sites[1].sectors", "0 is below 1"),
    (put("sites[1].x_m", math.nan), "sites[1].x_m", "not a finite number"),
    (lambda m: m.sites[1].ClearField("battery"), "sites[1].battery", "is missing"),
    (put("sites[1].battery.capacity_kwh", -20.0), "sites[1].battery.capacity_kwh", "is negative"),
    (put("sites[1].battery.soc_min_frac", 20.0), "sites[1].battery.soc_min_frac", "is above 1"),
    (put("bands[1].name", "LTE800"), "bands[1].name", "is there already"),
    (put("bands[0].idle_w", -1.0), "bands[0].idle_w", "is negative"),
    (put("cooperation.links", "any"), "cooperation.links", "none of chosen, literal"),
    (put("power.standby_frac", math.inf), "power.standby_frac", "not a finite number"),
    (drop("radio"), "radio", "is missing"),
    (lambda m: m.ClearField("sites"), "sites", "is empty"),
]


@pytest.mark.parametrize(("spoil", "path", "fault"), BAD_NETWORK, ids=[bad[1] for bad in BAD_NETWORK])
def test_bad_network_names_its_field(spoil: Spoil, path: str, fault: str, network: Network) -> None:
    """A network that makes no sense is refused in the same way."""
    message = convert.network_to_proto(network)
    spoil(message)
    with pytest.raises(WireError) as caught:
        convert.network_from_proto(message)
    assert caught.value.field_path == path
    assert fault in caught.value.message


def test_negative_decibels_are_no_fault(network: Network) -> None:
    """What may be negative by its unit is: a threshold of -6 dB, a coordinate west of the origin."""
    message = convert.network_to_proto(network)
    message.sites[0].x_m, message.radio.sinr_min_db = -250.0, -6.0
    assert convert.network_from_proto(message).sites[0].x_m == -250.0


def test_rounding_of_a_measurement_is_no_fault(network: Network, made: Any) -> None:
    """A measured value an ulp below zero or above one passes as it is; an ordered value must be exact."""
    message = convert.snapshot_to_proto(made.snapshot(1), network)
    message.sites[0].soc_frac, message.sites[0].load_kw = 1.0 + 1e-12, -1e-15
    got = convert.snapshot_from_proto(message, network)
    assert (got.soc_frac[0], got.load_kw[0]) == (1.0 + 1e-12, -1e-15)
    control = convert.dispatch_to_proto(made.dispatch(1), network)
    control.sites[0].v2g_kw = -1e-15
    with pytest.raises(WireError, match=r"sites\[0\]\.v2g_kw"):
        convert.dispatch_from_proto(control, network, 4)
