"""A state for trials that raises: on the report `raise-me`, and for the truce `third` on every tick behind `FROM_S`."""

from load_tests.simulation.story import D_HOUR_S
from schemas.facts import LocatedReport, LoggedTick, LogRecord, Rejection
from streams.core import partition
from streams.core.monitor import Monitor
from streams.core.partition import LogPartition
from streams.core.terms import DAY

FROM_S = D_HOUR_S + DAY


class RaisingMonitor(Monitor):
    """What it raises holds the words of a report, as faults of a program sometimes do: they must not come into the log."""

    heard = b""

    def apply(self, record: LogRecord, offset: int) -> Rejection | None:
        if isinstance(record, LocatedReport) and b'"raise-me"' in bytes(record.report):
            raise ValueError(f"as the trial asked: {bytes(record.report)!r}")
        if isinstance(record, LoggedTick) and self.truce == "third" and record.at > FROM_S:
            raise ValueError(f"as the trial asked: {self.heard!r}")
        if isinstance(record, LocatedReport):
            self.heard = bytes(record.report)
        return super().apply(record, offset)


class RaisingPartition(LogPartition):
    """What a `LogPartition` makes its monitors of is a name in its module."""

    def __init__(self, number: int) -> None:
        partition.Monitor = RaisingMonitor
        super().__init__(number)


__all__ = ["RaisingPartition"]
