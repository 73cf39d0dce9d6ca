"""What one poll takes of each partition: the same part of all that waits, so that all are read to their ends together."""

from hypothesis import given
from hypothesis import strategies as st

from streams.worker.transport import POLL_RECORDS_MAX, SHARE_RECORDS_MIN, shares

waiting = st.dictionaries(st.integers(0, 20), st.integers(0, 10**9))


def test_each_gives_the_part_that_waits_in_it() -> None:
    assert shares({"a": 30_000, "b": 10_000}) == {"a": POLL_RECORDS_MAX * 3 // 4, "b": POLL_RECORDS_MAX // 4}


def test_what_is_little_beside_the_others_is_not_kept_waiting() -> None:
    assert shares({"a": 10_000_000, "b": 3})["b"] == SHARE_RECORDS_MIN


@given(waiting)
def test_a_poll_comes_to_no_more_than_it_may(waiting: dict[int, int]) -> None:
    taken = shares(waiting)
    assert taken.keys() == waiting.keys()
    assert sum(taken.values()) <= POLL_RECORDS_MAX + SHARE_RECORDS_MIN * len(waiting)


@given(waiting)
def test_what_one_poll_can_bring_it_brings(waiting: dict[int, int]) -> None:
    if sum(waiting.values()) <= POLL_RECORDS_MAX:
        assert all(share >= waiting[tp] for tp, share in shares(waiting).items())
