"""The Syrian Archive's table of verified videos of attacks, one row a video, as CSV.

The archive collects; it does not report. The source of a report is therefore who uploaded the video, under the name the
archive gives, and the archive is not mentioned. Codes are unique; repeated links and descriptions are left to the core,
which knows that the same words of the same source are one claim.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from schemas.facts import Location, Report
from schemas.reasons import Kind, ReportType, TimePrecision, Weapon
from streams.adapters import table
from streams.adapters.rows import Fault, Made, Row, Took, nobody
from streams.adapters.table import Cells, given, number, whole

COLUMNS = (
    *("Reference_Code", "Description", "City", "Neighborhood", "Latitude", "Longitude", "Violation_Type"),
    *("Recording_Date", "Recording_Hour", "Recording_Minute", "Source", "Weapons_Used", "Youtube_ID"),
)
LOCAL = ZoneInfo("Asia/Damascus")

PLACE_RADIUS_M = 2_500
"""Coordinates stand for a town or quarter, not for the crater: a hundred rows share one point to six decimals."""

# Words of the descriptions, many of them machine-translated or misspelt ("warplans", "airsteaik", "the Russian airline"). The
# violation type is no guide: it says "Russian attacks" of missiles from ships too. Shelling, rockets and bombing without an
# aircraft in the text stay undetermined, and so does "flying over", which is not yet a strike.
_FROM_THE_AIR = re.compile(
    r"\b(?:air?t?st(?!rip)\w*|air[ -]?(?:strikes?|raids?|attacks?|forces?|lines?|bomb\w*)|aerial|raids?|war[ -]?plan\w*"
    r"|(?:air|aero)?planes?|(?<!anti[ -])air[ -]?crafts?|aviation|jets?|helicopters?|barrels?|parachut\w*|sukhoi|mig|flight)\b",
    re.IGNORECASE,
)
_VIDEO = re.compile(r"https?://\S*(?:watch\?\S*v=|youtu\.be/)\S+")


def read(path: Path, took: Took = nobody) -> Iterator[Row]:
    """Reports of the file, in its order. Raises `AdapterError` where it is not such a table."""
    return table.read(path, COLUMNS, _report, took=took)


def _report(cells: Cells) -> Made:
    code, source = given(cells, "Reference_Code"), given(cells, "Source")
    if code is None:
        return Fault("Reference_Code: empty")
    if source is None:
        return Fault("Source: empty")
    recorded = _recorded(cells)
    if isinstance(recorded, Fault):
        return recorded
    description = given(cells, "Description") or ""
    violation = given(cells, "Violation_Type") or ""
    link = _VIDEO.match(given(cells, "Youtube_ID") or "")
    report = Report(
        report_id=code,
        source=source,
        type=ReportType.VIOLATION,
        kind=Kind.ATTACK,
        weapon=Weapon.AIRSTRIKE if _FROM_THE_AIR.search(description) else Weapon.UNDETERMINED,
        munition=given(cells, "Weapons_Used"),
        # The hour is the upload's: of the occurrence we know the local date, which this precision says.
        occurred_at=recorded,
        time_precision=TimePrecision.DAY,
        location=_location(cells, description),
        by="Russian forces" if "russian" in violation.casefold() else None,
        # Some rows give the page of a channel, which says nothing of which video was meant.
        links=[link[0]] if link else [],
        text=description or None,
        language="en" if description else None,
        published_at=recorded,
    )
    return int(recorded.timestamp()), report


def _recorded(cells: Cells) -> datetime | Fault:
    """When the video was put up, UTC. Without an hour the day's last second: nothing is known to have come earlier."""
    text = given(cells, "Recording_Date") or ""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return Fault(f"Recording_Date: {text[:40]!r} is not a date (YYYY-MM-DD)")
    if day.year < 1970:
        return Fault(f"Recording_Date: {text[:40]!r} is before 1970")
    hour, minute = whole(cells, "Recording_Hour"), whole(cells, "Recording_Minute")
    if hour is None or not 0 <= hour <= 23:
        clock = time(23, 59, 59)
    elif minute is None or not 0 <= minute <= 59:
        clock = time(hour, 59, 59)
    else:
        clock = time(hour, minute)
    return datetime.combine(day, clock, LOCAL).astimezone(UTC)


def _location(cells: Cells, description: str) -> Location:
    """`City` is a province (Damascus stands for its countryside too), `Neighborhood` a town or quarter."""
    place, province = given(cells, "Neighborhood"), given(cells, "City")
    lat, lon = number(cells, "Latitude"), number(cells, "Longitude")
    # Without a locality the point is the middle of the province, the same for all its rows: it would be a wrong place.
    stands_for_province = place is None and province is not None
    if lat is None or lon is None or stands_for_province:
        return Location(place=place, admin1=province, country="SY", text=None if place else description or None)
    if abs(lat) > 90 or abs(lon) > 180:
        # Not degrees. The names still are a place, and the numbers are kept to be seen.
        return Location(place=place, admin1=province, country="SY", text=f"coordinates as given: {lat:.10g} {lon:.10g}")
    return Location(lat=lat, lon=lon, radius_m=PLACE_RADIUS_M, place=place, admin1=province, country="SY")


__all__ = ["COLUMNS", "read"]
