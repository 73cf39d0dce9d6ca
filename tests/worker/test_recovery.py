"""Where a partition begins again: by its checkpoint, or without one by all that was ever told; and where it refuses to."""

import asyncio
import re
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from worker.fake_core import ChainPartition

from schemas.topics import CHECKPOINTS, DAYS, EVIDENCE, INCIDENTS, LEVELS, LOCATED, PHASES, PUBLIC_TERMS, REJECTED
from streams.worker import recovery
from streams.worker.failures import CannotStart
from streams.worker.progress import Progress
from streams.worker.transactions import POSITION_HEADER

Topics = dict[str, list[Any]]


def told(reached: int | None, value: bytes = b'{"head": 0}') -> SimpleNamespace:
    """A record that says at which place of the log it was told, or does not."""
    headers = [] if reached is None else [(POSITION_HEADER, f"{LOCATED}/0/{reached}".encode())]
    return SimpleNamespace(value=value, headers=headers)


class AnyChain(ChainPartition):
    """Whatever was announced fits it: what is asked here is only from where it goes on."""

    def recovered(self) -> None:
        pass


class Log:
    def __init__(self, first: int, end: int) -> None:
        self._bounds = first, end

    async def bounds(self) -> tuple[int, int]:
        return self._bounds

    async def read(self, start: int, end: int) -> AsyncIterator[list[Any]]:
        yield [SimpleNamespace(offset=offset, value=b"a report", key=None) for offset in range(start, end)]


def rebuilt(monkeypatch: pytest.MonkeyPatch, topics: Topics, log: Log) -> ChainPartition:
    async def everything(_: object, topic: str, __: int) -> AsyncIterator[Any]:
        for record in topics.get(topic, ()):
            yield record

    async def last_record(_: object, topic: str, __: int) -> Any | None:
        return next(iter(topics.get(topic, [])[-1:]), None)

    async def last_values(_: object, topic: str, __: int) -> dict[str, bytes]:
        return {f"position/{number}": value for number, value in topics.get(topic, ())}

    for stand_in in (everything, last_record, last_values):
        monkeypatch.setattr(recovery, stand_in.__name__, stand_in)
    mender = recovery.Recovery(0, {}, AnyChain, log, Progress(60), lambda: None)  # type: ignore[arg-type]
    state = asyncio.run(mender.rebuild(0))
    assert mender.standing[0] == 0
    return state  # type: ignore[return-value]


@pytest.mark.parametrize("topic", [DAYS, EVIDENCE, INCIDENTS, LEVELS, PHASES, REJECTED, PUBLIC_TERMS])
def test_without_a_checkpoint_it_begins_at_the_last_of_all_that_was_told(monkeypatch: pytest.MonkeyPatch, topic: str) -> None:
    topics: Topics = {PHASES: [told(1), told(3)], REJECTED: [told(2), told(None)], LEVELS: [told(3)]}
    topics.setdefault(topic, []).append(told(7))
    assert rebuilt(monkeypatch, topics, Log(0, 9)).next_offset == 7


def test_where_nothing_was_told_it_begins_at_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rebuilt(monkeypatch, {REJECTED: [told(None)]}, Log(0, 9)).next_offset == 0


def test_a_checkpoint_goes_before_what_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    position = orjson.dumps({"next_offset": 4, "head": None, "skipped": []})
    assert rebuilt(monkeypatch, {CHECKPOINTS: [(0, position)], PHASES: [told(7)]}, Log(0, 9)).next_offset == 4


def test_a_change_of_phase_that_does_not_say_where_it_was_told_is_not_gone_by(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotStart, match=r"put .* back from a copy"):
        rebuilt(monkeypatch, {PHASES: [told(1), told(None)], LEVELS: [told(3)]}, Log(0, 9))


@pytest.mark.parametrize(
    ("first", "end", "refused"),
    [
        (0, 7, None),  # it ends where the checkpoint is
        (0, 6, "the log ends at 6"),
        (1, 9, "begins at offset 1, but state needs it from 0"),
    ],
)
def test_checkpoint_and_log_must_fit_each_other(
    monkeypatch: pytest.MonkeyPatch, first: int, end: int, refused: str | None
) -> None:
    if refused is None:
        assert rebuilt(monkeypatch, {PHASES: [told(7)]}, Log(first, end)).next_offset == 7
        return
    with pytest.raises(CannotStart, match=re.escape(refused)):
        rebuilt(monkeypatch, {PHASES: [told(7)]}, Log(first, end))
