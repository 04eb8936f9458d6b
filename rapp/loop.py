"""The slow loop's threads: telemetry comes in, plans go out, statuses come back.

The listener never waits for a solve: it keeps the newest report, and the planner takes that when it is free. A policy
that cannot be put is tried again until it is in, or a newer report asks for another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from gridran.runtime.grpc import backoff_s
from gridran.types import Policy, Telemetry
from rapp.a1.port import A1Error, A1Port
from rapp.metrics import RappMetrics
from rapp.o1 import O1Client, O1Error
from rapp.planning import Planning

_GONE_PATIENCE_S = 1.0  # for an xApp that did not answer the last time


class SlowLoop:
    """Runs until ``stop``. ``connect`` makes a connection to the node; it is made anew for every attempt."""

    def __init__(
        self,
        connect: Callable[[], O1Client],
        a1: A1Port,
        planning: Planning,
        patience_s: float,
        metrics: RappMetrics,
        log: Any,
    ) -> None:
        self._connect, self._a1, self._planning = connect, a1, planning
        self._patience_s, self._metrics, self._log = patience_s, metrics, log
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._newest: Telemetry | None = None
        self._node: O1Client | None = None
        self._answered = True
        self._heard = False
        self._connected = threading.Event()
        work = {"telemetry": self._listen, "planner": self._plan, "status": self._watch}
        self._threads = [threading.Thread(target=run, name=name, daemon=True) for name, run in work.items()]

    @property
    def connected(self) -> bool:
        """Whether the node sends telemetry and the xApp answered last time."""
        return self._connected.is_set() and self._answered

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float) -> bool:
        """False where a solve was still under way after ``timeout_s``."""
        with self._changed:
            self._stop.set()
            self._changed.notify_all()
        self._a1.close()
        if self._node is not None:
            self._node.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)

    def _listen(self) -> None:
        waits_s = backoff_s()
        while not self._stop.is_set():
            why = self._hear()
            if self._heard:
                waits_s = backoff_s()
            self._heard = False
            self._connected.clear()
            self._metrics.connected.set(0)
            wait_s = next(waits_s)
            if not self._stop.is_set():
                self._log.warning("no O1 node", why=why, retry_in_s=wait_s)
            self._stop.wait(wait_s)

    def _hear(self) -> str:
        """One connection from Describe to its end; returns why it ended."""
        self._node = node = self._connect()
        try:
            info = node.describe()
            self._planning.meet(info.node_id, info.network)
            self._log.info("O1 node described", managed_element=info.node_id, sites=info.network.site_count)
            self._connected.set()
            self._metrics.connected.set(1)
            for telemetry in node.telemetry(info.network):
                self._keep(telemetry)
        except O1Error as error:
            return str(error)
        except Exception as error:
            return self._fault("telemetry", error)
        finally:
            node.close()
        return "the node ended the telemetry"

    def _keep(self, telemetry: Telemetry) -> None:
        with self._changed:
            self._heard = True
            if self._newest is not None:
                self._metrics.skipped.inc()
            self._newest = telemetry
            self._changed.notify_all()

    def _plan(self) -> None:
        while (telemetry := self._next()) is not None:
            try:
                policy = self._planning.plan(telemetry)
                if policy is not None:
                    self._publish(policy, telemetry.snapshot.period)
            except Exception as error:
                self._fault("planner", error)
                self._applied(telemetry.snapshot.period, "")  # a node in lockstep must not wait for it

    def _next(self) -> Telemetry | None:
        """The newest report; None when the service stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._stop.is_set())
            telemetry, self._newest = self._newest, None
            return None if self._stop.is_set() else telemetry

    def _publish(self, policy: Policy, period: int) -> None:
        """Puts the policy until the xApp has answered, or a newer report has come."""
        waits_s = backoff_s()
        while not self._try_put(policy, period):
            with self._changed:
                if self._changed.wait_for(lambda: self._newest is not None or self._stop.is_set(), next(waits_s)):
                    return

    def _try_put(self, policy: Policy, period: int) -> bool:
        try:
            patience_s = self._patience_s if self._answered else _GONE_PATIENCE_S
            status = self._a1.put(policy, self._planning.network, patience_s)
        except A1Error as error:
            self._answered = False
            self._metrics.puts.labels("unreachable").inc()
            self._log.warning("policy not put", policy_id=policy.policy_id, why=str(error))
            self._applied(period, "")  # a node in lockstep must not wait for an xApp that is gone
            return False
        self._answered = True
        self._metrics.puts.labels("enforced" if status.enforced else "refused").inc()
        self._planning.answered(status)
        self._applied(period, policy.policy_id if status.enforced else "")
        return True

    def _applied(self, period: int, policy_id: str) -> None:
        node = self._node
        if node is None:
            return
        try:
            node.plan_applied(period, policy_id)
        except O1Error as error:
            self._log.warning("plan not reported", period=period, why=str(error))

    def _watch(self) -> None:
        waits_s = backoff_s()
        while not self._stop.is_set():
            try:
                for status in self._a1.statuses():
                    waits_s = backoff_s()
                    self._planning.answered(status)
                why = "the xApp ended the watch"
            except A1Error as error:
                why = str(error)
            except Exception as error:
                why = self._fault("status", error)
            wait_s = next(waits_s)
            if not self._stop.is_set():
                self._log.warning("no status of policies", why=why, retry_in_s=wait_s)
            self._stop.wait(wait_s)

    def _fault(self, thread: str, error: Exception) -> str:
        """A full disk, a fault of ours: said and counted, for a thread that ended here would never come back."""
        why = f"{type(error).__name__}: {error}"
        if not self._stop.is_set():
            self._metrics.faults.labels(thread).inc()
            self._log.error("a fault in the slow loop; it goes on", thread=thread, why=why, exc_info=error)
        return why
