"""A new version of the rules, or of the checkpoints, takes over a log in the middle: nothing is lost, doubled or rewritten.

log       ─────────────────────┬──────────────────────▶
rules             older        │        newer
phases    a ─ b                │ void b ─ …  (what the newer rules see otherwise, as amendments of what was announced)
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec
import pytest
from core.builders import restored
from scenarios.tell import log_of

from schemas.facts import Fact, PhaseChange
from schemas.reasons import ChangeKind, ChangeReason
from schemas.topics import DAYS, INCIDENTS, PHASES
from streams.commands.upgrade import try_partition
from streams.core import partition as partition_module
from streams.core import snapshot
from streams.core.monitor import days as days_module
from streams.core.partition import HeadsDiffer, LogPartition

decode = msgspec.json.Decoder(PhaseChange).decode
SCENARIO = "as-it-happened"


class Reader:
    """What a subscriber has, and the last checkpoints."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.checkpoints: dict[str, bytes] = {}

    def commit(self, partition: LogPartition) -> list[Fact]:
        facts = partition.flush()
        self.facts += facts
        self.checkpoints |= {
            fact.key: fact.value for fact in (*partition.bases(), partition.position()) if fact.value is not None
        }
        return facts

    @property
    def changes(self) -> list[PhaseChange]:
        return [decode(fact.value) for fact in self.facts if fact.topic == PHASES and fact.value is not None]


def go_on(partition: LogPartition, log: Sequence[bytes], end: int, reader: Reader) -> None:
    for offset in range(partition.next_offset, end):
        partition.apply(offset, log[offset])
        if offset % 50 == 0:
            reader.commit(partition)
    reader.commit(partition)


@pytest.fixture
def log() -> list[bytes]:
    return log_of(SCENARIO, seed=1)


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Rules one version older, to which every settled day was quiet."""
    monkeypatch.setattr(days_module, "failed_conditions", lambda *given: frozenset())
    monkeypatch.setattr(partition_module, "RULES", partition_module.RULES - 1)
    return monkeypatch


def chain_holds(changes: Sequence[PhaseChange]) -> bool:
    return all(one.id == other.previous for one, other in pairwise(changes)) and [change.sequence for change in changes] == list(
        range(len(changes))
    )


def standing(changes: Sequence[PhaseChange]) -> list[tuple[str, str, int]]:
    undone = {change.supersedes for change in changes if change.kind is ChangeKind.VOID}
    return [
        (change.zone, change.after, change.effective_at)
        for change in changes
        if change.kind is not ChangeKind.VOID and change.id not in undone
    ]


def test_a_new_version_of_the_rules_amends_what_the_older_announced(log: list[bytes], older: pytest.MonkeyPatch) -> None:
    straight, reader = Reader(), Reader()
    go_on(LogPartition(0), log, len(log) - 40, reader)
    announced = reader.changes
    older.undo()
    go_on(LogPartition(0), log, len(log), straight)
    newer = restored(log, reader.checkpoints)
    assert reader.changes == announced  # taking over says nothing yet
    go_on(newer, log, len(log), reader)
    assert chain_holds(reader.changes)
    assert standing(reader.changes) == standing(straight.changes)
    assert any(change.after == "qualified" for change in announced)
    amendments = reader.changes[len(announced) :]
    assert {change.reason for change in amendments if change.kind is ChangeKind.VOID} == {ChangeReason.RULES_CHANGED}


def test_after_that_the_new_version_restarts_as_if_nothing_had_been(log: list[bytes], older: pytest.MonkeyPatch) -> None:
    reader, again = Reader(), Reader()
    half = len(log) // 2
    go_on(LogPartition(0), log, half, reader)
    older.undo()
    newer = restored(log, reader.checkpoints)
    again.facts, again.checkpoints = list(reader.facts), dict(reader.checkpoints)
    go_on(newer, log, len(log), reader)
    upgraded = restored(log, again.checkpoints)
    for stop in range(half + 30, len(log), (len(log) - half) // 5):
        go_on(upgraded, log, stop, again)
        upgraded = restored(log, again.checkpoints)
    go_on(upgraded, log, len(log), again)
    assert [change.id for change in again.changes] == [change.id for change in reader.changes]


def test_readers_are_shown_incidents_and_days_again(log: list[bytes], older: pytest.MonkeyPatch) -> None:
    reader = Reader()
    go_on(LogPartition(0), log, len(log) - 1, reader)
    shown = {topic: {fact.key for fact in reader.facts if fact.topic == topic and fact.value} for topic in (INCIDENTS, DAYS)}
    older.undo()
    newer = restored(log, reader.checkpoints)
    facts = reader.commit(newer)
    live = {fact.key for fact in facts if fact.topic == INCIDENTS}
    assert live and live <= shown[INCIDENTS]
    settled = {key for key in shown[DAYS] if not key.split("/")[-1].startswith("-")}
    assert len({fact.key for fact in facts if fact.topic == DAYS} & settled) > len(settled) // 2
    assert reader.commit(newer) == []


def test_the_same_rules_that_see_it_otherwise_do_not_start(log: list[bytes], older: pytest.MonkeyPatch) -> None:
    reader = Reader()
    go_on(LogPartition(0), log, len(log) - 40, reader)
    older.undo()
    position = msgspec.json.decode(reader.checkpoints["position/0"])
    position["rules"] = partition_module.RULES
    reader.checkpoints["position/0"] = msgspec.json.encode(position)
    with pytest.raises(HeadsDiffer):
        restored(log, reader.checkpoints)


def test_a_checkpoint_of_an_older_format_costs_a_longer_recovery_and_nothing_else(
    log: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, reader = Reader(), Reader()
    go_on(LogPartition(0), log, len(log), straight)
    monkeypatch.setattr(snapshot, "FORMAT", snapshot.FORMAT - 1)
    go_on(LogPartition(0), log, len(log) // 2, reader)
    monkeypatch.undo()
    newer = LogPartition.restore(0, reader.checkpoints)
    assert newer.next_offset == 0
    go_on(restored(log, reader.checkpoints), log, len(log), reader)
    assert [change.id for change in reader.changes] == [change.id for change in straight.changes]


def test_a_checkpoint_of_a_newer_format_is_refused_in_words(log: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    part = snapshot.Part(snapshot.FORMAT + 1, 0, 0, 1, "{}")
    position = msgspec.json.encode(partition_module.Position(1, {}, [], 1))
    with pytest.raises(snapshot.NewerCheckpoint, match="start that one again"):
        LogPartition.restore(0, {"position/0": position, "base/t/0": msgspec.json.encode(part)})


class Record(NamedTuple):
    offset: int
    value: bytes
    key: bytes | None = None


def records(log: Sequence[bytes], first: int = 0) -> list[Record]:
    return [Record(offset, value) for offset, value in enumerate(log)][first:]


def test_a_dry_check_foretells_the_amendments_and_touches_nothing(log: list[bytes], older: pytest.MonkeyPatch) -> None:
    reader = Reader()
    go_on(LogPartition(0), log, len(log) - 40, reader)
    older.undo()
    before = dict(reader.checkpoints)
    found = try_partition(0, reader.checkpoints, records(log))
    assert found.fault is None
    assert reader.checkpoints == before
    (foretold,) = found.amendments.values()
    announced = len(reader.changes)
    newer = restored(log, reader.checkpoints)
    # The next tick is as far as it foretells: what comes later may bring news of its own.
    stop = next(offset for offset in range(newer.next_offset, len(log)) if b'"record":"tick"' in log[offset]) + 1
    go_on(newer, log, stop, reader)
    amendments = reader.changes[announced:]
    assert [change.kind is ChangeKind.VOID for change in amendments] == [what == "void" for what, _ in foretold]
    assert [change.effective_at for change in amendments] == [change.effective_at for _, change in foretold]


def test_a_dry_check_of_the_same_version_finds_nothing(log: list[bytes]) -> None:
    reader = Reader()
    go_on(LogPartition(0), log, len(log), reader)
    found = try_partition(0, reader.checkpoints, records(log))
    assert found.fault is None
    assert list(found.amendments.values()) == [[]]


def test_a_dry_check_says_where_the_head_of_the_log_is_missing(log: list[bytes]) -> None:
    reader = Reader()
    go_on(LogPartition(0), log, len(log), reader)
    position = {key: value for key, value in reader.checkpoints.items() if key.startswith("position/")}
    assert "begins at offset 5" in (try_partition(0, position, records(log, 5)).fault or "")
