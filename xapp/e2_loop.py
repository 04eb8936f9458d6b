"""The fast loop's thread: set up, subscribe, answer every report with a control; begin again when the node goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from gridran.runtime.grpc import backoff_s
from xapp.decider import Decider
from xapp.e2.port import E2Error, E2Port
from xapp.metrics import XappMetrics


class E2Loop:
    """Runs until ``stop``. ``connect`` makes a port; it is made anew for every attempt."""

    def __init__(self, connect: Callable[[], E2Port], decider: Decider, metrics: XappMetrics, log: Any) -> None:
        self._connect, self._decider, self._metrics, self._log = connect, decider, metrics, log
        self._stop = threading.Event()
        self._port: E2Port | None = None
        self._connected = threading.Event()
        self._thread = threading.Thread(target=self._run, name="e2", daemon=True)

    @property
    def connected(self) -> bool:
        return self._connected.is_set()

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """False where the loop was still deciding after ``timeout_s``."""
        self._stop.set()
        if self._port is not None:
            self._port.close()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        waits_s = backoff_s()
        while not self._stop.is_set():
            why = self._associate()
            if self._connected.is_set():
                waits_s = backoff_s()
            self._connected.clear()
            self._metrics.connected.set(0)
            wait_s = next(waits_s)
            if not self._stop.is_set():
                self._log.warning("no E2 node", why=why, retry_in_s=wait_s)
            self._stop.wait(wait_s)

    def _associate(self) -> str:
        """One association from set-up to its end; returns why it ended."""
        self._port = port = self._connect()
        try:
            node = port.setup()
            self._decider.meet(node.node_id, node.network)
            self._log.info("E2 node set up", e2_node_id=node.node_id, sites=node.network.site_count)
            self._serve(port)
        except E2Error as error:
            return str(error)
        except Exception as error:  # a full disk, a fault of ours: a loop that ended here would never come back
            if self._stop.is_set():
                return str(error)
            self._metrics.faults.inc()
            self._log.exception("the fast loop failed; it begins again")
            return f"{type(error).__name__}: {error}"
        finally:
            port.close()
        return "the node ended the subscription"

    def _serve(self, port: E2Port) -> None:
        for snapshot in port.reports(self._decider.network):
            self._connected.set()
            self._metrics.connected.set(1)
            control = self._decider.report(snapshot)
            if control is not None:
                answer = port.send(control, self._decider.network)
                self._decider.control_outcome(control.period, answer.acked, answer.reason)
            if self._stop.is_set():
                return
