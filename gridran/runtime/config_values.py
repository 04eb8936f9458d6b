"""Kinds of values in the configuration of the services. In text, as in a variable of the environment, commas part the
values of a list; paths are relative to the folder of the file, which the validation's context gives. What may be left
out is left out by an empty text, too: an empty path is none, never the folder itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from gridran.runtime.address import parse_address


def _address(text: str) -> str:
    return str(parse_address(text))


def _address_or_none(text: str) -> str:
    return _address(text) if text else ""


def _host_name(text: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", text, re.ASCII):
        raise ValueError(f"{text!r} is not a host name")
    return text


def _path(value: object, info: ValidationInfo) -> object:
    if value == "":
        raise ValueError("must not be empty")
    folder = (info.context or {}).get("folder", Path())
    return folder / value if isinstance(value, str) else value


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


def _directory(path: Path) -> Path:
    try:
        there = path.is_dir()
    except OSError as wrong:
        raise ValueError(f"{path} cannot be read: {wrong.strerror}") from None
    if not there:
        raise ValueError(f"no such directory {path}")
    return path


def _parted(value: object) -> object:
    """The values in comma-separated text, none in an empty one; what is no text stays as it is."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",")) if value else ()


HostPort = Annotated[str, AfterValidator(_address)]
OptionalHostPort = Annotated[str, AfterValidator(_address_or_none)]
HostNames = Annotated[tuple[Annotated[str, AfterValidator(_host_name)], ...], BeforeValidator(_parted)]
FilePath = Annotated[Path, BeforeValidator(_path)]
OptionalFilePath = Annotated[FilePath | None, BeforeValidator(_none_if_empty)]
OptionalDirectory = Annotated[Annotated[FilePath, AfterValidator(_directory)] | None, BeforeValidator(_none_if_empty)]
Seconds = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
