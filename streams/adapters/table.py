"""Read a CSV file row by row, without letting one bad row spoil the others.

Files of this kind come with anything in them: bytes that are not UTF-8, quotes that never close, rows that are too short.
Such a row is handed on as unreadable, with its bytes and the line it begins on; only a file that cannot be what it is
said to be is refused whole. Commas, semicolons and tabs are told apart by the first line; a row of HXL tags under the
names of the columns is no row of the data.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from streams.adapters.rows import AdapterError, Fault, Made, Row, Took, nobody, row_of

Cells = Mapping[str, str]

_DELIMITERS = ",;\t"
_EMPTY = frozenset(["", "na", "n/a", "nan", "null", "none"])
_TAG = re.compile(r"#[A-Za-z][A-Za-z0-9_]*(\s*\+\s*[A-Za-z][A-Za-z0-9_]*)*")


class Line(NamedTuple):
    """A row as it stands: "file:line", its bytes, and the cells by column, or what is wrong with it."""

    where: str
    original: bytes
    cells: Cells | Fault


def read(
    path: Path,
    required: tuple[str, ...],
    to_report: Callable[[Cells], Made],
    one_of: tuple[str, ...] = (),
    took: Took = nobody,
) -> Iterator[Row]:
    """One arrival or unreadable row for each row after the header, which must have all columns of `required` and any of `one_of`.

    `to_report` makes a report of the cells by column. Raises `AdapterError` for a file that is not there, is not text, or
    lacks a column.
    """

    def header_of(rows: Iterator[list[str]]) -> list[str]:
        header = _first(path, rows)
        missing = [column for column in required if column not in header]
        if one_of and not any(column in header for column in one_of):
            missing.append(" or ".join(one_of))
        if missing:
            raise AdapterError(f"{path}: no column {', '.join(missing)} in the first line")
        return header

    for line in lines(path, header_of, took):
        yield row_of(line.where, line.original, line.cells if isinstance(line.cells, Fault) else to_report(line.cells))


def lines(path: Path, header_of: Callable[[Iterator[list[str]]], list[str]], took: Took = nobody) -> Iterator[Line]:
    """The rows after the header, which `header_of` finds. Of columns of one name the first counts."""
    with _opened(path) as file:
        read_lines = _Lines(file, took)
        rows = csv.reader(read_lines, delimiter=_delimiter(file))
        try:
            header = header_of(rows)
        except csv.Error as error:
            raise AdapterError(f"{path}: not CSV: {error}") from None
        read_lines.taken()
        is_first = True
        while True:
            fault = None
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                cells, fault = [], Fault(str(error))
            line, original = read_lines.taken()
            if not cells and not fault:
                continue
            if is_first and is_tags(cells):
                continue
            is_first = False
            fault = fault or _fault(cells, header, original)
            by_column = {} if fault else dict(zip(reversed(header), reversed(cells), strict=True))
            yield Line(f"{path.name}:{line}", original, fault or by_column)


def first_row(path: Path) -> Callable[[Iterator[list[str]]], list[str]]:
    """The header of a file whose first line names the columns, whatever they are."""
    return lambda rows: _first(path, rows)


def is_tags(cells: list[str]) -> bool:
    """Whether a row is one of HXL tags: half of what it says, at least."""
    said = [cell.strip() for cell in cells if cell.strip()]
    return bool(said) and 2 * sum(_TAG.fullmatch(cell) is not None for cell in said) >= len(said)


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


def kept(cells: Cells, columns: tuple[str, ...]) -> dict[str, str] | None:
    """What some columns say, as they say it: for codes that a report has no field for."""
    said = {column: text[:2_000] for column in columns if (text := given(cells, column)) is not None}
    return said or None


def _opened(path: Path) -> IO[bytes]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise AdapterError(f"{path}: there is no such file") from None
    except OSError as error:
        raise AdapterError(f"{path}: {error.strerror}") from None
    if not file.seekable():
        file.close()
        raise AdapterError(f"{path}: a pipe, which can be read once only; give a file")
    return file


def _delimiter(file: IO[bytes]) -> str:
    first = file.readline().decode("utf-8", "replace")
    file.seek(0)
    return max(_DELIMITERS, key=first.count)


def _first(path: Path, rows: Iterator[list[str]]) -> list[str]:
    header = [name.strip() for name in next(rows, [])]
    if not header:
        raise AdapterError(f"{path}: empty; the first line must name the columns")
    return header


def _fault(cells: list[str], header: list[str], original: bytes) -> Fault | None:
    if len(cells) != len(header):
        return Fault(f"{len(cells)} columns; the first line has {len(header)}")
    if original.isascii():
        return None
    try:
        original.decode()
    except UnicodeDecodeError as error:
        return Fault(f"not UTF-8: {error.reason}")
    return None


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


__all__ = ["Cells", "Line", "first_row", "given", "is_tags", "kept", "lines", "number", "read", "whole"]
