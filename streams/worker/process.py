"""The life of one worker process: start, work until told to stop or until it cannot go on, let go, say how it ended."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable

import structlog
import uvloop
from aiohttp import web
from aiokafka.errors import KafkaConnectionError

from streams import metrics
from streams.collecting import collect_seldom
from streams.logs import quieten, tell_unheard
from streams.settings import Settings
from streams.worker.failures import CannotStart, Fenced, Unsure, exit_code
from streams.worker.progress import watch
from streams.worker.sending import compress_lightly
from streams.worker.shell import Shell
from streams.worker.transactions import begin_soon
from streams.worker.unpacking import bound_unpacking

DRAIN_MAX_S = 25.0
"""Longer than the longest transaction, shorter than what a container is given to end."""

THREAD_TURN_S = 0.0005
"""How long a thread that could go on waits for one that computes. The client's thread waits anew behind each call of the system,
several times a poll: with Python's 5 ms that came to more than a commit takes."""

log = structlog.get_logger("truce")


def run_shell(make_shell: Callable[[], Shell], settings: Settings, metrics_port: int, die_with_parent: bool) -> int:
    """Run until SIGTERM, SIGINT or a failure. Returns the exit code."""
    quieten(settings.log_level)
    if die_with_parent:
        threading.Thread(target=_follow_parent, name="parent-watch", daemon=True).start()
    sys.setswitchinterval(THREAD_TURN_S)
    collect_seldom(by_itself=False)  # see `PartitionOwner`
    bound_unpacking()
    begin_soon()
    compress_lightly()
    # The policy, because Faust makes a loop of its own for the thread of the consumer.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    code = asyncio.new_event_loop().run_until_complete(_run(make_shell, settings, metrics_port))
    # At once: threads of clients that could not be stopped must not hold up an end that is already decided.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _run(make_shell: Callable[[], Shell], settings: Settings, metrics_port: int) -> int:
    told_to_stop = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(tell_unheard)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    shell = make_shell()
    watch(shell.progress)
    pages = None
    try:
        pages, port = await _serve(shell, settings.metrics_host, metrics_port)
        url = f"http://{settings.metrics_host}:{port}/metrics"
        metrics.started(shell.stage, url, settings.tick_s, settings.stuck_after_s)
        with metrics.announced(settings.metrics_targets, shell.stage, settings.metrics_host, port):
            await shell.start()
            await _first(told_to_stop.wait(), shell.failure, shell.app._crashed.wait())
        fault = _why(shell, told_to_stop)
    except KafkaConnectionError as raised:
        fault = CannotStart(f"no broker answers at {settings.bootstrap} ({raised})")
    except Exception as raised:
        # Broad, because this is the outermost place: whatever it was, it is told once and decides the exit code.
        fault = raised
    if fault is not None:
        _tell(shell.stage, fault)
    try:
        if not shell.app.crashed:  # a crashed app has stopped itself
            await asyncio.wait_for(shell.stop(), DRAIN_MAX_S)
    except Exception as raised:
        # The same: an end that goes wrong is still an end, and not a clean one.
        if fault is None:
            fault = raised
            _tell(shell.stage, raised)
    if pages is not None:
        await pages.cleanup()
    return 0 if fault is None else exit_code(fault)


async def _serve(shell: Shell, host: str, port: int) -> tuple[web.AppRunner, int]:
    try:
        return await metrics.serve(host, port, shell.progress.stuck, shell.ready)
    except OSError as fault:
        raise CannotStart(
            f"cannot serve metrics on {host}:{port} ({fault.strerror}): set metrics_port, 0 for any free one"
        ) from None


async def _first(*waits: object) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def _why(shell: Shell, told_to_stop: asyncio.Event) -> BaseException | None:
    """The reason to end; None where it was told to."""
    if shell.failure.done():
        return shell.failure.exception()
    if told_to_stop.is_set():
        return None
    return shell.app.crash_reason or RuntimeError("the Faust app crashed without a reason")


def _tell(stage: str, fault: BaseException) -> None:
    """One readable line for what an operator can mend; with the place in the code for what only we can."""
    if isinstance(fault, CannotStart | Fenced | Unsure):
        print(f"truce worker: {stage}: {fault}", file=sys.stderr)
    else:
        log.error("worker failed", stage=stage, exc_info=fault)


def _follow_parent() -> None:
    """The parent holds the other end of our standard input; when that closes, it is gone."""
    while sys.stdin.buffer.read(4_096):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


__all__ = ["run_shell"]
