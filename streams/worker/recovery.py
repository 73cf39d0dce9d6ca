"""Rebuild the state of one partition: the checkpoint to its end, then the log up to the recorded position, without output.

Where checkpoint and log do not fit each other it does not begin, and says what to do.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from schemas.topics import CHECKPOINTS, LOCATED, PHASES, REJECTED, TOPICS
from streams import metrics
from streams.core.partition import HeadsDiffer
from streams.core.snapshot import NewerCheckpoint
from streams.worker.failures import CannotStart
from streams.worker.progress import Progress
from streams.worker.reading import PartitionReader, everything, last_record, last_values
from streams.worker.state import State, StateType, step_over, take_in
from streams.worker.transactions import POSITION_HEADER

CHECKPOINT_POLL_S = 0.02
YIELD_EVERY = 100
"""Records between two turns of the loop."""
LAST_COUNTS = tuple(topic.name for topic in TOPICS if topic.partitioned and topic.name not in (LOCATED, PHASES, REJECTED))
"""Topics that the monitor alone writes, and of which only the last value of a key counts."""


class Recovery:
    """`log` reads the partition; `check_stopping` raises where the partition was given back meanwhile.

    `standing`: (records that remain, records in all, seconds so far) of the last rebuild. `lost_checkpoint`: whether
    it found no position, and went by what was told.
    """

    def __init__(
        self,
        number: int,
        client: Mapping[str, Any],
        state_type: StateType,
        log: PartitionReader,
        progress: Progress,
        check_stopping: Callable[[], None],
    ) -> None:
        self.standing = 0, 0, 0.0
        self.lost_checkpoint = False
        self._number = number
        self._client = client
        self._state_type = state_type
        self._log = log
        self._progress = progress
        self._check_stopping = check_stopping

    async def rebuild(self, committed_offset: int) -> State:
        """The state as it was committed. `committed_offset`: of our own last commit, 0 before the first."""
        started = time.monotonic()
        state = await self._restored(committed_offset)
        first, end = await self._log.bounds()
        reached = state.recorded_offset
        self._check_log(first, end, state.next_offset, reached)
        replayed, to_replay = 0, max(0, reached - state.next_offset)
        self.standing = to_replay, to_replay, 0.0
        async for records in self._log.read(state.next_offset, reached):
            self._check_stopping()
            for record in records:
                take_in(state, record)
                replayed += 1
                if not replayed % YIELD_EVERY:
                    await asyncio.sleep(0)
            self._progress.moved()
            self.standing = max(0, reached - state.next_offset), to_replay, time.monotonic() - started
        step_over(state, reached)
        if reached:
            try:
                state.recovered()
            except HeadsDiffer as fault:
                raise CannotStart(str(fault)) from fault
            state.flush(publish=False)
        self.standing = 0, to_replay, time.monotonic() - started
        metrics.recovery_done(self._number, replayed, state.next_offset, time.monotonic() - started)
        return state

    async def _restored(self, committed_offset: int) -> State:
        """From the checkpoint as our own last commit left it, at least: a commit is answered when it is safe, and becomes
        visible on one partition after the other. To start from the checkpoint before would leave out what lies between."""
        while True:
            checkpoints = await last_values(self._client, CHECKPOINTS, self._number)
            if f"position/{self._number}" not in checkpoints:
                checkpoints = await self._announced()  # a base alone does not say which truces there are
                self.lost_checkpoint = bool(checkpoints)
            try:
                state = self._state_type.restore(self._number, checkpoints, told=True)
            except NewerCheckpoint as fault:
                raise CannotStart(str(fault)) from fault
            if state.recorded_offset >= committed_offset:
                return state
            await asyncio.sleep(CHECKPOINT_POLL_S)

    async def _announced(self) -> dict[str, bytes]:
        """Where there is no position: the one at which anything was last told. All that was decided up to there stands on the
        topics, and from there on nothing was."""
        changes = [record async for record in everything(self._client, PHASES, self._number)]
        rejected = [record async for record in everything(self._client, REJECTED, self._number)]
        others = [await last_record(self._client, topic, self._number) for topic in LAST_COUNTS]
        if changes and _position_of(changes[-1]) is None:
            raise CannotStart(
                f"{CHECKPOINTS}/{self._number} holds no position, and the last change of phase does not say where it was "
                f"decided: put {CHECKPOINTS} back from a copy"
            )
        told = [*changes[-1:], *rejected, *(one for one in others if one is not None)]
        reached = max((place for one in told if (place := _position_of(one)) is not None), default=None)
        if reached is None:
            return {}
        metrics.checkpoint_lost(self._number, reached)
        position = self._state_type.announced([one.value for one in changes], [one.value for one in rejected], reached)
        return {f"position/{self._number}": position}

    def _check_log(self, first: int, end: int, needed: int, reached: int) -> None:
        if first > needed:
            raise CannotStart(
                f"{LOCATED}/{self._number} begins at offset {first}, but state needs it from {needed}: the head of the log is "
                "gone. Put it back from a copy, or reset the topic and its checkpoints and publish reports and terms again"
            )
        if reached > end:
            raise CannotStart(
                f"the checkpoint of {LOCATED}/{self._number} is at offset {reached}, but the log ends at {end}: it is another "
                f"log, or its end is gone. Put the log back, or empty {CHECKPOINTS} and every topic that is computed from it"
            )


def _position_of(record: Any) -> int | None:
    """The place in the log at which it was told. What the intake refuses has none."""
    stated = [value for name, value in record.headers if name == POSITION_HEADER]
    return int(stated[0].rpartition(b"/")[2]) if stated else None


__all__ = ["Recovery"]
