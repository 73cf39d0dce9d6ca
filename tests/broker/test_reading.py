"""Reading a partition directly, with the reads that a rebuild makes in the middle of another."""

import asyncio
from collections.abc import Callable

from worker.harness import Installation

from schemas.topics import LOCATED
from streams.broker import Broker
from streams.worker.reading import PartitionReader


def read(broker: Broker, work: Callable) -> list[int]:
    async def run() -> list[int]:
        reader = PartitionReader({"bootstrap_servers": broker.bootstrap}, LOCATED, 0)
        await reader.start()
        try:
            return await asyncio.wait_for(work(reader), 30)
        finally:
            await reader.stop()

    return asyncio.run(run())


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
