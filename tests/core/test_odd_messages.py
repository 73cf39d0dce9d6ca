"""What only Kafka or a careless client can make: headers without a value, numbers beyond any clock, nesting beyond any stack.

Each is refused with a reason, and not as a bug of ours: that would leave a marker, and whoever sent it could hold up a truce.
"""

from collections.abc import Sequence

import msgspec
import pytest
from worker.terms_of_test import a_report, record_of, some_terms

from schemas.facts import Fact, LocatedReport, LoggedTick, Origin, Rejected
from schemas.reasons import Reason
from streams.core import intake as intake_module
from streams.core.clock import ORIGINS_MAX, Clock
from streams.core.intake import RECEIVED_AT_HEADER, RETRY_HEADER, Incoming, Intake, read_headers, tick_value

AT = (RECEIVED_AT_HEADER, b"1795600000")
NESTED = b"[" * 60_000 + b"]" * 60_000
DEEP_REPORT = b'{"source":"observatory","x":' + NESTED + b"}"
DEEP_TICK = b'{"tick":"2026-11-24T08:00:00Z","origins":{"reports.simulated.a":1},"x":' + NESTED + b"}"
HUGE_TICK = b'{"tick":"2026-11-24T08:00:00Z","origins":{"reports.simulated.a":%d}}'
GOOD = a_report(1)


def taken(value: bytes, headers: Sequence[tuple[str, bytes | None]]) -> tuple[Intake, Incoming, Fact]:
    intake = Intake()
    assert intake.follow(record_of(some_terms(topics=["reports.simulated.a"], simulated=True))) is None
    message = Incoming("reports.simulated.a", 0, 0, 1_795_600_000_000, None, value, headers)
    return intake, message, intake.take(message)


@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        (DEEP_REPORT, [AT], Reason.TOO_DEEP),
        (DEEP_TICK, [], Reason.WRONG_TYPE),
        (HUGE_TICK % 10**30, [], Reason.WRONG_TYPE),
        (HUGE_TICK % (ORIGINS_MAX + 1), [], Reason.WRONG_TYPE),
        (HUGE_TICK % -1, [], Reason.WRONG_TYPE),
        (GOOD, [(RECEIVED_AT_HEADER, None)], Reason.WRONG_TYPE),
        (GOOD, [(RECEIVED_AT_HEADER, b"9" * 40)], Reason.WRONG_TYPE),
        (GOOD, [(RECEIVED_AT_HEADER, b"1_0")], Reason.WRONG_TYPE),
        (GOOD, [(RECEIVED_AT_HEADER, b"-5")], Reason.IN_THE_FUTURE),
    ],
)
def test_it_is_refused_and_told_who_sent_it(value: bytes, headers: Sequence[tuple[str, bytes | None]], reason: Reason) -> None:
    intake, message, refused = taken(value, headers)
    assert isinstance(refused, Fact)
    assert msgspec.json.decode(refused.value, type=Rejected).reason is reason
    assert intake.source_class(message) in ("unlisted", "unreadable")


def test_a_retry_that_does_not_say_of_what_is_a_report_like_any_other() -> None:
    _, _, entries = taken(GOOD, [AT, (RETRY_HEADER, None)])
    assert len(entries) == 1
    assert msgspec.json.decode(entries[0].value, type=LocatedReport).retry_of is None


def test_a_tick_that_lists_more_than_can_be_kept_is_nothing_where_a_log_has_it() -> None:
    clock, origin = Clock(), Origin("reports.simulated.a", 0, 0)
    assert not clock.tell(LoggedTick(1, 1, origin, {"reports.simulated.a": 10**30}), {"reports.simulated.a": 10**30})
    assert clock.snapshot() == Clock().snapshot()
    assert clock.tell(LoggedTick(1, 1, origin, {"reports.simulated.a": 1}), {"reports.simulated.a": 1})


def test_a_report_that_no_truce_can_place_is_refused_and_not_passed_over() -> None:
    unknown = msgspec.json.decode(GOOD) | {"location": {"place": "Qqxzjv"}}
    _, _, refused = taken(msgspec.json.encode(unknown), [AT])
    assert isinstance(refused, Fact)
    assert msgspec.json.decode(refused.value, type=Rejected).reason is Reason.NOT_LOCATABLE


@pytest.mark.parametrize(("ahead_s", "is_refused"), [(600, False), (601, True), (10**9, True)])
def test_on_a_live_topic_a_tick_may_be_ahead_of_its_message_by_the_skew_of_clocks(ahead_s: int, is_refused: bool) -> None:
    intake, at = Intake(), 1_795_600_000
    message = Incoming("reports.field", 0, 0, at * 1_000, None, tick_value(at + ahead_s, {"reports.field": 1}), ())
    outcome = intake.take(message)
    assert isinstance(outcome, Fact) is is_refused
    if isinstance(outcome, Fact):
        assert msgspec.json.decode(outcome.value, type=Rejected).reason is Reason.IN_THE_FUTURE


def test_a_report_that_is_read_as_it_is_comes_out_as_if_it_had_been_looked_at_for_an_envelope(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain, careful = Intake(), Intake()
    for intake in (plain, careful):
        assert intake.follow(record_of(some_terms(topics=["reports.simulated.a"], simulated=True))) is None
    event = b'{"specversion":"1.0","id":"1","source":"/desk","type":"t","data":%s}'
    named = GOOD[:-1] + b',"specversion":"1.0"}'
    twice = GOOD[:-1] + b',"specversion":"1.0","data":%s}' % a_report(2)
    bodies = [GOOD, named, twice, event % GOOD, event % named, event % b"1", GOOD[:-1], b"", DEEP_REPORT, event % DEEP_REPORT]
    bodies += [body.replace(b'"report_id":"r1",', b"") for body in bodies] + [
        body.replace(b"report_id", b"id") for body in bodies
    ]
    told: list[Sequence[tuple[str, bytes | None]]] = [[], [AT], [(RETRY_HEADER, b"a/0/1"), AT], [(RECEIVED_AT_HEADER, b"soon")]]
    enveloped = [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"s"), ("ce_type", b"t")]
    told += [[AT, ("content-type", kind)] for kind in (b"application/json", b"application/cloudevents+json", b"x/y", None)]
    told += [
        [AT, *enveloped],
        [AT, *enveloped[1:]],
        [*enveloped[1:]],
        [AT, ("Content-Type", b"application/cloudevents-batch+json")],
    ]
    outcomes = set()
    for body in bodies:
        for headers in told:
            message = Incoming("reports.simulated.a", 0, 0, 0, None, body, headers)
            outcome = plain.take(message)
            with monkeypatch.context() as looked:
                looked.setattr(intake_module, "read_headers", lambda headers: (*read_headers(headers)[:2], False))
                assert outcome == careful.take(message), (body, headers)
            outcomes.add(type(outcome))
    assert outcomes == {list, Fact}
    assert plain.take_counts() == careful.take_counts()


@pytest.mark.parametrize(
    "said",
    [
        # It goes by `occurred_at` where one end of a span is missing.
        {"occurred_to": "1999-01-01T00:00:00Z"},
        # The zone says what was watched, whatever place stands beside it.
        {
            "type": "nil",
            "covers": {
                "zone": "all",
                "from": "2026-11-25T00:00:00Z",
                "to": "2026-11-25T12:00:00Z",
                "location": {"place": "nowhere at all"},
            },
        },
    ],
)
def test_what_is_odd_and_can_be_used_is_taken(said: dict) -> None:
    report = msgspec.json.decode(GOOD) | said
    _, _, outcome = taken(msgspec.json.encode(report), [AT])
    assert isinstance(outcome, list), outcome
    assert len(outcome) == 1
