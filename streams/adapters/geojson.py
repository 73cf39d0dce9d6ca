"""GeoJSON: one feature a report, its properties named like the fields of a report or by a mapping.

A point is where it was. Of any other shape the place is the circle about what it spans. Coordinates are longitude first.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.reasons import Reason
from streams.adapters import documents
from streams.adapters.mapping import CLOCK, FIELDS, Mapping, reporter
from streams.adapters.rows import Fault, Made, Row, Took, nobody, row_of
from streams.core.geometry import distance_m, microdegrees

_OTHERWISE = {
    "report_id": ["report_id", "id", "feature/id"],
    "source": ["source", "reporter"],
    "kind": ["kind", "event_type", "type_of_event", "category", "type"],
    "occurred_at": ["occurred_at", "datetime", "event_date", "date"],
    CLOCK: ["time"],
    "text": ["text", "title", "description", "notes"],
    "location.place": ["place", "location.place", "name"],
    "casualties.killed": ["casualties.killed", "killed", "fatalities"],
    "casualties.injured": ["casualties.injured", "injured"],
    "location.lat": ["feature/lat"],
    "location.lon": ["feature/lon"],
    "location.radius_m": ["location.radius_m", "radius_m", "feature/radius_m"],
}
GEOJSON = Mapping(
    fields={field: [field] for field in FIELDS if field != "type"}
    | {field: [field, field.rpartition(".")[2]] for field in FIELDS if field.startswith(("location.", "casualties.who"))}
    | _OTHERWISE
)


def read(path: Path, took: Took = nobody, mapping: Mapping | None = None) -> Iterator[Row]:
    """Reports of a feature collection, or of one feature a line. Raises `AdapterError` where it is neither."""
    to_report = reporter((mapping or Mapping()).over(GEOJSON), "feature")
    for element in documents.elements(path, ("features",), took):
        value = element.value
        made: Made
        if isinstance(value, str):
            made = Fault(value, Reason.NOT_JSON)
        elif value.get("type") != "Feature" or not isinstance(value.get("properties"), dict | None):
            made = Fault("not a feature with properties")
        else:
            made = to_report(_cells(value))
        yield row_of(element.where, element.original, made)


def _cells(feature: documents.Object) -> dict[str, str]:
    about = _place(feature.get("geometry"))
    if feature.get("id") is not None:
        about["id"] = feature["id"]
    cells = documents.flat(feature.get("properties") or {}, ".")
    return cells | documents.flat({"feature": about}, "/")


def _place(geometry: Any) -> dict[str, Any]:
    points = list(_points(geometry))
    if not points:
        return {}
    west, east = min(lon for lon, _ in points), max(lon for lon, _ in points)
    south, north = min(lat for _, lat in points), max(lat for _, lat in points)
    lat, lon = (south + north) / 2, (west + east) / 2
    place: dict[str, Any] = {"lat": repr(lat), "lon": repr(lon)}
    if len(points) > 1:
        middle = microdegrees(lat), microdegrees(lon)
        place["radius_m"] = max(distance_m(*middle, microdegrees(y), microdegrees(x)) for x, y in points) + 1
    return place


def _points(geometry: Any) -> Iterator[tuple[float, float]]:
    """Every position of a geometry, whatever its kind: (longitude, latitude)."""
    if isinstance(geometry, dict):
        yield from _points(geometry.get("coordinates"))
        yield from _points(geometry.get("geometries"))
    elif isinstance(geometry, list):
        if len(geometry) >= 2 and all(isinstance(part, int | float) for part in geometry[:2]):
            yield float(geometry[0]), float(geometry[1])
        else:
            for inner in geometry:
                yield from _points(inner)


__all__ = ["GEOJSON", "read"]
