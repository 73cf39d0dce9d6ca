"""Measure violence in a zone: by day from D-hour, and over the last seven days.

Takes one incident as it was and as it is now and restates the days and hours that it touches. Every level is an
interval: *low* is what is certain, *best* what is likely, *high* what could be. Nothing here reads a clock; the current
hour is given.
"""

from collections.abc import Iterable
from functools import lru_cache

from schemas.facts import Interval, Measures
from schemas.reasons import Grade, Scope, TimePrecision
from streams.core.incident import Amounts, Contribution, Incident, Part
from streams.core.sums import pack, unpack
from streams.core.terms import DAY, HOUR
from streams.core.testimony import Derived

WINDOW_HOURS = 168
LOW, BEST, HIGH = range(3)
FAR_DAY = 1 << 40
METRICS = ("incidents", "severity", "killed")
LOW_SHARE_PERCENT = 90
"""How much of an incident's span must lie in a day for it to be certainly of that day."""


def contribution(incident: Incident, derived: Derived, counted: bool, d_hour_s: int) -> Contribution:
    """Apply the three tests. Times from D-hour; half-open, so that a point at D-hour belongs to the first day."""
    if derived.scope is Scope.OUT_OF_SCOPE or incident.findings:
        return Contribution(incident.id, ())
    start_s, end_s = incident.anchor.start - d_hour_s, incident.anchor.end - d_hour_s
    placement, span = incident.placement, (incident.anchor.start, incident.anchor.end)
    amounts = [_amounts(derived.severity[bound], derived.killed[bound]) for bound in (LOW, BEST, HIGH)]
    parts = []
    in_low, in_best, in_high = derived.violent
    # Of what is told one by one a total is no further one: it is doubt.
    is_total = incident.anchor.is_total
    if in_low and derived.grade is not Grade.WEAK and placement.certain and not is_total and _datable(incident):
        parts.append(Part(LOW, placement.certain, low_days(start_s, end_s), *low_hours(start_s, end_s), amounts[LOW], span))
    if counted:
        middle_s = (start_s + end_s) // 2
        best_span = span if start_s == end_s else (sum(span) // 2,) * 2
        hour = middle_s // HOUR
        if in_best and placement.centre and not is_total:
            parts.append(
                Part(BEST, placement.centre, _one_day(middle_s // DAY), hour, hour + WINDOW_HOURS, amounts[BEST], best_span)
            )
        if in_high and placement.possible:
            parts.append(
                Part(HIGH, placement.possible, high_days(start_s, end_s), *high_hours(start_s, end_s), amounts[HIGH], span)
            )
    return Contribution(incident.id, tuple(parts))


def _datable(incident: Incident) -> bool:
    return incident.anchor.time_precision not in (TimePrecision.WEEK, TimePrecision.MONTH)


def low_days(start_s: int, end_s: int) -> tuple[int, ...]:
    """The day that holds at least 90 % of the span; else the later of two that hold it together, both after D-hour."""
    length_s = end_s - start_s
    first, last = start_s // DAY, max(start_s, end_s - 1) // DAY
    if first == last:
        return _one_day(first)
    inside = {day: min(end_s, (day + 1) * DAY) - max(start_s, day * DAY) for day in range(first, last + 1)}
    for day, seconds in inside.items():
        if seconds * 100 >= length_s * LOW_SHARE_PERCENT:
            return (day,)
    for day in range(max(first, 0), last):
        if (inside[day] + inside[day + 1]) * 100 >= length_s * LOW_SHARE_PERCENT:
            return (day + 1,)
    return ()


def high_days(start_s: int, end_s: int) -> tuple[int, ...]:
    """Every day that the span touches."""
    first, last = start_s // DAY, max(start_s, end_s - 1) // DAY
    return _one_day(first) if first == last else tuple(range(first, last + 1))


# What many incidents have alike is kept once.
@lru_cache(maxsize=65_536)
def _amounts(severity: int, killed: int) -> Amounts:
    return 1, severity, killed


@lru_cache(maxsize=1_024)
def _one_day(day: int) -> tuple[int, ...]:
    return (day,)


def low_hours(start_s: int, end_s: int) -> tuple[int, int]:
    """Hours h for which the 168 hours that end with hour h hold at least 90 % of the span."""
    length_s = end_s - start_s
    entered_s = start_s + -(-length_s * LOW_SHARE_PERCENT // 100)
    leaves_s = start_s + length_s * (100 - LOW_SHARE_PERCENT) // 100
    first = start_s // HOUR if length_s == 0 else -(-entered_s // HOUR) - 1
    return first, leaves_s // HOUR + WINDOW_HOURS


def high_hours(start_s: int, end_s: int) -> tuple[int, int]:
    """Hours h for which the 168 hours that end with hour h touch the span."""
    return start_s // HOUR, max(start_s, end_s - 1) // HOUR + WINDOW_HOURS


def _first_day_to_end_with(hour: int) -> int:
    """The first day whose last hour is this one or later."""
    return -((DAY // HOUR - 1 - hour) // (DAY // HOUR))


class Changes:
    """What one incident adds to zones that it touches alike, or takes from them: packed sums by day, hour and week."""

    __slots__ = ("by_day", "by_hour", "by_week", "days", "entered", "weeks")

    def __init__(self) -> None:
        self.by_day: dict[int, int] = {}
        self.by_hour: dict[int, int] = {}
        self.by_week: dict[int, int] = {}
        self.days: set[int] = set()
        self.weeks: set[int] = set()
        self.entered: list[Part] = []

    def note(self, part: Part, step: int) -> None:
        """A part begins (+1) or ceases (-1) to count."""
        if step > 0:
            self.entered.append(part)
        amounts = pack(part.bound, part.amounts) * step
        for day in part.days:
            self.by_day[day] = self.by_day.get(day, 0) + amounts
        self.days.update(part.days)
        if part.first_hour < part.last_hour:
            _note_both(self.by_hour, part.first_hour, part.last_hour, amounts)
            first_day, last_day = _first_day_to_end_with(part.first_hour), _first_day_to_end_with(part.last_hour)
            if first_day < last_day:
                _note_both(self.by_week, first_day, last_day, amounts)
                self.weeks.update(range(first_day, last_day))


def _note_both(table: dict[int, int], first: int, last: int, amounts: int) -> None:
    table[first] = table.get(first, 0) + amounts
    table[last] = table.get(last, 0) - amounts


class ZoneMeasure:
    """Days and the rolling level of one zone, as nine running sums each, packed (`sums`)."""

    __slots__ = (
        "_changes",
        "_hour",
        "_listed",
        "_window",
        "closed_weeks",
        "days",
        "dirty_days",
        "dirty_weeks",
        "level_dirty",
        "spans",
        "week_before",
        "week_changes",
    )

    def __init__(self) -> None:
        self.days: dict[int, int] = {}
        self.spans: tuple[dict[int, dict[str, tuple[int, int]]], ...] = ({}, {}, {})
        self.dirty_days: set[int] = set()
        self.dirty_weeks: set[int] = set()
        self.week_changes: dict[int, int] = {}
        self.closed_weeks: dict[int, int] = {}
        self.week_before: tuple[int, int] = (-FAR_DAY, 0)
        self.level_dirty = False
        self._changes: dict[int, int] = {}
        self._window = 0
        self._listed: tuple[dict[int, list[str]], ...] = ({}, {}, {})
        self._hour: int | None = None

    def leave(self, incident: str, part: Part) -> None:
        """It is not among those of these days any more, unless it enters again."""
        on_bound, listed = self.spans[part.bound], self._listed[part.bound]
        for day in part.days:
            del on_bound[day][incident]
            listed.pop(day, None)

    def apply(self, incident: str, changes: Changes) -> None:
        """Enter what an incident changes."""
        for part in changes.entered:
            on_bound, listed = self.spans[part.bound], self._listed[part.bound]
            for day in part.days:
                on_day = on_bound.get(day)
                if on_day is None:
                    on_day = on_bound[day] = {}
                on_day[incident] = part.span
                listed.pop(day, None)
        days = self.days
        for day, amounts in changes.by_day.items():
            days[day] = days.get(day, 0) + amounts
        self.dirty_days |= changes.days
        if changes.by_hour:
            self.level_dirty = True
            pending, now = self._changes, self._hour
            for hour, amounts in changes.by_hour.items():
                if now is not None and hour <= now:
                    self._window += amounts
                else:
                    pending[hour] = pending.get(hour, 0) + amounts
        if changes.by_week:
            weeks = self.week_changes
            for day, amounts in changes.by_week.items():
                closed, sums = self.week_before
                if day < closed:
                    self.week_before = closed, sums + amounts
                else:
                    weeks[day] = weeks.get(day, 0) + amounts
            self.dirty_weeks |= changes.weeks

    def advance(self, hour: int) -> None:
        """Move the window to end with this hour."""
        if self._hour is not None and hour <= self._hour:
            return
        self._hour = hour
        for due in [h for h in self._changes if h <= hour]:
            self._window += self._changes.pop(due)
        self.level_dirty = True

    def window(self) -> list[int]:
        """The nine sums of the last seven days."""
        return unpack(self._window)

    def day(self, day: int) -> list[int]:
        """The nine sums of a day."""
        return unpack(self.days.get(day, 0))

    def week(self, day: int) -> list[int]:
        """Over the 168 hours that end with a day."""
        closed, sums = self.week_before
        if day < closed:
            return unpack(self.closed_weeks.get(day, 0))
        return unpack(sums + sum(change for at, change in self.week_changes.items() if at <= day))

    def forget(self, before_day: int) -> None:
        """Drop the lists of incidents of closed days; their sums stay, and those of the weeks that end with them."""
        for at in sorted(at for at in self.week_changes if at < before_day):
            self._close_weeks(at)
            closed, sums = self.week_before
            self.week_before = closed, sums + self.week_changes.pop(at)
        self._close_weeks(before_day)
        for by_day in (*self.spans, *self._listed):
            for day in [day for day in by_day if day < before_day]:
                del by_day[day]

    def _close_weeks(self, before_day: int) -> None:
        """Weeks that end before this day and are not closed yet are as they stand."""
        closed, sums = self.week_before
        if sums:
            self.closed_weeks.update(dict.fromkeys(range(closed, before_day), sums))
        self.week_before = before_day, sums

    def incidents(self, bound: int, day: int) -> list[str]:
        """Ids of those that count in a bound of a day, in order."""
        found = self._listed[bound].get(day)
        if found is None:
            found = self._listed[bound][day] = sorted(self.spans[bound].get(day, ()))
        return found


def measures(sums: list[int], best_extra: int = 0, high_extra: int = 0) -> Measures:
    """Nine sums as intervals. A sum of lows never exceeds its bests but where an anchor lies at a border: keep the order."""
    intervals = []
    for metric in range(3):
        low, best, high = sums[metric], sums[3 + metric], sums[6 + metric]
        if metric == 0:
            best, high = best + best_extra, high + high_extra
        best = max(best, low)
        intervals.append(Interval(low, best, max(high, best)))
    return Measures(*intervals)


class Measure:
    """All zones of a truce."""

    def __init__(self, zone_ids: Iterable[str]) -> None:
        self.zones = {zone: ZoneMeasure() for zone in zone_ids}

    def restate(self, before: Contribution | None, after: Contribution | None) -> None:
        """An incident as it was and as it is now; None for one that was not, or is no more."""
        if before is not None and after is not None and before == after:
            return
        # Its parts mostly touch the same zones: what they add there is added up first.
        by_zones: dict[tuple[str, ...], Changes] = {}
        for change, other, step in ((before, after, -1), (after, before, 1)):
            for part in () if change is None else change.parts:
                if other is not None and part in other.parts:
                    continue  # the same before and after
                changes = by_zones.get(part.zones)
                if changes is None:
                    changes = by_zones[part.zones] = Changes()
                changes.note(part, step)
                incident = change.incident
                for zone in part.zones if step < 0 else ():
                    self.zones[zone].leave(incident, part)
        for zones, changes in by_zones.items():
            for zone in zones:
                self.zones[zone].apply(incident, changes)

    def advance(self, hour: int) -> None:
        for zone in self.zones.values():
            zone.advance(hour)


__all__ = [
    "Contribution",
    "Measure",
    "Part",
    "ZoneMeasure",
    "contribution",
    "high_days",
    "high_hours",
    "low_days",
    "low_hours",
    "measures",
]
