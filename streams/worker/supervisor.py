"""`truce worker` runs the intake and the monitor in a process each. They live and end together.

Ends when one of them does: a worker of which half is missing looks alive and is not. Starting again, with growing
pauses, is left to whatever started this one.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

STOP_MAX_S = 30.0
"""A child that has not drained by then is ended."""
POLL_S = 0.2


def supervise(commands: Sequence[Sequence[str]]) -> int:
    """Run all commands until one ends or we are told to stop. Returns 0 only where all ended cleanly, as told."""
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    # The pipe is how a child knows that we are gone, however we went: see `process._follow_parent`.
    # A session of its own, so that Ctrl-C reaches it through us and not twice.
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) for command in commands]
    try:
        while not told_to_stop.wait(POLL_S) and all(child.poll() is None for child in children):
            continue
    finally:
        codes = _stop(children)
    if told_to_stop.is_set():
        return max(abs(code) for code in codes)
    print("truce worker: a process ended, so the other was stopped", file=sys.stderr)
    return next((abs(code) for code in codes if code), 1)


def _stop(children: Sequence[subprocess.Popen]) -> list[int]:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_MAX_S
    for child in children:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return [child.returncode for child in children]


__all__ = ["supervise"]
