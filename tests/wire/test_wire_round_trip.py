"""What is sent is what arrives, bit for bit: every message, through its bytes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gridran.types import Network
from gridran.wire import checks, convert
from gridran.wire.tensor import tensor_from_proto, tensor_to_proto
from gridran.wire.v1 import common_pb2 as pb

seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=40, deadline=None, derandomize=True)


def over_the_wire(message: Any) -> Any:
    return type(message).FromString(message.SerializeToString())


@given(seed=seeds)
@quick
def test_snapshot(seed: int, network: Network, made: Any) -> None:
    """A report arrives with every value, type and shape that it had."""
    sent = made.snapshot(seed)
    got = convert.snapshot_from_proto(over_the_wire(convert.snapshot_to_proto(sent, network)), network)
    assert made.bits(got) == made.bits(sent)


@given(seed=seeds)
@quick
def test_telemetry(seed: int, network: Network, made: Any) -> None:
    """So does the slow loop's report."""
    sent = made.telemetry(seed)
    got = convert.telemetry_from_proto(over_the_wire(convert.telemetry_to_proto(sent, network)), network)
    assert made.bits(got) == made.bits(sent)


@given(seed=seeds)
@quick
def test_policy(seed: int, network: Network, made: Any) -> None:
    """So does a policy; a gap of NaN (nothing proven) stays NaN."""
    sent = made.policy(seed)
    got = convert.policy_from_proto(over_the_wire(convert.policy_to_proto(sent, network)), network)
    assert made.bits(got) == made.bits(sent)


@given(seed=seeds, users=st.integers(0, 6))
@quick
def test_dispatch(seed: int, users: int, network: Network, made: Any) -> None:
    """So does a control, of any number of users."""
    sent = made.dispatch(seed, users)
    got = convert.dispatch_from_proto(over_the_wire(convert.dispatch_to_proto(sent, network)), network, users)
    assert made.bits(got) == made.bits(sent)


def test_nobody(network: Network, made: Any) -> None:
    """A report without any user keeps its shapes."""
    sent = made.snapshot(1, users=0)
    got = convert.snapshot_from_proto(over_the_wire(convert.snapshot_to_proto(sent, network)), network)
    assert made.bits(got) == made.bits(sent)
    assert got.gain_db.shape == (0, 2, 2)


@given(x_m=st.floats(-1e6, 1e6), capacity_kwh=st.floats(0.0, 1e6), sectors=st.integers(1, 9))
@quick
def test_network(x_m: float, capacity_kwh: float, sectors: int, network: Network) -> None:
    """A network arrives equal in every parameter."""
    first = network.sites[0]
    battery = replace(first.battery, capacity_kwh=capacity_kwh)
    sent = replace(network, sites=(replace(first, x_m=x_m, sectors=sectors, battery=battery), *network.sites[1:]))
    assert convert.network_from_proto(over_the_wire(convert.network_to_proto(sent))) == sent


@given(
    values=arrays.arrays(
        np.float64,
        arrays.array_shapes(max_dims=3, max_side=4),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    )
)
@quick
def test_tensor(values: np.ndarray, network: Network) -> None:
    """A tensor is exact for any finite float64: extremes, denormals and the sign of zero."""
    got = tensor_from_proto(over_the_wire(tensor_to_proto(values)), values.shape, "gain_db", checks.ANY)
    assert got.tobytes() == values.tobytes()


def test_tensor_is_small_where_float32_is_exact() -> None:
    """Values that float32 holds take four bytes each, others eight."""
    assert tensor_to_proto(np.array([0.5, -3.0])).WhichOneof("data") == "float32_le"
    assert tensor_to_proto(np.array([0.1])).WhichOneof("data") == "float64_le"


@pytest.mark.parametrize("what", ["snapshot", "dispatch", "policy", "telemetry"])
def test_rows_may_come_in_any_order(what: str, network: Network, made: Any) -> None:
    """Rows are found by the site's name, so their order says nothing."""
    sent = getattr(made, what)(3)
    message = getattr(convert, f"{what}_to_proto")(sent, network)
    rows = list(message.sites)[::-1]
    del message.sites[:]
    message.sites.extend(rows)
    count = (len(sent.ue_site),) if what == "dispatch" else ()
    got = getattr(convert, f"{what}_from_proto")(message, network, *count)
    assert made.bits(got) == made.bits(sent)


def test_supply_mode_says_what_feeds_the_site(network: Network, made: Any) -> None:
    """Grid where it is up; else the sun where it covers the load alone; else the battery."""
    snapshot = replace(
        made.snapshot(1),
        grid_up=np.array([True, False, False]),
        pv_kw=np.array([9.0, 9.0, 1.0]),
        load_kw=np.array([2.0, 2.0, 2.0]),
    )
    modes = [row.energy_supply_mode for row in convert.snapshot_to_proto(snapshot, network).sites]
    assert modes == [
        pb.ENERGY_SUPPLY_MODE_GRID_ELECTRICITY,
        pb.ENERGY_SUPPLY_MODE_LOCALLY_GENERATED_ENERGY,
        pb.ENERGY_SUPPLY_MODE_BACKUP_ENERGY,
    ]
