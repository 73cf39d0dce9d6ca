"""Reads samples, and what the core makes of them."""

from pathlib import Path

from schemas.facts import Rejection, Report
from streams.adapters import MAPPED, READERS, Arrival, Mapping, Row, Unreadable
from streams.adapters.rows import nobody
from streams.core.check import check

SAMPLES = Path(__file__).parent / "samples"


def rows(name: str, format: str, mapping: Mapping | None = None) -> list[Row]:
    """In the order of the file."""
    path = SAMPLES / name
    return list(MAPPED[format](path, nobody, mapping) if format in MAPPED else READERS[format](path, nobody))


def reports(read: list[Row]) -> dict[str, Report]:
    """By id. What is read is a report that the core takes, or it is a fault of the reader."""
    made = {}
    for row in read:
        if isinstance(row, Arrival):
            report = check(row.value, row.received_at)
            assert not isinstance(report, Rejection), report
            made[report.report_id] = report
    return made


def refused(read: list[Row]) -> list[tuple[str, str, str]]:
    """(where, reason, first word of the detail) of what is no report."""
    return [(row.where, row.reason, row.detail.split(":")[0]) for row in read if isinstance(row, Unreadable)]


def received(read: list[Row]) -> dict[str, int]:
    return {row.where: row.received_at for row in read if isinstance(row, Arrival)}
