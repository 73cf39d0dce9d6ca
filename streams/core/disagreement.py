"""How far those who watch the same zone differ, matched by incident and not by total.

Two bulletins with equal totals can tell of different things. So for two lineages, a zone and a week: of all incidents
that either tells of, the share that only one of them does, in thousandths. 0: they tell of the same incidents; 1000: of
none in common. The index of a week pools all pairs, so that a pair with much to tell weighs more.

A lineage takes part where it told of an incident there in that week, or said by nil or alive records that it watched: who
watched and saw nothing disagrees with who tells of five. What terms do not list takes no part.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import combinations
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
    """Running counts by zone and day: a change of one incident costs the same whatever else was told."""

    def __init__(self, zones: Iterable[str]) -> None:
        self._alone: dict[str, dict[int, Counter[str]]] = {zone: {} for zone in zones}
        self._together: dict[str, dict[int, Counter[tuple[str, str]]]] = {zone: {} for zone in zones}
        self._told: dict[str, Told] = {}

    def restate(self, incident: str, after: Told | None) -> set[tuple[str, int]]:
        """An incident as it is now; None where it is no more, or does not count. (zone, day) whose counts changed."""
        before = self._told.get(incident)
        if before == after:
            return set()
        touched: set[tuple[str, int]] = set()
        for told, step in ((before, -1), (after, 1)):
            if told is not None and told.lineages:
                for zone in told.zones:
                    self._enter(zone, told, step)
                    touched.add((zone, told.day))
        if after is None:
            del self._told[incident]
        else:
            self._told[incident] = after
        return touched

    def forget(self, incident: str) -> None:
        """It can no longer change; its day keeps what it counted."""
        self._told.pop(incident, None)

    def forget_days(self, before_day: int) -> None:
        for counts in (*self._alone.values(), *self._together.values()):
            for day in [day for day in counts if day < before_day]:
                del counts[day]

    def week(self, zone: str, last_day: int, watching: Callable[[int], Iterable[str]]) -> Week:
        """Of the seven days that end with a day. `watching`: lineages that said they watched the zone on a day."""
        alone: Counter[str] = Counter()
        together: Counter[tuple[str, str]] = Counter()
        for day in range(last_day - WEEK_DAYS + 1, last_day + 1):
            alone.update(self._alone[zone].get(day, {}))
            together.update(self._together[zone].get(day, {}))
            alone.update(dict.fromkeys(watching(day), 0))
        pairs = []
        for one, other in combinations(sorted(alone), 2):
            both = together[one, other]
            pairs.append(Between(one, other, both, alone[one] - both, alone[other] - both))
        only, both = sum(pair.one_only + pair.other_only for pair in pairs), sum(pair.both for pair in pairs)
        return Week(last_day, _share(only, both) if pairs else None, tuple(pairs))

    def _enter(self, zone: str, told: Told, step: int) -> None:
        alone = self._alone[zone].setdefault(told.day, Counter())
        together = self._together[zone].setdefault(told.day, Counter())
        for lineage in told.lineages:
            _step(alone, lineage, step)
        for pair in combinations(sorted(told.lineages), 2):
            _step(together, pair, step)


def _share(only: int, both: int) -> int:
    """Thousandths of all, rounded down; nothing told is nothing to differ about."""
    return only * 1_000 // (only + both) if only + both else 0


def _step(counter: Counter, key: object, step: int) -> None:
    counter[key] += step
    if not counter[key]:
        del counter[key]


__all__ = ["Between", "Disagreement", "Told", "Week"]
