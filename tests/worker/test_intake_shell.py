"""Small chunks that wait when the intake takes one are asked for and written together with it."""

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import TopicPartition
from faust.types import TP
from worker.terms_of_test import a_report, record_of, some_terms

from schemas.topics import LOCATED
from streams.core.intake import Intake
from streams.worker import intake_app
from streams.worker.chunks import GROWS_RECORDS_MAX, Chunk, Ledger
from streams.worker.intake_app import IntakeShell
from streams.worker.sending import Outgoing
from streams.worker.unpacking import Record

FIELD = [TP("reports.field", number) for number in range(3)]
LOG = TopicPartition(LOCATED, 0)


class Shell(IntakeShell):
    """With nothing behind it: what would be sent is kept in `sent`, a list for each time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ledger, self.asked, self.sent = Ledger(), 0, []
        self.intake = Intake()
        assert self.intake.follow(record_of(some_terms())) is None
        self.app = SimpleNamespace(consumer=SimpleNamespace(ledger=self.ledger, acknowledge=acknowledge))
        self.progress = SimpleNamespace(moved=lambda: None)
        self._producer, self._refused, self._raised, self._next_at = None, [], 0, 0.0
        monkeypatch.setattr(intake_app, "send_all", self._send_all)

    async def _follow_terms(self) -> None:
        self.asked += 1

    async def _log_partitions(self) -> int:
        return 1

    async def _send_all(self, _: Any, outgoing: Mapping[TopicPartition, Sequence[Outgoing]]) -> None:
        assert not any(chunk.acknowledged for chunks in self.ledger._delivered.values() for chunk in chunks if not chunk.taken)
        self.sent.append([record.timestamp_ms for record in outgoing[LOG]])


def acknowledge(chunk: Chunk) -> None:
    chunk.acknowledged = True


def deliver(ledger: Ledger, tp: TP, first: int, count: int = 2) -> Chunk | None:
    """The time of a record tells its partition and its offset."""
    at_ms = 1_795_600_000_000 + tp.partition * 1_000_000
    values = [(offset, a_report(offset)) for offset in range(first, first + count)]
    records = [Record(tp.topic, tp.partition, n, at_ms + n, 0, None, value, [], -1, len(value)) for n, value in values]
    return ledger.deliver(tp, records)


def works(shell: Shell, *chunks: Chunk) -> list[list[tuple[int, int]]]:
    """What was sent each time, as (partition, offset)."""

    async def all_of_them() -> None:
        for chunk in chunks:
            await shell.work(chunk)

    asyncio.run(all_of_them())
    return [[divmod(at_ms - 1_795_600_000_000, 1_000_000) for at_ms in sent] for sent in shell.sent]


def test_small_chunks_that_wait_go_along(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell(monkeypatch)
    chunks = [deliver(shell.ledger, tp, 10) for tp in FIELD]
    assert works(shell, *chunks) == [[(0, 10), (0, 11), (1, 10), (1, 11), (2, 10), (2, 11)]]
    assert shell.asked == 1
    assert [shell.ledger.take_committable(tp) for tp in FIELD] == [12, 12, 12]


def test_a_large_one_goes_by_itself_and_nothing_of_its_partition_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell(monkeypatch)
    first = deliver(shell.ledger, FIELD[0], 0)
    large = deliver(shell.ledger, FIELD[1], 0, GROWS_RECORDS_MAX)
    behind = deliver(shell.ledger, FIELD[1], GROWS_RECORDS_MAX)
    assert behind is not None
    sent = works(shell, first, large, behind)
    assert [len(records) for records in sent] == [2, GROWS_RECORDS_MAX + 2]
    assert sent[1] == [(1, offset) for offset in range(GROWS_RECORDS_MAX + 2)]


def test_what_comes_to_a_partition_in_hand_goes_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell(monkeypatch)
    first = deliver(shell.ledger, FIELD[0], 0)
    first.take()
    behind = deliver(shell.ledger, FIELD[0], 2)
    assert works(shell, first, behind) == [[(0, 0), (0, 1), (0, 2), (0, 3)]]


def test_what_comes_a_moment_after_one_was_taken_is_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a chunk that is full waits for nothing."""
    shell = Shell(monkeypatch)
    monkeypatch.setattr(intake_app, "PACE_S", 60.0)
    sleeps = []

    async def meanwhile(seconds: float) -> None:
        if seconds:
            sleeps.append(seconds)
            assert deliver(shell.ledger, FIELD[0], 4) is None

    async def tell() -> None:
        await shell.work(deliver(shell.ledger, FIELD[0], 0))
        monkeypatch.setattr(asyncio, "sleep", meanwhile)
        await shell.work(deliver(shell.ledger, FIELD[0], 2))
        await shell.work(deliver(shell.ledger, FIELD[1], 0, GROWS_RECORDS_MAX))

    asyncio.run(tell())
    assert [len(sent) for sent in shell.sent] == [2, 4, GROWS_RECORDS_MAX]
    assert len(sleeps) == 1
    assert 59 < sleeps[0] <= 60
