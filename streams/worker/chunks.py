"""Which chunks are out with the agent, and up to where a partition may be committed.

A chunk is all records of one partition from one poll. Stock Faust counts offsets and treats a hole between them as
done, so it can commit past a message that is still in flight. Here only the order of delivery counts: a partition is
committed up to the last of the chunks at its head that are acknowledged, and never past one that is not.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from faust.types import TP

CHUNKS_MAX = 2
"""Chunks of one partition that may wait or be worked on at once: one in hand, one ready."""


class Chunk:
    """Records of one partition, in order, from one poll. `gone`: offsets before them that were deleted unread."""

    __slots__ = ("acknowledged", "gone", "records", "tp")

    def __init__(self, tp: TP, records: Sequence[Any], gone: range = range(0)) -> None:
        assert records, "a chunk holds at least one record"
        self.tp = tp
        self.records = records
        self.gone = gone
        self.acknowledged = False

    @property
    def last_offset(self) -> int:
        return self.records[-1].offset


class Ledger:
    """The chunks that were delivered and are not committed yet, by partition."""

    def __init__(self) -> None:
        self._delivered: dict[TP, deque[Chunk]] = defaultdict(deque)

    def deliver(self, chunk: Chunk) -> None:
        self._delivered[chunk.tp].append(chunk)

    def has_room(self, tp: TP) -> bool:
        """Whether another chunk may be delivered: fewer than `CHUNKS_MAX` wait or are worked on."""
        return sum(not chunk.acknowledged for chunk in self._delivered.get(tp, ())) < CHUNKS_MAX

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


__all__ = ["CHUNKS_MAX", "Chunk", "Ledger"]
