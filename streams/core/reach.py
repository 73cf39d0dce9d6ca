"""Where and when an incident counts: the zones, days and hours that it touches, for each bound of an interval.

It follows from the anchor and from where the zones lie, and so stays as it is for as long as the incident is one. Times are
seconds from D-hour, half-open, so that a point at D-hour belongs to the first day.
"""

from functools import lru_cache

from streams.core.terms import DAY, HOUR
from streams.core.zones import Placement

WINDOW_HOURS = 168
LOW, BEST, HIGH = BOUNDS = range(3)
LOW_SHARE_PERCENT = 90
"""How much of an incident's span must lie in a day for it to be certainly of that day."""


class Reach:
    """Zones, and when something counts there: on these days, and in the window during hours [first, last).

    `weeks`: days that end with the window holding it. Incidents that are alike in all this mostly share one, and it is known
    by that: two that are alike and not one are noted and counted apart, to the same sums.
    """

    __slots__ = ("days", "first_hour", "last_hour", "weeks", "zones")

    def __init__(self, zones: tuple[str, ...], days: tuple[int, ...], first_hour: int, last_hour: int) -> None:
        self.zones = zones
        self.days = days
        self.first_hour = first_hour
        self.last_hour = max(first_hour, last_hour)
        self.weeks = range(_first_day_to_end_with(first_hour), _first_day_to_end_with(self.last_hour))


Reaches = tuple[Reach, Reach, Reach]
"""By bound."""


def reaches(placement: Placement, start_s: int, end_s: int) -> Reaches:
    """Certainly in the zones; where the centre lies, when the middle was; wherever and whenever it may have been."""
    if start_s == end_s:
        # A point counts like every other of its hour.
        start_s = end_s = start_s // HOUR * HOUR
    return _reaches(placement, start_s, end_s)


# What many incidents have alike is kept once.
@lru_cache(maxsize=16_384)
def _reaches(placement: Placement, start_s: int, end_s: int) -> Reaches:
    middle_s = (start_s + end_s) // 2
    return (
        _reach(placement.certain, low_days(start_s, end_s), *low_hours(start_s, end_s)),
        _reach(placement.centre, high_days(middle_s, middle_s), *high_hours(middle_s, middle_s)),
        _reach(placement.possible, high_days(start_s, end_s), *high_hours(start_s, end_s)),
    )


_reach = lru_cache(maxsize=16_384)(Reach)


def forget_reaches() -> None:
    """Days were let go of: what is still needed is kept anew, and that of those days goes with its incidents."""
    _reaches.cache_clear()
    _reach.cache_clear()


def low_days(start_s: int, end_s: int) -> tuple[int, ...]:
    """The day that holds at least 90 % of the span; else the later of two that hold it together, both after D-hour."""
    length_s = end_s - start_s
    first, last = start_s // DAY, max(start_s, end_s - 1) // DAY
    if first == last:
        return (first,)
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
    return tuple(range(start_s // DAY, max(start_s, end_s - 1) // DAY + 1))


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


__all__ = [
    "BEST",
    "BOUNDS",
    "HIGH",
    "LOW",
    "WINDOW_HOURS",
    "Reach",
    "Reaches",
    "forget_reaches",
    "high_days",
    "high_hours",
    "low_days",
    "low_hours",
    "reaches",
]
