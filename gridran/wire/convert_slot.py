"""What of a policy may change with a time-slot, as A1 carries it: modes, carriers and shares by site, and links.

``SitePolicy`` and ``SlotSite`` have these fields under the same names, so one reading serves both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from gridran.types import BoolArray, FloatArray, Network, PolicySlot, ServiceClass, SiteMode
from gridran.wire import checks
from gridran.wire.errors import WireError
from gridran.wire.rows import Rows, rows_of
from gridran.wire.v1 import a1_policy_pb2 as a1
from gridran.wire.v1 import common_pb2 as pb

_Site = TypeVar("_Site", a1.SitePolicy, a1.SlotSite)


def slot_to_proto(slot: PolicySlot, network: Network) -> a1.PolicySlot:
    """The slot for ``network``'s sites."""
    return a1.PolicySlot(
        from_h=slot.from_h,
        sites=[
            a1.SlotSite(
                site_id=site.site_id,
                mode=pb.SiteMode.ValueType(int(slot.mode[i]) + 1),
                planned_bands=band_names(slot.band_planned[i], network),
                service_frac=slot.service_frac[i].tolist(),
            )
            for i, site in enumerate(network.sites)
        ],
        links=links_to_proto(slot.links, network),
    )


def slots_from_proto(
    messages: Sequence[a1.PolicySlot], network: Network, issued_h: float, valid_until_h: float, path: str
) -> tuple[PolicySlot, ...]:
    """The slots, which must begin one after the other between ``issued_h`` and ``valid_until_h``."""
    slots: list[PolicySlot] = []
    for n, message in enumerate(messages):
        at = f"{path}[{n}]"
        after_h = slots[-1].from_h if slots else issued_h
        from_h = checks.number(message.from_h, f"{at}.from_h", checks.ANY)
        if not after_h < from_h < valid_until_h:
            bounds = f"must be after {after_h:g} and before {valid_until_h:g}"
            raise WireError(f"{at}.from_h", f"{from_h:g} is out of order: it {bounds}")
        slots.append(_slot_from_proto(message, network, at))
    return tuple(slots)


def site_rows(messages: Sequence[_Site], network: Network, path: str) -> Rows[_Site]:
    """One row for every site of ``network``."""
    return rows_of(messages, "site_id", [site.site_id for site in network.sites], path, "site")


def links_to_proto(links: Sequence[tuple[int, int]], network: Network) -> list[a1.CooperationLink]:
    """(helper, assisted) site indices by name."""
    ids = [site.site_id for site in network.sites]
    return [a1.CooperationLink(helper_site_id=ids[i], assisted_site_id=ids[j]) for i, j in links]


def links_from_proto(
    messages: Sequence[a1.CooperationLink], network: Network, path: str
) -> tuple[tuple[int, int], ...]:
    """The links as (helper, assisted) site indices."""
    index = {site.site_id: i for i, site in enumerate(network.sites)}
    for n, link in enumerate(messages):
        for field in ("helper_site_id", "assisted_site_id"):
            if getattr(link, field) not in index:
                raise WireError(f"{path}[{n}].{field}", f"unknown site {getattr(link, field)!r}")
        if link.helper_site_id == link.assisted_site_id:
            raise WireError(f"{path}[{n}].assisted_site_id", f"site {link.assisted_site_id!r} cannot help itself")
    return tuple((index[link.helper_site_id], index[link.assisted_site_id]) for link in messages)


def band_names(band_planned: BoolArray, network: Network) -> list[str]:
    """The names of one site's planned bands, ``band_planned`` [B]."""
    return [band.name for band, on in zip(network.bands, band_planned.tolist(), strict=True) if on]


def band_planned_from_proto(sites: Rows[_Site], network: Network) -> BoolArray:
    """``planned_bands`` of every site, shape [N, B]."""
    names = [band.name for band in network.bands]
    for site, path in sites.ordered():
        for n, band in enumerate(site.planned_bands):
            if band not in names:
                raise WireError(f"{path}.planned_bands[{n}]", f"unknown band {band!r}")
    return np.array([[name in site.planned_bands for name in names] for site, _ in sites.ordered()], dtype=np.bool_)


def by_class_from_proto(sites: Rows[_Site], name: str) -> FloatArray:
    """The shares ``name`` of every site by class, shape [N, 4]; ones where a site sends none."""
    everything = [1.0] * len(ServiceClass)
    return np.array(
        [
            checks.column(getattr(site, name) or everything, len(ServiceClass), f"{path}.{name}", checks.FRACTION)
            for site, path in sites.ordered()
        ]
    )


def _slot_from_proto(message: a1.PolicySlot, network: Network, at: str) -> PolicySlot:
    sites = site_rows(message.sites, network, f"{at}.sites")
    return PolicySlot(
        from_h=message.from_h,
        mode=sites.enums("mode", SiteMode),
        links=links_from_proto(message.links, network, f"{at}.links"),
        band_planned=band_planned_from_proto(sites, network),
        service_frac=by_class_from_proto(sites, "service_frac"),
    )
