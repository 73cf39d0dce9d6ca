"""Tables whose columns are not fixed by a data set: any CSV with a mapping, CSV with HXL tags, and exports of Ushahidi.

Each of these is a mapping that is known beforehand, over which the mapping of a user goes (`--map`).
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from streams.adapters import table
from streams.adapters.mapping import Mapping, listed, reporter
from streams.adapters.rows import AdapterError, Fault, Row, Took, nobody, row_of
from streams.adapters.table import Line

HXL_HEADER_ROWS = 25
"""The row of tags is looked for among the first of these."""

# By field: the tag and the attributes that a column must have at least, the better choice first. Those by which the
# Humanitarian Data Exchange tags the events of ACLED and of UCDP are among them.
_HXL = {
    "report_id": ("#event+id", "#event+code", "#incident+id", "#meta+id"),
    "source": ("#meta+source", "#contact+reporter", "#org+reporting", "#org+source"),
    "type": ("#report+type",),
    "kind": ("#event+kind", "#event+type", "#incident+type", "#event", "#incident"),
    "weapon": ("#event+weapon", "#event+type+sub"),
    "occurred_at": ("#date+occurred", "#date+event", "#date+incident", "#date"),
    "occurred_from": ("#date+start",),
    "occurred_to": ("#date+end",),
    "published_at": ("#date+reported", "#date+published"),
    "time_precision": ("#date+precision",),
    "location.lat": ("#geo+lat",),
    "location.lon": ("#geo+lon",),
    "location.radius_m": ("#geo+radius",),
    "location.precision": ("#geo+precision",),
    "location.place": ("#loc+name", "#loc"),
    "location.admin2": ("#adm2+name", "#adm2"),
    "location.admin1": ("#adm1+name", "#adm1"),
    "location.country": ("#country+code", "#country+name", "#country"),
    "casualties.killed": ("#affected+killed",),
    "casualties.injured": ("#affected+injured",),
    "by": ("#group+name+first", "#group+perpetrator", "#group+attacker"),
    "against": ("#group+name+second", "#group+victim", "#group+target"),
    "links": ("#meta+url",),
    "text": ("#description",),
}
# An attribute that says that a column is of another thing: a bare "#date" is not the year, and "#adm1" not its code.
_NOT_BARE = frozenset(["start", "end", "year", "reported", "published", "updated", "created", "code", "precision", "num", "id"])

# Ushahidi 3 and later, then 2. What a survey asks is named by its makers: a mapping says which column is what.
USHAHIDI = Mapping(
    fields={
        "report_id": ["Post ID", "#"],
        "source": ["Contact", "EMAIL"],
        "occurred_at": ["Post Date (UTC)", "INCIDENT DATE", "Created (UTC)"],
        "published_at": ["Created (UTC)"],
        "kind": ["Categories", "CATEGORY", "Survey"],
        "location.lat": ["LATITUDE"],
        "location.lon": ["LONGITUDE"],
        "location.place": ["LOCATION"],
        "text": ["Title", "Description", "INCIDENT TITLE", "DESCRIPTION"],
    },
    keep=["Post ID", "#", "Survey", "Post Status", "Updated (UTC)", "CATEGORY", "APPROVED", "VERIFIED"],
)
_ENDS = {"location.lat": ".lat", "location.lon": ".lon"}
"""Columns of a place that a survey asks for: "Where was it.lat"."""


def read_csv(path: Path, took: Took = nobody, mapping: Mapping | None = None) -> Iterator[Row]:
    """Reports of a table by a mapping. Raises `AdapterError` without one, and where the table lacks its columns."""
    if mapping is None:
        raise AdapterError(f"{path}: which column is what? Say so in a file: --map FILE")
    rows = table.lines(path, table.first_row(path), took)
    return _reports(path, rows, lambda header: mapping, None, mapping.columns())


def read_ushahidi(path: Path, took: Took = nobody, mapping: Mapping | None = None) -> Iterator[Row]:
    """Posts of a deployment. Who gives no contact is a source of their own."""

    def known(header: list[str]) -> Mapping:
        found = {field: [column for column in header if column.endswith(end)] for field, end in _ENDS.items()}
        points = Mapping(fields={field: columns for field, columns in found.items() if columns})
        return (mapping or Mapping()).over(points.over(USHAHIDI))

    rows = table.lines(path, table.first_row(path), took)
    return _reports(path, rows, known, "ushahidi post", [["Post ID", "#"]])


def read_hxl(path: Path, took: Took = nobody, mapping: Mapping | None = None) -> Iterator[Row]:
    """Reports of a table by its tags. A mapping names columns by their tags as well."""

    def header_of(rows: Iterator[list[str]]) -> list[str]:
        for row in islice(rows, HXL_HEADER_ROWS):
            if table.is_tags(row):
                return [tag(cell) for cell in row]
        raise AdapterError(f"{path}: no row of HXL tags (#event+id, #geo+lat, …) among the first {HXL_HEADER_ROWS}")

    def known(header: list[str]) -> Mapping:
        found = {field: columns for field, tags in _HXL.items() if (columns := _columns(tags, header))}
        codes = [column for column in header if "precision" in column or column.endswith(("+code", "+id"))]
        tagged = Mapping(fields=found, keep=[column for column in codes if column])
        return (_by_tags(mapping) if mapping else Mapping()).over(tagged)

    return _reports(path, table.lines(path, header_of, took), known, "hxl row", [])


def tag(text: str) -> str:
    """A tag in one way of writing: "#Geo + lon +x" is "#geo+lon+x"; nothing for what is no tag."""
    plain = re.sub(r"\s+", "", text).casefold()
    return plain if plain.startswith("#") else ""


def _columns(tags: tuple[str, ...], header: list[str]) -> list[str]:
    """The columns that are tagged so, the best first, each followed by those with more attributes."""
    found: list[str] = []
    for wanted in tags:
        name, *attributes = wanted.split("+")
        for column in sorted(header, key=lambda column: column.count("+")):
            its_name, *its_attributes = column.split("+")
            if its_name != name or not set(attributes) <= set(its_attributes):
                continue
            if not attributes and _NOT_BARE & set(its_attributes):
                continue
            found.append(column)
    return list(dict.fromkeys(found))


def _by_tags(mapping: Mapping) -> Mapping:
    fields = {field: [tag(column) or column for column in listed(columns)] for field, columns in mapping.fields.items()}
    keep = [tag(column) or column for column in mapping.keep]
    return msgspec.structs.replace(mapping, fields=fields, keep=keep)


def _reports(
    path: Path,
    rows: Iterator[Line],
    known: Callable[[list[str]], Mapping],
    anonymous: str | None,
    required: list[list[str]],
) -> Iterator[Row]:
    """`known` gives the mapping of a header; of each list in `required` it must have one column."""
    to_report = None
    for line in rows:
        if isinstance(line.cells, Fault):
            yield row_of(line.where, line.original, line.cells)
            continue
        if to_report is None:
            header = list(reversed(line.cells))
            missing = [" or ".join(columns) for columns in required if not any(column in header for column in columns)]
            if missing:
                raise AdapterError(f"{path}: no column {', '.join(missing)} in the first line")
            to_report = reporter(known(header), anonymous)
        yield row_of(line.where, line.original, to_report(line.cells))


__all__ = ["HXL_HEADER_ROWS", "USHAHIDI", "read_csv", "read_hxl", "read_ushahidi", "tag"]
