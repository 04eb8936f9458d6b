"""What the node says about itself in E2 SETUP and O1 Describe."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gridran.scenario.params import Scenario
from gridran.units import min_to_h
from gridran.wire.convert import network_to_proto
from gridran.wire.v1 import common_pb2 as pb
from gridran.wire.v1 import e2_pb2 as e2
from gridran.wire.v1 import o1_telemetry_pb2 as o1

RAN_FUNCTIONS = (
    e2.RanFunction(
        ran_function_id=2, name="ORAN-E2SM-KPM", revision=3, description="measurements of sites, cells, users"
    ),
    e2.RanFunction(
        ran_function_id=3, name="ORAN-E2SM-RC", revision=1, description="handover control, style 3 action 1"
    ),
    e2.RanFunction(ran_function_id=4, name="ORAN-E2SM-CCC", revision=3, description="energy saving of cells"),
    e2.RanFunction(ran_function_id=20260, name="GRIDRAN-E2SM-ENERGY", revision=1, description="batteries and V2G"),
)


@dataclass(frozen=True)
class Node:
    """``node_id`` is new with every run: what a peer remembers of another run does not hold here."""

    node_id: str
    scenario: Scenario
    speed: float

    @property
    def dt_h(self) -> float:
        """Length of a period."""
        return self.scenario.time.period_s / 3600.0

    @property
    def periods_per_plan(self) -> int:
        """Periods from one planning boundary to the next."""
        return max(1, round(min_to_h(self.scenario.time.plan_period_min) / self.dt_h))

    def setup(self) -> e2.SetupResponse:
        """The answer to an E2 SETUP."""
        return e2.SetupResponse(
            e2_node_id=self.node_id,
            scenario=self.scenario.name,
            network=self._network,
            user_count=self.scenario.traffic.ue_count,
            clock=self._clock,
            ran_functions=RAN_FUNCTIONS,
        )

    def description(self) -> o1.DescribeResponse:
        """The answer to O1 Describe."""
        return o1.DescribeResponse(
            managed_element=self.node_id,
            scenario=self.scenario.name,
            network=self._network,
            user_count=self.scenario.traffic.ue_count,
            clock=self._clock,
        )

    @cached_property
    def _network(self) -> pb.Network:
        return network_to_proto(self.scenario.network)

    @cached_property
    def _clock(self) -> pb.Clock:
        modes = {0.0: pb.CLOCK_MODE_LOCKSTEP, 1.0: pb.CLOCK_MODE_WALL}
        return pb.Clock(
            mode=modes.get(self.speed, pb.CLOCK_MODE_SCALED),
            speed=self.speed,
            period_s=self.scenario.time.period_s,
            periods_per_plan=self.periods_per_plan,
        )
