"""An event loop with virtual time, in which processes can be killed and paused between any two steps.

A process is a name that its tasks carry in their context. The steps of one process keep their order, as in any event
loop; which process makes the next step is drawn from a seeded generator. Time moves only when nobody can make a step.
"""

import asyncio
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Any
from zlib import crc32

PROCESS: contextvars.ContextVar[str] = contextvars.ContextVar("process", default="world")
"""Whose step it is. The world is what no fault can touch: broker, network, and whoever makes the faults."""


class Killed(BaseException):
    """Raised where code of a process that is gone asks for anything."""


class Deadlock(AssertionError):
    """Nobody can ever make another step."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """`at_step` is called before each step of a process with its name, and may kill or pause."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.steps = 0
        self.trace = 0
        self.at_step: Callable[[str], None] = lambda process: None
        self._random = random
        self._world = contextvars.Context()
        self._now_s = 0.0
        self._queues: dict[str, deque[asyncio.Handle]] = {}
        self._dead: set[str] = set()
        self._paused: set[str] = set()
        self._tasks: dict[str, list[asyncio.Task]] = {}

    # -- processes -----------------------------------------------------------------------------------------------------

    def run_as(self, process: str, work: Coroutine[Any, Any, Any]) -> asyncio.Future:
        """A task that belongs to a process, as all that comes of it will. Of one that is gone it will never be done."""
        if process in self._dead:
            work.close()
            return self.create_future()
        context = contextvars.copy_context()
        context.run(PROCESS.set, process)
        return self.create_task(work, context=context)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task:
        process = self._whose(options.get("context"))
        if process in self._dead:
            coro.close()
            raise Killed
        task = super().create_task(coro, **options)
        self._tasks.setdefault(process, []).append(task)
        return task

    def call_world(self, delay_s: float, action: Callable[[], None]) -> None:
        """Something that happens however it goes with whoever asked for it."""
        self.call_later(delay_s, action, context=self._world)

    def kill(self, process: str) -> None:
        """It makes no further step. What it has sent is on its way; what it was about to do is not done."""
        self._dead.add(process)
        self._queues.pop(process, None)
        context = contextvars.copy_context()
        context.run(PROCESS.set, process)
        for task in self._tasks.pop(process, ()):
            task._log_destroy_pending = False
            # What it does on its way out it does as the dead: see `check_alive`.
            with suppress(BaseException):
                context.run(task.get_coro().close)

    def pause(self, process: str) -> None:
        self._paused.add(process)

    def resume(self, process: str) -> None:
        self._paused.discard(process)

    def is_at_work(self, process: str) -> bool:
        return process not in self._dead and process not in self._paused

    def is_dead(self, process: str) -> bool:
        return process in self._dead

    def _whose(self, context: contextvars.Context | None) -> str:
        return PROCESS.get() if context is None else context.get(PROCESS, "world")

    # -- the loop ------------------------------------------------------------------------------------------------------

    def time(self) -> float:
        return self._now_s

    def _run_once(self) -> None:
        self._sort_ready()
        ready = [name for name, queue in self._queues.items() if queue and name not in self._paused]
        if not ready:
            self._let_time_pass()
            return
        name = ready[0] if len(ready) == 1 else ready[int(self._random.random() * len(ready))]
        if name != "world":
            self.steps += 1
            self.trace = crc32(b"%d %s %f" % (self.trace, name.encode(), self._now_s))
            self.at_step(name)
            if name in self._dead or name in self._paused:
                return
        handle = self._queues[name].popleft()
        if not handle._cancelled:
            handle._run()

    def _sort_ready(self) -> None:
        while self._ready:
            handle = self._ready.popleft()
            name = handle._context.get(PROCESS, "world")
            if name not in self._dead:
                queue = self._queues.get(name)
                if queue is None:
                    queue = self._queues[name] = deque()
                queue.append(handle)

    def _let_time_pass(self) -> None:
        while self._scheduled and (self._scheduled[0]._cancelled or self._whose(self._scheduled[0]._context) in self._dead):
            self._pop_timer()
        if not self._scheduled:
            raise Deadlock(f"nothing can happen any more; paused: {sorted(self._paused)}")
        self._now_s = max(self._now_s, self._scheduled[0]._when)
        while self._scheduled and self._scheduled[0]._when <= self._now_s:
            timer = self._pop_timer()
            if not timer._cancelled:
                self._ready.append(timer)

    def _pop_timer(self) -> asyncio.TimerHandle:
        timer = heapq.heappop(self._scheduled)
        timer._scheduled = False
        return timer

    def _asyncgen_finalizer_hook(self, agen: Any) -> None:
        """Left to itself: when memory is collected must not show in a run."""

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are dropped when their time comes."""

    def _process_events(self, event_list: Any) -> None:
        raise NotImplementedError("there is no input and no output here")

    def _write_to_self(self) -> None:
        """There are no other threads."""


def check_alive(loop: SimulatedLoop) -> None:
    """For everything by which a process could touch the world: the dead cannot."""
    if loop.is_dead(PROCESS.get()):
        raise Killed


__all__ = ["PROCESS", "Deadlock", "Killed", "SimulatedLoop", "check_alive"]
