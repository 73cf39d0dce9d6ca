"""JSON Lines of reports pass byte for byte; only the time of receipt is worked out."""

from pathlib import Path

import pytest

from schemas.facts import Rejection
from schemas.reasons import Reason
from streams.adapters import AdapterError, Arrival, Unreadable, reports
from streams.core.check import check


def rows(tmp_path: Path, *lines: bytes) -> list[Arrival | Unreadable]:
    path = tmp_path / "reports.jsonl"
    path.write_bytes(b"\n".join(lines))
    return list(reports.read(path))


# line                                                                                       seconds after midnight
TIMES = [
    (b'{"published_at":"1970-01-01T00:01:00Z","occurred_at":"1970-01-01T00:00:30Z"}', 60),
    (b'{"published_at":"1970-01-01T02:01:00+02:00"}', 60),
    (b'{"occurred_at":"1970-01-01T00:00:30Z"}', 30),
    (b'{"occurred_from":"1970-01-01T00:00:10Z","occurred_to":"1970-01-01T00:00:40Z"}', 40),
    (b'{"covers":{"from":"1970-01-01T00:00:00Z","to":"1970-01-01T00:00:50Z"}}', 50),
    (b'{"period":{"from":"1970-01-01T00:00:00Z","to":"1970-01-01T00:00:20Z"}}', 20),
    (b'{"specversion":"1.0","time":"1970-01-01T00:00:09Z","data":{"published_at":"1970-01-01T00:00:07Z"}}', 7),
    (b'{"specversion":"1.0","time":"1970-01-01T00:00:09Z","data":{"report_id":"a"}}', 9),
    (b'{"published_at":"yesterday","occurred_at":"1970-01-01T00:00:30Z"}', 30),
]


@pytest.mark.parametrize(("line", "received_at"), TIMES)
def test_a_report_is_received_when_it_was_published_or_else_when_it_was_over(
    tmp_path: Path, line: bytes, received_at: int
) -> None:
    assert rows(tmp_path, line) == [Arrival(received_at, line, "reports.jsonl:1")]


TIMED = b'{"published_at":"1970-01-01T00:01:00Z"}'
TIMELESS = [
    b"not json",
    b"\xff\xfe",
    b'{"report_id":"a"}',
    b'{"published_at":"1970-01-01T00:01:00"}',
    b'{"published_at":5}',
    b"[1]",
    b"[" * 5_000,
]


@pytest.mark.parametrize("line", TIMELESS)
def test_a_line_without_a_time_takes_that_of_the_line_before(tmp_path: Path, line: bytes) -> None:
    assert rows(tmp_path, TIMED, line)[1] == Arrival(60, line, "reports.jsonl:2")


@pytest.mark.parametrize("line", [line for line in TIMELESS if not line.startswith(b"[")])
def test_the_first_lines_wait_for_one_that_has_a_time(tmp_path: Path, line: bytes) -> None:
    assert rows(tmp_path, line, line, TIMED) == [
        Arrival(60, line, "reports.jsonl:1"),
        Arrival(60, line, "reports.jsonl:2"),
        Arrival(60, TIMED, "reports.jsonl:3"),
    ]


def test_a_line_that_is_not_json_is_refused_by_the_cores_own_check(tmp_path: Path) -> None:
    _, bad = rows(tmp_path, TIMED, b"not json")
    assert isinstance(bad, Arrival)
    refused = check(bad.value, bad.received_at)
    assert isinstance(refused, Rejection)
    assert refused.reason is Reason.NOT_JSON


def test_lines_of_a_file_without_any_time_are_still_accounted_for(tmp_path: Path) -> None:
    assert [(row.where, type(row)) for row in rows(tmp_path, b"a", b"{}")] == [
        ("reports.jsonl:1", Unreadable),
        ("reports.jsonl:2", Unreadable),
    ]


def test_empty_lines_and_a_byte_order_mark_are_no_reports(tmp_path: Path) -> None:
    assert rows(tmp_path, b"\xef\xbb\xbf" + TIMED, b"", b"  \r") == [Arrival(60, TIMED, "reports.jsonl:1")]


def test_a_json_array_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="one report a line"):
        rows(tmp_path, b"[" + TIMED + b"]")


def test_a_long_file_that_is_not_of_reports_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="none of the first"):
        rows(tmp_path, *[b"a,b,c"] * (reports.HELD_LINES + 1))
