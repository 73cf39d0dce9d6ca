"""Read a CSV file row by row, without letting one bad row spoil the others.

Files of this kind come with anything in them: bytes that are not UTF-8, quotes that never close, rows that are too short.
Such a row is handed on as unreadable, with its bytes and the line it begins on; only a file that cannot be what it is
said to be is refused whole.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

import msgspec

from schemas.facts import Report
from streams.adapters.rows import AdapterError, Arrival, Row, Took, Unreadable, nobody

Cells = Mapping[str, str]

_EMPTY = frozenset(["", "na", "n/a", "nan", "null", "none"])
_encode = msgspec.json.Encoder().encode


def read(
    path: Path,
    required: tuple[str, ...],
    to_report: Callable[[Cells], tuple[int, Report] | str],
    one_of: tuple[str, ...] = (),
    took: Took = nobody,
) -> Iterator[Row]:
    """One arrival or unreadable row for each row after the header, which must have all columns of `required` and any of `one_of`.

    `to_report` gives (received_at, report) of the cells by column, or says in a line why it cannot. Raises `AdapterError`
    for a file that is not there, is not text, or lacks a column.
    """
    with _opened(path) as file:
        lines = _Lines(file, took)
        rows = csv.reader(lines)
        header = _header(path, rows, required, one_of)
        lines.taken()
        while True:
            fault = ""
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                cells, fault = [], str(error)
            line, original = lines.taken()
            if not cells and not fault:
                continue
            made = fault or _fault(cells, header, original) or to_report(dict(zip(header, cells, strict=True)))
            where = f"{path.name}:{line}"
            yield Unreadable(where, made, original) if isinstance(made, str) else Arrival(made[0], _encode(made[1]), where)


def given(cells: Cells, column: str) -> str | None:
    """The text of a cell, without outer space and quotes and in one line; None where it says that there is nothing."""
    text = " ".join(cells.get(column, "").split()).strip(' "')
    return None if text.casefold() in _EMPTY else text


def number(cells: Cells, column: str) -> float | None:
    """The finite number in a cell, or None."""
    text = given(cells, column)
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and abs(value) < 1e15 else None


def whole(cells: Cells, column: str) -> int | None:
    """The whole number in a cell, also where it is written as "23.0"; or None."""
    value = number(cells, column)
    return int(value) if value is not None and value == int(value) else None


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise AdapterError(f"{path}: there is no such file") from None
    except OSError as error:
        raise AdapterError(f"{path}: {error.strerror}") from None


def _header(path: Path, rows: Iterator[list[str]], required: tuple[str, ...], one_of: tuple[str, ...]) -> list[str]:
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        raise AdapterError(f"{path}: not CSV: {error}") from None
    if not header:
        raise AdapterError(f"{path}: empty; the first line must name the columns")
    missing = [column for column in required if column not in header]
    if one_of and not any(column in header for column in one_of):
        missing.append(" or ".join(one_of))
    if missing:
        raise AdapterError(f"{path}: no column {', '.join(missing)} in the first line")
    return header


def _fault(cells: list[str], header: list[str], original: bytes) -> str:
    if len(cells) != len(header):
        return f"{len(cells)} columns; the first line has {len(header)}"
    if original.isascii():
        return ""
    try:
        original.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8: {error.reason}"
    return ""


class _Lines:
    """The lines of a file as text, which remembers the bytes and the place of those taken since last asked."""

    def __init__(self, file: IO[bytes], took: Took) -> None:
        self._file = file
        self._took = took
        self._line = 0
        self._first = 1
        self._bytes: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self._line += 1
            self._took(len(line))
            self._bytes.append(line)
            # Bytes that are not UTF-8 pass here and are found when the row is whole.
            yield line.decode("utf-8-sig" if self._line == 1 else "utf-8", "surrogateescape")

    def taken(self) -> tuple[int, bytes]:
        """The line that the last row begins on, and its bytes."""
        first, taken = self._first, b"".join(self._bytes)
        self._first, self._bytes = self._line + 1, []
        return first, taken.rstrip(b"\r\n")


__all__ = ["Cells", "given", "number", "read", "whole"]
