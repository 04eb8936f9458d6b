"""A whole outage in containers, with what goes wrong in real life: `make deploy-test`. It needs a container engine.

Simulated time runs 240 times as fast as real time, so a policy's half hour is 7.5 s and a period an eighth of a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from deploy.grafana.source.queries import asked

WHOLE_OUTAGE_S = 150.0  # six hours at 240 times real time, and a minute
Eventually = Callable[[str, Callable[[], bool], float], float]


def test_every_container_is_confined(stack: Any) -> None:
    """No root, no writable root file system, no capabilities, a memory limit, and ports on loopback alone."""
    for service in ("emulator", "xapp", "rapp", "web"):
        found = stack.inspect(service)
        host = found["HostConfig"]
        assert found["Config"]["User"] == "10001:10001"
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["Memory"] > 0
        bound = [port for ports in (host["PortBindings"] or {}).values() for port in ports]
        assert all(port["HostIp"] == "127.0.0.1" for port in bound)


def test_the_image_is_small(stack: Any) -> None:
    """At most 350 MB over its base."""
    assert stack.over_base_mb() <= 350.0


def test_every_panel_of_the_dashboards_has_data(stack: Any, eventually: Eventually) -> None:
    """Each expression returns at least one sample while a run is played."""
    missing = {one.expr for one in asked() if not one.shows_alerts}

    def all_there() -> bool:
        missing.difference_update([expression for expression in missing if stack.query(expression)])
        return not missing

    try:
        eventually("every panel has data", all_there, 45.0)
    except AssertionError:
        raise AssertionError("no data for:\n" + "\n".join(sorted(missing))) from None


def test_the_page_shows_the_run_and_says_why(stack: Any, eventually: Eventually) -> None:
    """It is live, and the reasons of a site come from the files that all services share."""
    assert stack.page("/api/page")["live"]
    eventually("a plan is told", lambda: "Policy" in str(stack.page("/api/live/sites/0/reasons")), 20.0)


def test_a_crashed_xapp_is_brought_back(stack: Any, eventually: Eventually) -> None:
    """Nobody starts it again but the engine. While it is gone the watchdog acts and says so; back again it has
    kept its policy, and controls."""
    eventually("no alert is left of the start", lambda: not stack.fires("EmulatorWatchdog", "critical"), 20.0)
    restarts = stack.inspect("xapp")["RestartCount"]
    stack.crash("xapp")
    eventually("the engine starts it again", lambda: stack.inspect("xapp")["RestartCount"] > restarts, 20.0)
    eventually("the watchdog's alert fires", lambda: stack.fires("EmulatorWatchdog", "critical"), 20.0)
    eventually("it controls again", lambda: _controls(stack), 30.0)
    assert "policy read back" in stack.compose("logs", "--no-color", "xapp")
    eventually("it has a policy", lambda: stack.value("gridran_xapp_fallback") == 0, 20.0)
    eventually("the alert ends", lambda: not stack.fires("EmulatorWatchdog", "critical"), 20.0)


def test_a_paused_xapp_goes_on(stack: Any, eventually: Eventually) -> None:
    """A process that hangs is the same to the node; it goes on where the network now is, not where it stopped."""
    stack.compose("pause", "xapp")
    eventually("the watchdog's alert fires", lambda: stack.fires("EmulatorWatchdog", "critical"), 20.0)
    eventually("the service's alert fires", lambda: stack.fires("ServiceDown"), 20.0)
    stack.compose("unpause", "xapp")
    eventually("it controls again", lambda: _controls(stack), 30.0)
    eventually("the alert ends", lambda: not stack.fires("EmulatorWatchdog", "critical"), 20.0)


def test_without_the_rapp_the_xapp_falls_back_and_returns(stack: Any, eventually: Eventually) -> None:
    """A cut between them lets the policy expire: first its expiry is near, then the fallback acts; a policy put after
    the cut is healed is in force again."""
    stack.disconnect("rapp", "a1")
    near = [False]

    def fallen_back() -> bool:
        near[0] = near[0] or stack.fires("PolicyNearExpiry")
        return stack.fires("XappInFallback")

    eventually("the fallback's alert fires", fallen_back, 40.0)
    assert near[0], "PolicyNearExpiry never fired"
    stack.connect("rapp", "a1")
    eventually("a policy is in force", lambda: stack.value("gridran_xapp_fallback") == 0, 40.0)
    eventually("the alert ends", lambda: not stack.fires("XappInFallback"), 20.0)


def test_the_outage_is_played_to_its_end(stack: Any, eventually: Eventually) -> None:
    """Sites that run dry are announced, the run ends by itself, and its figures are there, the energy in balance."""
    dry = [False]

    def over() -> bool:
        dry[0] = dry[0] or stack.fires("SiteAboutToDeplete")
        files = stack.compose("exec", "-T", "emulator", "ls", "/runs/latest")
        return "kpis.json" in files

    eventually("the run is over", over, WHOLE_OUTAGE_S)
    assert dry[0], "SiteAboutToDeplete never fired"
    assert stack.value("max(gridran_emulator_ledger_error_kwh)") < 1e-6
    assert not stack.fires("LedgerError")
    assert stack.page("/api/runs/latest")["ended"]
    assert not math.isnan(stack.value("gridran_emulator_time_seconds"))


def test_an_interface_is_open_on_its_own_network_alone(stack: Any) -> None:
    """Who shares E2 with the node finds no O1 there, nor the other way round, and A1 is not served on E2."""
    assert stack.opens("xapp", "emulator-e2:5601")
    assert stack.opens("rapp", "emulator-o1:5602")
    assert stack.opens("rapp", "xapp-a1:5603")
    assert not stack.opens("xapp", f"{_address(stack, 'emulator', 'e2')}:5602")
    assert not stack.opens("web", f"{_address(stack, 'emulator', 'o1')}:5601")
    assert not stack.opens("emulator", f"{_address(stack, 'xapp', 'e2')}:5603")


def test_metrics_are_open_to_those_who_collect_them_alone(stack: Any) -> None:
    """A peer finds no metrics on the network that it shares with a service; the service itself finds them."""
    assert stack.opens("emulator", "emulator-watch:9464")
    assert not stack.opens("xapp", f"{_address(stack, 'emulator', 'e2')}:9464")
    assert not stack.opens("web", f"{_address(stack, 'emulator', 'o1')}:9464")
    assert not stack.opens("rapp", f"{_address(stack, 'xapp', 'a1')}:9464")


def _address(stack: Any, service: str, network: str) -> str:
    """The address of a service on one of its networks."""
    networks = stack.inspect(service)["NetworkSettings"]["Networks"]
    (address,) = [on["IPAddress"] for name, on in networks.items() if name.endswith(f"_{network}")]
    return str(address)


def _controls(stack: Any) -> bool:
    return stack.value("gridran_xapp_connected") == 1 and stack.value("gridran_emulator_watchdog_state") == 0
