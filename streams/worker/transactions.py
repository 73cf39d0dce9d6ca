"""One Kafka transaction for all that one batch of a log partition changed.

Facts and position become visible together or not at all. The offset of the group is no part of it: it is a hint, for which
a transaction would have to ask the broker twice more and wait for the group's log. aiokafka would commit although a send in
the transaction had failed, so every send is awaited first. A fenced producer is at its end: whoever fenced it owns the
partition now.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced
from aiokafka.producer import sender
from aiokafka.structs import TopicPartition

from schemas.facts import Fact
from schemas.topics import LOCATED, PHASES
from streams.signing import Signer
from streams.worker import failpoints
from streams.worker.closing import close
from streams.worker.failures import Fenced, Unsure
from streams.worker.sending import Outgoing, producer_options, send_all

TRANSACTION_TIMEOUT_S = 10
SETTLES_S = 0.002
"""How long to wait before a transaction is begun again, where the broker is still writing the markers of the one before."""
POSITION_HEADER = "truce-position"
"""The place in the log up to which it had been read when this was told: whoever has lost the checkpoint goes by the last."""


class PartitionWriter:
    """Writes to one partition number, of every topic. Starting it fences whoever wrote there before."""

    def __init__(self, client: Mapping[str, Any], prefix: str, partition: int, signer: Signer | None = None) -> None:
        self.partition = partition
        self._signer = signer
        self._producer = AIOKafkaProducer(
            **producer_options(client),
            transactional_id=f"{prefix}-monitor-{partition}",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_S * 1_000,
        )

    async def start(self) -> None:
        await self._producer.start()

    async def stop(self) -> None:
        await close(self._producer)

    async def commit(self, facts: Iterable[Fact], next_offset: int, log_records: Iterable[Outgoing] = ()) -> dict[str, int]:
        """Write facts, and records for the log, in one transaction. Returns how many facts of each topic.

        Raises `Fenced`; `Unsure` where the commit itself failed; or another error after the transaction was aborted: then
        nothing of it is visible.
        """
        position = POSITION_HEADER, f"{LOCATED}/{self.partition}/{next_offset}".encode()
        by_topic = self._outgoing(facts, position)
        counts = {topic: len(records) for topic, records in by_topic.items()}
        by_topic.setdefault(LOCATED, []).extend(log_records)
        outgoing = {TopicPartition(topic, self.partition): records for topic, records in by_topic.items() if records}
        try:
            await self._producer.begin_transaction()
            try:
                failpoints.reach("monitor.begun")
                await send_all(self._producer, outgoing)
                failpoints.reach("monitor.sent")
            except BaseException as fault:
                aborted = await self._abort()
                if not aborted and isinstance(fault, KafkaError) and not isinstance(fault, ProducerFenced | InvalidProducerEpoch):
                    raise Unsure(f"a transaction on log partition {self.partition} cannot be aborted: {fault!r}") from fault
                raise
            await self._commit()
        except (ProducerFenced, InvalidProducerEpoch) as fault:
            raise Fenced(f"another worker has taken over log partition {self.partition}") from fault
        return counts

    def _outgoing(self, facts: Iterable[Fact], position: tuple[str, bytes]) -> dict[str, list[Outgoing]]:
        """By topic. Most facts have the position for a header and nothing else: they share it."""
        by_topic: dict[str, list[Outgoing]] = {}
        plain = [position]
        for fact in facts:
            there = by_topic.get(fact.topic)
            if there is None:
                there = by_topic[fact.topic] = []
            headers = self._headers(fact, position) if fact.headers or fact.topic == PHASES else plain
            there.append(Outgoing(fact.key.encode(), fact.value, headers))
        return by_topic

    def _headers(self, fact: Fact, position: tuple[str, bytes]) -> list[tuple[str, bytes]]:
        """What differs from run to run, or needs a key, goes beside the body: it is the same wherever it is recomputed."""
        headers = [*fact.headers, position]
        if self._signer is not None and fact.topic == PHASES and fact.value is not None:
            headers.append(self._signer.header(fact.value))
        return headers

    async def _commit(self) -> None:
        try:
            await self._producer.commit_transaction()
        except (ProducerFenced, InvalidProducerEpoch):
            raise
        except KafkaError as fault:
            # It may have been committed all the same. To decide again here could say everything twice.
            raise Unsure(f"how a transaction on log partition {self.partition} ended is not known: {fault!r}") from fault

    async def _abort(self) -> bool:
        """False where the producer is past aborting, and of no use any more; the broker aborts when the time is out."""
        try:
            await self._producer.abort_transaction()
        except (ProducerFenced, InvalidProducerEpoch):
            raise
        except (KafkaError, AssertionError):
            return False
        return True


def begin_soon() -> None:
    """Have the client wait for `SETTLES_S` and not for 20 ms: markers are written in two or three. Raises `RuntimeError` where
    the client is not as known."""
    if getattr(sender, "BACKOFF_OVERRIDE", None) not in (0.02, SETTLES_S):
        raise RuntimeError("aiokafka no longer waits between two transactions by the name that is set here")
    sender.BACKOFF_OVERRIDE = SETTLES_S


__all__ = ["POSITION_HEADER", "PartitionWriter", "begin_soon"]
