"""What a day lacked that nobody can vouch for: whose watch fell silent, and the least that would have been enough.

Nothing is guessed: sources are taken to have watched throughout, and the function that decided is asked again.
"""

from itertools import combinations
from typing import NamedTuple

from schemas.reasons import Side, Trust
from streams.core.coverage import Coverage, is_watched
from streams.core.terms import DAY, Source, Terms, thousandths

CANDIDATES_MAX = 12
"""Sources among which the smallest sets are looked for; those that cover the zone come first."""
TOGETHER_MAX = 3


class Silence(NamedTuple):
    """A source that covers the zone was not heard to watch in these spans of the day (seconds since 1970)."""

    source: str
    spans: tuple[tuple[int, int], ...]


class MissingWatch(NamedTuple):
    """`watched_s` of the `needed_s` seconds. `enough`: every smallest set of sources whose word for the whole day would have
    made it a watched one; empty where no few of them would."""

    watched_s: int
    needed_s: int
    silences: tuple[Silence, ...]
    enough: tuple[tuple[str, ...], ...]


def missing_watch(coverage: Coverage, terms: Terms, zone: str, start_s: int) -> MissingWatch:
    end_s = start_s + DAY
    silent = coverage.silences(zone, start_s, end_s)
    silences = tuple(Silence(source, tuple(spans)) for source, spans in silent.items() if spans)
    needed_s = -(-thousandths(terms.coverage.min_share_of_day) * DAY // 1_000)
    return MissingWatch(coverage.watched_s(zone, start_s, end_s), needed_s, silences, _enough(coverage, terms, zone, start_s))


def _enough(coverage: Coverage, terms: Terms, zone: str, start_s: int) -> tuple[tuple[str, ...], ...]:
    ordered = sorted(terms.sources, key=lambda source: (zone not in source.zones, *_weight(source), source.id))
    candidates = [source.id for source in ordered[:CANDIDATES_MAX]]
    for size in range(1, TOGETHER_MAX + 1):
        found = tuple(
            sources
            for sources in combinations(candidates, size)
            if is_watched(coverage.watched_s(zone, start_s, start_s + DAY, sources), terms)
        )
        if found:
            return found
    return ()


def _weight(source: Source) -> tuple[bool, bool]:
    """Those first whose word makes a set complete: trusted watchers, then parties to the truce, of whom one of each side does."""
    is_independent = source.side == Side.INDEPENDENT
    return not (is_independent and Trust.WATCH in source.trusted), is_independent


__all__ = ["MissingWatch", "Silence", "missing_watch"]
