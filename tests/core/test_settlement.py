"""Settled days: worse at once, better only after it has stood."""

import pytest
from core.builders import TERMS

from schemas.reasons import ChangeReason, Condition
from streams.core.gate import End
from streams.core.monitor.time import Time
from streams.core.settlement import DayView, SettledDay, StandingEnd
from streams.core.terms import DAY, HOUR, parse

C = Condition
SETTLE_S = 24 * HOUR
WORDS = {"x": C.VIOLENT, "c": C.CONTESTED, "?": C.NOT_WATCHED}


def _view(letters: str) -> DayView:
    return DayView(frozenset(WORDS[letter] for letter in letters), 0, 1_000, {}, {})


@pytest.mark.parametrize(
    ("first", "restated", "expected"),
    [
        # as settled, then (hour, what fails now), then (hour, what is in force)
        ("", [(1, "x")], [(1, "x")]),  # worse at once
        ("x", [(1, "")], [(1, "x"), (24, "x"), (25, "")]),  # better after 24 hours
        ("x", [(1, ""), (20, "x")], [(20, "x"), (25, "x"), (50, "x")]),  # it did not stand
        ("x", [(1, ""), (20, "x"), (21, "")], [(44, "x"), (45, "")]),  # it starts again
        ("x", [(1, ""), (10, "")], [(24, "x"), (25, "")]),  # said twice is no later
        ("x", [(1, "c")], [(1, "cx"), (24, "cx"), (25, "c")]),  # both: the new at once, the old for a while
        ("x?", [(1, "?"), (10, "")], [(24, "?x"), (25, "?"), (34, "")]),  # each condition for itself
        ("?", [(1, "x")], [(1, "?x"), (25, "x")]),
    ],
)
def test_a_settled_day_gets_worse_at_once_and_better_after_a_while(first, restated, expected) -> None:
    day = SettledDay(_view(first))
    changes = dict(restated)
    for hour in range(60):
        if hour in changes:
            day.restate(_view(changes[hour]), hour * HOUR)
        day.relent(hour * HOUR, SETTLE_S)
        for at, letters in expected:
            if at == hour:
                assert day.failed == {WORDS[letter] for letter in letters}, f"hour {hour}"


def test_letting_go_says_whether_anything_was_let_go_of() -> None:
    day = SettledDay(_view("x"))
    day.restate(_view(""), 0)
    assert not day.relent(SETTLE_S - 1, SETTLE_S)
    assert day.relent(SETTLE_S, SETTLE_S)
    assert not day.relent(SETTLE_S + 1, SETTLE_S)


def _end(hour: int) -> End:
    return End(hour * HOUR, ChangeReason.ENDED_BY_PARTY, "somebody ends")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # (hour, the end that is known then), then (hour, the end in force)
        ([(0, None)], [(0, None)]),
        ([(1, 1)], [(1, 1)]),  # the first at once
        ([(1, 10), (5, 3)], [(4, 10), (5, 3)]),  # an earlier one at once
        ([(1, 1), (5, None)], [(5, 1), (28, 1), (29, None)]),  # taken back: after it has stood
        ([(1, 1), (5, 4)], [(28, 1), (29, 4)]),  # so does a later one
        ([(1, 1), (5, None), (10, 1), (12, None)], [(29, 1), (35, 1), (36, None)]),  # it did not stand
        ([(1, 1), (5, None), (10, 4)], [(29, 1), (33, 1), (34, 4)]),  # another better one starts anew
    ],
)
def test_an_end_comes_at_once_and_goes_after_a_while(found, expected) -> None:
    standing, known = StandingEnd(), dict(found)
    now: int | None = None
    for hour in range(60):
        now = known.get(hour, now)
        standing.restate(None if now is None else _end(now), hour * HOUR, SETTLE_S)
        for at, end in expected:
            if at == hour:
                assert standing.end == (None if end is None else _end(end)), f"hour {hour}"


def test_another_end_at_the_same_time_replaces_it_at_once() -> None:
    """Nothing is won by it, so nothing has to stand."""
    standing, other = StandingEnd(), _end(10)._replace(detail="somebody else ends")
    standing.restate(_end(10), 0, SETTLE_S)
    standing.restate(other, HOUR, SETTLE_S)
    assert standing.end == other


def test_a_day_that_needs_no_settling_is_settled_by_the_tick_at_its_end() -> None:
    mapping = TERMS.as_mapping()
    terms = parse(mapping | {"gate": mapping["gate"] | {"settle_hours": 0}})
    time = Time(first_day=0)
    assert time.step(terms.d_hour_s + DAY - 1, terms) == []
    assert time.step(terms.d_hour_s + DAY, terms) == [0]
