"""The clock of the live topics: ticks that enter where reports enter.

A tick for time T goes into every partition of every live report topic, behind the reports that are there. So time
reaches T only when all of those have been read. Two clocks at once do no harm: a tick that is not later is ignored.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from schemas.topics import REPORTS_PREFIX
from streams import metrics
from streams.core.intake import tick_value
from streams.core.terms import SIMULATED_PREFIX
from streams.worker.sending import Outgoing, send_all


async def keep_time(producer: AIOKafkaProducer, tick_s: int, now: Callable[[], float] = time.time) -> None:
    """Write ticks until cancelled, on whole multiples of `tick_s`."""
    while True:
        at_s = int(now())
        try:
            await write_tick(producer, at_s, await live_topics(producer), timeout_s=tick_s)
        except KafkaError as fault:
            # No broker to ask: time stands still, which is what it must do. The next tick tries again.
            metrics.clock_blind(fault)
        await asyncio.sleep(tick_s - now() % tick_s)


async def live_topics(producer: AIOKafkaProducer) -> dict[str, int]:
    """Every live report topic with its number of partitions, asked of the broker anew."""
    cluster = await producer.client.fetch_all_metadata()
    return {
        topic: len(cluster.partitions_for_topic(topic) or ())
        for topic in sorted(cluster.topics())
        if topic.startswith(REPORTS_PREFIX) and not topic.startswith(SIMULATED_PREFIX)
    }


async def write_tick(producer: AIOKafkaProducer, at_s: int, origins: Mapping[str, int], timeout_s: float = 60) -> int:
    """One tick into every partition of `origins`. Returns how many could not be written: those hold time back."""
    value = tick_value(at_s, origins)

    # Each for itself: a partition that is down must not keep the tick from the others.
    async def write(topic: str, partition: int) -> bool:
        try:
            await asyncio.wait_for(send_all(producer, {TopicPartition(topic, partition): [Outgoing(None, value)]}), timeout_s)
        except (KafkaError, TimeoutError) as fault:
            metrics.tick_failed(topic, partition, fault)
            return False
        return True

    written = await asyncio.gather(*(write(topic, n) for topic, count in origins.items() for n in range(count)))
    metrics.tick_written(at_s, written.count(True), written.count(False))
    return written.count(False)


__all__ = ["keep_time", "live_topics", "write_tick"]
