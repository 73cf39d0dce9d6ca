"""What the demo sets up and takes down again: a broker, the topics, the terms, and a worker.

Everything goes through the same functions and commands that an operator uses, on a broker that nobody else knows of.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from schemas.topics import LOCATED, TERMS
from streams import clients, guard
from streams.broker import QUICK_JVM_FLAGS, Broker, BrokerError
from streams.core.intake import Arrival, terms_record
from streams.core.terms import Terms
from streams.publishing import Counts, publish
from streams.settings import PREFIX, Settings
from streams.topics import check_topics

REPORT_PARTITIONS = 1
"""With more, the intake may read one partition ahead of another, and a decision can fall an hour of the story earlier."""
BOARD_MAX_S = 30.0
STOP_MAX_S = 40.0
"""A worker drains for at most thirty seconds."""


class Stage:
    """A context manager. `settings` are those of the demo's own broker, whatever the user has set."""

    def __init__(self, say: Callable[[str], None], told_to_stop: threading.Event) -> None:
        self._told_to_stop = told_to_stop
        self._broker = Broker(jvm_flags=QUICK_JVM_FLAGS, say=say)
        self._worker: subprocess.Popen | None = None
        self._board: subprocess.Popen | None = None
        self._log = Path()
        self._folder = tempfile.TemporaryDirectory(prefix="truce-demo-")
        self.settings = Settings()

    def __enter__(self) -> "Stage":
        try:
            self._broker.start()
        except BaseException:
            self.__exit__()
            raise
        self.settings = Settings(bootstrap=self._broker.bootstrap)
        return self

    def __exit__(self, *fault: object) -> None:
        try:
            self._stop(self._board)
            self._stop(self._worker)
        finally:
            self._broker.stop()
            self._folder.cleanup()

    def prepare(self, topics: Sequence[str], truces: Sequence[Terms]) -> None:
        prepare(self.settings, topics, truces)

    def start_worker(self) -> None:
        """`truce worker`, in processes of its own, as it would run anywhere; it ends when we do, however we end."""
        self._log = Path(self._folder.name) / "worker.log"
        self._worker = self._start(self._log, "worker")

    def start_board(self) -> str:
        """`truce board` on a free port; gives its address. Raises `BrokerError` where it does not start."""
        log = Path(self._folder.name) / "board.log"
        self._board = self._start(log, "board", "--port", "0")
        deadline = time.monotonic() + BOARD_MAX_S
        while self._board.poll() is None and time.monotonic() < deadline:
            address = next((word for word in log.read_text(errors="replace").split() if word.startswith("http://")), None)
            if address is not None:
                return address
            time.sleep(0.05)
        raise BrokerError(f"the board did not start: {log.read_text(errors='replace').strip() or 'it said nothing'}")

    def _start(self, log_path: Path, *command: str) -> subprocess.Popen:
        others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) or name == "TRUCE_CACHE"}
        ours = {"TRUCE_BOOTSTRAP": self.settings.bootstrap, "TRUCE_METRICS_PORT": "0"}
        with log_path.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), sys.executable, "-m", "streams.cli", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=others | ours,
                # Ctrl-C is for us: the worker is told to stop, in good order, before its broker goes.
                start_new_session=True,
            )

    def check(self) -> None:
        """Raises `BrokerError` where the broker or the worker has ended, `KeyboardInterrupt` where told to stop."""
        if self._told_to_stop.is_set():
            raise KeyboardInterrupt
        if self._worker is not None and self._worker.poll() is not None:
            lines = self._log.read_text(errors="replace").strip().splitlines()
            raise BrokerError(f"the worker ended by itself: {lines[-1] if lines else 'it said nothing'}")
        if not self._broker.running:
            raise BrokerError("the broker ended by itself")

    def _stop(self, process: subprocess.Popen | None) -> None:
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_MAX_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def prepare(settings: Settings, topics: Sequence[str], truces: Sequence[Terms]) -> None:
    """Create the topics and publish the terms: into the log first, then where the intake looks."""
    with clients.admin(settings) as client:
        check_topics(client, settings.log_partitions, dict.fromkeys(topics, REPORT_PARTITIONS), create=True)
    with clients.producer(settings) as client:
        for terms in truces:
            key = terms.truce.id.encode()
            clients.send(client, LOCATED, terms_record(terms), key=key, partition=terms.truce.partition)
            clients.send(client, TERMS, terms_record(terms), key=key, partition=0)


class Telling(threading.Thread):
    """Publishes one scenario to its topic, with ticks, at a pace; `counts` grow as it does.

    `failure` is what went wrong, if anything; `stop` ends it between two messages.
    """

    def __init__(
        self, settings: Settings, topic: str, terms: Terms, arrivals: Sequence[Arrival], speed: float | None = None
    ) -> None:
        super().__init__(name=f"telling {topic}", daemon=True)
        self.counts = Counts()
        self.failure: BaseException | None = None
        self.arrivals = arrivals
        self.topic = topic
        self._settings = settings
        self._terms = terms
        self._speed = speed
        self._stopped = threading.Event()

    def run(self) -> None:
        try:
            with suppress(_Stopped), clients.producer(self._settings) as client:
                publish(self.arrivals, self.topic, [self._terms], client, self._speed, watch=self._watch)
        # Broad, because a thread has nobody to raise to: whoever waits for it asks for the failure.
        except Exception as fault:
            self.failure = fault

    def stop(self) -> None:
        self._stopped.set()

    def _watch(self, counts: Counts) -> None:
        self.counts = counts
        if self._stopped.is_set():
            raise _Stopped


class _Stopped(Exception):
    """The telling was told to end."""


__all__ = ["REPORT_PARTITIONS", "Stage", "Telling", "prepare"]
