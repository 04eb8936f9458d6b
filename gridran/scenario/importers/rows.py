"""CSV rows checked column by column, with the line of every mistake."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AllowInfNan, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from gridran.scenario import messages
from gridran.scenario.problem import Problem, did_you_mean

MAX_PROBLEMS = 20
"""A file with the wrong separator has a mistake on every line; nobody reads more than these."""


def _moment(value: Any) -> datetime:
    """ISO 8601, or the ``Wed, 25 Apr 2018 11:08:04 GMT`` of ACN-Data."""
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        return parsedate_to_datetime(str(value))


def number(*constraint: Any) -> Any:
    """A column of finite numbers within a constraint."""
    return Annotated[(float, AllowInfNan(False), *constraint)]


Moment = Annotated[datetime, BeforeValidator(_moment)]
Word = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class Table:
    """What a CSV file must hold: ``columns`` name → checked type; further columns are ignored.

    ``header``: the names of the columns of a file that comes without a header line.
    """

    columns: Mapping[str, Any]
    header: Sequence[str] = ()

    def model(self) -> type[BaseModel]:
        """The pydantic model of a row; a name may hold dots, so fields are numbered and the names are aliases."""
        fields: dict[str, Any] = {
            f"c{i}": (hint, Field(alias=name)) for i, (name, hint) in enumerate(self.columns.items())
        }
        return create_model("row", __config__=ConfigDict(extra="ignore"), **fields)


class Row(NamedTuple):
    """One good row and its line."""

    line: int
    values: dict[str, Any]


@dataclass
class Findings:
    """The mistakes of one file, kept to a readable number."""

    path: Path
    problems: list[Problem] = field(default_factory=list)
    left_out: int = 0

    def add(self, line: int, column: str, words: str) -> None:
        """Notes one mistake."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(str(self.path), line, column, words))
        else:
            self.left_out += 1

    def all(self) -> list[Problem]:
        """Every mistake noted, and how many more there were."""
        if not self.left_out:
            return self.problems
        last = self.problems[-1]
        return [*self.problems, Problem(last.file, last.line, "", f"{self.left_out} more mistakes like these")]


def read(path: Path, table: Table, findings: Findings) -> list[Row]:
    """The good rows of a file; mistakes go to ``findings``."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        findings.add(0, "", f"cannot be read as UTF-8 text: {error}")
        return []
    numbered = _numbered(text, findings)
    header = list(table.header)
    if not table.header or (numbered and table.header[0] in numbered[0][1]):
        header = numbered.pop(0)[1] if numbered else []
    if findings.problems or not _header_is_good(header, table, findings):
        return []
    model = table.model()
    rows = [_row(model, table, dict(zip(header, cells, strict=False)), line, findings) for line, cells in numbered]
    return [row for row in rows if row is not None]


def _numbered(text: str, findings: Findings) -> list[tuple[int, list[str]]]:
    """The cells of each line that is not empty, with its line number."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            lines += [(reader.line_num, [cell.strip() for cell in cells])] if cells else []
    except csv.Error as error:
        findings.add(reader.line_num, "", f"not valid CSV, correct it: {error}")
    return lines


def _header_is_good(header: list[str], table: Table, findings: Findings) -> bool:
    missing = [name for name in table.columns if name not in header]
    for name in missing:
        findings.add(1, name, f"no such column; add it or rename one: {did_you_mean(name, header or ['nothing'])}")
    return not missing


def _row(model: type[BaseModel], table: Table, cells: Mapping[str, str], line: int, findings: Findings) -> Row | None:
    """A row whose columns are all good; a short line lacks its last ones."""
    try:
        checked = model.model_validate(cells)
    except ValidationError as error:
        for one in error.errors():
            findings.add(line, str(one["loc"][0]), messages.sentence(one, ()))
        return None
    return Row(line, {name: getattr(checked, f"c{i}") for i, name in enumerate(table.columns)})
