"""Facts as files: one JSON object a line, the same bytes that the topics carry.

Where a topic is compacted the file holds the last value of each key, sorted by key; where it is kept for ever the file
holds every message in order. `located.jsonl` is the log itself, so that `truce verify` and `truce explain` can decide
everything once more. Nothing shows under its name before `close`, so a replay that fails leaves no half result.

Keys live for ever, and a file may be many times longer than memory: until `close` the last values wait on disk.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import IO

import orjson

from schemas.facts import Fact
from schemas.topics import DAYS, EVIDENCE, INCIDENTS, LEVELS, LOCATED, PHASES, PUBLIC_TERMS, REJECTED
from streams.signing import Signer, to_text

LATEST = {
    INCIDENTS: "incidents.jsonl",
    LEVELS: "levels.jsonl",
    DAYS: "days.jsonl",
    EVIDENCE: "evidence.jsonl",
    PUBLIC_TERMS: "terms.jsonl",
}
EVERY = {PHASES: "phases.jsonl", REJECTED: "rejected.jsonl", LOCATED: "located.jsonl"}
SUMS = "SHA256SUMS"
SIGNATURES = "signatures.jsonl"
"""Of changes of phase, by their ids: where a key is configured."""
REPORT = "report"
"""The folder, beside the files, of the situation reports made from them."""
_STORE = "latest.sqlite"
_NAMES = (*LATEST.values(), *EVERY.values())
_PART = ".part"
_WAITING_MAX = 10_000
"""So many last values are stored at once, in order: most of what is told again is told again soon."""
_SCHEMA = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -8000;
    CREATE TABLE latest (topic TEXT, key TEXT, value BLOB, PRIMARY KEY (topic, key)) WITHOUT ROWID;
"""


class ResultsError(ValueError):
    """The folder cannot take the results; the message says why, in one line."""


class Results:
    """The files of one replay in a folder, which is made if need be and may hold nothing but results of an earlier one."""

    def __init__(self, folder: Path, signer: Signer | None = None) -> None:
        """Raises `ResultsError` where the folder cannot be used."""
        self._signer = signer
        names = {name + suffix for name in (*_NAMES, SIGNATURES, SUMS, REPORT, _STORE) for suffix in ("", _PART)}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            others = sorted(path.name for path in folder.iterdir() if path.name not in names)
        except OSError as error:
            raise ResultsError(f"{folder}: {error.strerror}") from None
        if others:
            raise ResultsError(f"{folder}: has other files in it ({others[0]}); name an empty or a new folder")
        self._folder = folder
        self._every = {topic: self._part(name) for topic, name in EVERY.items()}
        if signer is not None:
            self._every[SIGNATURES] = self._part(SIGNATURES)
        (folder / (_STORE + _PART)).unlink(missing_ok=True)
        self._store = sqlite3.connect(folder / (_STORE + _PART), isolation_level=None)
        self._store.executescript(_SCHEMA)
        self._store.execute("BEGIN")
        self._waiting: dict[tuple[str, str], bytes | None] = {}

    def add(self, fact: Fact) -> None:
        """Take what a topic would carry; topics that have no file are left out."""
        if fact.topic in LATEST:
            self._waiting[fact.topic, fact.key] = fact.value
            if len(self._waiting) >= _WAITING_MAX:
                self._store_waiting()
        elif fact.topic in self._every and fact.value is not None:
            self._every[fact.topic].write(fact.value + b"\n")
            if fact.topic == PHASES and self._signer is not None:
                signed = {"id": orjson.loads(fact.value)["id"], "signature": to_text(self._signer.sign(fact.value))}
                self._every[SIGNATURES].write(orjson.dumps(signed) + b"\n")

    def latest(self, topic: str) -> Iterator[bytes]:
        """The last value of each key of a compacted topic, in the order of the keys."""
        self._store_waiting()
        query = "SELECT value FROM latest WHERE topic = ? ORDER BY key"
        yield from (value for (value,) in self._store.execute(query, (topic,)))

    def _store_waiting(self) -> None:
        kept = [(*place, value) for place, value in sorted(self._waiting.items()) if value is not None]
        self._store.executemany("INSERT OR REPLACE INTO latest VALUES (?, ?, ?)", kept)
        gone = [place for place, value in self._waiting.items() if value is None]
        self._store.executemany("DELETE FROM latest WHERE topic = ? AND key = ?", gone)
        self._waiting.clear()

    def close(self) -> None:
        """Write what was collected and give every file its name."""
        for topic, name in LATEST.items():
            with self._part(name) as file:
                file.writelines(value + b"\n" for value in self.latest(topic))
        for file in self._every.values():
            file.close()
        names = [*_NAMES, *([SIGNATURES] if self._signer is not None else [])]
        with self._part(SUMS) as file:
            file.writelines(f"{digest_of(self._folder / (name + _PART))}  {name}\n".encode() for name in sorted(names))
        for name in (*names, SUMS):
            (self._folder / (name + _PART)).replace(self._folder / name)
        if self._signer is None:
            (self._folder / SIGNATURES).unlink(missing_ok=True)

    def discard(self) -> None:
        """Drop what has no name yet: the results of an earlier replay stay as they were. To be called at the end, always."""
        self._store.close()
        for file in self._every.values():
            file.close()
        for name in (*_NAMES, SIGNATURES, SUMS, _STORE):
            (self._folder / (name + _PART)).unlink(missing_ok=True)

    def _part(self, name: str) -> IO[bytes]:
        return (self._folder / (name + _PART)).open("wb")


def digest_of(path: Path) -> str:
    digest = sha256()
    with closing(path.open("rb")) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


__all__ = ["EVERY", "LATEST", "SIGNATURES", "SUMS", "Results", "ResultsError", "digest_of"]
