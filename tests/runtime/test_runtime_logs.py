"""Structured logs."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from gridran.runtime.logs import configure_logs, get_log


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    """Leaves structlog as it was."""
    yield
    structlog.reset_defaults()


def test_json_line_has_service_level_time_and_fields() -> None:
    """One JSON object a line, with everything that a log collector needs."""
    out = io.StringIO()
    configure_logs("xapp", "json", stream=out)
    get_log(site="site-3").warning("control rejected", period=7)
    line = json.loads(out.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"service": "xapp", "level": "warning", "event": "control rejected", "period": 7, "site": "site-3"}


def test_console_line_is_for_people() -> None:
    """On a console the event and its fields are readable, and no colour codes go into a file."""
    out = io.StringIO()
    configure_logs("rapp", stream=out)
    get_log().info("policy put", policy_id="p-1")
    assert "policy put" in out.getvalue()
    assert "policy_id=p-1" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_lines_below_the_level_are_left_out() -> None:
    """At level warning an info line is not written."""
    out = io.StringIO()
    configure_logs("rapp", "json", "warning", out)
    get_log().info("small talk")
    assert out.getvalue() == ""


def test_error_keeps_its_traceback() -> None:
    """A logged exception is in the JSON line with its type."""
    out = io.StringIO()
    configure_logs("rapp", "json", stream=out)
    try:
        raise ValueError("no plan")
    except ValueError:
        get_log().exception("failed")
    assert json.loads(out.getvalue())["exception"][0]["exc_type"] == "ValueError"


@pytest.mark.parametrize(("form", "level"), [("xml", "info"), ("json", "loud")])
def test_unknown_format_or_level_is_refused(form: str, level: str) -> None:
    """Neither is guessed."""
    with pytest.raises(ValueError, match="choose from"):
        configure_logs("rapp", form, level)
