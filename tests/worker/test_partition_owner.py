"""One partition in the hands of a process: what raises, what fails, what is counted, without a broker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from aiokafka.errors import KafkaError
from faust.types import TP
from worker.fake_core import RAISES, RAISES_IN_FLUSH, ChainPartition, chain

from schemas.facts import Fact
from schemas.topics import CHECKPOINTS, LOCATED, PHASES, REJECTED
from streams import metrics
from streams.core.intake import TICK_KEY
from streams.worker import failpoints, partition_owner
from streams.worker.chunks import Chunk
from streams.worker.failures import Fenced
from streams.worker.partition_owner import ATTEMPTS_MAX, PartitionOwner
from streams.worker.progress import Progress
from streams.worker.sending import Outgoing

LOG = TP(LOCATED, 0)


class Shelf:
    """In the broker's place: the log, and what was committed. `failing`: so many transactions fail first.

    Each waits at `gate`.
    """

    def __init__(self, *log: bytes, failing: int = 0) -> None:
        self.log = list(log)
        self.failing = failing
        self.gate = asyncio.Semaphore(1_000)
        self.begun = 0
        self.fault: Exception = KafkaError("as the test asked")
        self.facts: list[Fact] = []
        self.markers: list[bytes] = []

    def records(self, start: int, end: int) -> list[Any]:
        return [
            SimpleNamespace(offset=offset, value=value, key=TICK_KEY if value == b"tick" else b"t", timestamp=offset)
            for offset, value in enumerate(self.log)
            if start <= offset < end
        ]

    def heads(self) -> list[str]:
        return [orjson.loads(fact.value)["head"] for fact in self.facts if fact.topic == PHASES and fact.value]

    def refused(self) -> list[str]:
        return [fact.key.rpartition("/")[2] for fact in self.facts if fact.topic == REJECTED]

    def position(self) -> dict[str, bytes]:
        return {fact.key: fact.value for fact in self.facts if fact.topic == CHECKPOINTS and fact.value}


class Stub:
    """Writer, reader and recovery at once, as far as an owner asks."""

    standing = 0, 0, 0.0
    lost_checkpoint = False

    def __init__(self, *arguments: Any) -> None:
        client = next(one for one in arguments if isinstance(one, Mapping))
        self._shelf: Shelf = client["shelf"]
        self._state_type = next((one for one in arguments if isinstance(one, type)), None)

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def end(self) -> int:
        return 0

    async def read(self, start: int, end: int) -> AsyncIterator[list[Any]]:
        yield self._shelf.records(start, end)

    async def rebuild(self, committed_offset: int) -> ChainPartition:
        assert self._state_type is not None
        state = self._state_type.restore(0, self._shelf.position())
        assert state.recorded_offset == committed_offset
        for record in self._shelf.records(0, committed_offset):
            state.apply(record.offset, record.value)
        state.flush(publish=False)
        return state

    async def commit(self, facts: Iterable[Fact], next_offset: int, log_records: Iterable[Outgoing] = ()) -> dict[str, int]:
        facts = list(facts)
        self._shelf.begun += 1
        await self._shelf.gate.acquire()
        if self._shelf.failing:
            self._shelf.failing -= 1
            raise self._shelf.fault
        self._shelf.facts += facts
        self._shelf.markers += [record.value for record in log_records if record.value]
        return {}


@pytest.fixture(autouse=True)
def stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PartitionWriter", "PartitionReader", "Recovery"):
        monkeypatch.setattr(partition_owner, name, Stub)


def worked_off(
    shelf: Shelf,
    *spans: tuple[int, int],
    state: type = ChainPartition,
    look: Callable[[PartitionOwner], None] = lambda owner: None,
) -> list[int]:
    """Give the log to an owner in chunks of these spans. Last offsets of those that it acknowledged."""

    async def work() -> list[int]:
        acknowledged: list[Chunk] = []
        owner = PartitionOwner(0, {"shelf": shelf}, "of-a-test", state, Progress(60), acknowledged.append)
        look(owner)
        working = asyncio.create_task(owner.run())
        for start, end in spans:
            owner.put(Chunk(LOG, shelf.records(start, end)))
        while len(acknowledged) < len(spans) and not working.done():
            await asyncio.sleep(0)
        look(owner)
        await owner.stop()
        await working
        return [chunk.last_offset for chunk in acknowledged]

    return asyncio.run(work())


@pytest.mark.parametrize("raises", [RAISES, RAISES_IN_FLUSH])
def test_what_raises_costs_itself_and_nothing_else(raises: bytes) -> None:
    shelf = Shelf(b"a", b"b", raises + b" here", b"c", b"d")
    assert worked_off(shelf, (0, 4), (4, 5)) == [3, 4]
    assert shelf.heads() == chain([b"a", b"b", b"c", b"d"])
    assert shelf.refused() == ["2"]
    assert shelf.markers == [b"marker of 2"]


def test_two_that_raise_differently_cost_themselves() -> None:
    shelf = Shelf(RAISES_IN_FLUSH + b" 1", b"a", RAISES + b" 2", RAISES_IN_FLUSH + b" 3", b"b")
    assert worked_off(shelf, (0, 5)) == [4]
    assert shelf.heads() == chain([b"a", b"b"])
    assert shelf.refused() == ["0", "2", "3"]


@pytest.mark.parametrize("failing", range(ATTEMPTS_MAX))
def test_a_transaction_that_fails_is_tried_again_from_the_last_commit(failing: int) -> None:
    shelf = Shelf(b"a", b"b", b"c", failing=failing)
    assert worked_off(shelf, (0, 2), (2, 3)) == [1, 2]
    assert shelf.heads() == chain([b"a", b"b", b"c"])


def test_one_that_fails_again_and_again_ends_it_with_nothing_acknowledged() -> None:
    shelf = Shelf(b"a", b"b", failing=ATTEMPTS_MAX)
    with pytest.raises(KafkaError, match="as the test asked"):
        worked_off(shelf, (0, 2))
    assert shelf.facts == []


def test_what_was_delivered_before_is_passed_over_and_a_gap_is_read_from_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    gaps: list[tuple[int, ...]] = []
    monkeypatch.setattr(metrics, "gap_filled", lambda *gap: gaps.append(gap))
    shelf = Shelf(b"a", b"b", b"c", b"d")

    worked_off(shelf, (0, 1), (0, 1), (2, 4))
    assert shelf.heads() == chain([b"a", b"b", b"c", b"d"])
    assert gaps == [(0, 1, 2)]


def test_only_reports_have_an_age(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, Sequence[int]]] = []
    monkeypatch.setattr(metrics, "transaction_committed", lambda count, _, __, published_ms: seen.append((count, published_ms)))
    worked_off(Shelf(b"tick", b"a", b"tick", b"b"), (0, 4))
    assert seen == [(4, [1, 3])]


def test_what_the_truces_have_come_to_is_that_of_the_state() -> None:
    class Seen(ChainPartition):
        def vitals(self) -> list[Any]:
            return [self.count]

    looked: list[list[Any]] = []
    worked_off(Shelf(b"a", b"b"), (0, 2), state=Seen, look=lambda owner: looked.append(owner.vitals()))
    assert looked == [[], [2]]


# -- while one batch is being committed ----------------------------------------------------------------------------------


class Held:
    """An owner of which the test lets through one transaction after the other."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        shelf.gate = asyncio.Semaphore(0)
        self.acknowledged: list[int] = []
        self.owner = PartitionOwner(
            0,
            {"shelf": shelf},
            "of-a-test",
            ChainPartition,
            Progress(60),
            lambda chunk: self.acknowledged.append(chunk.last_offset),
        )
        self.working = asyncio.create_task(self.owner.run())

    async def give(self, start: int, end: int) -> None:
        self.owner.put(Chunk(LOG, self.shelf.records(start, end)))
        await self.turns()

    async def let_through(self) -> None:
        self.shelf.gate.release()
        await self.turns()

    async def end(self) -> None:
        for _ in range(10):
            self.shelf.gate.release()
        await self.owner.stop()
        await self.working

    @staticmethod
    async def turns() -> None:
        for _ in range(50):
            await asyncio.sleep(0)


def test_the_next_batch_is_taken_in_meanwhile_and_is_committed_behind_it() -> None:
    async def work() -> None:
        held = Held(Shelf(b"a", b"b", b"c", b"d"))
        await held.give(0, 1)
        await held.give(1, 3)
        await held.give(3, 4)
        assert held.owner._state.next_offset == 4, "the state goes on"
        assert (held.shelf.begun, held.acknowledged) == (1, [])
        await held.let_through()
        assert (held.shelf.begun, held.acknowledged) == (2, [0]), "one transaction at a time, and only what is committed is done"
        assert held.shelf.heads() == chain([b"a"])
        await held.let_through()
        assert held.acknowledged == [0, 2, 3]
        assert held.shelf.heads() == chain([b"a", b"b", b"c", b"d"])
        await held.end()

    asyncio.run(work())


def test_where_it_fails_what_was_taken_in_meanwhile_is_decided_again_behind_it() -> None:
    async def work() -> None:
        held = Held(Shelf(b"a", b"b", b"c", failing=1))
        await held.give(0, 1)
        await held.give(1, 3)
        await held.let_through()
        assert held.acknowledged == []
        await held.end()
        assert held.shelf.heads() == chain([b"a", b"b", b"c"])
        assert held.acknowledged == [0, 2]

    asyncio.run(work())


@pytest.mark.parametrize("raises", [RAISES, RAISES_IN_FLUSH])
@pytest.mark.parametrize("failing", [0, 1, 2])
def test_what_raises_meanwhile_waits_for_it_and_costs_itself(raises: bytes, failing: int) -> None:
    async def work() -> None:
        held = Held(Shelf(b"a", b"b", raises, b"c", failing=failing))
        await held.give(0, 1)
        await held.give(1, 4)
        assert held.shelf.begun == 1
        for _ in range(6):
            await held.let_through()
        assert held.shelf.heads() == chain([b"a", b"b", b"c"])
        assert held.shelf.refused() == ["2"]
        assert held.acknowledged == [0, 3]
        await held.end()

    asyncio.run(work())


def test_who_is_fenced_meanwhile_ends_with_nothing_acknowledged() -> None:
    async def work() -> None:
        shelf = Shelf(b"a", b"b", failing=1)
        shelf.fault = Fenced("by another")
        held = Held(shelf)
        await held.give(0, 1)
        await held.give(1, 2)
        await held.let_through()
        with pytest.raises(Fenced):
            await held.working
        assert (held.acknowledged, shelf.facts) == ([], [])

    asyncio.run(work())


@pytest.mark.parametrize("fenced", [False, True])
def test_what_fails_beside_it_waits_for_how_it_ends(monkeypatch: pytest.MonkeyPatch, fenced: bool) -> None:
    reached = 0

    def reach(point: str) -> None:
        nonlocal reached
        reached += point == "monitor.read"
        if point == "monitor.read" and reached == 2:
            raise failpoints.Forced(point)

    monkeypatch.setattr(failpoints, "reach", reach)

    async def work() -> None:
        held = Held(Shelf(b"a", b"b", failing=int(fenced)))
        held.shelf.fault = Fenced("by another")
        await held.give(0, 1)
        await held.give(1, 2)
        assert held.shelf.begun == 1
        await held.let_through()
        if fenced:
            with pytest.raises(Fenced):
                await held.working
            assert held.acknowledged == []
            return
        await held.let_through()
        assert held.acknowledged == [0, 1]
        assert held.shelf.heads() == chain([b"a", b"b"])
        await held.end()

    asyncio.run(work())


def test_an_owner_that_stops_lets_it_come_to_its_end_and_drops_what_was_taken_in_since() -> None:
    async def work() -> None:
        held = Held(Shelf(b"a", b"b"))
        await held.give(0, 1)
        await held.give(1, 2)
        stopping = asyncio.create_task(held.owner.stop())
        await held.turns()
        assert not stopping.done()
        await held.let_through()
        await stopping
        await held.working
        assert held.shelf.heads() == chain([b"a"])
        assert held.acknowledged == [0]

    asyncio.run(work())


def test_an_owner_that_stops_while_it_fails_has_nothing_acknowledged() -> None:
    async def work() -> None:
        held = Held(Shelf(b"a", failing=1))
        await held.give(0, 1)
        stopping = asyncio.create_task(held.owner.stop())
        await held.let_through()
        await stopping
        await held.working
        assert (held.acknowledged, held.shelf.facts) == ([], [])

    asyncio.run(work())


def test_what_the_truces_have_come_to_is_what_is_committed_also_while_the_state_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition_owner, "VITALS_SHARE", 0)

    class Seen(ChainPartition):
        def vitals(self) -> list[Any]:
            return [self.count]

    async def work() -> None:
        held = Held(Shelf(b"a", b"b"))
        held.owner._recovery._state_type = Seen
        await held.give(0, 1)
        assert held.owner.vitals() == []
        await held.give(1, 2)
        await held.let_through()
        assert held.owner.vitals() == [1]
        await held.let_through()
        assert held.owner.vitals() == [2]
        await held.end()

    asyncio.run(work())
