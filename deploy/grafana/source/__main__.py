"""Writes the dashboards, or says with ``--check`` which committed file differs from its source (exit code 1)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from deploy.grafana.source.control import control
from deploy.grafana.source.energy import energy
from deploy.grafana.source.overview import overview
from deploy.grafana.source.service import service

FOLDER = Path(__file__).parents[1] / "dashboards"


def texts() -> dict[Path, str]:
    """What each file says."""
    dashboards = (overview(), energy(), service(), control())
    return {
        FOLDER / f"{one.name}.json": json.dumps(one.json(), indent=1, ensure_ascii=False) + "\n" for one in dashboards
    }


def stale() -> list[Path]:
    """Committed files that their source does not make: changed, missing or left over."""
    made = texts()
    changed = [path for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    return changed + [path for path in FOLDER.glob("*.json") if path not in made]


def main() -> int:
    """The exit code."""
    if "--check" in sys.argv[1:]:
        for path in (old := stale()):
            sys.stderr.write(f"{path.name}: is not what deploy/grafana/source makes; run make dashboards\n")
        return int(bool(old))
    FOLDER.mkdir(exist_ok=True)
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
