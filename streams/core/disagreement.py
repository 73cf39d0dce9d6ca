"""How far those who watch the same zone differ, matched by incident and not by total.

Two bulletins with equal totals can tell of different things. So for two lineages, a zone and a week: of all incidents
that either tells of, the share that only one of them does, in thousandths. 0: they tell of the same incidents; 1000: of
none in common. The index of a week pools all pairs, so that a pair with much to tell weighs more.

A lineage takes part where it told of an incident there in that week, or said by nil or alive records that it watched: who
watched and saw nothing disagrees with who tells of five. What terms do not list takes no part.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

WEEK_DAYS = 7


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


class Counts:
    """Incidents of one zone on one day or several: by lineage those that it tells of, by pair those that both tell of."""

    __slots__ = ("alone", "both")

    def __init__(self) -> None:
        self.alone: dict[str, int] = {}
        self.both: dict[tuple[str, str], int] = {}

    def enter(self, named: "Named", step: int) -> None:
        """An incident that these tell of begins (+1) or ceases (-1) to count."""
        for table, keys in ((self.alone, named.alone), (self.both, named.both)):
            for key in keys:
                count = table.get(key, 0) + step
                if count:
                    table[key] = count
                else:
                    del table[key]

    def add(self, others: "Counts") -> None:
        for table, counts in ((self.alone, others.alone), (self.both, others.both)):
            for key, count in counts.items():
                table[key] = table.get(key, 0) + count


class Named(NamedTuple):
    """Lineages, and pairs of two."""

    alone: Sequence[str]
    both: Sequence[tuple[str, str]]


class Total(NamedTuple):
    """Of a zone and a day: the sums of its `Counts`, and the lineages that take part."""

    alone: int
    both: int
    lineages: frozenset[str]


class Disagreement:
    """Running counts by zone and day: a change of one incident costs the same whatever else was told.

    `watching`: lineages that said that they watched a zone on a day. What was worked out for a day is kept until something in
    it changes; of each zone the counts of the week that was last asked for are kept up as those of its days are.
    """

    def __init__(self, zones: Iterable[str], watching: Callable[[str, int], frozenset[str]]) -> None:
        self._watching = watching
        self._counts: dict[str, dict[int, Counts]] = {zone: {} for zone in zones}
        self._totals: dict[str, dict[int, Total]] = {zone: {} for zone in self._counts}
        self._watched: dict[str, dict[int, frozenset[str]]] = {zone: {} for zone in self._counts}
        self._week_counts: dict[str, tuple[int, Counts]] = {}
        self._weeks: dict[str, Week] = {}

    def restate(self, zones: Iterable[str], day: int, before: frozenset[str], after: frozenset[str]) -> bool:
        """Lineages that told of an incident and those that do now; none where it does not count. Whether they differ.

        `zones`: those that hold its centre; `day`: that of its middle.
        """
        if before == after:
            return False
        changes = []
        if not before <= after:
            changes.append((_only_among(before, after), -1))
        if not after <= before:
            changes.append((_only_among(after, before), 1))
        for zone in zones:
            counts = self._counts[zone].get(day)
            if counts is None:
                counts = self._counts[zone][day] = Counts()
            kept = self._week_counts.get(zone)
            in_week = kept is not None and day in _week_of(kept[0])
            for named, step in changes:
                counts.enter(named, step)
                if in_week:
                    kept[1].enter(named, step)
            self._forget_total(zone, day)
        return True

    def forget_days(self, before_day: int) -> None:
        """Let go of days, and of all that was worked out: the watch of the first that stay may rest on reports of these."""
        for counts in self._counts.values():
            for day in [day for day in counts if day < before_day]:
                del counts[day]
        for kept in (*self._totals.values(), *self._watched.values(), self._week_counts, self._weeks):
            kept.clear()

    def forget_watching(self, zone: str, day: int) -> None:
        """Who watched may be others now."""
        if self._watched[zone].pop(day, None) is not None:
            self._forget_total(zone, day)

    def index(self, zone: str, last_day: int) -> int | None:
        """Of the seven days that end with a day, without its pairs.

        A lineage is in as many pairs as there are others, so what it tells of counts so often, and in each pair what both
        tell of is told by neither alone.
        """
        totals = self._week_totals(zone, last_day)
        lineages = len(_lineages(totals))
        both = sum([total.both for total in totals])
        only = sum([total.alone for total in totals]) * (lineages - 1) - 2 * both
        return _share(only, both) if lineages > 1 else None

    def week(self, zone: str, last_day: int) -> Week:
        """Of the seven days that end with a day."""
        found = self._weeks.get(zone)
        if found is None or found.last_day != last_day:
            found = self._weeks[zone] = self._week(zone, last_day)
        return found

    def _week(self, zone: str, last_day: int) -> Week:
        counts, pairs = self._counts_of_week(zone, last_day), []
        alone = {name: counts.alone.get(name, 0) for name in sorted(_lineages(self._week_totals(zone, last_day)))}
        for one, other in combinations(alone, 2):
            shared = counts.both.get((one, other), 0)
            pairs.append(Between(one, other, shared, alone[one] - shared, alone[other] - shared))
        return Week(last_day, self.index(zone, last_day), tuple(pairs))

    def _counts_of_week(self, zone: str, last_day: int) -> Counts:
        kept = self._week_counts.get(zone)
        if kept is None or kept[0] != last_day:
            kept = self._week_counts[zone] = last_day, Counts()
            for day in _week_of(last_day):
                counts = self._counts[zone].get(day)
                if counts is not None:
                    kept[1].add(counts)
        return kept[1]

    def _week_totals(self, zone: str, last_day: int) -> list[Total]:
        return [self._total(zone, day) for day in _week_of(last_day)]

    def _total(self, zone: str, day: int) -> Total:
        found = self._totals[zone].get(day)
        if found is None:
            counts, watched = self._counts[zone].get(day), self._watched[zone].get(day)
            if watched is None:
                watched = self._watched[zone][day] = self._watching(zone, day)
            if counts is None:
                found = Total(0, 0, watched)
            else:
                found = Total(sum(counts.alone.values()), sum(counts.both.values()), watched.union(counts.alone))
            self._totals[zone][day] = found
        return found

    def _forget_total(self, zone: str, day: int) -> None:
        self._totals[zone].pop(day, None)
        week = self._weeks.get(zone)
        if week is not None and day in _week_of(week.last_day):
            del self._weeks[zone]


def _week_of(last_day: int) -> range:
    return range(last_day - WEEK_DAYS + 1, last_day + 1)


def _only_among(some: frozenset[str], others: frozenset[str]) -> Named:
    """Lineages, and pairs of two that tell of the same, that are among some and not among others."""
    alone = [name for name in some if name not in others]
    if len(some) < 2:
        return Named(alone, ())
    pairs = combinations(sorted(some), 2)
    return Named(alone, [pair for pair in pairs if pair[0] not in others or pair[1] not in others] if others else list(pairs))


def _lineages(totals: list[Total]) -> frozenset[str]:
    return frozenset().union(*[total.lineages for total in totals])


def _share(only: int, both: int) -> int:
    """Thousandths of all, rounded down; nothing told is nothing to differ about."""
    return only * 1_000 // (only + both) if only + both else 0


__all__ = ["Between", "Disagreement", "Week"]
