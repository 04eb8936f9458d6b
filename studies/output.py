"""What a study leaves in OUT: NAME.json, NAME.csv and NAME.png."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studies.claims import Claim
from studies.recorder import write_json
from studies.rows import COLUMNS, Row, as_dict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 150


@dataclass(frozen=True)
class Document:
    """A study's result. ``manifest``: how it came about, the only part that may differ between two runs."""

    study: str
    trials: int
    rows: Sequence[Row]
    claims: Sequence[Claim]
    manifest: Mapping[str, Any]


def write(out: Path, document: Document, figure: Figure, files: Mapping[str, str]) -> list[Path]:
    """Writes the three files, then further text ``files`` by name, and gives their paths."""
    paths = [out / f"{document.study}.{ending}" for ending in ("json", "csv", "png")]
    content = {
        "study": document.study,
        "trials": document.trials,
        "rows": [as_dict(row) for row in document.rows],
        "claims": [asdict(claim) for claim in document.claims],
        "manifest": dict(document.manifest),
    }
    write_json(paths[0], content)
    paths[1].write_text(csv_text(COLUMNS, (as_dict(row).values() for row in document.rows)), encoding="utf-8")
    figure.savefig(paths[2], dpi=_DPI)
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8")
    return [*paths, *(out / name for name in files)]


def csv_text(columns: Sequence[str], rows: Any) -> str:
    """A CSV file with a header; None is empty, numbers are exact."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    return text.getvalue()
