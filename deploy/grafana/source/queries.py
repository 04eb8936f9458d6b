"""Every PromQL expression of the dashboards, ready to be asked: ``python -m deploy.grafana.source.queries``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.grafana.source.files import committed

_VARIABLES = {"$site": ".*", "$__rate_interval": "1m"}


@dataclass(frozen=True)
class Asked:
    """An expression with its variables filled in, and where it stands."""

    dashboard: str
    panel: str
    expr: str

    @property
    def shows_alerts(self) -> bool:
        """It shows alerts, of which there may be none."""
        return "ALERTS{" in self.expr


def asked() -> Iterator[Asked]:
    """The expressions of all panels and annotations, in order."""
    for name, dashboard in committed().items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield Asked(name, panel["title"], _filled(target["expr"]))
        for annotation in dashboard["annotations"]["list"]:
            yield Asked(name, annotation["name"], _filled(annotation["target"]["expr"]))


def _filled(expr: str) -> str:
    for variable, value in _VARIABLES.items():
        expr = expr.replace(variable, value)
    return expr


if __name__ == "__main__":
    for one in asked():
        sys.stdout.write(f"{one.dashboard}\t{one.panel}\t{one.expr}\n")
