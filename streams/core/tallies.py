"""Tallies: a bulletin's count for a zone and a period, of which only the excess over the known incidents adds anything.

From a source trusted for `violence` the excess is spread over the days of the period in proportion to seconds, the
remainder to the earliest. Of overlapping tallies the largest excess stands. The low is never raised.
"""

from typing import Any, NamedTuple

from streams.core.claims import Account, Span
from streams.core.measure import BEST, HIGH, Measure
from streams.core.terms import DAY


class Tally(NamedTuple):
    """`count` violations in some zones from `start` to `end` (seconds since 1970), stated by a lineage.

    `counts`: from a source that is trusted for violence.
    """

    zones: tuple[str, ...]
    start: int
    end: int
    count: int
    counts: bool
    lineage: str


class Tallies:
    """Live tallies by report key, and what they add to a zone's days."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._tallies: dict[object, Tally] = {}
        self._by_zone: dict[str, dict[object, Tally]] = {}

    def add(self, key: object, tally: Tally) -> None:
        self._tallies[key] = tally
        for zone in tally.zones:
            self._by_zone.setdefault(zone, {})[key] = tally

    def remove(self, key: object) -> Tally | None:
        tally = self._tallies.pop(key, None)
        if tally is not None:
            for zone in tally.zones:
                del self._by_zone[zone][key]
                if not self._by_zone[zone]:
                    del self._by_zone[zone]
        return tally

    def of(self, zone: str) -> list[Tally]:
        """Those of a zone that count, in a canonical order."""
        return sorted(tally for tally in self._by_zone.get(zone, {}).values() if tally.counts)

    def keys_of(self, zone: str) -> list[Any]:
        """Keys of those of a zone that count."""
        return sorted(key for key, tally in self._by_zone.get(zone, {}).items() if tally.counts)

    def asks_before(self, before_s: int) -> int:
        """Incidents that begin before this must be known to tell what tallies add to the days that end by `before_s`."""
        ends = [tally.end for tally in self._tallies.values() if tally.counts and tally.start < before_s]
        return max([before_s, *ends])

    def counting_since(self, told_from_s: int) -> int:
        """When the first of the periods begins that count for a time which is told still."""
        starts = [tally.start for tally in self._tallies.values() if tally.counts and tally.end > told_from_s]
        return min(starts, default=told_from_s)

    def stated(self, zone: str, start_s: int, end_s: int) -> list[int]:
        """Counts that bulletins, trusted or not, state for a day or less whose middle lies in this one: shown as disagreement.

        Bulletins go by calendar days, or from noon to noon, and seldom from D-hour.
        """
        return sorted(
            [
                tally.count
                for tally in self._by_zone.get(zone, {}).values()
                if tally.end - tally.start <= DAY and start_s <= (tally.start + tally.end) // 2 < end_s
            ]
        )

    def rivals(self, zone: str, start_s: int, end_s: int) -> list[Tally]:
        """Those of a zone, trusted or not, whose period touches a span: the latest first."""
        touching = [t for t in self._by_zone.get(zone, {}).values() if t.start < end_s and t.end > start_s]
        return sorted(touching, key=lambda tally: (-tally.end, -tally.start, tally.lineage, tally.count))

    def excess(self, zone: str, day: int, d_hour_s: int) -> tuple[int, int]:
        """What the tallies add to (best, high) incidents of a day of the truce."""
        if zone not in self._by_zone:
            return 0, 0
        tallies = self.of(zone)
        return self._excess(zone, tallies, day, d_hour_s, BEST), self._excess(zone, tallies, day, d_hour_s, HIGH)

    def window_excess(self, zone: str, start_s: int, end_s: int, d_hour_s: int) -> tuple[int, int]:
        """The same for a span: the part of each day's excess that lies in it, rounded down."""
        best = high = 0
        if zone in self._by_zone:
            for day in range((start_s - d_hour_s) // DAY, (end_s - d_hour_s - 1) // DAY + 1):
                inside_s = _overlap(start_s, end_s, d_hour_s + day * DAY, d_hour_s + (day + 1) * DAY)
                day_best, day_high = self.excess(zone, day, d_hour_s)
                best += day_best * inside_s // DAY
                high += day_high * inside_s // DAY
        return best, high

    def _excess(self, zone: str, tallies: list[Tally], day: int, d_hour_s: int, bound: int) -> int:
        ranked = sorted(
            ((tally.count - self._known(zone, tally, d_hour_s, bound), tally) for tally in tallies),
            key=lambda found: (-found[0], found[1]),
        )
        standing: list[tuple[int, Tally]] = []
        for excess, tally in ranked:
            if excess > 0 and all(tally.end <= other.start or other.end <= tally.start for _, other in standing):
                standing.append((excess, tally))
        return sum(_portion(excess, tally, day, d_hour_s) for excess, tally in standing)

    def _known(self, zone: str, tally: Tally, d_hour_s: int, bound: int) -> int:
        """Incidents of the zone in the tally's period: by their middle for the best, by any overlap for the high."""
        zone_measure = self._measure.zones[zone]
        first, last = (tally.start - d_hour_s) // DAY, (tally.end - d_hour_s - 1) // DAY
        counting = {incident for day in range(first, last + 1) for incident in zone_measure.counting(bound, day)}
        spans = [_span(incident.anchor, bound) for incident in counting]
        return sum(start < tally.end and (end > tally.start or start == end >= tally.start) for start, end in spans)


def _span(anchor: Account, bound: int) -> Span:
    """When an incident counts as having happened: for the best in the middle of its span."""
    if bound != BEST:
        return anchor.start, anchor.end
    middle = (anchor.start + anchor.end) // 2
    return middle, middle


def _portion(excess: int, tally: Tally, day: int, d_hour_s: int) -> int:
    length_s = tally.end - tally.start
    days = range((tally.start - d_hour_s) // DAY, (tally.end - d_hour_s - 1) // DAY + 1)
    if day not in days:
        return 0
    shares = [excess * _overlap(tally.start, tally.end, d_hour_s + d * DAY, d_hour_s + (d + 1) * DAY) // length_s for d in days]
    shares[0] += excess - sum(shares)
    return shares[day - days[0]]


def _overlap(start: int, end: int, other_start: int, other_end: int) -> int:
    return max(0, min(end, other_end) - max(start, other_start))


__all__ = ["Tallies", "Tally"]
