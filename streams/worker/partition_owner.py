"""One partition of the log in the hands of this process: its state, its writer, its reader, and a task that works.

The state knows its own position. What the group delivers below it is skipped, what is missing above it is read from the
log, so the group's offset is only a hint. After any error the state is thrown away and rebuilt from the checkpoint and
the log: nothing is ever continued from a state of which it is not certain what has been published.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
from streams.worker.recovery import YIELD_EVERY, Recovery
from streams.worker.sending import Outgoing
from streams.worker.state import State, StateType, step_over, take_in
from streams.worker.transactions import PartitionWriter

ATTEMPTS_MAX = 3
"""A batch whose transaction fails this often ends the process."""
BATCH_S_MAX = 1.0
"""A batch is committed after so long, however much is left: readers, and whoever asks for the partition, need not wait."""
COLLECT_SHARE = 100
"""Between two looks for garbage lies so many times what a look takes."""
VITALS_SHARE = 500
"""Between two looks at the vitals of a partition lies so many times what a look takes."""


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
        self._state: State | None = None
        self._progress = progress
        self._acknowledge = acknowledge
        self._writer = PartitionWriter(client, prefix, number, signer)
        self._log = PartitionReader(client, LOCATED, number)
        self._inbox: asyncio.Queue[Chunk | None] = asyncio.Queue()
        self._halted: set[str] = set()
        self._at_rest = False
        self._vitals: list[TruceVitals] = []
        self._vitals_due_at = self._collect_due_at = 0.0
        self._committed_offset = 0
        self._recovery = Recovery(number, client, state_type, self._log, progress, self._check_stopping)
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
            if self._recovery.lost_checkpoint:
                await self._record_position()
            await self._take_log(await self._log.end())
            self.ready = True
            self._at_rest = True
            while (chunk := await self._inbox.get()) is not None and not self._stopping:
                self._at_rest = False
                await self._take(chunk.take())
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
        return self._recovery.standing

    def vitals(self) -> list[TruceVitals]:
        """What the truces have come to, as committed: now where nothing is in hand, else behind the last commit."""
        if self._at_rest:
            self._look_at_vitals()
        return self._vitals

    def halted(self) -> set[str]:
        """Truces for which nothing is decided, as committed."""
        return self._halted

    def _look_at_vitals(self) -> None:
        """At most a five-hundredth of the time goes into looking."""
        started = time.monotonic()
        if self._state is None or started < self._vitals_due_at:
            return
        self._vitals = self._state.vitals()
        now = time.monotonic()
        self._vitals_due_at = now + VITALS_SHARE * (now - started)

    async def _record_position(self) -> None:
        """The checkpoint was lost: it is there again at once, not only when there is something to decide."""
        await self._writer.commit([*self._state.bases(), self._state.position()], self._state.next_offset)
        self._committed_offset = self._state.next_offset

    async def _take(self, records: Sequence[Any]) -> None:
        """Records of the group, in order: skip what is known, read what is missing, decide on the rest."""
        fresh = [record for record in records if record.offset >= self._state.next_offset]
        if fresh:
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
        step_over(self._state, end)

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
                take_in(self._state, at)
                taken += 1
                if not taken % YIELD_EVERY:
                    await asyncio.sleep(0)
                    if time.monotonic() - started > BATCH_S_MAX:
                        break
            at = None
            decided = time.monotonic()
            facts = self._state.flush()
            bases = self._state.bases()
            checkpoints = [*bases, self._state.position()]
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
        if bases:
            self._collect()
        return [records[taken:]]

    def _collect(self) -> None:
        """A day has closed, and its reports are let go. Anchors and their members know each other, so only a look through
        everything finds them; the process is set to look seldom by itself (see `collecting`)."""
        started = time.monotonic()
        if started >= self._collect_due_at:
            gc.collect()
            now = time.monotonic()
            self._collect_due_at = now + COLLECT_SHARE * (now - started)

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

    async def _refuse(self, record: Any, fault: Exception) -> None:
        """Publish the refusal of a report, with a marker for the log; the state steps over the record.

        The marker comes back as a record of the log like any other; the position holds that this one is skipped. Where the
        record is no report, the truce that raised on it is halted, and its neighbours go on.
        """
        metrics.report_raised("monitor", f"{LOCATED}/{self.number}/{record.offset}", fault)
        step_over(self._state, record.offset)
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
        failpoints.reach("monitor.decided")
        started = time.monotonic()
        counts = await self._writer.commit([*facts, *checkpoints], self._state.next_offset, log_records)
        self._committed_offset = self._state.next_offset
        failpoints.reach("monitor.committed")
        steps_s["commit"] = time.monotonic() - started
        self._count(facts, decided, counts, steps_s)
        self._progress.moved()
        self._tell_halted()
        self._look_at_vitals()

    def _count(
        self, facts: list[Fact], decided: Sequence[Any], published: Mapping[str, int], steps_s: Mapping[str, float]
    ) -> None:
        """Only what is committed is counted."""
        for fact in facts:
            if fact.topic == REJECTED:
                metrics.report_rejected("monitor", metrics.reason_of(fact), self._state.source_class(fact.value))
        published_ms = [record.timestamp for record in decided if record.key != TICK_KEY]
        metrics.transaction_committed(len(decided), published, steps_s, published_ms)

    def _tell_halted(self) -> None:
        for truce in self._state.halted.keys() - self._halted:
            metrics.truce_halted(self.number, truce, self._state.halted[truce])
        for truce in self._halted - self._state.halted.keys():
            metrics.truce_resumed(self.number, truce)
        self._halted = set(self._state.halted)

    async def _rebuild(self) -> None:
        """What was known is not to be relied upon any more."""
        self._state = None
        self._state = await self._recovery.rebuild(self._committed_offset)
        self._tell_halted()

    def _check_stopping(self) -> None:
        if self._stopping:
            raise Stopped


__all__ = ["PartitionOwner"]
