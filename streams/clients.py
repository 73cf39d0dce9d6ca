"""Clients of kafka-python for the commands, and the few things that commands ask of a broker.

Where no broker answers, one line says so. Reading is of committed records only.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from schemas.facts import TermsRecord
from schemas.topics import TERMS
from streams.settings import Settings

BOOTSTRAP_TIMEOUT_MS = 10_000
POLL_MS = 200
MESSAGE_BYTES_MAX = 1_048_576
AWAIT_EVERY = 5_000

_decode_terms = msgspec.json.Decoder(TermsRecord).decode


class BrokerProblem(RuntimeError):
    """No broker answers, or it lacks what is needed; the message says so in one line."""


@contextmanager
def admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    with _closing(_connect(KafkaAdminClient, settings)) as client:
        yield client


@contextmanager
def producer(settings: Settings) -> Iterator[KafkaProducer]:
    """Idempotent, and acknowledged by every replica. What is sent must still be awaited: see `send`."""
    options = {"acks": "all", "enable_idempotence": True, "linger_ms": 5, "batch_size": 131_072}
    options |= {"max_request_size": MESSAGE_BYTES_MAX, "allow_auto_create_topics": False}
    with _closing(_connect(KafkaProducer, settings, **options)) as client:
        yield client


@contextmanager
def consumer(settings: Settings) -> Iterator[KafkaConsumer]:
    """Without a group; whoever asks for it assigns partitions and seeks."""
    options = {"group_id": None, "enable_auto_commit": False, "isolation_level": "read_committed"}
    options |= {"max_poll_records": 2_000, "fetch_max_wait_ms": 100, "allow_auto_create_topics": False}
    with _closing(_connect(KafkaConsumer, settings, **options)) as client:
        yield client


class Sending:
    """Writes many messages of a topic, in order, and awaits every one of them.

    The client sets no bound to what it buffers, so what is in flight is awaited every so often; `settle` waits for the
    rest. Both raise `BrokerProblem` where a message was not written; what came after it may not have been either.
    """

    def __init__(self, client: KafkaProducer, topic: str) -> None:
        self._client = client
        self._topic = topic
        self._in_flight: list[Any] = []

    def send(self, value: bytes, **options: Any) -> None:
        """Raises `MessageSizeTooLargeError`, and is good for others, where this one is larger than a message may be."""
        try:
            self._in_flight.append(self._client.send(self._topic, value, **options))
        except MessageSizeTooLargeError:
            raise
        except KafkaError as fault:
            raise self._problem(fault) from fault
        if len(self._in_flight) >= AWAIT_EVERY:
            self.settle()

    def settle(self) -> None:
        self._client.flush()
        for future in self._in_flight:
            if not future.succeeded():
                raise self._problem(future.exception)
        self._in_flight.clear()

    def _problem(self, fault: Exception | None) -> BrokerProblem:
        return BrokerProblem(f"{self._topic}: a message could not be written: {fault or 'no answer'}")


def send(client: KafkaProducer, topic: str, value: bytes, **options: Any) -> None:
    """Write one message and wait until it is there. Raises `KafkaError`."""
    client.send(topic, value, **options).get(timeout=60)


def partitions(client: KafkaConsumer, topic: str) -> list[TopicPartition]:
    """In order. Raises `BrokerProblem` where there is no such topic."""
    numbers = client.partitions_for_topic(topic)
    if not numbers:
        raise BrokerProblem(f"there is no topic {topic}; `truce topics --create` makes the topics of this program")
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def read(settings: Settings, topics: Iterable[str]) -> Iterator[Any]:
    """Every record of the topics from the start up to their ends at the time of the call."""
    with consumer(settings) as client:
        assigned = [partition for topic in topics for partition in partitions(client, topic)]
        if not assigned:
            return
        client.assign(assigned)
        ends = client.end_offsets(assigned)
        client.seek_to_beginning(*assigned)
        unread = {partition for partition in assigned if client.position(partition) < ends[partition]}
        while unread:
            for partition, records in client.poll(timeout_ms=POLL_MS).items():
                yield from (record for record in records if record.offset < ends[partition])
            # By position, not by record: the last offsets may be markers of transactions, which nobody is given.
            unread = {partition for partition in unread if client.position(partition) < ends[partition]}


def ends(settings: Settings, topic: str) -> dict[int, int]:
    """By partition: the offset that the next record will have."""
    with consumer(settings) as client:
        return {tp.partition: end for tp, end in client.end_offsets(partitions(client, topic)).items()}


def written_ends(client: KafkaAdminClient, assigned: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The ends of what is written, be it committed or not: whoever reads what is committed comes there when it is."""
    found = client.list_partition_offsets(dict.fromkeys(assigned, OffsetSpec.LATEST))
    return {partition: place.offset for partition, place in found.items()}


def published_terms(settings: Settings) -> dict[str, TermsRecord]:
    """The newest terms of every truce, by truce id."""
    newest: dict[str, bytes | None] = {record.key.decode(): record.value for record in read(settings, [TERMS])}
    return {truce: _decode_terms(value) for truce, value in sorted(newest.items()) if value is not None}


def _connect(make: Callable[..., Any], settings: Settings, **options: Any) -> Any:
    client = {"client_id": settings.prefix, "bootstrap_timeout_ms": BOOTSTRAP_TIMEOUT_MS}
    try:
        return make(**settings.kafka_python(), **client, **options)
    except KafkaTimeoutError:
        raise BrokerProblem(
            f"no Kafka broker answers at {settings.bootstrap}; start one with `truce broker`, or set TRUCE_BOOTSTRAP"
        ) from None
    except (KafkaError, OSError) as fault:
        raise BrokerProblem(f"the broker at {settings.bootstrap} lets nobody in: {fault}") from None


@contextmanager
def _closing(client: Any) -> Iterator[Any]:
    try:
        yield client
    finally:
        client.close()


__all__ = [
    "MESSAGE_BYTES_MAX",
    "BrokerProblem",
    "Sending",
    "admin",
    "consumer",
    "ends",
    "partitions",
    "producer",
    "published_terms",
    "read",
    "send",
    "written_ends",
]
