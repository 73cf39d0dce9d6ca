"""The UCDP Georeferenced Event Dataset (GED), one row an event of organised violence, as CSV.

Read with the columns of the full data set or of an extract that keeps only day, coordinates and deaths. The data set is
compiled from others: where a row names its origin, that is the source, and UCDP where it does not.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from schemas.facts import Casualties, CountRange, Location, Report
from schemas.reasons import Kind, ReportType, TimePrecision
from streams.adapters import table
from streams.adapters.countries import iso_code
from streams.adapters.rows import Fault, Made, Row, Took, nobody
from streams.adapters.table import Cells, given, kept, number, whole

COLUMNS = ("id", "latitude", "longitude", "type_of_violence", "best", "country")
DATES = ("date", "date_start")
"""One of them must be there: the extract has one day, the full data set a first and (in `date_end`) a last one."""

UNSTATED_PRECISION = 3
"""An extract without `where_prec` does not say which points are towns and which stand for a district: take the wider."""

# UCDP's date_prec: 1 the day, 2 within days, 3 the week, 4 the month, 5 more than a month.
_TIME_PRECISION = {
    2: TimePrecision.WEEK,
    3: TimePrecision.WEEK,
    4: TimePrecision.MONTH,
    5: TimePrecision.MONTH,
}

# UCDP's where_prec: 1 the place itself, which is a town and not a crater, 2 within 25 km of it; from 3 on areas. Metres.
_RADIUS_M = {1: 2_500, 2: 25_000}
_NAMED_PLACE = 2
"""The bluntest where_prec of which `where_coordinates` is the name of a place."""

CODES = (
    *("where_prec", "date_prec", "event_clarity", "type_of_violence", "code_status", "number_of_sources"),
    *("relid", "conflict_new_id", "dyad_new_id", "conflict_id"),
)
"""What is kept as it stands."""


def read(path: Path, took: Took = nobody) -> Iterator[Row]:
    """Reports of the file, in its order. Raises `AdapterError` where it is not such a table."""
    return table.read(path, COLUMNS, _report, one_of=DATES, took=took)


def _report(cells: Cells) -> Made:
    identifier = given(cells, "id")
    if identifier is None:
        return Fault("id: empty")
    days = _days(cells)
    if isinstance(days, Fault):
        return days
    first, last = days
    start, end = _noon(first), datetime.combine(last + timedelta(days=1), time(), UTC)
    precision = _TIME_PRECISION.get(whole(cells, "date_prec") or 1, TimePrecision.DAY)
    one_day = first == last
    article = given(cells, "source_article")
    report = Report(
        report_id=identifier,
        source=_source(cells),
        type=ReportType.VIOLATION,
        kind=Kind.ATTACK,
        # A day is that of the place: noon is on the same date everywhere that matters, midnight would not be.
        occurred_at=start if one_day else None,
        occurred_from=None if one_day else datetime.combine(first, time(), UTC),
        occurred_to=None if one_day else end,
        time_precision=precision,
        location=_location(cells),
        casualties=_casualties(cells),
        # For a battle the order of the two says nothing of who began; who was in it decides whether the truce is concerned.
        by=given(cells, "side_a"),
        against=given(cells, "side_b"),
        via=given(cells, "source_original"),
        text=article,
        original=kept(cells, CODES),
    )
    return int(end.timestamp()), report


def _days(cells: Cells) -> tuple[date, date] | Fault:
    """First and last day. The file says no time of publication: a row is received when its last day is over."""
    first = given(cells, "date_start") or given(cells, "date") or ""
    last = given(cells, "date_end") or first
    try:
        days = date.fromisoformat(first[:10]), date.fromisoformat(last[:10])
    except ValueError:
        return Fault(f"date: {first[:40]!r} to {last[:40]!r} are not dates (YYYY-MM-DD)")
    if not 1970 <= days[0].year <= days[1].year <= 2199 or days[0] > days[1]:
        return Fault(f"date: {first[:40]!r} to {last[:40]!r} is no span of days since 1970")
    return days


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _source(cells: Cells) -> str:
    """Who published it: the first office that the row names."""
    office = given(cells, "source_office") or (given(cells, "source_article") or "").partition(",")[0]
    return office.split(";")[0].strip(' "')[:200] or "ucdp"


def _location(cells: Cells) -> Location:
    precision = whole(cells, "where_prec")
    if precision is None or not 1 <= precision <= 7:
        precision = UNSTATED_PRECISION
    lat, lon = number(cells, "latitude"), number(cells, "longitude")
    usable = lat is not None and lon is not None and abs(lat) <= 90 and abs(lon) <= 180
    return Location(
        lat=lat if usable else None,
        lon=lon if usable else None,
        radius_m=_RADIUS_M.get(precision) if usable else None,
        place=given(cells, "where_coordinates") if precision <= _NAMED_PLACE else None,
        admin1=given(cells, "adm_1"),
        admin2=given(cells, "adm_2"),
        country=iso_code(given(cells, "country") or ""),
        precision=precision,
    )


def _casualties(cells: Cells) -> Casualties | None:
    """Deaths as the range that the row states, or its best estimate; nobody's injuries are counted."""
    low, best, high = (whole(cells, column) for column in ("low", "best", "high"))
    if best is None or best < 0:
        return None
    is_range = low is not None and high is not None and 0 <= low <= best <= high
    civilians = whole(cells, "deaths_civilians" if "deaths_civilians" in cells else "civilian_deaths")
    if best and civilians == best:
        who = "civilian"
    else:
        who = "combatant" if best and civilians == 0 and _combatants(cells) == best else "unknown"
    return Casualties(killed=CountRange(low, best, high) if is_range else best, who=who)


def _combatants(cells: Cells) -> int:
    columns = ("combatant_deaths", "deaths_a", "deaths_b")
    return sum(whole(cells, column) or 0 for column in columns)


__all__ = ["CODES", "COLUMNS", "read"]
