"""What `check` accepts and refuses. The refused examples of the contract are tested in tests/contracts."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from schemas.facts import Rejection, Report
from schemas.reasons import Kind, Reason, ReportType, TimePrecision, Weapon
from streams.core.check import DEPTH_MAX, SIZE_MAX, check, seconds
from streams.core.refusal import _WORDS

NOON = 1_473_768_000
"""2016-09-13T12:00Z, when the reports of these tests are received."""

VIOLATION = {
    "report_id": "1",
    "source": "s",
    "type": "violation",
    "kind": "attack",
    "occurred_at": "2016-09-13T11:00:00Z",
    "location": {"place": "Talbiseh"},
}


def a_report(**fields: Any) -> dict[str, Any]:
    """A violation with other fields; those that are given as None are left out."""
    return {name: value for name, value in (VIOLATION | fields).items() if value is not None}


def judged(report: dict[str, Any]) -> tuple[str, str]:
    """Reason and field of the refusal; ("", "") if it was accepted."""
    outcome = check(json.dumps(report).encode(), NOON)
    if isinstance(outcome, Report):
        return "", ""
    return outcome.reason.value, outcome.detail.partition(":")[0]


def other(kind: str, **fields: Any) -> dict[str, Any]:
    return {"report_id": "1", "source": "s", "type": kind} | fields


@pytest.mark.parametrize(
    "report",
    [
        other("alive"),
        other("alive", published_at="2016-09-13T11:00:00Z"),
        other("access", access={"area": "road", "state": "denied"}),
        other("declaration", party="usa", declares="ends"),
        other("declaration", party="usa", declares="extends", until="2016-09-15T16:00:00Z"),
        other("finding", about={"incident": "a"}),
        other("denial", about={"source": "s", "report_id": "2"}),
        other("nil", covers={"zone": "all", "from": "2016-09-12T12:00:00Z", "to": "2016-09-13T12:00:00Z"}),
        # The watch is cut at the time of receipt, so that it may be stated to end later.
        other("nil", covers={"zone": "all", "from": "2016-09-12T12:00:00Z", "to": "2016-09-14T12:00:00Z"}),
        other("nil", covers={"location": {"admin1": "Aleppo"}, "from": "2016-09-12T12:00:00Z", "to": "2016-09-13T12:00:00Z"}),
        other("tally", count=0, period={"from": "2016-09-12T12:00:00Z", "to": "2016-09-13T12:00:00Z"}),
        a_report(location={"lat": -90, "lon": 180}),
        a_report(location={"text": "somewhere on the road"}),
        a_report(casualties={"killed": "tens", "injured": {"low": 1, "high": 1}}),
        a_report(casualties={"killed": {}, "injured": {"best": 4}}),
        a_report(weapon="tank", mood="sad", details={"weather": ["rain"]}),
        a_report(status="retracted", kind=None, occurred_at=None, location=None),
        a_report(status="retracted", occurred_at="2100-01-01T00:00:00Z", location={"lat": 400}),
        a_report(text="a NUL \x00 in a text is only text"),
        a_report(report_id="مرصد‌حلب", source="right-to-left ‏ marks are no control characters"),
    ],
)
def test_a_report_that_says_what_its_type_needs_is_accepted(report: dict[str, Any]) -> None:
    assert judged(report) == ("", "")


# fields of a violation, received at noon on the 13th               what is refused
TIMES: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"occurred_at": "2016-09-13T12:10:00Z"}, ("", "")),
    ({"occurred_at": "2016-09-13T12:10:01Z"}, ("in_the_future", "occurred_at")),
    ({"occurred_at": "2016-09-13T15:10:00+03:00"}, ("", "")),
    ({"occurred_at": "2016-09-13T12:00:00+00:00", "published_at": "2016-09-13T12:10:01Z"}, ("in_the_future", "published_at")),
    ({"occurred_at": "9999-12-31T23:59:59-23:59"}, ("in_the_future", "occurred_at")),
    ({"occurred_at": "1969-12-31T23:59:59Z"}, ("no_usable_time", "occurred_at")),
    ({"occurred_at": "1970-01-01T02:00:00+03:00"}, ("no_usable_time", "occurred_at")),
    ({"occurred_at": "0001-01-01T00:00:00+23:59"}, ("no_usable_time", "occurred_at")),
    ({"occurred_at": None}, ("no_usable_time", "occurred_at")),
    ({"occurred_at": None, "published_at": "2016-09-13T11:00:00Z"}, ("no_usable_time", "occurred_at")),
    ({"occurred_at": None, "occurred_from": "2016-09-13T11:00:00Z"}, ("no_usable_time", "occurred_at")),
    ({"occurred_at": None, "occurred_to": "2016-09-13T11:00:00Z"}, ("no_usable_time", "occurred_at")),
    ({"occurred_from": "2016-09-13T11:00:00Z", "occurred_to": "2016-09-13T10:00:00Z"}, ("no_usable_time", "occurred_to")),
]

# span of a violation, precision                                     what is refused
SPANS = [
    ("2016-09-13T10:00:00Z", "2016-09-13T10:00:00Z", None, ("", "")),
    ("2016-09-13T10:00:00Z", "2016-09-13T13:00:00Z", None, ("in_the_future", "occurred_to")),
    ("2016-09-13T10:00:00Z", "2016-09-13T13:00:00Z", "exact", ("in_the_future", "occurred_to")),
    ("2016-09-13T12:00:00Z", "2016-09-13T13:00:00Z", "hour", ("", "")),
    ("2016-09-12T21:00:00Z", "2016-09-13T21:00:00Z", "day", ("", "")),
    ("2016-09-11T21:00:00Z", "2016-09-18T21:00:00Z", "week", ("", "")),
    ("2016-09-01T00:00:00Z", "2016-10-01T00:00:00Z", "month", ("", "")),
    # Blunt as it may be, it must not reach into days that nobody has seen.
    ("2016-09-13T10:00:00Z", "2016-12-31T00:00:00Z", "day", ("in_the_future", "occurred_to")),
    ("2016-09-14T00:00:00Z", "2016-09-15T00:00:00Z", "day", ("in_the_future", "occurred_from")),
]


@pytest.mark.parametrize(("fields", "refused"), TIMES)
def test_a_time_can_be_used_or_is_refused(fields: dict[str, Any], refused: tuple[str, str]) -> None:
    assert judged({name: value for name, value in (VIOLATION | fields).items() if value is not None}) == refused


@pytest.mark.parametrize(("start", "end", "precision", "refused"), SPANS)
def test_a_blunt_span_may_reach_beyond_now_as_far_as_it_is_blunt(
    start: str, end: str, precision: str | None, refused: tuple[str, str]
) -> None:
    report = a_report(occurred_at=None, occurred_from=start, occurred_to=end, time_precision=precision)
    assert judged(report) == refused


@pytest.mark.parametrize(
    ("report", "refused"),
    [
        (other("nil", covers={"zone": "all", "from": "2016-09-13T13:00:00Z", "to": "2016-09-13T14:00:00Z"}), "covers.from"),
        (other("alive", published_at="2016-09-13T13:00:00Z"), "published_at"),
        (other("declaration", party="usa", declares="ends", occurred_at="2016-09-14T00:00:00Z"), "occurred_at"),
    ],
)
def test_nothing_is_told_before_it_happens(report: dict[str, Any], refused: str) -> None:
    assert judged(report) == ("in_the_future", refused)


def test_a_declaration_cannot_extend_to_a_time_outside_the_calendar() -> None:
    report = other("declaration", party="usa", declares="extends", until="9999-12-31T23:59:59Z")
    assert judged(report) == ("no_usable_time", "until")


@pytest.mark.parametrize(
    ("low", "best", "high", "is_accepted"),
    [
        (1, 2, 3, True),
        (2, 2, 2, True),
        (None, None, 0, True),
        (None, 3, None, True),
        (3, None, 2, False),
        (3, 2, None, False),
        (None, 3, 2, False),
        (1, 3, 2, False),
    ],
)
def test_a_range_of_casualties_is_in_order(low: int | None, best: int | None, high: int | None, is_accepted: bool) -> None:
    report = a_report(casualties={"injured": {"low": low, "best": best, "high": high}})
    assert judged(report) == (("", "") if is_accepted else ("wrong_type", "casualties.injured"))


@pytest.mark.parametrize(
    ("location", "refused"),
    [
        ({"lat": 36.2, "place": "Aleppo"}, "location.lon"),
        ({"lon": 37.1, "lat": None}, "location.lat"),
    ],
)
def test_coordinates_come_in_pairs(location: dict[str, Any], refused: str) -> None:
    assert judged(a_report(location=location)) == ("wrong_type", refused)


def test_coordinates_that_lie_nowhere_on_the_earth_are_left_to_locating() -> None:
    assert judged(a_report(location={"lat": 4239.00416, "lon": -180.5})) == ("", "")


@pytest.mark.parametrize("name", ["a\nb", "a\x00", "\x7f", "a\x85"])
def test_ids_have_no_control_characters(name: str) -> None:
    assert judged(a_report(report_id=name)) == ("wrong_type", "report_id")
    assert judged(a_report(source=name)) == ("wrong_type", "source")
    assert judged(other("denial", about={"incident": name})) == ("wrong_type", "about.incident")
    assert judged(a_report(report_id=name, status="retracted")) == ("wrong_type", "report_id")


def nested(depth: int, brackets: str = "[]") -> bytes:
    """A report whose deepest value is that deep, the report itself counted."""
    opening, closing = ('{"a":', "}") if brackets == "{}" else ("[", "]")
    core = opening * (depth - 1) + "1" + closing * (depth - 1)
    return json.dumps(VIOLATION)[:-1].encode() + b', "x": ' + core.encode() + b"}"


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_depth_is_counted_and_only_outside_strings(brackets: str) -> None:
    assert isinstance(check(nested(DEPTH_MAX, brackets), NOON), Report)
    assert reason_of(nested(DEPTH_MAX + 1, brackets)) is Reason.TOO_DEEP
    assert reason_of(nested(20_000, brackets)) is Reason.TOO_DEEP
    assert judged(a_report(text="[" * 500 + '"{' * 500 + "\\")) == ("", "")
    assert judged(a_report(wide=[[], {}] * 500)) == ("", "")


def test_brackets_that_are_never_closed_do_no_harm() -> None:
    assert reason_of(b"[" * 100_000) is Reason.TOO_DEEP
    assert reason_of(b"]" * 100_000) is Reason.NOT_JSON
    assert reason_of(b"[" * 20 + b'{"a":' * 40) is Reason.TOO_DEEP
    assert reason_of(b'"' + b"[" * 100_000) in (Reason.TOO_DEEP, Reason.NOT_JSON)


def test_a_message_may_have_256_kilobytes_and_no_more() -> None:
    empty = len(json.dumps(a_report(text="")))
    room = SIZE_MAX - empty
    # The text itself has a limit; whatever is unknown is let pass, at any length.
    fitting = json.dumps(a_report(more="x" * (room - len(', "more": ""') + len(', "text": ""')))).encode()
    assert len(fitting) == SIZE_MAX
    assert isinstance(check(fitting, NOON), Report)
    assert reason_of(fitting + b" ") is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "value", [None, b"", b" ", b"{", b"nul", b"\x00", b'{"a":NaN}', b"\xff\xfe{\x00}\x00", json.dumps(VIOLATION).encode() * 2]
)
def test_what_is_not_json_is_said_to_be_not_json(value: bytes | None) -> None:
    assert reason_of(value) is Reason.NOT_JSON


@pytest.mark.parametrize("value", [b"null", b"[]", b"1", b'"report"', b"true"])
def test_json_that_is_no_object_is_of_the_wrong_type(value: bytes) -> None:
    assert check(value, NOON) == Rejection(Reason.WRONG_TYPE, f"report: expected object, got {_name(value)}")


def _name(value: bytes) -> str:
    return {b"null": "null", b"[]": "array", b"1": "int", b'"report"': "str", b"true": "bool"}[value]


def test_a_refusal_lists_the_words_that_are_known() -> None:
    refusal = check(json.dumps(a_report(weapon="barrel_bomb\n" + "!" * 5_000)).encode(), NOON)
    assert isinstance(refusal, Rejection)
    assert "'barrel_bomb" in refusal.detail
    assert "airstrike" in refusal.detail
    assert refusal.detail.isprintable()
    assert len(refusal.detail) < 400


def test_the_words_it_lists_are_those_of_the_closed_lists() -> None:
    assert _WORDS["kind"] == tuple(Kind)
    for field, words in _WORDS.items():
        for word in words:
            report = other("alive")
            *outer, last = field.split(".")
            inner = {last: word} | ({"area": "a"} if outer == ["access"] else {})
            report |= {outer[0]: inner} if outer else inner
            reason, _ = judged(report)
            assert reason != Reason.UNKNOWN_KIND, (field, word)


def test_an_accepted_report_has_typed_values() -> None:
    report = check(json.dumps(a_report(weapon="uav", time_precision="hour")).encode(), NOON)
    assert isinstance(report, Report)
    assert report.type is ReportType.VIOLATION
    assert report.kind is Kind.ATTACK
    assert report.weapon is Weapon.UAV
    assert report.time_precision is TimePrecision.HOUR
    assert report.occurred_at == datetime(2016, 9, 13, 11, tzinfo=UTC)


def test_any_time_of_receipt_will_do() -> None:
    assert reason_of(json.dumps(VIOLATION).encode(), received_at=-1) is Reason.IN_THE_FUTURE
    assert isinstance(check(json.dumps(VIOLATION).encode(), 10**30), Report)
    assert isinstance(check(json.dumps(VIOLATION).encode(), NOON - 3_600 - 60, clock_skew_max_s=60), Report)


@pytest.mark.parametrize(
    ("time", "since_1970"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(2016, 9, 13, 12, 0, 0, 999_999, tzinfo=UTC), NOON),
        (datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC), -1),
        (datetime(2016, 9, 13, 15, tzinfo=timezone(timedelta(hours=3))), NOON),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=23))), -62_135_596_800 - 23 * 3_600),
    ],
)
def test_seconds_are_whole_and_rounded_down(time: datetime, since_1970: int) -> None:
    assert seconds(time) == since_1970


def reason_of(value: bytes | None, received_at: int = NOON) -> Reason | None:
    outcome = check(value, received_at)
    return outcome.reason if isinstance(outcome, Rejection) else None
