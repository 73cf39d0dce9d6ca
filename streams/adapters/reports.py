"""JSON Lines of reports, version 1 of the contract: the bytes pass through as they are.

Only the time of receipt is worked out here. In files that is `published_at`, or the end of what happened or was watched;
a line with neither, or that is no JSON at all, takes the time of the line before it, so that the core's own check refuses
it with its own reason.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from schemas.reasons import Reason
from streams.adapters.rows import AdapterError, Arrival, Row, Took, Unreadable, nobody
from streams.core.intake import TICK_PREFIX

HELD_LINES = 10_000
"""Lines before the first that has a time wait for it; after this many the file is taken not to be of reports."""

# In the order in which they are asked; dots lead into an inner object.
_TIMES = ("published_at", "occurred_to", "occurred_at", "occurred_from", "covers.to", "period.to")


def read(path: Path, took: Took = nobody) -> Iterator[Row]:
    """One arrival for each line that is not empty. Raises `AdapterError` where the file is not JSON Lines of reports."""
    held: list[tuple[str, bytes]] = []
    received_at: int | None = None
    for number, line in enumerate(_lines(path), start=1):
        took(len(line))
        value = line.strip()
        if not value:
            continue
        if number == 1:
            value = value.removeprefix(b"\xef\xbb\xbf")
            if value.startswith(b"["):
                raise AdapterError(f"{path}: a JSON array; write one report a line (JSON Lines)")
        where = f"{path.name}:{number}"
        if value.startswith(TICK_PREFIX):
            # Time is not for a file of reports to tell.
            yield Unreadable(where, "tick: a clock record is no report", value)
            continue
        stated = _received_at(value)
        if stated is None and received_at is None:
            held.append((where, value))
            if len(held) > HELD_LINES:
                raise AdapterError(f"{path}: none of the first {HELD_LINES} lines is a report with a time")
            continue
        received_at = received_at if stated is None else stated
        assert received_at is not None
        yield from (Arrival(received_at, before, place) for place, before in held)
        held.clear()
        yield Arrival(received_at, value, where)
    # Nothing in the file has a time at all: there is no hour at which the core could be asked.
    yield from (
        Unreadable(where, "neither this nor any other line is a report with a time", value, Reason.NOT_JSON)
        for where, value in held
    )


def _lines(path: Path) -> Iterable[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except FileNotFoundError:
        raise AdapterError(f"{path}: there is no such file") from None
    except OSError as error:
        raise AdapterError(f"{path}: {error.strerror}") from None


def _received_at(value: bytes) -> int | None:
    """Seconds since 1970, or None where the line says no usable time. A CloudEvents envelope is looked into."""
    try:
        report = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(report, dict):
        return None
    inner = report.get("data") if "specversion" in report else None
    times = (_time(_inside(inner or report, name)) for name in _TIMES)
    return next((time for time in times if time is not None), _time(report.get("time")) if inner else None)


def _inside(report: Any, name: str) -> Any:
    for key in name.split("."):
        report = report.get(key) if isinstance(report, dict) else None
    return report


def _time(text: Any) -> int | None:
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
        return int(time.timestamp()) if time.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


__all__ = ["HELD_LINES", "read"]
