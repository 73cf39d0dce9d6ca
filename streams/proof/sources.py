"""Where decisions and the log that they follow from are read: a folder that `truce replay` wrote, or a cluster.

Both give the same: records of the log in order, changes of phase in order with their signatures, and the last value of
each key of the compacted topics.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
import orjson

from schemas.topics import CHECKPOINTS, DAYS, EVIDENCE, INCIDENTS, LEVELS, LOCATED, PHASES, PUBLIC_TERMS
from streams import clients
from streams.core.monitor import RULES
from streams.core.partition import Position
from streams.results import EVERY, LATEST, SIGNATURES, SUMS, digest_of
from streams.settings import Settings
from streams.signing import SIGNATURE_HEADER, from_text

KEYS = {
    DAYS: lambda body: f"{body['truce']}/{body['zone']}/{body['day']}",
    LEVELS: lambda body: f"{body['truce']}/{body['zone']}",
    INCIDENTS: lambda body: body["id"],
    EVIDENCE: lambda body: body["id"],
    PUBLIC_TERMS: lambda body: f"{body['truce']}/{body['hash']}",
}
"""How a record of a compacted topic is known: files hold the values only."""


TRIES, PAUSE_S = 5, 0.3
"""How often a cluster is read again where a commit was seen in part."""


class SourceError(ValueError):
    """There is nothing to read there; the message says so in one line."""


class LogEntry(NamedTuple):
    """A record of the log where it stands."""

    partition: int
    offset: int
    value: bytes
    key: bytes | None = None


class Announced(NamedTuple):
    """A change of phase as it was published. `where`: its line, or topic/partition/offset."""

    value: bytes
    signature: bytes | None
    where: str


class Source(Protocol):
    """`has_log`: whether decisions can be made once more; public readers have the public records only.

    `faults`: what is wrong with the records as such. `is_settled`: whether the last values are those at the log's end.
    """

    faults: list[str]
    has_log: bool
    is_settled: bool

    def log(self) -> Iterator[LogEntry]: ...
    def size(self) -> int: ...
    def changes(self) -> Iterator[Announced]: ...
    def latest(self, topic: str) -> dict[str, bytes]: ...
    def checkpoints(self, partition: int) -> list[tuple[str, bytes]]: ...


class Folder:
    """What `truce replay --out` wrote."""

    def __init__(self, folder: Path) -> None:
        if not (folder / EVERY[PHASES]).is_file():
            raise SourceError(f"{folder}: no {EVERY[PHASES]} in it; give a folder that `truce replay --out` wrote")
        self._folder = folder
        self.has_log = (folder / EVERY[LOCATED]).is_file()
        self.is_settled = True
        self.faults = list(self._altered())

    def log(self) -> Iterator[LogEntry]:
        with (self._folder / EVERY[LOCATED]).open("rb") as file:
            for number, line in enumerate(file):
                yield LogEntry(0, number, line.rstrip(b"\n"))

    def size(self) -> int:
        with (self._folder / EVERY[LOCATED]).open("rb") as file:
            return sum(1 for _ in file)

    def changes(self) -> Iterator[Announced]:
        signatures = {}
        if (self._folder / SIGNATURES).is_file():
            for line in (self._folder / SIGNATURES).read_bytes().splitlines():
                signed = orjson.loads(line)
                signatures[signed["id"]] = from_text(signed["signature"])
        for number, line in enumerate((self._folder / EVERY[PHASES]).read_bytes().splitlines(), 1):
            yield Announced(line, signatures.get(_id(line)), f"{EVERY[PHASES]}:{number}")

    def latest(self, topic: str) -> dict[str, bytes]:
        name = LATEST[topic]
        if not (self._folder / name).is_file():
            self.faults.append(f"{name} is missing")
            return {}
        found = {}
        for number, line in enumerate((self._folder / name).read_bytes().splitlines(), 1):
            try:
                found[KEYS[topic](orjson.loads(line))] = line
            except (orjson.JSONDecodeError, KeyError, TypeError):
                self.faults.append(f"{name}: line {number} cannot be read")
        return found

    def checkpoints(self, partition: int) -> list[tuple[str, bytes]]:
        return []

    def _altered(self) -> Iterator[str]:
        """Files that are not as they were written. Whoever alters one can mend this too; what follows cannot be mended."""
        if not (self._folder / SUMS).is_file():
            return
        for line in (self._folder / SUMS).read_text(errors="replace").splitlines():
            digest, _, name = line.partition("  ")
            path = self._folder / Path(name).name
            if not path.is_file():
                yield f"{name} is missing"
            elif digest_of(path) != digest:
                yield f"{name} is not as it was written: its checksum is another"


class Cluster:
    """The topics of a running installation. With `public`, those only that anybody may read."""

    def __init__(self, settings: Settings, public: bool = False) -> None:
        self._settings = settings
        self.has_log = not public
        self.faults: list[str] = []
        before = {} if public else self._positions()
        self._values, self._changes = self._read_public()
        for _ in range(TRIES):
            if self._is_of_one_moment():
                break
            time.sleep(PAUSE_S)
            self._values, self._changes = self._read_public()
        self._ends = {} if public else clients.ends(settings, LOCATED)
        # Values of a worker that is busy are those of some moment; they are compared where it has come to the end.
        # A partition of which no position was ever committed has not been decided on at all.
        self.positions = {number: before.get(number, Position(0, {}, [], RULES)) for number in self._ends}
        # The last offset may be the marker of a transaction, behind which no position is committed.
        idle = all(self.positions[number].next_offset >= max(end - 1, min(end, 1)) for number, end in self._ends.items())
        self.is_settled = not public and idle and before == self._positions()

    def log(self) -> Iterator[LogEntry]:
        for record in clients.read(self._settings, [LOCATED]):
            yield LogEntry(record.partition, record.offset, record.value or b"", record.key)

    def size(self) -> int:
        return sum(self._ends.values())

    def changes(self) -> Iterator[Announced]:
        yield from self._changes

    def latest(self, topic: str) -> dict[str, bytes]:
        return self._values[topic]

    def checkpoints(self, partition: int) -> list[tuple[str, bytes]]:
        """Every value that is still there, in order: an older base may reach further than the newest."""
        records = clients.read(self._settings, [CHECKPOINTS])
        return [(r.key.decode(), r.value) for r in records if r.partition == partition and r.value is not None]

    def _read_public(self) -> tuple[dict[str, dict[str, bytes]], list[Announced]]:
        """All topics up to their ends at one time, so that levels and days belong to the changes."""
        values: dict[str, dict[str, bytes | None]] = {topic: {} for topic in (DAYS, LEVELS, INCIDENTS, PUBLIC_TERMS)}
        changes = []
        for record in clients.read(self._settings, [PHASES, *values]):
            if record.topic in values:
                values[record.topic][record.key.decode()] = record.value
            elif record.value is not None:
                signature = next((value for name, value in record.headers if name == SIGNATURE_HEADER), None)
                where = f"{record.topic}/{record.partition}/{record.offset}"
                changes.append(Announced(record.value, None if signature is None else from_text(signature), where))
        return {topic: {k: v for k, v in found.items() if v is not None} for topic, found in values.items()}, changes

    def _is_of_one_moment(self) -> bool:
        """A commit shows on one partition a little before another: then levels name a change that is not there yet."""
        seen = {_id(change.value) for change in self._changes}
        return all((head := _head(value)) is None or head in seen for value in self._values[LEVELS].values())

    def _positions(self) -> dict[int, Position]:
        found = {}
        for record in clients.read(self._settings, [CHECKPOINTS]):
            if record.value is not None and record.key.startswith(b"position/"):
                found[record.partition] = msgspec.json.decode(record.value, type=Position)
        return found


def _id(line: bytes) -> str | None:
    try:
        return orjson.loads(line).get("id")
    except (orjson.JSONDecodeError, AttributeError):
        return None


def _head(level: bytes) -> str | None:
    try:
        return orjson.loads(level).get("head")
    except (orjson.JSONDecodeError, AttributeError):
        return None


__all__ = ["Announced", "Cluster", "Folder", "LogEntry", "Source", "SourceError"]
