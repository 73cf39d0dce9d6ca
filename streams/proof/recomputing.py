"""Decide everything once more: the log through the same core, from its start or from the oldest base that is left."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from schemas.facts import Fact, LoggedTick
from schemas.topics import DAYS, EVIDENCE, INCIDENTS, LEVELS, PHASES, PUBLIC_TERMS
from streams.core import publish
from streams.core.monitor import Monitor
from streams.core.partition import LogPartition, TruceFault, read
from streams.core.snapshot import Part
from streams.proof.sources import LogEntry, Source

COMPACTED = (DAYS, LEVELS, INCIDENTS, EVIDENCE, PUBLIC_TERMS)

_encode = msgspec.json.Encoder().encode

Watch = Callable[[int], None]


class Recomputed:
    """What follows from a log. `changes`: by truce, bytes in order, each with the place in the log that decided it."""

    def __init__(self) -> None:
        self.partitions: dict[int, LogPartition] = {}
        self.changes: dict[str, list[tuple[bytes, LogEntry]]] = {}
        self.latest: dict[str, dict[str, bytes]] = {topic: {} for topic in COMPACTED}
        self.begins: dict[str, int] = {}
        self.faults: list[str] = []
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
            ticks = _take(partition, entry)
            for fact in partition.flush() if ticks else ():
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


def _begin(source: Source, first: LogEntry, found: Recomputed) -> LogPartition:
    """From nothing, where the log is there from its start; else from the oldest base that the log still reaches."""
    written = source.checkpoints(first.partition)
    position = f"position/{first.partition}"
    newest: Mapping[str, bytes] = dict(written)
    kept: dict[str, bytes] = {position: newest[position]} if position in newest else {}
    if first.offset > 0 and written:
        kept |= _oldest_bases(written)
    partition = LogPartition.restore(first.partition, kept)
    if partition.monitors:
        found.begins |= {truce: monitor_begins(kept, truce) for truce in partition.monitors}
    elif first.offset > 0:
        found.faults.append(
            f"the log of partition {first.partition} begins at {first.offset} and there is no base: "
            "what was decided before cannot be recomputed"
        )
    return partition


def _oldest_bases(written: list[tuple[str, bytes]]) -> dict[str, bytes]:
    """By key, the parts of the first whole base of each truce."""
    bases: dict[tuple[str, int], dict[str, tuple[Part, bytes]]] = {}
    for key, value in written:
        if key.startswith("base/"):
            part = msgspec.json.decode(value, type=Part)
            bases.setdefault((key.split("/")[1], part.at), {})[key] = part, value
    chosen: dict[str, dict[str, bytes]] = {}
    for (truce, _), parts in sorted(bases.items(), key=lambda found: found[0]):
        whole = len(parts) == next(iter(parts.values()))[0].parts
        if whole and truce not in chosen:
            chosen[truce] = {key: value for key, (_, value) in parts.items()}
    return {key: value for parts in chosen.values() for key, value in parts.items()}


def monitor_begins(kept: Mapping[str, bytes], truce: str) -> int:
    """How many changes of phase a base already holds."""
    text = "".join(
        part.text
        for part in sorted(
            (msgspec.json.decode(v, type=Part) for k, v in kept.items() if k.startswith(f"base/{truce}/")),
            key=lambda part: part.part,
        )
    )
    base: dict[str, Any] = msgspec.json.decode(text)
    return base["chain"]["sequence"]


__all__ = ["COMPACTED", "Recomputed", "recompute"]
