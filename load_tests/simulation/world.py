"""One simulated run: processes on an in-memory Kafka, a story, faults between any two steps, and a judgement.

A run comes to rest: when the story is told the faults end, the processes that are gone are started again, and everything
must be taken in and decided within an hour of virtual time. Then the judge looks at what is on the topics.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from random import Random
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from msgspec import Struct

from load_tests.judge import judge
from load_tests.simulation.app import Group, SimulatedApp
from load_tests.simulation.broker import Broker
from load_tests.simulation.clients import Network, World, client_classes
from load_tests.simulation.loop import PROCESS, SimulatedLoop
from load_tests.simulation.story import D_HOUR_S, DAYS, PARTITIONS, SETTLED_S, STARTS_S, TICK_S, TOPIC, TRUCES, story, terms_of
from load_tests.verdict import Verdict
from schemas.topics import CHECKPOINTS, LOCATED, TERMS, TOPICS
from streams.core import gazetteer
from streams.core.intake import Intake, terms_record
from streams.core.partition import LogPartition
from streams.core.terms import DAY
from streams.metrics import happenings
from streams.settings import Settings
from streams.worker import intake_app, partition_owner, reading, shell, transactions
from streams.worker.clock import keep_time
from streams.worker.failures import Fenced, Unsure
from streams.worker.intake_app import IntakeShell
from streams.worker.monitor_app import MonitorShell
from streams.worker.process import DRAIN_MAX_S

LOG_PARTITIONS = 2
SLOTS = {"intake": 2, "monitor": 2}
"""Processes that run side by side."""
REST_MAX_S = 3_600.0
NEVER_S = 1e9
KINDS = ("kills", "pauses", "stops", "rewinds", "resets", "losses", "new_terms")


class Faults(Struct):
    """What happens in a run, and at which steps of processes; `trouble` is a share of requests.

    A kill is SIGKILL, a pause SIGSTOP for some seconds (long enough, it makes a stale owner), a stop an orderly end. A
    rewind delivers again what was read; a reset moves the offsets of the monitor's group to the start or to the end. A
    loss takes the checkpoints while no monitor runs; new terms come plainly or as a correction. A request in trouble is
    late, or lost on the way there, or lost on the way back.
    """

    kills: list[int] = []
    pauses: list[int] = []
    stops: list[int] = []
    rewinds: list[int] = []
    resets: list[int] = []
    losses: list[int] = []
    new_terms: list[int] = []
    trouble: float = 0.0

    @classmethod
    def drawn(cls, seed: int, wider: bool = False) -> "Faults":
        """Some faults within the length of a usual run; in a third of the runs the network is in order. `wider`: lost
        checkpoints and new terms too."""
        random = Random(f"{seed} faults")
        faults = cls(trouble=random.choice((0.0, 0.01, 0.05)))
        for _ in range(random.randrange(1, 12)):
            kind = random.choice(("kills", "kills", "pauses", "stops", "rewinds", "resets"))
            getattr(faults, kind).append(random.randrange(100, 20_000))
        for kind in ("losses", "new_terms", "new_terms") if wider else ():
            if random.random() < 0.3:
                getattr(faults, kind).append(random.randrange(1_000, 20_000))
        return faults


class Outcome(NamedTuple):
    """`ends`: how processes ended, by name of the reason. `trace` is a digest of all steps: the same seed gives the same."""

    verdict: Verdict
    steps: int
    trace: int
    ends: Counter[str]
    problems: list[str]

    @property
    def clean(self) -> bool:
        return self.verdict.clean and not self.problems


def run(seed: int, faults: Faults | None = None, wider: bool = False) -> Outcome:
    """One run from its seed, with the faults that the seed draws unless others are given."""
    return Run(seed, Faults.drawn(seed, wider) if faults is None else faults).judged()


class Run:
    """The world of one run."""

    def __init__(self, seed: int, faults: Faults) -> None:
        self.loop = SimulatedLoop(Random(f"{seed} steps"))
        self.broker = Broker(self.loop, Random(f"{seed} broker"), STARTS_S)
        self.network = Network(self.loop, self.broker, Random(f"{seed} network"), faults.trouble)
        self.ends: Counter[str] = Counter()
        self.problems: list[str] = []
        self._seed = seed
        self._random = Random(f"{seed} world")
        self._faults = faults
        self._due = sorted((step, kind) for kind in KINDS for step in getattr(faults, kind))
        self._groups: dict[str, Group] = {}
        self._apps: dict[str, SimulatedApp] = {}
        self._shells: dict[str, shell.Shell] = {}
        self._born: Counter[str] = Counter()
        self._restless = True
        self._classes = client_classes(World(self.network, self._random))

    def judged(self) -> Outcome:
        self.loop.at_step = self._at_step
        # What nobody waits for any more because it was killed is no news.
        self.loop.set_exception_handler(lambda loop, context: None)
        asyncio.set_event_loop(None)
        with self._in_place_of_kafka():
            self._story = self.loop.create_task(self._main())
            try:
                with suppress(asyncio.CancelledError):
                    self.loop.run_until_complete(self._story)
            except AssertionError as fault:
                self.problems.append(f"{type(fault).__name__}: {fault}")
        for process in list(self._shells):
            self.loop.kill(process)
        verdict = judge(BrokerTopics(self.broker), _intake)
        self.loop._ready.clear()
        self.loop._scheduled.clear()
        self.loop.close()
        return Outcome(verdict, self.loop.steps, self.loop.trace, self.ends, self.problems)

    # -- the story -----------------------------------------------------------------------------------------------------

    async def _main(self) -> None:
        self._set_up()
        for stage, count in SLOTS.items():
            for slot in range(count):
                self._start(f"{stage}-{slot}")
        for message in story(Random(f"{self._seed} story")):
            await asyncio.sleep(max(0.0, message.at_s - self.broker.now_s()))
            self.broker.append(TopicPartition(TOPIC, message.partition), [message])
        await asyncio.sleep(SETTLED_S - self.broker.now_s())
        self._calm()
        deadline_s = self.loop.time() + REST_MAX_S
        while not self._is_at_rest():
            assert self.loop.time() < deadline_s, f"no rest within an hour: {self._unrest()}"
            await asyncio.sleep(1.0)

    def _set_up(self) -> None:
        for topic in TOPICS:
            self.broker.create(topic.name, LOG_PARTITIONS if topic.partitioned else 1)
        self.broker.create(TOPIC, PARTITIONS)
        for terms in TRUCES:
            key = terms.truce.id.encode()
            record = _Plain(key, terms_record(terms))
            self.broker.append(TopicPartition(LOCATED, terms.truce.partition), [record])
            self.broker.append(TopicPartition(TERMS, 0), [record])
        for stage, topic in (("intake", TOPIC), ("monitor", LOCATED)):
            partitions = [TopicPartition(topic, number) for number in self.broker.partitions_of(topic)]
            self._groups[stage] = Group(f"truce-{stage}", partial(list, partitions), self.loop, self.broker)

    def _calm(self) -> None:
        self._restless = False
        self.network.trouble = 0.0
        for process in list(self._shells):
            self._resumes(process)

    def _is_at_rest(self) -> bool:
        return not self._unrest()

    def _unrest(self) -> list[str]:
        """What is still to be done."""
        left = []
        committed = self.broker.offsets.get("truce-intake", {})
        for number in range(PARTITIONS):
            tp = TopicPartition(TOPIC, number)
            if committed.get(tp, 0) < self.broker.logs[tp].end:
                left.append(f"{TOPIC}/{number} at {committed.get(tp, 0)} of {self.broker.logs[tp].end}")
        decided = self.broker.offsets.get("truce-monitor", {})
        for number in range(LOG_PARTITIONS):
            tp = TopicPartition(LOCATED, number)
            records = self.broker.logs[tp].committed(0)
            if records and decided.get(tp, 0) <= records[-1].offset:
                left.append(f"{LOCATED}/{number} at {decided.get(tp, 0)} of {records[-1].offset + 1}")
        if not self.broker.is_settled():
            left.append("a transaction is open")
        return left

    # -- processes -----------------------------------------------------------------------------------------------------

    def _start(self, slot: str) -> None:
        self._born[slot] += 1
        process = f"{slot}.{self._born[slot]}"
        self.loop.run_as(process, self._live(process))

    async def _live(self, process: str) -> None:
        """As `streams.worker.process` runs a shell: until it fails; what it raises ends the process."""
        stage = process.split("-")[0]
        settings = Settings(bootstrap=f"{stage}:1", tick_s=TICK_S)
        fault: BaseException | None = None
        try:
            made = IntakeShell(settings, _intake()) if stage == "intake" else MonitorShell(settings, LogPartition)
            self._shells[process] = made
            await made.start()
            await asyncio.wait_for(asyncio.shield(made.failure), NEVER_S)
        except Exception as raised:
            # Whatever ends a process ends it here too; what may not happen is a problem of the run.
            fault = raised
        self._ended(process, "told to stop" if fault is None else type(fault).__name__)
        if not isinstance(fault, Fenced | Unsure | KafkaError):
            # It would end so again and again, and nobody need see how that goes on.
            self.problems.append(f"{process} ended by {fault!r}")
            self._story.cancel()
        self.loop.call_world(0, partial(self._gone, process))

    def _gone(self, process: str) -> None:
        """The process is no more; something starts it again."""
        self.loop.kill(process)
        self._shells.pop(process, None)
        self._apps.pop(process, None)
        for group in self._groups.values():
            group.lost(process)
        again_s = self._random.choice((0.1, 1.0, 5.0, 20.0))
        self.loop.call_world(again_s, partial(self._start, process.split(".")[0]))

    def _ended(self, process: str, why: str) -> None:
        self.ends[why] += 1

    # -- faults --------------------------------------------------------------------------------------------------------

    def _at_step(self, process: str) -> None:
        while self._due and self._due[0][0] <= self.loop.steps and self._restless:
            _, kind = self._due.pop(0)
            getattr(self, f"_{kind}")(process)

    def _kills(self, process: str) -> None:
        self._ended(process, "killed")
        self._gone(process)

    def _pauses(self, process: str) -> None:
        self._ended(process, "paused")
        self.loop.pause(process)
        for group in self._groups.values():
            group.lost(process)
        self.loop.call_world(self._random.choice((0.5, 5.0, 15.0, 60.0)), partial(self._resumes, process))

    def _resumes(self, process: str) -> None:
        self.loop.resume(process)
        for group in self._groups.values():
            group.heard(process)

    def _stops(self, process: str) -> None:
        made = self._shells.get(process)
        if made is None:
            return
        self._ended(process, "stopped")

        async def stop() -> None:
            with suppress(TimeoutError, KafkaError):
                # As in `streams.worker.process`: an end that goes wrong is still an end.
                await asyncio.wait_for(made.stop(), DRAIN_MAX_S)
            self.loop.call_world(0, partial(self._gone, process))

        self.loop.run_as(process, stop())

    def _rewinds(self, process: str) -> None:
        if process in self._apps:
            self.loop.run_as(process, self._apps[process].rewind())

    def _resets(self, process: str) -> None:
        """The offsets of the monitor's group are moved, to the start or to the end, and everybody joins again."""
        at_end = self._random.random() < 0.5
        for number in range(LOG_PARTITIONS):
            tp = TopicPartition(LOCATED, number)
            self.broker.offsets.setdefault("truce-monitor", {})[tp] = self.broker.logs[tp].end if at_end else 0
        self._groups["monitor"].rebalance()

    def _losses(self, process: str) -> None:
        """The checkpoints are deleted while no monitor runs."""
        for monitor in [one for one in self._shells if one.startswith("monitor")]:
            self._kills(monitor)
        for number in range(LOG_PARTITIONS):
            self.broker.logs[TopicPartition(CHECKPOINTS, number)].delete_all()

    def _new_terms(self, process: str) -> None:
        """Of one truce, from some day on or for all that is open; into the log, and to where the intake looks."""
        before = self._random.choice(TRUCES)
        terms = terms_of(before.truce.id, before.truce.partition, limit=self._random.randrange(5))
        day = self._random.randrange(DAYS)
        record = terms_record(terms, D_HOUR_S + day * DAY, correct=self._random.random() < 0.5)
        for tp in (TopicPartition(LOCATED, terms.truce.partition), TopicPartition(TERMS, 0)):
            self.broker.append(tp, [_Plain(terms.truce.id.encode(), record)])

    # -- stand-ins -----------------------------------------------------------------------------------------------------

    def _make_app(self, group: str, settings: Settings, pattern: str | None = None) -> SimulatedApp:
        app = SimulatedApp(self._groups[group.removeprefix("truce-")], self.network, self._random)
        self._apps[PROCESS.get()] = app
        return app

    @contextmanager
    def _in_place_of_kafka(self) -> Iterator[None]:
        """Everything by which the shell touches Kafka, Faust, the clock and the console."""
        places: list[tuple[Any, str, Any]] = [
            (intake_app, "AIOKafkaProducer", self._classes["AIOKafkaProducer"]),
            (transactions, "AIOKafkaProducer", self._classes["AIOKafkaProducer"]),
            (reading, "AIOKafkaConsumer", self._classes["AIOKafkaConsumer"]),
            (reading, "AIOKafkaClient", self._classes["AIOKafkaClient"]),
            (intake_app, "keep_time", partial(keep_time, now=self.broker.now_s)),
            (shell, "make_app", self._make_app),
            (shell, "LOOK_INTERVAL_S", NEVER_S),
            (partition_owner, "time", _Hurried(self.loop, Random(f"{self._seed} hurry"))),
            (partition_owner, "gc", _Silent()),  # what it finds would be the garbage of all processes
            (happenings, "log", _Silent()),
        ]
        before = [(module, name, getattr(module, name)) for module, name, _ in places]
        for module, name, stand_in in places:
            setattr(module, name, stand_in)
        try:
            yield
        finally:
            for module, name, own in before:
                setattr(module, name, own)


class BrokerTopics:
    """The in-memory log, for the judge."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def names(self) -> Sequence[str]:
        return self._broker.topics()

    def bounds(self, topic: str) -> Mapping[int, tuple[int, int]]:
        logs = {number: self._broker.logs[TopicPartition(topic, number)] for number in self._broker.partitions_of(topic)}
        return {number: (log.start, log.stable_end()) for number, log in logs.items()}

    def records(self, topic: str) -> Iterator[Any]:
        for number in self._broker.partitions_of(topic):
            yield from self._broker.logs[TopicPartition(topic, number)].committed(0)


class _Plain(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class _Hurried:
    """A monotonic clock that runs a little between two looks at it, so that batches are cut by time too."""

    def __init__(self, loop: SimulatedLoop, random: Random) -> None:
        self._loop, self._random, self._ahead_s = loop, random, 0.0

    def monotonic(self) -> float:
        self._ahead_s += self._random.choice((0.0, 0.0, 0.0, 1.1))
        return self._loop.time() + self._ahead_s


class _Silent:
    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments, **named: None


@lru_cache
def _places(countries: tuple[str, ...]) -> gazetteer.Gazetteer:
    return gazetteer.load(countries, {})


def _intake() -> Intake:
    return Intake(gazetteers=lambda countries, *names: _places(tuple(countries)))


__all__ = ["Faults", "Outcome", "run"]
