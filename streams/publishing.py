"""Publish reports to a topic, in order, and on simulated topics the ticks between them.

A simulated topic has no clock but what is written here. Every report received before a tick's time goes into its
partition before the tick does, and the tick goes into every partition; so a truce fed this way comes to the same
decisions as a replay of the same file, however many partitions there are and whichever is read first. A live topic gets
reports only: there the worker's clock ticks.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError
from msgspec import Struct

from streams.adapters import Arrival, Unreadable
from streams.clients import Sending
from streams.core.clock import SimulatedTime
from streams.core.intake import RECEIVED_AT_HEADER, tick_value
from streams.core.terms import SIMULATED_PREFIX, Terms

WAIT_S = 1.0
"""Between two looks of whoever watches, while the next report is not due."""


class Counts(Struct):
    """What became of the rows so far. `last_s`: the time of receipt of the latest report, or of the latest tick; `next_s`: of
    the next one, while it is waited for."""

    reports: int = 0
    ticks: int = 0
    unreadable: int = 0
    last_s: int = 0
    next_s: int | None = None


def publish(
    rows: Iterable[Arrival | Unreadable],
    topic: str,
    truces: Sequence[Terms],
    producer: KafkaProducer,
    speed: float | None = None,
    tell: Callable[[Unreadable], None] = lambda row: None,
    watch: Callable[[Counts], None] = lambda counts: None,
) -> Counts:
    """Publish rows, which must be in order of receipt; returns when every message is acknowledged.

    `truces` are those that take the topic: their D-hours and settling give the ticks of a simulated one; a live topic
    needs none. `speed`: times as fast as the reports came; None does not wait at all. `tell` is given each row that is
    no report, `watch` the counts after every message, and once a second while nothing is due. Raises `BrokerProblem`.
    """
    run = _Run(topic, producer, speed, watch)
    clock = SimulatedTime(truces) if topic.startswith(SIMULATED_PREFIX) else None
    for row in rows:
        if isinstance(row, Unreadable):
            run.counts.unreadable += 1
            tell(row)
            continue
        for tick_s in clock.until(row.received_at) if clock else ():
            run.tick(tick_s)
        if not run.report(row):
            tell(Unreadable(row.where, f"larger than a message may be ({len(row.value)} bytes)", row.value))
    for tick_s in clock.to_the_end() if clock else ():
        run.tick(tick_s)
    run.settle()
    return run.counts


class _Run:
    """One pass over the rows: what is in flight, and the pace."""

    def __init__(self, topic: str, producer: KafkaProducer, speed: float | None, watch: Callable[[Counts], None]) -> None:
        self.counts = Counts()
        self._topic = topic
        self._sending = Sending(producer, topic)
        self._speed = speed
        self._watch = watch
        self._simulated = topic.startswith(SIMULATED_PREFIX)
        self._partitions = sorted(producer.partitions_for(topic))
        self._began: tuple[float, int] | None = None

    def report(self, row: Arrival) -> bool:
        """False where it is too large for a message."""
        self._keep_pace(row.received_at)
        headers = [(RECEIVED_AT_HEADER, str(row.received_at).encode())] if self._simulated else []
        try:
            # The source is the key, so that the reports of a source keep their order.
            self._send(row.value, row.received_at, key=_source(row.value), headers=headers)
        except MessageSizeTooLargeError:
            self.counts.unreadable += 1
            return False
        self.counts.reports += 1
        self._passed(row.received_at)
        return True

    def tick(self, at_s: int) -> None:
        self._keep_pace(at_s)
        value = tick_value(at_s, {self._topic: len(self._partitions)})
        for partition in self._partitions:
            self._send(value, at_s, partition=partition)
        self.counts.ticks += 1
        self._passed(at_s)

    def settle(self) -> None:
        """Wait until all that was sent is there."""
        self._sending.settle()

    def _send(self, value: bytes, at_s: int, **options: Any) -> None:
        if self._simulated:
            # The time of the story, so that publishing it again gives the same log.
            options["timestamp_ms"] = max(0, at_s) * 1_000
        self._sending.send(value, **options)

    def _passed(self, at_s: int) -> None:
        self.counts.last_s = at_s
        self._watch(self.counts)

    def _keep_pace(self, at_s: int) -> None:
        if self._speed is None:
            return
        if self._began is None:
            self._began = (time.monotonic(), at_s)
        began, first_s = self._began
        due = began + (at_s - first_s) / self._speed
        if due > time.monotonic():
            self._sending.settle()
        self.counts.next_s = at_s
        while (ahead_s := due - time.monotonic()) > 0:
            time.sleep(min(ahead_s, WAIT_S))
            self._watch(self.counts)
        self.counts.next_s = None


class _Sourced(Struct):
    source: str = ""


_decode_source = msgspec.json.Decoder(_Sourced).decode


def _source(value: bytes) -> bytes:
    """The source that a report names; empty where it names none, which the intake will refuse."""
    try:
        return _decode_source(value).source.encode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return b""


__all__ = ["Counts", "publish"]
