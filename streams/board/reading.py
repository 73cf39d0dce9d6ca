"""Where the messages come from: the public topics of a cluster, committed records only, or a folder of results."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from schemas.topics import INCIDENTS, PHASES
from streams.board.view import TYPES
from streams.clients import BrokerProblem
from streams.results import EVERY, LATEST, ResultsError
from streams.settings import Settings

Message = tuple[str, str, bytes | None]

POLL_MS = 100
RECORDS_MAX = 2_000


async def follow(settings: Settings) -> AsyncIterator[tuple[list[Message], bool]]:
    """Batches of messages from the beginning on, each with whether everything that was there at the start has been read.

    Without a group: every board reads everything, and none is remembered. Raises `BrokerProblem` where no broker answers.
    """
    consumer = AIOKafkaConsumer(
        *TYPES,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        client_id=f"{settings.prefix}-board",
        metadata_max_age_ms=settings.metadata_max_age_s * 1_000,
        **settings.aiokafka(),
    )
    try:
        await consumer.start()
    except (KafkaError, OSError) as fault:
        await consumer.stop()
        raise BrokerProblem(f"no Kafka broker answers at {settings.bootstrap}: {fault}") from None
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        while True:
            batch = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_MAX)
            for partition in [p for p, end in ends.items() if await consumer.position(p) >= end]:
                del ends[partition]
            yield (
                [(r.topic, (r.key or b"").decode(errors="replace"), r.value) for records in batch.values() for r in records],
                not ends,
            )
    finally:
        await consumer.stop()


def stored(folder: Path) -> Iterator[Message]:
    """The messages that `truce replay --out` wrote. Raises `FileNotFoundError` where a file of them is missing, `ResultsError`
    where a line of it is damaged."""
    for topic, name in (LATEST | EVERY).items():
        if topic in TYPES:
            with (folder / name).open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    try:
                        value = orjson.loads(line)
                    except orjson.JSONDecodeError as fault:
                        raise ResultsError(f"{folder / name}:{number} is damaged: {fault}") from None
                    yield topic, _key(topic, value, number), line


def _key(topic: str, value: Any, number: int) -> str:
    """Files hold values only. Of their keys only the incident's is more than a way to tell values apart."""
    return value.get("id", "") if topic in (INCIDENTS, PHASES) else str(number)


__all__ = ["Message", "follow", "stored"]
