"""A waiver, from the report to the announcement: by who may, through a source that speaks for it, and undone with it."""

import msgspec
import pytest

from schemas.facts import LocatedReport, LoggedTick, Origin, PhaseChange
from schemas.topics import DAYS, PHASES
from schemas.verifier import Verifier
from streams.core.intake import terms_record
from streams.core.partition import LogPartition
from streams.core.public_terms import public_terms
from streams.core.terms import DAY, HOUR, TermsError, parse

TOPIC = "reports.waivers"
VALUES = {
    "truce": {
        "id": "waivers",
        "name": "A truce with guarantors",
        "countries": ["SY"],
        "d_hour": "2016-03-01T00:00:00Z",
        "time_zone": "UTC",
        "salt": "of incident ids",
    },
    "opposed": ["north", "south"],
    "gate": {"days": 3, "settle_hours": 1, "waivers_by": ["guarantor"]},
    "sources": [{"id": "spokesman", "party": "guarantor"}, {"id": "general", "side": "north", "party": "north"}],
}
TERMS = parse(VALUES)


def waiver(source: str, party: str, **other: object) -> dict:
    body = {"report_id": "w", "source": source, "type": "declaration", "party": party, "declares": "waives"}
    return body | {"occurred_at": "2016-03-02T06:00:00Z"} | other


def told(*reports: tuple[int, dict]) -> tuple[list[PhaseChange], dict[str, bytes], list[bytes]]:
    """(changes of phase, last value of each day, changes as bytes) after five days of silence with reports at given hours."""
    partition, changes, days = LogPartition(0), [], {}

    def log(record: object) -> None:
        value = record if isinstance(record, bytes) else msgspec.json.encode(record)
        partition.apply(partition.next_offset, value)

    log(terms_record(TERMS))
    for hour in range(-1, 5 * 24):
        now_s = TERMS.d_hour_s + hour * HOUR
        for at, report in reports:
            if at == hour:
                raw = msgspec.Raw(msgspec.json.encode(report))
                log(LocatedReport("waivers", now_s, Origin(TOPIC, 0, hour), raw))
        log(LoggedTick(now_s, now_s, Origin(TOPIC, 0, hour), {TOPIC: 1}))
        for fact in partition.flush():
            if fact.topic == PHASES and fact.value is not None:
                changes.append(fact.value)
            elif fact.topic == DAYS and fact.value is not None:
                days[fact.key] = fact.value
    return [msgspec.json.decode(change, type=PhaseChange) for change in changes], days, changes


def test_an_authority_opens_the_next_phase_and_no_day_comes_out_differently() -> None:
    changes, days, raw = told((40, waiver("spokesman", "guarantor")))
    assert [(c.kind, c.before, c.after, c.reason) for c in changes[1:]] == [("waiver", "in_force", "qualified", "waived")]
    assert changes[1].effective_at == TERMS.d_hour_s + DAY + 6 * HOUR
    assert changes[1].streaks == {"all": 0}
    outcomes = [msgspec.json.decode(day)["outcome"] for day in days.values()]
    assert "unknown" in outcomes and "quiet" not in outcomes
    plain = msgspec.json.encode(public_terms(TERMS, 0, False))
    verifier = Verifier(raw, days.values(), [], [plain])
    verifier.check()
    assert verifier.faults == []


@pytest.mark.parametrize(
    ("source", "party"),
    [("general", "north"), ("general", "guarantor"), ("somebody", "guarantor")],
    ids=["a party that may not", "not the party's own source", "a source that terms do not list"],
)
def test_nobody_else_does(source: str, party: str) -> None:
    changes, _, _ = told((40, waiver(source, party)))
    assert [change.kind for change in changes] == ["advance"]


def test_a_waiver_that_is_taken_back_is_voided() -> None:
    changes, _, _ = told(
        (40, waiver("spokesman", "guarantor")), (60, waiver("spokesman", "guarantor", status="retracted", revision=2))
    )
    assert [(c.kind, c.after) for c in changes[1:]] == [("waiver", "qualified"), ("void", "in_force")]
    assert changes[2].supersedes == changes[1].id


def test_terms_that_name_an_authority_without_a_voice_are_refused() -> None:
    with pytest.raises(TermsError, match=r"gate\.waivers_by: no source speaks for the party 'nobody'"):
        parse(VALUES | {"gate": {"waivers_by": ["nobody"]}})
