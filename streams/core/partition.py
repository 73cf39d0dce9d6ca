"""One partition of the log: the truces that live on it, and the position up to which it was read.

The shell hands in records in order and publishes what `flush` gives together with `position`. The state knows its own
position, so that a record delivered again changes nothing and a gap is noticed.

Truces are neighbours here, and none may take another along. What no truce can read is refused and marks the days of
whomever it may concern. A truce that raises on anything but a report is halted; it is tried again at the next start,
from the same log, so it halts again at the same place unless it was mended.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from schemas.facts import (
    Fact,
    LocatedReport,
    LoggedTick,
    LogRecord,
    Marker,
    Origin,
    PhaseChange,
    Rejected,
    Rejection,
)
from schemas.reasons import Reason
from schemas.topics import CHECKPOINTS, LOCATED, REJECTED
from streams.core import snapshot
from streams.core.chain import Chain, Issued
from streams.core.check import SIZE_MAX
from streams.core.gate import Wanted
from streams.core.intake import class_of
from streams.core.monitor import RULES, Monitor
from streams.core.monitor.refusals import marker_of, refusal
from streams.core.vitals import TruceVitals, vitals

TRUCES_MAX = 1_000
"""Of one partition, those that only ever had records and no terms among them."""

RAISED = "the report at offset {} of the log raised {}"
_RAISED_AT = re.compile(RAISED.format(r"(\d+)", r"\w+"))

_decode = msgspec.json.Decoder(LogRecord).decode
_decode_change = msgspec.json.Decoder(PhaseChange).decode
_decode_rejected = msgspec.json.Decoder(Rejected).decode
_encode = msgspec.json.Encoder().encode


class Gap(ValueError):
    """The record is not the next one: the log must be read from `expected` first."""

    def __init__(self, expected: int, offset: int) -> None:
        super().__init__(f"offset {offset} came where {expected} was expected")
        self.expected = expected


class HeadsDiffer(ValueError):
    """The log, read again, gives other phase changes than were announced, by the same version of the rules."""


class TruceFault(Exception):
    """A truce raised when it was asked for what changed; the cause is chained."""

    def __init__(self, truce: str) -> None:
        super().__init__(truce)
        self.truce = truce


class Position(msgspec.Struct, frozen=True):
    """What `position/<partition>` keeps: the next offset, the last phase change of each truce, refused offsets, and which
    truces were halted.

    `chains`: the changes that stand, by truce, for rules that see them otherwise. `adopted`: where rules changed, the offset
    from which the new ones go on, and the changes that stood there.
    """

    next_offset: int
    heads: dict[str, str | None]
    skipped: list[int]
    rules: int
    halted: list[str] = []
    chains: dict[str, Any] = {}
    adopted: dict[str, tuple[int, Any]] = {}


class LogPartition:
    """State of all truces of one partition of the log."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.next_offset = 0
        self.monitors: dict[str, Monitor] = {}
        self._resumed: set[str] = set()
        self._start_at: dict[str, int] = {}
        self._skipped: list[int] = []
        self._skip: frozenset[int] = frozenset()
        self._recorded: Position | None = None
        self._told = False
        self._adopted: dict[str, tuple[int, Any]] = {}
        self._to_adopt: list[str] = []
        self._tell_again: list[str] = []
        self._rejections: list[Fact] = []
        # By truce, its chain as it was last recorded, and the record: most commits announce nothing.
        self._recorded_chains: dict[str, tuple[str | None, list[Issued], msgspec.Raw]] = {}

    # -- forward -------------------------------------------------------------------------------------------------------

    def apply(self, offset: int, value: bytes, key: bytes | None = None) -> None:
        """Take the record at an offset, with its key. Below the position it is skipped; above it raises `Gap`.

        Any other exception means that the state cannot be used any more: discard it, recover, and `refuse` the record.
        """
        if offset < self.next_offset:
            return
        if offset > self.next_offset:
            raise Gap(self.next_offset, offset)
        if self._to_adopt:
            self._adopt_up_to(offset)
        if offset in self._skip:
            self._pass_over(read(value), offset)
            return
        record = read(value)
        if isinstance(record, LocatedReport):
            self._report(record, offset)
        elif isinstance(record, Rejection):
            self._refuse_unread(offset, value, key, record)
        elif isinstance(record, LoggedTick):
            for truce in self.monitors:
                self._give(truce, record, offset)
        elif self._monitor(record.truce) is not None:
            rejection = self._give(record.truce, record, offset)
            if rejection is not None:
                self._refuse_terms(record.truce, offset, value, rejection)
        self.next_offset = offset + 1

    def refuse(self, offset: int, value: bytes, fault: Exception) -> tuple[list[Fact], list[bytes]]:
        """For the record at the position, on which `apply` or `flush` raised: facts, and records to write into the log.

        A report is refused with a marker. Of anything else the truce that raised is halted. Raises `fault` where it is
        neither: then nobody knows what the state is worth.
        """
        assert offset == self.next_offset
        record = read(value)
        if isinstance(record, LocatedReport):
            marker = self._pass_over(record, offset)
            detail = RAISED.format(offset, type(fault).__name__)
            return [*self.flush(), refusal(record, Rejection(Reason.INTERNAL_ERROR, detail))], [_encode(marker)]
        if not isinstance(fault, TruceFault):
            raise fault
        self.apply(offset, value)
        self.monitors[fault.truce].halt(fault.__cause__ or fault)
        return self.flush(halting=True), []

    def flush(self, publish: bool = True, halting: bool = False) -> list[Fact]:
        """All that changed since the last flush: rejections, then by truce; phase changes in order, other keys once.

        Without `publish` (after a recovery) readers have seen it all. A truce that raises is halted where nobody asks for
        what it says, or with `halting`; else it raises `TruceFault`.
        """
        facts, self._rejections = self._rejections, []
        while publish and self._tell_again:
            self.monitors[self._tell_again.pop()].tell_again()
        for truce in sorted(self.monitors):
            monitor = self.monitors[truce]
            if not publish and truce in self._resumed:
                continue
            try:
                facts += monitor.flush(publish)
            # Broad, because whatever is wrong with one truce, its neighbours go on.
            except Exception as error:
                if publish and not halting:
                    raise TruceFault(truce) from error
                monitor.halt(error)
        return facts if publish else []

    @property
    def halted(self) -> dict[str, str]:
        """Truces for which nothing is decided any more, and why."""
        return {truce: monitor.fault for truce, monitor in self.monitors.items() if monitor.fault is not None}

    def position(self) -> Fact:
        """For `truce.checkpoints`, to be committed with everything that `flush` gave."""
        body = Position(
            self.next_offset,
            self._heads(),
            self._skipped,
            RULES,
            sorted(self.halted),
            {truce: self._record_of(truce, monitor.chain) for truce, monitor in self.monitors.items() if monitor.chain.head},
            self._adopted,
        )
        return Fact(CHECKPOINTS, f"position/{self.number}", _encode(body))

    def bases(self) -> list[Fact]:
        """For `truce.checkpoints`: what can no longer change, of each truce of which a day closed since the last call."""
        return [
            Fact(CHECKPOINTS, key, value)
            for truce in sorted(self.monitors)
            for key, value in snapshot.take_due(self.monitors[truce])
        ]

    def source_class(self, rejected: bytes) -> str:
        """Who sent the report of a fact of `truce.rejected` that came from here: see `intake.class_of`."""
        body = _decode_rejected(rejected)
        monitor = self.monitors.get(body.truce or "")
        return class_of(body.original, [monitor.terms] if monitor is not None and monitor.pictures else [])

    def vitals(self) -> list[TruceVitals]:
        """What an operator sees of each truce that has terms."""
        return [seen for truce in sorted(self.monitors) if (seen := vitals(self.monitors[truce])) is not None]

    def _report(self, record: LocatedReport, offset: int) -> None:
        monitor = self.monitors.get(record.truce) or self._monitor(record.truce)
        if monitor is None:
            full = Rejection(Reason.LIMIT_REACHED, "truce: too many truces without terms on this partition of the log")
            self._rejections.append(refusal(record, full))
        elif self._starts(record.truce, offset):
            monitor.apply(record, offset)

    def _give(self, truce: str, record: LogRecord, offset: int) -> Rejection | None:
        """What is no report: a truce that raises on it is halted and says so, and the same log halts it again there."""
        if not self._starts(truce, offset):
            return None
        try:
            return self.monitors[truce].apply(record, offset)
        # Broad, because one truce that fails must not take its neighbours along.
        except Exception as error:
            self.monitors[truce].halt(error)
            return None

    def _refuse_unread(self, offset: int, value: bytes, key: bytes | None, rejection: Rejection) -> None:
        """Nobody knows what it would have said: it marks the truce of its key, or else all that are here."""
        truce = (key or b"").decode("utf-8", "replace")
        concerned = [truce] if truce in self.monitors else sorted(self.monitors)
        for one in concerned:
            self._give(one, Marker(one, str(self._origin(offset)), rejection.reason), offset)
        self._rejections.append(self._refusal(offset, value, rejection, truce if truce in self.monitors else None))

    def _refuse_terms(self, truce: str, offset: int, value: bytes, rejection: Rejection) -> None:
        """The truce keeps the terms it has. Whoever routes by the refused ones may leave reports out, so from now on no day
        is quiet, until usable ones come."""
        now_s = self.monitors[truce].now_s
        self._give(truce, Marker(truce, str(self._origin(offset)), rejection.reason, start=now_s), offset)
        self._rejections.append(self._refusal(offset, value, rejection, truce))

    def _refusal(self, offset: int, value: bytes, rejection: Rejection, truce: str | None) -> Fact:
        """The rejection of a record of the log that is no report."""
        origin = self._origin(offset)
        kept = value[:SIZE_MAX]
        body = Rejected(rejection.reason, rejection.detail, origin, "monitor", kept, truce, cut=len(value) - len(kept))
        return Fact(REJECTED, str(origin), _encode(body))

    def _origin(self, offset: int) -> Origin:
        return Origin(LOCATED, self.number, offset)

    def _pass_over(self, record: LogRecord | Rejection, offset: int) -> Marker | None:
        """Step over a report that raised. It marks its truce from here on: the marker in the log comes behind all that is
        there by now, and until it is read the days would go by without the report."""
        marker = None
        if isinstance(record, LocatedReport):
            marker = marker_of(record, Reason.INTERNAL_ERROR)
            if self._monitor(record.truce) is not None:
                self._give(record.truce, marker, offset)
        self._skipped.append(offset)
        self.next_offset = offset + 1
        return marker

    def _monitor(self, truce: str) -> Monitor | None:
        """None where there are too many already that nobody has ever given terms."""
        monitor = self.monitors.get(truce)
        if monitor is None and sum(not known.has_terms for known in self.monitors.values()) < TRUCES_MAX:
            monitor = self.monitors[truce] = Monitor(truce)
            monitor.seen = self._has_told(truce)
        return monitor

    def _has_told(self, truce: str) -> bool:
        """Whether all that a truce says at the position was told. Of one that was halted it is not known how much was."""
        recorded = self._recorded
        return self._told and recorded is not None and self.next_offset < recorded.next_offset and truce not in recorded.halted

    def _starts(self, truce: str, offset: int) -> bool:
        """Whether a truce reads this record already: one restored from a base does so from its own offset on."""
        return offset >= self._start_at.get(truce, 0)

    def _record_of(self, truce: str, chain: Chain) -> msgspec.Raw:
        """What the position keeps of a chain, written out again only where it is another."""
        known = self._recorded_chains.get(truce)
        if known is None or known[0] != chain.head or known[1] != chain.standing:
            record = msgspec.Raw(_encode(snapshot.of_chain(chain)))
            known = self._recorded_chains[truce] = chain.head, list(chain.standing), record
        return known[2]

    def _heads(self) -> dict[str, str | None]:
        return {truce: self.monitors[truce].chain.head for truce in sorted(self.monitors)}

    # -- recovery ------------------------------------------------------------------------------------------------------

    @classmethod
    def restore(cls, number: int, checkpoints: Mapping[str, bytes], told: bool = False) -> "LogPartition":
        """From the last values of `truce.checkpoints`. `next_offset` is where the log must be read from; read up to
        `recorded_offset`, call `recovered`, and flush without publishing. With `told` nothing is kept for a flush before
        that: readers have seen it."""
        partition = cls(number)
        partition._told = told
        recorded = checkpoints.get(f"position/{number}")
        if recorded is None:
            return partition
        partition._recorded = msgspec.json.decode(recorded, type=Position)
        partition._skip = frozenset(partition._recorded.skipped)
        partition._adopted = dict(partition._recorded.adopted)
        partition._to_adopt = sorted(partition._adopted)
        restored = snapshot.restore_all(checkpoints)
        for truce, (monitor, first_offset) in restored.items():
            partition.monitors[truce] = monitor
            partition._start_at[truce] = first_offset
            monitor.seen = partition._has_told(truce)
        if restored and restored.keys() >= partition._recorded.heads.keys():
            partition.next_offset = min(partition._start_at.values())
        # Those below are not met again, and must not be forgotten: whoever reads the log from its beginning steps over them.
        partition._skipped = [offset for offset in partition._recorded.skipped if offset < partition.next_offset]
        return partition

    @staticmethod
    def announced(changes: Iterable[bytes], rejected: Iterable[bytes], next_offset: int) -> bytes:
        """A position told from what a partition has announced and refused, in order, where the checkpoint is gone:
        `next_offset` is that of the last transaction which told anything."""
        heads: dict[str, str | None] = {}
        for value in changes:
            change = _decode_change(value)
            heads[change.truce] = change.id
        raised = (
            _RAISED_AT.fullmatch(body.detail)
            for body in map(_decode_rejected, rejected)
            if body.stage == "monitor" and body.reason is Reason.INTERNAL_ERROR
        )
        return _encode(Position(next_offset, heads, sorted({int(found[1]) for found in raised if found}), RULES))

    @property
    def recorded_offset(self) -> int:
        """Up to where the log was read before: publish nothing below it."""
        return 0 if self._recorded is None else self._recorded.next_offset

    def recovered(self) -> None:
        """Compare what the log gives now with what was announced. Raises `HeadsDiffer`; new rules amend instead."""
        if self._recorded is None:
            return
        for monitor in self.monitors.values():
            monitor.seen = False
        self._adopt_up_to(self.next_offset)
        if self._recorded.rules != RULES:
            self._amend_from_here(self._recorded)
            return
        heads, known = self._heads(), self._recorded.heads
        self._resumed = {truce for truce in self._recorded.halted if truce in self.monitors} - self.halted.keys()
        compared = known.keys() - self._recorded.halted
        differing = sorted(truce for truce in compared if heads.get(truce) != known[truce])
        differing += sorted(truce for truce in self._resumed if not self.monitors[truce].resume(known.get(truce)))
        if differing:
            raise HeadsDiffer(
                f"partition {self.number}: the log gives other phase changes than were announced for {', '.join(differing)}; "
                "do not delete anything; compare the log with truce.phases before starting again"
            )

    def amendments(self) -> dict[str, list[tuple[str, Wanted]]]:
        """Read up to the recorded offset, without `recovered`: what this version would announce where it takes over, by truce.

        (`void` or `new`, the change): a truce of which it sees everything as it was announced has none. One that was
        recorded by a version that kept no changes, or that is not there any more, is left out.
        """
        found: dict[str, list[tuple[str, Wanted]]] = {}
        recorded = self._recorded
        if recorded is None:
            return found
        self._adopt_up_to(self.next_offset)
        for truce in sorted(recorded.chains.keys() & self.monitors.keys() - set(recorded.halted)):
            announced = Chain()
            snapshot.to_chain(recorded.chains[truce], announced)
            then = {issued.wanted.identity: issued.wanted for issued in announced.standing}
            now = {issued.wanted.identity: issued.wanted for issued in self.monitors[truce].chain.standing}
            found[truce] = [("void", change) for identity, change in reversed(then.items()) if identity not in now]
            found[truce] += [("new", change) for identity, change in now.items() if identity not in then]
        return found

    @property
    def recorded_rules(self) -> int | None:
        """The version of the rules that decided up to the recorded offset."""
        return None if self._recorded is None else self._recorded.rules

    @property
    def adopted(self) -> dict[str, tuple[int, int]]:
        """By truce, where other rules decided first: the offset from which these do, and how many changes stood before."""
        return {truce: (offset, chain["sequence"]) for truce, (offset, chain) in self._adopted.items()}

    def _amend_from_here(self, recorded: Position) -> None:
        """Other rules decided up to here. What they announced stands, and is amended by what ours see."""
        for truce in sorted(recorded.heads.keys() & self.monitors.keys() - set(recorded.halted)):
            if recorded.heads[truce] is None or truce in recorded.chains:
                self._adopted[truce] = self.next_offset, recorded.chains.get(truce, snapshot.of_chain(Chain()))
        self._to_adopt = sorted(self._adopted)
        self._tell_again = [truce for truce in self._to_adopt if truce in self.monitors]
        self._adopt_up_to(self.next_offset)

    def _adopt_up_to(self, offset: int) -> None:
        """Before the record at an offset is taken in: the changes that stood where the rules changed."""
        for truce in [truce for truce in self._to_adopt if self._adopted[truce][0] <= offset]:
            self._to_adopt.remove(truce)
            if truce in self.monitors:
                self.monitors[truce].adopt(self._adopted[truce][1])


def read(value: bytes) -> LogRecord | Rejection:
    """A record of the log, or why it is none: only programs of ours write there, so it is an error of ours."""
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        return Rejection(Reason.INTERNAL_ERROR, f"not a record of the log: {str(fault)[:200]}")


__all__ = ["Gap", "HeadsDiffer", "LogPartition", "Position", "TruceFault"]
