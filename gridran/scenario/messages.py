"""Turns pydantic's findings into sentences that say what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from gridran.scenario.locator import Path
from gridran.scenario.problem import did_you_mean

_Words = Callable[[Any, Mapping[str, Any]], str]


def shown(value: Any) -> str:
    """A value as the author of a TOML file would know it."""
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _not_a(kind: str) -> _Words:
    return lambda value, _: f"{shown(value)} is not {kind}; write {kind}"


def _beyond(words: str, limit: str) -> _Words:
    return lambda value, context: f"{shown(value)} is out of range; it must be {words} {context[limit]:g}"


_WORDS: dict[str, _Words] = {
    "float_type": _not_a("a number"),
    "float_parsing": _not_a("a number"),
    "int_type": _not_a("a whole number"),
    "int_from_float": _not_a("a whole number"),
    "string_type": _not_a("a text in quotes"),
    "bool_type": _not_a("true or false"),
    "tuple_type": _not_a("a list in brackets"),
    "list_type": _not_a("a list"),
    "value_error": _not_a("a date and time such as 2019-05-01T18:00:00"),
    "datetime_type": _not_a("a date and time such as 2019-05-01T18:00:00"),
    "model_type": _not_a("a table"),
    "model_attributes_type": _not_a("a table"),
    "finite_number": lambda value, _: f"{shown(value)} is not a finite number; write one",
    "missing": lambda _, __: "is missing; add it",
    "too_short": lambda value, context: f"has {len(value)} values; give at least {context['min_length']}",
    "too_long": lambda value, context: f"has {len(value)} values; give at most {context['max_length']}",
    "string_too_short": lambda _, __: "is empty; give it a name",
    "greater_than": _beyond("above", "gt"),
    "greater_than_equal": _beyond("at least", "ge"),
    "less_than": _beyond("below", "lt"),
    "less_than_equal": _beyond("at most", "le"),
}


def sentence(error: Mapping[str, Any], known: tuple[str, ...]) -> str:
    """One pydantic error as a sentence; ``known`` are the keys that would have been understood at its place."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key, correct or remove it; {did_you_mean(str(error['loc'][-1]), known)}"
    if kind == "literal_error":
        choices = [word.strip("' ") for word in context["expected"].replace(" or ", ",").split(",")]
        hint = did_you_mean(str(value), choices) if difflib.get_close_matches(str(value), choices) else ""
        return " ".join(f"{shown(value)} is not a choice; {hint} choose one of: {', '.join(choices)}".split())
    if _is_short_list(error):
        return f"has only {len(value)} values; add the missing ones"
    words = _WORDS.get(kind)
    return words(value, context) if words else f"{error['msg']}, not {shown(value)}"


def place(error: Mapping[str, Any]) -> Path:
    """Where the error is; a value missing from a fixed-length list belongs to the list."""
    path: Path = tuple(error["loc"])
    return path[:-1] if _is_short_list(error) else path


def _is_short_list(error: Mapping[str, Any]) -> bool:
    return error["type"] == "missing" and isinstance(error["loc"][-1], int)
