"""What the two shells share: an app, a judge of progress, tasks beside the agent, and one way to fail."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from aiokafka.errors import KafkaError
from faust.exceptions import ConsumerNotStarted

from streams import metrics
from streams.settings import Settings
from streams.worker.app import ChunkSchema, make_app
from streams.worker.chunks import Chunk
from streams.worker.failures import Fenced
from streams.worker.progress import LOOK_INTERVAL_S, Progress


class Shell:
    """`failure` is done, with the reason, once it cannot go on; from then on it takes nothing more."""

    stage: str

    def __init__(self, settings: Settings, topic: str, pattern: str | None = None) -> None:
        self.settings = settings
        self.client = settings.aiokafka()
        self.progress = Progress(settings.stuck_after_s)
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.app = make_app(f"{settings.prefix}-{self.stage}", settings, pattern)
        self.app.displaced = self._displaced
        self.app.agent(self.app.topic(topic, schema=ChunkSchema()), name=self.stage)(self._agent)
        self._tasks: list[asyncio.Task] = []
        metrics.STANDING.stage, metrics.STANDING.progress = self.stage, self.progress

    async def work(self, chunk: Chunk) -> None:
        """Take a chunk of records, or hand it to a task; whoever is through with it acknowledges it at the consumer."""
        raise NotImplementedError

    async def start(self) -> None:
        await self.app.start()
        self.spawn(self._look())

    async def stop(self) -> None:
        self.app.consumer.draining = True
        await self.app.stop()
        for task in self._tasks:
            task.cancel()

    def ready(self) -> str | None:
        """What is missing before it works, or None."""
        if not self.app.started:
            return "starting"
        try:
            return None if self.app.consumer.assignment() else "no partition assigned"
        except ConsumerNotStarted:
            return "starting"  # the app says that it has started before the thread of its consumer has

    def fail(self, fault: BaseException) -> None:
        """The first reason stands."""
        if not self.failure.done():
            self.failure.set_exception(fault)

    def _displaced(self) -> None:
        name = self.settings.instance_id
        self.fail(Fenced(f"another worker has taken the place of {name!r} in the group: give each an instance_id of its own"))

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task:
        """Run beside the agent; what it raises is a failure of the whole."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)
        return task

    def _ended(self, task: asyncio.Task) -> None:
        self._tasks.remove(task)
        if not task.cancelled() and task.exception() is not None:
            self.fail(task.exception())

    async def _agent(self, stream: AsyncIterator[Chunk]) -> None:
        try:
            async for chunk in stream:
                if self.failure.done():
                    continue  # nothing more is taken, and nothing that is not acknowledged is committed
                await self.work(chunk)
        except Exception as fault:
            # Broad, because Faust would start the agent again behind the chunk that raised. The process ends by it.
            self.fail(fault)

    async def _look(self) -> None:
        """Ask the broker how much is waiting. Not to be told is the judge's business."""
        while True:
            try:
                lags = await self.app.consumer.lags()
            except KafkaError:
                pass
            else:
                self.progress.looked(sum(lag.records for lag in lags.values()))
                metrics.STANDING.lags = lags
            await asyncio.sleep(LOOK_INTERVAL_S)


__all__ = ["Shell"]
