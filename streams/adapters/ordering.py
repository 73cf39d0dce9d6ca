"""Put rows in the order in which they were received, however long the file is.

A merge sort: chunks are sorted in memory and written to temporary files, which are then read side by side. A file that
fits one chunk never touches the disk.
"""

import pickle
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from operator import itemgetter
from tempfile import TemporaryFile
from typing import IO

from streams.adapters.rows import Arrival, Row

CHUNK_ROWS = 100_000
CHUNK_BYTES = 128 * 1024 * 1024
"""A chunk is full at whichever comes first. Bytes are those of the reports alone."""

_WRITTEN_AT_ONCE = 1_000

Timed = tuple[int, Row]
_received_at = itemgetter(0)


def by_received_at(rows: Iterable[Row], chunk_rows: int = CHUNK_ROWS, chunk_bytes: int = CHUNK_BYTES) -> Iterator[Timed]:
    """(received_at in seconds since 1970, row), ascending; rows of one time stay in the order of the file.

    An unreadable row has no time of its own and goes with the row before it.
    """
    last: list[Timed] = []
    files: list[IO[bytes]] = []
    try:
        for chunk in _chunks(_timed(rows), chunk_rows, chunk_bytes):
            if last:
                files.append(_written(last))
            last = sorted(chunk, key=_received_at)
        yield from merge(*(_read(file) for file in files), last, key=_received_at)
    finally:
        for file in files:
            file.close()


def _timed(rows: Iterable[Row]) -> Iterator[Timed]:
    received_at = 0
    for row in rows:
        if isinstance(row, Arrival):
            received_at = row.received_at
        yield received_at, row


def _chunks(rows: Iterator[Timed], chunk_rows: int, chunk_bytes: int) -> Iterator[list[Timed]]:
    chunk: list[Timed] = []
    size = 0
    for timed in rows:
        row = timed[1]
        size += len(row.value if isinstance(row, Arrival) else row.original)
        chunk.append(timed)
        if len(chunk) >= chunk_rows or size >= chunk_bytes:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _written(chunk: list[Timed]) -> IO[bytes]:
    file = TemporaryFile()  # noqa: SIM115 - closed when the last row has been read
    rows = iter(chunk)
    while part := list(islice(rows, _WRITTEN_AT_ONCE)):
        pickle.dump(part, file, protocol=pickle.HIGHEST_PROTOCOL)
    return file


def _read(file: IO[bytes]) -> Iterator[Timed]:
    """Reads back what `_written` wrote in this process; nobody else has the file."""
    file.seek(0)
    while True:
        try:
            part = pickle.load(file)
        except EOFError:
            return
        yield from part


__all__ = ["CHUNK_ROWS", "Timed", "by_received_at"]
