"""Files in formats of others, read as reports: one module a format, `arrivals` for whoever has a file and its format."""

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from operator import itemgetter
from pathlib import Path

from streams.adapters import reports, syrian_archive, ucdp
from streams.adapters.ordering import Timed, by_received_at
from streams.adapters.rows import AdapterError, Arrival, Row, Took, Unreadable, nobody

READERS: dict[str, Callable[[Path, Took], Iterator[Row]]] = {
    "reports": reports.read,
    "syrian-archive": syrian_archive.read,
    "ucdp": ucdp.read,
}


def arrivals(path: Path, format: str) -> Iterator[Row]:
    """Rows of a file in the order of `received_at`; memory does not grow with the file.

    Raises `AdapterError`, at the first row, where the file as a whole is unusable.
    """
    return (row for _, row in _ordered(path, format))


def arrivals_of(paths: Sequence[Path], format: str, took: Took = nobody) -> Iterator[Row]:
    """The same over several files of one format, as if they were one.

    Ordering reads everything before it gives the first row: `took` is called with the bytes of every line that is read.
    """
    ordered = [_ordered(path, format, took) for path in paths]
    return (row for _, row in merge(*ordered, key=itemgetter(0)))


def _ordered(path: Path, format: str, took: Took = nobody) -> Iterator[Timed]:
    if format not in READERS:
        raise AdapterError(f"{format}: no such format; there are {', '.join(READERS)}")
    return by_received_at(READERS[format](Path(path), took))


__all__ = ["READERS", "AdapterError", "Arrival", "Row", "Unreadable", "arrivals", "arrivals_of"]
