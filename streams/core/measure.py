"""Measure violence in a zone: by day from D-hour, and over the last seven days.

Takes one incident as it was and as it is now and restates the days and hours that it touches. Every level is an
interval: *low* is what is certain, *best* what is likely, *high* what could be. Nothing here reads a clock; the current
hour is given.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

from schemas.facts import Interval, Measures
from schemas.reasons import Grade, Scope, TimePrecision
from streams.core.incident import NOTHING, Adds, Incident
from streams.core.reach import BEST, BOUNDS, HIGH, LOW, Reach
from streams.core.sums import pack, unpack
from streams.core.testimony import Derived

FAR_DAY = 1 << 40
METRICS = ("incidents", "severity", "killed")
BLUNT_TIMES = (TimePrecision.WEEK, TimePrecision.MONTH)


def contribution(incident: Incident, derived: Derived, counted: bool) -> Adds:
    """Apply the three tests: what it adds to each bound of the zones and times that it reaches."""
    if derived.scope is Scope.OUT_OF_SCOPE or incident.findings:
        return NOTHING
    anchor, placement = incident.anchor, incident.placement
    in_low, in_best, in_high = derived.violent
    # Of what is told one by one a total is no further one: it is doubt.
    single = not anchor.is_total
    sure = derived.grade is not Grade.WEAK and anchor.time_precision not in BLUNT_TIMES
    return _adds(
        derived.severity,
        derived.killed,
        in_low and single and sure and placement.certain != (),
        in_best and single and counted and placement.centre != (),
        in_high and counted and placement.possible != (),
    )


# What many incidents have alike is kept once.
@lru_cache(maxsize=16_384)
def _adds(severity: tuple[int, int, int], killed: tuple[int, int, int], *counts: bool) -> Adds:
    low, best, high = ((1, severity[bound], killed[bound]) if counts[bound] else None for bound in BOUNDS)
    return low, best, high


class ZoneMeasure:
    """Days and the rolling level of one zone, as nine running sums each, packed (`sums`)."""

    __slots__ = (
        "_changes",
        "_hour",
        "_incidents",
        "_listed",
        "_week_sums",
        "_window",
        "_zone",
        "closed_weeks",
        "days",
        "level_dirty",
        "week_before",
        "week_changes",
    )

    def __init__(self, zone: str) -> None:
        self.days: dict[int, int] = {}
        self.week_changes: dict[int, int] = {}
        self.closed_weeks: dict[int, int] = {}
        self.week_before: tuple[int, int] = (-FAR_DAY, 0)
        self.level_dirty = False
        self._zone = zone
        self._changes: dict[int, int] = {}
        self._window = 0
        self._incidents: dict[int, set[Incident]] = {}
        self._listed: tuple[dict[int, list[str]], ...] = ({}, {}, {})
        self._hour: int | None = None
        # Days on which the sums of the week are others, and the sums from each on; none where they are to be added up again.
        self._week_sums: tuple[list[int], list[int]] | None = None

    def restate(self, incident: Incident, reach: Reach, amounts: int, moved: list[int]) -> None:
        """It adds so much more (packed) to what it reaches. `moved`: bounds to which it came, or which it left."""
        days = self.days
        for day in reach.days:
            days[day] = days.get(day, 0) + amounts
            if moved:
                self._relist(incident, day, moved)
        if reach.first_hour == reach.last_hour:
            return
        self.level_dirty = True
        now, changes = self._hour, self._changes
        for hour, more in ((reach.first_hour, amounts), (reach.last_hour, -amounts)):
            if now is not None and hour <= now:
                self._window += more
            else:
                changes[hour] = changes.get(hour, 0) + more
        if reach.weeks:
            closed, weeks = self.week_before[0], self.week_changes
            for day, more in ((reach.weeks.start, amounts), (reach.weeks.stop, -amounts)):
                if day < closed:
                    self.week_before = closed, self.week_before[1] + more
                else:
                    weeks[day] = weeks.get(day, 0) + more
            self._week_sums = None

    def _relist(self, incident: Incident, day: int, moved: list[int]) -> None:
        """Those of a day are kept together whatever they count in; in order, for a bound, once somebody asked for that. Of days
        that were let go of there is no list."""
        if day < self.week_before[0]:
            return
        there = self._incidents.get(day)
        if there is None:
            there = self._incidents[day] = set()
        came = False
        for bound in moved:
            joined = incident.adds[bound] is not None
            came = came or joined
            before = self._listed[bound].get(day)
            if before is not None:
                after = self._listed[bound][day] = before.copy()
                if joined:
                    insort(after, incident.id)
                else:
                    del after[bisect_left(after, incident.id)]
        if came:
            there.add(incident)
        elif not any(incident.counts(bound, self._zone, day) for bound in BOUNDS):
            there.discard(incident)

    def unlist(self, incident: Incident, days: Iterable[int]) -> None:
        for day in days:
            there = self._incidents.get(day)
            if there is not None and incident in there:
                there.discard(incident)
                for listed in self._listed:
                    listed.pop(day, None)

    def advance(self, hour: int) -> None:
        """Move the window to end with this hour."""
        before = self._hour
        if before is not None and hour <= before:
            return
        self._hour = hour
        self.level_dirty = True
        changes = self._changes
        # An hour at a time as a rule; after a long while, or at the beginning, whatever is due of all that is to come.
        next_hours = before is not None and hour - before < len(changes)
        for due in range(before + 1, hour + 1) if next_hours else [h for h in changes if h <= hour]:
            self._window += changes.pop(due, 0)

    def window(self) -> int:
        """The nine sums of the last seven days, packed."""
        return self._window

    def day(self, day: int) -> int:
        """The nine sums of a day, packed."""
        return self.days.get(day, 0)

    def week(self, day: int) -> int:
        """Over the 168 hours that end with a day, packed."""
        closed, sums = self.week_before
        if day < closed:
            return self.closed_weeks.get(day, 0)
        if self._week_sums is None:
            days = sorted(self.week_changes)
            self._week_sums = days, list(accumulate([self.week_changes[at] for at in days], initial=sums))
        days, totals = self._week_sums
        return totals[bisect_right(days, day)]

    def restore_weeks(self, changes: dict[int, int], closed: dict[int, int], before: tuple[int, int]) -> None:
        self.week_changes, self.closed_weeks, self.week_before = changes, closed, before
        self._week_sums = None

    def forget(self, before_day: int) -> None:
        """Drop the lists of incidents of closed days; their sums stay, and those of the weeks that end with them."""
        for at in sorted(at for at in self.week_changes if at < before_day):
            self._close_weeks(at)
            closed, sums = self.week_before
            self.week_before = closed, sums + self.week_changes.pop(at)
        self._close_weeks(before_day)
        self._week_sums = None
        for by_day in (self._incidents, *self._listed):
            for day in [day for day in by_day if day < before_day]:
                del by_day[day]

    def _close_weeks(self, before_day: int) -> None:
        """Weeks that end before this day and are not closed yet are as they stand."""
        closed, sums = self.week_before
        if sums:
            self.closed_weeks.update(dict.fromkeys(range(closed, before_day), sums))
        self.week_before = before_day, sums

    def counting(self, bound: int, day: int) -> list[Incident]:
        """Those that count in a bound of a day, in no order."""
        return [one for one in self._incidents.get(day, ()) if one.counts(bound, self._zone, day)]

    def incidents(self, bound: int, day: int) -> list[str]:
        """Their ids, in order. As long as none comes or goes, it is the same list."""
        found = self._listed[bound].get(day)
        if found is None:
            found = self._listed[bound][day] = sorted([one.id for one in self.counting(bound, day)])
        return found


# Most days and weeks that are told again are as they were, and small zones have the sums of the large ones about them.
@lru_cache(maxsize=4_096)
def measures(total: int, best_extra: int = 0, high_extra: int = 0) -> Measures:
    """Nine packed sums as intervals. A sum of lows never exceeds its bests but where an anchor lies at a border: keep the
    order."""
    sums = unpack(total)
    low, best, high = sums[:3], sums[3:6], sums[6:]
    best[0] += best_extra
    high[0] += high_extra
    return Measures(*map(_interval, low, best, high))


def _interval(low: int, best: int, high: int) -> Interval:
    best = best if best > low else low
    return Interval(low, best, high if high > best else best)


class Measure:
    """All zones of a truce. `touched`: where something changed since somebody last looked."""

    def __init__(self, zone_ids: Iterable[str]) -> None:
        self.zones = {zone: ZoneMeasure(zone) for zone in zone_ids}
        self.touched: set[Reach] = set()

    def restate(self, incident: Incident, after: Adds) -> None:
        """An incident adds this now instead of what it added."""
        before = incident.adds
        if before == after:
            return
        incident.adds = after
        # Its bounds mostly reach alike: what they add is added up first.
        changed: dict[Reach, tuple[int, list[int]]] = {}
        for bound, reach in enumerate(incident.reaches):
            was, now = before[bound], after[bound]
            if was != now:
                amounts, moved = changed.get(reach) or (0, [])
                amounts += (0 if now is None else pack(bound, now)) - (0 if was is None else pack(bound, was))
                if was is None or now is None:
                    moved.append(bound)
                changed[reach] = amounts, moved
        for reach, (amounts, moved) in changed.items():
            for zone in reach.zones:
                self.zones[zone].restate(incident, reach, amounts, moved)
        self.touched.update(changed)

    def forget(self, incident: Incident) -> None:
        """It is let go of: what it adds stays, and no day lists it any more."""
        for reach in set(incident.reaches):
            for zone in reach.zones:
                self.zones[zone].unlist(incident, reach.days)

    def take_touched(self) -> set[Reach]:
        """Where something changed, and forget it."""
        touched, self.touched = self.touched, set()
        return touched

    def advance(self, hour: int) -> None:
        for zone in self.zones.values():
            zone.advance(hour)


__all__ = ["BEST", "HIGH", "LOW", "METRICS", "Measure", "ZoneMeasure", "contribution", "measures"]
