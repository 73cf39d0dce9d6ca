"""Which chunks are out with the agent, and up to where a partition may be committed.

A chunk is the records of one partition from one poll, and from those after it for as long as it waits. Stock Faust counts
offsets and treats a hole between them as done, so it can commit past a message that is still in flight. Here only the order
of delivery counts: a partition is committed up to the last of the chunks at its head that are acknowledged, and never past
one that is not.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from faust.types import TP

CHUNKS_MAX = 3
"""Chunks of one partition that may wait or be worked on at once: one being written, one in hand, one ready."""
GROWS_RECORDS_MAX = 1_000
GROWS_BYTES_MAX = 1_048_576
"""Below both of these a chunk that waits takes in what is read meanwhile, so that many small ones do not queue up."""


class Chunk:
    """Records of one partition, in order. `gone`: offsets before them that were deleted unread."""

    __slots__ = ("_counted", "_size", "acknowledged", "gone", "records", "taken", "tp")

    def __init__(self, tp: TP, records: list[Any], gone: range = range(0)) -> None:
        assert records, "a chunk holds at least one record"
        self.tp = tp
        self.records = records
        self.gone = gone
        self.taken = self.acknowledged = False
        self._counted = self._size = 0

    def take(self) -> Sequence[Any]:
        """The records, to work on: from now on there come no more."""
        self.taken = True
        return self.records

    def may_grow(self) -> bool:
        if self.taken or len(self.records) >= GROWS_RECORDS_MAX:
            return False
        # Asked at every poll: only what has come since is counted.
        self._size += sum([record.serialized_value_size for record in self.records[self._counted :]])
        self._counted = len(self.records)
        return self._size < GROWS_BYTES_MAX

    @property
    def last_offset(self) -> int:
        return self.records[-1].offset


class Ledger:
    """The chunks that were delivered and are not committed yet, by partition."""

    def __init__(self) -> None:
        self._delivered: dict[TP, deque[Chunk]] = defaultdict(deque)

    def deliver(self, tp: TP, records: list[Any], gone: range = range(0)) -> Chunk | None:
        """The chunk that was made of them; None where they have joined the one that waits."""
        chunks = self._delivered[tp]
        if chunks and not gone and chunks[-1].may_grow():
            chunks[-1].records += records
            return None
        chunks.append(Chunk(tp, records, gone))
        return chunks[-1]

    def has_room(self, tp: TP) -> bool:
        """Whether more may be delivered: fewer than `CHUNKS_MAX` wait or are worked on, or the last of them may grow."""
        chunks = self._delivered.get(tp)
        return not chunks or sum(not chunk.acknowledged for chunk in chunks) < CHUNKS_MAX or chunks[-1].may_grow()

    def next_small(self) -> list[Chunk]:
        """Of each partition the next to be taken, where it may still grow: others have gone before it, or wait behind."""
        untaken = ([chunk for chunk in chunks if not chunk.taken][:1] for chunks in self._delivered.values())
        return [chunk for first in untaken for chunk in first if chunk.may_grow()]

    def one_waits(self) -> bool:
        """Whether some chunk was not taken yet."""
        return any(chunks and not chunks[-1].taken for chunks in self._delivered.values())

    def first_in_hand(self, tp: TP) -> Any | None:
        """The first record that is out and not acknowledged."""
        return next((chunk.records[0] for chunk in self._delivered.get(tp, ()) if not chunk.acknowledged), None)

    def take_committable(self, tp: TP) -> int | None:
        """The offset to commit, which is that of the next record to read; None where the head is not acknowledged."""
        chunks = self._delivered.get(tp)
        offset = None
        while chunks and chunks[0].acknowledged:
            offset = chunks.popleft().last_offset + 1
        return offset

    def partitions(self) -> Iterator[TP]:
        return iter(list(self._delivered))

    def forget(self, tps: Iterable[TP]) -> None:
        """The partitions were given back, or reading starts over."""
        for tp in tps:
            self._delivered.pop(tp, None)


__all__ = ["CHUNKS_MAX", "GROWS_BYTES_MAX", "GROWS_RECORDS_MAX", "Chunk", "Ledger"]
