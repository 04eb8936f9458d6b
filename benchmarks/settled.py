"""A world whose loads have settled: some periods of ``independent``, all carriers on."""

from __future__ import annotations

from emulator.state import World
from gridran.scenario.loader import load_scenario, with_load
from gridran.strategies import strategy_named
from gridran.types import Dispatch
from studies.trial import begin, next_period

PERIODS = 3


def settled(load: str = "medium", seed: int = 1) -> tuple[World, Dispatch]:
    """The paper's world after ``PERIODS`` periods, and the control that was in force."""
    play = begin(with_load(load_scenario("paper"), load), strategy_named("independent"), seed)
    for _ in range(PERIODS):
        play, period = next_period(play)
    if period.control is None:
        raise RuntimeError("the fast loop sent no control")
    return play.world, period.control
