"""Facts as files: one JSON object a line, the same bytes that the topics carry.

Where a topic is compacted the file holds the last value of each key, sorted by key; where it is kept for ever the file
holds every message in order. Nothing shows under its name before `close`, so a replay that fails leaves no half result.
"""

from pathlib import Path
from typing import IO

from schemas.facts import Fact
from schemas.topics import DAYS, EVIDENCE, INCIDENTS, LEVELS, PHASES, PUBLIC_TERMS, REJECTED

LATEST = {
    INCIDENTS: "incidents.jsonl",
    LEVELS: "levels.jsonl",
    DAYS: "days.jsonl",
    EVIDENCE: "evidence.jsonl",
    PUBLIC_TERMS: "terms.jsonl",
}
EVERY = {PHASES: "phases.jsonl", REJECTED: "rejected.jsonl"}
_NAMES = (*LATEST.values(), *EVERY.values())
_PART = ".part"


class ResultsError(ValueError):
    """The folder cannot take the results; the message says why, in one line."""


class Results:
    """The files of one replay in a folder, which is made if need be and may hold nothing but results of an earlier one."""

    def __init__(self, folder: Path) -> None:
        """Raises `ResultsError` where the folder cannot be used."""
        names = {name + suffix for name in _NAMES for suffix in ("", _PART)}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            others = sorted(path.name for path in folder.iterdir() if path.name not in names)
        except OSError as error:
            raise ResultsError(f"{folder}: {error.strerror}") from None
        if others:
            raise ResultsError(f"{folder}: has other files in it ({others[0]}); name an empty or a new folder")
        self._folder = folder
        self.latest: dict[str, dict[str, bytes]] = {topic: {} for topic in LATEST}
        self._every = {topic: self._part(name) for topic, name in EVERY.items()}
        self.taken = 0

    def add(self, fact: Fact) -> None:
        """Take what a topic would carry; topics that have no file are left out."""
        self.taken += 1
        latest = self.latest.get(fact.topic)
        if latest is not None:
            if fact.value is None:
                latest.pop(fact.key, None)
            else:
                latest[fact.key] = fact.value
        elif fact.topic in self._every and fact.value is not None:
            self._every[fact.topic].write(fact.value + b"\n")

    def close(self) -> None:
        """Write what was collected and give every file its name."""
        for topic, name in LATEST.items():
            with self._part(name) as file:
                file.writelines(value + b"\n" for _, value in sorted(self.latest[topic].items()))
        self._shut()
        for name in _NAMES:
            (self._folder / (name + _PART)).replace(self._folder / name)

    def discard(self) -> None:
        """Drop what has no name yet: the results of an earlier replay stay as they were. After `close` it does nothing."""
        self._shut()
        for name in _NAMES:
            (self._folder / (name + _PART)).unlink(missing_ok=True)

    def _shut(self) -> None:
        for file in self._every.values():
            file.close()

    def _part(self, name: str) -> IO[bytes]:
        return (self._folder / (name + _PART)).open("wb")


__all__ = ["EVERY", "LATEST", "Results", "ResultsError"]
