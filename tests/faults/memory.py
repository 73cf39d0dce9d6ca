"""A whole installation in memory, as a worker without faults would leave it behind: for tests of the judge."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from schemas.facts import Fact
from schemas.topics import LOCATED, TERMS, TOPICS
from streams.core.clock import SimulatedTime
from streams.core.intake import RECEIVED_AT_HEADER, Arrival, Incoming, Intake, terms_record, tick_value
from streams.core.partition import LogPartition
from streams.core.terms import Terms


class Kept(NamedTuple):
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class MemoryTopics:
    """Topics as lists, which a test may damage."""

    def __init__(self, log_partitions: int) -> None:
        self.kept: dict[str, dict[int, list[Kept]]] = {
            topic.name: {number: [] for number in range(log_partitions if topic.partitioned else 1)} for topic in TOPICS
        }

    def append(self, topic: str, partition: int, key: bytes | None, value: bytes | None, at_s: int = 0, headers=()) -> Kept:
        records = self.kept.setdefault(topic, defaultdict(list))[partition]
        kept = Kept(topic, partition, records[-1].offset + 1 if records else 0, at_s * 1_000, key, value, headers)
        records.append(kept)
        return kept

    def names(self) -> Sequence[str]:
        return sorted(self.kept)

    def bounds(self, topic: str) -> Mapping[int, tuple[int, int]]:
        return {
            number: (records[0].offset, records[-1].offset + 1) if records else (0, 0)
            for number, records in self.kept[topic].items()
        }

    def records(self, topic: str) -> Iterator[Kept]:
        return (record for records in self.kept[topic].values() for record in records)

    def all_of(self, topic: str) -> list[Kept]:
        return list(self.records(topic))


def told_in_memory(
    arrivals: Iterable[Arrival], terms: Terms, topic: str, partitions: int = 2, others: Sequence[bytes] = ()
) -> MemoryTopics:
    """The topics after the reports were taken in turn by each partition of `topic`; `others` are messages that are no reports."""
    topics = MemoryTopics(log_partitions=2)
    intake, number = Intake(), terms.truce.partition
    states = [LogPartition(0), LogPartition(1)]
    key = terms.truce.id.encode()

    def log(partition: int, key: bytes, value: bytes) -> None:
        kept = topics.append(LOCATED, partition, key, value)
        states[partition].apply(kept.offset, value, key)

    def publish(facts: Iterable[Fact], partition: int) -> None:
        for fact in facts:
            topics.append(fact.topic, partition, fact.key.encode(), fact.value, headers=fact.headers)

    def take(kept: Kept) -> None:
        taken = intake.take(Incoming(*kept))
        if isinstance(taken, Fact):
            publish([taken], kept.partition % 2)
            return
        for entry in taken:
            for partition in range(2) if entry.partition is None else (entry.partition,):
                log(partition, entry.key, entry.value)

    def tick(at_s: int) -> None:
        for partition in range(partitions):
            take(topics.append(topic, partition, None, tick_value(at_s, {topic: partitions}), at_s))
        for partition, state in enumerate(states):
            publish([*state.flush(), *state.bases(), state.position()], partition)

    topics.append(TERMS, 0, key, terms_record(terms))
    intake.follow(terms_record(terms))
    log(number, key, terms_record(terms))
    for value in others:
        take(topics.append(topic, 0, None, value))
    clock = SimulatedTime([terms])
    for count, arrival in enumerate(arrivals):
        for at_s in clock.until(arrival.received_at):
            tick(at_s)
        header = (RECEIVED_AT_HEADER, b"%d" % arrival.received_at)
        take(topics.append(topic, count % partitions, None, arrival.value, arrival.received_at, (header,)))
    for at_s in clock.to_the_end():
        tick(at_s)
    return topics
