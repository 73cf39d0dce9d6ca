"""What new terms change, and what they leave as it was."""

import pytest
from core.seen import D_HOUR_S, Seen, Told, alive, terms_of, violation

from schemas.facts import Marker, TermsRecord
from schemas.reasons import ChangeReason, Reason
from streams.core.monitor.governing import OTHER_D_HOUR
from streams.core.terms import DAY, HOUR, Terms, parse

ZERO = {"mode": "zero"}
QUICK = {"days": 3, "max_span_days": 5, "settle_hours": 6}
LONG = alive(range(-1, 60 * 24, 4))


def new(hour: int, terms: Terms, effective_hour: int, correct: bool = False) -> Told:
    """New terms, published at an hour."""
    record = TermsRecord("rules", terms.hash, terms.as_mapping(), D_HOUR_S + effective_hour * HOUR, correct)
    return Told(hour, {}, None, record)


def with_gated(*zones: tuple[str, str]) -> Terms:
    """Terms under which these zones, each of one area, are gated, and watched by the monitor."""
    known = [{"id": name, "name": name, "areas": [area], "gated": True} for name, area in zones]
    monitor = {"id": "monitor", "trusted": ["watch", "violence"], "zones": [name for name, _ in zones]}
    return terms_of(ZERO, gate=QUICK, zones=known, sources=[monitor])


EAST, SOUTH = ("east", "SY.09"), ("south", "SY.06")


def test_a_gated_zone_that_comes_later_qualifies_with_the_others_and_the_ledger_tells_of_the_days_it_was_there() -> None:
    # Day 2 of the east is unknown, so that its run begins on day 0, before the south was there.
    unknown = Marker("rules", "m", Reason.INTERNAL_ERROR, ["east"], D_HOUR_S + 2 * DAY, D_HOUR_S + 3 * DAY)
    told = [*LONG, Told(20, {}, None, unknown), new(10, with_gated(EAST, SOUTH), 24)]
    seen = Seen(with_gated(EAST), told, 7 * 24, restarts=[4 * 24, 5 * 24 + 12])
    assert seen.partition.halted == {}
    assert seen.story() == ["advance in_force @0, 0", "advance qualified @96, 102"]
    ledger = [(day.zone, day.day, day.outcome) for day in seen.changes[-1].ledger]
    east = [("east", 0, "quiet"), ("east", 1, "quiet"), ("east", 2, "unknown"), ("east", 3, "quiet")]
    assert ledger == [*east, *(("south", day, "quiet") for day in (1, 2, 3))]


def test_a_gated_zone_that_was_left_out_for_a_day_halts_nobody() -> None:
    without = with_gated(EAST).as_mapping() | {"zones": []}
    without["whole"] = without["whole"] | {"gated": True}
    without["sources"] = [source | {"zones": ["all"]} for source in without["sources"]]
    told = [*LONG, new(30, parse(without), 24), new(40, with_gated(EAST), 48)]
    seen = Seen(with_gated(EAST), told, 8 * 24)
    assert seen.partition.halted == {}
    assert seen.story()[-1].startswith("advance qualified")


@pytest.mark.parametrize("correct", [False, True])
@pytest.mark.parametrize("restarts", [(), (40 * 24 + 5, 42 * 24)])
def test_a_day_that_has_closed_stays_closed_however_long_later_terms_wait_for_late_news(correct: bool, restarts) -> None:
    short, long = (terms_of(ZERO, gate=QUICK | {"late_days_max": days}) for days in (4, 100))
    told = [*LONG, violation("v", 9 * 24 + 3)]
    before = Seen(short, told, 44 * 24)
    told += [new(40 * 24, long, 40 * 24, correct), violation("late", 20 * 24, 41 * 24)]
    seen = Seen(short, told, 44 * 24, restarts=restarts)
    assert seen.story() == before.story()
    assert [refused.reason for refused in seen.rejected] == [Reason.TOO_LATE]
    # What is open by then stays open for as long as the new terms say.
    assert Seen(short, [*told, violation("w", 38 * 24, 60 * 24)], 61 * 24).outcomes("east", 39).endswith("violent")


def test_the_baseline_stays_frozen_when_what_it_was_measured_by_is_forgotten() -> None:
    half = {"mode": "reduction", "metric": "incidents", "value": 0.5, "floor": 1}
    gate, baseline = QUICK | {"late_days_max": 3}, {"days": 7, "min_watched_days": 5}
    terms = terms_of(half, gate=gate, baseline=baseline)
    other = terms_of(half, gate=gate, baseline=baseline, actors=[{"id": "somebody"}])
    told = [*alive(range(-8 * 24, 40 * 24, 4))]
    told += [violation(f"b{day}.{n}", day * 24 + 3 + n) for day in range(-7, 0) for n in range(6)]
    for day in (5, 30):
        seen = Seen(terms, [*told, new(day * 24, other, 0, correct=True)], 36 * 24, from_hour=-9 * 24, restarts=[33 * 24])
        assert {seen.days["east", at].limit for at in range(day, 35)} == {3_000}


def test_what_terms_undo_says_that_terms_changed_also_where_they_take_effect_later() -> None:
    terms, stricter = terms_of(ZERO, gate=QUICK), terms_of(ZERO, gate=QUICK, whole_gated=True)
    told = [*LONG, new(5 * 24, stricter, 7 * 24)]
    for restarts in ((), (6 * 24,), (7 * 24 - 1,)):
        seen = Seen(terms, told, 10 * 24, restarts=restarts)
        undone = [change for change in seen.changes if change.kind == "void"]
        assert [change.reason for change in undone] == [ChangeReason.TERMS_CHANGED]
        assert [change.decided_at for change in undone] == [D_HOUR_S + 7 * DAY]


def test_a_truce_keeps_its_d_hour() -> None:
    later = terms_of(ZERO, gate=QUICK).as_mapping()
    later["truce"] = later["truce"] | {"d_hour": "2016-09-13T16:00:00Z"}
    told = [*LONG, new(50, parse(later), 24, correct=True)]
    seen = Seen(terms_of(ZERO, gate=QUICK), told, 6 * 24, restarts=[4 * 24])
    assert [refused.detail for refused in seen.rejected] == [f"terms: {OTHER_D_HOUR}"]
    assert seen.story() == ["advance in_force @0, 0"]  # whoever routes by them may leave reports out
    mended = [*told, new(60, terms_of(ZERO, gate=QUICK), 24, correct=True)]
    assert Seen(terms_of(ZERO, gate=QUICK), mended, 6 * 24).story()[1] == "advance qualified @72, 78"
