"""Structured logs on stderr: for people on a console, or one JSON object a line."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog

FORMATS = ("console", "json")
LEVELS = ("debug", "info", "warning", "error")


def configure_logs(service: str, form: str = "console", level: str = "info", stream: TextIO | None = None) -> None:
    """From now on every log line of this process says ``service``. ValueError: an unknown form or level."""
    if form not in FORMATS or level not in LEVELS:
        raise ValueError(f"log format {form!r} and level {level!r}: choose from {FORMATS} and {LEVELS}")
    out = stream or sys.stderr
    structlog.reset_defaults()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _says(service),
            *_rendering(form, out),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )


def get_log(**fields: object) -> Any:
    """A logger; ``fields`` are in every line it writes: ``log.info("policy accepted", policy_id=...)``."""
    return structlog.get_logger(**fields)


def _says(service: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {"service": service, **event}

    return add


def _rendering(form: str, out: TextIO) -> list[structlog.typing.Processor]:
    if form == "json":
        return [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=out.isatty())]
