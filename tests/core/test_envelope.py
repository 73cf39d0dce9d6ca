"""CloudEvents envelopes are opened, refused, or not there at all."""

import base64
import json
from typing import Any

import pytest

from schemas.facts import Rejection
from schemas.reasons import Reason
from streams.core.check import DEPTH_MAX, SIZE_MAX
from streams.core.envelope import unwrap

REPORT = b'{"report_id": "1", "source": "s", "type": "alive"}'
STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
BINARY = {"ce_specversion": b"1.0", "ce_type": b"example.report", "ce_id": b"7", "ce_source": b"/desk"}


def envelope(**attributes: Any) -> bytes:
    """An envelope around the report, with other attributes; those that are given as None are left out."""
    plain: dict[str, Any] = {"specversion": "1.0", "id": "7", "source": "/desk", "type": "example.report"}
    event = {name: value for name, value in (plain | attributes).items() if value is not None}
    head = json.dumps(event)[:-1].encode()
    return head + b"}" if "data_base64" in attributes or "data" in attributes else head + b', "data": ' + REPORT + b"}"


def refusal(outcome: bytes | Rejection) -> tuple[str, str]:
    assert isinstance(outcome, Rejection), outcome
    return outcome.reason.value, outcome.detail.partition(":")[0]


@pytest.mark.parametrize("headers", [[], STRUCTURED, [("Content-Type", b"application/cloudevents+json")]])
def test_a_structured_envelope_gives_the_bytes_of_its_data(headers: list[tuple[str, bytes]]) -> None:
    assert unwrap(envelope(), headers) == REPORT
    assert unwrap(envelope(datacontenttype="application/json", time="2016-09-13T12:00:00Z", subject=None), headers) == REPORT
    assert unwrap(envelope(data_base64=base64.b64encode(REPORT).decode()), headers) == REPORT


@pytest.mark.parametrize(
    "value",
    [
        REPORT,
        b"",
        b"not json",
        b'["specversion"]',
        b'{"specversion": ',
        b'{"text": "\xff", "specversion"',
        b'{"report_id": "1", "source": "s", "type": "alive", "text": "the \\"specversion\\" of it"}',
        # A report may have a field of that name: unknown fields are let pass.
        b'{"report_id": "1", "source": "s", "type": "alive", "specversion": 3}',
        b'{"inner": {"specversion": "1.0"}}',
    ],
)
def test_what_has_no_envelope_stays_as_it_is(value: bytes) -> None:
    assert unwrap(value, [("truce-received-at", b"1473768000"), ("content-type", b"application/json"), ("empty", None)]) is value


def test_binary_mode_leaves_the_bytes_as_they_are() -> None:
    assert unwrap(REPORT, [*BINARY.items(), ("ce_time", b"2016-09-13T12:00:00Z")]) is REPORT


@pytest.mark.parametrize("attribute", BINARY)
def test_binary_mode_needs_every_required_attribute(attribute: str) -> None:
    without = [(name, value) for name, value in BINARY.items() if name != attribute]
    assert refusal(unwrap(REPORT, without)) == ("missing_field", attribute)
    assert refusal(unwrap(REPORT, [*without, (attribute, b"")])) == ("missing_field", attribute)


@pytest.mark.parametrize(
    ("attributes", "refused"),
    [
        ({"id": None}, ("missing_field", "id")),
        ({"source": None}, ("missing_field", "source")),
        ({"type": ""}, ("missing_field", "type")),
        ({"specversion": "0.3"}, ("wrong_type", "specversion")),
        ({"specversion": 1.0}, ("wrong_type", "specversion")),
        ({"id": 7}, ("wrong_type", "id")),
        ({"datacontenttype": "text/xml"}, ("wrong_type", "datacontenttype")),
        ({"data_base64": "?"}, ("wrong_type", "data_base64")),
        ({"data_base64": None}, ("missing_field", "data")),
        ({"data": {}, "data_base64": "e30="}, ("wrong_type", "data_base64")),
    ],
)
def test_a_wrong_envelope_is_refused_by_the_name_of_the_attribute(attributes: dict[str, Any], refused: tuple[str, str]) -> None:
    assert refusal(unwrap(envelope(**attributes), [])) == refused


@pytest.mark.parametrize(
    ("value", "headers", "refused"),
    [
        (REPORT, STRUCTURED, ("missing_field", "specversion")),
        (b"[" + envelope() + b"]", STRUCTURED, ("wrong_type", "envelope")),
        (b"{", STRUCTURED, ("not_json", "not JSON")),
        (b"", STRUCTURED, ("not_json", "the message is empty")),
        (b"[]", [("content-type", b"application/cloudevents-batch+json")], ("wrong_type", "content-type")),
        (b"Obj", [("content-type", b"application/cloudevents+avro")], ("wrong_type", "content-type")),
        (REPORT, [*(BINARY | {"ce_specversion": b"2.0"}).items()], ("wrong_type", "ce_specversion")),
        (REPORT, [*(BINARY | {"ce_id": None}).items()], ("missing_field", "ce_id")),
    ],
)
def test_an_envelope_that_cannot_be_opened_is_refused(
    value: bytes, headers: list[tuple[str, bytes]], refused: tuple[str, str]
) -> None:
    assert refusal(unwrap(value, headers)) == refused


def test_an_envelope_is_bounded_like_any_message() -> None:
    deep = b'{"specversion": "1.0", "data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    assert unwrap(deep, []) == Rejection(Reason.TOO_DEEP, f"objects and arrays are nested more than {DEPTH_MAX} deep")
    outcome = unwrap(envelope(note="x" * SIZE_MAX), [])
    assert isinstance(outcome, Rejection)
    assert outcome.reason is Reason.TOO_LARGE
