"""``gridran/Outage-v0``: the outage as a Gymnasium environment, so that a slow loop can be learned.

One step is one plan period (15 min). The agent stands where a planner stands: its action is a cooperation mode per
site, from which ``rapp.linking`` makes a plan that holds the link rules. Everything else is the product: the rApp's
forecast and price, the xApp's dispatcher every 30 s, and the emulated world, by the same functions as in a run.
Importing this module registers the environment; it needs the extra ``learn``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from emulator.world import observe
from gridran.lost import critical_availability_frac, failing_for_h, is_lost
from gridran.outcome import Feasible, Outcome
from gridran.scenario.loader import load_override, load_scenario
from gridran.strategies import strategy_named
from gridran.types import FloatArray, Network, SiteMode, StepOutcome
from rapp.core import planned_by
from rapp.linking import linked_plan
from rapp.plan import Plan, PlanProblem
from rapp.safe_plan import NOTHING_PROVEN
from studies.trial import Play, begin, next_period, periods_per_plan

ENV_ID = "gridran/Outage-v0"
Action = npt.NDArray[np.integer[Any]]
Observation = dict[str, Any]
_EPSILON_H = 1e-9


class OutageEnv(gymnasium.Env[Observation, Action]):
    """An outage of ``scenario`` under ``load``, for at most ``hours_h``; ``strategy`` gives dispatcher and price rule.

    Action [N]: the wished ``SiteMode`` per site; what became of it is ``info["mode"]``.
    Observation: see ``observation_space_of``. Reward: ``satisfaction_frac``, mean over the periods of the step.
    Terminated when the network is lost (half an hour below 50 % critical availability), truncated at ``hours_h``.
    ``reset(seed=n)`` begins the world of ``gridran run --seed n``; without a seed the next one is drawn.
    ScenarioError, PluginError, ValueError: scenario, load, strategy or ``hours_h`` cannot be used.
    """

    def __init__(
        self, scenario: str = "paper", load: str = "medium", hours_h: float = 24.0, strategy: str = "msrc"
    ) -> None:
        if not hours_h > 0.0:
            raise ValueError(f"hours_h must be above 0, not {hours_h}")
        self._scenario = load_scenario(scenario, load_override(load))
        self._strategy = strategy_named(strategy)
        self._hours_h = hours_h
        self._class_weight = np.array(self._scenario.traffic.class_weight)
        self._play: Play | None = None
        self._failing_h = 0.0
        network = self._scenario.network
        self.action_space = spaces.MultiDiscrete([len(SiteMode)] * network.site_count)
        self.observation_space = observation_space_of(network)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Time 0: batteries at their initial charge, every site normal. ``options`` are ignored."""
        super().reset(seed=seed, options=options)
        world_seed = int(self.np_random.integers(2**31)) if seed is None else seed
        self._play = begin(self._scenario, self._strategy, world_seed)
        self._failing_h = 0.0
        return _observation(self._play, []), {"mode": self._play.world.mode}

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """One plan period under the modes ``action``; shorter where the episode ends in it."""
        if self._play is None:
            raise gymnasium.error.ResetNeeded("call reset before step")
        if not self.action_space.contains(action):
            raise ValueError(f"action must be {self._scenario.network.site_count} modes from 0 to {len(SiteMode) - 1}")
        play = replace(self._play, slow=planned_by(self._play.slow, _Wish(action)))
        outcomes: list[StepOutcome] = []
        while len(outcomes) < periods_per_plan(self._scenario) and not self._over(play):
            play, period = next_period(play)
            outcomes.append(period.outcome)
            self._failing_h = failing_for_h(self._failing_h, period.outcome)
        self._play = play
        reward = float(np.mean([satisfaction_frac(o, self._class_weight) for o in outcomes])) if outcomes else 0.0
        lost = is_lost(self._failing_h)
        return _observation(play, outcomes), reward, lost, not lost and self._over(play), {"mode": play.world.mode}

    def _over(self, play: Play) -> bool:
        return is_lost(self._failing_h) or play.world.time_h >= self._hours_h - _EPSILON_H


class _Wish:
    """The planner that wants the modes of an action."""

    def __init__(self, action: Action) -> None:
        self._mode = np.asarray(action, dtype=np.int64)

    def __call__(self, problem: PlanProblem) -> Outcome[Plan]:
        return Feasible(linked_plan(problem, self._mode), NOTHING_PROVEN)


def observation_space_of(network: Network) -> spaces.Dict:
    """What is seen at a plan boundary, float32, [N] but for ``time_h`` [1].

    ``soc_frac``; ``site_up`` 0 or 1; ``offered_mbps``: what the users of the site's own cell ask for now;
    ``served_frac``: the share of their demand that was served over the step before (1 at time 0); ``ev_connected``:
    cars; ``ev_usable_kwh``: what they could sell; ``time_h`` since the outage began.
    """

    def box(highest: float, size: int = network.site_count) -> spaces.Box:
        return spaces.Box(0.0, highest, (size,), np.float32)

    return spaces.Dict(
        {
            "soc_frac": box(1.0),
            "site_up": box(1.0),
            "offered_mbps": box(np.inf),
            "served_frac": box(1.0),
            "ev_connected": box(np.inf),
            "ev_usable_kwh": box(np.inf),
            "time_h": box(np.inf, 1),
        }
    )


def satisfaction_frac(outcome: StepOutcome, class_weight: FloatArray) -> float:
    """½·(Σ_u w_u·r_u/D_u) / Σ_u w_u + ½·critical availability, from 0 to 1, for ``class_weight`` [4].

    The first half rewards every user's share in the weights of (27), the second what survival is measured by.
    """
    weight = class_weight[outcome.service_class]
    asks = outcome.demand_mbps > 0.0
    share = np.divide(outcome.served_mbps, outcome.demand_mbps, out=np.ones_like(weight), where=asks)
    return float(0.5 * np.average(np.minimum(share, 1.0), weights=weight) + 0.5 * critical_availability_frac(outcome))


def _observation(play: Play, outcomes: list[StepOutcome]) -> Observation:
    """The observation at the start of ``play``'s next period, ``outcomes`` being those of the step before."""
    seen, count = observe(play.world), play.scenario.network.site_count
    fields = {
        "soc_frac": seen.soc_frac,
        "site_up": seen.site_up,
        "offered_mbps": np.bincount(seen.neighbour_site[:, 0], seen.demand_mbps, minlength=count),
        "served_frac": _served_frac(outcomes, count),
        "ev_connected": seen.ev_connected,
        "ev_usable_kwh": seen.ev_usable_kwh,
        "time_h": np.array([seen.time_h]),
    }
    return {name: np.asarray(values, dtype=np.float32) for name, values in fields.items()}


def _served_frac(outcomes: list[StepOutcome], count: int) -> FloatArray:
    served, asked = np.zeros(count), np.zeros(count)
    for o in outcomes:
        served += np.bincount(o.own_site, o.served_mbps, minlength=count)
        asked += np.bincount(o.own_site, o.demand_mbps, minlength=count)
    return np.minimum(np.divide(served, asked, out=np.ones(count), where=asked > 0.0), 1.0)


gymnasium.register(ENV_ID, entry_point="studies.gym_env:OutageEnv")
