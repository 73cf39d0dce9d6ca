"""Liveness means progress. A worker with work before it that gets nowhere ends, so that something else can start one.

The judge is a thread of its own: what it watches for includes an event loop that has stopped turning.
"""

import os
import sys
import threading
import time
from collections.abc import Callable

LOOK_INTERVAL_S = 5.0
STUCK = 5
"""Exit code of a process that got nowhere."""


class Progress:
    """When work last moved, and how much is waiting. Written by the loop, read by the judge."""

    def __init__(self, stuck_after_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._stuck_after_s = stuck_after_s
        self._now = now
        self._moved_at = self._looked_at = now()
        self.lag = 0

    def moved(self) -> None:
        self._moved_at = self._now()

    def looked(self, lag: int) -> None:
        """How many records are waiting, as just learned from the broker."""
        self.lag = lag
        self._looked_at = self._now()

    def ages(self) -> tuple[float, float, int]:
        """(seconds since work moved, seconds since the lag was learned, records that wait)."""
        return self._now() - self._moved_at, self._now() - self._looked_at, self.lag

    def stuck(self) -> str | None:
        """What is wrong, or None. Not to know the lag for that long counts as lag."""
        still_s, blind_s, _ = self.ages()
        if still_s <= self._stuck_after_s:
            return None
        if blind_s > self._stuck_after_s:
            return f"no progress for {still_s:.0f} s, and the lag unknown for {blind_s:.0f} s"
        if self.lag:
            return f"no progress for {still_s:.0f} s with {self.lag} records waiting"
        return None


def watch(progress: Progress, interval_s: float = 1.0) -> None:
    """Start the judge. It ends the process at once: a stuck worker cannot be asked to stop."""

    def judge() -> None:
        while True:
            time.sleep(interval_s)
            wrong = progress.stuck()
            if wrong is not None:
                print(f"truce worker: {wrong}", file=sys.stderr, flush=True)
                os._exit(STUCK)

    threading.Thread(target=judge, name="progress-judge", daemon=True).start()


__all__ = ["LOOK_INTERVAL_S", "STUCK", "Progress", "watch"]
