"""The core's state of one partition of the log, as the shell sees it, and how records of the log are given to it."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from schemas.facts import Fact
from streams.core.vitals import TruceVitals


class State(Protocol):
    """What the core's `LogPartition` offers."""

    next_offset: int

    @property
    def halted(self) -> dict[str, str]: ...
    @property
    def recorded_offset(self) -> int: ...
    def vitals(self) -> list[TruceVitals]: ...
    def apply(self, offset: int, value: bytes, key: bytes | None) -> None: ...
    def refuse(self, offset: int, value: bytes, fault: Exception) -> tuple[list[Fact], list[bytes]]: ...
    def flush(self, publish: bool = True) -> list[Fact]: ...
    def position(self) -> Fact: ...
    def bases(self) -> list[Fact]: ...
    def recovered(self) -> None: ...
    def source_class(self, rejected: bytes) -> str: ...


class StateType(Protocol):
    def restore(self, number: int, checkpoints: Mapping[str, bytes], told: bool = False) -> State: ...
    def announced(self, changes: Iterable[bytes], rejected: Iterable[bytes], next_offset: int) -> bytes: ...


def take_in(state: State, record: Any) -> None:
    """The next record of the log, which was read without a break."""
    step_over(state, record.offset)
    state.apply(record.offset, record.value or b"", record.key)


def step_over(state: State, offset: int) -> None:
    """Offsets that hold no record: the log was read without a break, so they belong to transactions."""
    if offset > state.next_offset:
        state.next_offset = offset


__all__ = ["State", "StateType", "step_over", "take_in"]
