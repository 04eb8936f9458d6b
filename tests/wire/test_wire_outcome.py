"""Outcomes for observers: nothing is lost on the way, and nothing wrong gets through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridran.types import Band, Network, Site, StepOutcome
from gridran.wire.convert import WireError, outcome_from_proto, outcome_to_proto
from gridran.wire.v1 import o1_telemetry_pb2 as o1

N, B = 3, 2
NETWORK = Network(
    tuple(Site(f"S{i}", 100.0 * i, 0.0) for i in range(N)),
    (
        Band("LTE800", 800.0, 10.0, 50.0, 46.0, 15.0, 78.7, 57.4, 171.8, 3.44, True),
        Band("NR3700", 3700.0, 100.0, 500.0, 53.0, 24.0, 136.5, 451.1, 616.8, 0.0, False),
    ),
)


def outcome(seed: int = 1, users: int = 4) -> StepOutcome:
    """Any outcome that an emulator may record; ``seed`` decides all of it."""
    rng = np.random.default_rng(seed)
    sites = {
        name: rng.lognormal(0.0, 2.0, N)
        for name in (
            "load_kw", "battery_discharge_kw", "battery_charge_kw", "v2g_kw", "ev_charge_kw", "pv_kw",
            "grid_import_kw", "ev_usable_kwh", "price_usd_per_kwh",
        )
    }  # fmt: skip
    return StepOutcome(
        period=int(rng.integers(0, 2**31)),
        time_h=float(rng.random()),
        dt_h=1.0 / 120.0,
        strategy="msrc",
        policy_id="" if seed % 2 else "policy",
        mode=rng.integers(0, 4, N),
        site_up=rng.random(N) < 0.5,
        soc_frac=rng.random(N),
        ev_connected=rng.integers(0, 9, N),
        band_on=rng.random((N, B)) < 0.5,
        prb_used_frac=rng.random((N, B)),
        service_class=rng.integers(0, 4, users),
        demand_mbps=rng.lognormal(0.0, 1.0, users),
        min_rate_mbps=rng.lognormal(0.0, 1.0, users),
        served_mbps=rng.lognormal(0.0, 1.0, users),
        ue_site=rng.integers(-1, N, users),
        own_site=rng.integers(0, N, users),
        shed_reason=rng.integers(0, 6, users),
        ue_xy_m=rng.normal(0.0, 500.0, (users, 2)),
        handovers=int(rng.integers(0, 99)),
        ledger_error_kwh=1e-15,
        **sites,
    )


def sent(value: StepOutcome) -> o1.StepOutcome:
    """The message as it arrives."""
    return o1.StepOutcome.FromString(outcome_to_proto(value, NETWORK).SerializeToString())


@given(seed=st.integers(0, 2**32 - 1), users=st.integers(0, 20))
def test_outcome_arrives_bit_for_bit(seed: int, users: int) -> None:
    """Every field arrives with its type, shape and bits, for any number of users."""
    value = outcome(seed, users)
    back = outcome_from_proto(sent(value), NETWORK)
    for field in fields(StepOutcome):
        there, here = getattr(value, field.name), getattr(back, field.name)
        if isinstance(there, np.ndarray):
            assert (here.dtype, here.shape, here.tobytes()) == (there.dtype, there.shape, there.tobytes()), field.name
        else:
            assert here == there, field.name


def test_sites_may_come_in_any_order() -> None:
    """Rows are told apart by name, not by place."""
    message = sent(outcome())
    shuffled = o1.StepOutcome.FromString(message.SerializeToString())
    del shuffled.sites[:]
    shuffled.sites.extend(reversed(message.sites))
    np.testing.assert_array_equal(outcome_from_proto(shuffled, NETWORK).load_kw, outcome().load_kw)


SPOILED: list[tuple[str, Callable[[o1.StepOutcome], object]]] = [
    ("report.time_h", lambda m: setattr(m, "time_h", float("nan"))),
    ("report.strategy", lambda m: m.ClearField("strategy")),
    ("report.ledger_error_kwh", lambda m: setattr(m, "ledger_error_kwh", float("inf"))),
    ("report.users", lambda m: m.ClearField("users")),
    ("report.sites[1].site_id", lambda m: setattr(m.sites[1], "site_id", "S9")),
    ("report.sites", lambda m: m.sites.pop()),
    ("report.sites[2].load_kw", lambda m: setattr(m.sites[2], "load_kw", -1.0)),
    ("report.sites[0].soc_frac", lambda m: setattr(m.sites[0], "soc_frac", 1.1)),
    ("report.sites[0].mode", lambda m: setattr(m.sites[0], "mode", 0)),
    ("report.sites[1].cells[1].band", lambda m: setattr(m.sites[1].cells[1], "band", "6G")),
    ("report.sites[1].cells[0].prb_used_frac", lambda m: setattr(m.sites[1].cells[0], "prb_used_frac", 2.0)),
    ("report.users.served_mbps[3]", lambda m: m.users.served_mbps.__setitem__(3, -1.0)),
    ("report.users.demand_mbps", lambda m: m.users.demand_mbps.append(1.0)),
    ("report.users.ue_site[0]", lambda m: m.users.ue_site.__setitem__(0, N)),
    ("report.users.shed_reason[2]", lambda m: m.users.shed_reason.__setitem__(2, 0)),
    ("report.users.service_class[1]", lambda m: m.users.service_class.__setitem__(1, 9)),
    ("report.users.x_m[0]", lambda m: m.users.x_m.__setitem__(0, float("inf"))),
]


@pytest.mark.parametrize(("path", "spoil"), SPOILED, ids=[path for path, _ in SPOILED])
def test_bad_field_is_named_by_its_path(path: str, spoil: Callable[[o1.StepOutcome], object]) -> None:
    """Whatever is wrong, the error says in which field."""
    message = sent(outcome())
    spoil(message)
    with pytest.raises(WireError) as caught:
        outcome_from_proto(message, NETWORK, "report.")
    assert caught.value.field_path == path


def test_rounding_of_a_measured_power_is_let_through() -> None:
    """A power that is below zero by rounding alone is no fault."""
    value = replace(outcome(), load_kw=np.array([0.0, -1e-16, 1.0]))
    np.testing.assert_array_equal(outcome_from_proto(sent(value), NETWORK).load_kw, value.load_kw)
