"""Whether what the worker published is what `truce replay` finds in the same reports: a fast wrong answer counts as none.

With several partitions a report may be in the log before the tick of another partition, so what came and went on the way
may differ; what stands in the end does not, and that is compared, byte for byte.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from schemas.facts import Fact, Incident, PhaseChange
from schemas.topics import DAYS, EVIDENCE, INCIDENTS, LEVELS, PHASES
from streams.core.intake import Arrival
from streams.core.replay import Replay
from streams.core.terms import Terms

Standing = dict[str, dict[str, bytes]]
"""By topic, the last value of each key; withdrawn incidents are left out. Phases: the changes in force, by truce."""

_decode_incident = msgspec.json.Decoder(Incident).decode
_decode_change = msgspec.json.Decoder(PhaseChange).decode
KEYED = (INCIDENTS, EVIDENCE, DAYS, LEVELS)


def published(client: dict[str, Any]) -> tuple[Standing, dict[str, int]]:
    """What stands on the topics, and how many bytes were published on each."""
    return asyncio.run(_published(client))


def expected(arrivals: Iterable[Arrival], truces: Sequence[Terms]) -> Standing:
    return _standing(Replay(truces).facts(arrivals))


def differences(one: Standing, other: Standing) -> list[str]:
    """One line a topic that differs; none where the two agree."""
    found = []
    for topic in (*KEYED, PHASES):
        here, there = one[topic], other[topic]
        wrong = [key for key in here.keys() | there.keys() if here.get(key) != there.get(key)]
        if wrong:
            found.append(f"{topic}: {len(wrong)} of {len(there)} differ, such as {min(wrong)}")
        if not there:
            found.append(f"{topic}: there is nothing to compare with")
    return found


def _standing(facts: Iterable[Fact]) -> Standing:
    last: Standing = {topic: {} for topic in KEYED}
    changes: dict[str, dict[str, PhaseChange]] = {}
    for fact in facts:
        if fact.topic == PHASES:
            change = _decode_change(fact.value)
            standing = changes.setdefault(change.truce, {})
            if change.supersedes is not None:
                standing.pop(change.supersedes, None)
            if change.kind != "void":
                standing[change.id] = change
        elif fact.topic in last:
            if fact.value is None:
                last[fact.topic].pop(fact.key, None)
            else:
                last[fact.topic][fact.key] = fact.value
    incidents = last[INCIDENTS]
    last[INCIDENTS] = {key: value for key, value in incidents.items() if _decode_incident(value).status == "live"}
    last[PHASES] = {truce: _in_force(list(standing.values())) for truce, standing in changes.items()}
    return last


def _in_force(changes: Sequence[PhaseChange]) -> bytes:
    """Without what only says how they came to be known."""
    kept = [(c.zone, c.kind, c.before, c.after, c.effective_at, c.reason) for c in changes]
    return msgspec.json.encode(sorted(kept))


async def _published(client: dict[str, Any]) -> tuple[Standing, dict[str, int]]:
    sizes: dict[str, int] = {}
    facts: list[Fact] = []
    consumer = AIOKafkaConsumer(**client, isolation_level="read_committed", auto_offset_reset="earliest")
    async with consumer:
        for topic in (*KEYED, PHASES):
            cluster = await consumer._client.fetch_all_metadata()
            tps = [TopicPartition(topic, number) for number in sorted(cluster.partitions_for_topic(topic))]
            consumer.assign(tps)
            await consumer.seek_to_beginning(*tps)
            ends = await consumer.end_offsets(tps)
            while any([await consumer.position(tp) < ends[tp] for tp in tps]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        facts.append(Fact(topic, record.key.decode(), record.value))
                        sizes[topic] = sizes.get(topic, 0) + len(record.value or b"")
    return _standing(facts), sizes


__all__ = ["Standing", "differences", "expected", "published"]
