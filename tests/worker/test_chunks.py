from types import SimpleNamespace

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.worker.chunks import CHUNKS_MAX, Chunk, Ledger

FIELD = TP("reports.field", 0)
OTHER = TP("reports.field", 1)


def a_chunk(first: int, last: int, tp: TP = FIELD) -> Chunk:
    return Chunk(tp, [SimpleNamespace(offset=offset) for offset in (first, last)])


def delivered(*chunks: Chunk) -> Ledger:
    ledger = Ledger()
    for chunk in chunks:
        ledger.deliver(chunk)
    return ledger


def test_nothing_is_committed_before_it_is_acknowledged() -> None:
    ledger = delivered(a_chunk(0, 9))
    assert ledger.take_committable(FIELD) is None


def test_a_chunk_that_is_not_acknowledged_holds_back_those_behind_it() -> None:
    first, second = a_chunk(0, 9), a_chunk(10, 19)
    ledger = delivered(first, second)
    second.acknowledged = True
    assert ledger.take_committable(FIELD) is None
    first.acknowledged = True
    assert ledger.take_committable(FIELD) == 20


def test_offsets_between_chunks_hold_nothing_back() -> None:
    first, second = a_chunk(0, 9), a_chunk(12, 15)
    ledger = delivered(first, second)
    first.acknowledged = second.acknowledged = True
    assert ledger.take_committable(FIELD) == 16


def test_a_partition_has_room_for_two_chunks() -> None:
    chunks = [a_chunk(n, n) for n in range(CHUNKS_MAX)]
    ledger = delivered(*chunks)
    assert not ledger.has_room(FIELD)
    assert ledger.has_room(OTHER)
    chunks[0].acknowledged = True
    assert ledger.has_room(FIELD)


def test_a_chunk_from_before_the_partition_was_given_back_no_longer_counts() -> None:
    old = a_chunk(0, 9)
    ledger = delivered(old)
    ledger.forget([FIELD])
    old.acknowledged = True
    assert ledger.take_committable(FIELD) is None
    assert ledger.has_room(FIELD)


@given(st.lists(st.booleans(), max_size=12), st.randoms(use_true_random=False))
def test_what_is_committed_never_passes_what_is_not_acknowledged(acknowledged: list[bool], order) -> None:
    chunks = [a_chunk(n * 10, n * 10 + 9) for n in range(len(acknowledged))]
    ledger = delivered(*chunks)
    committed = 0
    for chunk, done in order.sample(list(zip(chunks, acknowledged, strict=True)), len(chunks)):
        chunk.acknowledged = done
        committed = max(committed, ledger.take_committable(FIELD) or 0)
        first_open = next((chunk.records[0].offset for chunk in chunks if not chunk.acknowledged), len(chunks) * 10)
        assert committed == first_open
