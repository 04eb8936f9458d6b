"""What a solve can end as: a tagged union, so that no caller can mistake a failure for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Optimal(Generic[T]):
    """Proven within the requested gap (``gap_frac``, relative)."""

    value: T
    gap_frac: float


@dataclass(frozen=True, slots=True)
class Feasible(Generic[T]):
    """An answer that holds all constraints, its distance from the best known only up to ``gap_frac``."""

    value: T
    gap_frac: float


@dataclass(frozen=True, slots=True)
class Infeasible:
    """No answer exists; ``why`` names the binding sites or constraints."""

    why: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The budget ended before any answer was found."""

    why: str


Outcome = Optimal[T] | Feasible[T] | Infeasible | TimedOut
