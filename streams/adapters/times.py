"""Times as people write them: with or without an offset, a day alone, in formats that a mapping names."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_DAYS = ("%d %B %Y", "%d %b %Y", "%d-%B-%Y", "%d-%b-%Y", "%B %d, %Y", "%b %d, %Y")
"""Besides ISO 8601. Only what can be read one way: whether 3/4/2016 is in March, a mapping must say."""


class Moment(NamedTuple):
    """A time, UTC. `is_day`: only the local date is known; then it is noon, which is on the same date nearly everywhere."""

    at: datetime
    is_day: bool
    starts: datetime
    ends: datetime


def moment(text: str, zone: ZoneInfo, formats: Sequence[str] = ()) -> Moment | None:
    """What a text says; None where it is not a time between 1970 and 2199. `zone` is that of times without an offset."""
    for format in formats:
        try:
            return _moment(datetime.strptime(text, format), zone, is_day=not any(code in format for code in ("%H", "%I")))
        except ValueError:
            continue
    try:
        return day(date.fromisoformat(text), zone)
    except ValueError:
        pass
    try:
        return _moment(datetime.fromisoformat(text), zone, is_day=False)
    except ValueError:
        pass
    for format in _DAYS:
        try:
            return day(datetime.strptime(text, format).date(), zone)
        except ValueError:
            continue
    return None


def day(of: date, zone: ZoneInfo) -> Moment | None:
    if not 1970 < of.year < 2199:
        return None
    start, noon, end = (
        datetime.combine(on, clock, zone).astimezone(UTC)
        for on, clock in ((of, time()), (of, time(12)), (of + timedelta(days=1), time()))
    )
    return Moment(noon, True, start, end)


def _moment(at: datetime, zone: ZoneInfo, is_day: bool) -> Moment | None:
    if is_day:
        return day(at.date(), zone)
    if not 1970 < at.year < 2199:
        return None
    at = (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
    return Moment(at, False, at, at)


__all__ = ["Moment", "day", "moment"]
