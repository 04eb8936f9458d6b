"""The policy as JSON of policy type 20260, for A1 as it really is (REST), and the type's own description in both forms.

JSON and protobuf carry the same fields under the same names; here enum values have no prefix. What the JSON says is
checked by ``policy_from_proto``, so the two cannot drift apart. The schema files are what others check with.
"""

from __future__ import annotations

import json
import math
from importlib.resources import files
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gridran.types import Network, PlanTier, Policy, ServiceClass, SiteMode
from gridran.wire.convert_policy import policy_from_proto, policy_to_proto
from gridran.wire.enums import PLAN_TIER
from gridran.wire.errors import WireError
from gridran.wire.v1 import a1_policy_pb2 as a1
from gridran.wire.v1 import common_pb2 as pb

Mode = Literal["NORMAL", "HELPING", "ASSISTED", "DEEP_SLEEP"]
Tier = Literal["OPTIMAL", "FEASIBLE", "RULE", "LAST_GOOD", "SAFE"]
Class = Literal["EMERGENCY", "VOICE", "ESSENTIAL", "BEST_EFFORT"]
Shares = Annotated[list[float], Field(min_length=len(ServiceClass), max_length=len(ServiceClass))]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class _Site(_Body):
    site_id: str
    mode: Mode
    power_budget_kw: float
    reserve_soc_frac: float
    price_usd_per_kwh: float
    planned_bands: list[str]
    service_frac: Shares = []  # none: all of it
    availability_frac: Shares = []  # none: all


class _Link(_Body):
    helper_site_id: str
    assisted_site_id: str


class _Class(_Body):
    service_class: Class
    weight: float
    rrm_policy_ratio_frac: float


class _SlotSite(_Body):
    site_id: str
    mode: Mode
    planned_bands: list[str]
    service_frac: Shares = []


class _Slot(_Body):
    from_h: float
    sites: list[_SlotSite]
    links: list[_Link]


class _Policy(_Body):
    policy_id: str
    strategy: str
    issued_h: float
    valid_until_h: float
    tier: Tier
    gap_frac: float | None = None
    plan_age_h: float
    sites: list[_Site]
    links: list[_Link]
    classes: list[_Class]
    slots: list[_Slot] = []


def policy_to_json(policy: Policy, network: Network) -> str:
    """The policy for ``network``'s sites; numbers are exact, a NaN gap is left out."""
    message = policy_to_proto(policy, network)
    gap = {} if math.isnan(policy.gap_frac) else {"gap_frac": policy.gap_frac}
    body = {
        "policy_id": message.policy_id,
        "strategy": message.strategy,
        "issued_h": message.issued_h,
        "valid_until_h": message.valid_until_h,
        "tier": policy.tier.name,
        **gap,
        "plan_age_h": message.plan_age_h,
        "sites": [_site_body(site) for site in message.sites],
        "links": [_link_body(link) for link in message.links],
        "classes": [_class_body(row) for row in message.classes],
        "slots": [_slot_body(slot) for slot in message.slots],
    }
    return json.dumps(body, allow_nan=False)


def policy_from_json(text: str | bytes, network: Network) -> Policy:
    """The policy, checked. WireError names the field; it is ``policy`` where the text as a whole is no such JSON."""
    body = _parsed(text)
    message = a1.Policy(
        policy_id=body.policy_id,
        strategy=body.strategy,
        issued_h=body.issued_h,
        valid_until_h=body.valid_until_h,
        tier=PLAN_TIER[PlanTier[body.tier]],
        gap_frac=body.gap_frac,
        plan_age_h=body.plan_age_h,
        sites=[_site_message(site) for site in body.sites],
        links=[a1.CooperationLink(**link.model_dump()) for link in body.links],
        classes=[_class_message(row) for row in body.classes],
        slots=[_slot_message(slot) for slot in body.slots],
    )
    return policy_from_proto(message, network)


def policy_type_osc() -> dict[str, Any]:
    """The type as the A1 mediator of O-RAN SC takes it: id, name and ``create_schema``."""
    return _document("policy_type_20260.json")


def policy_type_std() -> dict[str, Any]:
    """The type as A1-P of the O-RAN Alliance has it (PolicyTypeObject): ``policySchema`` and ``statusSchema``."""
    return _document("policy_type_20260_std.json")


def status_to_json(enforced: bool, reason: str) -> str:
    """A policy's status after ``statusSchema``; ``reason`` where it is not enforced."""
    if enforced:
        return json.dumps({"enforceStatus": "ENFORCED"})
    return json.dumps({"enforceStatus": "NOT_ENFORCED", "enforceReason": "OTHER_REASON", "reason": reason})


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((files("gridran.wire") / name).read_text(encoding="utf-8"))
    return document


def _site_body(site: a1.SitePolicy) -> dict[str, Any]:
    return {
        **_slot_site_body(site),
        "power_budget_kw": site.power_budget_kw,
        "reserve_soc_frac": site.reserve_soc_frac,
        "price_usd_per_kwh": site.price_usd_per_kwh,
        "availability_frac": list(site.availability_frac),
    }


def _slot_site_body(site: a1.SitePolicy | a1.SlotSite) -> dict[str, Any]:
    return {
        "site_id": site.site_id,
        "mode": SiteMode(site.mode - 1).name,
        "planned_bands": list(site.planned_bands),
        "service_frac": list(site.service_frac),
    }


def _link_body(link: a1.CooperationLink) -> dict[str, Any]:
    return {"helper_site_id": link.helper_site_id, "assisted_site_id": link.assisted_site_id}


def _slot_body(slot: a1.PolicySlot) -> dict[str, Any]:
    return {
        "from_h": slot.from_h,
        "sites": [_slot_site_body(site) for site in slot.sites],
        "links": [_link_body(link) for link in slot.links],
    }


def _site_message(site: _Site) -> a1.SitePolicy:
    return a1.SitePolicy(**site.model_dump(exclude={"mode"}), mode=_mode_value(site.mode))


def _slot_message(slot: _Slot) -> a1.PolicySlot:
    return a1.PolicySlot(
        from_h=slot.from_h,
        sites=[a1.SlotSite(**s.model_dump(exclude={"mode"}), mode=_mode_value(s.mode)) for s in slot.sites],
        links=[a1.CooperationLink(**link.model_dump()) for link in slot.links],
    )


def _mode_value(mode: Mode) -> pb.SiteMode.ValueType:
    return pb.SiteMode.Value(f"SITE_MODE_{mode}")


def _class_body(row: a1.ClassPolicy) -> dict[str, Any]:
    kind = ServiceClass(row.service_class - 1).name
    return {
        "service_class": kind,
        "weight": row.weight,
        "rrm_policy_ratio_frac": row.rrm_policy_ratio_frac,
    }


def _class_message(row: _Class) -> a1.ClassPolicy:
    kind = pb.ServiceClass.Value(f"SERVICE_CLASS_{row.service_class}")
    return a1.ClassPolicy(**row.model_dump(exclude={"service_class"}), service_class=kind)


def _parsed(text: str | bytes) -> _Policy:
    try:
        return _Policy.model_validate(json.loads(text, parse_constant=_not_json))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        raise WireError(_path(fault["loc"]), fault["msg"]) from None
    except (ValueError, RecursionError) as error:
        raise WireError("policy", f"is not JSON: {error}") from None


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a finite number")


def _path(steps: tuple[int | str, ...]) -> str:
    """``sites[3].mode`` for ``("sites", 3, "mode")``."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path.removeprefix(".") or "policy"
