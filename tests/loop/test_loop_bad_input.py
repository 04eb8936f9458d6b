"""What is wrong is refused with the path of its field, and nothing changes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import grpc
import numpy as np
import pytest

from emulator.control_desk import ControlDesk
from emulator.streams import Streams
from emulator.watchdog import safe_state
from emulator.world import advance, initial, observe
from gridran.runtime.grpc import field_path_of
from gridran.scenario.loader import load_scenario
from gridran.types import Policy
from gridran.wire.convert import dispatch_to_proto, policy_to_proto
from gridran.wire.v1 import a1_policy_pb2 as a1
from gridran.wire.v1 import common_pb2 as pb
from gridran.wire.v1 import e2_pb2 as e2
from gridran.wire.v1.a1_policy_pb2_grpc import A1PolicyServiceStub
from gridran.wire.v1.e2_pb2_grpc import E2ServiceStub
from studies.trial import trial


def asleep_with_carriers_on(control: e2.Control) -> None:
    control.sites[2].mode = pb.SITE_MODE_DEEP_SLEEP


def negative_power(control: e2.Control) -> None:
    control.sites[3].v2g_kw = -1.0


def not_a_number(control: e2.Control) -> None:
    control.users.rate_mbps[5] = float("nan")


def unknown_site(control: e2.Control) -> None:
    control.sites[1].site_id = "site-99"


def missing_site(control: e2.Control) -> None:
    del control.sites[6]


def site_out_of_range(control: e2.Control) -> None:
    control.users.target_site[4] = 7


def more_than_asked(control: e2.Control) -> None:
    control.users.rate_mbps[8] += 1e3


def stale(control: e2.Control) -> None:
    control.period = 0


def too_many_users(control: e2.Control) -> None:
    control.users.shed_reason.append(pb.SHED_REASON_SERVED)


BAD_CONTROLS: list[tuple[Callable[[e2.Control], None], str]] = [
    (asleep_with_carriers_on, "control.sites[2].cells[0].energy_saving_control"),
    (negative_power, "control.sites[3].v2g_kw"),
    (not_a_number, "control.users.rate_mbps[5]"),
    (unknown_site, "control.sites[1].site_id"),
    (missing_site, "control.sites"),
    (site_out_of_range, "control.users.target_site[4]"),
    (more_than_asked, "control.users.rate_mbps[8]"),
    (stale, "control.period"),
    (too_many_users, "control.users.shed_reason"),
]


@pytest.fixture
def node(loop_of: Any) -> Iterator[tuple[Any, E2ServiceStub, Any]]:
    """An emulator of three periods that waits for nobody else, its port, and the loop around it."""
    loop = loop_of(strategy="independent")
    emulator = loop.emulator(3, deadlines="peers_s = 0.5\ncontrol_s = 20.0")
    with grpc.insecure_channel(loop.node_address) as channel:
        yield loop, E2ServiceStub(channel), emulator


def test_bad_controls_are_refused_by_field_and_change_nothing(node: tuple[Any, E2ServiceStub, Any]) -> None:
    """After a row of bad controls in period 1 the good one is accepted, and the world is as if they had not been."""
    loop, stub, emulator = node
    expected = played_in_process(loop)
    for indication in stub.Subscribe(e2.SubscribeRequest(requestor_id="test")):
        period = indication.snapshot.period
        good = dispatch_to_proto(expected[period][0], loop.scenario.network)
        if period == 1:
            for spoil, path in BAD_CONTROLS:
                assert refused(stub, good, spoil) == path
        assert stub.Control(e2.ControlRequest(control=good)).ack.period == period
    assert emulator.wait() == 0
    for outcome, (_, wanted) in zip(loop.recorder.outcomes, expected, strict=True):
        np.testing.assert_array_equal(outcome.served_mbps, wanted.served_mbps)
        np.testing.assert_array_equal(outcome.soc_frac, wanted.soc_frac)
    assert emulator.registry.get_sample_value("gridran_emulator_controls_total", {"result": "rejected"}) == 9


def test_the_same_control_again_has_the_same_answer_and_another_is_refused() -> None:
    """A repeated control is accepted once more; a different one for the period is not, nor one when it is over."""
    desk = ControlDesk(threading.Condition())
    world = initial(load_scenario("small"), 1)
    control = safe_state(world.scenario.network, observe(world))
    desk.open(observe(world))
    assert [desk.take(control, "message"), desk.take(control, "message")] == ["", ""]
    assert desk.take(control, "another") == "the period has another control already"
    assert desk.close() == (control, None)
    desk.open(replace(observe(world), period=1))
    assert desk.take(control, "message") == "the period is over"


def played_in_process(loop: Any) -> list[tuple[Any, Any]]:
    """Control and outcome of three periods in which everybody is served by the own cell."""
    scenario, streams = loop.scenario, Streams(1)
    world, played = initial(scenario, 1), []
    for _ in range(3):
        control = safe_state(scenario.network, observe(world))
        world, outcome = advance(world, control, 1.0 / 120.0, streams)
        played.append((control, outcome))
    return played


def refused(stub: E2ServiceStub, good: e2.Control, spoil: Callable[[e2.Control], None]) -> str:
    """The field path with which the spoilt control is refused."""
    bad = e2.Control.FromString(good.SerializeToString())
    spoil(bad)
    with pytest.raises(grpc.RpcError) as refusal:
        stub.Control(e2.ControlRequest(control=bad))
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    path = field_path_of(refusal.value)
    assert refusal.value.details().startswith(f"{path}: ")
    return path


def unknown_policy_site(policy: a1.Policy) -> None:
    policy.sites[2].site_id = "site-99"


def negative_budget(policy: a1.Policy) -> None:
    policy.sites[0].power_budget_kw = -1.0


def not_a_share(policy: a1.Policy) -> None:
    policy.classes[0].rrm_policy_ratio_frac += 0.25


def unknown_strategy(policy: a1.Policy) -> None:
    policy.strategy = "hope"


def unknown_link(policy: a1.Policy) -> None:
    policy.links.append(a1.CooperationLink(helper_site_id="site-0", assisted_site_id="nowhere"))


def older(policy: a1.Policy) -> None:
    policy.policy_id, policy.issued_h = "older", -1.0


def more_than_all(policy: a1.Policy) -> None:
    policy.sites[1].service_frac[3] = 1.5


def slot_in_the_past(policy: a1.Policy) -> None:
    policy.slots.append(a1.PolicySlot(from_h=policy.issued_h))


BAD_POLICIES: list[tuple[Callable[[a1.Policy], None], str]] = [
    (unknown_policy_site, "policy.sites[2].site_id"),
    (negative_budget, "policy.sites[0].power_budget_kw"),
    (not_a_share, "policy.classes"),
    (unknown_strategy, "policy.strategy"),
    (unknown_link, "policy.links[0].assisted_site_id"),
    (older, "policy.issued_h"),
    (more_than_all, "policy.sites[1].service_frac[3]"),
    (slot_in_the_past, "policy.slots[0].from_h"),
]


def test_bad_policies_are_refused_by_field_and_the_good_one_stays(loop_of: Any) -> None:
    """A policy that cannot be enforced is INVALID_ARGUMENT; the one before is still there and enforced."""
    loop = loop_of(strategy="independent")
    xapp = loop.xapp()
    good = policy_to_proto(first_policy(loop), loop.scenario.network)
    with grpc.insecure_channel(loop.a1_address) as channel:
        stub = A1PolicyServiceStub(channel)
        stub.PutPolicy(a1.PutPolicyRequest(policy_type_id=20260, policy=good))
        for spoil, path in BAD_POLICIES:
            bad = a1.Policy.FromString(good.SerializeToString())
            spoil(bad)
            with pytest.raises(grpc.RpcError) as refusal:
                stub.PutPolicy(a1.PutPolicyRequest(policy_type_id=20260, policy=bad))
            assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert field_path_of(refusal.value).startswith(path)
        assert stub.GetPolicy(a1.GetPolicyRequest(policy_id=good.policy_id)) == good
        status = stub.GetStatus(a1.GetStatusRequest(policy_id=good.policy_id))
        assert status.enforce_status == a1.ENFORCE_STATUS_ENFORCED
    refused_count = xapp.registry.get_sample_value("gridran_xapp_bad_messages_total", {"rpc": "PutPolicy"})
    assert refused_count == len(BAD_POLICIES)


def test_a_policy_can_be_listed_watched_and_deleted(loop_of: Any) -> None:
    """The watch tells the present status and every change; a deleted policy is NOT_FOUND."""
    loop = loop_of(strategy="independent")
    loop.xapp()
    good = policy_to_proto(first_policy(loop), loop.scenario.network)
    with grpc.insecure_channel(loop.a1_address) as channel:
        stub = A1PolicyServiceStub(channel)
        (kind,) = stub.ListPolicyTypes(a1.ListPolicyTypesRequest()).policy_types
        assert kind.policy_type_id == 20260
        assert json.loads(kind.policy_schema)["type"] == "object"
        stub.PutPolicy(a1.PutPolicyRequest(policy_type_id=20260, policy=good))
        watch = stub.WatchStatus(a1.WatchStatusRequest())
        assert next(watch).enforce_status == a1.ENFORCE_STATUS_ENFORCED
        stub.DeletePolicy(a1.DeletePolicyRequest(policy_id=good.policy_id))
        assert next(watch).reason == "deleted"
        for call, request in (
            (stub.GetPolicy, a1.GetPolicyRequest(policy_id=good.policy_id)),
            (stub.GetStatus, a1.GetStatusRequest(policy_id=good.policy_id)),
            (stub.DeletePolicy, a1.DeletePolicyRequest(policy_id=good.policy_id)),
        ):
            with pytest.raises(grpc.RpcError) as missing:
                call(request)
            assert missing.value.code() is grpc.StatusCode.NOT_FOUND


def first_policy(loop: Any) -> Policy:
    """What the rApp would publish at time 0."""
    policy = next(trial(loop.scenario, "independent", 1, 1.0 / 120.0)).policy
    assert policy is not None
    return policy
