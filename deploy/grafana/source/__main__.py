"""Writes the dashboards, or says with ``--check`` which file is not what its source makes (exit code 1)."""

from __future__ import annotations

import sys

from deploy.grafana.source.files import FOLDER, made, stale


def main() -> int:
    """The exit code."""
    if "--check" in sys.argv[1:]:
        for path in (old := stale()):
            sys.stderr.write(f"{path.name}: is not what deploy/grafana/source makes; run make dashboards\n")
        return int(bool(old))
    FOLDER.mkdir(exist_ok=True)
    for path in stale():
        path.unlink(missing_ok=True)
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
