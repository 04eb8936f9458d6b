"""The live page as the ``gridran`` command knows it; nothing of its extra is imported before it is needed."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from console.children import Child
from console.configs import LOOPBACK, Ports

_NEEDED = ("starlette", "uvicorn")
_RELEASE_DEADLINE_S = 2.0


def web_problem() -> str:
    """Why there can be no page here and what to do, in one line; empty where there can."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    return f"no live page: {', '.join(missing)} not installed, pip install 'gridran[web]'" if missing else ""


def replay(directory: Path, listen: str) -> int:
    """Serves the recorded runs in ``directory`` on ``listen`` until it is stopped; the exit code.

    ``console.web.shelf.DamagedRunError`` where it is that of one run, which cannot be shown."""
    from console.web.service import replay as serve
    from gridran.runtime.service_config import RunsTable, WebConfig, WebListen

    return serve(WebConfig(listen=WebListen(http=listen), runs=RunsTable(dir=directory)))


class Page:
    """The page of a run as its parent sees it: said once where it is, and once where it went away."""

    def __init__(self, child: Child, ports: Ports, speed: float) -> None:
        self._child, self._ports, self._speed, self._gone = child, ports, speed, False
        print(f"gridran run: watch it at http://{LOOPBACK}:{ports.web}/", file=sys.stderr, flush=True)

    def check(self) -> None:
        """Where the page has just gone, says so, and sees to it that nothing it asked for holds the run."""
        if self._gone or self._child.process.poll() is None:
            return
        self._gone = True
        code, log = self._child.process.returncode, self._child.log
        print(f"gridran run: the live page ended with exit code {code}, the run goes on (see {log})", file=sys.stderr)
        self._release()

    def _release(self) -> None:
        from console.web.o1 import O1Client, O1Error, PaceRefusedError
        from gridran.runtime.tls import Plaintext

        client = O1Client(f"{LOOPBACK}:{self._ports.o1}", Plaintext(), _RELEASE_DEADLINE_S)
        try:
            client.pace(paused=False, speed=self._speed)
        except (O1Error, PaceRefusedError) as error:
            print(f"gridran run: its pace could not be set: {error}", file=sys.stderr)
        finally:
            client.close()
