"""The examples that reporting systems and subscribers read are what the program takes and gives."""

import json
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from contract import EXAMPLES, RECEIVED_AT, REFUSED, VALIDATORS, examples, ids, refused

from schemas import facts
from schemas.facts import Rejection, Report
from schemas.generate import SCHEMAS
from schemas.reasons import Kind, Reason, ReportType
from streams.core import terms
from streams.core.check import check, seconds
from streams.core.envelope import unwrap

REPORTS = examples("report")
FACTS = [(name, path) for name in SCHEMAS for path in examples(name)]

# True of numbers or times together, of bytes, or of the moment of receipt: no schema can say these.
SCHEMA_CANNOT_SAY = {
    "in_the_future.occurred_at",
    "in_the_future.occurred_to",
    "in_the_future.period.to",
    "in_the_future.published_at",
    "no_usable_time.covers.to+backwards",
    "no_usable_time.occurred_at+long-ago",
    "no_usable_time.occurred_to",
    "no_usable_time.period.to",
    "too_deep.lists",
    "wrong_type.casualties.killed",
}
HAS_NO_FIELD = {Reason.NOT_JSON, Reason.TOO_DEEP, Reason.TOO_LARGE}


def received_at(report: bytes) -> int:
    """A report is received a minute after it was published."""
    published_at = json.loads(report).get("published_at")
    return RECEIVED_AT if published_at is None else seconds(datetime.fromisoformat(published_at)) + 60


@pytest.mark.parametrize(("name", "path"), FACTS, ids=ids([path for _, path in FACTS]))
def test_every_example_validates_decodes_and_validates_again_when_encoded(name: str, path: Path) -> None:
    value = path.read_bytes()
    VALIDATORS[name].validate(json.loads(value))
    fact = msgspec.json.decode(value, type=SCHEMAS[name])
    again = msgspec.json.encode(fact)
    VALIDATORS[name].validate(json.loads(again))
    assert msgspec.json.decode(again, type=SCHEMAS[name]) == fact or name == "located"


@pytest.mark.parametrize("path", REPORTS, ids=ids(REPORTS))
def test_every_example_report_is_accepted(path: Path) -> None:
    value = path.read_bytes()
    assert isinstance(check(value, received_at(value)), Report)


@pytest.mark.parametrize("path", examples("cloudevent"), ids=ids(examples("cloudevent")))
def test_an_example_in_an_envelope_is_the_report_inside(path: Path) -> None:
    report = unwrap(path.read_bytes(), [("content-type", b"application/cloudevents+json; charset=UTF-8")])
    assert unwrap(path.read_bytes(), []) == report
    assert isinstance(report, bytes)
    assert isinstance(check(report, RECEIVED_AT), Report)


def test_there_is_an_example_of_every_type_of_report_and_record() -> None:
    reports = [json.loads(path.read_bytes()) for path in REPORTS]
    assert {report["type"] for report in reports} == {kind.value for kind in ReportType}
    assert {json.loads(path.read_bytes())["record"] for path in examples("located")} == {
        kind.__struct_config__.tag for kind in facts.LogRecord.__args__
    }
    assert {name for name in SCHEMAS if not examples(name)} == set()


def test_the_terms_of_the_examples_are_terms() -> None:
    for path in examples("terms"):
        terms.parse(json.loads(path.read_bytes())["terms"])


def test_a_decoded_log_example_holds_the_report_as_it_came() -> None:
    located = msgspec.json.decode((EXAMPLES / "located.report.json").read_bytes(), type=facts.LogRecord)
    report = check(bytes(located.report), located.received_at)
    assert isinstance(report, Report)
    assert report.kind is Kind.ATTACK


@pytest.mark.parametrize(("reason", "field", "path"), refused(), ids=ids([path for *_, path in refused()]))
def test_every_refused_example_gives_its_reason_and_names_the_field(reason: str, field: str, path: Path) -> None:
    refusal = check(path.read_bytes(), RECEIVED_AT)
    assert isinstance(refusal, Rejection)
    assert refusal.reason == reason
    if refusal.reason not in HAS_NO_FIELD:
        assert refusal.detail.startswith(f"{field}: ")
    assert len(refusal.detail) < 400
    assert refusal.detail.isprintable()


@pytest.mark.parametrize(("reason", "field", "path"), refused(), ids=ids([path for *_, path in refused()]))
def test_the_schema_refuses_what_it_can_say(reason: str, field: str, path: Path) -> None:
    if reason == Reason.NOT_JSON:
        return
    is_valid = VALIDATORS["report"].is_valid(json.loads(path.read_bytes()))
    assert is_valid == (path.name.removesuffix(".json") in SCHEMA_CANNOT_SAY)


def test_every_reason_that_bytes_alone_can_have_is_shown() -> None:
    by_size_or_place = {
        Reason.TOO_LARGE,
        Reason.TOO_LATE,
        Reason.NOT_LOCATABLE,
        Reason.SOURCE_NOT_ALLOWED,
        Reason.LIMIT_REACHED,
        Reason.INTERNAL_ERROR,
    }
    assert {reason for reason, *_ in refused()} == {reason.value for reason in Reason} - {r.value for r in by_size_or_place}
    assert REFUSED.is_dir()
