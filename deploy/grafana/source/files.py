"""The files that Grafana loads, and what they should say."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.grafana.source.control import control
from deploy.grafana.source.energy import energy
from deploy.grafana.source.overview import overview
from deploy.grafana.source.panel import Json
from deploy.grafana.source.service import service

FOLDER = Path(__file__).parents[1] / "dashboards"


def made() -> dict[Path, str]:
    """What each file should say."""
    return {FOLDER / f"{one.name}.json": _text(one.json()) for one in (overview(), energy(), service(), control())}


def stale() -> list[Path]:
    """Files that are not what their source makes: changed, missing or left over."""
    right = made()
    changed = [path for path, text in right.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    return changed + [path for path in FOLDER.glob("*.json") if path not in right]


def committed() -> dict[str, Json]:
    """The dashboards as they are, by name of the file."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def _text(dashboard: Json) -> str:
    return json.dumps(dashboard, indent=1, ensure_ascii=False) + "\n"
