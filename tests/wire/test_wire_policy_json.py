"""Policy type 20260: the JSON says what the protobuf says, and the published schemas agree with the product."""

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridran.types import Network
from gridran.wire.convert import POLICY_TYPE_ID, WireError
from gridran.wire.policy_json import (
    policy_from_json,
    policy_to_json,
    policy_type_osc,
    policy_type_std,
    status_to_json,
)

Spoil = Callable[[dict[str, Any]], object]


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_round_trip(seed: int, network: Network, made: Any) -> None:
    """A policy comes back from its JSON bit for bit, and the JSON keeps to the schema."""
    sent = made.policy(seed)
    text = policy_to_json(sent, network)
    jsonschema.validate(json.loads(text), policy_type_osc()["create_schema"])
    assert made.bits(policy_from_json(text, network)) == made.bits(sent)


def test_both_forms_describe_one_type() -> None:
    """The O-RAN SC form has the number and the same schema as the STD form, which has the status as well."""
    osc, std = policy_type_osc(), policy_type_std()
    assert osc["policy_type_id"] == POLICY_TYPE_ID == 20260
    assert {"name", "description", "policy_type_id", "create_schema"} == set(osc)
    assert osc["create_schema"] == std["policySchema"]
    for schema in std.values():
        jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.parametrize(("enforced", "reason"), [(True, ""), (False, "expired")])
def test_status_keeps_to_its_schema(enforced: bool, reason: str) -> None:
    """A status says ENFORCED, or NOT_ENFORCED with its reason."""
    status = json.loads(status_to_json(enforced, reason))
    jsonschema.validate(status, policy_type_std()["statusSchema"])
    assert status["enforceStatus"] == ("ENFORCED" if enforced else "NOT_ENFORCED")
    assert status.get("reason", "") == reason


BAD: list[tuple[Spoil, str]] = [
    (lambda p: p.pop("strategy"), "strategy"),
    (lambda p: p.update(surprise=1), "surprise"),
    (lambda p: p.update(policy_id=""), "policy_id"),
    (lambda p: p.update(issued_h="now"), "issued_h"),
    (lambda p: p.update(plan_age_h=-1), "plan_age_h"),
    (lambda p: p.update(tier="GREAT"), "tier"),
    (lambda p: p["sites"][1].update(mode="ASLEEP"), "sites[1].mode"),
    (lambda p: p["sites"][1].update(reserve_soc_frac=2), "sites[1].reserve_soc_frac"),
    (lambda p: p["sites"][2].update(power_budget_kw=-3.0), "sites[2].power_budget_kw"),
    (lambda p: p["sites"][0].pop("planned_bands"), "sites[0].planned_bands"),
    (lambda p: p["classes"][0].update(service_class="ROYAL"), "classes[0].service_class"),
    (lambda p: p["sites"][0].update(service_frac=[1.0, 1.0, 1.0]), "sites[0].service_frac"),
    (lambda p: p["sites"][0].update(service_frac=[]), "sites[0].service_frac"),
    (lambda p: p["sites"][2].update(service_frac=[1.0, 1.0, 1.5, 1.0]), "sites[2].service_frac[2]"),
    (lambda p: p["sites"][2].update(service_frac=[1.0, -0.5, 1.0, 1.0]), "sites[2].service_frac[1]"),
    (lambda p: p["slots"][0].pop("links"), "slots[0].links"),
    (lambda p: p["slots"][1].update(from_h="soon"), "slots[1].from_h"),
    (lambda p: p["slots"][1]["sites"][2].update(mode="ASLEEP"), "slots[1].sites[2].mode"),
    (lambda p: p["slots"][1]["sites"][2].update(power_budget_kw=3.0), "slots[1].sites[2].power_budget_kw"),
    (lambda p: p["slots"][0]["sites"][1].update(service_frac=[2, 1, 1, 1]), "slots[0].sites[1].service_frac[0]"),
]


@pytest.mark.parametrize(("spoil", "path"), BAD, ids=[bad[1] for bad in BAD])
def test_schema_and_product_refuse_the_same(spoil: Spoil, path: str, network: Network, made: Any) -> None:
    """What the schema forbids is refused by the product as well, with the field path."""
    body = json.loads(policy_to_json(made.policy(1, slots=2), network))
    spoil(body)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, policy_type_osc()["create_schema"])
    with pytest.raises(WireError) as caught:
        policy_from_json(json.dumps(body), network)
    assert caught.value.field_path == path


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "[" * 100_000, '{"issued_h": NaN}', b"\xff\xfe\xfa", '{"policy_id": "\\ud800"}']
)
def test_garbage_is_refused(text: str | bytes, network: Network) -> None:
    """Whatever is sent, the answer is a WireError."""
    with pytest.raises(WireError):
        policy_from_json(text, network)


def test_shares_and_slots_may_be_left_out(network: Network, made: Any) -> None:
    """A policy that says nothing of shares permits everything, and one without slots has none: the schema agrees."""
    body = json.loads(policy_to_json(made.policy(1), network))
    del body["slots"]
    for site in body["sites"]:
        del site["service_frac"], site["availability_frac"]
    jsonschema.validate(body, policy_type_std()["policySchema"])
    policy = policy_from_json(json.dumps(body), network)
    assert policy.slots == ()
    assert policy.service_frac.tolist() == policy.availability_frac.tolist() == [[1.0] * 4] * 3


def test_unknown_site_is_named(network: Network, made: Any) -> None:
    """What only the network can know is checked too."""
    body = json.loads(policy_to_json(made.policy(1), network))
    body["sites"][2]["site_id"] = "nowhere"
    with pytest.raises(WireError, match=r"sites\[2\]\.site_id: unknown site 'nowhere'"):
        policy_from_json(json.dumps(body), network)


def test_a_number_too_large_for_a_float_is_refused(network: Network, made: Any) -> None:
    """An integer beyond float64 names its field instead of failing."""
    body = json.loads(policy_to_json(made.policy(1), network))
    body["plan_age_h"] = 10**400
    with pytest.raises(WireError, match="plan_age_h"):
        policy_from_json(json.dumps(body), network)
