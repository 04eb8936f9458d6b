"""Policy, as A1 carries it."""

from __future__ import annotations

import math

import numpy as np

from gridran.types import BoolArray, FloatArray, Network, Policy, ServiceClass, SiteMode
from gridran.wire import checks
from gridran.wire.enums import PLAN_TIER, named
from gridran.wire.errors import WireError
from gridran.wire.rows import Rows, rows_of
from gridran.wire.v1 import a1_policy_pb2 as a1
from gridran.wire.v1 import common_pb2 as pb

POLICY_TYPE_ID = 20260
_RATIO_TOLERANCE = 1e-9


def policy_to_proto(policy: Policy, network: Network) -> a1.Policy:
    """The policy for ``network``'s sites; a NaN gap is left out."""
    ids = [site.site_id for site in network.sites]
    return a1.Policy(
        policy_id=policy.policy_id,
        strategy=policy.strategy,
        issued_h=policy.issued_h,
        valid_until_h=policy.valid_until_h,
        tier=PLAN_TIER[policy.tier],
        gap_frac=None if math.isnan(policy.gap_frac) else policy.gap_frac,
        plan_age_h=policy.plan_age_h,
        sites=[_site_to_proto(policy, network, i) for i in range(network.site_count)],
        links=[a1.CooperationLink(helper_site_id=ids[i], assisted_site_id=ids[j]) for i, j in policy.links],
        classes=_classes_to_proto(policy.class_weight),
    )


def policy_from_proto(message: a1.Policy, network: Network, at: str = "") -> Policy:
    """The policy, checked; paths in a WireError begin with ``at``. Whether its strategy is known is not asked here."""
    sites = rows_of(message.sites, "site_id", [site.site_id for site in network.sites], f"{at}sites", "site")
    issued_h = checks.number(message.issued_h, f"{at}issued_h")
    return Policy(
        policy_id=checks.text(message.policy_id, f"{at}policy_id"),
        strategy=checks.text(message.strategy, f"{at}strategy"),
        issued_h=issued_h,
        valid_until_h=checks.number(message.valid_until_h, f"{at}valid_until_h", checks.Range(issued_h)),
        tier=named(PLAN_TIER, message.tier, f"{at}tier"),
        gap_frac=checks.number(message.gap_frac, f"{at}gap_frac") if message.HasField("gap_frac") else math.nan,
        plan_age_h=checks.number(message.plan_age_h, f"{at}plan_age_h"),
        mode=sites.enums("mode", SiteMode),
        links=_links(message, network, f"{at}links"),
        band_planned=_band_planned(sites, network),
        power_budget_kw=sites.numbers("power_budget_kw", checks.NON_NEGATIVE),
        reserve_soc_frac=sites.numbers("reserve_soc_frac", checks.FRACTION),
        price_usd_per_kwh=sites.numbers("price_usd_per_kwh", checks.NON_NEGATIVE),
        class_weight=_class_weight(message, f"{at}classes"),
    )


def _site_to_proto(policy: Policy, network: Network, i: int) -> a1.SitePolicy:
    planned = policy.band_planned[i].tolist()
    return a1.SitePolicy(
        site_id=network.sites[i].site_id,
        mode=pb.SiteMode.ValueType(int(policy.mode[i]) + 1),
        power_budget_kw=float(policy.power_budget_kw[i]),
        reserve_soc_frac=float(policy.reserve_soc_frac[i]),
        price_usd_per_kwh=float(policy.price_usd_per_kwh[i]),
        planned_bands=[band.name for band, on in zip(network.bands, planned, strict=True) if on],
    )


def _classes_to_proto(class_weight: FloatArray) -> list[a1.ClassPolicy]:
    return [
        a1.ClassPolicy(
            service_class=pb.ServiceClass.ValueType(kind + 1),
            weight=float(class_weight[kind]),
            rrm_policy_ratio_frac=float(class_weight[kind] / class_weight.sum()),
        )
        for kind in ServiceClass
    ]


def _links(message: a1.Policy, network: Network, path: str) -> tuple[tuple[int, int], ...]:
    index = {site.site_id: i for i, site in enumerate(network.sites)}
    for n, link in enumerate(message.links):
        for field in ("helper_site_id", "assisted_site_id"):
            if getattr(link, field) not in index:
                raise WireError(f"{path}[{n}].{field}", f"unknown site {getattr(link, field)!r}")
        if link.helper_site_id == link.assisted_site_id:
            raise WireError(f"{path}[{n}].assisted_site_id", f"site {link.assisted_site_id!r} cannot help itself")
    return tuple((index[link.helper_site_id], index[link.assisted_site_id]) for link in message.links)


def _band_planned(sites: Rows[a1.SitePolicy], network: Network) -> BoolArray:
    names = [band.name for band in network.bands]
    for site, path in sites.ordered():
        for n, band in enumerate(site.planned_bands):
            if band not in names:
                raise WireError(f"{path}.planned_bands[{n}]", f"unknown band {band!r}")
    return np.array([[name in site.planned_bands for name in names] for site, _ in sites.ordered()], dtype=np.bool_)


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
