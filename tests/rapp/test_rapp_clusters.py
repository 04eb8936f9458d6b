"""Large networks are planned cluster by cluster, by any planner, and the result is one lawful plan."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from emulator.world import initial, observe
from gridran.outcome import Feasible, Infeasible, Outcome
from gridran.runtime.workers import processes
from gridran.scenario.loader import load_scenario
from gridran.scenario.params import PlanningParams, Scenario, TrafficParams
from gridran.types import Forecast, SiteMode, Snapshot
from rapp.clusters import cut
from rapp.clusters.cut import view
from rapp.clusters.merge import with_links
from rapp.clusters.partition import clusters, partners
from rapp.clusters.planner import plan
from rapp.cooperation.pairing import Pairing
from rapp.links import violations
from rapp.plan import UNDECIDED, Plan, PlanProblem
from rapp.planners import lifetime, msrc
from rapp.safe_plan import safe_plan

MOST = 5


@pytest.fixture(name="large", scope="module")
def _large() -> PlanProblem:
    """19 sites, which are many where five are planned at once."""
    paper: Scenario = load_scenario("paper")
    scenario = replace(paper, traffic=TrafficParams(ue_count=200), planning=PlanningParams(demand_points=25))
    sites = scenario.network.site_count
    return PlanProblem(
        network=scenario.network,
        snapshot=observe(initial(scenario, 1)),
        forecast=Forecast(6.0, 0.25, np.ones((24, sites)), np.zeros(sites), np.zeros(sites)),
        previous=None,
        params=scenario.planning,
        price_usd_per_kwh=np.full(sites, 0.5),
        class_weight=np.array(scenario.traffic.class_weight),
    )


def value(outcome: Outcome[Plan]) -> Plan:
    assert isinstance(outcome, Feasible), outcome
    return outcome.value


@pytest.mark.parametrize("most", [1, 4, 5, 10, 19])
def test_every_site_has_one_cluster(large: PlanProblem, most: int) -> None:
    """Cores share out the network, none is larger than asked, and sizes differ by a factor of two at most."""
    found = clusters(large.network, most)
    cores = np.concatenate([cluster.core for cluster in found])
    assert sorted(cores.tolist()) == list(range(19))
    sizes = [len(cluster.core) for cluster in found]
    assert max(sizes) <= most
    assert max(sizes) <= 2 * min(sizes)


def test_clusters_of_one_colour_do_not_look_at_one_anothers_cores(large: PlanProblem) -> None:
    """So they can be planned at the same time; colours come one after another."""
    found = clusters(large.network, MOST)
    colours = [cluster.colour for cluster in found]
    assert colours == sorted(colours)
    assert len(set(colours)) > 1
    for one in found:
        assert set(one.core) <= set(one.sites)
        assert partners(large.network)[:, one.core].any(axis=1).nonzero()[0].tolist() == one.sites.tolist()
        for other in found:
            if other is not one and other.colour == one.colour:
                assert not set(one.sites) & set(other.core)


def test_a_small_network_is_planned_at_once(large: PlanProblem) -> None:
    """Up to twice the size of a cluster the planner gets the problem itself."""
    asked = []

    def planner(problem: PlanProblem) -> Outcome[Plan]:
        asked.append(problem)
        return Feasible(safe_plan(problem.network, problem.snapshot), 0.0)

    plan(large, planner, 10)
    assert len(asked) == 1
    assert asked[0] is large


def test_a_cluster_sees_its_own_users_and_sites(large: PlanProblem) -> None:
    """Users whose own cell is in sight, with what they measured of the sites in sight, own cell first."""
    cluster = clusters(large.network, MOST)[0]
    seen = view(large, cluster, np.full(19, UNDECIDED), None, MOST)
    snapshot, whole = seen.problem.snapshot, large.snapshot
    users = np.flatnonzero(np.isin(whole.neighbour_site[:, 0], cluster.sites))
    assert snapshot.ue_id.tolist() == whole.ue_id[users].tolist()
    assert seen.sites[snapshot.neighbour_site[:, 0]].tolist() == whole.neighbour_site[users, 0].tolist()
    for row, user in enumerate(users):
        for column, site in enumerate(seen.sites[snapshot.neighbour_site[row]]):
            there = np.flatnonzero(whole.neighbour_site[user] == site)[0]
            assert snapshot.gain_db[row, column].tolist() == whole.gain_db[user, there].tolist()


def test_what_is_awake_beyond_is_in_sight(large: PlanProblem) -> None:
    """A site that was decided to be awake and could serve users of the cluster counts, with power of its own; its users
    do not."""
    cluster = clusters(large.network, MOST)[0]
    outside = np.setdiff1d(np.flatnonzero(partners(large.network)[:, cluster.sites].any(axis=1)), cluster.sites)
    decided = np.full(19, UNDECIDED)
    decided[outside[0]] = SiteMode.HELPING
    decided[outside[1]] = SiteMode.DEEP_SLEEP
    seen = view(large, cluster, decided, None, MOST)
    assert seen.sites.tolist() == [*cluster.sites.tolist(), outside[0]]
    assert seen.problem.snapshot.grid_up.tolist() == [False] * len(cluster.sites) + [True]
    assert seen.problem.snapshot.neighbour_site[:, 0].max() < len(cluster.sites)


@pytest.mark.parametrize("planner", [lifetime.plan, msrc.plan])
def test_the_plan_of_clusters_is_lawful(large: PlanProblem, planner) -> None:
    """All rules of cooperation hold, some sites sleep, every carrier and share is within its bounds, and the next plan
    starts from this one."""
    alive = large.snapshot.site_up
    first = value(plan(large, planner, MOST))
    assert violations(large.network, first, alive) == ()
    assert (first.mode == SiteMode.DEEP_SLEEP).sum() >= 3
    assert first.mean_power_kw.shape == (19,)
    again = value(plan(replace(large, previous=first), planner, MOST))
    assert violations(large.network, again, alive) == ()
    assert len(first.kept_by_cluster) == len(clusters(large.network, MOST))


def test_what_is_decided_stands(large: PlanProblem) -> None:
    """Neither planner wakes a site that others let sleep, or lets one sleep that they keep awake."""
    problem = replace(large, decided_mode=np.full(19, UNDECIDED))
    free = value(lifetime.plan(problem))
    asleep = np.flatnonzero(free.mode == SiteMode.DEEP_SLEEP)
    awake = np.flatnonzero(free.mode != SiteMode.DEEP_SLEEP)
    decided = np.full(19, UNDECIDED)
    decided[asleep[0]], decided[awake[0]] = SiteMode.NORMAL, SiteMode.DEEP_SLEEP
    for planner in (lifetime.plan, msrc.plan):
        found = planner(replace(large, decided_mode=decided))
        assert found.value.mode[asleep[0]] != SiteMode.DEEP_SLEEP
        assert found.value.mode[awake[0]] == SiteMode.DEEP_SLEEP


def test_a_cluster_without_a_plan_stays_awake(large: PlanProblem) -> None:
    """One failure leaves the sites of that core normal; nothing but failures is a failure."""
    calls = 0

    def fails_once(problem: PlanProblem) -> Outcome[Plan]:
        nonlocal calls
        calls += 1
        return Infeasible("no") if calls == 1 else lifetime.plan(problem)

    first = clusters(large.network, MOST)[0].core
    found = value(plan(large, fails_once, MOST))
    assert (found.mode[first] != SiteMode.DEEP_SLEEP).all()
    assert (found.mode == SiteMode.DEEP_SLEEP).any()
    assert plan(large, lambda _: Infeasible("never"), MOST) == Infeasible("never")


def test_who_cannot_be_helped_wakes(large: PlanProblem) -> None:
    """With everybody but one asleep only the few whom that one may help stay so."""
    network = large.network
    mode = np.full(19, int(SiteMode.DEEP_SLEEP))
    mode[9] = SiteMode.NORMAL
    alive = np.ones(19, dtype=np.bool_)
    mode, links = with_links(Pairing(network, ~alive), mode, alive)
    asleep = np.flatnonzero(mode == SiteMode.DEEP_SLEEP)
    assert set(asleep) == {sleeper for _, sleeper in links if mode[sleeper] == SiteMode.DEEP_SLEEP}
    assert 0 < asleep.size < 18


@pytest.mark.parametrize("links", ["chosen", "literal"])
def test_links_of_a_large_network_take_no_search_of_everything(links: str) -> None:
    """271 sites, half of them asleep at random, some dead: who keeps sleeping has links within every limit, and most
    do."""
    network = load_scenario("paper", {"sites.rings": 9, "traffic.ue_count": 10, "cooperation.links": links}).network
    rng = np.random.default_rng(1)
    alive = rng.random(network.site_count) > 0.03
    wanted = rng.random(network.site_count) < (0.5 if links == "chosen" else 0.3)
    mode, found = with_links(Pairing(network, ~alive), np.where(wanted, 3, 0), alive)
    awake = mode != SiteMode.DEEP_SLEEP
    band_on = np.repeat(awake[:, None], network.band_count, axis=1)
    whole = Plan(mode, tuple(found), band_on, np.zeros(network.site_count), 0.0, 0.0)
    assert violations(network, whole, alive) == ()
    asleep = (~awake & alive).sum()
    assert asleep > (0.9 if links == "chosen" else 0.3) * (wanted & alive).sum()


def test_every_field_of_a_report_is_cut_to_the_view() -> None:
    """A field that comes to ``Snapshot`` later is of sites or of users, and must be cut like the others; only the
    period and the time are the network's own."""
    of_links = {"serving_site", "neighbour_site", "gain_db"}
    known = {*cut._OF_SITES, *cut._OF_USERS, *of_links, "period", "time_h"}
    assert {field.name for field in fields(Snapshot)} == known


def test_other_processes_plan_the_same(large: PlanProblem) -> None:
    """Clusters of one colour planned by another process give the plan that this one makes alone."""
    with processes(1, ("rapp.planners",)) as pool:
        there = value(plan(large, lifetime.plan, MOST, pool.map))
    here = value(plan(large, lifetime.plan, MOST))
    assert there.links == here.links
    for name in ("mode", "band_on", "mean_power_kw", "availability_frac"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
