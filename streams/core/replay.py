"""The whole pipeline in memory: the same core as the worker runs, over files, with no broker.

Time is told as on simulated topics: a tick for every hour, each after the reports that were received before it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from schemas.facts import Fact
from schemas.topics import EVIDENCE, LOCATED
from streams.core import publish
from streams.core.clock import SimulatedTime
from streams.core.gazetteer import ListedPlaces
from streams.core.intake import RECEIVED_AT_HEADER, Arrival, Incoming, Intake, terms_record, tick_value
from streams.core.partition import LogPartition
from streams.core.picture import Picture
from streams.core.terms import SIMULATED_PREFIX, Terms, TermsError

_encode = msgspec.json.Encoder().encode

FLUSH_RECORDS, FLUSH_TICKS = 2_000, 6
"""After so many, whichever comes first, it is asked what changed: it tells the last of it, and phase changes one by one."""


class ReplayError(RuntimeError):
    """A truce was halted: the rules themselves failed on what they were told."""


class Replay:
    """One run over some truces. Raises `TermsError` for terms that cannot be used.

    `counts` says what became of every report read: read = rejected + duplicates + outside + kept.
    """

    def __init__(
        self,
        truces: Sequence[Terms],
        parting: Callable[[Fact], None] | None = None,
        lists: Sequence[ListedPlaces] = (),
    ) -> None:
        """`parting` is given the evidence of every incident that is let go of on the way, uncut. `lists` are places beside the
        terms'."""
        self._truces = truces
        self._parting = parting
        self._parted: list[Fact] = []
        self._topic = file_topic(truces)
        self._intake = Intake(lists=lists)
        self._offset = 0
        self._records = self._ticks = 0
        self.partitions: dict[int, LogPartition] = {}
        self.counts = {"read": 0, "rejected": 0, "duplicates": 0, "outside": 0, "kept": 0}

    def evidence(self) -> Iterator[Fact]:
        """Every report of every incident that is live now, where the topic is cut at `limits.listed_max`."""
        for partition in self.partitions.values():
            for monitor in partition.monitors.values():
                for _, picture in monitor.pictures:
                    yield from (_evidence(picture, incident) for incident in picture.incidents)

    def facts(self, arrivals: Iterable[Arrival], until_s: int | None = None) -> Iterator[Fact]:
        """Everything published, in order, the log itself included; of incidents, days and levels not every value on the way.
        `arrivals` come in order of receipt; time runs on until the last day is settled, or to `until_s` (seconds since 1970).
        Raises `ReplayError`."""
        for terms in self._truces:
            record = terms_record(terms)
            refused = self._intake.follow(record)
            if refused is not None:
                raise TermsError(refused.detail)
            self._append(terms.truce.partition, record)
            if self._parting is not None:
                self._hear(terms)
            yield Fact(LOCATED, terms.truce.id, record)
        time = SimulatedTime(self._truces)
        for arrival in arrivals:
            for tick_s in time.until(arrival.received_at):
                if until_s is not None and tick_s > until_s:
                    yield from self._flush()
                    return
                yield from self._tick(tick_s)
            yield from self._take(arrival)
        for tick_s in time.to_the_end(until_s):
            yield from self._tick(tick_s)
        yield from self._flush()

    def _take(self, arrival: Arrival) -> Iterator[Fact]:
        self.counts["read"] += 1
        header = (RECEIVED_AT_HEADER, str(arrival.received_at).encode())
        taken = self._intake.take(self._incoming(arrival.value, arrival.received_at, (header,)))
        if isinstance(taken, Fact):
            self.counts["rejected"] += 1
            yield taken
            return
        fates: set[str] = set()
        for entry in taken:
            assert entry.partition is not None, "a report goes to the truces that it concerns"
            monitor = self.partitions[entry.partition].monitors[entry.key.decode()]
            before = dict(monitor.counts)
            self._append(entry.partition, entry.value)
            fates.update(fate for fate, count in monitor.counts.items() if count > before[fate])
            yield Fact(LOCATED, monitor.truce, entry.value)
        # What one truce keeps and another leaves out is kept; a report that no truce took is outside.
        self.counts[next((fate for fate in ("rejected", "kept", "duplicates") if fate in fates), "outside")] += 1

    def _tick(self, at_s: int) -> Iterator[Fact]:
        taken = self._intake.take(self._incoming(tick_value(at_s, {self._topic: 1}), at_s, ()))
        assert isinstance(taken, list)
        for entry in taken:
            for number in self.partitions:
                self._append(number, entry.value)
            yield Fact(LOCATED, "tick", entry.value)
        for partition in self.partitions.values():
            for truce, error in partition.halted.items():
                raise ReplayError(f"{truce} was halted by a fault of this program: {error}")
        self._ticks += 1
        if self._records >= FLUSH_RECORDS or self._ticks >= FLUSH_TICKS:
            yield from self._flush()

    def _flush(self) -> Iterator[Fact]:
        self._records = self._ticks = 0
        for partition in self.partitions.values():
            yield from partition.flush()
        # After what the topic says of them, which is cut.
        for fact in self._parted:
            assert self._parting is not None
            self._parting(fact)
        self._parted.clear()

    def _hear(self, terms: Terms) -> None:
        """Of every incident that is let go of."""
        for _, picture in self.partitions[terms.truce.partition].monitors[terms.truce.id].pictures:
            picture.parting = lambda incident, picture=picture: self._parted.append(_evidence(picture, incident))

    def _incoming(self, value: bytes, at_s: int, headers: Sequence[tuple[str, bytes]]) -> Incoming:
        self._offset += 1
        return Incoming(self._topic, 0, self._offset, at_s * 1_000, None, value, headers)

    def _append(self, number: int, value: bytes) -> None:
        partition = self.partitions.setdefault(number, LogPartition(number))
        partition.apply(partition.next_offset, value)
        self._records += 1


def _evidence(picture: Picture, incident: str) -> Fact:
    return Fact(EVIDENCE, incident, _encode(publish.evidence(picture, incident, None)))


def file_topic(truces: Sequence[Terms]) -> str:
    """A topic that all these truces take: files stand for it. Raises `TermsError` where they read different ones."""
    first = truces[0].truce
    name = first.topics[0].replace("*", "files").replace("?", "x")
    if first.simulated and not name.startswith(SIMULATED_PREFIX):
        name = f"{SIMULATED_PREFIX}files"
    for terms in truces:
        if not terms.takes_topic(name):
            raise TermsError(f"{terms.truce.id} does not read {name}, as {first.id} does: replay them one at a time")
    return name


def replay(
    arrivals: Iterable[Arrival], truces: Sequence[Terms], until_s: int | None = None, lists: Sequence[ListedPlaces] = ()
) -> Iterator[Fact]:
    """What the pipeline publishes for these reports."""
    return Replay(truces, lists=lists).facts(arrivals, until_s)


__all__ = ["Replay", "ReplayError", "file_topic", "replay"]
