"""What part of a zone's day was watched, and by whom.

Watch is claimed by `nil` reports and by `alive` records of sources that terms list; coverage is never earned by reports
of violence, and silence is never peace. Everything is an interval of seconds, half-open.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from schemas.reasons import Side, Trust
from streams.core.terms import DAY, HOUR, Source, Terms, folded, thousandths
from streams.core.zones import Placement


class Watch(NamedTuple):
    """A source watched some zones from `start` to `end` (seconds since 1970, cut at the time of receipt)."""

    source: str
    zones: tuple[str, ...]
    start: int
    end: int


class Coverage:
    """Claims of watch by report key; alive times by source; restrictions of monitors.

    `assumed`: how many sources are assumed to watch throughout, without having said so.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._sources = {source.id: source for source in terms.sources}
        self._gap_s = terms.coverage.alive_gap_max_hours * HOUR
        self._watches: dict[object, Watch] = {}
        self._restrictions: dict[object, Watch] = {}
        self._by_day: dict[int, set[object]] = {}
        self._alive: dict[str, list[int]] = {}
        self._alive_at: dict[object, tuple[str, int]] = {}
        self._heard: dict[int, dict[str, dict[tuple[str, str], int]]] = {}
        self._assumed = tuple(sorted({terms.source_by_name[folded(n)].id for n in terms.coverage.assume_alive}))
        self.assumed = len(self._assumed)

    def add_watch(self, key: object, watch: Watch) -> None:
        if watch.source in self._sources and watch.start < watch.end:
            self._watches[key] = watch
            for day in _days(watch.start, watch.end):
                self._by_day.setdefault(day, set()).add(key)

    def remove_watch(self, key: object) -> Watch | None:
        watch = self._watches.pop(key, None)
        if watch is not None:
            for day in _days(watch.start, watch.end):
                self._by_day[day].discard(key)
                if not self._by_day[day]:
                    del self._by_day[day]
        return watch

    def days_seen(self, key: object) -> range:
        """Days (UTC, since 1970) of which a report tells what a source that is trusted for `watch` saw; none if it is none."""
        watch = self._watches.get(key)
        if watch is None or Trust.WATCH not in self._sources[watch.source].trusted:
            return range(0)
        return _days(watch.start, watch.end)

    def add_alive(self, key: object, source: str, at_s: int) -> None:
        if source in self._sources:
            self._alive_at[key] = source, at_s
            insort(self._alive.setdefault(source, []), at_s)

    def remove_alive(self, key: object) -> tuple[str, int] | None:
        entry = self._alive_at.pop(key, None)
        if entry is not None:
            times = self._alive[entry[0]]
            del times[bisect_left(times, entry[1])]
        return entry

    def touched_by_alive(self, source: str, at_s: int) -> tuple[tuple[str, ...], int, int]:
        """(zones, from, to) whose coverage an alive record may change: from the one before it to the one after."""
        return tuple(self._sources[source].zones), at_s - self._gap_s, at_s + self._gap_s

    def add_restriction(self, key: object, restriction: Watch) -> None:
        if restriction.source in self._sources:
            self._restrictions[key] = restriction

    def remove_restriction(self, key: object) -> Watch | None:
        return self._restrictions.pop(key, None)

    def hear(self, speaker: tuple[str, str], at_s: int, zones: Iterable[str], step: int = 1) -> list[str]:
        """A lineage (with its side) spoke of this time in these zones, in whatever way. Gives those where it is the day's first
        word or last."""
        day = (at_s - self._terms.d_hour_s) // DAY
        changed = []
        heard_of = self._heard.setdefault(day, {})
        for zone in zones:
            heard = heard_of.get(zone)
            if heard is None:
                heard = heard_of[zone] = {}
            before = heard.get(speaker, 0)
            after = heard[speaker] = before + step
            if not before or not after:
                changed.append(zone)
            if not after:
                del heard[speaker]
                if not heard:
                    del heard_of[zone]
        if not heard_of:
            del self._heard[day]
        return changed

    def heard(self, zone: str, day: int) -> dict[str, int]:
        """Lineages per side that spoke of a day of a zone; what terms do not list is a side of its own."""
        return dict(sorted(Counter(side for _, side in self._heard.get(day, {}).get(zone, ())).items()))

    def watched_s(self, zone: str, start_s: int, end_s: int, also: Iterable[str] = ()) -> int:
        """Seconds of the span during which enough lineages watched the zone at once, of the right kinds.

        `also`: sources of which it is asked what if they had watched throughout.
        """
        edges: list[tuple[int, int, str]] = []
        watches = self._spans(zone, start_s, end_s) | {source: [(start_s, end_s)] for source in also}
        for source, spans in watches.items():
            for start, end in spans:
                edges += ((start, 1, source), (end, -1, source))
        edges.sort()
        watching: Counter[str] = Counter()
        total, since = 0, start_s
        for at, step, source in edges:
            if at > since:
                if self._enough(watching):
                    total += at - since
                since = at
            watching[source] += step
            if not watching[source]:
                del watching[source]
        return total

    def lineages(self, zone: str, start_s: int, end_s: int) -> frozenset[str]:
        """Those that said that they watched a zone at some time of the span; who is only assumed to did not."""
        spans = self._spans(zone, start_s, end_s, assuming=False)
        return frozenset(self._sources[name].lineage or name for name, watched in spans.items() if watched)

    def silences(self, zone: str, start_s: int, end_s: int) -> dict[str, list[tuple[int, int]]]:
        """By source that covers the zone: the spans in which it was not heard to watch it."""
        watches = self._spans(zone, start_s, end_s)
        covering = [source.id for source in self._sources.values() if zone in source.zones or source.id in watches]
        return {source: _without([(start_s, end_s)], watches.get(source, [])) for source in covering}

    def watchers(self, zone: str, start_s: int, end_s: int) -> list[Any]:
        """Keys of the reports of watch, nil and alive, that bear on a span of a zone."""
        nil = {key for day in _days(start_s, end_s) for key in self._by_day.get(day, ()) if zone in self._watches[key].zones}
        alive = {
            key
            for key, (source, at_s) in self._alive_at.items()
            if zone in self._sources[source].zones and start_s - self._gap_s <= at_s <= end_s + self._gap_s
        }
        return sorted(nil | alive)

    def seen_as_nothing(self, placement: Placement, start_s: int, end_s: int) -> bool:
        """Whether whoever is trusted for `watch` saw nothing where it certainly was, or in every zone where it may have been."""
        possible = placement.possible
        return self.trusted_nil_covers(placement.certain, start_s, end_s) or (
            len(possible) > 0 and all(self.trusted_nil_covers((zone,), start_s, end_s) for zone in possible)
        )

    def trusted_nil_covers(self, zones: tuple[str, ...], start_s: int, end_s: int) -> bool:
        """Whether a source trusted for `watch` says that it saw nothing there and then."""
        last_s = max(end_s, start_s + 1)
        for key in self._by_day.get(start_s // DAY, ()):
            watch = self._watches[key]
            if (
                watch.start <= start_s
                and last_s <= watch.end
                and Trust.WATCH in self._sources[watch.source].trusted
                and any(zone in watch.zones for zone in zones)
            ):
                return True
        return False

    def _spans(self, zone: str, start_s: int, end_s: int, assuming: bool = True) -> dict[str, list[tuple[int, int]]]:
        """By source: disjoint spans of watch, cut to [start, end), less the source's own restrictions."""
        found: dict[str, list[tuple[int, int]]] = {}
        for key in {key for day in _days(start_s, end_s) for key in self._by_day.get(day, ())}:
            watch = self._watches[key]
            if zone in watch.zones:
                found.setdefault(watch.source, []).append((watch.start, watch.end))
        for source, times in self._alive.items():
            if zone in self._sources[source].zones:
                first = bisect_left(times, start_s - self._gap_s)
                last = bisect_right(times, end_s + self._gap_s)
                for before, at in zip(times[first:last], times[first + 1 : last], strict=False):
                    if at - before <= self._gap_s:
                        found.setdefault(source, []).append((before, at))
        for source in self._assumed if assuming else ():
            if not self._sources[source].zones or zone in self._sources[source].zones:
                found.setdefault(source, []).append((start_s, end_s))
        cuts: dict[str, list[tuple[int, int]]] = {}
        for restriction in self._restrictions.values():
            if zone in restriction.zones:
                cuts.setdefault(restriction.source, []).append((restriction.start, restriction.end))
        return {s: _without(_merge(spans, start_s, end_s), cuts.get(s, [])) for s, spans in found.items()}

    def _enough(self, watching: Iterable[str]) -> bool:
        sources: list[Source] = [self._sources[name] for name in watching]
        if len({source.lineage or source.id for source in sources}) < self._terms.coverage.min_lineages:
            return False
        sides = {source.side for source in sources}
        if set(self._terms.opposed) <= sides:
            return True
        return any(source.side == Side.INDEPENDENT and Trust.WATCH in source.trusted for source in sources)


def share(watched_s: int, length_s: int) -> int:
    """Thousandths, rounded down: a day is not watched until it is."""
    return watched_s * 1_000 // length_s


def is_watched(watched_s: int, terms: Terms) -> bool:
    return watched_s * 1_000 >= thousandths(terms.coverage.min_share_of_day) * DAY


def _days(start_s: int, end_s: int) -> range:
    """Calendar days (UTC) since 1970 that a span touches."""
    return range(start_s // DAY, max(start_s, end_s - 1) // DAY + 1)


def _merge(spans: list[tuple[int, int]], start_s: int, end_s: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        start, end = max(start, start_s), min(end, end_s)
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def _without(spans: list[tuple[int, int]], cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    for cut_start, cut_end in cuts:
        spans = [
            piece
            for start, end in spans
            for piece in ((start, min(end, cut_start)), (max(start, cut_end), end))
            if piece[0] < piece[1]
        ]
    return spans


__all__ = ["Coverage", "Watch", "is_watched", "share"]
