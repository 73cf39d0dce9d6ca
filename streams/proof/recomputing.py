"""Decide everything once more: the log through the same core, from its start or from the oldest base that is left."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from schemas.facts import Fact, LoggedTick
from schemas.topics import DAYS, EVIDENCE, INCIDENTS, LEVELS, PHASES, PUBLIC_TERMS
from streams.core import publish
from streams.core.monitor import Monitor
from streams.core.partition import LogPartition, TruceFault, read
from streams.core.snapshot import FORMAT, Part
from streams.proof.sources import LogEntry, Source

COMPACTED = (DAYS, LEVELS, INCIDENTS, EVIDENCE, PUBLIC_TERMS)

_encode = msgspec.json.Encoder().encode

Watch = Callable[[int], None]


class Recomputed:
    """What follows from a log. `changes`: by truce, bytes in order, each with the place in the log that decided it.

    `begins`: how many changes of a truce are not recomputed: its base already holds them, where the log was shortened, or an
    earlier version of the rules decided on them, up to the place in `adopted`. `notes`: from where it was read.
    """

    def __init__(self) -> None:
        self.partitions: dict[int, LogPartition] = {}
        self.changes: dict[str, list[tuple[bytes, LogEntry]]] = {}
        self.latest: dict[str, dict[str, bytes]] = {topic: {} for topic in COMPACTED}
        self.begins: dict[str, int] = {}
        self.adopted: dict[str, int] = {}
        self.faults: list[str] = []
        self.notes: list[str] = []
        self.records = 0

    @property
    def monitors(self) -> dict[str, Monitor]:
        return {truce: monitor for partition in self.partitions.values() for truce, monitor in partition.monitors.items()}

    def evidence(self) -> Iterator[tuple[str, bytes]]:
        """Every report of every incident that is live at the end."""
        for monitor in self.monitors.values():
            for _, picture in monitor.pictures:
                for incident in picture.incidents:
                    yield incident, _encode(publish.evidence(picture, incident, None))

    def take(self, fact: Fact, at: LogEntry) -> None:
        if fact.topic == PHASES and fact.value is not None:
            if at.offset < self.adopted.get(fact.key, 0):
                return  # what these rules would have said, had they been there
            self.changes.setdefault(fact.key, []).append((fact.value, at))
        elif fact.topic in self.latest:
            if fact.value is None:
                self.latest[fact.topic].pop(fact.key, None)
            else:
                self.latest[fact.topic][fact.key] = fact.value


def recompute(
    source: Source, watch: Watch = lambda records: None, until: Callable[[Recomputed], bool] | None = None
) -> Recomputed:
    """`until` is asked after every tick: where it says so, the state is left as it was then."""
    found = Recomputed()
    broken: set[int] = set()
    for entry in source.log():
        found.records += 1
        watch(found.records)
        if entry.partition in broken:
            continue
        partition = found.partitions.get(entry.partition)
        if partition is None:
            partition = found.partitions[entry.partition] = _begin(source, entry, found)
        try:
            # Up to its base a truce only reads reports: what it would say meanwhile was never said.
            reading = {truce for truce, monitor in partition.monitors.items() if monitor.basis.reading is not None}
            ticks = _take(partition, entry)
            for fact in partition.flush() if ticks else ():
                if not (reading and _truce_of(fact) in reading):
                    found.take(fact, entry)
        except Exception as fault:
            # Broad, because the log may hold anything once somebody has written into it, and the others are still checked.
            broken.add(entry.partition)
            cause = fault.__cause__ if isinstance(fault, TruceFault) else fault
            where = f"record {entry.offset} of partition {entry.partition} of the log"
            found.faults.append(f"{where} cannot be decided on ({cause!r}), nor anything after it")
            continue
        if ticks and until is not None and until(found):
            return found
    for number, partition in found.partitions.items():
        for fact in partition.flush() if number not in broken else ():
            found.take(fact, LogEntry(number, partition.next_offset, b""))
        found.faults += [f"{truce} was halted: {error}" for truce, error in partition.halted.items()]
    return found


def _take(partition: LogPartition, entry: LogEntry) -> bool:
    """Whether it was a tick, after which readers see what was decided."""
    if entry.offset < partition.next_offset:
        return False
    # Offsets that hold no record belong to transactions.
    partition.next_offset = entry.offset
    partition.apply(entry.offset, entry.value, entry.key)
    return isinstance(read(entry.value), LoggedTick)


def _truce_of(fact: Fact) -> str | None:
    """Incidents go by their own ids; of one that is deleted nobody knows."""
    if fact.topic in (INCIDENTS, EVIDENCE):
        return None if fact.value is None else msgspec.json.decode(fact.value)["truce"]
    return fact.key.split("/")[0]


def _begin(source: Source, first: LogEntry, found: Recomputed) -> LogPartition:
    """From nothing, where the log is there from its start; else from the oldest base that the log still reaches."""
    written = source.checkpoints(first.partition)
    position = f"position/{first.partition}"
    newest: Mapping[str, bytes] = dict(written)
    kept: dict[str, bytes] = {position: newest[position]} if position in newest else {}
    if first.offset > 0:
        _begin_from_bases(written, first, found, kept)
    partition = LogPartition.restore(first.partition, kept)
    for truce, (offset, changes) in partition.adopted.items():
        found.adopted[truce] = offset
        if changes > found.begins.get(truce, 0):
            found.begins[truce] = changes
            found.notes.append(
                f"{truce}: an earlier version of the rules decided up to record {offset} of partition {first.partition}; "
                f"what it announced was not recomputed, and what followed was"
            )
    return partition


def _begin_from_bases(written: list[tuple[str, bytes]], first: LogEntry, found: Recomputed, kept: dict[str, bytes]) -> None:
    """Of each truce the oldest base from which on the log is still whole, into `kept`; what is missing is said."""
    where = f"the log of partition {first.partition} begins at record {first.offset}"
    bases = bases_of(written)
    if not bases:
        found.faults.append(f"{where} and there is no base: what was decided before cannot be recomputed")
    for truce in sorted({truce for truce, _ in bases}):
        reaching = [at for of, at in sorted(bases) if of == truce and bases[of, at].first_offset >= first.offset]
        if reaching:
            base = bases[truce, reaching[0]]
            kept |= base.parts
            found.begins[truce] = base.changes
            found.notes.append(f"{where}: {truce} was recomputed from its base of record {reaching[0]} on")
        else:
            needed = max(base.first_offset for (of, _), base in bases.items() if of == truce)
            found.faults.append(
                f"{where}, and the newest base of {truce} needs it from record {needed} on: what was decided cannot be recomputed"
            )


class _Base(NamedTuple):
    """`first_offset`: from where the log must be there. `changes`: how many changes of phase it already holds."""

    parts: dict[str, bytes]
    first_offset: int
    changes: int


def bases_of(written: list[tuple[str, bytes]]) -> dict[tuple[str, int], _Base]:
    """By truce and the record at which it was taken: every base that is whole, and of the format that is read."""
    pieces: dict[tuple[str, int], dict[str, tuple[Part, bytes]]] = {}
    for key, value in written:
        if key.startswith("base/"):
            part = msgspec.json.decode(value, type=Part)
            if part.format == FORMAT:
                pieces.setdefault((key.split("/")[1], part.at), {})[key] = part, value
    found = {}
    for known, parts in pieces.items():
        ordered = sorted((part for part, _ in parts.values()), key=lambda part: part.part)
        if len(ordered) == ordered[0].parts:
            body: dict[str, Any] = msgspec.json.decode("".join(part.text for part in ordered))
            by_key = {key: value for key, (_, value) in parts.items()}
            found[known] = _Base(by_key, body["first_offset"], body["chain"]["sequence"])
    return found


__all__ = ["COMPACTED", "Recomputed", "bases_of", "recompute"]
