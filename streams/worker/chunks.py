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
    """Records of one partition, in order, from one poll. The agent sets `acknowledged` once all of it is safe.

    Faust acknowledges whatever leaves the agent, by an exception too; only a chunk that says so itself is committed.
    An agent that passes it on marks it `taken_over`: it is finished when its new owner says so.
    """

    __slots__ = ("acknowledged", "finished", "records", "taken_over", "tp")

    def __init__(self, tp: TP, records: Sequence[Any]) -> None:
        assert records, "a chunk holds at least one record"
        self.tp = tp
        self.records = records
        self.acknowledged = False
        self.finished = False
        self.taken_over = False

    @property
    def last_offset(self) -> int:
        return self.records[-1].offset


class Ledger:
    """The chunks that were delivered and are not committed yet, by partition."""

    def __init__(self) -> None:
        self._delivered: dict[TP, deque[Chunk]] = defaultdict(deque)
        self._in_hand: dict[TP, int] = defaultdict(int)

    def deliver(self, chunk: Chunk) -> None:
        self._delivered[chunk.tp].append(chunk)
        self._in_hand[chunk.tp] += 1

    def finish(self, chunk: Chunk) -> None:
        """It has left the agent. One from before the partition was given back (`forget`) no longer counts."""
        if not chunk.finished and any(chunk is other for other in self._delivered.get(chunk.tp, ())):
            self._in_hand[chunk.tp] -= 1
        chunk.finished = True

    def has_room(self, tp: TP) -> bool:
        return self._in_hand.get(tp, 0) < CHUNKS_MAX

    def first_in_hand(self, tp: TP) -> int | None:
        """The first offset that is out and not finished."""
        return next((chunk.records[0].offset for chunk in self._delivered.get(tp, ()) if not chunk.finished), None)

    def take_committable(self, tp: TP) -> int | None:
        """The offset to commit, which is that of the next record to read; None where the head is not acknowledged."""
        chunks = self._delivered.get(tp)
        offset = None
        while chunks and chunks[0].finished and chunks[0].acknowledged:
            offset = chunks.popleft().last_offset + 1
        return offset

    def partitions(self) -> Iterator[TP]:
        return iter(list(self._delivered))

    def forget(self, tps: Iterable[TP]) -> None:
        """The partitions were given back, or reading starts over."""
        for tp in tps:
            self._delivered.pop(tp, None)
            self._in_hand.pop(tp, None)


__all__ = ["CHUNKS_MAX", "Chunk", "Ledger"]
