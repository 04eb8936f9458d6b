"""What a dispatcher is asked: one period's report under one policy, with the strategy's rules."""

from __future__ import annotations

from dataclasses import dataclass

from gridran.scenario.params import ControlParams
from gridran.types import Dispatch, Network, Policy, Snapshot


@dataclass(frozen=True)
class DispatchTask:
    """``association``: "own-cell" or "cooperative"; ``band_rule``: "all-on" or "least-power" (SPEC 6). ``period_h`` is
    how long the control will hold; ``previous`` the last control, None before the first. ``policy`` is as it stands at
    the report's time; ``slot_begins``: one of its time-slots began since ``previous``."""

    network: Network
    snapshot: Snapshot
    policy: Policy
    association: str
    band_rule: str
    control: ControlParams
    period_h: float
    previous: Dispatch | None
    slot_begins: bool = False
