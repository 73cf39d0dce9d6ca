"""Read a partition directly, outside any group: terms, checkpoints, and the log when state is rebuilt or has a gap."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient
from aiokafka.structs import TopicPartition

from streams.worker.closing import close

READ_RECORDS_MAX = 2_000
TAIL_RECORDS = 100


class PartitionReader:
    """One partition, read committed, wherever it is told to begin.

    Raises `OffsetOutOfRangeError` where a record that is asked for is no longer there: nothing is skipped in silence.
    """

    def __init__(self, client: Mapping[str, Any], topic: str, partition: int) -> None:
        self.tp = TopicPartition(topic, partition)
        self._turn: object | None = None
        self._consumer = AIOKafkaConsumer(
            **client,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            fetch_max_wait_ms=200,
        )

    async def start(self) -> None:
        await self._consumer.start()
        self._consumer.assign([self.tp])
        # At once, or it would look for a committed offset; paused, so that it fetches nothing until it is asked to read.
        self._consumer.seek(self.tp, 0)
        self._consumer.pause(self.tp)

    async def stop(self) -> None:
        await close(self._consumer)

    async def bounds(self) -> tuple[int, int]:
        """The first offset that is kept, and the one after the last that is committed (control records included)."""
        first = await self._consumer.beginning_offsets([self.tp])
        return first[self.tp], await self.end()

    async def end(self) -> int:
        """The second of the bounds."""
        return (await self._consumer.end_offsets([self.tp]))[self.tp]

    async def read(self, start: int, end: int) -> AsyncIterator[list[Any]]:
        """The records with `start` <= offset < `end`, in lists; between two lists the loop has run.

        Another read may come between two lists of this one: a state that is rebuilt while it catches up. Each goes by a
        place of its own, for what the other fetched beyond its end would otherwise count as read.
        """
        at, turn = start, object()
        try:
            while at < end:
                if self._turn is not turn:
                    self._turn = turn
                    self._consumer.seek(self.tp, at)
                    self._consumer.resume(self.tp)
                fetched = await self._consumer.getmany(self.tp, timeout_ms=500, max_records=READ_RECORDS_MAX)
                records = [record for record in fetched.get(self.tp, ()) if record.offset < end]
                # The position moves over control records and aborted transactions too, so it always reaches the end.
                at = await self._consumer.position(self.tp)
                if records:
                    yield records
        finally:
            if self._turn is turn:
                self._turn = None
                self._consumer.pause(self.tp)


@asynccontextmanager
async def reading(client: Mapping[str, Any], topic: str, partition: int) -> AsyncIterator[PartitionReader]:
    """A reader for as long as it is needed."""
    reader = PartitionReader(client, topic, partition)
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


async def everything(client: Mapping[str, Any], topic: str, partition: int) -> AsyncIterator[Any]:
    """Every committed record of a partition, up to its end at the time of the call."""
    async with reading(client, topic, partition) as reader:
        async for records in reader.read(*await reader.bounds()):
            for record in records:
                yield record


async def last_record(client: Mapping[str, Any], topic: str, partition: int) -> Any | None:
    """The last committed record of a partition, None where there is none. Read from near the end, and further back only where
    nothing but markers and aborted transactions is found there."""
    async with reading(client, topic, partition) as reader:
        first, end = await reader.bounds()
        last, start, step = None, end, TAIL_RECORDS
        while last is None and start > first:
            stop, start = start, max(first, start - step)
            async for records in reader.read(start, stop):
                last = records[-1]
            step *= 10
        return last


async def last_values(client: Mapping[str, Any], topic: str, partition: int) -> dict[str, bytes]:
    """The newest value of each key of a compacted partition; deleted keys are left out."""
    values: dict[str, bytes] = {}
    async for record in everything(client, topic, partition):
        key = record.key.decode()
        if record.value is None:
            values.pop(key, None)
        else:
            values[key] = record.value
    return values


async def topics_present(client: Mapping[str, Any]) -> dict[str, int]:
    """Every topic that the broker shows us, with its number of partitions."""
    asking = AIOKafkaClient(**client)
    await asking.bootstrap()
    try:
        cluster = await asking.fetch_all_metadata()
        return {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in cluster.topics()}
    finally:
        await asking.close()


__all__ = ["PartitionReader", "everything", "last_record", "last_values", "topics_present"]
