"""Reads what the worker publishes, as any subscriber would: committed records only.

It also knows when the worker is through: the last tick of a story is in the log, and the position that is committed
with the results lies behind it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import msgspec

from schemas.facts import Day, Evidence, Incident, LoggedTick, LogRecord, PhaseChange, Rejected
from schemas.topics import CHECKPOINTS, DAYS, EVIDENCE, INCIDENTS, LOCATED, PHASES, REJECTED
from streams import clients
from streams.core.partition import Position
from streams.settings import Settings

POLL_MS = 100

_decode_log = msgspec.json.Decoder(LogRecord).decode
_decode_position = msgspec.json.Decoder(Position).decode


class Follower(AbstractContextManager["Follower"]):
    """All changes of phase and rejections, and the newest values of days, incidents and evidence. `seen` counts records."""

    TYPES: Mapping[str, Any] = {PHASES: PhaseChange, DAYS: Day, INCIDENTS: Incident, EVIDENCE: Evidence, REJECTED: Rejected}

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer = clients.consumer(settings)
        self._client: Any = None
        self._decoders = {topic: msgspec.json.Decoder(type).decode for topic, type in self.TYPES.items()}
        self._ticks: dict[tuple[int, str, int, int], int] = {}
        self._positions: dict[int, int] = {}
        self.seen = 0
        self.changes: list[PhaseChange] = []
        self.rejected: list[Rejected] = []
        self.latest: dict[str, dict[str, Any]] = {DAYS: {}, INCIDENTS: {}, EVIDENCE: {}}

    def __enter__(self) -> "Follower":
        self._client = self._consumer.__enter__()
        topics = [*self.TYPES, LOCATED, CHECKPOINTS]
        assigned = [partition for topic in topics for partition in clients.partitions(self._client, topic)]
        self._client.assign(assigned)
        self._client.seek_to_beginning(*assigned)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._consumer.__exit__(kind, fault, trace)

    def poll(self) -> Iterator[PhaseChange]:
        """Take what has come; gives the changes of phase in it."""
        for records in self._client.poll(timeout_ms=POLL_MS).values():
            self.seen += len(records)
            for record in records:
                if record.topic == LOCATED:
                    self._tick(record)
                elif record.topic == CHECKPOINTS:
                    self._position(record)
                elif record.value is None:
                    self.latest[record.topic].pop(record.key.decode(), None)
                else:
                    yield from self._take(record.topic, record.key, self._decoders[record.topic](record.value))

    def catch_up(self) -> Iterator[PhaseChange]:
        """Take all that is published by now; gives the changes of phase in it.

        What one transaction wrote becomes visible on one partition after the other, the position perhaps first. So this reads
        to the ends of what is written, not of what is visible by now.
        """
        with clients.admin(self._settings) as admin:
            ends = clients.written_ends(admin, self._client.assignment())
        while any(self._client.position(partition) < end for partition, end in ends.items()):
            yield from self.poll()

    def is_working(self, partitions: Iterable[int]) -> bool:
        """Whether the worker has begun to read these partitions of the log."""
        return all(number in self._positions for number in partitions)

    def is_through(self, partition: int, topic: str, topic_partitions: int, tick_s: int) -> bool:
        """Whether the worker has published all that follows from the tick at `tick_s`, carried by every partition of a topic.

        It may not have reached us yet: `catch_up` reads it.
        """
        offsets = [self._ticks.get((partition, topic, number, tick_s)) for number in range(topic_partitions)]
        position = self._positions.get(partition, 0)
        return all(offset is not None and offset < position for offset in offsets)

    def of(self, truce: str, topic: str) -> list[Any]:
        """The newest values of a compacted topic that are about a truce."""
        return [value for value in self.latest[topic].values() if value.truce == truce]

    def _take(self, topic: str, key: bytes, value: Any) -> Iterator[PhaseChange]:
        if topic == PHASES:
            self.changes.append(value)
            yield value
        elif topic == REJECTED:
            self.rejected.append(value)
        else:
            self.latest[topic][key.decode()] = value

    def _tick(self, record: Any) -> None:
        if record.key == b"tick":
            tick = _decode_log(record.value)
            assert isinstance(tick, LoggedTick)
            self._ticks[record.partition, tick.origin.topic, tick.origin.partition, tick.at] = record.offset

    def _position(self, record: Any) -> None:
        if record.key.startswith(b"position/") and record.value is not None:
            self._positions[record.partition] = _decode_position(record.value).next_offset


__all__ = ["Follower"]
