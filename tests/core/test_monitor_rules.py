"""The rules end to end: what a truce's log comes to, by days worked out by hand, and how late news amends it."""

from collections.abc import Iterable

import pytest
from core.seen import ALWAYS, SETTLED_7, Seen, Told, alive, terms_of, time_of, violation

ZERO = terms_of({"mode": "zero"})
AT_MOST_2 = terms_of({"mode": "at_most", "value": 2})


def _counts(counts: Iterable[int]) -> list[Told]:
    """So many violations a day, each in an hour of its own."""
    return [violation(f"v{day}.{n}", day * 24 + 3 + n) for day, count in enumerate(counts) for n in range(count)]


def test_two_violent_days_leave_a_streak_of_three_where_nothing_is_allowed() -> None:
    seen = Seen(ZERO, alive(ALWAYS) + _counts([2, 0, 0, 1, 0, 0, 0]), SETTLED_7)
    assert seen.outcomes("east", 7) == "violent quiet quiet violent quiet quiet quiet"
    assert seen.levels["east"].streak == 3
    assert seen.story() == ["advance in_force @0, 0"]


def test_the_same_days_qualify_where_two_a_day_are_allowed_once_they_are_settled() -> None:
    seen = Seen(AT_MOST_2, alive(ALWAYS) + _counts([2, 0, 0, 1, 0, 0, 0]), SETTLED_7)
    assert seen.outcomes("east", 7) == " ".join(["quiet"] * 7)
    assert seen.story() == ["advance in_force @0, 0", f"advance qualified @{7 * 24}, {SETTLED_7}"]
    assert [day.measures.incidents.best for day in seen.changes[-1].ledger] == [2, 0, 0, 1, 0, 0, 0]


def test_a_silent_province_stays_unknown_and_if_only_watched_holds_nobody_up() -> None:
    seen = Seen(ZERO, alive(ALWAYS), SETTLED_7)
    assert seen.outcomes("west", 7) == " ".join(["unknown"] * 7)
    assert seen.levels["west"].streak == 0
    assert seen.story()[-1] == f"advance qualified @{7 * 24}, {SETTLED_7}"


def test_a_silent_province_that_is_gated_holds_everybody_up() -> None:
    seen = Seen(terms_of({"mode": "zero"}, west_gated=True), alive(ALWAYS), SETTLED_7 + 24)
    assert seen.story() == ["advance in_force @0, 0"]


@pytest.mark.parametrize(
    ("settled_days", "streak"),
    [
        (6, 6),
        (7, 6),  # one silent day is borne
        (8, 0),  # the second starts it again
    ],
)
def test_one_that_falls_silent_after_six_quiet_days_starts_again_on_its_second_silent_day(settled_days, streak) -> None:
    seen = Seen(ZERO, alive(range(-1, 6 * 24 + 1, 1)), (settled_days + 1) * 24)
    expected = ["quiet"] * 6 + ["unknown"] * 2
    assert seen.outcomes("east", settled_days) == " ".join(expected[:settled_days])
    assert seen.levels["east"].streak == streak


def test_a_day_is_pending_until_it_has_settled() -> None:
    assert Seen(ZERO, alive(ALWAYS), 47).days["east", 0].outcome == "pending"
    assert Seen(ZERO, alive(ALWAYS), 48).days["east", 0].outcome == "quiet"


QUALIFIED = ["advance in_force @0, 0", f"advance qualified @168, {SETTLED_7}"]


@pytest.mark.parametrize(
    ("received_hour", "amended_at"),
    [
        (SETTLED_7 + 5, SETTLED_7 + 6),  # at the next tick
        (SETTLED_7 + 30, SETTLED_7 + 31),
    ],
)
def test_a_violent_report_that_comes_late_voids_at_the_next_tick(received_hour: int, amended_at: int) -> None:
    seen = Seen(ZERO, [*alive(ALWAYS), violation("late", 30, received_hour)], 10 * 24 - 1)
    assert seen.story() == [*QUALIFIED, f"void in_force @168, {amended_at}"]
    assert seen.changes[2].supersedes == seen.changes[1].id
    assert [change.previous for change in seen.changes] == [None, seen.changes[0].id, seen.changes[1].id]
    assert seen.days["east", 1].outcome == "violent"


def test_after_late_news_a_later_run_advances_again() -> None:
    seen = Seen(ZERO, [*alive(ALWAYS), violation("late", 30, SETTLED_7 + 5)], 10 * 24)
    # Days 2 to 8 are the seven quiet ones; the last of them settles a day after its end.
    assert seen.story() == [*QUALIFIED, "void in_force @168, 198", "advance qualified @216, 240"]


def test_a_report_that_is_taken_back_makes_things_better_only_after_it_has_stood() -> None:
    told = [*alive(ALWAYS), violation("v", 30), violation("v", 30, SETTLED_7 + 5, 2, "retracted")]
    assert Seen(ZERO, told, SETTLED_7 + 29).story() == ["advance in_force @0, 0"]
    seen = Seen(ZERO, told, SETTLED_7 + 30)
    assert seen.story() == ["advance in_force @0, 0", "advance qualified @168, 222"]
    assert seen.days["east", 1].outcome == "quiet"


def test_a_return_is_voided_only_after_the_retraction_of_its_cause_has_stood() -> None:
    told = [*alive(ALWAYS), violation("v", 7 * 24 + 3), violation("v", 171, 9 * 24 + 5, 2, "retracted")]
    returned = [*QUALIFIED, "return in_force @192, 216"]
    assert Seen(ZERO, told, 9 * 24 + 29).story() == returned
    assert Seen(ZERO, told, 9 * 24 + 30).story() == [*returned, "void qualified @192, 246"]


def test_a_retraction_that_is_taken_back_in_time_changes_nothing() -> None:
    told = [*alive(ALWAYS), violation("v", 30), violation("v", 30, 197, 2, "retracted"), violation("v", 30, 210, 3)]
    # Day 1 stays violent throughout: the run is that of days 2 to 8.
    assert Seen(ZERO, told, 240).story() == ["advance in_force @0, 0", "advance qualified @216, 240"]


def _nil(received_hour: int, zone: str = "east") -> Told:
    """The monitor watched all of day 1, as far as it can have by the time of receipt."""
    covers = {"zone": zone, "from": time_of(24), "to": time_of(48)}
    return Told(received_hour, {"report_id": "n", "source": "monitor", "type": "nil", "covers": covers})


@pytest.mark.parametrize(
    ("told", "watched", "outcome"),
    [
        # reports                                                watched, thousandths
        ([], 0, "unknown"),
        ([_nil(48)], 1_000, "quiet"),
        ([_nil(48, "all")], 1_000, "quiet"),
        ([_nil(48, "west")], 0, "unknown"),
        ([_nil(36)], 500, "quiet"),  # cut at the time of receipt
        ([_nil(35)], 458, "unknown"),
        ([violation(f"v{hour}", hour) for hour in range(24, 48)], 0, "violent"),  # coverage is not earned by violence
    ],
)
def test_silence_is_not_watch(told: list[Told], watched: int, outcome: str) -> None:
    day = Seen(ZERO, told, 72).days["east", 1]
    assert (day.watched, day.outcome) == (watched, outcome)


def test_a_flood_of_anonymous_claims_cannot_block_an_honest_monitor() -> None:
    claim = {"source": "somebody", "type": "violation", "kind": "attack"}
    flood = [Told(hour, {**claim, "report_id": f"u{hour}", "occurred_at": time_of(hour)}) for hour in range(25, 47)]
    blocked = Seen(ZERO, [*alive(ALWAYS), *flood], 72).days["east", 1]
    assert blocked.outcome == "contested"
    assert blocked.measures.incidents.low == 0
    freed = Seen(ZERO, [*alive(ALWAYS), *flood, _nil(48)], 72).days["east", 1]
    assert (freed.outcome, freed.measures.incidents.high) == ("quiet", 0)
