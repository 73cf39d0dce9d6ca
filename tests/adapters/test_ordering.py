"""Rows come in the order of receipt, whatever the order and the length of the file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters import FORMATS, AdapterError, Arrival, Unreadable, arrivals, arrivals_of
from streams.adapters.ordering import by_received_at

times = st.lists(st.one_of(st.none(), st.integers(0, 20)), max_size=60)


@given(times, st.integers(1, 7))
def test_a_file_cut_into_chunks_is_in_the_same_order_as_one_sorted_whole(received: list[int | None], chunk_rows: int) -> None:
    rows = [_row(time, str(number)) for number, time in enumerate(received)]
    timed, last = [], 0
    for row in rows:
        last = row.received_at if isinstance(row, Arrival) else last
        timed.append((last, row))
    expected = sorted(timed, key=lambda pair: pair[0])
    assert list(by_received_at(rows, chunk_rows)) == expected
    assert list(by_received_at(rows, chunk_bytes=chunk_rows)) == expected


def test_rows_of_one_time_stay_in_the_order_of_the_file() -> None:
    rows = [_row(1, "a"), _row(0, "b"), _row(1, "c"), _row(0, "d")]
    assert [row.where for _, row in by_received_at(rows, chunk_rows=2)] == ["b", "d", "a", "c"]


def test_several_files_are_read_as_one(tmp_path: Path) -> None:
    for name, minutes in (("a", (1, 4)), ("b", (3, 2))):
        lines = (f'{{"published_at":"1970-01-01T00:0{minute}:00Z"}}' for minute in minutes)
        (tmp_path / name).write_text("\n".join(lines))
    assert [row.where for row in arrivals_of([tmp_path / "a", tmp_path / "b"], "reports")] == ["a:1", "b:2", "b:1", "a:2"]
    assert [row.where for row in arrivals(tmp_path / "b", "reports")] == ["b:2", "b:1"]


def test_a_format_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(AdapterError, match=", ".join(FORMATS)):
        arrivals(Path("x"), "xlsx")


def _row(time: int | None, name: str) -> Arrival | Unreadable:
    return Unreadable(name, "bad", b"x") if time is None else Arrival(time, b"x", name)
