"""Messages with one row for every site, band or class: which row is whose, and their fields as columns.

Rows may come in any order. Each thing must have exactly one; an unknown, second or missing one is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from gridran.wire import checks
from gridran.wire.errors import WireError

Row = TypeVar("Row")


@dataclass(frozen=True)
class Rows(Generic[Row]):
    """``messages`` as they came under ``path``; ``place`` [n]: the row of each thing, in the network's order."""

    messages: Sequence[Row]
    place: IntArray
    path: str

    def numbers(self, field: str, allowed: checks.Range) -> FloatArray:
        """A number of every row, in the network's order."""
        values = np.array([getattr(row, field) for row in self.messages], dtype=np.float64)
        return checks.numbers(values, lambda i: f"{self.path}[{i}].{field}", allowed)[self.place]

    def counts(self, field: str) -> IntArray:
        return np.array([getattr(row, field) for row in self.messages], dtype=np.int64)[self.place]

    def flags(self, field: str) -> BoolArray:
        return np.array([getattr(row, field) for row in self.messages], dtype=np.bool_)[self.place]

    def enums(self, field: str, expected: type[IntEnum]) -> IntArray:
        """An enum of every row as values of ``expected``, see ``checks.enum_values``."""
        values = [getattr(row, field) for row in self.messages]
        return checks.enum_values(values, expected, lambda i: f"{self.path}[{i}].{field}")[self.place]

    def choices(self, field: str, known: Sequence[int]) -> IntArray:
        """An enum of every row as its wire value, which must be one of ``known``."""
        values = [getattr(row, field) for row in self.messages]
        for i, value in enumerate(values):
            if value not in known:
                raise WireError(f"{self.path}[{i}].{field}", f"{value} is none of {', '.join(map(str, known))}")
        return np.array(values, dtype=np.int64)[self.place]

    def ordered(self) -> list[tuple[Row, str]]:
        """Every row with its path, in the network's order."""
        return [(self.messages[i], f"{self.path}[{i}]") for i in self.place.tolist()]


def rows_of(messages: Sequence[Row], key: str, known: Sequence[object], path: str, what: str) -> Rows[Row]:
    """One row of ``messages`` for each of ``known``, told apart by the field ``key``; ``what`` is for the message."""
    place: dict[object, int] = {}
    for i, row in enumerate(messages):
        name = getattr(row, key)
        if name not in known:
            raise WireError(f"{path}[{i}].{key}", f"unknown {what} {name!r}")
        if name in place:
            raise WireError(f"{path}[{i}].{key}", f"{what} {name!r} has a row already")
        place[name] = i
    missing = [name for name in known if name not in place]
    if missing:
        raise WireError(path, f"{what} {missing[0]!r} has no row")
    return Rows(messages, np.array([place[name] for name in known], dtype=np.int64), path)
