"""Submissions of forms, as KoBoToolbox and ODK Central give them: JSON, one object a submission.

What a form asks is named by its makers. Questions that are named like the fields of a report are found ("weapon", "place",
"killed", in any group); a mapping says the others. The source is who submitted, under the name of the account; a submission
by nobody in particular is a source of its own. What a reviewer rejected is retracted.
"""

from collections.abc import Iterator
from pathlib import Path

from schemas.reasons import Reason
from streams.adapters import documents
from streams.adapters.mapping import CLOCK, FIELDS, POINT, Mapping, reporter
from streams.adapters.rows import Fault, Made, Row, Took, nobody, row_of
from streams.adapters.table import Cells, given

LISTS = ("results", "value", "data")
"""Where the submissions are inside an object: KoBoToolbox, ODK Central, exports."""

_SHORT = {
    "location.place": ["place", "village", "town", "locality"],
    "location.quarter": ["quarter", "neighbourhood"],
    "location.admin2": ["admin2", "district"],
    "location.admin1": ["admin1", "governorate", "province"],
    "location.country": ["country"],
    "location.lat": ["lat", "latitude"],
    "location.lon": ["lon", "longitude"],
    "casualties.killed": ["killed", "deaths"],
    "casualties.injured": ["injured", "wounded"],
    "casualties.who": ["who"],
    "covers.zone": ["zone"],
    "covers.from": ["watched_from"],
    "covers.to": ["watched_to"],
    "access.area": ["access_area"],
    "access.state": ["access_state"],
    "text": ["text", "description", "notes", "comments"],
    "occurred_at": ["occurred_at", "incident_time", "date_time", "incident_date", "date"],
    CLOCK: ["occurred_clock", "time"],
}
_SYSTEM = {
    # An edited submission has another `_uuid`; the first two stay.
    "report_id": ["meta/rootUuid", "__id", "_uuid", "meta/instanceID", "_id"],
    "source": ["_submitted_by", "__system/submitterName", "username"],
    "published_at": ["_submission_time", "__system/submissionDate"],
    POINT: ["location", "geopoint", "gps", "point", "_geolocation"],
}
FORMS = Mapping(
    fields={field: [field] for field in FIELDS if "." not in field} | _SHORT | _SYSTEM,
    keep=["_id", "_uuid", "__id", "meta/instanceID", "_xform_id_string", "__version__", "__system/formVersion"],
)
_REJECTED = (("_validation_status/uid", "validation_status_not_approved"), ("__system/reviewState", "rejected"))
_DELETED = "__system/deletedAt"
_EDITS = "__system/edits"


def read(path: Path, took: Took = nobody, mapping: Mapping | None = None) -> Iterator[Row]:
    """Reports of a document. Raises `AdapterError` where there are no submissions in it."""
    to_report = reporter((mapping or Mapping()).over(FORMS), "submission")
    for element in documents.elements(path, LISTS, took):
        value = element.value
        made: Made = Fault(value, Reason.NOT_JSON) if isinstance(value, str) else to_report(_cells(value))
        yield row_of(element.where, element.original, made)


def _cells(submission: documents.Object) -> Cells:
    points: list[str] = []
    cells = documents.flat(_with_points(submission, points))
    if points:
        # As KoBoToolbox does it: the first place that the form asks for.
        cells.setdefault("_geolocation", points[0])
    for name in ("meta/rootUuid", "__id", "meta/instanceID"):
        if name in cells:
            cells[name] = cells[name].removeprefix("uuid:")
    if any(given(cells, column) == word for column, word in _REJECTED) or given(cells, _DELETED):
        cells["status"] = "retracted"
    if (edits := given(cells, _EDITS)) and edits.isdecimal():
        cells["revision"] = str(int(edits) + 1)
    return cells


def _with_points(value: documents.Object, points: list[str]) -> documents.Object:
    """GeoJSON points of answers in the form that KoBoToolbox has them in: "lat lon height accuracy"."""
    plain: documents.Object = {}
    for name, inner in value.items():
        if isinstance(inner, dict) and inner.get("type") == "Point" and isinstance(inner.get("coordinates"), list):
            lon, lat, *height = [*inner["coordinates"], None, None][:3]
            accuracy = (inner.get("properties") or {}).get("accuracy")
            inner = " ".join(str(part or 0) for part in (lat, lon, *height, accuracy))
            points.append(inner)
        elif isinstance(inner, dict):
            inner = _with_points(inner, points)
        plain[name] = inner
    return plain


__all__ = ["FORMS", "LISTS", "read"]
