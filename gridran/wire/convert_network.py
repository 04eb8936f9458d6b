"""Network, as the E2 and O1 set-up carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from gridran.types import Band, Battery, CooperationParams, Network, PowerParams, RadioParams, Site
from gridran.wire import checks
from gridran.wire.errors import WireError
from gridran.wire.v1 import common_pb2 as pb

_CHOICES = {"links": ("chosen", "literal"), "assisted_bands": ("low", "high")}
_AT_LEAST_ONE = ("sectors", "measured_sites")


def network_to_proto(network: Network) -> pb.Network:
    """The whole network."""
    return pb.Network(
        sites=[pb.Site(**asdict(site) | {"battery": pb.Battery(**asdict(site.battery))}) for site in network.sites],
        bands=[pb.Band(**asdict(band)) for band in network.bands],
        radio=pb.RadioParams(**asdict(network.radio)),
        cooperation=pb.CooperationParams(**asdict(network.cooperation)),
        power=pb.PowerParams(**asdict(network.power)),
    )


def network_from_proto(message: pb.Network, at: str = "") -> Network:
    """The whole network; paths in a WireError begin with ``at``. Names must be unique, signs must fit the units."""
    for part in ("radio", "cooperation", "power"):
        checks.present(message, part, at)
    sites = tuple(_site(site, f"{at}sites[{i}].") for i, site in enumerate(message.sites))
    bands = tuple(Band(**_values(Band, band, f"{at}bands[{i}].")) for i, band in enumerate(message.bands))
    _unique([site.site_id for site in sites], f"{at}sites", "site_id")
    _unique([band.name for band in bands], f"{at}bands", "name")
    return Network(
        sites=sites,
        bands=bands,
        radio=RadioParams(**_values(RadioParams, message.radio, f"{at}radio.")),
        cooperation=CooperationParams(**_values(CooperationParams, message.cooperation, f"{at}cooperation.")),
        power=PowerParams(**_values(PowerParams, message.power, f"{at}power.")),
    )


def _site(message: pb.Site, at: str) -> Site:
    checks.present(message, "battery", at)
    battery = Battery(**_values(Battery, message.battery, f"{at}battery."))
    return Site(**_values(Site, message, at), battery=battery)


def _values(kind: type[Any], message: object, at: str) -> dict[str, Any]:
    """Every number, text and flag of the dataclass ``kind``, from the fields of the same names."""
    found: dict[str, Any] = {}
    for field in fields(kind):
        value = getattr(message, field.name)
        path = f"{at}{field.name}"
        if isinstance(value, float):
            checks.number(value, path, checks.range_of(field.name))
        elif isinstance(value, str):
            _check_text(value, field.name, path)
        elif field.name in _AT_LEAST_ONE and value < 1:
            raise WireError(path, f"{value} is below 1")
        if isinstance(value, bool | int | float | str):
            found[field.name] = value
    return found


def _check_text(value: str, name: str, path: str) -> None:
    checks.text(value, path)
    if value not in _CHOICES.get(name, (value,)):
        raise WireError(path, f"{value!r} is none of {', '.join(_CHOICES[name])}")


def _unique(names: Sequence[str], path: str, field: str) -> None:
    if not names:
        raise WireError(path, "is empty")
    for i, name in enumerate(names):
        if name in names[:i]:
            raise WireError(f"{path}[{i}].{field}", f"{name!r} is there already")
