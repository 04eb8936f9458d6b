"""The configuration of the services: TOML files with typed tables, refused in one line that names the key.

    [run]       what is played; the same in the files of emulator, rApp and xApp
    [listen]    addresses of this service: gRPC, and ``http`` for metrics and health (empty: none)
    [connect]   addresses of its peers
    [state]     what survives a restart (rApp, xApp)
    [runs]      directories of recorded runs (web)
    [workers]   processes, or a Dask cluster, to plan large networks in (rApp)
    [security]  plaintext = true, on loopback only; or [tls] certificate, key, authority
    [deadlines] [log] [limits]

Relative paths are relative to the file. A variable GRIDRAN_TABLE_KEY of the environment, such as GRIDRAN_RUN_SPEED,
says more than the file (``overrides``), so that one set of files serves many runs. An empty one takes away what may be
left out: a path, an address, the values of a list.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gridran.runtime.address import parse_address
from gridran.runtime.config_values import (
    FilePath,
    HostNames,
    HostPort,
    OptionalDirectory,
    OptionalFilePath,
    OptionalHostPort,
    Seconds,
)
from gridran.runtime.grpc import MAX_MESSAGE_MIB
from gridran.runtime.overrides import first_fault, overridden
from gridran.runtime.tls import Plaintext, Tls, TlsError, Transport
from gridran.strategies import DEFAULT


class ConfigError(ValueError):
    """A configuration that a service cannot start with: file, key and fault in one line."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class RunTable(_Table):
    """``scenario``: shipped name or file, empty for the paper's; ``load``: light, medium, heavy or a factor;
    ``speed``: times real time, 0 is lockstep; ``out``: where the run is recorded; ``exit_at_end``: the emulator's
    process ends with the run."""

    scenario: str = ""
    strategy: str = Field(default=DEFAULT, min_length=1)
    load: str = Field(default="medium", coerce_numbers_to_str=True)
    seed: int = Field(default=1, ge=0)
    hours: float = Field(default=24.0, gt=0.0, allow_inf_nan=False)
    speed: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    out: OptionalFilePath = None
    exit_at_end: bool = True


class StateTable(_Table):
    """``db``: the journal, SQLite; ``journal``: notes for people and ``gridran explain``, JSON lines, may be absent."""

    db: FilePath
    journal: OptionalFilePath = None


class SecurityTable(_Table):
    plaintext: bool = False


class TlsTable(_Table):
    certificate: FilePath
    key: FilePath
    authority: FilePath


class DeadlinesTable(_Table):
    """How long to wait: for the peers at the start, for a control and for a plan in lockstep, for any other call."""

    peers_s: Seconds = 60.0
    control_s: Seconds = 30.0
    plan_s: Seconds = 120.0
    call_s: Seconds = 10.0


class LogTable(_Table):
    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class LimitsTable(_Table):
    max_message_mib: int = Field(default=MAX_MESSAGE_MIB, ge=1, le=1024)


class _Speaker(_Table):
    """Whoever speaks gRPC."""

    security: SecurityTable = SecurityTable()
    tls: TlsTable | None = None
    deadlines: DeadlinesTable = DeadlinesTable()
    log: LogTable = LogTable()
    limits: LimitsTable = LimitsTable()

    @property
    def transport(self) -> Transport:
        """How to speak gRPC; checked when the file was read."""
        if self.tls is None:
            return Plaintext()
        return Tls(self.tls.certificate, self.tls.key, self.tls.authority)

    def grpc_addresses(self) -> dict[str, str]:
        """Every gRPC address of the file by key."""
        raise NotImplementedError


class _Service(_Speaker):
    run: RunTable = RunTable()


class EmulatorListen(_Table):
    """``o1``: empty where it is served on the port of ``e2``."""

    e2: HostPort
    o1: OptionalHostPort = ""
    http: OptionalHostPort = ""


class EmulatorConfig(_Service):
    listen: EmulatorListen

    def grpc_addresses(self) -> dict[str, str]:
        o1 = {"listen.o1": self.listen.o1} if self.listen.o1 else {}
        return {"listen.e2": self.listen.e2, **o1}


class XappListen(_Table):
    a1: HostPort
    http: OptionalHostPort = ""


class XappConnect(_Table):
    e2: HostPort


class XappConfig(_Service):
    listen: XappListen
    connect: XappConnect
    state: StateTable

    def grpc_addresses(self) -> dict[str, str]:
        return {"listen.a1": self.listen.a1, "connect.e2": self.connect.e2}


class RappListen(_Table):
    http: OptionalHostPort = ""


class RappConnect(_Table):
    o1: HostPort
    a1: HostPort


class WorkersTable(_Table):
    """Where the clusters of a large network are planned: ``processes`` of this machine (0: one for each core), or the
    Dask cluster whose scheduler is at ``dask``."""

    processes: int = Field(default=0, ge=0, le=1024)
    dask: str = ""


class RappConfig(_Service):
    listen: RappListen = RappListen()
    connect: RappConnect
    state: StateTable
    workers: WorkersTable = WorkersTable()

    def grpc_addresses(self) -> dict[str, str]:
        return {"connect.o1": self.connect.o1, "connect.a1": self.connect.a1}


class WebListen(_Table):
    """``http``: the page and health. ``names``: host names that it goes by besides localhost and addresses in
    digits."""

    http: HostPort
    names: HostNames = ()


class WebConnect(_Table):
    """``o1``: the emulator whose run is watched; empty where recorded runs are all there is to see."""

    o1: OptionalHostPort = ""


class RunsTable(_Table):
    """``dir``: a run directory, or a directory of run directories, to replay. ``live``: where the run that is watched
    is recorded, for the reasons of its plans."""

    dir: OptionalDirectory = None
    live: OptionalFilePath = None


class WebConfig(_Speaker):
    listen: WebListen
    connect: WebConnect = WebConnect()
    runs: RunsTable = RunsTable()

    @model_validator(mode="after")
    def _has_something_to_show(self) -> WebConfig:
        if not self.connect.o1 and self.runs.dir is None:
            raise ValueError("connect.o1, runs.dir: give at least one of them, or there is nothing to show")
        return self

    def grpc_addresses(self) -> dict[str, str]:
        return {"connect.o1": self.connect.o1} if self.connect.o1 else {}


Config = TypeVar("Config", EmulatorConfig, XappConfig, RappConfig, WebConfig)


def read_config(path: Path, kind: type[Config], environment: Mapping[str, str] | None = None) -> Config:
    """The configuration in ``path``, over it what the ``environment`` (None: the process's) says.

    ConfigError: no such file, no TOML, an unknown, missing or bad key.
    """
    said = os.environ if environment is None else environment
    try:
        tables = overridden(tomllib.loads(path.read_text(encoding="utf-8")), said, kind)
        config = kind.model_validate(tables, context={"folder": path.parent})
        _check_security(config)
    except OSError as error:
        raise ConfigError(f"{error.filename or path}: {error.strerror}") from error
    except ValidationError as error:
        raise ConfigError(first_fault(error, path, said)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TlsError) as error:
        raise ConfigError(f"{path}: {error}") from None
    return config


def _check_security(config: _Speaker) -> None:
    """TlsError: neither or both of TLS and plaintext, a missing file, or plaintext beyond loopback."""
    if config.tls is None and not config.security.plaintext and config.grpc_addresses():
        raise TlsError("security: give [tls], or plaintext = true for loopback addresses")
    if config.tls is None:
        for key, address in config.grpc_addresses().items():
            _check_loopback(key, address)
        return
    if config.security.plaintext:
        raise TlsError("security.plaintext: is true while there is [tls]")
    for key in ("certificate", "key", "authority"):
        if not getattr(config.tls, key).is_file():
            raise TlsError(f"tls.{key}: no such file {getattr(config.tls, key)}")


def _check_loopback(key: str, address: str) -> None:
    try:
        Plaintext().check(parse_address(address))
    except TlsError as error:
        raise TlsError(f"{key}: {error}") from None
