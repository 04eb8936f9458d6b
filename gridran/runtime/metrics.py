"""Metrics and health of a service on one HTTP port.

``/metrics`` and ``/ric/v1/metrics``: Prometheus text. ``/ric/v1/health/alive``: 200 while the process can answer.
``/ric/v1/health/ready``: 200 when the service is connected to its peers, else 503.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from gridran.runtime.address import Address, listen_error, parse_address
from gridran.runtime.metrics_paths import ALIVE_PATH, METRICS_PATHS, READY_PATH

_TEXT = "text/plain; charset=utf-8"
_REQUEST_TIMEOUT_S = 10.0


def new_registry() -> CollectorRegistry:
    """A registry of a service's own, so that several services can live in one process; with process metrics."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


class MetricsServer:
    """Serves ``registry`` and health on ``address`` from ``start`` to ``stop``.

    ``ready`` is asked at every request. Raises ``PortInUse`` or ``ListenError``.
    """

    def __init__(self, address: str, registry: CollectorRegistry, ready: Callable[[], bool]) -> None:
        wanted = parse_address(address)
        try:
            self._http = _Http((wanted.host, wanted.port), _handler(registry, ready))
        except OSError as error:
            raise listen_error(wanted, error) from error
        self.address = Address(wanted.host, self._http.server_port)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.1,), name="metrics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the port is free again."""
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


def _handler(registry: CollectorRegistry, ready: Callable[[], bool]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _REQUEST_TIMEOUT_S

        def do_GET(self) -> None:
            status, kind, body = _answer(self.path.partition("?")[0], self.headers.get("Accept", ""), registry, ready)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Scrapes are no news."""

    return Handler


def _answer(path: str, accept: str, registry: CollectorRegistry, ready: Callable[[], bool]) -> tuple[int, str, bytes]:
    if path in METRICS_PATHS:
        encode, kind = choose_encoder(accept)
        return 200, kind, encode(registry)
    if path == ALIVE_PATH:
        return 200, _TEXT, b"alive\n"
    if path == READY_PATH:
        return (200, _TEXT, b"ready\n") if ready() else (503, _TEXT, b"not ready\n")
    return 404, _TEXT, b"not found\n"
