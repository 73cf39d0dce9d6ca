"""One partition of the log in the hands of this process: its state, its writer, its reader, and a task that works.

The state knows its own position. What the group delivers below it is skipped, what is missing above it is read from the
log, so the group's offset is only a hint. After any error the state is thrown away and rebuilt from the checkpoint and
the log: nothing is ever continued from a state of which it is not certain what has been published.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from aiokafka.errors import KafkaError

from schemas.facts import Fact
from schemas.topics import CHECKPOINTS, LOCATED, PHASES, REJECTED
from streams import metrics
from streams.core.intake import TICK_KEY
from streams.core.partition import HeadsDiffer
from streams.core.snapshot import NewerCheckpoint
from streams.core.vitals import TruceVitals
from streams.signing import Signer
from streams.worker import failpoints
from streams.worker.chunks import Chunk
from streams.worker.failures import CannotStart
from streams.worker.progress import Progress
from streams.worker.reading import PartitionReader, everything, last_values
from streams.worker.sending import Outgoing
from streams.worker.transactions import POSITION_HEADER, PartitionWriter

ATTEMPTS_MAX = 3
"""A batch whose transaction fails this often ends the process."""
BATCH_S_MAX = 1.0
"""A batch is committed after so long, however much is left: readers, and whoever asks for the partition, need not wait."""
VITALS_SHARE = 200
"""Between two looks at the vitals of a partition lies so many times what a look takes."""
CHECKPOINT_POLL_S = 0.02
YIELD_EVERY = 100
"""Records between two turns of the loop."""


class State(Protocol):
    """What the core's `LogPartition` offers."""

    next_offset: int

    @property
    def halted(self) -> dict[str, str]: ...
    @property
    def recorded_offset(self) -> int: ...
    def vitals(self) -> list[TruceVitals]: ...
    def apply(self, offset: int, value: bytes, key: bytes | None) -> None: ...
    def refuse(self, offset: int, value: bytes, fault: Exception) -> tuple[list[Fact], list[bytes]]: ...
    def flush(self, publish: bool = True) -> list[Fact]: ...
    def position(self) -> Fact: ...
    def bases(self) -> list[Fact]: ...
    def recovered(self) -> None: ...
    def source_class(self, rejected: bytes) -> str: ...


class StateType(Protocol):
    def restore(self, number: int, checkpoints: Mapping[str, bytes]) -> State: ...
    def announced(self, changes: Iterable[bytes], next_offset: int) -> bytes: ...


class Stopped(Exception):
    """The partition was given back in the middle of a rebuild."""


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
        self._client = client
        self._state_type = state_type
        self._state: State | None = None
        self._progress = progress
        self._acknowledge = acknowledge
        self._writer = PartitionWriter(client, prefix, number, signer)
        self._log = PartitionReader(client, LOCATED, number)
        self._inbox: asyncio.Queue[Chunk | None] = asyncio.Queue()
        self._halted: set[str] = set()
        self._at_rest = False
        self._vitals: list[TruceVitals] = []
        self._vitals_due_at = 0.0
        self._committed_offset = 0
        self._refused_before: Counter[tuple[bytes, bytes | None]] = Counter()
        self._recovery = 0, 0, 0.0
        self._stopping = False
        self._ended = asyncio.Event()

    def put(self, chunk: Chunk) -> None:
        self._inbox.put_nowait(chunk)

    async def run(self) -> None:
        """Own the partition until `stop`: fence, rebuild, catch up with the log, then work on what the group delivers."""
        try:
            await self._writer.start()
            await self._log.start()
            await self._rebuild()
            await self._take_log((await self._log.bounds())[1])
            self.ready = True
            self._at_rest = True
            while (chunk := await self._inbox.get()) is not None and not self._stopping:
                self._at_rest = False
                await self._take(chunk.records)
                self._acknowledge(chunk)
                failpoints.reach("monitor.acknowledged")
                self._at_rest = True
        except Stopped:
            return
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """Let the batch in hand come to its end, then let go of everything. The task has ended when this returns."""
        self._stopping = True
        self._inbox.put_nowait(None)
        await self._ended.wait()
        self._state = None
        await self._log.stop()
        await self._writer.stop()

    def recovery(self) -> tuple[int, int, float]:
        """(records that remain, records in all, seconds so far) of the last rebuild."""
        return self._recovery

    def vitals(self) -> list[TruceVitals]:
        """What the truces have come to, as committed: now where nothing is in hand, else behind the last commit."""
        if self._at_rest:
            self._look_at_vitals()
        return self._vitals

    def halted(self) -> set[str]:
        """Truces for which nothing is decided, as committed."""
        return self._halted

    def _look_at_vitals(self) -> None:
        """At most a hundredth of the time goes into looking."""
        started = time.monotonic()
        if self._state is None or started < self._vitals_due_at:
            return
        self._vitals = self._state.vitals()
        now = time.monotonic()
        self._vitals_due_at = now + VITALS_SHARE * (now - started)

    async def _take(self, records: Sequence[Any]) -> None:
        """Records of the group, in order: skip what is known, read what is missing, decide on the rest."""
        fresh = [record for record in records if record.offset >= self._state.next_offset]
        if not fresh:
            return
        if fresh[0].offset > self._state.next_offset:
            await self._take_log(fresh[0].offset)
        await self._decide(fresh)

    async def _take_log(self, end: int) -> None:
        """Decide on what lies between the state's position and `end`, read from the log itself."""
        start, taken = self._state.next_offset, 0
        async for records in self._log.read(start, end):
            await self._decide(records)
            taken += len(records)
        if taken and self.ready:
            metrics.gap_filled(self.number, start, end)
        self._step_over(end)

    async def _decide(self, records: Sequence[Any]) -> None:
        """Take in records and commit what they changed; again from the last commit where the transaction fails."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                await self._decide_once([record for record in records if record.offset >= self._state.next_offset])
                return
            except KafkaError as fault:
                metrics.transaction_aborted(self.number, fault)
                if attempt == ATTEMPTS_MAX:
                    raise
                await self._rebuild()

    async def _decide_once(self, records: Sequence[Any]) -> None:
        """All in one transaction; where a record raises, those before it, the refusal of it, and those behind it."""
        raised: dict[int, Exception] = {}
        batches = [records]
        while batches:
            self._check_stopping()
            batch = batches.pop(0)
            if batch and batch[0].offset in raised:
                await self._refuse(batch[0], raised[batch[0].offset])
                batches.insert(0, batch[1:])
            elif batch:
                batches[:0] = await self._commit_batch(batch, raised)

    async def _commit_batch(self, records: Sequence[Any], raised: dict[int, Exception]) -> list[Sequence[Any]]:
        """One transaction. Returns what is left to do: by the time, or because a record raised, which is then in `raised`."""
        failpoints.reach("monitor.read")
        started = time.monotonic()
        taken = 0
        at: Any = None
        try:
            for at in records:
                self._apply(at)
                taken += 1
                if not taken % YIELD_EVERY:
                    await asyncio.sleep(0)
                    if time.monotonic() - started > BATCH_S_MAX:
                        break
            at = None
            decided = time.monotonic()
            facts = self._state.flush()
            checkpoints = [*self._state.bases(), self._state.position()]
        except Exception as fault:
            # Broad, because a bug must cost one report, visibly, and not the truce. The state is of no use any more.
            await self._rebuild()
            if at is None:
                at, fault = self._find_offender(records[:taken], fault)
                await self._rebuild()
            raised[at.offset] = fault
            index = records.index(at)
            return [records[:index], records[index:]]
        steps_s = {"decide": decided - started, "flush": time.monotonic() - decided}
        await self._commit(facts, checkpoints, records[:taken], steps_s)
        return [records[taken:]]

    def _find_offender(self, records: Sequence[Any], fault: Exception) -> tuple[Any, Exception]:
        """It raised when all were taken in; take them in one by one. Raises `fault` where none is to blame."""
        for record in records:
            try:
                self._apply(record)
                self._state.flush()
                self._state.bases()
                self._state.position()
            except Exception as own_fault:
                return record, own_fault
        raise fault

    async def _refuse(self, record: Any, fault: Exception) -> None:
        """Publish the refusal of a report, with a marker for the log; the state steps over the record.

        The marker comes back as a record of the log like any other; the position holds that this one is skipped. Where the
        record is no report, the truce that raised on it is halted, and its neighbours go on.
        """
        metrics.report_raised("monitor", f"{LOCATED}/{self.number}/{record.offset}", fault)
        self._step_over(record.offset)
        facts, markers = self._state.refuse(record.offset, record.value or b"", fault)
        checkpoints = [*self._state.bases(), self._state.position()]
        await self._commit(facts, checkpoints, [record], {}, [Outgoing(record.key, marker) for marker in markers])

    async def _commit(
        self,
        facts: list[Fact],
        checkpoints: list[Fact],
        decided: Sequence[Any],
        steps_s: dict[str, float],
        log_records: Sequence[Outgoing] = (),
    ) -> None:
        if self._refused_before:
            facts = [fact for fact in facts if not self._was_refused(fact)]
        failpoints.reach("monitor.decided")
        started = time.monotonic()
        counts = await self._writer.commit([*facts, *checkpoints], self._state.next_offset, log_records)
        self._committed_offset = self._state.next_offset
        failpoints.reach("monitor.committed")
        steps_s["commit"] = time.monotonic() - started
        for fact in facts:
            if fact.topic == REJECTED:
                metrics.report_rejected("monitor", metrics.reason_of(fact), self._state.source_class(fact.value))
        published_ms = [record.timestamp for record in decided if record.key != TICK_KEY]
        metrics.transaction_committed(len(decided), counts, steps_s, published_ms)
        self._progress.moved()
        self._tell_halted()
        self._look_at_vitals()

    def _was_refused(self, fact: Fact) -> bool:
        refusal = fact.key.encode(), fact.value
        if fact.topic != REJECTED or not self._refused_before[refusal]:
            return False
        self._refused_before[refusal] -= 1
        return True

    def _tell_halted(self) -> None:
        for truce in self._state.halted.keys() - self._halted:
            metrics.truce_halted(self.number, truce, self._state.halted[truce])
        for truce in self._halted - self._state.halted.keys():
            metrics.truce_resumed(self.number, truce)
        self._halted = set(self._state.halted)

    async def _rebuild(self) -> None:
        """Read the checkpoint to its end, then the log up to the recorded position, without output."""
        self._state = None
        started = time.monotonic()
        state = await self._restored()
        first, end = await self._log.bounds()
        reached = state.recorded_offset
        self._check_log(first, end, state.next_offset, reached)
        self._state = state
        replayed, to_replay = 0, max(0, reached - state.next_offset)
        self._recovery = to_replay, to_replay, 0.0
        async for records in self._log.read(state.next_offset, reached):
            self._check_stopping()
            for record in records:
                self._apply(record)
                replayed += 1
                if not replayed % YIELD_EVERY:
                    await asyncio.sleep(0)
            self._progress.moved()
            self._recovery = max(0, reached - state.next_offset), to_replay, time.monotonic() - started
        self._step_over(reached)
        if reached:
            try:
                state.recovered()
            except HeadsDiffer as fault:
                raise CannotStart(str(fault)) from fault
            state.flush(publish=False)
        self._tell_halted()
        self._recovery = 0, to_replay, time.monotonic() - started
        metrics.recovery_done(self.number, replayed, state.next_offset, time.monotonic() - started)

    async def _restored(self) -> State:
        """From the checkpoint as our own last commit left it, at least: a commit is answered when it is safe, and becomes
        visible on one partition after the other. To start from the checkpoint before would leave out what lies between."""
        while True:
            checkpoints = await last_values(self._client, CHECKPOINTS, self.number)
            if f"position/{self.number}" not in checkpoints:
                checkpoints |= await self._announced()
            try:
                state = self._state_type.restore(self.number, checkpoints)
            except NewerCheckpoint as fault:
                raise CannotStart(str(fault)) from fault
            if state.recorded_offset >= self._committed_offset:
                return state
            await asyncio.sleep(CHECKPOINT_POLL_S)

    async def _announced(self) -> dict[str, bytes]:
        """Where there is no position: the one that the last change of phase was announced at, or else a lost checkpoint would
        have everything announced once more. What was refused already is not refused again."""
        changes = [record async for record in everything(self._client, PHASES, self.number)]
        if not changes:
            return {}
        stated = [value for name, value in changes[-1].headers if name == POSITION_HEADER]
        if not stated:
            raise CannotStart(
                f"{CHECKPOINTS}/{self.number} holds no position, and the last change of phase does not say where it was decided: "
                f"put {CHECKPOINTS} back from a copy"
            )
        async for record in everything(self._client, REJECTED, self.number):
            self._refused_before[record.key, record.value] += 1
        reached = int(stated[0].rpartition(b"/")[2])
        metrics.checkpoint_lost(self.number, reached)
        return {f"position/{self.number}": self._state_type.announced([change.value for change in changes], reached)}

    def _check_log(self, first: int, end: int, needed: int, reached: int) -> None:
        if first > needed:
            raise CannotStart(
                f"{LOCATED}/{self.number} begins at offset {first}, but state needs it from {needed}: the head of the log is "
                "gone. Put it back from a copy, or reset the topic and its checkpoints and publish reports and terms again"
            )
        if reached > end:
            raise CannotStart(
                f"the checkpoint of {LOCATED}/{self.number} is at offset {reached}, but the log ends at {end}: it is another "
                f"log, or its end is gone. Put the log back, or empty {CHECKPOINTS} and every topic that is computed from it"
            )

    def _apply(self, record: Any) -> None:
        self._step_over(record.offset)
        self._state.apply(record.offset, record.value or b"", record.key)

    def _step_over(self, offset: int) -> None:
        """Offsets that hold no record: the log was read without a break, so they belong to transactions."""
        if offset > self._state.next_offset:
            self._state.next_offset = offset

    def _check_stopping(self) -> None:
        if self._stopping:
            raise Stopped


__all__ = ["PartitionOwner", "State", "StateType"]
