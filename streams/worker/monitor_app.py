"""The monitor as a Faust app: hand each partition of the log to its owner.

Faust says which partitions are ours and brings their records; an owner each does the work, so that one that is being
rebuilt holds up no other.
"""

import asyncio
from pathlib import Path
from typing import Any

from faust.types import TP

from schemas.topics import CHECKPOINTS, LOCATED, TOPICS
from streams import metrics
from streams.settings import Settings
from streams.signing import Signer
from streams.worker.chunks import Chunk
from streams.worker.failures import CannotStart
from streams.worker.partition_owner import PartitionOwner
from streams.worker.reading import topics_present
from streams.worker.shell import Shell
from streams.worker.state import StateType


class MonitorShell(Shell):
    """`state_type` is the core's `LogPartition`, or what a test puts in its place."""

    stage = "monitor"

    def __init__(self, settings: Settings, state_type: StateType) -> None:
        super().__init__(settings, LOCATED)
        self._state_type = state_type
        self._signer = None if settings.signing_key_file is None else Signer(Path(settings.signing_key_file))
        self._owners: dict[int, PartitionOwner] = {}
        metrics.STANDING.owners = self._owners.values
        self.app.before_revoked = self._give_back
        self.app.on_partitions_assigned.connect(self._assigned, weak=False)

    async def start(self) -> None:
        present = await topics_present(self.client)
        missing = [topic.name for topic in TOPICS if topic.name not in present]
        if missing:
            raise CannotStart(f"there is no topic {', '.join(missing)}: create the topics with `truce topics`")
        log, checkpoints = present[LOCATED], present[CHECKPOINTS]
        if log != checkpoints:
            raise CannotStart(
                f"{LOCATED} has {log} partitions and {CHECKPOINTS} {checkpoints}: make them equal with `truce topics`"
            )
        await super().start()

    async def stop(self) -> None:
        self.app.consumer.draining = True
        await self._let_go(list(self._owners))
        await super().stop()

    def ready(self) -> str | None:
        rebuilding = [_rebuilding(owner) for _, owner in sorted(self._owners.items()) if not owner.ready]
        return "; ".join(rebuilding) or super().ready()

    async def work(self, chunk: Chunk) -> None:
        owner = self._owners.get(chunk.tp.partition)
        if owner is not None:  # otherwise it was given back meanwhile
            owner.put(chunk)

    async def _assigned(self, _: Any, assigned: set[TP], **kwargs: Any) -> None:
        for tp in sorted(assigned):
            if tp.partition not in self._owners:
                owner = PartitionOwner(
                    tp.partition,
                    self.client,
                    self.settings.prefix,
                    self._state_type,
                    self.progress,
                    self.app.consumer.acknowledge,
                    self._signer,
                )
                self._owners[tp.partition] = owner
                self.spawn(owner.run())

    async def _give_back(self, revoked: set[TP]) -> None:
        await self._let_go(sorted(tp.partition for tp in revoked))

    async def _let_go(self, partitions: list[int]) -> None:
        owners = [owner for number in partitions if (owner := self._owners.pop(number, None)) is not None]
        await asyncio.gather(*(owner.stop() for owner in owners))


def _rebuilding(owner: PartitionOwner) -> str:
    remaining, total, seconds = owner.recovery()
    done = total - remaining
    if not done:
        return f"rebuilding partition {owner.number}: {total} records to replay"
    left_s = seconds * remaining / done
    return f"rebuilding partition {owner.number}: {done} of {total} records replayed, about {left_s:.0f} s left"


__all__ = ["MonitorShell"]
