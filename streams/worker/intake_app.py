"""The intake as a Faust app: read every `reports.*` topic, let the core judge each message, write what it says.

At least once: a chunk is acknowledged when everything that came of it has arrived, located and rejected alike. What is
written twice after a crash vanishes by id. A failure to write ends the process with nothing acknowledged.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition

from schemas.facts import Fact, Marker, Origin, Rejection
from schemas.reasons import Reason
from schemas.topics import LOCATED, REJECTED, TERMS
from streams import metrics
from streams.core.envelope import unwrap
from streams.core.intake import Incoming, Intake, refuse, retry_of
from streams.core.monitor.refusals import digest_of
from streams.core.terms import SIMULATED_PREFIX
from streams.settings import Settings
from streams.worker import failpoints
from streams.worker.chunks import Chunk
from streams.worker.clock import keep_time
from streams.worker.failures import CannotStart
from streams.worker.reading import PartitionReader, topics_present
from streams.worker.sending import Outgoing, producer_options, send_all
from streams.worker.shell import Shell

_encode = msgspec.json.Encoder().encode

REPORT_TOPICS = r"^reports\..+"
Outbox = defaultdict[TopicPartition, list[Outgoing]]
YIELD_EVERY = 500
"""Messages between two turns of the loop, so that the clock and the health page are served meanwhile."""
PACE_S = 0.008
"""Between two chunks that may grow: each costs three requests and some two milliseconds, however little is in it."""


class IntakeShell(Shell):
    """Wires the core's `Intake` to Kafka."""

    stage = "intake"

    def __init__(self, settings: Settings, intake: Intake | None = None) -> None:
        super().__init__(settings, "reports", REPORT_TOPICS)
        self.intake = intake or Intake(settings.source_topics, settings.clock_skew_max_s, settings.gazetteers)
        self._producer = AIOKafkaProducer(**producer_options(self.client))
        self._terms = PartitionReader(self.client, TERMS, 0)
        self._terms_offset = 0
        self._refused: list[tuple[str, str]] = []
        self._raised = 0
        self._next_at = 0.0

    async def start(self) -> None:
        await self._producer.start()
        await self._check_topics()
        await self._terms.start()
        await self._load_terms()
        await super().start()
        self.spawn(keep_time(self._producer, self.settings.tick_s))

    async def stop(self) -> None:
        await super().stop()
        await self._terms.stop()
        await self._producer.stop()

    async def work(self, chunk: Chunk) -> None:
        if chunk.acknowledged:
            return  # it went along with one before it
        failpoints.reach("intake.read")
        await self._pace(chunk)
        chunk.take()
        # Each is asked for and written at the same cost as one: from many partitions there come many at a time.
        chunks = [chunk, *self.app.consumer.ledger.next_small()]
        for along in chunks[1:]:
            along.take()
        started = time.monotonic()
        await self._follow_terms()
        logs = [TopicPartition(LOCATED, number) for number in range(await self._log_partitions())]
        outgoing: Outbox = defaultdict(list)
        for one in chunks:
            await self._judge_all(one, logs, outgoing)
        judged = time.monotonic()
        if outgoing:
            await send_all(self._producer, outgoing)
        failpoints.reach("intake.sent")
        for one in chunks:
            self.app.consumer.acknowledge(one)
        failpoints.reach("intake.acknowledged")
        self.progress.moved()
        self._count(chunks, outgoing, judged - started, time.monotonic() - judged)

    async def _pace(self, chunk: Chunk) -> None:
        """Wait where one was taken a moment ago and this one may grow meanwhile."""
        loop = asyncio.get_running_loop()
        ahead_s = self._next_at - loop.time()
        if ahead_s > 0 and chunk.may_grow():
            await asyncio.sleep(ahead_s)
        self._next_at = loop.time() + PACE_S

    def _count(
        self, chunks: Sequence[Chunk], outgoing: Mapping[TopicPartition, list[Outgoing]], judge_s: float, write_s: float
    ) -> None:
        """Only what is through is counted, so that a chunk that is read again is not counted twice."""
        taken = self.intake.take_counts()
        metrics.reports_taken(taken.reports + self._raised, taken.ticks, taken.routed, taken.outside, taken.located)
        for reason, source_class in self._refused:
            metrics.report_rejected(self.stage, reason, source_class)
        self._refused, self._raised = [], 0
        written = sum(len(records) for partition, records in outgoing.items() if partition.topic == LOCATED)
        live = [chunk for chunk in chunks if not chunk.tp.topic.startswith(SIMULATED_PREFIX)]
        metrics.log_written(written, judge_s, write_s, [record.timestamp for chunk in live for record in chunk.records])

    async def _judge_all(self, chunk: Chunk, logs: Sequence[TopicPartition], outgoing: Outbox) -> None:
        """Add what is to be written for a chunk."""
        if chunk.gone:
            self._refuse_what_is_gone(chunk, outgoing)
        for count, record in enumerate(chunk.records, start=1):
            message = Incoming(
                record.topic, record.partition, record.offset, record.timestamp, record.key, record.value, record.headers
            )
            self._judge(message, logs, outgoing)
            if not count % YIELD_EVERY:
                await asyncio.sleep(0)

    def _judge(self, message: Incoming, logs: Sequence[TopicPartition], outgoing: Outbox) -> None:
        """Add what is to be written for one message. `logs`: the partitions of the log, in their order."""
        try:
            outcome = self.intake.take(message)
        except Exception as fault:
            # A bug must cost one report, visibly, and not the stream: the bytes are kept, and no day is quiet by it.
            self._refuse_as_internal_error(message, fault, outgoing)
            return
        if isinstance(outcome, Fact):
            self._reject(message, outcome, outgoing)
            return
        for partition, key, value in outcome:
            if partition is None:
                for log in logs:
                    outgoing[log].append(Outgoing(key, value))
                continue
            if partition >= len(logs):
                raise CannotStart(
                    f"the terms of {key.decode()} name partition {partition} of {LOCATED}, which has {len(logs)}: "
                    "add partitions with `truce topics`"
                )
            # A report of a live topic keeps the time at which it was published, so that its age can be told behind the log.
            published_ms = None if message.topic.startswith(SIMULATED_PREFIX) else message.timestamp_ms
            outgoing[logs[partition]].append(Outgoing(key, value, timestamp_ms=published_ms))

    def _refuse_what_is_gone(self, chunk: Chunk, outgoing: Outbox) -> None:
        """Retention was faster than we. What was said there nobody knows, so that until somebody answers for it no day is
        quiet, as if one report had been refused."""
        tp, gone = chunk.tp, chunk.gone
        metrics.reports_gone(tp.topic, tp.partition, gone.start, gone.stop)
        detail = (
            f"the offsets from {gone.start} to {gone.stop - 1} were deleted from {tp.topic}/{tp.partition} before they were read"
        )
        first = Incoming(tp.topic, tp.partition, gone.start, chunk.records[0].timestamp, None, b"")
        self._refuse_as_ours(first, detail, outgoing)

    def _refuse_as_internal_error(self, message: Incoming, fault: Exception, outgoing: Outbox) -> None:
        metrics.report_raised(self.stage, str(Origin(message.topic, message.partition, message.offset)), fault)
        self._refuse_as_ours(message, f"raised {type(fault).__name__}", outgoing)

    def _refuse_as_ours(self, message: Incoming, detail: str, outgoing: Outbox) -> None:
        origin = Origin(message.topic, message.partition, message.offset)
        digest = _digest(message)
        self._raised += 1
        self._reject(message, refuse(message, Rejection(Reason.INTERNAL_ERROR, detail)), outgoing)
        for truce, terms in self.intake.truces.items():
            # Nobody knows which truce it was for; those that do not read this topic it cannot concern.
            if terms.takes_topic(message.topic):
                marker = _encode(Marker(truce, retry_of(message) or str(origin), Reason.INTERNAL_ERROR, digest=digest))
                outgoing[TopicPartition(LOCATED, terms.truce.partition)].append(Outgoing(truce.encode(), marker))

    def _reject(self, message: Incoming, fact: Fact, outgoing: Outbox) -> None:
        self._refused.append((metrics.reason_of(fact), self.intake.source_class(message)))
        partition = message.partition % len(self._producer.client.cluster.partitions_for_topic(REJECTED))
        outgoing[TopicPartition(REJECTED, partition)].append(Outgoing(fact.key.encode(), fact.value, list(fact.headers)))

    async def _check_topics(self) -> None:
        present = await topics_present(self.client)
        missing = [topic for topic in (LOCATED, REJECTED, TERMS) if topic not in present]
        if missing:
            raise CannotStart(f"there is no topic {', '.join(missing)}: create the topics with `truce topics`")
        for topic in (LOCATED, REJECTED):
            await self._producer.partitions_for(topic)

    async def _log_partitions(self) -> int:
        return len(await self._producer.partitions_for(LOCATED))

    async def _load_terms(self) -> None:
        """The newest of each truce that can be used: what is superseded need not be usable any more."""
        by_truce: dict[bytes, list[bytes]] = {}
        async for record in self._new_terms():
            by_truce.setdefault(record.key, []).append(record.value)
        for values in by_truce.values():
            next((value for value in reversed(values) if self._follow(value)), None)

    async def _follow_terms(self) -> None:
        """So that reports published after terms were are routed by those terms."""
        async for record in self._new_terms():
            self._follow(record.value)

    def _follow(self, value: bytes) -> bool:
        """Whether the terms can be used. The monitor refuses those that cannot, on `truce.rejected` and with a marker."""
        refused = self.intake.follow(value)
        if refused is not None:
            metrics.terms_refused(refused.detail)
        return refused is None

    async def _new_terms(self) -> Any:
        """Up to the end as it is now, those that were not read yet."""
        end = await self._terms.end()
        async for records in self._terms.read(self._terms_offset, end):
            for record in records:
                if record.value is not None:
                    yield record
        self._terms_offset = max(self._terms_offset, end)


def _digest(message: Incoming) -> str | None:
    """Of the report of a message on which something raised; None where it cannot be found in there."""
    try:
        body = unwrap(message.value or b"", message.headers)
    except Exception:
        # Broad, because this may be the very thing that raised, which is told already.
        return None
    return digest_of(body) if body and isinstance(body, bytes) else None


__all__ = ["IntakeShell"]
