"""Reading a partition directly, with the reads that a rebuild makes in the middle of another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from worker.harness import Installation

from schemas.facts import Fact
from schemas.topics import CHECKPOINTS, INCIDENTS, LOCATED
from streams.broker import Broker
from streams.worker import reading
from streams.worker.reading import PartitionReader, last_record, last_values
from streams.worker.transactions import PartitionWriter


def read(broker: Broker, work: Callable) -> list[int]:
    async def run() -> list[int]:
        reader = PartitionReader({"bootstrap_servers": broker.bootstrap}, LOCATED, 0)
        await reader.start()
        try:
            return await asyncio.wait_for(work(reader), 30)
        finally:
            await reader.stop()

    return asyncio.run(run())


@asynccontextmanager
async def writing(client: dict[str, str]) -> AsyncIterator[PartitionWriter]:
    """A writer. What it commits is visible at the end: whoever takes its place waits for that, as an owner does."""
    writer = PartitionWriter(client, "truce", 0)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.stop()
        successor = PartitionWriter(client, "truce", 0)
        await successor.start()
        await successor.stop()


def test_a_read_in_the_middle_of_another_takes_nothing_from_it(broker: Broker) -> None:
    """A transaction that fails while the log is being caught up with rebuilds the state from the same log."""
    truce = Installation(broker.bootstrap)
    truce.publish(LOCATED, 0, [b"record %d" % number for number in range(5_000)])

    async def interrupted(reader: PartitionReader) -> list[int]:
        offsets: list[int] = []
        async for records in reader.read(0, 5_000):
            offsets += [record.offset for record in records]
            if len(offsets) < 5_000:
                inner = [record.offset async for again in reader.read(0, 7) for record in again]
                assert inner == list(range(7))
        assert reader._consumer.paused() == {reader.tp}, "it goes on fetching what nobody asks for"
        return offsets

    assert read(broker, interrupted) == list(range(5_000))
    truce.close()


def test_a_read_that_was_left_holds_up_no_other(broker: Broker) -> None:
    truce = Installation(broker.bootstrap)
    truce.publish(LOCATED, 0, [b"record %d" % number for number in range(5_000)])

    async def left(reader: PartitionReader) -> list[int]:
        async for _ in reader.read(0, 5_000):
            break
        return [record.offset async for records in reader.read(10, 4_000) for record in records]

    assert read(broker, left) == list(range(10, 4_000))
    truce.close()


def test_the_last_record_is_found_behind_markers_and_what_was_aborted(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    truce, client = Installation(broker.bootstrap), {"bootstrap_servers": broker.bootstrap}
    monkeypatch.setattr(reading, "TAIL_RECORDS", 2)

    async def told() -> list[bytes | None]:
        found = [await last_record(client, INCIDENTS, 0)]
        async with writing(client) as writer:
            await writer.commit([Fact(INCIDENTS, "one", b"first"), Fact(INCIDENTS, "two", b"second")], 7)
            for _ in range(4):
                with pytest.raises(TypeError):
                    await writer.commit([Fact(INCIDENTS, "three", b"never"), Fact(INCIDENTS, "four", "no bytes")], 8)
            await writer.commit([], 9)
        return [*found, await last_record(client, INCIDENTS, 0)]

    nothing, last = asyncio.run(told())
    assert nothing is None
    assert (last.key, last.value) == (b"two", b"second")
    assert dict(last.headers)["truce-position"] == f"{LOCATED}/0/7".encode()
    truce.close()


def test_of_a_key_the_last_value_counts_and_none_where_it_was_deleted(broker: Broker) -> None:
    truce, client = Installation(broker.bootstrap), {"bootstrap_servers": broker.bootstrap}

    async def told() -> dict[str, bytes]:
        async with writing(client) as writer:
            await writer.commit([Fact(CHECKPOINTS, "kept", b"first"), Fact(CHECKPOINTS, "deleted", b"once")], 1)
            await writer.commit([Fact(CHECKPOINTS, "kept", b"last"), Fact(CHECKPOINTS, "deleted", None)], 2)
        return await last_values(client, CHECKPOINTS, 0)

    assert asyncio.run(told()) == {"kept": b"last"}
    truce.close()
