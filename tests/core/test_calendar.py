"""Hours, parts of days and weeks are those of the truce's own clock."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from schemas.reasons import TimePrecision
from streams.core.claims import Calendar


@pytest.mark.parametrize(
    ("zone", "at", "precision", "start", "end"),
    [
        ("UTC", "2016-03-20T10:40", TimePrecision.HOUR, "2016-03-20T10:00", "2016-03-20T11:00"),
        ("Asia/Kabul", "2016-03-20T10:40", TimePrecision.HOUR, "2016-03-20T10:00", "2016-03-20T11:00"),  # four and a half hours
        ("Asia/Kathmandu", "2016-03-20T10:00", TimePrecision.HOUR, "2016-03-20T10:00", "2016-03-20T11:00"),
        ("Asia/Kabul", "2016-03-20T18:00", TimePrecision.PART_OF_DAY, "2016-03-20T18:00", "2016-03-21T00:00"),
        # Clocks go forward at two, so that the night is an hour shorter, and the rest is as it is called.
        ("Europe/Kyiv", "2016-03-27T02:30", TimePrecision.PART_OF_DAY, "2016-03-27T00:00", "2016-03-27T06:00"),
        ("Europe/Kyiv", "2016-03-27T06:10", TimePrecision.PART_OF_DAY, "2016-03-27T06:00", "2016-03-27T12:00"),
        ("Europe/Kyiv", "2016-03-27T18:00", TimePrecision.PART_OF_DAY, "2016-03-27T18:00", "2016-03-28T00:00"),
        ("Europe/Kyiv", "2016-10-30T12:00", TimePrecision.PART_OF_DAY, "2016-10-30T12:00", "2016-10-30T18:00"),
        ("Europe/Kyiv", "2016-03-27T12:00", TimePrecision.DAY, "2016-03-27T00:00", "2016-03-28T00:00"),
        ("Europe/Kyiv", "2016-03-25T12:00", TimePrecision.WEEK, "2016-03-21T00:00", "2016-03-28T00:00"),
    ],
)
def test_a_span_is_that_of_the_local_clock(zone: str, at: str, precision: TimePrecision, start: str, end: str) -> None:
    def seconds(local: str) -> int:
        return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).timestamp())

    assert Calendar(ZoneInfo(zone)).span(seconds(at), precision) == (seconds(start), seconds(end))


@pytest.mark.parametrize("zone", ["Europe/Kyiv", "Asia/Damascus", "Asia/Kabul", "America/Santiago"])
@pytest.mark.parametrize("precision", [TimePrecision.HOUR, TimePrecision.PART_OF_DAY, TimePrecision.DAY, TimePrecision.WEEK])
def test_a_span_holds_what_it_is_of(zone: str, precision: TimePrecision) -> None:
    calendar, begin = Calendar(ZoneInfo(zone)), int(datetime(2016, 1, 1).timestamp())
    for at_s in range(begin, begin + 366 * 86_400, 1_800):
        start, end = calendar.span(at_s, precision)
        assert start <= at_s < end
