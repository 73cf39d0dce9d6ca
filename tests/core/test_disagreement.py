"""How far lineages differ: by incident, not by total. Each letter is an incident; a row says who tells of which."""

import json
import os
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from streams.core.disagreement import Between, Disagreement, Week

SHARED = Path(os.environ.get("TRUCE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def week(told: dict[str, str], watching: tuple[str, ...] = (), day: int = 6) -> Week:
    counts = Disagreement(["zone"], lambda zone, day: frozenset(watching))
    for incident in sorted(set("".join(told.values()))):
        counts.restate(("zone",), day, frozenset(), frozenset(name for name in told if incident in told[name]))
    return counts.week("zone", 6)


@pytest.mark.parametrize(
    ("told", "watching", "index"),
    [
        # who tells of which incidents           who watched    in thousandths
        ({}, (), None),  # nobody there
        ({"a": "xyz"}, (), None),  # one alone has nobody to differ from
        ({"a": "xyz", "b": "xyz"}, (), 0),
        ({"a": "xyz", "b": "uvw"}, (), 1_000),  # equal totals, and nothing in common
        ({"a": "xyz", "b": "xyw"}, (), 500),  # 2 of 4 are told by one only
        ({"a": "xyz", "b": ""}, ("b",), 1_000),  # b watched and saw nothing
        ({"a": "", "b": ""}, ("a", "b"), 0),  # both watched and saw nothing: they agree
        ({"a": "xy", "b": "xy", "c": "z"}, (), 750),  # a and b agree on 2; each differs from c in 3 of 3
        ({"a": "x"}, ("a", "b", "c"), 1_000),
        ({"a": "xyzw", "b": "x"}, (), 750),
    ],
)
def test_the_index_is_the_share_of_incidents_that_only_one_of_two_tells(told, watching, index) -> None:
    assert week(told, watching).index == index


def test_a_pair_says_what_each_tells_alone() -> None:
    assert week({"a": "xyz", "b": "xw"}).pairs == (Between("a", "b", 1, 2, 1),)
    assert week({"a": "xyz", "b": "xw"}).pairs[0].index == 750


@pytest.mark.parametrize(("day", "counts"), [(-1, False), (0, True), (6, True), (7, False)])
def test_a_week_is_the_seven_days_that_end_with_its_last(day: int, counts: bool) -> None:
    assert (week({"a": "x", "b": "x"}, day=day).index is not None) is counts


def test_what_changes_is_restated_and_the_counts_are_those_of_the_set() -> None:
    random, weeks = Random(3), []
    watching: dict[tuple[str, int], frozenset[str]] = {}
    places = [(random.choice([("one",), ("one", "two"), ()]), random.randrange(9)) for _ in range(30)]
    held = [frozenset()] * len(places)

    def who_watched(zone: str, day: int) -> frozenset[str]:
        return watching.get((zone, day), frozenset())

    counts = Disagreement(["one", "two"], who_watched)
    for step in range(500):
        incident = random.randrange(len(places))
        before, held[incident] = held[incident], frozenset(random.sample("abcd", random.randrange(4)))
        assert counts.restate(*places[incident], before, held[incident]) is (before != held[incident])
        if not step % 7:
            zone, day = random.choice(["one", "two"]), random.randrange(9)
            watching[zone, day] = frozenset(random.sample("abcde", random.randrange(3)))
            counts.forget_watching(zone, day)
        if not step % 25:
            # What was worked out before must not be told after it changed.
            afresh = Disagreement(["one", "two"], who_watched)
            for place, lineages in zip(places, held, strict=True):
                afresh.restate(*place, frozenset(), lineages)
            # The week that was asked for last is kept up with its days: it is asked for again before any other.
            weeks = [*weeks[-1:], *random.sample(range(15), 15)]
            for zone in ("one", "two"):
                for last in weeks:
                    week = counts.week(zone, last)
                    assert week == afresh.week(zone, last) == _plainly(zone, last, places, held, who_watched)
                    assert counts.index(zone, last) == week.index


def _plainly(zone: str, last: int, places: list, held: list[frozenset[str]], who_watched) -> Week:
    """A week from its incidents, one pair of lineages after the other."""
    days = range(last - 6, last + 1)
    told = [names for (zones, day), names in zip(places, held, strict=True) if zone in zones and day in days]
    pairs = []
    for one, other in combinations(sorted(set().union(*told, *(who_watched(zone, day) for day in days))), 2):
        both = sum(one in names and other in names for names in told)
        pairs.append(Between(one, other, both, sum(one in n for n in told) - both, sum(other in n for n in told) - both))
    only, both = sum(pair.one_only + pair.other_only for pair in pairs), sum(pair.both for pair in pairs)
    index = (only * 1_000 // (only + both) if only + both else 0) if pairs else None
    return Week(last, index, tuple(pairs))


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the published counts of rival bulletins in {SHARED}")
def test_rival_bulletins_differ_at_least_as_far_as_their_totals_by_province_say() -> None:
    """From totals alone the least possible disagreement follows: two counts of a province share at most the smaller."""
    rows = json.loads((SHARED / "published_truce_figures.json").read_text())["counts"]
    rivals: dict[tuple, list[dict]] = {}
    for row in rows:
        if row["by_province"]:
            rivals.setdefault((row["period_end"], row["window_hours"]), []).append(row["by_province"])
    pairs = [counts[:2] for counts in rivals.values() if len(counts) >= 2]
    assert len(pairs) >= 3
    for one, other in pairs:
        told: dict[str, str] = {"one": "", "other": ""}
        names = iter(map(chr, range(0x4E00, 0x9FFF)))
        both = 0
        for province in sorted(one.keys() | other.keys()):
            shared = min(one.get(province, 0), other.get(province, 0))
            both += shared
            for name, count in (("one", one.get(province, 0)), ("other", other.get(province, 0))):
                told[name] += "".join(next(names) for _ in range(count - shared))
            common = "".join(next(names) for _ in range(shared))
            told = {name: incidents + common for name, incidents in told.items()}
        total = sum(one.values()) + sum(other.values()) - both
        assert week(told).index == (total - both) * 1_000 // total > 0
