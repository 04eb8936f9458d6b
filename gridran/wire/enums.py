"""Enums by name in the shared vocabulary, by number on the wire: one pair of tables each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from gridran.types import DispatchTier, PlanTier
from gridran.wire.errors import WireError
from gridran.wire.v1 import a1_policy_pb2 as a1
from gridran.wire.v1 import e2_pb2 as e2

Name = TypeVar("Name", bound=StrEnum)

PLAN_TIER: dict[PlanTier, a1.PlanTier.ValueType] = {
    PlanTier.OPTIMAL: a1.PLAN_TIER_OPTIMAL,
    PlanTier.FEASIBLE: a1.PLAN_TIER_FEASIBLE,
    PlanTier.RULE: a1.PLAN_TIER_RULE,
    PlanTier.LAST_GOOD: a1.PLAN_TIER_LAST_GOOD,
    PlanTier.SAFE: a1.PLAN_TIER_SAFE,
}
DISPATCH_TIER: dict[DispatchTier, e2.DispatchTier.ValueType] = {
    DispatchTier.EXACT: e2.DISPATCH_TIER_EXACT,
    DispatchTier.RESTRICTED: e2.DISPATCH_TIER_RESTRICTED,
    DispatchTier.MAX_SINR: e2.DISPATCH_TIER_MAX_SINR,
}


def named(table: Mapping[Name, int], value: int, path: str) -> Name:
    """The name of a wire value."""
    for name, number in table.items():
        if number == value:
            return name
    raise WireError(path, f"{value} is none of {', '.join(f'{number} ({name})' for name, number in table.items())}")
