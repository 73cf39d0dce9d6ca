"""One trial: an installation under load, something that goes wrong, and the judge.

Three truces on two partitions of the log are told a story in simulated time. A trial writes it piece by piece, does its
worst in between, and must come to rest judged clean.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from load_tests.bench import CORE, Installation, Worker, wait_until
from load_tests.judge import KafkaTopics, judge
from load_tests.simulation.story import DAYS, PARTITIONS, SETTLED_S, STARTS_S, TICK_S, Message, story, terms_of
from load_tests.verdict import Verdict
from schemas.topics import LOCATED, TERMS
from streams.broker import Broker
from streams.core.intake import RECEIVED_AT_HEADER, terms_record, tick_value
from streams.core.terms import Terms
from streams.settings import Settings

TOPIC = "reports.simulated.trial"
LOG_PARTITIONS = 2
SETTLE_S = 3
"""For the markers of a last transaction."""
Piece = list[tuple[bytes, Sequence[tuple[str, bytes]]]]
"""Messages of one partition: values with their headers."""


class Trial:
    """`random` is seeded: the same seed does the same. `say` is told what happens."""

    def __init__(
        self,
        broker: Broker,
        seed: int,
        say: Callable[[str], None] = lambda line: None,
        bootstrap: str | None = None,
        many: int = 8,
    ) -> None:
        self.broker = broker
        self.seed = seed
        self.random = Random(seed)
        self.say = say
        self.worker_bootstrap = bootstrap or broker.bootstrap
        self.installation = Installation(broker.bootstrap, LOG_PARTITIONS, {TOPIC: PARTITIONS})
        self.settings = Settings(bootstrap=broker.bootstrap, prefix=self.installation.prefix, log_partitions=LOG_PARTITIONS)
        self.terms = [terms_of("first", 0, 2, TOPIC), terms_of("second", 1, 1, TOPIC), terms_of("third", 0, 3, TOPIC)]
        for terms in self.terms:
            self.publish_terms(terms)
        self._told: list[dict[int, Piece]] = []
        self.pieces = cut(with_ticks(list(story(Random(seed), many))), 20)
        self.running: dict[str, Worker] = {}

    def close(self) -> None:
        for worker in self.installation.workers:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGCONT)
        self.installation.close()

    # -- the story -----------------------------------------------------------------------------------------------------

    def publish_terms(self, terms: Terms, **options: Any) -> None:
        """First into the log, then where the intake looks."""
        record, key = terms_record(terms, **options), terms.truce.id.encode()
        self.installation.publish(LOCATED, terms.truce.partition, [record], key=key)
        self.installation.publish(TERMS, 0, [record], key=key)

    def tell(self, pieces: int = 1) -> None:
        """The next pieces of the story."""
        for _ in range(min(pieces, len(self.pieces))):
            self._told.append(self.pieces.pop(0))
            self._write(self._told[-1])

    def tell_again(self) -> None:
        """A piece that was told before: its reports are known, and its ticks are late."""
        self._write(self.random.choice(self._told))

    def _write(self, piece: Mapping[int, Piece]) -> None:
        for number, messages in piece.items():
            self.installation.publish_messages(TOPIC, number, messages)

    # -- workers -------------------------------------------------------------------------------------------------------

    def start(self, name: str, state: str = CORE, **settings: Any) -> Worker:
        """Start `intake` or `monitor`, or a second one of them (`monitor-2`); it keeps its place in its group."""
        stage = name.partition("-")[0]
        options = {"instance_id": name, "bootstrap": self.worker_bootstrap, "stuck_after_s": 40} | settings
        self.running[name] = self.installation.worker("--only", stage, state=state, **options)
        return self.running[name]

    def keep_running(self, *names: str) -> None:
        """Start again what has ended, as whatever supervises workers does."""
        for name in names or tuple(self.running):
            worker = self.running.get(name)
            if worker is None or worker.process.poll() is not None:
                self.start(name)

    def stop(self, *names: str) -> None:
        for name in names or tuple(self.running):
            worker = self.running.pop(name)
            worker.process.terminate()
            worker.process.wait(60)

    def kill(self, name: str) -> None:
        self.running.pop(name).kill()

    def thaw(self, name: str) -> None:
        os.kill(self.running[name].process.pid, signal.SIGCONT)

    def wait_for_work(self, name: str, timeout_s: float = 60) -> None:
        """Until it has said that it is there."""
        wait_until(lambda: "started" in self.running[name].said(), f"{name} starts", timeout_s)

    # -- the end -------------------------------------------------------------------------------------------------------

    def finish(self, timeout_s: float = 180, names: Sequence[str] = ("intake", "monitor")) -> Verdict:
        """Tell the rest, keep workers running until everything is decided, and judge."""
        self.tell(len(self.pieces))
        deadline = time.monotonic() + timeout_s
        verdict = None
        while verdict is None or not (verdict.clean or time.monotonic() > deadline):
            self.keep_running(*names)
            time.sleep(1.0)
            if self.is_decided() or time.monotonic() > deadline:
                verdict = judge(KafkaTopics(self.settings))
        return verdict

    def is_decided(self) -> bool:
        return is_decided(self.settings, [TOPIC])


def is_decided(settings: Settings, report_topics: Sequence[str]) -> bool:
    """Whether the groups have come to the ends, but for the marker of a last transaction."""
    topics, admin = KafkaTopics(settings), KafkaAdminClient(bootstrap_servers=settings.bootstrap)
    try:
        for group, read in (("intake", report_topics), ("monitor", [LOCATED])):
            name = f"{settings.prefix}-{group}"
            offsets = admin.list_group_offsets(name)
            found = {(tp.topic, tp.partition): entry.offset for tp, entry in offsets.get(name, {}).items()}
            ends = [((topic, number), end) for topic in read for number, (_, end) in topics.bounds(topic).items()]
            if any(found.get(tp, 0) < end - 1 for tp, end in ends if end):
                return False
        return True
    except KafkaError:
        return False  # a group that nobody has joined yet, or a broker that is just coming back
    finally:
        admin.close()


def judge_at_rest(settings: Settings, report_topics: Sequence[str], timeout_s: float) -> Verdict:
    """Once everything is decided. A judge who looks while something is on its way reads the topics at different times, so
    one who has something to say looks once more."""
    deadline = time.monotonic() + timeout_s
    while True:
        wait_until(lambda: is_decided(settings, report_topics), "everything is decided", timeout_s, 1)
        time.sleep(SETTLE_S)
        verdict = judge(KafkaTopics(settings))
        if verdict.clean or time.monotonic() > deadline:
            return verdict


def with_ticks(messages: list[Message], topic: str = TOPIC, days: int = DAYS) -> dict[int, list[tuple[float, Piece]]]:
    """By partition, what is written and when (seconds since 1970): reports with their time of receipt, and ticks."""
    last_s = max(SETTLED_S, STARTS_S + (days + 3) * 86_400)
    streams: dict[int, list[tuple[float, Piece]]] = {}
    for number in range(PARTITIONS):
        timed = [(m.at_s, [(m.value, ((RECEIVED_AT_HEADER, b"%d" % m.at_s),))]) for m in messages if m.partition == number]
        ticks = [(float(at_s), [(tick_value(at_s, {topic: PARTITIONS}), ())]) for at_s in range(STARTS_S, last_s, TICK_S)]
        streams[number] = sorted(timed + ticks, key=lambda one: one[0])
    return streams


def cut(streams: Mapping[int, list[tuple[float, Piece]]], pieces: int) -> list[dict[int, Piece]]:
    """Equal lengths of time, so that the partitions keep step."""
    first = min(stream[0][0] for stream in streams.values())
    last = max(stream[-1][0] for stream in streams.values()) + 1
    found: list[dict[int, Piece]] = [{} for _ in range(pieces)]
    for number, stream in streams.items():
        for at_s, messages in stream:
            found[int((at_s - first) / (last - first) * pieces)].setdefault(number, []).extend(messages)
    return found


__all__ = ["TOPIC", "Trial", "cut", "judge_at_rest", "with_ticks"]
