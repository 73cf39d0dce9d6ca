"""What the shell knows of Faust: a group that shares out partitions, chunks for an agent, and commits of what is done.

Rebalances are eager, as ours are: everybody gives back everything and gets anew. A member that is paused learns of
nothing; after the session's time it is left out, and finds that out when it goes on.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Any

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from faust.types import TP

from load_tests.simulation.broker import Broker
from load_tests.simulation.clients import Network
from load_tests.simulation.loop import PROCESS, SimulatedLoop, check_alive
from streams.worker.chunks import Chunk, Ledger

SESSION_S = 10.0
COMMIT_INTERVAL_S = 1.0


class Group:
    """The coordinator of one group. Its life is the world's; what it asks of a member runs in the member's process."""

    def __init__(self, name: str, topics: Callable[[], list[TopicPartition]], loop: SimulatedLoop, broker: Broker) -> None:
        self.name = name
        self.generation = 0
        self.members: list[SimulatedApp] = []
        self._topics = topics
        self._loop = loop
        self._broker = broker
        self._due = False
        self._running = False
        self._left_out: list[SimulatedApp] = []

    def join(self, member: "SimulatedApp") -> None:
        self.members.append(member)
        if not self._loop.is_at_work(member.process):
            self.lost(member.process)  # it asked before it ended: nothing will be heard of it
        self.rebalance()

    def leave(self, member: "SimulatedApp") -> None:
        if member in self.members:
            self.members.remove(member)
            self.rebalance()

    def lost(self, process: str) -> None:
        """Nothing is heard of a process any more: after the session's time it counts as gone, unless it goes on by then."""

        def expire() -> None:
            for member in list(self.members):
                if member.process == process and not self._loop.is_at_work(process):
                    self.leave(member)
                    self._left_out.append(member)

        self._loop.call_world(SESSION_S, expire)

    def heard(self, process: str) -> None:
        """It goes on. Where it was left out meanwhile, the answer to its next heartbeat says so, and it asks to join again."""
        for member in [member for member in self._left_out if member.process == process]:
            self._left_out.remove(member)
            self._loop.run_as(process, member.rejoin(self))

    def rebalance(self) -> None:
        self._due = True
        if not self._running:
            self._running = True
            self._loop.run_as("world", self._rebalance())

    async def _rebalance(self) -> None:
        while self._due:
            self._due = False
            self.generation += 1
            asked = list(self.members)
            given_back = {member: self._loop.run_as(member.process, member.give_back(self)) for member in asked}
            while any(member in self.members and not task.done() for member, task in given_back.items()):
                await asyncio.sleep(0.1)
            if self._due:
                continue
            taking = list(self.members)
            shares: dict[SimulatedApp, set[TP]] = {member: set() for member in taking}
            for position, tp in enumerate(sorted(self._topics()) if taking else ()):
                shares[taking[position % len(taking)]].add(TP(*tp))
            for member, share in shares.items():
                self._loop.run_as(member.process, member.take(share, self.generation))
        self._running = False

    def commit(self, member: "SimulatedApp", generation: int, offsets: dict[TP, int]) -> bool:
        """False where the member is not of this generation any more."""
        if member not in self.members or generation != self.generation:
            return False
        self._broker.offsets.setdefault(self.name, {}).update({TopicPartition(*tp): offset for tp, offset in offsets.items()})
        return True


class Signal:
    def __init__(self) -> None:
        self.handler: Callable[..., Awaitable[None]] | None = None

    def connect(self, handler: Callable[..., Awaitable[None]], weak: bool = True) -> None:
        self.handler = handler


class SimulatedConsumer:
    """What the shell asks of the transport's consumer."""

    def __init__(self, app: "SimulatedApp") -> None:
        self.draining = False
        self.ledger = Ledger()
        self.assigned: set[TP] = set()
        self.has_room = asyncio.Event()
        self.acknowledged = asyncio.Event()
        self._app = app

    def assignment(self) -> set[TP]:
        return self.assigned

    def acknowledge(self, chunk: Chunk) -> None:
        check_alive(self._app.loop)
        chunk.acknowledged = True
        self.has_room.set()
        self.acknowledged.set()

    async def lags(self) -> dict[TP, int]:
        return {}


class SimulatedApp:
    """Stands in for `ChunkApp`. `group` is joined at the start."""

    def __init__(self, group: Group, network: Network, random: Random) -> None:
        self.loop, self.process = network.loop, PROCESS.get()
        self.on_partitions_assigned = Signal()
        self.before_revoked: Callable[[set[TP]], Awaitable[None]] = _nothing
        self.started = self.crashed = False
        self.consumer = SimulatedConsumer(self)
        self.generation = 0
        self._group = group
        self._network = network
        self._random = random
        self._positions: dict[TP, int] = {}
        self._chunks: asyncio.Queue[Chunk] = asyncio.Queue()
        self._busy = False
        self._moving = asyncio.Lock()
        self._tasks: list[asyncio.Task] = []

    def topic(self, name: str, schema: Any) -> str:
        return name

    def agent(self, topic: str, name: str) -> Callable[[Any], Any]:
        def register(work: Callable[[AsyncIterator[Chunk]], Awaitable[None]]) -> Any:
            self._work = work
            return work

        return register

    async def start(self) -> None:
        self.started = True
        self._tasks = [asyncio.create_task(one) for one in (self._work(self._stream()), self._poll(), self._commit())]
        await self._network.ask(lambda: self._group.join(self))

    async def stop(self) -> None:
        await self._let_go()
        try:
            await self._network.ask(lambda: self._group.leave(self))
        finally:
            for task in self._tasks:
                task.cancel()

    # -- partitions ----------------------------------------------------------------------------------------------------

    async def give_back(self, group: Group) -> None:
        async with self._moving:
            await self._let_go()
            await self._join(group)

    async def rejoin(self, group: Group) -> None:
        """It was left out, and hears of it."""
        async with self._moving:
            if self not in group.members:
                await self._let_go()
                await self._join(group)

    async def _join(self, group: Group) -> None:
        """Unless it is in; asked until it is let in."""
        while self.started and self not in group.members:
            with suppress(KafkaError):
                await self._network.ask(lambda: None if self in group.members else group.join(self))

    async def _let_go(self) -> None:
        revoked, self._positions = set(self.consumer.assigned), {}
        await self.before_revoked(revoked)
        while not self._chunks.empty():
            self._chunks.get_nowait()
        while self._busy:
            await asyncio.sleep(0.01)
        await self._commit_now()
        self.consumer.ledger.forget(revoked)
        self.consumer.assigned = set()

    async def take(self, share: set[TP], generation: int) -> None:
        self.generation = generation
        self.consumer.assigned = set(share)
        if self.on_partitions_assigned.handler is not None:
            await self.on_partitions_assigned.handler(self, share)
        await self.rewind()

    async def rewind(self) -> None:
        """Read from what is committed on: after an assignment, and whenever a poll has come to nothing."""
        self.consumer.ledger.forget(self.consumer.ledger.partitions())
        committed = self._network.broker.offsets.get(self._group.name, {})
        self._positions = {tp: committed.get(TopicPartition(*tp), 0) for tp in sorted(self.consumer.assigned)}
        self.consumer.has_room.set()

    # -- chunks --------------------------------------------------------------------------------------------------------

    async def _stream(self) -> AsyncIterator[Chunk]:
        while True:
            chunk = await self._chunks.get()
            self._busy = True
            yield chunk
            self._busy = False

    async def _poll(self) -> None:
        while True:
            news = self._network.broker.wait_for_news(TopicPartition(*tp) for tp in sorted(self._positions))
            if not await self._poll_once():
                self.consumer.has_room.clear()
                room = asyncio.ensure_future(self.consumer.has_room.wait())
                while not news.done() and not room.done():
                    await _either(news, room)
                room.cancel()

    async def _poll_once(self) -> bool:
        """Whether anything was delivered."""
        delivered = False
        for tp in sorted(self._positions):
            if self.consumer.draining or tp not in self._positions or not self.consumer.ledger.has_room(tp):
                continue
            position, generation = self._positions[tp], self.generation
            most = self._random.choice((1, 3, 20, 200))
            try:
                records, following = await self._network.ask(
                    lambda tp=tp, position=position, most=most: self._network.broker.fetch(TopicPartition(*tp), position, most)
                )
            except KafkaError:
                delivered = True  # it asks again by itself
                continue
            if generation != self.generation or self._positions.get(tp) != position:
                continue
            self._positions[tp] = following
            chunk = self.consumer.ledger.deliver(tp, records) if records else None
            if chunk is not None:
                self._chunks.put_nowait(chunk)
            delivered = delivered or following > position
        return delivered

    async def _commit(self) -> None:
        while True:
            await self.consumer.acknowledged.wait()
            await asyncio.sleep(COMMIT_INTERVAL_S)
            self.consumer.acknowledged.clear()
            await self._commit_now()

    async def _commit_now(self) -> None:
        offsets = {}
        for tp in self.consumer.ledger.partitions():
            offset = self.consumer.ledger.take_committable(tp)
            if offset is not None:
                offsets[tp] = offset
        if offsets:
            generation = self.generation
            try:
                await self._network.ask(lambda: self._group.commit(self, generation, offsets))
            except KafkaError:
                return  # what is not committed is delivered again


async def _either(one: asyncio.Future, other: asyncio.Future) -> None:
    waiter = asyncio.get_running_loop().create_future()

    def wake(_: asyncio.Future) -> None:
        if not waiter.done():
            waiter.set_result(None)

    for future in (one, other):
        future.add_done_callback(wake)
    try:
        await waiter
    finally:
        for future in (one, other):
            future.remove_done_callback(wake)


async def _nothing(revoked: set[TP]) -> None:
    return


__all__ = ["Group", "SimulatedApp"]
