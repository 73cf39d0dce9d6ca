"""A Faust transport that hands an agent all records of one partition from one poll as one event.

Stock Faust spends 60 to 100 microseconds on each message before an agent sees it; a chunk costs that once. It is also
where the consumer is made strict: read committed, from the earliest record, committed up to what is acknowledged and
not past it. Whatever has been fetched when reading starts over is thrown away and read again.

URL scheme `truce://`. The app that uses it says what to subscribe to and how to reach the broker (`app.ChunkApp`).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

import aiokafka
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import ConsumerStoppedError
from aiokafka.structs import TopicPartition
from faust.transport.conductor import Conductor as FaustConductor
from faust.transport.consumer import ensure_TP
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.transport.drivers.aiokafka import Consumer as AiokafkaConsumer
from faust.transport.drivers.aiokafka import Transport as AiokafkaTransport
from faust.types import TP, ConsumerMessage, Message

from streams.core.terms import SIMULATED_PREFIX
from streams.metrics.standing import Lag
from streams.worker.chunks import Chunk, Ledger
from streams.worker.membership import hold_place

POLL_RECORDS_MAX = 8_000
POLL_BYTES_MAX = 8_388_608
"""A poll shares out the one, and stops at the other. A partition holds at most `CHUNKS_MAX` chunks."""
SHARE_RECORDS_MIN = 250
"""For each partition of a poll, however little waits in it beside the others."""
BUSY_POLL_S = 0.02
"""How long a poll waits while some partition is full, so that it is asked again soon after it has room."""
GATHER_S = 0.005
"""How long to gather before a poll where a chunk waits already, unless there is room before that."""


class ConsumerThread(AIOKafkaConsumerThread):
    """Owns the aiokafka consumer; everything here runs in its own thread and loop."""

    _holds_place = False
    _has_asked = False

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        return aiokafka.AIOKafkaConsumer(
            **self.app.client,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=500,
            session_timeout_ms=int(conf.broker_session_timeout * 1_000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1_000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1_000),
            # A long recovery is not a dead worker: the watchdog judges progress, not the time between polls.
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1_000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
        )

    async def subscribe(self, topics: Iterable[str]) -> None:
        wanted = {"pattern": self.app.pattern} if self.app.pattern else {"topics": set(topics)}
        await self.call_thread(self._ensure_consumer().subscribe, listener=self._rebalance_listener, **wanted)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        await super().on_partitions_assigned(assigned, generation_id)
        if self.app.conf.consumer_group_instance_id is not None:
            self._hold_place()
            self._ask_to_lead()

    def _hold_place(self) -> None:
        if not self._holds_place:
            self._holds_place = True
            tell = partial(self.app.loop.call_soon_threadsafe, self.app.displaced)
            hold_place(self._ensure_consumer()._coordinator, self.app.conf.broker_session_timeout, tell)

    def _ask_to_lead(self) -> None:
        """A member whose name stays over a restart gets its partitions back as they were, and is not told whether it leads the
        group: then nobody would notice topics and partitions that have come meanwhile. Where it joins once more the broker
        has it assign anew if it leads, and changes nothing if another does."""
        coordinator = self._ensure_consumer()._coordinator
        leads = coordinator._group_subscription is not None
        if not self._has_asked and not leads:
            self._has_asked = True
            coordinator.request_rejoin()

    async def _fetch_records(
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Mapping[TP, list[Any]]:
        if not self.consumer.flow_active:
            return {}
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError()
        gathered: dict[TP, list[Any]] = {}
        size = 0
        with fetcher._subscriptions.fetch_context():
            # What is there first, if need be after a wait; then what the others have by now.
            fetched = await fetcher.fetched_records(active_partitions, timeout=timeout, max_records=SHARE_RECORDS_MIN)
            left = self._shares(fetcher, active_partitions) if fetched else {}
            while True:
                for tp, records in fetched.items():
                    gathered.setdefault(ensure_TP(tp), []).extend(records)
                    size += sum([record.serialized_value_size for record in records])
                if not left or size >= POLL_BYTES_MAX:
                    break
                tp, share = left.popitem()
                fetched = await fetcher.fetched_records({tp}, timeout=0, max_records=share)
        return gathered

    def _shares(self, fetcher: Any, tps: Collection[TP]) -> dict[TP, int]:
        """Records to take of each of these partitions from what was fetched. Those that have no room now count as well, or the
        first that has it again would get everything."""
        assignment = fetcher._subscriptions.subscription.assignment
        states = {tp: assignment.state_value(tp) for tp in fetcher._records if tp in assignment.tps}
        ends = {tp: (state.position, state.highwater or 0) for tp, state in states.items() if state.has_valid_position}
        waiting = {tp: max(0, end - position) for tp, (position, end) in ends.items()}
        return {tp: share for tp, share in shares(waiting).items() if tp in tps}


def shares(waiting: Mapping[TP, int]) -> dict[TP, int]:
    """Records of a poll for each partition, by how many wait there: of each the same part, so that all come to their ends
    together. Time goes no further than the tick of the last of them, and what is read ahead of that must be held until then."""
    total = max(1, sum(waiting.values()))
    return {tp: max(SHARE_RECORDS_MIN, POLL_RECORDS_MAX * records // total) for tp, records in waiting.items()}


class Consumer(AiokafkaConsumer):
    """Delivers chunks, and commits them in the order of delivery."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.ledger = Ledger()
        self.draining = False
        self._rewinds = 0
        self._standing: dict[TP, tuple[int, float]] = {}
        self._awaited: dict[TP, int] = {}
        self._has_room = asyncio.Event()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """One message a partition; its value is the chunk, its offset that of the chunk's last record by now."""
        if self.ledger.one_waits():
            await self._wait_for_room(GATHER_S)
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        if self.should_stop:
            return
        active = set(self._get_active_partitions())
        wanted = {tp for tp in active if self.ledger.has_room(tp)}
        if self.draining or not wanted:
            await self._wait_for_room(1.0)
            return
        rewinds = self._rewinds
        fetched = await self._getmany(active_partitions=wanted, timeout=timeout if wanted == active else BUSY_POLL_S)
        if self.should_stop or self.draining:
            return
        if not self.flow_active or rewinds != self._rewinds:
            # A rebalance came while this poll was out. Reading has moved on, so what it brought must be read again.
            if self.assignment():
                await self.perform_seek()
            return
        for tp, records in fetched.items():
            gone = await self._gone_before(tp, records[0].offset)
            read_offset, last_offset = self._read_offset[tp], records[-1].offset
            if not self.flow_active or rewinds != self._rewinds:
                return
            if read_offset is None or last_offset >= read_offset:
                self._awaited[tp] = last_offset + 1
                chunk = self.ledger.deliver(tp, records, gone)
                if chunk is not None:
                    yield tp, self._chunk_message(chunk)

    async def _gone_before(self, tp: TP, offset: int) -> range:
        """Offsets that were still to be read, and that retention took before they were: the client moves on in silence."""
        awaited = self._awaited.get(tp, offset)
        if offset <= awaited:
            return range(0)
        first = (await self._thread.earliest_offsets(TopicPartition(*tp)))[TopicPartition(*tp)]
        # Where the topic begins no later, the offsets between belong to transactions, and there was nothing to read.
        return range(awaited, min(first, offset))

    def _chunk_message(self, chunk: Chunk) -> ConsumerMessage:
        tp, last = chunk.tp, chunk.records[-1]
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            chunk.last_offset,
            last.timestamp / 1_000,
            last.timestamp_type,
            [],
            None,
            chunk,
            None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _wait_for_room(self, most_s: float) -> None:
        self._has_room.clear()
        try:
            await asyncio.wait_for(self._has_room.wait(), most_s)
        except TimeoutError:
            return

    def acknowledge(self, chunk: Chunk) -> None:
        """All that came of it is safe. Only this counts: Faust's own acknowledgement comes also by an exception."""
        chunk.acknowledged = True
        self._has_room.set()

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterable[TP]:
        return (tp for tp in self.ledger.partitions() if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        self._acked.pop(tp, None)  # Faust's books, which nobody reads here, must not grow
        self._acked_index.pop(tp, None)
        return self.ledger.take_committable(tp)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets between chunks belong to transactions; they are nothing to acknowledge."""

    async def perform_seek(self) -> None:
        """Start over from what is committed, and from the first record where nothing is."""
        self._rewinds += 1
        self.ledger.forget(self.ledger.partitions())
        await super().perform_seek()
        self._awaited = {tp: committed for tp in self.assignment() if (committed := self._committed_offset.get(tp))}
        fresh = [TopicPartition(*tp) for tp in self.assignment() if not self._committed_offset.get(tp)]
        if fresh:
            await self._thread.seek_to_beginning(*fresh)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await self.app.before_revoked(revoked)
        await super().on_partitions_revoked(revoked)
        self.ledger.forget(revoked)

    async def lags(self) -> dict[TP, Lag]:
        """What waits in each assigned partition, as the broker sees it now. Raises `KafkaError`.

        Where no chunk is out, the position of the fetcher counts: it has passed the control records of transactions,
        which no chunk ever holds. How long it has waited is told by the first record in hand; before one is in hand, by
        the time since which the position has stood still.
        """
        tps = sorted(self.assignment())
        if not tps:
            return {}
        ends = await self._thread.highwaters(*(TopicPartition(*tp) for tp in tps))
        lags, standing = {}, {}
        for tp in tps:
            first = self.ledger.first_in_hand(tp)
            position = first.offset if first is not None else await self._thread.position(TopicPartition(*tp))
            records, now_s = max(0, ends[TopicPartition(*tp)] - position), time.time()
            before, since_s = self._standing.get(tp, (None, now_s))
            standing[tp] = position, since_s if position == before and records else now_s
            waiting_since_s = standing[tp][1]
            if first is not None and not tp.topic.startswith(SIMULATED_PREFIX):
                waiting_since_s = min(waiting_since_s, first.timestamp / 1_000)
            lags[tp] = Lag(records, max(0.0, now_s - waiting_since_s) if records else 0.0)
        self._standing = standing
        return lags

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Left to the watchdog, which does more than write a line."""


class Conductor(FaustConductor):
    """Gives every assigned partition to the app's one agent, whatever its topic is called."""

    def acks_enabled_for(self, topic: str) -> bool:
        return True

    def _update_tp_index(self, assigned: set[TP]) -> None:
        # In place: a running stream holds this very set, to know which messages to wait for when partitions go.
        self._acking_topics.update(tp.topic for tp in assigned)
        for tp in assigned:
            self._tp_index[tp].update(self._topics)


class Transport(AiokafkaTransport):
    """What `truce://` stands for."""

    Consumer: ClassVar[type] = Consumer
    Conductor: ClassVar[type] = Conductor
    driver_version = f"truce aiokafka={aiokafka.__version__}"


__all__ = ["POLL_RECORDS_MAX", "SHARE_RECORDS_MIN", "Conductor", "Consumer", "Transport", "shares"]
