"""What the shell knows of aiokafka, over the in-memory broker: producers, consumers without a group, and asking for topics.

A request takes its time to arrive and its answer to come back; it arrives although its sender is gone meanwhile. Faults
of the network are drawn per request by `Network`.
"""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from aiokafka.errors import (
    ConcurrentTransactions,
    KafkaError,
    MessageSizeTooLargeError,
    RequestTimedOutError,
)
from aiokafka.structs import TopicPartition

from load_tests.simulation.broker import Broker
from load_tests.simulation.loop import PROCESS, SimulatedLoop, check_alive

RETRY_S = 0.02
"""Between two attempts of a client where the broker asks it to wait."""
MESSAGE_MAX = 1_000_000


class Network:
    """`trouble`: the share of requests that something happens to; zero when the world is to come to rest."""

    def __init__(self, loop: SimulatedLoop, broker: Broker, random: Random, trouble: float = 0.0) -> None:
        self.loop = loop
        self.broker = broker
        self.trouble = trouble
        self._random = random

    async def ask(self, action: Callable[[], Any], sender: "Sender | None" = None) -> Any:
        """What the broker answers; asked again while it says that a transaction is being completed."""
        while True:
            try:
                return await self.request(action, sender)
            except ConcurrentTransactions:
                await asyncio.sleep(RETRY_S)

    def request(self, action: Callable[[], Any], sender: "Sender | None" = None) -> asyncio.Future:
        """Send one request. Those of one sender arrive in the order in which they were sent."""
        check_alive(self.loop)
        answer = self.loop.create_future()
        arrives_s = self.loop.time() + self._delay_s()
        if sender is not None:
            sender.last_arrival_s = arrives_s = max(arrives_s, sender.last_arrival_s)
        lost = self._random.random() < self.trouble / 4
        back_s = self._delay_s()

        def arrive() -> None:
            try:
                result, fault = action(), None
            except KafkaError as raised:
                result, fault = None, raised
            self.loop.call_world(back_s, lambda: _settle(answer, result, fault))

        if lost and self._random.random() < 0.5:
            # It never arrives. What is lost on the way back arrives, and nobody learns of it.
            self.loop.call_world(1.0, lambda: _settle(answer, None, RequestTimedOutError()))
        elif lost:
            self.loop.call_world(arrives_s - self.loop.time(), lambda: _ignore(action))
            self.loop.call_world(1.0 + arrives_s - self.loop.time(), lambda: _settle(answer, None, RequestTimedOutError()))
        else:
            self.loop.call_world(arrives_s - self.loop.time(), arrive)
        return answer

    def _delay_s(self) -> float:
        if self.trouble and self._random.random() < self.trouble:
            return self._random.choice((0.05, 0.05, 0.2, 0.2, 1.0, 1.0, 4.0, 12.0))
        return self._random.choice((0.0005, 0.001, 0.002, 0.005))


def _settle(answer: asyncio.Future, result: Any, fault: BaseException | None) -> None:
    if answer.done():
        return
    if fault is None:
        answer.set_result(result)
    else:
        answer.set_exception(fault)
        answer.exception()  # whoever does not look has chosen not to


def _ignore(action: Callable[[], Any]) -> None:
    try:
        action()
    except KafkaError:
        return


class Sender:
    """A connection: what is sent on it arrives in order."""

    last_arrival_s = 0.0


class _Entry(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class _Batch:
    def __init__(self, size_max: int) -> None:
        self.entries: list[_Entry] = []
        self._room = size_max

    def append(self, *, timestamp: Any, key: bytes | None, value: bytes | None, headers: Sequence[Any] = ()) -> object | None:
        size = len(key or b"") + len(value or b"") + 70
        if self.entries and size > self._room:
            return None
        self._room -= size
        self.entries.append(_Entry(key, value, tuple(headers)))
        return self

    def record_count(self) -> int:
        return len(self.entries)


class Cluster:
    """Topics as they were when asked."""

    def __init__(self, broker: Broker) -> None:
        self._partitions = {topic: set(broker.partitions_of(topic)) for topic in broker.topics()}

    def topics(self) -> set[str]:
        return set(self._partitions)

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return self._partitions.get(topic)


class World(NamedTuple):
    """What the imitated clients of a run stand on."""

    network: Network
    random: Random


def client_classes(world: World) -> dict[str, type]:
    """Stand-ins for the classes of aiokafka, by name, of one run."""
    network, broker = world.network, world.network.broker

    class SimulatedClient:
        def __init__(self, **options: Any) -> None:
            self.cluster = Cluster(broker)

        async def bootstrap(self) -> None:
            await self.fetch_all_metadata()

        async def fetch_all_metadata(self) -> Cluster:
            self.cluster = await network.ask(lambda: Cluster(broker))
            return self.cluster

        async def close(self) -> None:
            return

    class SimulatedProducer:
        """Idempotent: what was sent once arrives once, in order, or fails as a whole."""

        def __init__(self, transactional_id: str | None = None, max_batch_size: int = 16_384, **options: Any) -> None:
            self.client = SimulatedClient()
            self._id = transactional_id
            self._batch_max = max_batch_size
            self._epoch = -1
            self._sender = Sender()
            self._in_flight: list[asyncio.Future] = []
            self._turns: dict[TopicPartition, asyncio.Lock] = {}
            self._state = "ready"
            self._wrote = False

        async def start(self) -> None:
            await self.client.bootstrap()
            if self._id is not None:
                while True:
                    try:
                        self._epoch = await network.ask(lambda: broker.initialise(self._id))
                        return
                    except RequestTimedOutError:
                        continue

        async def stop(self) -> None:
            check_alive(network.loop)
            await asyncio.gather(*self._in_flight, return_exceptions=True)

        async def partitions_for(self, topic: str) -> set[int]:
            return (await self.client.fetch_all_metadata()).partitions_for_topic(topic) or set()

        def create_batch(self) -> _Batch:
            return _Batch(self._batch_max)

        async def send_batch(self, batch: _Batch, topic: str, *, partition: int) -> asyncio.Future:
            check_alive(network.loop)
            assert self._id is None or self._state == "in transaction", "cannot send outside a transaction"
            sent = asyncio.ensure_future(self._deliver(TopicPartition(topic, partition), batch.entries))
            sent.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._in_flight.append(sent)
            return sent

        async def _deliver(self, tp: TopicPartition, entries: list[_Entry]) -> None:
            if any(len(entry.value or b"") > MESSAGE_MAX for entry in entries):
                raise MessageSizeTooLargeError()
            self._wrote = True
            async with self._turns.setdefault(tp, asyncio.Lock()):
                if self._id is None:
                    await network.ask(lambda: broker.append(tp, entries), self._sender)
                else:
                    await network.ask(lambda: broker.add(self._id, self._epoch, tp, entries), self._sender)

        async def begin_transaction(self) -> None:
            check_alive(network.loop)
            assert self._state == "ready", f"cannot begin a transaction: {self._state}"
            self._state, self._wrote, self._in_flight = "in transaction", False, []

        async def commit_transaction(self) -> None:
            # As aiokafka does: it waits for what is in flight, and commits although some of it failed.
            await self._finish("commit")

        async def abort_transaction(self) -> None:
            await self._finish("abort")

        async def _finish(self, outcome: str) -> None:
            check_alive(network.loop)
            assert self._state == "in transaction", f"cannot {outcome}: {self._state}"
            await asyncio.gather(*self._in_flight, return_exceptions=True)
            self._in_flight = []
            if self._wrote:
                try:
                    await network.ask(lambda: broker.end_transaction(self._id, self._epoch, outcome), self._sender)
                except KafkaError:
                    # Of how it ended it knows nothing, and there is no way on from here.
                    self._state = "failed"
                    raise
            self._state = "ready"

    class SimulatedConsumer:
        """One partition, as `assign`, `seek` and `getmany` leave it."""

        def __init__(self, **options: Any) -> None:
            assert options["isolation_level"] == "read_committed"
            self._positions: dict[TopicPartition, int] = {}
            self._paused: set[TopicPartition] = set()

        async def start(self) -> None:
            await network.ask(lambda: None)

        async def stop(self) -> None:
            return

        def assign(self, partitions: Sequence[TopicPartition]) -> None:
            self._positions = dict.fromkeys(partitions, 0)

        def seek(self, tp: TopicPartition, offset: int) -> None:
            self._positions[tp] = offset

        def pause(self, *partitions: TopicPartition) -> None:
            self._paused.update(partitions)

        def resume(self, *partitions: TopicPartition) -> None:
            self._paused.difference_update(partitions)

        async def position(self, tp: TopicPartition) -> int:
            return self._positions[tp]

        async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
            return await network.ask(lambda: {tp: broker.logs[tp].start for tp in partitions})

        async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
            return await network.ask(lambda: {tp: broker.logs[tp].stable_end() for tp in partitions})

        async def getmany(self, tp: TopicPartition, timeout_ms: int = 0, max_records: int = 500) -> dict[Any, list[Any]]:
            if tp not in self._paused:
                position = self._positions[tp]
                most = world.random.choice((1, 7, max_records))
                try:
                    records, following = await network.ask(lambda: broker.fetch(tp, position, most))
                except RequestTimedOutError:
                    return {}  # it asks again by itself
                if self._positions[tp] == position and following > position:
                    self._positions[tp] = following
                    return {tp: records} if records else {}
            await asyncio.sleep(timeout_ms / 1_000)
            return {}

    return {"AIOKafkaClient": SimulatedClient, "AIOKafkaProducer": SimulatedProducer, "AIOKafkaConsumer": SimulatedConsumer}


__all__ = ["PROCESS", "Network", "World", "client_classes"]
