"""What a benchmark leaves: DIR/NAME.json, and the same figures on the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path


def publish(out: Path, name: str, figures: Mapping[str, float]) -> None:
    """Writes and prints ``figures``; a ratio says how many times faster gridran is than its peer."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(dict(figures), indent=1) + "\n", encoding="utf-8")
    width = max(map(len, figures))
    for key, value in figures.items():
        sys.stdout.write(f"{key:{width}}  {value:.4g}\n")
