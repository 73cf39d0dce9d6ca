"""One partition of the log in the hands of this process: its state, its writer, its reader, and a task that works.

The state knows its own position. What the group delivers below it is skipped, what is missing above it is read from the
log, so the group's offset is only a hint. After any error the state is thrown away and rebuilt from the checkpoint and
the log: nothing is ever published from a state of which it is not certain what has been published before.

While one batch is being committed the next is taken in, and is asked what it changed only when the one before is through. So
there is never more than one transaction, and where it fails, both batches are taken in again from the last commit.
"""

import asyncio
import gc
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError

from schemas.facts import Fact
from schemas.topics import LOCATED, REJECTED
from streams import metrics
from streams.core.intake import TICK_KEY
from streams.core.vitals import TruceVitals
from streams.signing import Signer
from streams.worker import failpoints
from streams.worker.chunks import Chunk
from streams.worker.progress import Progress
from streams.worker.reading import PartitionReader
from streams.worker.recovery import Recovery
from streams.worker.sending import Outgoing
from streams.worker.state import State, StateType, step_over, take_in
from streams.worker.transactions import PartitionWriter

ATTEMPTS_MAX = 3
"""A batch whose transaction fails this often ends the process."""
BATCH_S_MAX = 1.0
"""A batch is committed after so long, however much is left: readers, and whoever asks for the partition, need not wait."""
SLICE_RECORDS = 10
"""Records taken in between two turns of the loop, in which the commit of the batch before goes on."""
COLLECT_SHARE = 100
"""Between two looks for garbage lies so many times what a look takes."""
VITALS_SHARE = 500
"""Between two looks at the vitals of a partition lies so many times what a look takes."""

_THROUGH = object()
"""In the inbox: a commit has come to its end."""


class Stopped(Exception):
    """The partition was given back in the middle of something."""


class Batch(NamedTuple):
    """What one transaction commits: the records that were decided, what changed by them, and how things stand behind them.

    `refused`: reason and class of source, of each report. `vitals`: None where it was too early to look again.
    """

    records: Sequence[Any]
    facts: list[Fact]
    bases: list[Fact]
    position: Fact
    next_offset: int
    markers: Sequence[Outgoing]
    refused: list[tuple[str, str]]
    halted: dict[str, str]
    vitals: list[TruceVitals] | None
    steps_s: dict[str, float]


class InFlight(NamedTuple):
    """A batch, and the task that commits it."""

    batch: Batch
    task: asyncio.Task[None]


class PartitionOwner:
    """Run `run` as a task and `put` chunks; `acknowledge` is called for each that is done. `run` raises what it cannot mend."""

    def __init__(
        self,
        number: int,
        client: Mapping[str, Any],
        prefix: str,
        state_type: StateType,
        progress: Progress,
        acknowledge: Callable[[Chunk], None],
        signer: Signer | None = None,
    ) -> None:
        self.number = number
        self.ready = False
        self._state: State | None = None
        self._progress = progress
        self._acknowledge = acknowledge
        self._writer = PartitionWriter(client, prefix, number, signer)
        self._log = PartitionReader(client, LOCATED, number)
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        # In the order of the log: what is being committed, what the state has taken in since, and what is still to do.
        self._in_flight: InFlight | None = None
        self._taken: list[Any] = []
        self._todo: deque[Any] = deque()
        self._taken_since = self._taking_s = 0.0
        self._raised: dict[int, Exception] = {}
        self._failures = 0
        self._committed_offset = 0
        self._unacknowledged: deque[Chunk] = deque()
        self._halted: set[str] = set()
        self._vitals: list[TruceVitals] = []
        self._vitals_due_at = self._collect_due_at = 0.0
        self._recovery = Recovery(number, client, state_type, self._log, progress, self._check_stopping)
        self._stopping = False
        self._ended = asyncio.Event()

    def put(self, chunk: Chunk) -> None:
        self._inbox.put_nowait(chunk)

    async def run(self) -> None:
        """Own the partition until `stop`: fence, rebuild, catch up with the log, then work on what the group delivers."""
        try:
            with suppress(Stopped):
                await self._begin()
                while (news := await self._inbox.get()) is not None and not self._stopping:
                    if news is not _THROUGH:
                        self._unacknowledged.append(news)
                        await self._take(news.take())
                    await self._work()
                    self._acknowledge_done()
            with suppress(KafkaError):  # where the last commit fails nobody has acknowledged it, and whoever comes decides it
                await self._settle()
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """Let what is being committed come to its end, then let go of everything. The task has ended when this returns."""
        self._stopping = True
        self._inbox.put_nowait(None)
        await self._ended.wait()
        self._state = None
        await self._log.stop()
        await self._writer.stop()

    def recovery(self) -> tuple[int, int, float]:
        """(records that remain, records in all, seconds so far) of the last rebuild."""
        return self._recovery.standing

    def vitals(self) -> list[TruceVitals]:
        """What the truces have come to, as committed: now where nothing is in hand, else behind the last commit."""
        if self.ready and self._in_flight is None and not self._taken and not self._todo:
            self._vitals = self._look_at_vitals() or self._vitals
        return self._vitals

    def halted(self) -> set[str]:
        """Truces for which nothing is decided, as committed."""
        return self._halted

    async def _begin(self) -> None:
        await self._writer.start()
        await self._log.start()
        await self._rebuild()
        if self._recovery.lost_checkpoint:
            await self._record_position()
        await self._take_log(await self._log.end())
        await self._work(to_the_end=True)
        self.ready = True

    async def _record_position(self) -> None:
        """The checkpoint was lost: it is there again at once, not only when there is something to decide."""
        await self._writer.commit([*self._state.bases(), self._state.position()], self._state.next_offset)

    # -- taking in -----------------------------------------------------------------------------------------------------

    async def _take(self, records: Sequence[Any]) -> None:
        """Records of the group, in order: skip what is known, read what is missing; the rest is to do."""
        fresh = [record for record in records if record.offset >= self._state.next_offset]
        if fresh:
            await self._take_log(fresh[0].offset)
            self._todo.extend(fresh)

    async def _take_log(self, end: int) -> None:
        """Take in what lies between the state's position and `end`, read from the log itself."""
        start, taken = self._state.next_offset, 0
        async for records in self._log.read(start, end):
            self._todo.extend(records)
            await self._work()
            taken += len(records)
        if taken and self.ready:
            metrics.gap_filled(self.number, start, end)
        step_over(self._state, end)

    async def _work(self, to_the_end: bool = False) -> None:
        """Take in what is to do, and begin to commit it as soon as nothing else is being committed."""
        while self._todo or self._taken or self._in_flight is not None:
            try:
                await self._take_in()
                if self._in_flight is not None and not self._in_flight.task.done() and not to_the_end:
                    return
                await self._commit_taken()
            except KafkaError as fault:
                await self._start_over(fault)

    async def _take_in(self) -> None:
        """Empty what is to do into the state. A record that has raised is refused, behind a commit of those before it."""
        while self._todo:
            self._check_stopping()
            if self._todo[0].offset in self._raised:
                await (self._commit_taken() if self._taken else self._refuse())
                continue
            if not self._taken:
                failpoints.reach("monitor.read")
                self._taken_since = time.monotonic()
            try:
                self._take_slice()
            except Exception as fault:
                # Broad, because a bug must cost one report, visibly, and not the truce.
                await self._settle()
                await self._blame(self._todo[0], fault)
            await asyncio.sleep(0)
            if time.monotonic() - self._taken_since > BATCH_S_MAX:
                await self._commit_taken()

    def _take_slice(self) -> None:
        started = time.monotonic()
        for _ in range(min(SLICE_RECORDS, len(self._todo))):
            record = self._todo[0]
            if record.offset in self._raised:
                break
            if record.offset >= self._state.next_offset:
                take_in(self._state, record)
                self._taken.append(record)
            self._todo.popleft()
        self._taking_s += time.monotonic() - started

    # -- what goes wrong -----------------------------------------------------------------------------------------------

    async def _start_over(self, fault: KafkaError) -> None:
        """A transaction failed: what is not committed is to do again, from a state as the last commit left it."""
        metrics.transaction_aborted(self.number, fault)
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is not None:
            await asyncio.wait([in_flight.task])
            ended = in_flight.task.exception()
            if ended is not None and not isinstance(ended, KafkaError):
                raise ended
        self._put_back(() if in_flight is None else in_flight.batch.records)
        self._failures += 1
        if self._failures == ATTEMPTS_MAX:
            raise fault
        await self._rebuild()

    async def _blame(self, record: Any, fault: Exception) -> None:
        """It raised when it was taken in, and the state is of no use any more: what was taken in is to do again, without it."""
        self._raised[record.offset] = fault
        self._put_back()
        await self._rebuild()

    def _put_back(self, before: Sequence[Any] = ()) -> None:
        """What was taken in is to do again, behind `before`."""
        self._todo.extendleft(reversed([*before, *self._taken]))
        self._taken = []

    def _find_offender(self, records: Sequence[Any], fault: Exception) -> tuple[Any, Exception]:
        """It raised when all were taken in; take them in one by one. Raises `fault` where none is to blame."""
        for record in records:
            try:
                take_in(self._state, record)
                self._state.flush()
                self._state.bases()
                self._state.position()
            except Exception as own_fault:
                return record, own_fault
        raise fault

    async def _refuse(self) -> None:
        """Publish the refusal of the report that is next, with a marker for the log; the state steps over it.

        The marker comes back as a record of the log like any other; the position holds that this one is skipped. Where the
        record is no report, the truce that raised on it is halted, and its neighbours go on.
        """
        await self._settle()
        record = self._todo[0]
        fault = self._raised.pop(record.offset)
        metrics.report_raised("monitor", f"{LOCATED}/{self.number}/{record.offset}", fault)
        step_over(self._state, record.offset)
        facts, markers = self._state.refuse(record.offset, record.value or b"", fault)
        batch = self._batch([record], facts, {}, [Outgoing(record.key, marker) for marker in markers])
        self._todo.popleft()
        self._begin_commit(batch)

    async def _rebuild(self) -> None:
        """What was known is not to be relied upon any more."""
        self._state = None
        self._state = await self._recovery.rebuild(self._committed_offset)
        self._committed_offset = self._state.next_offset
        self._tell_halted(self._state.halted)

    def _check_stopping(self) -> None:
        if self._stopping:
            raise Stopped

    # -- committing ----------------------------------------------------------------------------------------------------

    async def _commit_taken(self) -> None:
        """Ask what changed, once what is being committed is through, and begin to commit it."""
        await self._settle()
        if not self._taken:
            return
        started = time.monotonic()
        try:
            batch = self._batch(self._taken, self._state.flush(), {"decide": self._taking_s})
        except Exception as fault:
            # As broad as above, and for the same reason.
            await self._rebuild()
            at, fault = self._find_offender(self._taken, fault)
            await self._blame(at, fault)
            return
        batch.steps_s["flush"] = time.monotonic() - started
        self._taken, self._taking_s = [], 0.0
        self._begin_commit(batch)

    def _batch(
        self, records: Sequence[Any], facts: list[Fact], steps_s: dict[str, float], markers: Sequence[Outgoing] = ()
    ) -> Batch:
        state = self._state
        refused = [
            (metrics.reason_of(fact), state.source_class(fact.value)) for fact in facts if fact.topic == REJECTED and fact.value
        ]
        vitals = self._look_at_vitals()
        return Batch(
            *(records, facts, state.bases(), state.position(), state.next_offset),
            *(markers, refused, dict(state.halted), vitals, steps_s),
        )

    def _begin_commit(self, batch: Batch) -> None:
        self._in_flight = InFlight(batch, asyncio.create_task(self._commit(batch)))

    async def _settle(self) -> None:
        """Wait for what is being committed. Raises what its transaction raised; it is in flight until somebody minds that."""
        if self._in_flight is not None:
            await self._in_flight.task
            self._in_flight = None
            self._failures = 0

    async def _commit(self, batch: Batch) -> None:
        try:
            failpoints.reach("monitor.decided")
            started = time.monotonic()
            counts = await self._writer.commit([*batch.facts, *batch.bases, batch.position], batch.next_offset, batch.markers)
            self._committed_offset = batch.next_offset
            failpoints.reach("monitor.committed")
            batch.steps_s["commit"] = time.monotonic() - started
            self._count(batch, counts)
            self._progress.moved()
            self._tell_halted(batch.halted)
            self._vitals = batch.vitals or self._vitals
            self._acknowledge_done()
            if batch.bases:
                self._collect()
        finally:
            self._inbox.put_nowait(_THROUGH)

    def _acknowledge_done(self) -> None:
        """Chunks of which everything is committed."""
        while self._unacknowledged and self._unacknowledged[0].last_offset < self._committed_offset:
            self._acknowledge(self._unacknowledged.popleft())
            failpoints.reach("monitor.acknowledged")

    def _count(self, batch: Batch, published: Mapping[str, int]) -> None:
        """Only what is committed is counted."""
        for reason, source_class in batch.refused:
            metrics.report_rejected("monitor", reason, source_class)
        published_ms = [record.timestamp for record in batch.records if record.key != TICK_KEY]
        metrics.transaction_committed(len(batch.records), published, batch.steps_s, published_ms)

    def _collect(self) -> None:
        """A day has closed, and its reports are let go. Anchors and their members know each other, so only a look through
        everything finds them; the process is set to look seldom by itself (see `collecting`)."""
        started = time.monotonic()
        if started >= self._collect_due_at:
            gc.collect()
            now = time.monotonic()
            self._collect_due_at = now + COLLECT_SHARE * (now - started)

    def _look_at_vitals(self) -> list[TruceVitals] | None:
        """At most a five-hundredth of the time goes into looking; None where it is too early."""
        started = time.monotonic()
        if self._state is None or started < self._vitals_due_at:
            return None
        seen = self._state.vitals()
        now = time.monotonic()
        self._vitals_due_at = now + VITALS_SHARE * (now - started)
        return seen

    def _tell_halted(self, halted: Mapping[str, str]) -> None:
        for truce in halted.keys() - self._halted:
            metrics.truce_halted(self.number, truce, halted[truce])
        for truce in self._halted - halted.keys():
            metrics.truce_resumed(self.number, truce)
        self._halted = set(halted)


__all__ = ["PartitionOwner"]
