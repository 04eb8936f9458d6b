"""Columns of a CSV file, as small as they can be kept: eight bytes for a number, one copy of every text."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TextIO

import numpy as np

from gridran.types import FloatArray

TEXTS = frozenset({"site_id", "mode", "strategy", "policy_id"})
_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Columns:
    """Columns by name, all of one length: ``texts``, those named in ``TEXTS``, and ``numbers``."""

    numbers: dict[str, FloatArray] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Rows; none where there is no column."""
        return max((len(column) for columns in (self.numbers, self.texts) for column in columns.values()), default=0)

    def head(self, rows: int) -> Columns:
        """The first ``rows``."""
        return Columns(
            {name: column[:rows] for name, column in self.numbers.items()},
            {name: column[:rows] for name, column in self.texts.items()},
        )


def read_columns(file: TextIO) -> Columns:
    """What is in a CSV file with a header, without a torn last line. ValueError or csv.Error where it is damaged."""
    rows = csv.reader(line for line in file if line.endswith("\n"))
    names = next(rows, [])
    parts: dict[str, list[FloatArray]] = {name: [] for name in names if name not in TEXTS}
    texts: dict[str, list[str]] = {name: [] for name in names if name in TEXTS}
    for some in _chunks(rows):
        for name, values in zip(names, zip(*some, strict=True), strict=True):
            if name in TEXTS:
                texts[name].extend(map(sys.intern, values))
            else:
                parts[name].append(np.array(values, dtype=np.float64))
    return Columns({name: np.concatenate([np.zeros(0), *some]) for name, some in parts.items()}, texts)


def _chunks(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        yield some
