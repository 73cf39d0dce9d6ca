"""Check a message: bytes in, a report that the later stages can rely on out, or the reason why not.

The shape (fields, types, closed lists, bounds) is that of `schemas.facts.Report`, and decoding tests it. What a shape
cannot say follows: which fields a type of report needs, that its time can be used, that numbers agree with each other.
The same conditions, as far as JSON Schema can say them, are in `schemas/v1/report.schema.json`.
"""

import re
from datetime import UTC, datetime
from unicodedata import category

import msgspec

from schemas.facts import CountRange, Location, Rejection, Report
from schemas.reasons import Reason, ReportType, TimePrecision
from streams.core.refusal import not_json, wrong_shape

SIZE_MAX = 256 * 1024
"""Bytes of a message."""

DEPTH_MAX = 32
"""Objects and arrays inside each other, the report itself counted."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_2200 = 7_258_118_400
"""Seconds since 1970. Local dates are reckoned from the times of a report, and one outside the calendar would raise."""

_decode = msgspec.json.Decoder(Report).decode

# Looking a member up in its enumeration costs five times as much.
_VIOLATION = ReportType.VIOLATION


def check(value: bytes | None, received_at: int, clock_skew_max_s: int = 600) -> Report | Rejection:
    """The report in a message, or a rejection whose detail names the field.

    `received_at`: seconds since 1970. A time of the report may be ahead of it by `clock_skew_max_s` seconds.
    Never raises, whatever the bytes are.
    """
    refusal = check_bounds(value)
    if refusal is not None:
        return refusal
    assert value is not None
    try:
        report = _decode(value)
        # The decoder skips unknown fields without a look at their text; the log takes UTF-8 only.
        if not value.isascii():
            value.decode()
    except msgspec.ValidationError as fault:
        return wrong_shape(fault, "report")
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        return not_json(fault, value)
    if report.about is not None or not (report.report_id.isprintable() and report.source.isprintable()):
        refusal = _check_ids(report)
        if refusal is not None:
            return refusal
    if report.status == "retracted":
        return report
    return _conditions(report, received_at + clock_skew_max_s) or report


def check_bounds(value: bytes | None) -> Rejection | None:
    """Refuses what is empty, too large or too deep, before anything is decoded."""
    if not value:
        return Rejection(Reason.NOT_JSON, "the message is empty")
    if len(value) > SIZE_MAX:
        return Rejection(Reason.TOO_LARGE, f"the message has {len(value)} bytes; at most {SIZE_MAX} are taken")
    # Few reports have as many brackets as that, so that the depth itself is seldom looked at.
    if value.count(b"{") + value.count(b"[") > DEPTH_MAX and _is_too_deep(value):
        return Rejection(Reason.TOO_DEEP, f"objects and arrays are nested more than {DEPTH_MAX} deep")
    return None


def seconds(time: datetime) -> int:
    """Whole seconds since 1970 of a time with an offset, rounded down."""
    since = time - _EPOCH
    return since.days * 86_400 + since.seconds


def _check_ids(report: Report) -> Rejection | None:
    """Ids become keys, file names and lines of a list; a line break in one would forge another."""
    ids = [("report_id", report.report_id), ("source", report.source)]
    if report.about is not None:
        about = report.about
        ids += [("about.source", about.source), ("about.report_id", about.report_id), ("about.incident", about.incident)]
    for field, name in ids:
        if name is not None and has_controls(name):
            return Rejection(Reason.WRONG_TYPE, f"{field}: has control characters in it")
    return None


def has_controls(name: str) -> bool:
    """Whether there are control characters in a name: a line break, or a zero, which ends it for C."""
    return any(category(character) == "Cc" for character in name)


def _conditions(report: Report, latest_s: int) -> Rejection | None:
    """What an active report must say, by its type. `latest_s`: the last second that is not in the future."""
    at, published_at = report.occurred_at, report.published_at
    # Written out, for these two are in almost every report.
    if at is not None and not 0 <= seconds(at) <= latest_s:
        return _unusable("occurred_at", at, latest_s)
    if published_at is not None and not 0 <= seconds(published_at) <= latest_s:
        return _unusable("published_at", published_at, latest_s)
    start, end = report.occurred_from, report.occurred_to
    if start is not None or end is not None:
        refusal = _check_occurrence(start, end, report.time_precision, latest_s)
        if refusal is not None:
            return refusal
    location = report.location
    if location is not None and (location.lat is not None or location.lon is not None):
        refusal = _check_coordinates("location", location)
        if refusal is not None:
            return refusal
    casualties = report.casualties
    if casualties is not None:
        for field, count in (("killed", casualties.killed), ("injured", casualties.injured)):
            if isinstance(count, CountRange) and not _is_ordered(count):
                return Rejection(Reason.WRONG_TYPE, f"casualties.{field}: low <= best <= high does not hold")
    if report.type is not _VIOLATION:
        return _NEEDS[report.type](report, latest_s)
    if report.kind is None:
        return _missing("kind", "a violation needs it")
    if at is None and (start is None or end is None):
        return _no_time("occurred_at", "a violation needs it, or occurred_from with occurred_to")
    if location is None or not _says_where(location):
        return _missing("location", "a violation needs it, with coordinates or a name in it")
    return None


def _check_occurrence(
    start: datetime | None, end: datetime | None, precision: TimePrecision | None, latest_s: int
) -> Rejection | None:
    last_s = latest_s
    if start is not None:
        if not 0 <= seconds(start) <= latest_s:
            return _unusable("occurred_from", start, latest_s)
        # A blunt span may reach beyond the moment of telling, as far as it is blunt: "this week" is told on a Wednesday.
        last_s = max(latest_s, seconds(start) + _BLUNT_S.get(precision, 0))
    if end is None:
        return None
    if not 0 <= seconds(end) <= last_s:
        return _unusable("occurred_to", end, last_s)
    if start is not None and start > end:
        return _no_time("occurred_to", "before occurred_from")
    return None


def _unusable(field: str, time: datetime, last_s: int) -> Rejection:
    """Why a time is not between 1970 and the last second that it may have."""
    at_s = seconds(time)
    if at_s >= 0 and last_s < _YEAR_2200 - 1:
        return Rejection(Reason.IN_THE_FUTURE, f"{field}: {time.isoformat()} was yet to come when the report was received")
    return _no_time(field, f"{time.isoformat()} is not in the years 1970 to 2199")


def _check_span(field: str, start: datetime, end: datetime) -> Rejection | None:
    """A half-open span with something in it."""
    for name, time in ((f"{field}.from", start), (f"{field}.to", end)):
        if not 0 <= seconds(time) < _YEAR_2200:
            return _unusable(name, time, _YEAR_2200 - 1)
    return None if start < end else _no_time(f"{field}.to", f"not after {field}.from")


def _check_coordinates(field: str, location: Location) -> Rejection | None:
    lat, lon = location.lat, location.lon
    if lat is None or lon is None:
        here, there = ("lat", "lon") if lat is None else ("lon", "lat")
        return Rejection(Reason.WRONG_TYPE, f"{field}.{here}: not given, although {there} is")
    # Whether they lie on the Earth is for `locate` to judge, which may mend them or knows the place by its name.
    return None


def _is_ordered(count: CountRange) -> bool:
    low, best, high = count.low, count.best, count.high
    if best is None:
        return low is None or high is None or low <= high
    return (low is None or low <= best) and (high is None or best <= high)


def _says_where(location: Location) -> bool:
    """Whether anything in it could be located; a radius or a precision alone could not."""
    if location.lat is not None:
        return True
    names = (location.place, location.admin1, location.text, location.admin2, location.quarter, location.country, location.mgrs)
    for name in names:  # noqa: SIM110 (a generator would cost most reports more than what it looks through)
        if name and not name.isspace():
            return True
    return False


def _nil(report: Report, latest_s: int) -> Rejection | None:
    covers = report.covers
    if covers is None:
        return _missing("covers", "a nil report needs it: what was watched, and when")
    if covers.start is None or covers.end is None:
        field = "from" if covers.start is None else "to"
        return _no_time(f"covers.{field}", "a nil report needs it: when its watch began and ended")
    # The watch may be stated to end in the future (it is cut at the time of receipt), but not begin there.
    if seconds(covers.start) > latest_s:
        return _unusable("covers.from", covers.start, latest_s)
    refusal = _check_span("covers", covers.start, covers.end)
    if refusal is not None:
        return refusal
    area = covers.location
    if area is not None and (area.lat is not None or area.lon is not None):
        refusal = _check_coordinates("covers.location", area)
        if refusal is not None:
            return refusal
    if covers.zone is None and (area is None or not _says_where(area)):
        return _missing("covers.zone", "a nil report needs it, or covers.location with coordinates or a name in it")
    return None


def _alive(report: Report, latest_s: int) -> Rejection | None:
    return None


def _access(report: Report, latest_s: int) -> Rejection | None:
    return _missing("access", "an access report needs it: the area and its state") if report.access is None else None


def _tally(report: Report, latest_s: int) -> Rejection | None:
    if report.count is None:
        return _missing("count", "a tally needs it")
    period = report.period
    if period is None:
        return _missing("period", "a tally needs it: the time that it counts")
    if seconds(period.end) > latest_s:
        return _unusable("period.to", period.end, latest_s)
    return _check_span("period", period.start, period.end)


def _declaration(report: Report, latest_s: int) -> Rejection | None:
    if report.party is None:
        return _missing("party", "a declaration needs it: who declares")
    if report.declares is None:
        return _missing("declares", "a declaration needs it")
    until = report.until
    if until is not None and not 0 <= seconds(until) < _YEAR_2200:
        return _unusable("until", until, _YEAR_2200 - 1)
    return None


def _judgement(report: Report, latest_s: int) -> Rejection | None:
    about = report.about
    if about is None:
        return _missing("about", f"a {report.type} needs it: the report or incident that is meant")
    if about.incident is None and (about.source is None or about.report_id is None):
        field = "source" if about.source is None else "report_id"
        return _missing(f"about.{field}", "give source and report_id, or the id of an incident")
    return None


def _is_too_deep(value: bytes) -> bool:
    """Peels the innermost brackets off, one layer a pass. Brackets in strings do not count."""
    shape = _STRING.sub(b"", value).translate(_ALIKE, _NOT_BRACKETS)
    for _ in range(DEPTH_MAX):
        peeled = shape.replace(b"[]", b"")
        if len(peeled) == len(shape):
            break
        shape = peeled
    # What is never closed is not JSON, but so much of it must not reach the decoder, which recurses.
    return b"[]" in shape or shape.count(b"[") > DEPTH_MAX


def _missing(field: str, why: str) -> Rejection:
    return Rejection(Reason.MISSING_FIELD, f"{field}: {why}")


def _no_time(field: str, why: str) -> Rejection:
    return Rejection(Reason.NO_USABLE_TIME, f"{field}: {why}")


_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")

_BLUNT_S: dict[TimePrecision | None, int] = {
    TimePrecision.HOUR: 3_600,
    TimePrecision.PART_OF_DAY: 86_400,
    TimePrecision.DAY: 86_400,
    TimePrecision.WEEK: 7 * 86_400,
    TimePrecision.MONTH: 31 * 86_400,
}

_NEEDS = {
    ReportType.NIL: _nil,
    ReportType.ALIVE: _alive,
    ReportType.ACCESS: _access,
    ReportType.TALLY: _tally,
    ReportType.DECLARATION: _declaration,
    ReportType.FINDING: _judgement,
    ReportType.DENIAL: _judgement,
    ReportType.ACKNOWLEDGEMENT: _judgement,
}

__all__ = ["DEPTH_MAX", "SIZE_MAX", "check", "check_bounds", "has_controls", "seconds"]
