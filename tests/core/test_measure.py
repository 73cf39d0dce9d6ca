"""Which days and hours an incident counts in: spans against days from D-hour, and against a naive look at every hour."""

from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.incident import NOTHING, Adds, Amounts
from streams.core.measure import Measure, measures
from streams.core.reach import (
    BEST,
    HIGH,
    LOW,
    WINDOW_HOURS,
    forget_reaches,
    high_days,
    high_hours,
    low_days,
    low_hours,
    reaches,
)
from streams.core.sums import pack, packed, unpack
from streams.core.terms import DAY, HOUR
from streams.core.zones import Placement

EAST = ("east",)
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


class _Told:
    """An incident in the east, as far as it is measured."""

    def __init__(self, name: str, start_s: int, end_s: int) -> None:
        self.id = name
        self.reaches = reaches(Placement(EAST, EAST, EAST), start_s, end_s)
        self.adds: Adds = NOTHING

    def counts(self, bound: int, zone: str, day: int) -> bool:
        return self.adds[bound] is not None and day in self.reaches[bound].days

    @classmethod
    def of(cls, measure: Measure, name: str, span: tuple[int, int], amount: int) -> "_Told":
        told = cls(name, span[0], span[0] + span[1])
        measure.restate(told, _low_and_high(amount))  # type: ignore[arg-type]
        return told


def _low_and_high(amount: int) -> Adds:
    adds: Amounts = (1, amount * 1_000, amount)
    return adds, None, adds


def test_a_strike_is_in_the_level_for_seven_days_to_the_hour() -> None:
    measure = Measure(["east"])
    _Told.of(measure, "strike", (600, 0), 1)
    held = {}
    for hour in (-1, 0, 167, 168):
        measure.advance(hour)
        sums = unpack(measure.zones["east"].window())
        held[hour] = sums[:1] + sums[6:7]
    assert held == {-1: [0, 0], 0: [1, 1], 167: [1, 1], 168: [0, 0]}
    assert WINDOW_HOURS == 168


@pytest.mark.parametrize("steps", [(0, 200), (0, 100, 200), tuple(range(201))])
def test_a_window_that_moves_far_at_once_holds_what_it_does_by_the_hour(steps: tuple[int, ...]) -> None:
    measure = Measure(["east"])
    for hour in (5, 40, 150):
        _Told.of(measure, str(hour), (hour * HOUR, 0), 1)
    for hour in steps:
        measure.advance(hour)
    assert unpack(measure.zones["east"].window())[6] == 2


def test_a_strike_of_the_hour_that_it_is_counts_at_once() -> None:
    measure = Measure(["east"])
    measure.advance(0)
    for hour in (0, 1):
        _Told.of(measure, f"of hour {hour}", (hour * HOUR, 0), 1)
    assert unpack(measure.zones["east"].window())[6] == 1


def test_incidents_of_the_same_hour_and_place_share_where_they_count() -> None:
    place, other = Placement(EAST, EAST, EAST), Placement(EAST, (), EAST)
    low, best, high = reaches(place, 600, 600)
    assert low is best is high is reaches(place, 1_200, 1_200)[0]
    assert reaches(place, HOUR, HOUR)[0] is not low
    assert reaches(other, 600, 600)[0].zones == ()


def test_a_strike_told_before_days_were_let_go_of_and_one_told_after_count_together() -> None:
    """They are alike and share nothing any more."""
    measure = Measure(["east"])
    before = _Told.of(measure, "before", (600, 0), 1)
    forget_reaches()
    after = _Told.of(measure, "after", (600, 0), 1)
    assert before.reaches[LOW] is not after.reaches[LOW]
    measure.advance(0)
    zone = measure.zones["east"]
    assert unpack(zone.day(0))[6] == unpack(zone.window())[6] == 2
    assert zone.incidents(HIGH, 0) == ["after", "before"]
    measure.restate(before, NOTHING)
    assert unpack(zone.day(0))[6] == unpack(zone.window())[6] == 1
    assert zone.incidents(HIGH, 0) == ["after"]


def test_what_changed_is_told_once_for_all_that_reach_alike() -> None:
    measure = Measure(["east"])
    one, other = _Told.of(measure, "one", (0, 0), 1), _Told.of(measure, "other", (60, 0), 1)
    assert measure.take_touched() == {one.reaches[LOW]}
    measure.restate(other, other.adds)  # type: ignore[arg-type]
    assert measure.take_touched() == set()
    measure.restate(other, NOTHING)  # type: ignore[arg-type]
    (reach,) = measure.take_touched()
    assert (reach.zones, reach.days, list(reach.weeks)) == (EAST, (0,), [0, 1, 2, 3, 4, 5, 6])


@given(SPANS)
def test_the_weeks_of_what_counts_are_the_days_whose_last_hour_has_it_in_the_window(span: tuple[int, int]) -> None:
    for reach in reaches(Placement(EAST, EAST, EAST), span[0], span[0] + span[1]):
        last_hours = {day: day * 24 + 23 for day in range(-15, 30)}
        assert [d for d, hour in last_hours.items() if reach.first_hour <= hour < reach.last_hour] == list(reach.weeks)


@given(SPANS)
def test_what_is_certain_is_possible(span: tuple[int, int]) -> None:
    start_s, end_s = span[0], span[0] + span[1]
    assert set(low_days(start_s, end_s)) <= set(high_days(start_s, end_s))
    (low_first, low_last), (high_first, high_last) = low_hours(start_s, end_s), high_hours(start_s, end_s)
    assert low_first >= low_last or high_first <= low_first < low_last <= high_last


@given(st.lists(st.tuples(SPANS, st.integers(0, 9)), max_size=8), st.permutations(range(-4 * 24, 12 * 24, 37)))
def test_the_rolling_level_is_the_sum_of_what_its_window_holds(told, order) -> None:
    """Incidents are entered while the window moves on, early and late; at the end every one counts once."""
    whole, hours = Measure(["east"]), sorted(order[:6])
    measure, entries = whole.zones["east"], list(enumerate(told))
    for hour in hours:
        measure.advance(hour)
        for number, (span, amount) in entries[:2]:
            _Told.of(whole, str(number), span, amount)
        entries = entries[2:]
    entered = told[: len(told) - len(entries)]
    window = (hours[-1] + 1 - WINDOW_HOURS) * HOUR, (hours[-1] + 1) * HOUR
    for bound, test in ((LOW, _low_naively), (HIGH, _high_naively)):
        held = [amount for span, amount in entered if test(span[0], span[0] + span[1], *window)]
        assert unpack(measure.window())[bound * 3 : bound * 3 + 3] == [len(held), sum(held) * 1_000, sum(held)]


@given(st.lists(st.tuples(SPANS, st.integers(0, 9)), min_size=1, max_size=6))
def test_what_is_taken_out_again_leaves_nothing(told) -> None:
    measure = Measure(["east"])
    incidents = [_Told.of(measure, str(number), span, amount) for number, (span, amount) in enumerate(told)]
    measure.advance(100)
    for incident in incidents:
        measure.restate(incident, NOTHING)
    zone = measure.zones["east"]
    assert zone.window() == 0
    assert not any(zone.day(day) for day in zone.days)
    assert all(not zone.incidents(bound, day) for bound in (LOW, BEST, HIGH) for day in zone.days)


def test_an_interval_keeps_its_order_and_a_tally_adds_to_best_and_high_only() -> None:
    # The anchor lies at a border: certain in the zone, its centre in no day of it.
    found = measures(packed([2, 0, 0, 1, 0, 0, 3, 0, 0])).incidents
    assert (found.low, found.best, found.high) == (2, 2, 3)
    tallied = measures(packed([1, 5, 0, 2, 6, 0, 3, 7, 0]), 10, 20)
    assert (tallied.incidents.low, tallied.incidents.best, tallied.incidents.high) == (1, 12, 23)
    assert (tallied.severity.low, tallied.severity.best, tallied.severity.high) == (5, 6, 7)


@given(
    st.lists(st.tuples(st.sampled_from([(0, 0), (HOUR, 0), (-600, 1_200), (0, 2 * DAY)]), st.booleans()), min_size=2, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.tuples(*[st.sampled_from([-1, 1])] * 3)), max_size=12),
)
def test_who_counts_on_a_day_and_for_how_much_is_told_as_it_is_now(told, steps) -> None:
    """Asked after every step: what was listed before must not be told after it changed. -1: it does not count in a bound."""
    measure = Measure(["east"])
    incidents = [_Told(str(number), span[0], span[0] + span[1]) for number, (span, _) in enumerate(told)]
    for incident, (_, elsewhere) in zip(incidents, told, strict=True):
        if elsewhere:
            # The centre may lie in a zone without being certain of it.
            incident.reaches = reaches(Placement(EAST, (), EAST), incident.reaches[HIGH].first_hour * HOUR, 5 * DAY)
    zone = measure.zones["east"]
    for number, amounts in steps:
        incident = incidents[number % len(incidents)]
        measure.restate(incident, tuple(None if amount < 0 else (1, amount, 0) for amount in amounts))
        for bound in (LOW, BEST, HIGH):
            for day in range(-2, 6):
                there = [one for one in incidents if one.reaches[bound].zones == EAST and one.counts(bound, "east", day)]
                assert zone.incidents(bound, day) == sorted(one.id for one in there)
                sums = [sum(one.adds[bound][metric] for one in there) for metric in range(3)]
                assert unpack(zone.day(day))[bound * 3 : bound * 3 + 3] == sums
            entered = [one for one in incidents if one.reaches[bound].zones == EAST and one.adds[bound] is not None]
            for day in range(-2, 10):
                there = [one.adds[bound] for one in entered if day in one.reaches[bound].weeks]
                assert unpack(zone.week(day))[bound * 3 : bound * 3 + 2] == [len(there), sum(amounts[1] for amounts in there)]


def test_a_list_is_the_same_one_until_somebody_comes_or_goes() -> None:
    measure = Measure(["east"])
    zone, strike = measure.zones["east"], _Told.of(measure, "strike", (0, 0), 3)
    listed = zone.incidents(HIGH, 0)
    measure.restate(strike, _low_and_high(4))
    assert zone.incidents(HIGH, 0) is listed
    measure.restate(strike, (None, None, _low_and_high(4)[HIGH]))
    assert zone.incidents(HIGH, 0) is listed
    assert zone.incidents(LOW, 0) == []
    _Told.of(measure, "other", (0, 0), 3)
    assert zone.incidents(HIGH, 0) == ["other", "strike"]
    assert listed == ["strike"]


def test_what_counts_no_more_is_not_kept() -> None:
    measure = Measure(["east"])
    strike = _Told.of(measure, "strike", (0, 2 * DAY), 3)
    measure.zones["east"].incidents(HIGH, 1)
    measure.restate(strike, NOTHING)
    kept = ref(strike)
    del strike
    assert kept() is None


def test_what_reaches_back_into_days_that_were_let_go_of_can_still_change() -> None:
    """A revision of something told of a whole month: some of its days are closed long since."""
    measure = Measure(["east"])
    zone, month = measure.zones["east"], _Told.of(measure, "month", (0, 30 * DAY), 3)
    zone.forget(10)
    measure.restate(month, NOTHING)
    assert zone.incidents(HIGH, 20) == []
    assert zone.window() == zone.day(20) == 0


def test_of_days_that_were_let_go_of_nothing_is_listed_whatever_comes_afterwards() -> None:
    measure = Measure(["east"])
    zone, early = measure.zones["east"], _Told.of(measure, "early", (0, 12 * DAY), 3)
    zone.forget(10)
    _Told.of(measure, "late", (9 * DAY, 2 * DAY), 3)
    assert [[one.id for one in zone.counting(HIGH, day)] for day in (9, 11)] == [[], ["early"]]
    assert zone.incidents(HIGH, 10) == ["early", "late"]
    measure.forget(early)
    assert [zone.incidents(HIGH, day) for day in (9, 10, 11)] == [[], ["late"], []]
    assert unpack(zone.day(10))[6] == 2, "what it adds stays"


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
    for number in range(-9, 9):
        for measure in (whole, kept):
            _Told.of(measure, str(number), (number * DAY, 0), number + 20)
    kept.zones["east"].forget(5)
    assert kept.zones["east"].incidents(HIGH, 4) == []
    assert kept.zones["east"].incidents(HIGH, 5) == whole.zones["east"].incidents(HIGH, 5) != []
    for measure in (whole, kept):
        _Told.of(measure, "later", (5 * DAY, 0), 7)
    days = range(-12, 20)
    assert [kept.zones["east"].week(day) for day in days] == [whole.zones["east"].week(day) for day in days]
    kept.zones["east"].forget(8)
    assert [kept.zones["east"].week(day) for day in days] == [whole.zones["east"].week(day) for day in days]
