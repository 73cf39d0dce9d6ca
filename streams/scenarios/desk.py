"""Where a scenario's reports are written down, and from where they are handed over in order of receipt.

A scenario lets voices `say` things in any order; `arrivals` sorts them by time of receipt. All chance of a scenario is in
`Desk.random`, so that one seed gives one telling.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec

from schemas.facts import Covers, Location, Period, Report
from schemas.reasons import ReportType
from streams.core.intake import Arrival
from streams.core.terms import DAY
from streams.scenarios.voices import Voice

MINUTE = 60
D_HOUR_S = int(datetime(2016, 9, 12, 16, tzinfo=UTC).timestamp())

_encode = msgspec.json.Encoder().encode


class Desk:
    """One telling of one scenario, up to `ends`: what would arrive later is not told. Times are seconds since 1970."""

    def __init__(self, scenario: str, seed: int, ends: int) -> None:
        self.random = Random(f"{scenario}/{seed}")
        self.ends = ends
        self._scenario = scenario
        self._arrivals: list[tuple[int, int, bytes]] = []
        self._said: dict[tuple[str, str], int] = {}

    def arrivals(self) -> Iterator[Arrival]:
        """Everything said, ordered by time of receipt; what arrived in one second keeps the order it was said in."""
        for received_at, said, value in sorted(self._arrivals):
            yield Arrival(received_at, value, f"{self._scenario}:{said}")

    def say(
        self,
        voice: Voice,
        type: ReportType,
        told_at: int,
        story: str,
        *,
        report_id: str | None = None,
        delay_min: int | None = None,
        **fields: Any,
    ) -> str:
        """One report; gives its id. It arrives some minutes after `told_at`, by the voice's habit unless stated.

        `story` names in the id what the report is about; `report_id` is given to revise a report said before.
        """
        if report_id is None:
            number = self._said[voice.slug, story] = self._said.get((voice.slug, story), 0) + 1
            report_id = f"{voice.slug}/{story}/{number}"
        if delay_min is None:
            delay_min = self.random.randint(*voice.delay_min)
        received_at = told_at + delay_min * MINUTE + self.random.randrange(MINUTE)
        published_at = max(told_at, received_at - self.random.randrange(2 * MINUTE))
        report = Report(
            report_id=report_id,
            source=voice.source,
            type=type,
            language=voice.language,
            published_at=clock(published_at),
            **fields,
        )
        if received_at < self.ends:
            self._arrivals.append((received_at, len(self._arrivals) + 1, _encode(report)))
        return report_id

    def about(self, minutes: int) -> int:
        """Seconds, up to that many minutes, either way."""
        return self.random.randint(-minutes * MINUTE, minutes * MINUTE)


def clock(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def at(day: int, hours: float = 0) -> int:
    """A time of a day of the truce, `hours` after the day's beginning at 16:00 UTC (19:00 in Damascus)."""
    return D_HOUR_S + day * DAY + round(hours * 3_600)


def zone_for(zone: str, start: int, end: int) -> Covers:
    return Covers(zone=zone, start=clock(start), end=clock(end))


def period(start: int, end: int) -> Period:
    return Period(clock(start), clock(end))


def point(lat: float, lon: float, radius_m: int | None = None, **names: str) -> Location:
    """Coordinates as a source gives them: rounded to four places, about ten metres."""
    return Location(lat=round(lat, 4), lon=round(lon, 4), radius_m=radius_m, **names)
