"""The days of a truce by zone: what is known of each, what it came to when it settled, and which of them changed."""

from collections.abc import Iterable

from schemas.facts import Measures
from schemas.reasons import WHOLE, Condition
from streams.core.coverage import is_watched, share
from streams.core.gate import failed_conditions, in_thousandths, limit
from streams.core.measure import METRICS, measures
from streams.core.monitor.governing import Governing
from streams.core.monitor.markers import Markers
from streams.core.picture import Picture
from streams.core.settlement import DayView, SettledDay
from streams.core.terms import HOUR, Ends, Terms, thousandths

ABSENT = DayView(frozenset({Condition.NOT_WATCHED}), None, 0, {}, {})
"""A day on which the terms that governed it did not know the zone."""


class Days:
    """Settled days by zone, from day 0. `changed`: (zone, day) whose published body may be another now. `again`: settled ones
    that have been told since the last tick, and are looked at again at the next.

    `news`: whether an outcome changed since somebody last asked, so that the history of phases may be another.
    """

    def __init__(self, governing: Governing, markers: Markers) -> None:
        self.settled: dict[str, list[SettledDay]] = {}
        self.too_violent: list[bool] = []
        self.baseline: dict[str, int | None] | None = None
        self.changed: set[tuple[str, int]] = set()
        self.again: set[tuple[str, int]] = set()
        self.lingering: set[tuple[str, int]] = set()
        self.news = False
        self._governing = governing
        self._markers = markers

    def know(self, zones: Iterable[str], settled: int) -> None:
        """Zones of new terms: they have no past."""
        for zone in zones:
            self.settled.setdefault(zone, [SettledDay(ABSENT) for _ in range(settled)])

    def settle(self, day: int, ends: Ends) -> None:
        """The day has an outcome from now on."""
        if day < 0:
            self.baseline = self.measure_baseline()
            return
        for zone, days in self.settled.items():
            days.append(SettledDay(self.view(zone, day)))
            self.changed.add((zone, day))
        self.too_violent.append(self._collapses(day, ends))
        self.news = True

    def restate(self, stale: Iterable[tuple[str, int]], ticked_s: int, ends: Ends) -> None:
        """Settled days whose measures, coverage or access changed."""
        for zone, day in stale:
            settled = self.settled[zone][day]
            before = settled.failed
            settled.restate(self.view(zone, day), ticked_s)
            if settled.lingering:
                self.lingering.add((zone, day))
            self.news |= settled.failed != before
            if zone == WHOLE and self._collapses(day, ends) != self.too_violent[day]:
                self.too_violent[day] = not self.too_violent[day]
                self.news = True
            self.changed.add((zone, day))

    def relent(self, ticked_s: int, settle_s: int) -> None:
        """Let go of what has been better for long enough."""
        for zone, day in sorted(self.lingering):
            settled = self.settled[zone][day]
            if settled.relent(ticked_s, settle_s):
                self.changed.add((zone, day))
                self.news = True
            if not settled.lingering:
                self.lingering.discard((zone, day))

    def take_news(self) -> bool:
        news, self.news = self.news, False
        return news

    def measures(self, picture: Picture, zone: str, day: int) -> Measures:
        best, high = picture.tallies.excess(zone, day, picture.terms.d_hour_s)
        return measures(picture.measure.zones[zone].day(day), best, high)

    def limit(self, terms: Terms, zone: str) -> int | None:
        """What a day of the zone may hold, in thousandths; None without a baseline."""
        return limit(terms.thresholds[zone], (self.baseline or {}).get(zone))

    def measure_baseline(self) -> dict[str, int | None]:
        """By zone: the mean best of the watched days before D-hour, in thousandths; None with too few of them."""
        picture = self._governing.of_day(0)
        terms = picture.terms
        trusted_only = any("violence" in source.trusted for source in terms.sources)
        found: dict[str, int | None] = {}
        for zone in terms.zone_ids:
            metric = terms.thresholds[zone].metric
            amounts = []
            for day in range(-terms.baseline.days, 0):
                if is_watched(picture.coverage.watched_s(zone, *self._governing.day_span(day)), terms):
                    amounts.append(picture.best_of_day(zone, day, METRICS.index(metric), trusted_only))
            enough = len(amounts) >= terms.baseline.min_watched_days
            found[zone] = in_thousandths(metric, sum(amounts)) // len(amounts) if enough else None
        return found

    def view(self, zone: str, day: int) -> DayView:
        """What is known of a day of a zone: the conditions that fail, and what they rest on."""
        picture = self._governing.of_day(day)
        terms = picture.terms
        if zone not in terms.thresholds:
            return ABSENT
        start_s, end_s = self._governing.day_span(day)
        threshold, most = terms.thresholds[zone], self.limit(terms, zone)
        interval = getattr(self.measures(picture, zone, day), threshold.metric)
        watched_s = picture.coverage.watched_s(zone, start_s, end_s)
        access = {area: picture.access.state(area, start_s, end_s) for area in sorted(terms.access.areas)}
        failed = failed_conditions(
            threshold.metric,
            interval.low,
            interval.high,
            most,
            is_watched(watched_s, terms),
            [access[area] for area in terms.access.required] if zone in terms.gated_ids else [],
            self._markers.stands(zone, start_s, end_s),
        )
        return DayView(failed, most, share(watched_s, end_s - start_s), picture.coverage.heard(zone, day), access)

    def _collapses(self, day: int, ends: Ends) -> bool:
        """Whether the truce as a whole was too violent on a day to stand, if it goes on like that."""
        if ends.collapse_level is None:
            return False
        low = getattr(self.measures(self._governing.of_day(day), WHOLE, day), ends.collapse_metric).low
        return in_thousandths(ends.collapse_metric, low) > thousandths(ends.collapse_level)

    def restate_collapse(self, first: int, ends: Ends) -> None:
        """Other terms judge the days that are open by them."""
        for day in range(first, len(self.too_violent)):
            self.too_violent[day] = self._collapses(day, ends)
        self.news = True


def settle_s(terms: Terms) -> int:
    return terms.gate.settle_hours * HOUR


def open_days(first: int, settled: int) -> range:
    """Settled days that may still be another."""
    return range(max(0, first), settled)


__all__ = ["ABSENT", "Days", "open_days", "settle_s"]
