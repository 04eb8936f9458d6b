"""The printed table of a study: strategies side by side, the paper's value in brackets, the claims below."""

from __future__ import annotations

from collections.abc import Sequence

from studies.claims import Claim
from studies.output import Document
from studies.rows import ALL_LOADS, Row

_WORDS = {True: "held", False: "missed"}


def print_table(title: str, document: Document, shown: Sequence[str]) -> None:
    """Prints the metrics ``shown``, only their mean over the loads where there is one, and every claim."""
    print(f"\n{title}: mean ± 95 % confidence interval over {document.trials} trials [the paper's value]")
    print("≥: some trials ended before the metric was reached\n")
    over_all = {row.metric for row in document.rows if row.load == ALL_LOADS}
    asked = [row for row in document.rows if row.metric in shown]
    rows = [row for row in asked if row.load == ALL_LOADS or row.metric not in over_all]
    for variant, load in dict.fromkeys((row.variant, row.load) for row in rows):
        print(
            "\n".join(
                block(f"{variant}, {_load_text(load)}", [r for r in rows if (r.variant, r.load) == (variant, load)])
            )
        )
        print()
    for claim in document.claims:
        print(claim_text(claim))


def block(head: str, rows: Sequence[Row]) -> list[str]:
    """Lines of one table: a metric a line, a strategy a column."""
    strategies = list(dict.fromkeys(row.strategy for row in rows))
    cell = {(row.metric, row.strategy): row_text(row) for row in rows}
    metrics = dict.fromkeys(row.metric for row in rows)
    body = [[metric, *(cell.get((metric, strategy), "–") for strategy in strategies)] for metric in metrics]
    lines = [[head, *strategies], *body]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(_aligned(line, widths)).rstrip() for line in lines]


def _load_text(load: str) -> str:
    return "mean of the loads" if load == ALL_LOADS else f"{load} load"


def _aligned(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [text.ljust(w) if k == 0 else text.rjust(w) for k, (text, w) in enumerate(zip(line, widths, strict=True))]


def row_text(row: Row) -> str:
    """``≥ 2.49 ± 0.13 [2.5]``: a bound, the mean, its interval, the paper's."""
    if row.mean is None:
        return "–"
    interval = "" if row.ci95 is None else f" ± {row.ci95:.2f}"
    paper = "" if row.paper is None else f" [{row.paper:g}]"
    return f"{'≥ ' if row.censored else ''}{row.mean:.2f}{interval}{paper}"


def claim_text(claim: Claim) -> str:
    """One line: whether it holds, what it says, and the value."""
    value = "no value" if claim.value is None else f"{claim.value:.3g}"
    return f"{_WORDS[claim.held]:6}  {claim.claim}: {value} ({claim.source})"
