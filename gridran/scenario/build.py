"""Makes the frozen dataclasses of a scenario from a checked document."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel

from gridran.scenario.params import Fault, Scenario
from gridran.scenario.problem import did_you_mean
from gridran.scenario.rules import Finding, hour_of
from gridran.scenario.schema import SECTIONS
from gridran.types import Band, Battery, CooperationParams, Network, Site

_T = TypeVar("_T")

_SITE_KEYS = tuple(f.name for f in dataclasses.fields(Site) if f.name not in ("site_id", "x_m", "y_m", "battery"))

Place = tuple[str, float, float]
"""A site before its equipment: id, x_m, y_m."""


def as_dataclass(cls: type[_T], model: BaseModel, **changes: Any) -> _T:
    """The dataclass with the model's values."""
    names = [f.name for f in dataclasses.fields(cls) if f.name not in changes]  # type: ignore[arg-type]
    return cls(**{name: getattr(model, name) for name in names}, **changes)


def bands(doc: Any) -> tuple[Band, ...]:
    """The bands; where ``low_bands`` names none, the lowest carrier is the low one."""
    low = set(doc.cooperation.low_bands) or {min(doc.band, key=lambda band: band.carrier_mhz).name}
    return tuple(as_dataclass(Band, band, low=band.name in low) for band in doc.band)


def own_places(doc: Any) -> tuple[Place, ...]:
    """The places that ``[[site]]`` tables give."""
    return tuple((site.site_id, site.x_m, site.y_m) for site in doc.site)


def sites(doc: Any, places: Iterable[Place]) -> tuple[Site, ...]:
    """Sites at their places: defaults of ``[sites]``, then what ``[[site]]`` says of one of them."""
    special = {site.site_id: site for site in doc.site}
    return tuple(_site(doc.sites, special.get(site_id), site_id, x_m, y_m) for site_id, x_m, y_m in places)


def _site(common: Any, special: Any, site_id: str, x_m: float, y_m: float) -> Site:
    layers = [layer for layer in (common, special) if layer is not None]
    battery: dict[str, Any] = {}
    equipment: dict[str, Any] = {}
    for layer in layers:
        written = layer.model_dump(include={*_SITE_KEYS, "battery"}, exclude_unset=True, exclude_none=True)
        battery |= written.pop("battery", {})
        equipment |= written
    return Site(site_id, x_m, y_m, battery=Battery(**battery), **equipment)


def site_findings(doc: Any, found: tuple[Site, ...]) -> Iterator[Finding]:
    """What can be wrong once the sites are known: ids that do not exist, two at one place, impossible batteries."""
    ids = [site.site_id for site in found]
    for index, special in enumerate(doc.site):
        if special.site_id not in ids:
            yield ("site", index, "site_id"), f"no site {special.site_id!r}; {did_you_mean(special.site_id, ids)}"
    own = {special.site_id: index for index, special in enumerate(doc.site)}
    seen: dict[tuple[float, float], str] = {}
    for site in found:
        path = ("site", own[site.site_id]) if site.site_id in own else ("sites",)
        other = seen.setdefault((site.x_m, site.y_m), site.site_id)
        if other != site.site_id:
            yield (*path, "x_m"), f"site {site.site_id!r} stands exactly where {other!r} does; move one of them"
    yield from _battery_findings(doc)


def _battery_findings(doc: Any) -> Iterator[Finding]:
    common = doc.sites.battery.model_dump(exclude_unset=True) if doc.sites.battery else {}
    layers: list[tuple[tuple[str | int, ...], dict[str, Any]]] = [(("sites", "battery"), common)]
    for index, site in enumerate(doc.site):
        if site.battery:
            layers.append((("site", index, "battery"), common | site.battery.model_dump(exclude_unset=True)))
    for path, values in layers:
        battery = Battery(**values)
        if not battery.soc_min_frac < battery.soc_max_frac:
            yield (*path, "soc_min_frac"), f"must be below soc_max_frac ({battery.soc_max_frac:g}); lower it"
        elif not battery.soc_min_frac <= battery.initial_soc_frac <= battery.soc_max_frac:
            limits = f"soc_min_frac {battery.soc_min_frac:g} to soc_max_frac {battery.soc_max_frac:g}"
            yield (*path, "initial_soc_frac"), f"{battery.initial_soc_frac:g} is outside {limits}; bring it inside"


def fault_findings(doc: Any, found: tuple[Site, ...]) -> Iterator[Finding]:
    """Faults at sites that do not exist, or at none."""
    ids = [site.site_id for site in found]
    for index, fault in enumerate(doc.fault):
        if fault.site_id and fault.site_id not in ids:
            yield ("fault", index, "site_id"), f"no site {fault.site_id!r}; {did_you_mean(fault.site_id, ids)}"
        if fault.kind == "site-down" and not fault.site_id:
            yield ("fault", index, "site_id"), "a site-down fault needs the site that goes down; add site_id"


def scenario(doc: Any, name: str, found: tuple[Site, ...], **data: Any) -> Scenario:
    """The whole scenario; ``data`` are the parts that come from files."""
    parts: dict[str, Any] = {key: as_dataclass(cls, getattr(doc, key)) for key, cls in SECTIONS.items()}
    if doc.data.start is not None:
        parts["time"] = dataclasses.replace(parts["time"], start_hour=hour_of(doc.data.start))
    network = Network(
        found,
        bands(doc),
        radio=parts.pop("radio"),
        cooperation=as_dataclass(CooperationParams, doc.cooperation),
        power=parts.pop("power"),
    )
    faults = tuple(as_dataclass(Fault, fault) for fault in doc.fault)
    return Scenario(doc.name or name, network, faults=faults, **parts, **data)
