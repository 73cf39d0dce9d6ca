"""A report that raised marks its truce where it stood in the log, not where its marker comes to stand behind it."""

import pytest
from core.builders import TERMS, log_of, story

from streams.core.monitor import Monitor
from streams.core.partition import LogPartition


def raised_at(log: list[bytes]) -> int:
    return next(offset for offset, record in enumerate(log) if b'"violation"' in record)


def test_it_marks_at_once_and_again_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(story(1))
    offset, checkpoints = raised_at(log), {}
    partition = LogPartition(0)
    for before, record in enumerate(log[:offset]):
        partition.apply(before, record)
    _, [marker] = partition.refuse(offset, log[offset], ValueError("as the test asked"))
    truce: Monitor = partition.monitors[TERMS.truce.id]
    assert len(truce.markers) == 1
    partition.apply(offset + 1, marker)
    assert len(truce.markers) == 1, "the marker in the log is the same one"
    fact = partition.position()
    checkpoints[fact.key] = fact.value
    again = LogPartition.restore(0, checkpoints)
    for at, record in enumerate(log[: offset + 1]):
        again.apply(at, record)
    assert len(again.monitors[TERMS.truce.id].markers) == 1
