"""Files in formats of others, read as reports: one module a format, `arrivals` for whoever has a file and its format."""

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from operator import itemgetter
from pathlib import Path

from streams.adapters import acled, columns, forms, geojson, reports, syrian_archive, ucdp
from streams.adapters.mapping import Mapping
from streams.adapters.mapping import load as load_mapping
from streams.adapters.ordering import Timed, by_received_at
from streams.adapters.rows import AdapterError, Arrival, Row, Took, Unreadable, nobody

READERS: dict[str, Callable[[Path, Took], Iterator[Row]]] = {
    "reports": reports.read,
    "acled": acled.read,
    "syrian-archive": syrian_archive.read,
    "ucdp": ucdp.read,
}
"""Formats that say by themselves what is what."""

MAPPED: dict[str, Callable[[Path, Took, Mapping | None], Iterator[Row]]] = {
    "csv": columns.read_csv,
    "geojson": geojson.read,
    "hxl": columns.read_hxl,
    "kobo": forms.read,
    "ushahidi": columns.read_ushahidi,
}
"""Formats in which a mapping can say what a column is; CSV as such cannot be read without one."""

FORMATS = (*READERS, *MAPPED)


def arrivals(path: Path, format: str, mapping: Mapping | None = None) -> Iterator[Row]:
    """Rows of a file in the order of `received_at`; memory does not grow with the file, unless it is one JSON document.

    Raises `AdapterError`, at the first row, where the file as a whole is unusable.
    """
    return (row for _, row in _ordered(path, format, mapping=mapping))


def arrivals_of(paths: Sequence[Path], format: str, took: Took = nobody, mapping: Mapping | None = None) -> Iterator[Row]:
    """The same over several files of one format, as if they were one.

    Ordering reads everything before it gives the first row: `took` is called with the bytes of every line that is read.
    """
    ordered = [_ordered(path, format, took, mapping) for path in paths]
    return (row for _, row in merge(*ordered, key=itemgetter(0)))


def _ordered(path: Path, format: str, took: Took = nobody, mapping: Mapping | None = None) -> Iterator[Timed]:
    if format in MAPPED:
        return by_received_at(MAPPED[format](Path(path), took, mapping))
    if format not in READERS:
        raise AdapterError(f"{format}: no such format; there are {', '.join(FORMATS)}")
    if mapping is not None:
        raise AdapterError(f"{format}: needs no mapping; those that take one are {', '.join(MAPPED)}")
    return by_received_at(READERS[format](Path(path), took))


__all__ = [
    "FORMATS",
    "MAPPED",
    "READERS",
    "AdapterError",
    "Arrival",
    "Mapping",
    "Row",
    "Unreadable",
    "arrivals",
    "arrivals_of",
    "load_mapping",
]
