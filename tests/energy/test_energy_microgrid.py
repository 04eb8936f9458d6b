"""Cables between sites: energy is conserved, limits hold, near neighbours come first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridran.energy import microgrid
from gridran.energy.microgrid import Cables
from gridran.types import Network, Site

SITES = 6
POWERS = arrays(float, SITES, elements=st.one_of(st.just(0.0), st.floats(0.01, 20.0)))
TOPOLOGIES = st.sampled_from(["bus", "star", "none"])


def chain(topology: str, limit_kw: float = 100.0, loss: float = 0.2, sites: int = 3, step_m: float = 1000.0) -> Cables:
    network = Network(tuple(Site(str(k), k * step_m, 0.0) for k in range(sites)), ())
    return microgrid.cables(network, topology, limit_kw, loss)


def test_efficiency_multiplies_along_a_bus() -> None:
    """At 0.8 a cable of 1 km, |i − j| cables keep 0.8^|i−j|, the microgrid paper's law for the bus."""
    kept = chain("bus").path_efficiency_frac
    np.testing.assert_allclose(kept, [[1.0, 0.8, 0.64], [0.8, 1.0, 0.8], [0.64, 0.8, 1.0]])


def test_a_star_passes_through_site_0() -> None:
    """Two outer sites of a star are two cables apart, each as long as its own distance to the hub."""
    kept = chain("star").path_efficiency_frac
    np.testing.assert_allclose(kept, [[1.0, 0.8, 0.64], [0.8, 1.0, 0.8**3], [0.64, 0.8**3, 1.0]])


def test_without_cables_nothing_moves() -> None:
    """Topology "none" leaves every surplus where it is."""
    flow = microgrid.share(chain("none"), np.array([5.0, 0.0, 0.0]), np.array([0.0, 5.0, 5.0]))
    assert flow.sent_kw.sum() == flow.received_kw.sum() == flow.lost_kw == 0.0


def test_the_nearest_site_is_served_first() -> None:
    """With a surplus for one only, the neighbour that loses least gets it, and the sender pays the loss."""
    flow = microgrid.share(chain("bus"), np.array([5.0, 0.0, 0.0]), np.array([0.0, 4.0, 4.0]))
    np.testing.assert_allclose(flow.received_kw, [0.0, 4.0, 0.0])
    np.testing.assert_allclose(flow.sent_kw, [5.0, 0.0, 0.0])
    assert flow.lost_kw == pytest.approx(1.0)


def test_a_cable_limit_holds_where_power_enters() -> None:
    """Of 10 kW surplus only the limit enters the first cable, and what is left of it the second."""
    flow = microgrid.share(chain("bus", limit_kw=5.0), np.array([10.0, 0.0, 0.0]), np.array([0.0, 0.0, 9.0]))
    np.testing.assert_allclose(flow.cable_kw, [5.0, 4.0])
    np.testing.assert_allclose(flow.received_kw, [0.0, 0.0, 3.2])


def test_a_second_round_finds_the_cables_part_used() -> None:
    """Power that the cables already carry is not available again."""
    cables = chain("bus", limit_kw=5.0)
    surplus, deficit = np.array([10.0, 0.0, 0.0]), np.array([0.0, 9.0, 0.0])
    first = microgrid.share(cables, surplus, deficit)
    second = microgrid.share(cables, surplus, deficit, used_kw=first.cable_kw)
    assert second.sent_kw.sum() == pytest.approx(0.0)


def test_an_unknown_topology_is_refused() -> None:
    """The error names the field and the value."""
    with pytest.raises(ValueError, match="topology: 'ring'"):
        chain("ring")


@settings(derandomize=True, max_examples=200, deadline=None)
@given(POWERS, POWERS, TOPOLOGIES, st.floats(0.0, 12.0), st.floats(0.0, 1.0))
def test_energy_is_conserved_within_every_limit(
    surplus: np.ndarray, deficit: np.ndarray, topology: str, limit_kw: float, loss: float
) -> None:
    """What is sent is received or lost; none sends beyond its surplus or gets beyond its need; no cable overloads."""
    cables = chain(topology, limit_kw, loss, SITES, 300.0)
    flow = microgrid.share(cables, surplus, deficit)
    assert flow.sent_kw.sum() == pytest.approx(flow.received_kw.sum() + flow.lost_kw, abs=1e-9)
    assert flow.lost_kw >= -1e-9
    assert (flow.transfer_kw >= 0.0).all()
    assert (flow.sent_kw <= surplus + 1e-9).all()
    assert (flow.received_kw <= deficit + 1e-9).all()
    assert (flow.cable_kw <= limit_kw + 1e-9).all()


@settings(derandomize=True, max_examples=100, deadline=None)
@given(POWERS, POWERS, TOPOLOGIES)
def test_no_useful_transfer_is_left_undone(surplus: np.ndarray, deficit: np.ndarray, topology: str) -> None:
    """Without a binding cable, either all surplus is sent or all deficit is met."""
    cables = chain(topology, 1e6, 0.02, SITES, 300.0)
    net = np.minimum(surplus, deficit)
    surplus, deficit = surplus - net, deficit - net
    flow = microgrid.share(cables, surplus, deficit)
    idle = (surplus - flow.sent_kw).max() < 1e-9 or (deficit - flow.received_kw).max() < 1e-9
    assert idle or topology == "none"
