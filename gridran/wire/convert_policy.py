"""Policy, as A1 carries it."""

from __future__ import annotations

import math

import numpy as np

from gridran.types import FloatArray, Network, Policy, ServiceClass, SiteMode
from gridran.wire import checks
from gridran.wire.convert_slot import (
    band_names,
    band_planned_from_proto,
    by_class_from_proto,
    links_from_proto,
    links_to_proto,
    site_rows,
    slot_to_proto,
    slots_from_proto,
)
from gridran.wire.enums import PLAN_TIER, named
from gridran.wire.errors import WireError
from gridran.wire.rows import rows_of
from gridran.wire.v1 import a1_policy_pb2 as a1
from gridran.wire.v1 import common_pb2 as pb

POLICY_TYPE_ID = 20260
_RATIO_TOLERANCE = 1e-9


def policy_to_proto(policy: Policy, network: Network) -> a1.Policy:
    """The policy for ``network``'s sites; a NaN gap is left out."""
    return a1.Policy(
        policy_id=policy.policy_id,
        strategy=policy.strategy,
        issued_h=policy.issued_h,
        valid_until_h=policy.valid_until_h,
        tier=PLAN_TIER[policy.tier],
        gap_frac=None if math.isnan(policy.gap_frac) else policy.gap_frac,
        plan_age_h=policy.plan_age_h,
        sites=[_site_to_proto(policy, network, i) for i in range(network.site_count)],
        links=links_to_proto(policy.links, network),
        classes=_classes_to_proto(policy),
        slots=[slot_to_proto(slot, network) for slot in policy.slots],
    )


def policy_from_proto(message: a1.Policy, network: Network, at: str = "") -> Policy:
    """The policy, checked; paths in a WireError begin with ``at``. Whether its strategy is known is not asked here."""
    sites = site_rows(message.sites, network, f"{at}sites")
    issued_h = checks.number(message.issued_h, f"{at}issued_h")
    valid_until_h = checks.number(message.valid_until_h, f"{at}valid_until_h", checks.Range(issued_h))
    return Policy(
        policy_id=checks.text(message.policy_id, f"{at}policy_id"),
        strategy=checks.text(message.strategy, f"{at}strategy"),
        issued_h=issued_h,
        valid_until_h=valid_until_h,
        tier=named(PLAN_TIER, message.tier, f"{at}tier"),
        gap_frac=checks.number(message.gap_frac, f"{at}gap_frac") if message.HasField("gap_frac") else math.nan,
        plan_age_h=checks.number(message.plan_age_h, f"{at}plan_age_h"),
        mode=sites.enums("mode", SiteMode),
        links=links_from_proto(message.links, network, f"{at}links"),
        band_planned=band_planned_from_proto(sites, network),
        power_budget_kw=sites.numbers("power_budget_kw", checks.NON_NEGATIVE),
        reserve_soc_frac=sites.numbers("reserve_soc_frac", checks.FRACTION),
        price_usd_per_kwh=sites.numbers("price_usd_per_kwh", checks.NON_NEGATIVE),
        class_weight=_class_weight(message, f"{at}classes"),
        service_frac=by_class_from_proto(sites, "service_frac"),
        availability_frac=by_class_from_proto(sites, "availability_frac"),
        slots=slots_from_proto(message.slots, network, issued_h, valid_until_h, f"{at}slots"),
    )


def _site_to_proto(policy: Policy, network: Network, i: int) -> a1.SitePolicy:
    return a1.SitePolicy(
        site_id=network.sites[i].site_id,
        mode=pb.SiteMode.ValueType(int(policy.mode[i]) + 1),
        power_budget_kw=float(policy.power_budget_kw[i]),
        reserve_soc_frac=float(policy.reserve_soc_frac[i]),
        price_usd_per_kwh=float(policy.price_usd_per_kwh[i]),
        planned_bands=band_names(policy.band_planned[i], network),
        service_frac=policy.service_frac[i].tolist(),
        availability_frac=policy.availability_frac[i].tolist(),
    )


def _classes_to_proto(policy: Policy) -> list[a1.ClassPolicy]:
    class_weight = policy.class_weight
    return [
        a1.ClassPolicy(
            service_class=pb.ServiceClass.ValueType(kind + 1),
            weight=float(class_weight[kind]),
            rrm_policy_ratio_frac=float(class_weight[kind] / class_weight.sum()),
        )
        for kind in ServiceClass
    ]


def _class_weight(message: a1.Policy, path: str) -> FloatArray:
    """The weights [4]; each ratio must be its weight's share, so that together they make 1."""
    classes = rows_of(message.classes, "service_class", [kind + 1 for kind in ServiceClass], path, "class")
    weight = classes.numbers("weight", checks.NON_NEGATIVE)
    ratio_frac = classes.numbers("rrm_policy_ratio_frac", checks.FRACTION)
    if not math.isclose(float(ratio_frac.sum()), 1.0, abs_tol=_RATIO_TOLERANCE):
        raise WireError(path, f"rrm_policy_ratio_frac adds up to {ratio_frac.sum():g}, not 1")
    wrong = np.abs(weight - ratio_frac * weight.sum()) > _RATIO_TOLERANCE * weight.sum()
    for (_, row_path), bad in zip(classes.ordered(), wrong.tolist(), strict=True):
        if bad:
            raise WireError(f"{row_path}.rrm_policy_ratio_frac", "is not the share of the class's weight")
    return weight
