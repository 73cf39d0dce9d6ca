"""How far those who watch the same zone differ, matched by incident and not by total.

Two bulletins with equal totals can tell of different things. So for two lineages, a zone and a week: of all incidents
that either tells of, the share that only one of them does, in thousandths. 0: they tell of the same incidents; 1000: of
none in common. The index of a week pools all pairs, so that a pair with much to tell weighs more.

A lineage takes part where it told of an incident there in that week, or said by nil or alive records that it watched: who
watched and saw nothing disagrees with who tells of five. What terms do not list takes no part.
"""

from collections.abc import Callable, Iterable
from itertools import combinations, combinations_with_replacement
from typing import NamedTuple

WEEK_DAYS = 7


class Told(NamedTuple):
    """Where and when an incident counts (zones that hold its centre, the day of its middle), and who tells of it."""

    zones: tuple[str, ...]
    day: int
    lineages: frozenset[str]


class Between(NamedTuple):
    """Two lineages: incidents that both tell of, and each alone. `index` in thousandths; 0 where neither tells of any."""

    one: str
    other: str
    both: int
    one_only: int
    other_only: int

    @property
    def index(self) -> int:
        return _share(self.one_only + self.other_only, self.both)


class Week(NamedTuple):
    """Of the seven days that end with `last_day`. `index`: None with fewer than two lineages."""

    last_day: int
    index: int | None
    pairs: tuple[Between, ...]


class Disagreement:
    """Running counts by zone and day: a change of one incident costs the same whatever else was told.

    `watching`: lineages that said that they watched a zone on a day. A week is worked out once until something in it changes.
    """

    def __init__(self, zones: Iterable[str], watching: Callable[[str, int], frozenset[str]]) -> None:
        self._watching = watching
        self._told: dict[str, Told] = {}
        self._counts: dict[str, dict[int, dict[tuple[str, str], int]]] = {zone: {} for zone in zones}
        self._watched: dict[str, dict[int, frozenset[str]]] = {zone: {} for zone in self._counts}
        self._weeks: dict[str, dict[int, Week]] = {zone: {} for zone in self._counts}

    def restate(self, incident: str, after: Told | None) -> list[tuple[str, int]]:
        """An incident as it is now; None where it is no more, or does not count. (zone, day) whose counts changed."""
        before = self._told.get(incident)
        if before == after:
            return []
        touched: list[tuple[str, int]] = []
        for told, step in ((before, -1), (after, 1)):
            if told is not None and told.lineages:
                for zone in told.zones:
                    self._enter(zone, told, step)
                    touched.append((zone, told.day))
        if after is None:
            del self._told[incident]
        else:
            self._told[incident] = after
        return touched

    def forget(self, incident: str) -> None:
        """It can no longer change; its day keeps what it counted."""
        self._told.pop(incident, None)

    def forget_days(self, before_day: int) -> None:
        for by_day in (*self._counts.values(), *self._watched.values()):
            for day in [day for day in by_day if day < before_day]:
                del by_day[day]
        for weeks in self._weeks.values():
            weeks.clear()

    def forget_watching(self, zone: str, day: int) -> bool:
        """Who watched may be others now. Whether anything said so far rests on it."""
        if self._watched[zone].pop(day, None) is None:
            return False
        self._forget_weeks(zone, day)
        return True

    def week(self, zone: str, last_day: int) -> Week:
        """Of the seven days that end with a day."""
        found = self._weeks[zone].get(last_day)
        if found is None:
            found = self._weeks[zone][last_day] = self._week(zone, last_day)
        return found

    def _week(self, zone: str, last_day: int) -> Week:
        total: dict[tuple[str, str], int] = {}
        for day in range(last_day - WEEK_DAYS + 1, last_day + 1):
            for pair, count in self._counts[zone].get(day, {}).items():
                total[pair] = total.get(pair, 0) + count
            for name in self._watching_on(zone, day):
                total.setdefault((name, name), 0)
        alone = sorted((one, count) for (one, other), count in total.items() if one == other)
        pairs = []
        for (one, told_by_one), (other, told_by_other) in combinations(alone, 2):
            both = total.get((one, other), 0)
            pairs.append(Between(one, other, both, told_by_one - both, told_by_other - both))
        only, both = sum(pair.one_only + pair.other_only for pair in pairs), sum(pair.both for pair in pairs)
        return Week(last_day, _share(only, both) if pairs else None, tuple(pairs))

    def _watching_on(self, zone: str, day: int) -> frozenset[str]:
        found = self._watched[zone].get(day)
        if found is None:
            found = self._watched[zone][day] = self._watching(zone, day)
        return found

    def _enter(self, zone: str, told: Told, step: int) -> None:
        """Each lineage is paired with itself, for all that it tells, and with every other that tells of the same."""
        counts = self._counts[zone].setdefault(told.day, {})
        for pair in combinations_with_replacement(sorted(told.lineages), 2):
            count = counts.get(pair, 0) + step
            if count:
                counts[pair] = count
            else:
                del counts[pair]
        self._forget_weeks(zone, told.day)

    def _forget_weeks(self, zone: str, day: int) -> None:
        weeks = self._weeks[zone]
        if weeks:
            for last_day in range(day, day + WEEK_DAYS):
                weeks.pop(last_day, None)


def _share(only: int, both: int) -> int:
    """Thousandths of all, rounded down; nothing told is nothing to differ about."""
    return only * 1_000 // (only + both) if only + both else 0


__all__ = ["Between", "Disagreement", "Told", "Week"]
