"""One partition of the log: the truces that live on it, and the position up to which it was read.

The shell hands in records in order and publishes what `flush` gives together with `position`. The state knows its own
position, so that a record delivered again changes nothing and a gap is noticed.
"""

from collections.abc import Mapping

import msgspec

from schemas.facts import Dismissal, Fact, LocatedReport, LoggedTick, LogRecord, Marker, Rejected, Rejection, TermsRecord
from schemas.reasons import Reason
from schemas.topics import CHECKPOINTS, REJECTED
from streams.core import snapshot
from streams.core.intake import class_of
from streams.core.monitor import RULES, Monitor
from streams.core.vitals import TruceVitals, vitals

_decode = msgspec.json.Decoder(LogRecord).decode
_decode_rejected = msgspec.json.Decoder(Rejected).decode
_encode = msgspec.json.Encoder().encode


class Gap(ValueError):
    """The record is not the next one: the log must be read from `expected` first."""

    def __init__(self, expected: int, offset: int) -> None:
        super().__init__(f"offset {offset} came where {expected} was expected")
        self.expected = expected


class HeadsDiffer(ValueError):
    """The log, read again, gives other phase changes than were announced, by the same version of the rules."""


class Position(msgspec.Struct, frozen=True):
    """What `position/<partition>` keeps: the next offset, the last phase change of each truce, refused offsets."""

    next_offset: int
    heads: dict[str, str | None]
    skipped: list[int]
    rules: int


class LogPartition:
    """State of all truces of one partition of the log."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.next_offset = 0
        self.monitors: dict[str, Monitor] = {}
        self.halted: dict[str, str] = {}
        self._start_at: dict[str, int] = {}
        self._skipped: list[int] = []
        self._skip: frozenset[int] = frozenset()
        self._recorded: Position | None = None
        self._rejections: list[Fact] = []

    # -- forward -------------------------------------------------------------------------------------------------------

    def apply(self, offset: int, value: bytes) -> None:
        """Take the record at an offset. Below the position it is skipped; above it raises `Gap`.

        Any other exception means that the state cannot be used any more: discard it and recover.
        """
        if offset < self.next_offset:
            return
        if offset > self.next_offset:
            raise Gap(self.next_offset, offset)
        if offset in self._skip:
            self.skip(offset)
            return
        record = _decode(value)
        if isinstance(record, LoggedTick):
            self._tick(record, offset)
        elif self._starts(record.truce, offset):
            rejection = self._monitor(record).apply(record, offset)
            if rejection is not None:
                assert isinstance(record, LocatedReport)
                self._rejections.append(refusal(record, rejection))
        self.next_offset = offset + 1

    def skip(self, offset: int) -> None:
        """Pass over a record that was refused as an internal error."""
        assert offset == self.next_offset
        self._skipped.append(offset)
        self.next_offset = offset + 1

    def flush(self, publish: bool = True) -> list[Fact]:
        """All that changed since the last flush: rejections, then by truce; phase changes in order, other keys once."""
        facts, self._rejections = self._rejections, []
        for truce in sorted(self.monitors):
            facts += self.monitors[truce].flush(publish)
        return facts if publish else []

    def position(self) -> Fact:
        """For `truce.checkpoints`, to be committed with everything that `flush` gave."""
        body = Position(self.next_offset, self._heads(), self._skipped, RULES)
        return Fact(CHECKPOINTS, f"position/{self.number}", _encode(body))

    def bases(self) -> list[Fact]:
        """For `truce.checkpoints`: what can no longer change, of each truce of which a day closed since the last call."""
        return [
            Fact(CHECKPOINTS, key, value)
            for truce in sorted(self.monitors)
            for key, value in snapshot.take_due(self.monitors[truce])
        ]

    def refused(self, offset: int, value: bytes, error: str) -> tuple[Fact, bytes]:
        """For a record whose `apply` raised: the rejection, and the marker to write into the log in its place."""
        record = _decode(value)
        assert isinstance(record, LocatedReport), "only a report can be refused"
        rejection = Rejection(Reason.INTERNAL_ERROR, f"the report at offset {offset} of the log raised: {error}")
        marker = Marker(record.truce, str(record.origin), Reason.INTERNAL_ERROR)
        return refusal(record, rejection), _encode(marker)

    def source_class(self, rejected: bytes) -> str:
        """Who sent the report of a fact of `truce.rejected` that came from here: see `intake.class_of`."""
        body = _decode_rejected(rejected)
        monitor = self.monitors.get(body.truce or "")
        return class_of(body.original, [monitor.terms] if monitor is not None and monitor.pictures else [])

    def vitals(self) -> list[TruceVitals]:
        """What an operator sees of each truce that has terms."""
        return [seen for truce in sorted(self.monitors) if (seen := vitals(self.monitors[truce])) is not None]

    def _tick(self, tick: LoggedTick, offset: int) -> None:
        for truce, monitor in self.monitors.items():
            if not self._starts(truce, offset):
                continue
            try:
                monitor.apply(tick, offset)
            # One truce that fails on a tick must not take its neighbours along: it is halted and says so, and the same log
            # halts it again at the same place.
            except Exception as error:
                monitor.halted = True
                self.halted[truce] = f"{type(error).__name__}: {error}"

    def _monitor(self, record: LocatedReport | TermsRecord | Marker | Dismissal) -> Monitor:
        monitor = self.monitors.get(record.truce)
        if monitor is None:
            monitor = self.monitors[record.truce] = Monitor(record.truce)
        return monitor

    def _starts(self, truce: str, offset: int) -> bool:
        """Whether a truce reads this record already: one restored from a base does so from its own offset on."""
        return offset >= self._start_at.get(truce, 0)

    def _heads(self) -> dict[str, str | None]:
        return {truce: self.monitors[truce].chain.head for truce in sorted(self.monitors)}

    # -- recovery ------------------------------------------------------------------------------------------------------

    @classmethod
    def restore(cls, number: int, checkpoints: Mapping[str, bytes]) -> "LogPartition":
        """From the last values of `truce.checkpoints`. `next_offset` is where the log must be read from; read up to
        `recorded_offset`, flush without publishing, and call `recovered`."""
        partition = cls(number)
        recorded = checkpoints.get(f"position/{number}")
        if recorded is None:
            return partition
        partition._recorded = msgspec.json.decode(recorded, type=Position)
        partition._skip = frozenset(partition._recorded.skipped)
        restored = snapshot.restore_all(checkpoints)
        for truce, (monitor, first_offset) in restored.items():
            partition.monitors[truce] = monitor
            partition._start_at[truce] = first_offset
        if restored and restored.keys() >= partition._recorded.heads.keys():
            partition.next_offset = min(partition._start_at.values())
        return partition

    @property
    def recorded_offset(self) -> int:
        """Up to where the log was read before: publish nothing below it."""
        return 0 if self._recorded is None else self._recorded.next_offset

    def recovered(self) -> None:
        """Compare what the log gives now with what was announced. Raises `HeadsDiffer`; new rules amend instead."""
        if self._recorded is None:
            return
        differing = sorted(t for t, head in self._recorded.heads.items() if self._heads().get(t) != head)
        if differing and self._recorded.rules == RULES:
            raise HeadsDiffer(
                f"partition {self.number}: the log gives other phase changes than were announced for {', '.join(differing)}; "
                "do not delete anything; compare the log with truce.phases before starting again"
            )


def refusal(record: LocatedReport, rejection: Rejection) -> Fact:
    """The rejection of a report by the monitor, with the bytes it came in."""
    body = Rejected(
        reason=rejection.reason,
        detail=rejection.detail,
        origin=record.origin,
        stage="monitor",
        original=bytes(record.report),
        truce=record.truce,
    )
    return Fact(REJECTED, str(record.origin), _encode(body))


__all__ = ["Gap", "HeadsDiffer", "LogPartition", "Position"]
