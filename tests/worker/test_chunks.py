from types import SimpleNamespace

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.worker.chunks import CHUNKS_MAX, GROWS_BYTES_MAX, GROWS_RECORDS_MAX, Chunk, Ledger

FIELD = TP("reports.field", 0)
OTHER = TP("reports.field", 1)


def records(first: int, end: int, size: int = 300) -> list[SimpleNamespace]:
    return [SimpleNamespace(offset=offset, serialized_value_size=size) for offset in range(first, end)]


def taken(ledger: Ledger, first: int, end: int) -> Chunk:
    """A chunk that is in hand."""
    chunk = ledger.deliver(FIELD, records(first, end))
    chunk.take()
    return chunk


def test_nothing_is_committed_before_it_is_acknowledged() -> None:
    ledger = Ledger()
    taken(ledger, 0, 10)
    assert ledger.take_committable(FIELD) is None


def test_a_chunk_that_is_not_acknowledged_holds_back_those_behind_it() -> None:
    ledger = Ledger()
    first, second = taken(ledger, 0, 10), taken(ledger, 10, 20)
    second.acknowledged = True
    assert ledger.take_committable(FIELD) is None
    first.acknowledged = True
    assert ledger.take_committable(FIELD) == 20


def test_offsets_between_chunks_hold_nothing_back() -> None:
    ledger = Ledger()
    first, second = taken(ledger, 0, 10), taken(ledger, 12, 16)
    first.acknowledged = second.acknowledged = True
    assert ledger.take_committable(FIELD) == 16


def test_a_partition_has_room_for_so_many_chunks() -> None:
    ledger = Ledger()
    chunks = [taken(ledger, n, n + 1) for n in range(CHUNKS_MAX)]
    assert not ledger.has_room(FIELD)
    assert ledger.has_room(OTHER)
    chunks[0].acknowledged = True
    assert ledger.has_room(FIELD)


def test_a_chunk_that_waits_takes_in_what_comes_meanwhile() -> None:
    ledger = Ledger()
    in_hand = taken(ledger, 0, 10)
    waiting = ledger.deliver(FIELD, records(10, 12))
    assert ledger.one_waits()
    assert ledger.has_room(FIELD)
    assert ledger.deliver(FIELD, records(12, 15)) is None
    assert [record.offset for record in waiting.take()] == [10, 11, 12, 13, 14]
    assert not ledger.one_waits()
    in_hand.acknowledged = waiting.acknowledged = True
    assert ledger.take_committable(FIELD) == 15


def test_what_comes_once_a_chunk_is_taken_is_another() -> None:
    ledger = Ledger()
    in_hand = taken(ledger, 0, 10)
    behind = ledger.deliver(FIELD, records(10, 12))
    assert behind is not None
    in_hand.acknowledged = True
    assert ledger.take_committable(FIELD) == 10


def test_a_chunk_that_waits_does_not_grow_past_its_bounds() -> None:
    for large in (records(0, GROWS_RECORDS_MAX), records(0, 2, size=GROWS_BYTES_MAX // 2)):
        ledger = Ledger()
        for number in range(CHUNKS_MAX - 2):
            taken(ledger, number, number + 1)
        ledger.deliver(FIELD, large)
        assert ledger.deliver(FIELD, records(5_000, 5_001)) is not None
        assert ledger.has_room(FIELD)
        ledger.deliver(FIELD, records(6_000, 6_000 + GROWS_RECORDS_MAX))
        assert not ledger.has_room(FIELD)


def test_what_a_chunk_takes_in_is_counted_once_however_often_it_is_asked() -> None:
    ledger = Ledger()
    ledger.deliver(FIELD, records(0, 1, size=1))
    for number in range(1, 9):
        assert all(ledger.has_room(FIELD) for _ in range(20))
        assert ledger.deliver(FIELD, records(number, number + 1, size=GROWS_BYTES_MAX // 8)) is None
    assert ledger.deliver(FIELD, records(9, 10, size=1)) is not None


def test_what_was_deleted_unread_is_told_by_a_chunk_of_its_own() -> None:
    ledger = Ledger()
    ledger.deliver(FIELD, records(0, 2))
    behind = ledger.deliver(FIELD, records(9, 10), gone=range(2, 9))
    assert behind.gone == range(2, 9)
    assert [record.offset for record in behind.records] == [9]


def test_a_chunk_from_before_the_partition_was_given_back_no_longer_counts() -> None:
    ledger = Ledger()
    old = taken(ledger, 0, 10)
    ledger.forget([FIELD])
    old.acknowledged = True
    assert ledger.take_committable(FIELD) is None
    assert ledger.has_room(FIELD)


@given(st.lists(st.booleans(), max_size=12), st.randoms(use_true_random=False))
def test_what_is_committed_never_passes_what_is_not_acknowledged(acknowledged: list[bool], order) -> None:
    ledger = Ledger()
    chunks = [taken(ledger, n * 10, n * 10 + 10) for n in range(len(acknowledged))]
    committed = 0
    for chunk, done in order.sample(list(zip(chunks, acknowledged, strict=True)), len(chunks)):
        chunk.acknowledged = done
        committed = max(committed, ledger.take_committable(FIELD) or 0)
        first_open = next((chunk.records[0].offset for chunk in chunks if not chunk.acknowledged), len(chunks) * 10)
        assert committed == first_open
