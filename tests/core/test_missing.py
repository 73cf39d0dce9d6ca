"""What a day lacked: whoever is said to have been enough would have been, and nobody less."""

from itertools import combinations

import pytest
from builders import TERMS

from streams.core.coverage import Coverage, Watch, is_watched
from streams.core.missing import missing_watch
from streams.core.terms import DAY, HOUR

START_S = TERMS.d_hour_s
NAMES = [source.id for source in TERMS.sources]


def coverage(watched: dict[str, tuple[int, int]]) -> Coverage:
    """By source: from and to which hour of the day it watched."""
    found = Coverage(TERMS)
    for source, (first, last) in watched.items():
        found.add_watch(source, Watch(source, ("east",), START_S + first * HOUR, START_S + last * HOUR))
    return found


@pytest.mark.parametrize("hours", [(), ((0, 5),), ((0, 5), (3, 14)), ((0, 24),), ((6, 7), (7, 8), (0, 24))])
def test_every_smallest_set_is_enough_and_no_smaller_one_is(hours: tuple[tuple[int, int], ...]) -> None:
    found = coverage(dict(zip(NAMES, hours, strict=False)))
    missing = missing_watch(found, TERMS, "east", START_S)

    def would_do(sources: tuple[str, ...]) -> bool:
        also = {source: (0, 24) for source in sources}
        told = dict(zip(NAMES, hours, strict=False)) | also
        return is_watched(coverage(told).watched_s("east", START_S, START_S + DAY), TERMS)

    sizes = {len(sources) for sources in missing.enough}
    assert len(sizes) <= 1
    assert all(would_do(sources) for sources in missing.enough)
    for size in range(1, min(sizes, default=4)):
        assert not any(would_do(sources) for sources in combinations(NAMES, size))


def test_silences_are_what_is_left_of_the_day() -> None:
    (name, *_) = NAMES
    silences = {s.source: s.spans for s in missing_watch(coverage({name: (6, 18)}), TERMS, "east", START_S).silences}
    assert silences[name] == ((START_S, START_S + 6 * HOUR), (START_S + 18 * HOUR, START_S + DAY))


def test_asking_what_if_changes_nothing() -> None:
    found = coverage({NAMES[0]: (0, 24)})
    before = found.watched_s("east", START_S, START_S + DAY)
    missing_watch(found, TERMS, "east", START_S)
    assert found.watched_s("east", START_S, START_S + DAY) == before
