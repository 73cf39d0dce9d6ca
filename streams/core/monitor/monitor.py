"""The state of one truce: deduplicate, measure and gate, one log record after another.

`apply` takes a record, `flush` gives everything that readers should now see. Phase changes are decided on ticks only;
incidents, levels and days follow the reports at each flush. What is given is a function of the log: neither the cut of
the batches nor the order of reports between two ticks shows in it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from schemas.facts import (
    Dismissal,
    Fact,
    LocatedReport,
    LoggedTick,
    LogRecord,
    Marker,
    PhaseChange,
    Rejection,
    TermsRecord,
)
from schemas.reasons import ChangeReason, Reason
from schemas.topics import PHASES
from streams.core import publish, snapshot
from streams.core.chain import Chain
from streams.core.disagreement import WEEK_DAYS
from streams.core.faults import told
from streams.core.gate import Wanted
from streams.core.monitor.announcing import Announcing
from streams.core.monitor.basing import Basis
from streams.core.monitor.days import Days
from streams.core.monitor.deciding import Deciding
from streams.core.monitor.governing import Governing, picture_of
from streams.core.monitor.history import History
from streams.core.monitor.markers import Markers
from streams.core.monitor.present import Present
from streams.core.monitor.refusals import digest_of, marker_of, refusal
from streams.core.monitor.reports import Live, Mark, Reports, first_kept, must_mark
from streams.core.monitor.time import Time
from streams.core.monitor.waiting import Waiting
from streams.core.picture import Picture
from streams.core.terms import DAY, HOUR, Terms, TermsError

EARLY_MAX = 1_000
"""Reports that wait for the terms of their truce. Terms come first into the log, so this is for mishaps."""

_encode = msgspec.json.Encoder().encode
_decode_change = msgspec.json.Decoder(PhaseChange).decode


class Monitor:
    """One truce. What it refuses comes out as rejections; what it raises on is a bug, and its owner's business."""

    def __init__(self, truce: str) -> None:
        self.truce = truce
        self.time = Time()
        self.chain = Chain()
        self.told_head: str | None = None
        self.seen = False
        """While the log is read again: readers have seen what it says by now, so that nothing of it is kept to be told."""
        self.basis = Basis()
        self.governing = Governing()
        self.markers = Markers()
        self.reports = Reports(self.governing)
        self.waiting = Waiting()
        self.days = Days(self.governing, self.markers)
        self.deciding = Deciding(History(self.days))
        self._announcing = Announcing(truce, self.governing, self.days, self.deciding.history, self.chain)
        self.readers = publish.Readers(truce)
        self._halted: str | None = None
        self._unusable: str | None = None
        self._early: list[tuple[LocatedReport, int]] = []
        self._mark: Mark | None = None
        self._present: Present | None = None
        self.open_from_s = 0
        """Days that end before this are closed (seconds since 1970). It never goes back."""
        self._outbox: list[Fact] = []

    # -- records in ----------------------------------------------------------------------------------------------------

    def apply(self, record: LogRecord, offset: int) -> Rejection | None:
        """Take the record of the log at an offset. A rejection where it is terms that cannot be used."""
        if self._halted is not None:
            return None
        if self.basis.reading is not None:
            self._read_again(record, offset)
        elif isinstance(record, LocatedReport):
            self.counts["taken"] += 1
            self._take(record, offset)
        elif isinstance(record, LoggedTick):
            self._tick(record, offset)
        elif isinstance(record, TermsRecord):
            return self._take_terms(record)
        elif isinstance(record, Marker):
            self._put_marker(record)
        elif isinstance(record, Dismissal):
            self._lift_marker(record.marker)
        return None

    def flush(self, publishing: bool = True) -> list[Fact]:
        """Everything that changed since the last flush: refusals and phase changes in order, then the newest value of each key.

        Without `publishing` (after a recovery) readers are taken to have seen all of it.
        """
        if self._halted is not None:
            return []
        facts, self._outbox = self._outbox, []
        self.told_head = self.chain.head
        if self.governing.entries:
            if publishing:
                facts += self._news()
            else:
                self._pass_over_news()
            facts += self._announcing.levels(self.now_s)
        return facts if publishing else []

    @property
    def pictures(self) -> list[tuple[int, Picture]]:
        """With the time from which each governs."""
        return self.governing.entries

    @property
    def has_terms(self) -> bool:
        return bool(self.governing.entries)

    @property
    def terms(self) -> Terms:
        """The terms that govern the present."""
        return self.present.terms

    @property
    def present(self) -> Picture:
        """The picture that governs the present."""
        return self.governing.at(self.now_s)

    @property
    def now_s(self) -> int | None:
        return self.time.now_s

    @property
    def counts(self) -> dict[str, int]:
        """What became of every report."""
        return self.reports.counts

    def accounts(self) -> dict[str, int]:
        """What became of the reports taken in, told from what is there: together they are `counts["taken"]`."""
        counted = {what: self.counts[what] for what in ("duplicates", "rejected", "replaced", "forgotten")}
        return self.reports.states() | counted | {"waiting": len(self._early) + len(self.waiting)}

    def sizes(self) -> Mapping[str, tuple[int, int]]:
        """Everything in here that can grow, as (count, limit). Reaching a limit refuses, with a marker; see `terms.Limits`."""
        if not self.governing.entries:
            return {"early_reports": (len(self._early), EARLY_MAX)}
        picture, limits = self.present, self.terms.limits
        return {
            **self.reports.sizes(picture),
            "held_back": (len(self.waiting), limits.held_back_max),
            "incidents": (len(picture.incidents), limits.live_reports_max),
            "markers": (len(self.markers), limits.markers_max),
        }

    # -- failing -------------------------------------------------------------------------------------------------------

    @property
    def fault(self) -> str | None:
        """Why nothing is decided for this truce, if nothing is."""
        return self._halted or (self._unusable if not self.has_terms else None)

    def halt(self, error: BaseException) -> None:
        """It raised: nothing that it knows can be relied upon until it is rebuilt."""
        self._halted = told(error)

    def resume(self, head: str | None) -> bool:
        """It was halted with this head announced, and is rebuilt: only what follows on it is still to be announced.

        Whether it follows.
        """
        if self.chain.head == head:
            self._outbox = [fact for fact in self._outbox if fact.topic != PHASES]
            return True
        for at, fact in enumerate(self._outbox):
            if fact.topic == PHASES and _decode_change(fact.value or b"").previous == head:
                self._outbox = [f for f in self._outbox[:at] if f.topic != PHASES] + self._outbox[at:]
                return True
        return False

    def adopt(self, announced: dict[str, Any]) -> None:
        """Other rules announced these changes. They stand; what our rules see otherwise amends them at the next tick."""
        if self.basis.reading is not None:
            return  # the base was taken later, and has them
        self.chain.standing.clear()
        snapshot.to_chain(announced, self.chain)
        self.deciding.forget()
        self.deciding.void_reason = ChangeReason.RULES_CHANGED
        self._outbox = [fact for fact in self._outbox if fact.topic != PHASES]

    def tell_again(self) -> None:
        """Show readers everything as it is now: incidents, days, levels."""
        self._compare_incidents()
        self.days.changed.update((zone, day) for zone, days in self.days.settled.items() for day in range(len(days)))
        self._announcing.levels_due = True

    # -- reports -------------------------------------------------------------------------------------------------------

    def _take(self, located: LocatedReport, offset: int) -> None:
        if not self.governing.entries:
            self._keep_early(located, offset)
            return
        mark, present = self._mark or self._shared_mark(offset), self._present or self._now()
        clock, origin = self.time.clock, located.origin
        carried = clock.latest.get((origin.topic, origin.partition))
        if carried is None or (clock.now_s is not None and carried <= clock.now_s) or not present.picture.terms.truce.simulated:
            self._enter(located, offset, mark, present)
        elif len(self.waiting) < present.picture.terms.limits.held_back_max:
            self.waiting.hold(carried, located, offset, mark)
        else:
            full = Rejection(Reason.LIMIT_REACHED, "report: too many wait for the clock (limits.held_back_max)")
            self._refuse(located, *self.reports.refuse(located, full, offset, present.picture))

    def _keep_early(self, located: LocatedReport, offset: int) -> None:
        """Terms come first into the log; what is there before them waits for them."""
        if len(self._early) < EARLY_MAX:
            self._early.append((located, offset))
            return
        full = Rejection(Reason.LIMIT_REACHED, "truce: too many reports wait for its terms")
        self.counts["rejected"] += 1
        self.markers.put(marker_of(located, full.reason), EARLY_MAX)
        self._outbox.append(refusal(located, full))

    def _enter(self, located: LocatedReport, offset: int, mark: Mark, present: Present) -> None:
        if located.retry_of is not None:
            self._lift_marker(located.retry_of, digest_of(bytes(located.report)))
        refused = self.reports.take(located, offset, mark, present)
        if refused is not None:
            self._refuse(located, *refused)

    def _refuse(self, located: LocatedReport, rejection: Rejection, live: Live) -> None:
        if rejection.reason is Reason.LIMIT_REACHED and must_mark(live):
            self._put_marker(marker_of(located, rejection.reason, *live.span))
        self._outbox.append(refusal(located, rejection))

    def _let_in(self) -> None:
        """Those that waited for the time that it is now."""
        if self.time.clock.now_s is not None:
            for held in self.waiting.due(self.time.clock.now_s):
                self._enter(held.located, held.offset, held.mark, self._now())

    def mark_at(self, offset: int) -> Mark:
        """From here the log can be told again, knowing what stood before."""
        terms = tuple((effective_s, picture.terms) for effective_s, picture in self._judging.entries)
        return Mark(offset, self.time.clock.snapshot(), self.now_s, self.open_from_s, terms)

    def _shared_mark(self, offset: int) -> Mark:
        """All that come between two steps of the clock have one."""
        if self._mark is None:
            self._mark = self.mark_at(offset)
        return self._mark

    @property
    def _judging(self) -> Governing:
        """What governs when, as reports are judged: while the log is read again, as it was when they came."""
        return self.basis.judging or self.governing

    def _now(self) -> Present:
        if self._present is None:
            picture = self._judging.at(self.now_s)
            end, gate = self.deciding.end.end, picture.terms.gate
            if self.now_s is not None:
                # What has closed stays closed, whatever other terms say: its reports may be gone.
                self.open_from_s = max(self.open_from_s, self.now_s - gate.late_days_max * DAY)
            last_moment_s = 1 << 62 if end is None else end.at + gate.after_days * DAY
            self._present = Present(picture, self.now_s, self.open_from_s, last_moment_s)
        return self._present

    # -- terms and markers ---------------------------------------------------------------------------------------------

    def _take_terms(self, record: TermsRecord) -> Rejection | None:
        """New terms govern days that begin at or after `effective_from`; to correct is to govern all open days.

        What cannot be used changes nothing but that readers of the log hear of it.
        """
        try:
            picture = picture_of(record, self.governing)
        except TermsError as fault:
            self._unusable = f"its terms cannot be used: {fault}"
            return Rejection(Reason.WRONG_TYPE, f"terms: {fault}")
        terms = picture.terms
        self._unusable = None
        self._tell()
        self.reports.show_all(picture)
        self.governing.take(record.effective_from, picture, record.correct)
        self._outbox.append(publish.terms_as_fact(terms, record.effective_from, record.correct))
        self._compare_incidents()
        self.markers.lift_all(Reason.WRONG_TYPE)
        self.days.know(terms.zone_ids, max(0, self.time.next_day))
        self.deciding.forget()
        self.deciding.void_reason = ChangeReason.TERMS_CHANGED if self.chain.standing else self.deciding.void_reason
        self._present = None
        if self.now_s is not None:
            self.governing.settle(self.time.next_day)
            self.governing.advance(self.now_s)
            if record.correct and self.time.next_day >= 0:
                if self.reports.forgotten_before * DAY <= self.governing.day_span(-terms.baseline.days)[0]:
                    self.days.baseline = self.days.measure_baseline()
                self._show_days(None, self.now_s)
        self._restate_all()
        early, self._early = self._early, []
        for located, offset in early:
            self._take(located, offset)
        return None

    def _put_marker(self, marker: Marker) -> None:
        most = self.terms.limits.markers_max if self.has_terms else EARLY_MAX
        if self.markers.put(marker, most):
            self._restate_all()

    def _lift_marker(self, name: str, digest: str | None = None) -> None:
        if self.markers.lift(name, digest):
            self._restate_all()

    def _restate_all(self) -> None:
        """At the next tick every open day is looked at again."""
        for picture in self.governing.pictures:
            days = range(max(0, self._first_open()), max(0, self.time.next_day))
            picture.stale_days.update((zone, day) for zone in picture.terms.zone_ids for day in days)

    # -- time ----------------------------------------------------------------------------------------------------------

    def _tick(self, tick: LoggedTick, offset: int) -> None:
        if not self.governing.entries or not self.time.tell(tick, self.terms):
            return
        before_s, now_s = self.now_s, self.time.clock.now_s
        assert now_s is not None
        if now_s >= self._now().last_moment_s:
            self._let_in()
            return
        settled = self.time.step(now_s, self.terms)
        self._mark = self._present = None
        if self.seen:
            self._outbox.clear()
        self.governing.settle(self.time.next_day)
        self.governing.advance(now_s)
        # What is forgotten at the end of this tick is told as it is now, not as the next tick finds it.
        self.governing.resolve(None if self._forgets() else self.time.next_day)
        self._show_days(before_s, now_s)
        self._settle(settled, now_s)
        self._decide(before_s, now_s)
        self.readers.tick(self.governing.pictures, self.governing.governs, self.now_s)
        self._forget()
        self.basis.keep(self, offset, self._first_open(), self._announcing.told_from)
        self._let_in()

    def _show_days(self, before_s: int | None, now_s: int) -> None:
        """Every day is shown from its beginning on, so that none is there or not by the order of what touched it."""
        terms = self.terms
        first = -terms.truce.watch_days_before if before_s is None else (before_s - terms.d_hour_s) // DAY + 1
        days = range(first, (now_s - terms.d_hour_s) // DAY + 1)
        self.days.changed.update((zone, day) for zone in self.days.settled for day in days)

    def _settle(self, settled: list[int], now_s: int) -> None:
        ends, settle_s, ticked_s = self.terms.ends, self.terms.gate.settle_hours * HOUR, self.time.ticked_s
        for day in settled:
            self.days.settle(day, ends)
            if day < 0:
                self._show_days(None, now_s)  # all are held against the baseline that was measured
        first = max(0, self._first_open())
        again, self.days.again = self.days.again, set()
        for picture in self.governing.pictures:
            stale = sorted(self.governing.governed(picture, picture.take_stale_days() | again))
            self.days.changed.update(stale)
            self.days.restate([(z, d) for z, d in stale if first <= d < self.time.next_day], ticked_s, ends)
        self.days.relent(ticked_s, settle_s)

    def _decide(self, before_s: int | None, now_s: int) -> None:
        end, news = self.deciding.end.end, self.days.take_news()
        if self.governing.at(before_s) is not self.governing.at(now_s):
            self.deciding.void_reason = ChangeReason.TERMS_CHANGED
        changes = self.deciding.decide(
            now_s,
            self.time.ticked_s,
            self.governing.at(now_s),
            self._first_open(),
            lambda day: self.governing.day_span(day)[1],
            news,
            self.chain,
            self._body,
        )
        self._outbox += [Fact(PHASES, self.truce, _encode(change)) for change in changes]
        self._announcing.levels_due |= news or bool(changes)
        if self.deciding.end.end != end:
            self._present = None
            for moved in (end, self.deciding.end.end):
                if moved is not None:
                    self.days.changed.update((zone, self.governing.day_of(moved.at)) for zone in self.days.settled)

    def _body(self, wanted: Wanted, supersedes: str | None, listed: int) -> PhaseChange:
        assert self.now_s is not None
        end, gazetteers = self.deciding.end.end, self.reports.gazetteers
        return self._announcing.change(wanted, supersedes, listed, self.now_s, end, gazetteers)

    def _forget(self) -> None:
        """Let go of reports that nothing open can touch, so that memory follows the horizon and not the log."""
        if not self._forgets():
            return
        first_day = self._first_needed()
        self.governing.resolve()
        self._tell()
        # Whatever was withdrawn before was told by reports that are forgotten too.
        self.readers.forget(self.reports.forget(first_day), (first_day - 1) * DAY)
        self._announcing.forget_days(self._first_whole())

    def _forgets(self) -> bool:
        """Whether there is anything to let go of."""
        return self._announcing.forgets(self._first_whole()) or bool(self.reports.before(self._first_needed()))

    def _first_needed(self) -> int:
        return self.reports.first_needed(self._now().open_from_s)

    def _first_whole(self) -> int:
        """The first day of the truce that is told still: of its week no report is gone, by days of the calendar."""
        return self.governing.day_of((first_kept(self._now().open_from_s) + 1) * DAY - 1) + WEEK_DAYS - 1

    def _tell(self) -> None:
        """Say now what is new, before what it rests on goes: later it would be told otherwise, or not at all."""
        if self.basis.reading is not None or not self.governing.entries:
            return
        if self.seen:
            self._pass_over_news()
        else:
            self._outbox += self._news()

    def _news(self) -> Iterator[Fact]:
        """New values of incidents and days."""
        self.governing.resolve()
        yield from self.readers.incidents(self.governing.pictures, self.governing.governs)
        yield from self._announcing.days(self.now_s, self.time.next_day, self.deciding.end.end)

    def _pass_over_news(self) -> None:
        """Readers have seen it."""
        self.governing.resolve()
        self.readers.pass_over(self.governing.pictures, self.governing.governs)
        self._announcing.pass_over_days(self.now_s, self.time.next_day)

    def _compare_incidents(self) -> None:
        """With what readers know of them."""
        self.governing.resolve()
        self.readers.tell_anew(self.governing.pictures, self.governing.governs)

    def _first_open(self) -> int:
        """The first day that may still be another."""
        return self.governing.day_of(self._now().open_from_s) if self.governing.entries else 0

    # -- after a restart -----------------------------------------------------------------------------------------------

    @classmethod
    def restore(cls, truce: str, kept: dict[str, Any], at: int) -> "Monitor":
        """From a base taken at offset `at`: give it the log from `first_offset` on, and from `at` on it is as it was."""
        monitor = cls(truce)
        monitor.basis.begin(monitor, kept, at)
        if kept["first_offset"] > at:
            monitor._install()  # nothing was live that would be read again
        return monitor

    def _read_again(self, record: LogRecord, offset: int) -> None:
        """Before the base only reports count, each judged by the time at which it came and the terms of that time."""
        if self.basis.ends_at(offset):
            self._install()
        elif isinstance(record, LocatedReport):
            if not self.basis.passes_over(offset):
                self._take(record, offset)
        elif isinstance(record, TermsRecord):
            self.basis.take_terms(record)
            self._present = None
            self._now()  # what closes by them is closed from here on
        elif isinstance(record, LoggedTick) and self.time.tell(record, self._judging.at(self.now_s).terms):
            self.time.now_s = self.time.clock.now_s
            self._mark = self._present = None
            self._drop()
            self._let_in()

    def _drop(self) -> None:
        """While the log is read again: of what was let go of before the base nothing is known, nor of what rested on it."""
        self.reports.drop(first_kept(self._now().open_from_s))

    def _install(self) -> None:
        kept = self.basis.install(self)
        self._mark = self._present = None
        self._drop()
        self.governing.resolve()
        for picture in self.governing.pictures:
            picture.forget_days(self.reports.forgotten_before * DAY)
        self._announcing.forget_days(kept["told_from"])
        self.reports.counts = dict(kept["counts"])  # what was forgotten by then is in there
        assert self.now_s is not None
        self.governing.settle(self.time.next_day)
        self.governing.advance(self.now_s)
        for picture, (_, of_picture) in zip(self.governing.pictures, kept["pictures"], strict=True):
            snapshot.to_picture(picture, of_picture)
            picture.take_stale_days()
            picture.take_stale_weeks()
        self.readers.tick(self.governing.pictures, self.governing.governs, self.now_s)
        self.readers.restore(kept["withdrawn"])
        self._let_in()


__all__ = ["Monitor"]
