"""``gridran-health HOST:PORT alive|ready``: exit code 0 where a service says so; the health check of containers."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException

from gridran.runtime.metrics_paths import ALIVE_PATH, READY_PATH

_PATHS = {"alive": ALIVE_PATH, "ready": READY_PATH}
_PATIENCE_S = 3.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a container's proxy is not for its own port


def main(argv: Sequence[str] | None = None) -> int:
    """0: it says so; 1: it does not, or does not answer; 2: bad arguments."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if len(arguments) != 2 or arguments[1] not in _PATHS:
        sys.stderr.write("gridran-health: usage: gridran-health HOST:PORT alive|ready\n")
        return 2
    address, wanted = arguments
    try:
        with _DIRECT.open(f"http://{address}{_PATHS[wanted]}", timeout=_PATIENCE_S):
            return 0
    except (OSError, ValueError, HTTPException) as error:
        sys.stderr.write(f"gridran-health: {address} is not {wanted}: {error}\n")
        return 1
