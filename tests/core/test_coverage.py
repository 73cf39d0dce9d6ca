"""What was watched: who must watch, how long an alive record reaches, and what takes coverage away."""

from typing import Any

import pytest

from streams.core.coverage import Coverage, Watch, is_watched, share
from streams.core.terms import DAY, HOUR, Terms, parse
from streams.core.zones import Placement

SOURCES = [
    {"id": "monitor", "trusted": ["watch"], "zones": ["east"]},
    {"id": "observatory", "zones": ["east"]},
    {"id": "bulletin", "lineage": "observatory", "zones": ["east"]},
    {"id": "ministry", "side": "north", "zones": ["east"]},
    {"id": "army", "side": "north", "trusted": ["watch"], "zones": ["east"]},
    {"id": "council", "side": "south", "zones": ["east"]},
]


def _terms(**coverage: Any) -> Terms:
    return parse(
        {
            "truce": {
                "id": "watch",
                "name": "A truce",
                "countries": ["SY"],
                "d_hour": "2016-09-12T00:00:00Z",
                "time_zone": "UTC",
                "salt": "of incident ids",
            },
            "opposed": ["north", "south"],
            "zones": [{"id": "east", "name": "East", "areas": ["SY.09"], "gated": True}],
            "coverage": coverage,
            "sources": SOURCES,
        }
    )


START_S = _terms().d_hour_s


def _watching(rows: str, **terms: Any) -> Coverage:
    """Nil reports, written as `source from..to`, in hours from D-hour, separated by commas."""
    coverage = Coverage(_terms(**terms))
    for number, row in enumerate(filter(None, (row.split() for row in rows.split(",")))):
        start, end = row[1].split("..")
        coverage.add_watch(number, Watch(row[0], ("east",), START_S + int(start) * HOUR, START_S + int(end) * HOUR))
    return coverage


def _hours(coverage: Coverage, zone: str = "east") -> float:
    return coverage.watched_s(zone, START_S, START_S + DAY) / HOUR


@pytest.mark.parametrize(
    ("rows", "hours", "alone"),
    [
        # who watched                                   hours of the day   and with min_lineages 1
        ("", 0, 0),
        ("monitor 0..24", 0, 24),  # one lineage is not two
        ("observatory 0..24", 0, 0),  # nobody trusts it alone
        ("monitor 0..24, observatory 0..24", 24, 24),
        ("monitor 0..10, observatory 8..24", 2, 10),  # at once
        ("monitor 0..10, observatory 10..24", 0, 10),
        ("observatory 0..24, bulletin 0..24", 0, 0),  # one lineage
        ("observatory 0..24, ministry 0..24", 0, 0),  # two, and neither trusted nor opposed
        ("ministry 0..24, council 0..24", 24, 24),  # one of each opposed side
        ("ministry 0..24, army 0..24", 0, 0),  # one side can never prove peace
        ("army 0..24, observatory 0..24", 0, 0),  # trust is for independent sources
        ("army 0..24", 0, 0),
        ("monitor 0..24, ministry 6..12", 6, 24),
        ("monitor -24..12, observatory -24..48", 12, 12),  # cut to the day
        ("monitor 0..6, monitor 4..8, observatory 0..24", 8, 8),  # overlaps count once
        ("monitor 0..6, monitor 18..24, observatory 0..24", 12, 12),
        ("somebody 0..24, monitor 0..24", 0, 24),  # terms do not list it
    ],
)
def test_enough_lineages_of_the_right_kinds_watch_at_once(rows: str, hours: float, alone: float) -> None:
    assert _hours(_watching(rows)) == hours
    assert _hours(_watching(rows, min_lineages=1)) == alone


@pytest.mark.parametrize(
    ("alive", "hours"),
    [
        # alive at these hours            hours of the day
        ("0", 0),  # one sign of life covers nothing
        ("0 6 12 18 24", 24),
        ("0 7", 0),  # the gap is longer than six hours
        ("0 6 13 14", 7),
        ("-3 3 9", 9),  # the day begins between two
        ("20 26", 4),
        ("12 6 6 0", 12),  # in any order, and twice
    ],
)
def test_alive_reaches_back_to_the_one_before_it(alive: str, hours: float) -> None:
    coverage = Coverage(_terms(min_lineages=1))
    for number, hour in enumerate(alive.split()):
        coverage.add_alive(number, "monitor", START_S + int(hour) * HOUR)
    assert _hours(coverage) == hours
    assert _hours(coverage, "all") == 0, "alive covers the zones that terms give the source, and no other"


def test_an_alive_record_that_is_taken_back_opens_a_gap() -> None:
    coverage = Coverage(_terms(min_lineages=1))
    for hour in (0, 4, 8):
        coverage.add_alive(hour, "monitor", START_S + hour * HOUR)
    assert _hours(coverage) == 8
    coverage.remove_alive(4)
    assert _hours(coverage) == 0


@pytest.mark.parametrize(
    ("source", "start_hour", "end_hour", "hours"),
    [
        # who is held back, when        hours left
        ("monitor", 6, 12, 18),
        ("monitor", -5, 3, 21),
        ("monitor", 0, 24, 0),
        ("observatory", 6, 12, 24),  # the monitor was enough
        ("somebody", 0, 24, 24),
    ],
)
def test_a_monitor_that_is_restricted_does_not_watch(source: str, start_hour: int, end_hour: int, hours: float) -> None:
    coverage = _watching("monitor 0..24, observatory 0..24", min_lineages=1)
    coverage.add_restriction("r", Watch(source, ("east",), START_S + start_hour * HOUR, START_S + end_hour * HOUR))
    assert _hours(coverage) == hours
    coverage.remove_restriction("r")
    assert _hours(coverage) == 24


def test_a_restriction_elsewhere_changes_nothing() -> None:
    coverage = _watching("monitor 0..24", min_lineages=1)
    coverage.add_restriction("r", Watch("monitor", ("all",), START_S, START_S + DAY))
    assert _hours(coverage) == 24


@pytest.mark.parametrize(
    ("assumed", "hours"),
    [
        ([], 0),
        (["monitor"], 0),
        (["monitor", "observatory"], 24),
        (["ministry", "council"], 24),
        (["Monitor", "OBSERVATORY"], 24),
    ],
)
def test_sources_assumed_alive_watch_throughout_and_are_counted(assumed: list[str], hours: float) -> None:
    coverage = Coverage(_terms(assume_alive=assumed))
    assert _hours(coverage) == hours
    assert coverage.assumed == len(assumed)


@pytest.mark.parametrize(
    ("watched_s", "watched", "thousandths"),
    [
        (DAY // 2, True, 500),
        (DAY // 2 - 1, False, 499),
        (DAY, True, 1_000),
        (0, False, 0),
    ],
)
def test_half_a_day_is_a_watched_day(watched_s: int, watched: bool, thousandths: int) -> None:
    assert is_watched(watched_s, _terms()) is watched
    assert share(watched_s, DAY) == thousandths


@pytest.mark.parametrize(
    ("rows", "from_hour", "to_hour", "covered"),
    [
        # nil report            the incident's span
        ("monitor 0..24", 3, 4, True),
        ("monitor 0..24", 3, 3, True),
        ("monitor 0..24", 23, 25, False),  # not all of it
        ("monitor 4..24", 3, 5, False),
        ("monitor 0..3", 3, 3, False),  # half-open
        ("monitor 3..4", 3, 4, True),  # to the hour
        ("monitor 3..4", 3, 3, True),
        ("observatory 0..24", 3, 4, False),  # not trusted
    ],
)
def test_a_trusted_nil_report_covers_a_span_or_does_not(rows: str, from_hour: int, to_hour: int, covered: bool) -> None:
    coverage = _watching(rows)
    span = START_S + from_hour * HOUR, START_S + to_hour * HOUR
    assert coverage.trusted_nil_covers(("east", "all"), *span) is covered
    assert not coverage.trusted_nil_covers(("all",), *span)


def test_what_lies_in_no_zone_is_nowhere_seen_as_nothing() -> None:
    coverage = _watching("monitor 0..24")
    span = START_S + 3 * HOUR, START_S + 4 * HOUR
    assert coverage.seen_as_nothing(Placement((), (), ("east",)), *span)
    assert not coverage.seen_as_nothing(Placement((), (), ()), *span)


def test_who_covers_a_zone_and_was_not_heard_to_watch_it_was_silent() -> None:
    coverage = _watching("monitor 0..12, monitor 12..24, observatory 6..24")
    coverage.add_watch("elsewhere", Watch("observatory", ("west",), START_S, START_S + DAY))
    silent = coverage.silences("east", START_S, START_S + DAY)
    whole = [(START_S, START_S + DAY)]
    assert silent.pop("monitor") == []
    assert silent.pop("observatory") == [(START_S, START_S + 6 * HOUR)]
    assert silent == dict.fromkeys(("army", "bulletin", "council", "ministry"), whole)
    # In the west nobody is expected, and only who watched it is asked.
    assert coverage.silences("west", START_S, START_S + 2 * DAY) == {"observatory": [(START_S + DAY, START_S + 2 * DAY)]}


def test_signs_of_life_bear_on_the_zones_of_their_source_as_far_as_they_reach() -> None:
    coverage = Coverage(_terms(alive_gap_max_hours=6))
    for key, hour in (("long before", -7), ("before", -6), ("within", 12), ("after", 30), ("long after", 31)):
        coverage.add_alive(key, "monitor", START_S + hour * HOUR)
    assert coverage.watchers("east", START_S, START_S + DAY) == ["after", "before", "within"]
    assert coverage.watchers("west", START_S, START_S + DAY) == []


def test_who_was_heard_of_a_zone_is_counted_by_lineage() -> None:
    coverage = Coverage(_terms())
    for lineage, side in (("a", "north"), ("a", "north"), ("b", "north"), ("monitor", "independent")):
        coverage.hear((lineage, side), START_S + HOUR, ("east", "all"))
    coverage.hear(("c", "north"), START_S + HOUR, ("all",))
    assert coverage.heard("east", 0) == {"independent": 1, "north": 2}
    assert coverage.heard("all", 0) == {"independent": 1, "north": 3}
    coverage.hear(("b", "north"), START_S + HOUR, ("east", "all"), -1)
    coverage.hear(("a", "north"), START_S + HOUR, ("east", "all"), -1)
    assert coverage.heard("east", 0) == {"independent": 1, "north": 1}


@pytest.mark.parametrize(
    ("from_hour", "to_hour", "who"), [(3, 6, {"monitor"}), (4, 6, set()), (0, 2, set()), (0, 3, {"monitor"})]
)
def test_who_watched_up_to_the_moment_at_which_a_span_begins_did_not_watch_it(from_hour: int, to_hour: int, who: set) -> None:
    coverage = _watching("monitor 2..4")
    assert coverage.lineages("east", START_S + from_hour * HOUR, START_S + to_hour * HOUR) == who


def test_a_watch_of_no_length_is_none() -> None:
    assert _watching("monitor 3..3, observatory 3..4").watchers("east", START_S, START_S + DAY) == [1]


@pytest.mark.parametrize(("source", "seen"), [("monitor", [1, 2]), ("observatory", [])])
def test_only_who_is_trusted_to_watch_has_seen_nothing_on_the_days_of_a_watch(source: str, seen: list[int]) -> None:
    coverage, first_day = Coverage(_terms()), START_S // DAY
    coverage.add_watch("nil", Watch(source, ("east",), START_S + DAY, START_S + 2 * DAY + 1))
    assert [day - first_day for day in coverage.days_seen("nil")] == seen
    assert not coverage.days_seen("alive")
