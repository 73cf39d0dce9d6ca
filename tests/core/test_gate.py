"""What a day comes to, when a run is complete, and how the phase of a truce changes.

Days are written as a row, one character each: `.` quiet, `x` violent, `d` denied, `c` contested, `?` not watched,
`a` access not reported, `m` a marker stands, `b` no baseline, `&` contested and not watched.
"""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from schemas.reasons import ChangeKind, ChangeReason, Condition, Metric, Outcome, Phase, ThresholdMode
from streams.core.gate import (
    Declaration,
    End,
    ended,
    failed_conditions,
    limit,
    outcome,
    quiet_days,
    reach,
    run_start,
    runs_out,
    streak,
    timeline,
)
from streams.core.terms import DAY, HOUR, Ends, Gate, Terms, Threshold, parse

C = Condition
D_HOUR_S = int(datetime(2016, 9, 12, 16, tzinfo=UTC).timestamp())
NEVER_S = D_HOUR_S + 1_000 * DAY
WORDS: dict[str, set[Condition]] = {
    ".": set(),
    "x": {C.VIOLENT},
    "d": {C.DENIED},
    "c": {C.CONTESTED},
    "?": {C.NOT_WATCHED},
    "a": {C.ACCESS_NOT_REPORTED},
    "m": {C.MARKER_STANDS},
    "b": {C.NO_BASELINE},
    "&": {C.CONTESTED, C.NOT_WATCHED},
}


def _days(row: str) -> list[frozenset[Condition]]:
    return [frozenset(WORDS[letter]) for letter in row]


def _terms(gate: dict[str, Any] | None = None, gated: tuple[str, ...] = (), whole: bool = True) -> Terms:
    return parse(
        {
            "truce": {
                "id": "gate",
                "name": "A truce",
                "countries": ["SY"],
                "d_hour": "2016-09-12T16:00:00Z",
                "time_zone": "UTC",
                "salt": "of incident ids",
            },
            "opposed": ["north", "south"],
            "gate": gate or {},
            "whole": {"gated": whole},
            "zones": [{"id": zone, "name": zone, "areas": [f"SY.0{n}"], "gated": True} for n, zone in enumerate(gated, 1)],
        }
    )


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        # what failed                                                      what the day came to
        (set(), Outcome.QUIET),
        ({C.VIOLENT}, Outcome.VIOLENT),
        ({C.DENIED}, Outcome.DENIED),
        ({C.CONTESTED}, Outcome.CONTESTED),
        ({C.NOT_WATCHED}, Outcome.UNKNOWN),
        ({C.ACCESS_NOT_REPORTED}, Outcome.UNKNOWN),
        ({C.MARKER_STANDS}, Outcome.UNKNOWN),
        ({C.NO_BASELINE}, Outcome.UNKNOWN),
        ({C.VIOLENT, C.DENIED, C.NOT_WATCHED, C.MARKER_STANDS}, Outcome.VIOLENT),
        ({C.DENIED, C.CONTESTED, C.NOT_WATCHED}, Outcome.DENIED),
        ({C.CONTESTED, C.NOT_WATCHED, C.ACCESS_NOT_REPORTED}, Outcome.CONTESTED),
    ],
)
def test_a_day_comes_to_the_worst_that_applies(failed: set[Condition], expected: Outcome) -> None:
    assert outcome(frozenset(failed)) is expected


@pytest.mark.parametrize(
    ("low", "high", "limit_thousandths", "watched", "access", "marker", "expected"),
    [
        # low high limit  watched access        marker  what failed
        (0, 0, 0, True, (), False, set()),
        (1, 1, 0, True, (), False, {C.VIOLENT}),
        (0, 1, 0, True, (), False, {C.CONTESTED}),
        (2, 2, 2_000, True, (), False, set()),  # at the limit is kept
        (2, 3, 2_000, True, (), False, {C.CONTESTED}),
        (3, 3, 2_000, True, (), False, {C.VIOLENT}),
        (0, 0, None, True, (), False, {C.NO_BASELINE}),
        (9, 9, None, True, (), False, {C.NO_BASELINE}),
        (0, 0, 0, False, (), False, {C.NOT_WATCHED}),
        (0, 0, 0, True, ("open",), False, set()),
        (0, 0, 0, True, ("open", "unreported"), False, {C.ACCESS_NOT_REPORTED}),
        (0, 0, 0, True, ("denied", "unreported"), False, {C.DENIED, C.ACCESS_NOT_REPORTED}),
        (0, 0, 0, True, (), True, {C.MARKER_STANDS}),
        (0, 1, 0, False, ("denied",), True, {C.CONTESTED, C.DENIED, C.NOT_WATCHED, C.MARKER_STANDS}),
    ],
)
def test_every_condition_that_failed_is_listed(low, high, limit_thousandths, watched, access, marker, expected) -> None:
    assert failed_conditions(Metric.INCIDENTS, low, high, limit_thousandths, watched, access, marker) == expected


def test_severity_is_in_thousandths_already_and_incidents_are_whole() -> None:
    assert failed_conditions(Metric.SEVERITY, 2_000, 2_000, 2_000, True, (), False) == frozenset()
    assert failed_conditions(Metric.SEVERITY, 2_001, 2_001, 2_000, True, (), False) == {C.VIOLENT}
    assert failed_conditions(Metric.KILLED, 3, 3, 2_000, True, (), False) == {C.VIOLENT}


@pytest.mark.parametrize(
    ("threshold", "baseline", "expected"),
    [
        # threshold                                                        measured  the most that a day may hold, thousandths
        (Threshold(ThresholdMode.ZERO), None, 0),
        (Threshold(ThresholdMode.AT_MOST, value=2), None, 2_000),
        (Threshold(ThresholdMode.AT_MOST, value=1.5), 9_000, 1_500),
        (Threshold(ThresholdMode.REDUCTION, value=0.5), None, None),
        (Threshold(ThresholdMode.REDUCTION, value=0.5, floor=1), None, None),  # a floor is no baseline
        (Threshold(ThresholdMode.REDUCTION, value=0.5, floor=1), 9_000, 4_500),
        (Threshold(ThresholdMode.REDUCTION, value=0.5, floor=1), 1_000, 1_000),
        (Threshold(ThresholdMode.REDUCTION, value=0.5, floor=1), 0, 1_000),
        (Threshold(ThresholdMode.REDUCTION, value=0.5, baseline=10), None, 5_000),
        (Threshold(ThresholdMode.REDUCTION, value=0.5, baseline=10), 90_000, 5_000),  # what terms state goes before
    ],
)
def test_the_limit_of_a_day_follows_the_mode(threshold: Threshold, baseline: int | None, expected: int | None) -> None:
    assert limit(threshold, baseline) == expected


@pytest.mark.parametrize(
    ("row", "expected_streak", "complete_on"),
    [
        # days         streak  days on which a run of 7 in at most 9 is complete
        ("", 0, ()),
        (".......", 7, (6,)),
        ("......", 6, ()),
        ("xxx......", 6, ()),
        ("xxx.......", 7, (9,)),
        ("...x...", 3, ()),  # one violent day restarts it
        ("......x.......", 7, (13,)),
        ("...d....", 4, ()),  # so does denied access
        ("......d", 0, ()),
        ("...?....", 7, (7,)),  # one unknown day is borne, and is not one of the seven
        ("...?.?.", 2, ()),  # a second is not: the best window begins after the first
        ("......??", 0, ()),  # the second silent day starts it again
        ("......?", 6, ()),
        ("...c.c...", 7, (8,)),  # two contested days are borne
        ("..c.c.c..", 4, ()),  # a third is not
        ("...c.?...", 7, (8,)),
        ("..c.?c....", 6, ()),  # three in all do not fit into nine days
        ("...&....", 7, (7,)),  # every failed condition uses up its tolerance
        ("...&.?..", 3, ()),
        ("?.......", 7, (7,)),  # a run begins with a quiet day
        ("..........", 9, (6, 7, 8, 9)),  # no window is longer than nine days
        (".......c", 7, (6, 7)),
        ("...a....", 7, (7,)),
        ("...m....", 7, (7,)),
        ("bbbbbbbbb", 0, ()),
    ],
)
def test_a_run_is_seven_quiet_days_in_nine(row: str, expected_streak: int, complete_on: tuple[int, ...]) -> None:
    days, gate = _days(row), Gate()
    assert streak(days, gate) == expected_streak
    assert tuple(day for day in range(len(days)) if run_start(days, day, gate) is not None) == complete_on


def _complete_naively(row: str, last: int, gate: Gate) -> bool:
    for start in range(last + 1):
        window = row[start : last + 1]
        if (
            len(window) <= gate.max_span_days
            and window[0] == "."
            and window.count(".") >= gate.days
            and sum(letter in "c&" for letter in window) <= gate.max_contested
            and sum(letter in "?&" for letter in window) <= gate.max_unknown
            and not set(window) & set("xd")
        ):
            return True
    return False


@pytest.mark.parametrize(("contested", "unknown"), [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1)])
def test_runs_agree_with_the_definition_on_every_row_of_six_days(contested: int, unknown: int) -> None:
    gate = Gate(days=3, max_span_days=5, max_contested=contested, max_unknown=unknown)
    for letters in product(".xc?&", repeat=6):
        row = "".join(letters)
        days = _days(row)
        complete = run_start(days, 5, gate) is not None
        assert complete == _complete_naively(row, 5, gate), row
        # The streak shown reaches the number of days wanted exactly when the run is complete.
        assert (streak(days, gate) >= gate.days) == complete, row


def test_a_window_that_begins_with_a_tolerated_day_holds_no_quiet_days() -> None:
    assert quiet_days(_days("c......."), Gate()) == 0
    assert quiet_days(_days(".......c"), Gate()) == 7


@pytest.mark.parametrize(
    ("rows", "gate", "expected"),
    [
        # days by gated zone                   gate                     changes: (kind, day at whose start, zone)
        ({"all": "......."}, {}, "advance@0:all advance@7:all"),
        ({"all": "......"}, {}, "advance@0:all"),
        ({"all": ".......x"}, {}, "advance@0:all advance@7:all return@8:all"),
        ({"all": ".......x"}, {"requalify": False}, "advance@0:all advance@7:all"),
        ({"all": ".......d??"}, {}, "advance@0:all advance@7:all"),  # only violence takes it back
        ({"all": ".......x......."}, {}, "advance@0:all advance@7:all return@8:all advance@15:all"),
        # Every gated zone must complete its run on the same settled day.
        ({"a": ".......", "all": "x......."}, {}, "advance@0:all"),
        ({"a": "........", "all": "x......."}, {}, "advance@0:all advance@8:all"),
        ({"a": ".......cc", "all": "xx......."}, {}, "advance@0:all advance@9:all"),
        ({"a": ".......", "all": "......x"}, {}, "advance@0:all"),
        ({"a": "........", "all": ".......x"}, {}, "advance@0:all advance@7:all return@8:all"),
        # With scope "each" every zone has its own phase.
        ({"a": "x......", "all": "......."}, {"scope": "each"}, "advance@0:a advance@0:all advance@7:all"),
        (
            {"a": ".......x", "all": "........"},
            {"scope": "each"},
            "advance@0:a advance@0:all advance@7:a advance@7:all return@8:a",
        ),
    ],
)
def test_the_phase_follows_the_days(rows: dict[str, str], gate: dict[str, Any], expected: str) -> None:
    terms = _terms(gate, tuple(zone for zone in rows if zone != "all"))
    wanted = timeline(terms, NEVER_S, {zone: _days(row) for zone, row in rows.items()}, None, [])
    told = [f"{w.kind}@{(w.effective_at - D_HOUR_S) // DAY}:{w.zone}" for w in wanted]
    assert " ".join(told) == expected


def test_what_is_complete_is_said_of_all_gated_zones_or_of_the_one_that_stands_alone() -> None:
    rows = {"a": _days("......."), "all": _days(".......")}
    told = {w.zone: w.detail for w in timeline(_terms({"scope": "each"}, ("a",)), NEVER_S, rows, None, [])}
    assert told == {"a": "7 quiet days", "all": "7 quiet days in every gated zone"}


def test_before_d_hour_nothing_has_changed() -> None:
    assert timeline(_terms(), D_HOUR_S - 1, {"all": []}, None, []) == []
    assert [w.after for w in timeline(_terms(), D_HOUR_S, {"all": []}, None, [])] == [Phase.IN_FORCE]


@pytest.mark.parametrize(
    ("end_hour", "expected"),
    [
        # hours from D-hour   kinds, in order
        (7 * 24 - 1, "advance end"),  # it ended before the seventh day did
        (7 * 24, "advance advance end"),
        (7 * 24 + 5, "advance advance end"),
        (-5, "end"),  # it never took effect
        (0, "end"),
    ],
)
def test_after_the_end_nothing_qualifies(end_hour: int, expected: str) -> None:
    end = End(D_HOUR_S + end_hour * HOUR, ChangeReason.ENDED_BY_PARTY, "somebody ends")
    wanted = timeline(_terms(), NEVER_S, {"all": _days("...........")}, end, [])
    assert " ".join(w.kind for w in wanted) == expected
    assert wanted[-1].after is Phase.ENDED
    assert wanted[-1].effective_at == end.at


def test_a_withdrawal_is_recorded_and_changes_no_phase() -> None:
    withdrawal = Declaration(D_HOUR_S + 3 * DAY, "a brigade", "withdraws", None)
    wanted = timeline(_terms(), NEVER_S, {"all": _days(".......")}, None, [withdrawal])
    assert [w.kind for w in wanted] == [ChangeKind.ADVANCE, ChangeKind.WITHDRAWN, ChangeKind.ADVANCE]
    assert (wanted[1].before, wanted[1].after) == (Phase.IN_FORCE, Phase.IN_FORCE)
    assert wanted[2].after is Phase.QUALIFIED


def test_what_is_said_the_very_moment_a_day_ends_comes_behind_what_the_day_came_to() -> None:
    """And what is said at D-hour is said of a truce that is in force."""
    for day, before in ((0, Phase.IN_FORCE), (7, Phase.QUALIFIED)):
        said = [Declaration(D_HOUR_S + day * DAY, "somebody", what, None) for what in ("waives", "withdraws")]
        wanted = timeline(_terms(), NEVER_S, {"all": _days(".......")}, None, said[1:])
        assert [w.before for w in wanted if w.kind is ChangeKind.WITHDRAWN] == [before]
        wanted = timeline(_terms(), NEVER_S, {"all": _days(".......")}, None, said[:1])
        assert [w.before for w in wanted if w.kind is ChangeKind.WAIVER] == [before]


PARTIES = Ends(ends_by=["usa", "russia"], renewed_by=["usa", "russia"], renewed_every_hours=48, renewal_grace_hours=12)


def _declared(rows: str) -> list[Declaration]:
    """Written as `party verb hour [until]`, hours from D-hour, separated by commas."""
    found = []
    for row in filter(None, (row.split() for row in rows.split(","))):
        until = D_HOUR_S + int(row[3]) * HOUR if len(row) > 3 else None
        found.append(Declaration(D_HOUR_S + int(row[2]) * HOUR, row[0], row[1], until))
    return found


@pytest.mark.parametrize(
    ("declared", "now_hour", "expected"),
    [
        # declarations                                            now   ended at this hour, why
        ("", 59, None),
        ("", 60, (60, ChangeReason.EXPIRED)),  # 48 h and 12 h of grace
        ("usa extends 40", 60, (60, ChangeReason.EXPIRED)),  # both must renew
        ("usa extends 40, russia extends 41", 107, None),
        ("usa extends 40, russia extends 41", 108, (108, ChangeReason.EXPIRED)),
        ("usa extends 59, russia extends 60", 107, None),  # within the grace
        ("usa extends 48, russia extends 48", 107, None),
        ("usa extends 48, russia extends 48", 108, (108, ChangeReason.EXPIRED)),  # and a word extends one term, not two
        ("usa extends 49, russia extends 49", 108, (108, ChangeReason.EXPIRED)),  # nor where it comes in the grace
        ("usa extends 47, russia extends 47, usa extends 49, russia extends 49", 155, None),  # two words extend two
        ("usa extends 47, russia extends 47, usa extends 49, russia extends 49", 156, (156, ChangeReason.EXPIRED)),
        ("usa extends 1, russia extends 1, usa extends 2, russia extends 2", 108, (108, ChangeReason.EXPIRED)),
        ("usa extends 40, russia extends 61", 70, (60, ChangeReason.EXPIRED)),  # after it
        ("usa extends 40 200, russia extends 41 150", 161, None),  # to the earlier of the two
        ("usa extends 40 200, russia extends 41 150", 162, (162, ChangeReason.EXPIRED)),
        ("france extends 40, russia extends 41", 60, (60, ChangeReason.EXPIRED)),
        ("usa ends 10", 9, None),
        ("usa ends 10", 10, (10, ChangeReason.ENDED_BY_PARTY)),
        ("russia withdraws 11, usa ends 20", 30, (11, ChangeReason.ENDED_BY_PARTY)),  # the earlier
        ("brigade withdraws 10", 20, None),  # not one of those who can end it
        ("brigade ends 10", 20, None),
        ("usa ends 61", 70, (60, ChangeReason.EXPIRED)),
    ],
)
def test_a_truce_ends_by_its_parties_or_by_running_out(declared: str, now_hour: int, expected: Any) -> None:
    told = _declared(declared)
    end = ended(PARTIES, D_HOUR_S + now_hour * HOUR, told, runs_out(PARTIES, D_HOUR_S, told), None)
    assert (None if end is None else ((end.at - D_HOUR_S) // HOUR, end.reason)) == expected


def test_without_an_expiry_nothing_runs_out() -> None:
    assert runs_out(Ends(), D_HOUR_S, []) is None


def test_the_earliest_end_stands() -> None:
    collapsed_at = D_HOUR_S + 2 * DAY
    told = _declared("usa ends 100")
    end = ended(PARTIES, NEVER_S, told, runs_out(PARTIES, D_HOUR_S, told), collapsed_at)
    assert end is not None
    assert (end.at, end.reason) == (collapsed_at, ChangeReason.COLLAPSED)


@pytest.mark.parametrize(
    ("row", "waived_hour", "expected"),
    [
        # days       hour of the waiver  (kind, day on which it takes effect) of what follows in force
        ("..", 30, [("waiver", 1)]),
        (".......", 30, [("waiver", 1)]),  # the run that is complete later opens what is open already
        ("...", 48, [("waiver", 2)]),  # the very moment a day begins
        ("xx..", 30, [("waiver", 1)]),  # violence of the day of the waiver was known to who gave it
        ("..x....", 30, [("waiver", 1), ("return", 3)]),
        ("..x.......", 30, [("waiver", 1), ("return", 3), ("advance", 10)]),
        (".........", 180, [("advance", 7), ("waiver", 7)]),  # too late to move anything, and put on record
    ],
)
def test_a_waiver_by_who_may_opens_the_next_phase_and_changes_no_day(row, waived_hour, expected) -> None:
    waiver = Declaration(D_HOUR_S + waived_hour * HOUR, "an authority", "waives", None)
    days = _days(row)
    wanted = timeline(_terms(), NEVER_S, {"all": days}, None, [waiver])[1:]
    assert [(change.kind, (change.effective_at - D_HOUR_S) // DAY) for change in wanted] == expected
    assert [c.reason for c in wanted if c.kind is ChangeKind.WAIVER] == [ChangeReason.WAIVED]
    for day in range(1, len(row)):
        # As far as it was worked out before, nothing comes out differently.
        reached = reach(_terms(), {"all": days}, None, [waiver], {}, day)
        assert timeline(_terms(), NEVER_S, {"all": days}, None, [waiver], reached)[1:] == wanted


def test_a_waiver_before_the_truce_or_after_its_end_opens_nothing() -> None:
    end = End(D_HOUR_S + 2 * DAY, ChangeReason.EXPIRED, "nobody renewed it in time")
    early, late = (Declaration(D_HOUR_S + hour * HOUR, "an authority", "waives", None) for hour in (-3, 60))
    wanted = timeline(_terms(), NEVER_S, {"all": _days("...")}, end, [early, late])
    assert [(change.kind, change.after) for change in wanted] == [
        (ChangeKind.WAIVER, Phase.ANNOUNCED),
        (ChangeKind.ADVANCE, Phase.IN_FORCE),
        (ChangeKind.END, Phase.ENDED),
    ]


def test_a_waiver_at_the_very_moment_of_the_end_is_said_before_it() -> None:
    end = End(D_HOUR_S + 2 * DAY, ChangeReason.EXPIRED, "nobody renewed it in time")
    at_the_end = Declaration(end.at, "an authority", "waives", None)
    wanted = timeline(_terms(), NEVER_S, {"all": _days("...")}, end, [at_the_end])
    assert [change.kind for change in wanted] == [ChangeKind.ADVANCE, ChangeKind.WAIVER, ChangeKind.END]
