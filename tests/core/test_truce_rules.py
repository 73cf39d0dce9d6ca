"""Rules of a truce's ends, access, tallies, markers, baseline and scope, end to end: hours from D-hour, worked out by hand."""

from typing import Any

import msgspec
import pytest
from core.seen import ALWAYS, SETTLED_7, TOPIC, Seen, Told, alive, declared, report, terms_of, time_of, violation

from schemas.facts import Circle, Dismissal, Marker
from schemas.reasons import Method, Reason
from streams.core.monitor.refusals import digest_of

IN_FORCE = "advance in_force @0, 0"
QUALIFIED = f"advance qualified @168, {SETTLED_7}"
ZERO = {"mode": "zero"}
WEST = Circle(36.2, 36.6, 500, 1, Method.COORDINATES, ["SY.02"])


def days_of(counts: str) -> list[Told]:
    """So many violations on each day: "0 3 1"."""
    each = [int(count) for count in counts.split()]
    return [violation(f"v{day}.{n}", day * 24 + 3 + n) for day, count in enumerate(each) for n in range(count)]


# -- how it ends -------------------------------------------------------------------------------------------------------

COLLAPSES = [
    # violations a day, level 2 on 2 days         the story
    ("3 3 0 0", [IN_FORCE, "end ended @48, 72"]),
    ("3 2 3 3", [IN_FORCE, "end ended @96, 120"]),  # two is not above two: the row begins again
    ("3 0 3 0", [IN_FORCE]),
]


@pytest.mark.parametrize(("counts", "story"), COLLAPSES)
def test_too_much_violence_on_days_in_a_row_ends_a_truce(counts: str, story: list[str]) -> None:
    terms = terms_of(ZERO, ends={"collapse_level": 2, "collapse_metric": "incidents", "collapse_days": 2})
    seen = Seen(terms, [*alive(ALWAYS), *days_of(counts)], 6 * 24)
    assert seen.story() == story
    assert all(change.reason == "collapsed" for change in seen.changes[1:])


def test_a_collapse_that_is_taken_back_has_to_stand_before_the_truce_goes_on() -> None:
    terms = terms_of(ZERO, ends={"collapse_level": 2, "collapse_metric": "incidents"})
    taken_back = violation("v0.0", 3, 80, 2, "retracted")
    seen = Seen(terms, [*alive(ALWAYS), *days_of("3 3"), taken_back], 5 * 24)
    assert seen.story() == [IN_FORCE, "end ended @48, 72", "void in_force @48, 105"]


def test_late_news_from_outside_all_zones_lets_a_truce_collapse_too() -> None:
    terms = terms_of(ZERO, ends={"collapse_level": 2, "collapse_metric": "incidents", "collapse_days": 2})
    elsewhere = Circle(34.7, 36.7, 500, 1, Method.COORDINATES, ["SY.11"])
    late = violation("v0.2", 6, 80)._replace(circle=elsewhere)
    seen = Seen(terms, [*alive(ALWAYS), *days_of("2 3"), late], 4 * 24)
    assert seen.story() == [IN_FORCE, "end ended @48, 81"]


RENEWED = {"ends_by": ["usa", "russia"], "renewed_by": ["usa", "russia"], "renewed_every_hours": 48, "renewal_grace_hours": 12}
RENEWALS = [
    # declarations                                                      it ended at hour, decided at
    ("", "@60, 60"),
    ("usa extends 40", "@60, 60"),  # both must
    ("usa extends 40, russia extends 47", "@108, 108"),
    ("usa extends 40, russia extends 59", "@108, 108"),  # within the grace
    ("usa extends 40, russia extends 61", "@60, 60"),  # after it
    ("usa extends 40, russia extends 41, usa extends 90, russia extends 90", "@156, 156"),
    ("usa withdraws 30", "@30, 31"),
    ("council ends 30", "@60, 60"),  # it speaks for nobody
]


@pytest.mark.parametrize(("text", "end"), RENEWALS)
def test_a_truce_that_is_not_renewed_in_time_runs_out_after_its_grace(text: str, end: str) -> None:
    seen = Seen(terms_of(ZERO, ends=RENEWED), [*alive(ALWAYS), *declared(text)], 7 * 24 - 1)
    assert seen.story() == [IN_FORCE, f"end ended {end}"]


def withdrawal(hour: int, name: str, party: str, at_hour: int, revision: int = 1, status: str = "active") -> Told:
    said = {"party": party, "declares": "withdraws", "occurred_at": time_of(at_hour)}
    return report(hour, name, party, "declaration", revision=revision, status=status, **said)


USA, RUSSIA = withdrawal(31, "a", "usa", 30), withdrawal(41, "b", "russia", 30)
SAID_AT_ONE_MOMENT = [
    # told                                                                      put on record, in order
    ([USA, RUSSIA], ["withdrawn usa withdrew", "withdrawn russia withdrew"]),
    ([USA, RUSSIA._replace(received_hour=31)], ["withdrawn russia withdrew", "withdrawn usa withdrew"]),
    ([USA, withdrawal(31, "a2", "usa", 30)], ["withdrawn usa withdrew"]),
    ([USA, withdrawal(41, "a2", "usa", 30)], ["withdrawn usa withdrew"]),
    (
        [USA, RUSSIA, withdrawal(51, "a", "usa", 30, 2, "retracted")],
        ["withdrawn usa withdrew", "withdrawn russia withdrew", "void the change in_force to in_force no longer holds"],
    ),
]


@pytest.mark.parametrize(("told", "changes"), SAID_AT_ONE_MOMENT)
def test_parties_that_withdraw_at_one_moment_are_each_put_on_record_once(told: list[Told], changes: list[str]) -> None:
    seen = Seen(terms_of(ZERO), [*alive(ALWAYS), *told], 6 * 24)
    assert [f"{change.kind} {change.detail}" for change in seen.changes[1:]] == changes


@pytest.mark.parametrize("dated", ["occurred_at", "published_at"])
@pytest.mark.parametrize(("party", "declares"), [("usa", "ends"), ("russia", "withdraws")])
def test_a_word_that_is_older_than_what_is_open_comes_too_late_however_it_is_dated(dated, party, declares) -> None:
    terms = terms_of(ZERO, gate={"days": 3, "max_span_days": 5, "settle_hours": 6, "late_days_max": 3}, ends={"ends_by": ["usa"]})
    long, said = alive(range(-1, 25 * 24, 4)), {"party": party, "declares": declares}
    told = report(18 * 24, "d", party, "declaration", **said, **{dated: time_of(4 * 24 + 1)})
    for restarts in ((), (19 * 24,)):
        seen = Seen(terms, [*long, told], 20 * 24, restarts=restarts)
        assert seen.story() == Seen(terms, long, 20 * 24).story()
        assert [refused.reason for refused in seen.rejected] == [Reason.TOO_LATE]
    seen.restart()


def test_after_the_end_nothing_qualifies_but_measuring_goes_on() -> None:
    seen = Seen(terms_of(ZERO, ends=RENEWED), [*alive(ALWAYS), violation("v", 100)], 10 * 24)
    assert [change.after for change in seen.changes] == ["in_force", "ended"]
    assert seen.days["east", 2].outcome == "void"  # cut short at hour 60
    assert seen.days["east", 4].outcome == "violent"


# -- again and again, and zones of their own ---------------------------------------------------------------------------


@pytest.mark.parametrize("requalify", [True, False])
def test_a_violent_day_turns_a_qualified_truce_back_only_where_terms_say_so(requalify: bool) -> None:
    terms = terms_of(ZERO, gate={"requalify": requalify})
    told = [*alive(range(-1, 20 * 24, 4)), violation("v", 8 * 24 + 5)]
    seen = Seen(terms, told, 17 * 24)
    again = ["return in_force @216, 240", "advance qualified @384, 408"]
    assert seen.story() == [IN_FORCE, QUALIFIED, *(again if requalify else [])]


def test_with_a_scope_of_each_every_zone_has_its_own_phase() -> None:
    told = [*alive(ALWAYS), *alive(ALWAYS, "neighbour"), violation("v", 30)]
    each = Seen(terms_of(ZERO, west_gated=True, gate={"scope": "each"}), told, 10 * 24)
    assert [f"{change.zone} {line}" for change, line in zip(each.changes, each.story(), strict=True)] == [
        "east advance in_force @0, 0",
        "west advance in_force @0, 0",
        f"west {QUALIFIED}",
        "east advance qualified @216, 240",
    ]
    together = Seen(terms_of(ZERO, west_gated=True), told, 10 * 24)
    assert together.story() == [IN_FORCE, "advance qualified @216, 240"]


# -- access ------------------------------------------------------------------------------------------------------------

ROAD = {"areas": {"road": "The road"}, "required": ["road"]}
ACCESS = [
    # who says what at which hour                              what days 0 to 4 come to
    ("", "unknown unknown unknown unknown unknown"),
    ("council open 1", "quiet quiet quiet unknown unknown"),  # it holds for 48 hours, into day 2
    ("council open 0", "quiet quiet unknown unknown unknown"),  # to the end of day 1
    ("council denied 30, council open 100", "unknown denied denied denied denied"),  # until he says open
    ("council denied 30, council open 60", "unknown denied denied quiet quiet"),
    ("council open 10, council denied 30", "quiet denied denied denied denied"),  # where both overlap, denied wins
    ("council open 0, usa denied 10", "quiet quiet unknown unknown unknown"),  # one side alone denies nothing
    ("usa denied 10, russia denied 30, council open 54", "unknown denied denied quiet quiet"),
    ("monitor open 1", "unknown unknown unknown unknown unknown"),  # trusted to watch, not for access
]


@pytest.mark.parametrize(("text", "outcomes"), ACCESS)
def test_required_access_must_be_reported_open_and_not_denied(text: str, outcomes: str) -> None:
    told = list(alive(ALWAYS))
    for number, words in enumerate(filter(None, text.split(", "))):
        source, state, hour = words.split()
        at = time_of(int(hour))
        word = {"area": "road", "state": state}
        told.append(report(int(hour), f"x{number}", source, "access", access=word, occurred_at=at))
    assert Seen(terms_of(ZERO, access=ROAD), told, 6 * 24).outcomes("east", 5) == outcomes


# -- tallies -----------------------------------------------------------------------------------------------------------


def tally(name: str, count: int, start: int, end: int, source: str = "monitor", zone: str = "east") -> Told:
    period = {"from": time_of(start), "to": time_of(end)}
    return report(end, name, source, "tally", count=count, period=period, covers={"zone": zone})


TALLIES = [
    # tallies                                                   best incidents of days 0, 1, 2: of the last 1 is known
    ([], [0, 0, 1]),
    ([tally("t", 5, 0, 24)], [5, 0, 1]),
    ([tally("t", 5, 48, 72)], [0, 0, 5]),  # one of them is known
    ([tally("t", 1, 48, 72)], [0, 0, 1]),
    ([tally("t", 5, 0, 48)], [3, 2, 1]),  # in proportion to seconds, the remainder to the earliest
    ([tally("t", 6, 12, 48)], [2, 4, 1]),
    ([tally("t", 4, 0, 24), tally("u", 6, 0, 24)], [6, 0, 1]),  # of overlapping ones the largest
    ([tally("t", 4, 0, 24), tally("u", 6, 24, 48)], [4, 6, 1]),
    ([tally("t", 9, 0, 24, source="council")], [0, 0, 1]),  # nobody trusts it for violence
    ([tally("t", 9, 0, 24, zone="west")], [0, 0, 1]),
]


@pytest.mark.parametrize(("tallies", "best"), TALLIES)
def test_a_bulletin_adds_what_it_counts_beyond_what_is_known(tallies: list[Told], best: list[int]) -> None:
    seen = Seen(terms_of({"mode": "at_most", "value": 2}), [*alive(ALWAYS), violation("v", 50), *tallies], 4 * 24)
    incidents = [seen.days["east", day].measures.incidents for day in range(3)]
    assert [interval.best for interval in incidents] == best
    assert [interval.low for interval in incidents] == [0, 0, 1]
    assert [seen.days["east", day].outcome for day in range(3)] == ["contested" if n > 2 else "quiet" for n in best]


def test_a_bulletin_that_outweighs_another_takes_its_days_along() -> None:
    """Only the largest of two that overlap stands: days that the other alone had counted for are quiet again."""
    larger = {"count": 20, "period": {"from": time_of(24), "to": time_of(48)}, "covers": {"zone": "east"}}
    told = [*alive(ALWAYS), tally("t", 6, 0, 48)]
    terms = terms_of({"mode": "at_most", "value": 2})
    assert Seen(terms, told, 8 * 24).outcomes("east", 3) == "contested contested quiet"
    outweighed = Seen(terms, [*told, report(120, "u", "monitor", "tally", **larger)], 8 * 24)
    assert outweighed.outcomes("east", 3) == "quiet contested quiet"


def test_a_long_bulletin_counts_what_was_known_for_as_long_as_a_day_of_it_is_open() -> None:
    """Its first days close before its last: what is known of them is not let go of, or it would be excess of the open ones."""
    terms = terms_of(ZERO, gate={"late_days_max": 2})
    bulletin = tally("t", 20, 24, 20 * 24)
    covers = {"zone": "east", "from": time_of(19 * 24), "to": time_of(20 * 24)}
    looked_at_again = report(21 * 24 + 12, "late", "monitor", "nil", covers=covers)
    told = [*alive(range(-1, 22 * 24, 4)), *days_of("0 20"), bulletin, looked_at_again]
    seen = Seen(terms, told, 22 * 24)
    assert seen.days["east", 19].measures.incidents.high == 0
    assert seen.outcomes("east", 20) == " ".join(["quiet", "violent", *["quiet"] * 18])


@pytest.mark.parametrize(("start", "end", "best"), [(48, 60, 2), (48, 61, 1), (60, 72, 1), (61, 72, 2)])
def test_what_is_known_to_the_day_is_in_a_bulletin_that_counts_its_middle(start: int, end: int, best: int) -> None:
    within = {"occurred_from": time_of(48), "occurred_to": time_of(72)}
    known = report(72, "v", "monitor", "violation", kind="attack", **within)
    seen = Seen(terms_of({"mode": "at_most", "value": 2}), [*alive(ALWAYS), known, tally("t", 1, start, end)], 4 * 24)
    assert seen.days["east", 2].measures.incidents.best == best


# -- markers -----------------------------------------------------------------------------------------------------------

FIRST, SECOND = f"{TOPIC}/0/900", f"{TOPIC}/0/901"


def marker(hour: int, name: str = FIRST, **fields: Any) -> Told:
    return Told(hour, {}, record=Marker("rules", name, Reason.INTERNAL_ERROR, **fields))


def dismissal(hour: int, name: str = FIRST) -> Told:
    return Told(hour, {}, record=Dismissal("rules", name))


def retry(hour: int, name: str = FIRST) -> Told:
    return Told(hour, {"report_id": "again", "source": "monitor", "type": "alive"}, retry_of=name)


AGAIN = msgspec.json.encode(retry(0).report)


MARKERS = [
    # records of the log                                          outcomes of days 0 to 2, a week later
    ([marker(30)], "unknown unknown unknown"),
    ([marker(30, zones=["west"])], "quiet quiet quiet"),
    ([marker(30, start=0, end=1)], "quiet quiet quiet"),
    ([marker(30), dismissal(40)], "quiet quiet quiet"),
    ([marker(30), dismissal(40, SECOND)], "unknown unknown unknown"),
    ([marker(30), retry(40)], "quiet quiet quiet"),
    ([marker(30, digest=digest_of(AGAIN)), retry(40)], "quiet quiet quiet"),
    ([marker(30, digest=digest_of(b"another report")), retry(40)], "unknown unknown unknown"),  # anybody may claim to be it
    ([marker(30, digest=digest_of(b"another report")), dismissal(40)], "quiet quiet quiet"),
    ([marker(30), marker(35, SECOND), retry(40)], "unknown unknown unknown"),
    ([marker(30), marker(30), dismissal(40)], "quiet quiet quiet"),  # the same one, delivered again
]


@pytest.mark.parametrize(("records", "outcomes"), MARKERS)
def test_a_marker_keeps_days_from_being_quiet_until_it_is_lifted(records: list[Told], outcomes: str) -> None:
    assert Seen(terms_of(ZERO), [*alive(ALWAYS), *records], 7 * 24).outcomes("east", 3) == outcomes


def test_a_marker_that_is_lifted_late_makes_days_better_only_after_they_have_stood() -> None:
    told = [*alive(ALWAYS), marker(30), dismissal(200)]
    assert Seen(terms_of(ZERO), told, 224).outcomes("east", 3) == "unknown unknown unknown"
    seen = Seen(terms_of(ZERO), told, 225)
    assert seen.outcomes("east", 3) == "quiet quiet quiet"
    assert seen.story()[1] == "advance qualified @168, 225"


LIMITED = {"live_reports_per_lineage_max": 30}


def test_a_limit_reached_refuses_with_a_marker_and_a_retry_that_finds_room_lifts_it() -> None:
    told = [*alive(range(-1, 28)), violation("full", 29), violation("over", 30)]
    seen = Seen(terms_of(ZERO, limits=LIMITED), told, 4 * 24)
    [refused] = seen.rejected
    assert (refused.reason, refused.detail) == (
        "limit_reached",
        "type: no room for another violation (limits.live_reports_per_lineage_max)",
    )
    assert "marker_stands" in seen.days["east", 1].failed
    assert "marker_stands" not in seen.days["east", 3].failed  # the marker is of its days alone


def test_a_retry_of_a_retry_leaves_one_marker_and_lifts_it() -> None:
    origin_of_first = f"{TOPIC}/0/63"
    over = violation("over", 30)
    full = [*alive(range(-1, 28)), violation("full", 29), over]
    refused_again = over._replace(received_hour=35, retry_of=origin_of_first)
    terms = terms_of(ZERO, limits=LIMITED)
    seen = Seen(terms, [*full, refused_again], 4 * 24)
    # It is known by where it was refused first, whichever of the two is retried in the end.
    assert [dict(one.original_headers).get("truce-retry-of") for one in seen.rejected] == [None, origin_of_first.encode()]
    assert str(seen.rejected[0].origin) == origin_of_first
    assert "marker_stands" in seen.days["east", 1].failed
    lifted = Seen(terms, [*full, refused_again, dismissal(36, origin_of_first)], 4 * 24)
    assert "marker_stands" not in lifted.days["east", 1].failed


def test_a_flood_of_unlisted_sources_reaches_a_limit_and_leaves_no_marker() -> None:
    flood = [report(5, f"f{n}", f"anon {n}", "denial", about={"incident": "x"}) for n in range(40)]
    seen = Seen(terms_of(ZERO, limits={"judgements_per_lineage_max": 10}), [*alive(ALWAYS), *flood], 3 * 24)
    assert len(seen.rejected) == 30
    assert seen.outcomes("east", 1) == "quiet"


PER_TYPE = [
    ({"tallies_per_lineage_max": 1}, [tally("t", 1, 0, 24), tally("u", 1, 0, 24)]),
    ({"declarations_max": 1}, declared("usa extends 5, russia extends 6")),
    ({"access_statements_max": 1}, [report(5, n, "council", "access", access={"area": "road", "state": "open"}) for n in "ab"]),
    ({"judgements_per_lineage_max": 1}, [report(5, n, "council", "denial", about={"incident": "x"}) for n in "ab"]),
]


@pytest.mark.parametrize(("limits", "told"), PER_TYPE)
def test_every_kind_of_report_that_is_kept_has_a_limit(limits: dict[str, int], told: list[Told]) -> None:
    seen = Seen(terms_of(ZERO, limits=limits, access=ROAD), [*alive(ALWAYS), *told], 3 * 24)
    [refused] = seen.rejected
    assert refused.detail.endswith(f"(limits.{next(iter(limits))})")
    assert "marker_stands" in seen.days["east", 0].failed


def test_more_markers_than_are_told_apart_stand_for_all_days() -> None:
    past = {"start": 0, "end": 1}
    told = [marker(30, f"{TOPIC}/0/{n}", **past) for n in range(3)]
    limits = {"markers_max": 3}
    assert Seen(terms_of(ZERO, limits=limits), [*alive(ALWAYS), *told[:2]], 72).outcomes("east", 1) == "quiet"
    assert Seen(terms_of(ZERO, limits=limits), [*alive(ALWAYS), *told], 72).outcomes("east", 1) == "unknown"


def test_mending_one_report_does_not_lift_the_marker_of_another_that_was_not_told_apart() -> None:
    markers = [marker(30 + n, f"{TOPIC}/0/90{n}", digest="one") for n in range(4)]
    terms = terms_of(ZERO, limits={"markers_max": 2})
    for mended, outcome in ((2, "unknown"), (3, "unknown"), (4, "quiet")):
        told = [*alive(ALWAYS), *markers, *(dismissal(40 + n, f"{TOPIC}/0/90{n}") for n in range(mended))]
        told.append(retry(45, f"{TOPIC}/0/903"))  # of another report
        seen = Seen(terms, told, 72, restarts=[35, 41])
        assert seen.outcomes("east", 1) == outcome
        assert len(seen.partition.monitors["rules"].markers) == 4 - mended


# -- the baseline ------------------------------------------------------------------------------------------------------

HALF = {"mode": "reduction", "metric": "incidents", "value": 0.5, "floor": 1}
BEFORE_H = -14 * 24


def before(watched_days: int, per_day: int) -> list[Told]:
    """Watched and violent days before D-hour, the last of the fortnight."""
    first = -watched_days * 24
    told = alive(range(first, 0, 4))
    return told + [violation(f"b{d}.{n}", d * 24 + n) for d in range(-watched_days, 0) for n in range(per_day)]


BASELINES = [
    # watched days, violations a day       the limit of a day, in thousandths
    (14, 4, 2_000),
    (14, 5, 2_500),
    (10, 4, 2_000),
    (9, 4, None),  # too few were watched
    (14, 0, 1_000),  # the floor
]


@pytest.mark.parametrize(("watched", "per_day", "most"), BASELINES)
def test_the_baseline_is_the_mean_of_the_watched_days_before_d_hour(watched: int, per_day: int, most: int | None) -> None:
    seen = Seen(terms_of(HALF), [*before(watched, per_day), *alive(range(0, 99, 4))], 3 * 24, BEFORE_H - 1)
    day = seen.days["east", 0]
    assert day.limit == most
    assert day.failed == ([] if most is not None else ["no_baseline"])
    assert day.outcome == ("quiet" if most is not None else "unknown")


def test_where_nobody_is_trusted_for_violence_the_baseline_counts_what_anybody_tells() -> None:
    mapping = terms_of(HALF).as_mapping()
    sources = [source | {"trusted": [one for one in source["trusted"] if one != "violence"]} for source in mapping["sources"]]
    seen = Seen(terms_of(HALF, sources=sources), [*before(14, 4), *alive(range(0, 99, 4))], 3 * 24, BEFORE_H - 1)
    assert seen.days["east", 0].limit == 2_000


def test_the_baseline_holds_what_bulletins_count_beyond_what_is_known() -> None:
    day = {"covers": {"zone": "east"}, "count": 10}
    counted = [
        report(at * 24 + 24, f"t{at}", "monitor", "tally", period={"from": time_of(at * 24), "to": time_of(at * 24 + 24)}, **day)
        for at in range(-14, 0)
    ]
    for told in (before(14, 0), before(14, 4)):
        seen = Seen(terms_of(HALF), [*told, *counted, *alive(range(0, 99, 4))], 3 * 24, BEFORE_H - 1)
        assert seen.days["east", -1].measures.incidents.best == 10
        assert seen.days["east", 0].limit == 5_000


def test_the_baseline_is_measured_once_and_then_frozen() -> None:
    late = [violation(f"late{n}", -30, 60) for n in range(40)]
    seen = Seen(terms_of(HALF), [*before(14, 4), *late, *alive(range(0, 200, 4))], 5 * 24, BEFORE_H - 1)
    assert [seen.days["east", day].limit for day in range(3)] == [2_000] * 3


# -- kinds that weigh nothing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["access_denied", "monitor_restricted", "detention", "other"])
@pytest.mark.parametrize(("injured", "best", "outcome"), [(0, 0, "quiet"), (2, 1, "violent")])
def test_what_weighs_nothing_is_violence_only_where_somebody_was_hurt(kind: str, injured: int, best: int, outcome: str) -> None:
    fields = {"kind": kind, "occurred_at": time_of(5), "casualties": {"injured": injured}}
    told = report(5, "v", "monitor", "violation", **fields)
    # A restriction takes the monitor's own watch away, so somebody else watches too.
    watched = [*alive(ALWAYS), *alive(ALWAYS, "second")]
    sources = [
        {"id": "monitor", "trusted": ["watch", "violence"], "zones": ["east"]},
        {"id": "second", "trusted": ["watch"], "zones": ["east"]},
    ]
    day = Seen(terms_of(ZERO, sources=sources), [*watched, told], 48).days["east", 0]
    assert (day.measures.incidents.best, day.outcome) == (best, outcome)


# -- revisions ---------------------------------------------------------------------------------------------------------


def test_a_revision_that_moved_outside_the_truce_is_remembered() -> None:
    abroad = violation("v", 5, 20, revision=2)._replace(circle=Circle(33.9, 35.5, 500, 1, Method.COORDINATES, ["LB.04"]))
    lower = violation("v", 5, 30, revision=1)
    for told in ([violation("v", 5), abroad], [violation("v", 5), abroad, lower], [abroad, lower]):
        seen = Seen(terms_of(ZERO), [*alive(ALWAYS), *told], 48)
        assert seen.outcomes("east", 1) == "quiet"
    back = violation("v", 5, 30, revision=3)
    assert Seen(terms_of(ZERO), [*alive(ALWAYS), violation("v", 5), abroad, back], 48).outcomes("east", 1) == "violent"


def of_a_week(name: str, first: int, last: int, **fields: Any) -> Told:
    when = {"occurred_from": time_of(first), "occurred_to": time_of(last)}
    return report(7 * 24, name, "usa", "violation", kind="attack", **when, **fields)


@pytest.mark.parametrize(("hours", "incidents"), [(7 * 24, 2), (7 * 24 - 1, 2), (6 * 24, 1)])
def test_what_tells_of_a_week_is_no_witness_of_one_strike_in_it_also_where_clocks_go_forward(hours: int, incidents: int) -> None:
    week = of_a_week("week", 0, hours, casualties={"killed": 140}, time_precision="week")
    seen = Seen(terms_of(ZERO), [*alive(ALWAYS), violation("v", 30), week], 8 * 24)
    assert len(seen.partition.monitors["rules"].present.incidents) == incidents


@pytest.mark.parametrize("whole", [False, True])
def test_a_report_can_be_taken_back_for_as_long_as_it_is_open_however_much_of_it_is_repeated(whole: bool) -> None:
    terms = terms_of(ZERO, gate={"days": 3, "max_span_days": 5, "settle_hours": 6, "late_days_max": 3})
    said = {"occurred_at": time_of(26), "time_precision": "week", "kind": "attack"}
    told = report(30, "w", "monitor", "violation", **said)
    back = report(6 * 24, "w", "monitor", "violation", revision=2, status="retracted", **(said if whole else {}))
    seen = Seen(terms, [*alive(ALWAYS), told, back], 7 * 24)
    assert seen.rejected == []
    assert not seen.partition.monitors["rules"].present.incidents


def test_what_speaks_of_days_to_come_is_kept_no_longer_than_what_came_with_it() -> None:
    terms = terms_of(ZERO, gate={"days": 3, "max_span_days": 5, "settle_hours": 6, "late_days_max": 3})
    ahead = [
        report(30, "n", "somebody", "nil", covers={"zone": "east", "from": time_of(24), "to": "2199-01-01T00:00:00Z"}),
        report(31, "r", "somebody", "violation", status="retracted", occurred_at="2199-01-01T00:00:00Z"),
        report(32, "t", "somebody", "tally", count=1, period={"from": time_of(24), "to": "2199-01-01T00:00:00Z"}),
    ]
    long = alive(range(-1, 40 * 24, 4))
    straight, pinned = (Seen(terms, [*long, *more], 40 * 24, restarts=[40 * 24]) for more in ([], ahead))
    assert 0 < straight.read_from <= pinned.read_from <= straight.read_from + len(ahead)


def test_a_nil_report_of_a_time_long_before_the_truce_touches_no_day_of_it() -> None:
    since_ever = {"zone": "all", "from": "1970-01-01T00:00:00Z", "to": time_of(30)}
    seen = Seen(terms_of(ZERO), [*alive(ALWAYS), report(30, "n", "somebody", "nil", covers=since_ever)], 72)
    picture = seen.partition.monitors["rules"].present
    first = (picture.terms.horizon_start_s - picture.terms.d_hour_s) // (24 * 3_600)
    picture.remove(("somebody", "n"))
    assert min(day for _, day in picture.stale_days) == first


def test_a_revision_may_move_to_another_zone() -> None:
    moved = violation("v", 5, 20, revision=2)._replace(circle=WEST)
    seen = Seen(terms_of(ZERO), [*alive(ALWAYS), violation("v", 5), moved], 48)
    assert [seen.days[zone, 0].measures.incidents.best for zone in ("east", "west")] == [0, 1]
