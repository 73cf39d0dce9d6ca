"""Which days and hours an incident counts in: spans against days from D-hour, and against a naive look at every hour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.incident import Contribution, Part
from streams.core.measure import (
    BEST,
    HIGH,
    LOW,
    WINDOW_HOURS,
    Measure,
    high_days,
    high_hours,
    low_days,
    low_hours,
    measures,
)
from streams.core.sums import pack, packed, unpack
from streams.core.terms import DAY, HOUR

SPANS = st.tuples(st.integers(-4 * DAY, 4 * DAY), st.one_of(st.just(0), st.integers(1, 6 * DAY), st.sampled_from([HOUR, DAY])))


@pytest.mark.parametrize(
    ("start_hour", "hours", "low", "high"),
    [
        # hours from D-hour: start, length    days of the low   days of the high
        (0, 0, (0,), (0,)),  # a point at D-hour belongs to the first day
        (24, 0, (1,), (1,)),
        (23, 1, (0,), (0,)),  # half-open: it ends as the next day begins
        (-1, 1, (-1,), (-1,)),
        (0, 24, (0,), (0,)),
        (-1, 10, (0,), (-1, 0)),  # 90 % is enough
        (-2, 10, (), (-1, 0)),  # 80 % is not, and the day before D-hour makes no pair
        (23, 10, (1,), (0, 1)),
        (15, 10, (0,), (0, 1)),
        (14, 10, (0,), (0,)),
        (22, 10, (1,), (0, 1)),  # 20 % and 80 %: in the two together, so in the later
        (16, 10, (1,), (0, 1)),
        (12, 24, (1,), (0, 1)),
        (0, 48, (1,), (0, 1)),
        (23, 30, (2,), (0, 1, 2)),  # 1 + 24 + 5 hours: days 0 and 1 hold 83 %, days 1 and 2 hold 97 %
        (0, 72, (), (0, 1, 2)),
        (-12, 24, (), (-1, 0)),
        (-36, 24, (), (-2, -1)),
    ],
)
def test_days_of_a_span(start_hour: int, hours: int, low: tuple[int, ...], high: tuple[int, ...]) -> None:
    span = start_hour * HOUR, (start_hour + hours) * HOUR
    assert low_days(*span) == low
    assert high_days(*span) == high


@pytest.mark.parametrize(
    ("start_s", "length_s", "low"),
    [
        # Ten thousand seconds across the end of the first day: the last second that decides.
        (DAY - 9_000, 10_000, (0,)),
        (DAY - 8_999, 10_000, (1,)),
        (DAY - 1_000, 10_000, (1,)),
        (-1_000, 10_000, (0,)),
        (-1_001, 10_000, ()),
    ],
)
def test_ninety_per_cent_is_exact_to_the_second(start_s: int, length_s: int, low: tuple[int, ...]) -> None:
    assert low_days(start_s, start_s + length_s) == low


def _seconds_in(start_s: int, end_s: int, from_s: int, to_s: int) -> int:
    return max(0, min(end_s, to_s) - max(start_s, from_s))


def _low_naively(start_s: int, end_s: int, from_s: int, to_s: int) -> bool:
    if start_s == end_s:
        return from_s <= start_s < to_s
    return _seconds_in(start_s, end_s, from_s, to_s) * 10 >= (end_s - start_s) * 9


def _high_naively(start_s: int, end_s: int, from_s: int, to_s: int) -> bool:
    return from_s <= start_s < to_s or _seconds_in(start_s, end_s, from_s, to_s) > 0


@given(SPANS)
def test_days_agree_with_a_look_at_every_day(span: tuple[int, int]) -> None:
    start_s, end_s = span[0], span[0] + span[1]
    every = range(-5, 12)
    in_one = [day for day in every if _low_naively(start_s, end_s, day * DAY, (day + 1) * DAY)]
    in_two = [day + 1 for day in every if day >= 0 and _low_naively(start_s, end_s, day * DAY, (day + 2) * DAY)]
    assert list(low_days(start_s, end_s)) == (in_one or in_two[:1])
    assert list(high_days(start_s, end_s)) == [d for d in every if _high_naively(start_s, end_s, d * DAY, (d + 1) * DAY)]


@given(SPANS)
def test_hours_agree_with_a_look_at_every_window(span: tuple[int, int]) -> None:
    start_s, end_s = span[0], span[0] + span[1]
    hours = range(-5 * 24, 11 * 24 + WINDOW_HOURS)
    windows = {hour: ((hour + 1 - WINDOW_HOURS) * HOUR, (hour + 1) * HOUR) for hour in hours}
    first, last = low_hours(start_s, end_s)
    assert [h for h in hours if first <= h < last] == [h for h in hours if _low_naively(start_s, end_s, *windows[h])]
    first, last = high_hours(start_s, end_s)
    assert [h for h in hours if first <= h < last] == [h for h in hours if _high_naively(start_s, end_s, *windows[h])]


def test_nine_tenths_to_the_second_are_enough_for_a_day_and_for_two() -> None:
    tenth_s = 2 * HOUR
    assert low_days(DAY - tenth_s, DAY + 9 * tenth_s) == (1,)
    assert low_days(DAY - tenth_s - 1, DAY + 9 * tenth_s) == (1,)  # the later of the two that hold it
    # 26 hours in the first two of three days are nine tenths of 104,000 seconds; a second more, and they are not.
    start_s = 22 * HOUR
    assert low_days(start_s, start_s + 104_000) == (1,)
    assert low_days(start_s, start_s + 104_001) == (2,)


def test_a_strike_is_in_the_level_for_seven_days_to_the_hour() -> None:
    measure = Measure(["east"])
    measure.restate(None, Contribution("strike", tuple(_part(bound, 600, 600, 1) for bound in (LOW, HIGH))))
    held = {}
    for hour in (-1, 0, 167, 168):
        measure.advance(hour)
        held[hour] = measure.zones["east"].window()[:1] + measure.zones["east"].window()[6:7]
    assert held == {-1: [0, 0], 0: [1, 1], 167: [1, 1], 168: [0, 0]}
    assert WINDOW_HOURS == 168


def test_a_strike_of_the_hour_that_it_is_counts_at_once() -> None:
    measure = Measure(["east"])
    measure.advance(0)
    for incident, first_hour in (("of this hour", 0), ("of the next", 1)):
        part = Part(HIGH, ("east",), (0,), first_hour, first_hour + WINDOW_HOURS, (1, 0, 0), (0, 0))
        measure.restate(None, Contribution(incident, (part,)))
    assert measure.zones["east"].window()[6] == 1


@given(SPANS)
def test_what_is_certain_is_possible(span: tuple[int, int]) -> None:
    start_s, end_s = span[0], span[0] + span[1]
    assert set(low_days(start_s, end_s)) <= set(high_days(start_s, end_s))
    (low_first, low_last), (high_first, high_last) = low_hours(start_s, end_s), high_hours(start_s, end_s)
    assert low_first >= low_last or high_first <= low_first < low_last <= high_last


def _part(bound: int, start_s: int, end_s: int, amount: int) -> Part:
    days, hours = (low_days, low_hours) if bound == LOW else (high_days, high_hours)
    amounts = (1, amount * 1_000, amount)
    return Part(bound, ("east",), days(start_s, end_s), *hours(start_s, end_s), amounts, (start_s, end_s))


@given(st.lists(st.tuples(SPANS, st.integers(0, 9)), max_size=8), st.permutations(range(-4 * 24, 12 * 24, 37)))
def test_the_rolling_level_is_the_sum_of_what_its_window_holds(told, order) -> None:
    """Incidents are entered while the window moves on, early and late; at the end every one counts once."""
    whole, hours = Measure(["east"]), sorted(order[:6])
    measure = whole.zones["east"]
    spans = [(span[0], span[0] + span[1], amount) for span, amount in told]
    entries = list(enumerate(spans))
    for hour in hours:
        measure.advance(hour)
        for number, (start_s, end_s, amount) in entries[:2]:
            for bound in (LOW, HIGH):
                part = _part(bound, start_s, end_s, amount)
                whole.restate(None, Contribution(f"{number}/{bound}", (part,)))
        entries = entries[2:]
    entered = spans[: len(spans) - len(entries)]
    window = (hours[-1] + 1 - WINDOW_HOURS) * HOUR, (hours[-1] + 1) * HOUR
    for bound, test in ((LOW, _low_naively), (HIGH, _high_naively)):
        held = [amount for start_s, end_s, amount in entered if test(start_s, end_s, *window)]
        assert measure.window()[bound * 3 : bound * 3 + 3] == [len(held), sum(held) * 1_000, sum(held)]


@given(st.lists(st.tuples(SPANS, st.integers(0, 9)), min_size=1, max_size=6))
def test_what_is_taken_out_again_leaves_nothing(told) -> None:
    measure = Measure(["east"])
    contributions = [
        Contribution(str(n), tuple(_part(bound, span[0], span[0] + span[1], amount) for bound in (LOW, HIGH)))
        for n, (span, amount) in enumerate(told)
    ]
    for contribution in contributions:
        measure.restate(None, contribution)
    measure.advance(100)
    for contribution in contributions:
        measure.restate(contribution, None)
    zone = measure.zones["east"]
    assert zone.window() == [0] * 9
    assert all(not any(zone.day(day)) for day in zone.days)
    assert all(not zone.incidents(bound, day) for bound in (LOW, BEST, HIGH) for day in zone.days)


def test_an_interval_keeps_its_order_and_a_tally_adds_to_best_and_high_only() -> None:
    # The anchor lies at a border: certain in the zone, its centre in no day of it.
    found = measures([2, 0, 0, 1, 0, 0, 3, 0, 0]).incidents
    assert (found.low, found.best, found.high) == (2, 2, 3)
    tallied = measures([1, 5, 0, 2, 6, 0, 3, 7, 0], 10, 20)
    assert (tallied.incidents.low, tallied.incidents.best, tallied.incidents.high) == (1, 12, 23)
    assert (tallied.severity.low, tallied.severity.best, tallied.severity.high) == (5, 6, 7)


@given(st.lists(st.tuples(st.integers(0, 5), SPANS, st.booleans()), max_size=12))
def test_who_counts_on_a_day_is_told_as_it_is_now(steps) -> None:
    """Asked after every step: what was listed before must not be told after it changed."""
    measure, held = Measure(["east"]), {}
    for number, span, there in steps:
        incident = str(number)
        parts = tuple(_part(bound, span[0], span[0] + span[1], 1) for bound in (LOW, HIGH)) if there else ()
        after = Contribution(incident, parts)
        measure.restate(held.get(incident), after)
        held[incident] = after
        for bound in (LOW, HIGH):
            days = {day for one in held.values() for part in one.parts for day in part.days} | {span[0] // DAY}
            for day in days:
                wanted = [name for name, one in held.items() for p in one.parts if p.bound == bound and day in p.days]
                assert measure.zones["east"].incidents(bound, day) == sorted(wanted)


@given(st.lists(st.integers(-(1 << 62), (1 << 62) - 1), min_size=9, max_size=9))
def test_nine_sums_in_one_number_are_nine_sums(sums: list[int]) -> None:
    assert unpack(packed(sums)) == sums
    assert unpack(packed(sums) - packed(sums)) == [0] * 9


def test_a_sum_beyond_its_bits_is_an_error_and_no_other_sum() -> None:
    assert unpack(pack(HIGH, (1, 2, (1 << 63) - 1)))[6:] == [1, 2, (1 << 63) - 1]
    with pytest.raises(OverflowError):
        unpack(pack(HIGH, (1, 2, 1 << 63)))


def test_what_is_forgotten_changes_no_week_whatever_comes_afterwards() -> None:
    """Weeks that end with each of these days are asked for, and the days before the fifth are let go of in between."""
    whole, kept = Measure(["east"]), Measure(["east"])
    parts = [_part(bound, day * DAY, day * DAY, day + 20) for day in range(-9, 9) for bound in (LOW, HIGH)]
    for number, part in enumerate(parts):
        for measure in (whole, kept):
            measure.restate(None, Contribution(str(number), (part,)))
    kept.zones["east"].forget(5)
    assert kept.zones["east"].incidents(HIGH, 4) == []
    assert kept.zones["east"].incidents(HIGH, 5) == whole.zones["east"].incidents(HIGH, 5) != []
    later = Contribution("later", (_part(HIGH, 5 * DAY, 5 * DAY, 7), _part(LOW, 6 * DAY, 6 * DAY, 3)))
    for measure in (whole, kept):
        measure.restate(None, later)
    days = range(-12, 20)
    assert [kept.zones["east"].week(day) for day in days] == [whole.zones["east"].week(day) for day in days]
    kept.zones["east"].forget(8)
    assert [kept.zones["east"].week(day) for day in days] == [whole.zones["east"].week(day) for day in days]
