"""The shape of a scenario file, made from the dataclasses of params.py and types.py and the table in limits.py.

Pydantic does the checking: strict numbers, no NaN, no unknown keys, every mistake at once. Nothing is written twice: a
new field of a dataclass is a new key of the file, and needs one entry in ``LIMITS``.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing
from collections.abc import Mapping
from types import EllipsisType
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt
from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, Strict, create_model

from gridran.scenario.limits import LIMITS, Constraint
from gridran.scenario.params import (
    ControlParams,
    EvParams,
    Fault,
    GridParams,
    MicrogridParams,
    PlanningParams,
    PvParams,
    TimeParams,
    TrafficParams,
)
from gridran.types import Band, Battery, CooperationParams, PowerParams, RadioParams, Site

Fields = dict[str, Any]

_CONFIG = ConfigDict(extra="forbid", frozen=True)

SECTIONS: dict[str, type] = {
    "radio": RadioParams,
    "power": PowerParams,
    "time": TimeParams,
    "traffic": TrafficParams,
    "ev": EvParams,
    "pv": PvParams,
    "grid": GridParams,
    "microgrid": MicrogridParams,
    "planning": PlanningParams,
    "control": ControlParams,
}
"""Tables of the file that are one dataclass each, key by key."""


def _checked(hint: Any, constraint: Constraint) -> Any:
    """A type hint with strict leaves that carry the constraint."""
    if typing.get_origin(hint) is tuple:
        inner = tuple(a if isinstance(a, EllipsisType) else _checked(a, constraint) for a in typing.get_args(hint))
        return tuple.__class_getitem__(inner)
    if hint is str and constraint:
        return Literal[constraint]
    if hint is float:
        return Annotated[(hint, Strict(), AllowInfNan(False), *constraint)]
    return Annotated[(hint, Strict(), *constraint)]


def fields_of(cls: type, optional: bool = False, leave_out: tuple[str, ...] = ()) -> Fields:
    """Model fields of a dataclass with its own defaults; ``optional`` makes the required ones optional too."""
    hints, limits = typing.get_type_hints(cls), LIMITS[cls]
    fields: Fields = {}
    for field in dataclasses.fields(cls):
        if field.name in leave_out:
            continue
        default = field.default
        if default is dataclasses.MISSING:
            default = None if optional else ...
        fields[field.name] = (_checked(hints[field.name], limits.get(field.name, ())), default)
    return fields


def _model(name: str, fields: Mapping[str, Any]) -> type[BaseModel]:
    return create_model(name, __config__=_CONFIG, **fields)


def _text(default: str = "") -> tuple[Any, str]:
    return (Annotated[str, Strict()], default)


def _number(default: float | None, *constraint: Any) -> tuple[Any, float | None]:
    return (Annotated[(float, Strict(), AllowInfNan(False), *constraint)], default)


_BATTERY = {"battery": (_model("battery", fields_of(Battery)) | None, None)}
_SITE = {"site_id": (Annotated[str, Strict(), Field(min_length=1)], ...)}
_LAYOUT = {
    "rings": (Annotated[int, Strict(), Ge(0), Field(le=20)] | None, None),
    "isd_m": _number(500.0, Gt(0)),
    "file": _text(),
    "group_within_m": _number(50.0, Ge(0)),
}
_DATA = {
    "start": (Annotated[datetime.datetime, Strict()] | None, None),
    "traffic_counters": _text(),
    "ev_sessions": _text(),
    "pv_profile": _text(),
}
_BAND = _model("band", fields_of(Band, False, ("low",)))
_PARTS: Fields = {
    "name": _text(),
    "description": _text(),
    "sites": (_model("sites", _LAYOUT | _BATTERY | fields_of(Site, False, ("site_id", "x_m", "y_m", "battery"))), None),
    "site": (list[_model("site", _BATTERY | fields_of(Site, True, ("battery",)) | _SITE)], []),  # type: ignore[misc]
    "band": (Annotated[list[_BAND], Field(min_length=1)], []),  # type: ignore[valid-type]
    "cooperation": (
        _model("cooperation", fields_of(CooperationParams) | {"low_bands": (list[Annotated[str, Strict()]], [])}),
        None,
    ),
    "fault": (list[_model("fault", fields_of(Fault))], []),  # type: ignore[misc]
    "data": (_model("data", _DATA), None),
}

DOCUMENT: type[BaseModel] = _model(
    "scenario", _PARTS | {name: (_model(name, fields_of(cls)), None) for name, cls in SECTIONS.items()}
)
"""The model of a whole scenario file."""
