"""Sparse rows of a linear model, gathered as arrays and handed to HiGHS in one piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from gridran.types import FloatArray, IntArray

Index = npt.NDArray[np.signedinteger[Any]]
Term = tuple[Index, Index, FloatArray | float]


@dataclass
class Rows:
    """A growing block of rows ``lower <= A·x <= upper``."""

    columns: int
    _row: list[IntArray] = field(default_factory=list)
    _column: list[IntArray] = field(default_factory=list)
    _value: list[FloatArray] = field(default_factory=list)
    _lower: list[FloatArray] = field(default_factory=list)
    _upper: list[FloatArray] = field(default_factory=list)
    count: int = 0

    def add(
        self,
        terms: Sequence[Term],
        lower: FloatArray | float,
        upper: FloatArray | float,
        rows: int,
    ) -> None:
        """Append ``rows`` rows. Each term is (row within the block, column, value), broadcast together."""
        for row, column, value in terms:
            r, c, v = np.broadcast_arrays(row, column, np.asarray(value, dtype=np.float64))
            self._row.append(r.ravel().astype(np.int64) + self.count)
            self._column.append(c.ravel().astype(np.int64))
            self._value.append(v.ravel())
        self._lower.append(np.broadcast_to(np.asarray(lower, dtype=np.float64), (rows,)))
        self._upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), (rows,)))
        self.count += rows

    def matrix(self) -> tuple[sp.csr_matrix, FloatArray, FloatArray]:
        """The rows as (A, lower, upper); entries of the same row and column are summed."""
        shape = (self.count, self.columns)
        if not self._row:
            return sp.csr_matrix(shape), np.zeros(0), np.zeros(0)
        entries = (np.concatenate(self._value), (np.concatenate(self._row), np.concatenate(self._column)))
        return sp.csr_matrix(entries, shape=shape), np.concatenate(self._lower), np.concatenate(self._upper)
