"""Put a workload on report topics, as `truce publish` would, but in batches that are built by hand."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from aiokafka.structs import TopicPartition

from load_tests.generate import Message, with_ticks
from schemas.topics import LOCATED, TERMS
from streams import clients
from streams.core.intake import RECEIVED_AT_HEADER, terms_record, tick_value
from streams.core.terms import Terms
from streams.settings import Settings
from streams.worker.sending import Outgoing, producer_options, send_all

SENT_AT_ONCE = 5_000


def fill(client: dict[str, Any], topic: str, partitions: int, told: Iterable[Message], truces: Sequence[Terms]) -> int:
    """Reports and ticks, lz4; a source keeps to a partition. Returns how many messages were written, ticks included."""
    return asyncio.run(_fill(client, topic, partitions, told, truces))


def publish_terms(settings: Settings, truces: Sequence[Terms]) -> None:
    """Into the log, and to where the intake looks."""
    with clients.producer(settings) as client:
        for terms in truces:
            record, key = terms_record(terms), terms.truce.id.encode()
            clients.send(client, LOCATED, record, key=key, partition=terms.truce.partition)
            clients.send(client, TERMS, record, key=key, partition=0)


async def _fill(client: dict[str, Any], topic: str, partitions: int, told: Iterable[Message], truces: Sequence[Terms]) -> int:
    tps = [TopicPartition(topic, number) for number in range(partitions)]
    by_source: dict[str, TopicPartition] = {}
    written = 0
    async with AIOKafkaProducer(**producer_options(client)) as producer:
        waiting: dict[TopicPartition, list[Outgoing]] = {tp: [] for tp in tps}
        for count, one in enumerate(with_ticks(told, truces), start=1):
            if isinstance(one, int):
                value = tick_value(one, {topic: partitions})
                for tp in tps:
                    waiting[tp].append(Outgoing(None, value))
            else:
                key = one.source.encode()
                tp = by_source.get(one.source)
                if tp is None:
                    tp = by_source[one.source] = tps[(murmur2(key) & 0x7FFF_FFFF) % partitions]
                waiting[tp].append(Outgoing(key, one.value, [(RECEIVED_AT_HEADER, str(one.received_at).encode())]))
            if not count % SENT_AT_ONCE:
                written += await send_all(producer, waiting)
                waiting = {tp: [] for tp in tps}
        return written + await send_all(producer, waiting)


__all__ = ["fill", "publish_terms"]
