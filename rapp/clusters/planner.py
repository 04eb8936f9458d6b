"""A planner for networks of any size, out of one for small ones.

Theory of operation. A plan's cost grows much faster than the network, and what a site does matters to those around it
alone. So the network is cut into clusters that overlap: each plans its core of up to twenty sites together with the
nearest that those can help or be helped by. Clusters that do not look at one another's cores have one colour and are
planned at the same time; then what they have decided, and whom they count on as a helper, is a fact for the next
colour. There are three to five colours, whatever the size of the network, so its plan takes time in proportion to its
sites, and less with more processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby

import numpy as np

from gridran.outcome import Feasible, Infeasible, Optimal, Outcome
from gridran.types import IntArray, SiteMode
from rapp.clusters.cut import View, view
from rapp.clusters.merge import merged
from rapp.clusters.partition import clusters
from rapp.plan import UNDECIDED, Plan, PlanProblem
from rapp.safe_plan import safe_plan

Planner = Callable[[PlanProblem], Outcome[Plan]]
Each = Callable[[Planner, Iterable[PlanProblem]], Iterable[Outcome[Plan]]]
"""As ``map``: the planner's outcome for each problem, in order; the map of an executor does it at the same time."""


def plan(problem: PlanProblem, planner: Planner, most_sites: int, each: Each = map) -> Outcome[Plan]:
    """What ``planner`` plans for ``problem``: at once up to twice ``most_sites`` sites, cluster by cluster beyond. A
    cluster without a plan keeps its sites awake; the first one's failure where none has one."""
    alive = problem.snapshot.site_up | problem.snapshot.grid_up
    if problem.network.site_count <= 2 * most_sites or not alive.any():
        return planner(problem)
    parts = clusters(problem.network, most_sites)
    kept = problem.previous.kept_by_cluster if problem.previous is not None else ()
    remembered = dict(zip(parts, kept if len(kept) == len(parts) else [None] * len(parts), strict=True))
    decided_mode = np.where(alive, UNDECIDED, int(SiteMode.DEEP_SLEEP))
    plans: list[tuple[View, Plan]] = []
    failed: list[Outcome[Plan]] = []
    for _, same in groupby(parts, key=lambda cluster: cluster.colour):
        views = [view(problem, cluster, decided_mode, remembered[cluster], most_sites) for cluster in same]
        outcomes = each(partial(_guarded, planner), [one.problem for one in views])
        for seen, outcome in zip(views, outcomes, strict=True):
            match outcome:
                case Optimal(found, _) | Feasible(found, _):
                    plans.append((seen, found))
                case _:
                    failed.append(outcome)
                    plans.append((seen, safe_plan(seen.problem.network, seen.problem.snapshot)))
            _decide(decided_mode, *plans[-1])
    if len(failed) == len(parts):
        return failed[0]
    return Feasible(merged(problem, plans, decided_mode), float("nan"))


def _guarded(planner: Planner, problem: PlanProblem) -> Outcome[Plan]:
    """A planner that raises has failed for its cluster, not for all."""
    try:
        return planner(problem)
    except Exception as error:  # as in the core: a planner's bug is a failed solve
        return Infeasible(f"the planner raised {type(error).__name__}: {error}")


def _decide(decided_mode: IntArray, seen: View, found: Plan) -> None:
    """What ``found`` settles for the clusters that come later: its core, but for the sites that another cluster counts
    on, and the helpers outside that it counts on itself."""
    inside = np.isin(seen.sites, seen.cluster.core)
    open_sites = inside & (decided_mode[seen.sites] == UNDECIDED)
    decided_mode[seen.sites[open_sites]] = found.mode[open_sites]
    for helper, assisted in found.links:
        if inside[assisted] and decided_mode[seen.sites[helper]] == UNDECIDED:
            decided_mode[seen.sites[helper]] = int(SiteMode.HELPING)
