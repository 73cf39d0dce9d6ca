"""What the judge says: a row for each thing that must hold, with what is missing, doubled, altered or not expected."""

from collections.abc import Iterable

from msgspec import Struct
from rich.console import Console
from rich.table import Table

SHOWN_MAX = 10
"""Faults named one by one, of each kind in a row; the rest are counted."""


class Row(Struct):
    """`expected` and `found` are counts; each fault names where it is. A row without faults holds."""

    what: str
    expected: int
    found: int
    missing: list[str] = []
    doubled: list[str] = []
    altered: list[str] = []
    unexpected: list[str] = []
    note: str = ""

    @property
    def faults(self) -> dict[str, list[str]]:
        kinds = ("missing", "doubled", "altered", "unexpected")
        return {kind: getattr(self, kind) for kind in kinds if getattr(self, kind)}

    @property
    def holds(self) -> bool:
        return not self.faults


class Verdict:
    """`clean` where every row holds."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)

    @property
    def clean(self) -> bool:
        return all(row.holds for row in self.rows)

    def told(self) -> list[str]:
        """Every fault in a line, the first of each kind."""
        return [
            f"{row.what}: {kind}: {named}"
            for row in self.rows
            for kind, where in row.faults.items()
            for named in [*where[:SHOWN_MAX], *([f"and {len(where) - SHOWN_MAX} more"] if len(where) > SHOWN_MAX else [])]
        ]

    def show(self, console: Console | None = None) -> None:
        console = console or Console()
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("what must hold", no_wrap=True)
        for name in ("expected", "found", "missing", "doubled", "altered", "unexpected"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("")
        for row in self.rows:
            counts = [str(len(where) or "") for where in (row.missing, row.doubled, row.altered, row.unexpected)]
            verdict = f"[green]holds[/] {row.note}" if row.holds else f"[bold red]does not hold[/] {row.note}"
            table.add_row(row.what, f"{row.expected:,}", f"{row.found:,}", *counts, verdict.rstrip())
        console.print(table)
        for line in self.told():
            console.print(line, style="red", highlight=False, markup=False)


__all__ = ["Row", "Verdict"]
