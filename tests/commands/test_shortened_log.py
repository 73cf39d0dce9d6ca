"""`verify` where the head of the log is gone: it begins from the oldest base that the log still reaches, and says so."""

from collections.abc import Iterator
from functools import cache

import pytest

from schemas.topics import DAYS, LOCATED, PHASES
from streams.core.intake import Arrival
from streams.core.partition import LogPartition
from streams.core.replay import Replay
from streams.core.terms import DAY, load
from streams.proof.recomputing import COMPACTED, bases_of
from streams.proof.sources import Announced, LogEntry
from streams.proof.verification import Verification, verify
from streams.scenarios import SCENARIOS, terms_path

TRUCE = "demo-as-agreed"


class Shortened:
    """A worker's topics as they are once the log was cut before a record."""

    def __init__(self, before: int, bases: bool = True) -> None:
        self.has_log, self.is_settled, self.positions = True, True, {}
        self.faults: list[str] = []
        self._before, self._bases = before, bases

    def log(self) -> Iterator[LogEntry]:
        return (LogEntry(0, offset, value) for offset, value in enumerate(worked()[0]) if offset >= self._before)

    def size(self) -> int:
        return len(worked()[0]) - self._before

    def changes(self) -> Iterator[Announced]:
        return (Announced(value, None, f"{PHASES}/0/{number}") for number, value in enumerate(worked()[2][PHASES]))

    def latest(self, topic: str) -> dict[str, bytes]:
        return worked()[3][topic]

    def checkpoints(self, partition: int) -> list[tuple[str, bytes]]:
        return worked()[1] if self._bases else []


@cache
def worked() -> tuple[list[bytes], list[tuple[str, bytes]], dict[str, list[bytes]], dict[str, dict[str, bytes]]]:
    """The log, the checkpoints, the changes, and the last values: days close for good after three days here."""
    terms = load(terms_path("as-agreed"), ["gate.late_days_max=3", "gate.after_days=30"])
    story = list(SCENARIOS["as-agreed"](1))
    alive = b'{"report_id": "later", "source": "Grey Heron Observatory", "type": "alive"}'
    later = Arrival(story[-1].received_at + 23 * DAY, alive, "a test")
    log = [fact.value for fact in Replay([terms]).facts([*story, later]) if fact.topic == LOCATED and fact.value]
    partition, checkpoints, changes = LogPartition(0), [], []
    last: dict[str, dict[str, bytes]] = {topic: {} for topic in COMPACTED}
    for offset, value in enumerate(log):
        partition.apply(offset, value)
        if offset % 10 and offset < len(log) - 1:
            continue  # a worker commits by batches
        for fact in partition.flush():
            if fact.topic == PHASES:
                changes.append(fact.value)
            elif fact.topic in last and fact.value is None:
                last[fact.topic].pop(fact.key, None)
            elif fact.topic in last:
                last[fact.topic][fact.key] = fact.value
        checkpoints += [(fact.key, fact.value) for fact in partition.bases()]
    position = partition.position()
    return log, [*checkpoints, (position.key, position.value)], {PHASES: changes}, last


def needed() -> list[int]:
    return sorted({base.first_offset for base in bases_of(worked()[1]).values()})


def shortened(before: int, bases: bool = True) -> Verification:
    return verify(Shortened(before, bases), None)


def test_a_log_that_is_whole_needs_no_base() -> None:
    found = shortened(0)
    assert found.holds, found.faults
    assert found.counts["same_days"] == len(worked()[3][DAYS])
    assert not any("base" in note for note in found.notes)


@pytest.mark.parametrize("which", [1, -1], ids=["a little", "as far as it may be"])
def test_a_log_that_was_shortened_holds_from_its_oldest_base_and_says_from_where(which: int) -> None:
    before = needed()[which]
    assert before > 2
    found = shortened(before)
    assert found.holds, found.faults
    notes = " ".join(found.notes)
    assert f"begins at record {before}: {TRUCE} was recomputed from its base of record" in notes
    assert "days were last said before the oldest base, and were not recomputed" in notes
    assert 0 < found.counts["same_days"] < len(worked()[3][DAYS])


def test_a_log_that_was_shortened_beyond_every_base_cannot_be_verified() -> None:
    found = shortened(needed()[-1] + 1)
    assert f"needs it from record {needed()[-1]} on: what was decided cannot be recomputed" in " ".join(found.faults)


def test_without_any_base_what_came_before_cannot_be_recomputed() -> None:
    assert "and there is no base" in " ".join(shortened(100, bases=False).faults)
