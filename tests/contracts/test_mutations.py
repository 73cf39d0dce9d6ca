"""Damaged messages: `check` answers to all of them, and agrees with the schema as far as a schema can say it.

What check accepts, the schema accepts. What lacks a field or has an unknown word is refused by both.
"""

import copy
import json
import random
from typing import Any

import pytest
from contract import RECEIVED_AT, VALIDATORS, examples
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.facts import Rejection, Report
from schemas.reasons import Reason
from streams.core.check import check
from streams.core.envelope import unwrap

SCHEMA = VALIDATORS["report"]
MESSAGES = [path.read_bytes() for prefix in ("report", "cloudevent") for path in examples(prefix)]
REPORTS = [json.loads(path.read_bytes()) for path in examples("report")]
LATER = RECEIVED_AT + 100 * 86_400
"""After every example, so that what fails is what the mutation did."""

ODD_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    2**53,
    10**30,
    -1e308,
    "",
    " ",
    "x" * 201,
    "a\nb",
    "\u0000",
    "☃",
    [],
    {},
    [[]],
    "active",
    "retracted",
    "nil",
    "tally",
    "declaration",
    "denial",
    "dozens",
    "2016-09-13T12:00:00Z",
    "2016-09-13 12:00:00+0300",
    "2016-02-30T12:00:00Z",
    "2016-09-13T12:00:00",
    "2016-09-13T12:00:60Z",
    {"low": 3, "high": 1},
    {"from": "2016-09-13T12:00:00Z", "to": "2016-09-13T13:00:00Z"},
    {"lat": 36.2, "lon": 37.1},
    {"lat": 36.2},
    {"lat": 99, "lon": 37.1},
    {"text": "north of the river"},
    {"area": "road", "state": "open"},
    {"incident": "abc"},
]


@given(st.sampled_from(MESSAGES), st.data())
@settings(max_examples=300)
def test_damaged_bytes_are_a_report_or_a_rejection(message: bytes, data: st.DataObject) -> None:
    damaged = bytearray(message)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(damaged) - 1)))
        match data.draw(st.integers(0, 3)):
            case 0:
                del damaged[at:]
            case 1 if damaged:
                damaged[at] ^= 1 << data.draw(st.integers(0, 7))
            case 2:
                damaged[at:at] = data.draw(st.sampled_from(PIECES))
            case _:
                del damaged[at : at + data.draw(st.integers(1, 40))]
    answered(bytes(damaged))


PIECES = [
    b"[" * 40,
    b'{"a":' * 2_000,
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\x00",
    b"9" * 5_000,
    b"1e999",
    b'"type":"alive",',
    b'"specversion":"1.0",',
    b"NaN",
    b"\xef\xbb\xbf",
    b"/**/",
]


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_are_a_report_or_a_rejection(message: bytes) -> None:
    answered(message)
    answered(b'{"specversion"' + message)


def answered(message: bytes) -> None:
    body = unwrap(message, [])
    if isinstance(body, bytes):
        outcome = check(body, LATER)
        assert isinstance(outcome, Report | Rejection)
        if isinstance(outcome, Report):
            SCHEMA.validate(json.loads(body))
    else:
        assert isinstance(body, Rejection)


@pytest.mark.parametrize("seed", range(8))
def test_schema_and_check_agree_on_mutated_reports(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(250):
        report = mutated(chance)
        outcome = check(json.dumps(report, ensure_ascii=chance.random() < 0.5).encode(), LATER)
        if isinstance(outcome, Report):
            assert SCHEMA.is_valid(report), (report, list(SCHEMA.iter_errors(report))[:1])
        elif outcome.reason in (Reason.MISSING_FIELD, Reason.UNKNOWN_KIND):
            assert not SCHEMA.is_valid(report), (report, outcome)


def test_the_mutations_are_not_all_refused_nor_all_accepted() -> None:
    chance = random.Random(1)
    outcomes = [check(json.dumps(mutated(chance)).encode(), LATER) for _ in range(500)]
    reasons = {outcome.reason for outcome in outcomes if isinstance(outcome, Rejection)}
    assert reasons == {Reason.WRONG_TYPE, Reason.MISSING_FIELD, Reason.UNKNOWN_KIND, Reason.NO_USABLE_TIME}
    assert 50 < sum(isinstance(outcome, Report) for outcome in outcomes) < 450


def mutated(chance: random.Random) -> dict[str, Any]:
    """An example with one to three fields dropped, replaced, or taken from another example, at any depth."""
    report = copy.deepcopy(chance.choice(REPORTS))
    for _ in range(chance.randint(1, 3)):
        place = report
        while (inner := [value for value in place.values() if isinstance(value, dict)]) and chance.random() < 0.4:
            place = chance.choice(inner)
        names = sorted(place) or ["x"]
        match chance.randint(0, 3):
            case 0:
                place.pop(chance.choice(names), None)
            case 1:
                place[chance.choice(names)] = copy.deepcopy(chance.choice(ODD_VALUES))
            case 2:
                place["unknown"] = copy.deepcopy(chance.choice(ODD_VALUES))
            case _:
                donor = chance.choice(REPORTS)
                name = chance.choice(sorted(donor))
                report[name] = copy.deepcopy(donor[name])
    return report


@pytest.mark.parametrize("first, last, is_accepted", [("1", '"a\\nb"', False), ('"r"', '"r2"', True), ("1", '"r2"', False)])
def test_of_a_key_given_twice_the_last_holds_and_both_are_tested(first: str, last: str, is_accepted: bool) -> None:
    message = f'{{"report_id": {first}, "source": "s", "type": "alive", "report_id": {last}}}'.encode()
    outcome = check(message, LATER)
    assert isinstance(outcome, Report) == is_accepted
    if isinstance(outcome, Report):
        assert outcome.report_id == json.loads(last)
