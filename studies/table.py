"""The table of a study, printed and as a page: strategies side by side, the paper's value in brackets, the claims
below."""

from __future__ import annotations

from collections.abc import Sequence

from studies.claims import Claim
from studies.output import Document
from studies.rows import ALL_LOADS, Row

_LEGEND = (
    "mean ± 95 % confidence interval over {} trials [the paper's value]; "
    "≥: some trials ended before the metric was reached"
)
_WORDS = {True: "held", False: "missed"}


def print_table(title: str, document: Document, shown: Sequence[str]) -> None:
    """Prints the metrics ``shown``, only their mean over the loads where there is one, and every claim."""
    print(f"\n{title}: {_LEGEND.format(document.trials)}\n")
    for head, rows in _blocks(document, shown):
        print("\n".join(block(head, rows)), end="\n\n")
    for claim in document.claims:
        print(claim_text(claim))


def markdown(title: str, document: Document, shown: Sequence[str]) -> str:
    """The same as a page."""
    lines = [f"# {title}", "", f"Study `{document.study}`: {_LEGEND.format(document.trials)}", ""]
    for head, rows in _blocks(document, shown):
        first, *rest = _cells(head, rows)
        table = [first, ["---", *["--:"] * (len(first) - 1)], *rest]
        lines += [*(f"| {' | '.join(line)} |" for line in table), ""]
    claims = [(c.claim, c.source, claim_value(c), _WORDS[c.held]) for c in document.claims]
    lines += ["| claim | source | value | |", "|---|---|--:|---|", *(f"| {' | '.join(line)} |" for line in claims)]
    return "\n".join([*lines, "", f"![{title}]({document.study}.png)", ""])


def _blocks(document: Document, shown: Sequence[str]) -> list[tuple[str, list[Row]]]:
    """The tables, with their heads: one for each variant and load."""
    over_all = {row.metric for row in document.rows if row.load == ALL_LOADS}
    asked = [row for row in document.rows if row.metric in shown]
    rows = [row for row in asked if row.load == ALL_LOADS or row.metric not in over_all]
    return [
        (f"{variant}, {_load_text(load)}", [row for row in rows if (row.variant, row.load) == (variant, load)])
        for variant, load in dict.fromkeys((row.variant, row.load) for row in rows)
    ]


def block(head: str, rows: Sequence[Row]) -> list[str]:
    """Lines of one table: a metric a line, a strategy a column."""
    lines = _cells(head, rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(_aligned(line, widths)).rstrip() for line in lines]


def _cells(head: str, rows: Sequence[Row]) -> list[list[str]]:
    """The same, cell by cell."""
    strategies = list(dict.fromkeys(row.strategy for row in rows))
    cell = {(row.metric, row.strategy): row_text(row) for row in rows}
    metrics = dict.fromkeys(row.metric for row in rows)
    body = [[metric, *(cell.get((metric, strategy), "–") for strategy in strategies)] for metric in metrics]
    return [[head, *strategies], *body]


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
    return f"{_WORDS[claim.held]:6}  {claim.claim}: {claim_value(claim)} ({claim.source})"


def claim_value(claim: Claim) -> str:
    """The value to three digits."""
    return "no value" if claim.value is None else f"{claim.value:.3g}"
