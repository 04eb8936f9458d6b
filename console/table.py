"""The table of figures at the end of a run, on a terminal or as plain lines."""

from __future__ import annotations

from typing import Any

from console.figures import GROUPS, rows_of


def print_kpis(kpis: dict[str, Any]) -> None:
    """Prints the figures in groups, the paper's value beside where it has one."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=110)
    title = f"{kpis['strategy']} · {kpis['load']} load · seed {kpis['seed']}"
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    table.add_column("figure")
    for name in ("this run", "paper"):
        table.add_column(name, justify="right")
    table.add_column("against the paper")
    for group, figures in GROUPS:
        rows = rows_of(kpis, figures)
        if rows:
            table.add_row(f"[bold]{group}[/bold]")
        for row in rows:
            table.add_row(f"  {row.name} [dim]{row.key}[/dim]", row.value, row.paper, row.deviation)
    console.print(table)
