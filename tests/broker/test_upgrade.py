"""An upgrade as the README says, on a real broker: rules and format of the checkpoints are one version newer.

log      ──────────────────────────────┬──────────────▶
worker              older              │    newer
phases   in force, withdrawn, qualified│ void, ended       every change once, in one chain

To the older rules every settled day was quiet; the newer ones see a truce that never qualified.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from commanding import run
from core.builders import restored
from scenarios.tell import log_of
from worker.harness import Installation, Worker, wait_until

from schemas.facts import Level, PhaseChange, TermsRecord
from schemas.reasons import ChangeKind, ChangeReason
from schemas.topics import CHECKPOINTS, DAYS, INCIDENTS, LEVELS, LOCATED, PHASES
from streams.broker import Broker
from streams.core import snapshot
from streams.core.monitor import RULES
from streams.core.partition import LogPartition, Position

OLDER, NEWER = "worker.older_core:OlderPartition", "streams.core.partition:LogPartition"
STORY = "as-it-happened"
WITHIN_S = 120
LOG = 0


@pytest.fixture(scope="module")
def log() -> list[bytes]:
    """The story, with days that close soon, so that there are bases to go on from."""
    first, *rest = log_of(STORY, seed=1)
    record = msgspec.json.decode(first, type=TermsRecord)
    record.terms["gate"] |= {"late_days_max": 3}
    return [msgspec.json.encode(record), *rest]


@pytest.fixture
def truce(broker: Broker) -> Iterator[Installation]:
    installation = Installation(broker.bootstrap, log_partitions=1)
    yield installation
    installation.close()


def position(truce: Installation) -> Position | None:
    stated = last_values(truce, CHECKPOINTS).get(f"position/{LOG}")
    return None if stated is None else msgspec.json.decode(stated, type=Position)


def last_values(truce: Installation, topic: str) -> dict[str, bytes]:
    values = {record.key.decode(): record.value for record in truce.read(topic)[LOG]}
    return {key: value for key, value in values.items() if value is not None}


def base_formats(truce: Installation) -> set[int]:
    bases = [value for key, value in last_values(truce, CHECKPOINTS).items() if key.startswith("base/")]
    return {msgspec.json.decode(value, type=snapshot.Part).format for value in bases}


def decided(truce: Installation, count: int) -> None:
    wait_until(lambda: (at := position(truce)) and at.next_offset >= count, f"{count} records decided", WITHIN_S, pause_s=0.5)


def tell(truce: Installation, records: list[bytes], start: int, end: int) -> None:
    truce.publish(LOCATED, LOG, records[start:end])
    # Offsets count the log alone: nobody else writes into it here.
    decided(truce, end)


def straight(log: list[bytes]) -> dict[str, dict[str, bytes]]:
    """What readers would have by topic and key if the newer version had decided from the start."""
    partition, seen = LogPartition(LOG), {topic: {} for topic in (INCIDENTS, DAYS, LEVELS)}
    for offset, value in enumerate(log):
        partition.apply(offset, value)
        for fact in partition.flush():
            if fact.topic in seen:
                seen[fact.topic][fact.key] = fact.value
    return {topic: {key: value for key, value in values.items() if value is not None} for topic, values in seen.items()}


def going_on(log: list[bytes], checkpoints: dict[str, bytes]) -> list[bytes]:
    """The changes that the newer version announces from these checkpoints on."""
    partition, changes = restored(log, checkpoints), []
    for offset in range(partition.next_offset, len(log)):
        partition.apply(offset, log[offset])
        changes += [fact.value for fact in partition.flush() if fact.topic == PHASES]
    return changes


def test_a_newer_version_takes_over_and_every_decision_is_there_once(
    broker: Broker, truce: Installation, log: list[bytes]
) -> None:
    def start(state: str) -> Worker:
        return truce.worker("--only", "monitor", state=state, instance_id="one")

    def everything() -> dict[str, Any]:
        return {topic: [(r.key, r.value) for r in truce.read(topic)[LOG]] for topic in (CHECKPOINTS, PHASES, DAYS)}

    half = len(log) - 80
    older = start(OLDER)
    tell(truce, log, 0, half)
    assert position(truce).rules == RULES - 1
    assert base_formats(truce) == {snapshot.FORMAT - 1}

    # A dry check, beside the older version: it foretells, and touches nothing.
    before = everything()
    tried = run(broker, "upgrade")
    assert tried.exit_code == 1
    assert "would take back: advance, in_force → qualified of all" in tried.output
    assert everything() == before

    assert older.stop() == 0
    checkpoints, announced = last_values(truce, CHECKPOINTS), truce.values(PHASES, LOG)
    newer = start(NEWER)
    wait_until(lambda: "state rebuilt" in newer.said(), "the newer version has the state", WITHIN_S)
    assert f"replayed={half} " in newer.said()  # its own bases are none yet: from the beginning of the log
    assert truce.values(PHASES, LOG) == announced

    tell(truce, log, half, half + 40)
    newer.kill()
    newer = start(NEWER)
    tell(truce, log, half + 40, len(log))
    assert newer.stop() == 0

    assert truce.values(PHASES, LOG) == announced + going_on(log, checkpoints)
    verified = run(broker, "verify")
    assert verified.exit_code == 0, verified.output
    assert "an earlier version of the rules decided up to record" in " ".join(verified.output.split())
    changes = [msgspec.json.decode(value, type=PhaseChange) for value in truce.values(PHASES, LOG)]
    assert all(one.id == other.previous for one, other in pairwise(changes))
    assert {c.reason for c in changes[len(announced) :] if c.kind is ChangeKind.VOID} == {ChangeReason.RULES_CHANGED}
    wanted = straight(log)
    for topic in (INCIDENTS, DAYS):
        assert last_values(truce, topic) == wanted[topic]
    levels = {key: msgspec.json.decode(value, type=Level) for key, value in last_values(truce, LEVELS).items()}
    assert {level.head for level in levels.values()} == {changes[-1].id}
    assert {key: msgspec.structs.replace(level, head=None) for key, level in levels.items()} == {
        key: msgspec.structs.replace(msgspec.json.decode(value, type=Level), head=None) for key, value in wanted[LEVELS].items()
    }
    assert snapshot.FORMAT in base_formats(truce)
    again = run(broker, "upgrade")
    assert (again.exit_code, "everything as announced" in again.output) == (0, True)
