"""The state of one truce: deduplicate, measure and gate, one log record after another.

`apply` takes a record, `flush` gives everything that readers should now see. Phase changes are decided on ticks only;
incidents, levels and days follow the reports at each flush. What is given is a function of the log: neither the cut of
the batches nor the order of reports between two ticks shows in it.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

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
    Report,
    TermsRecord,
)
from schemas.reasons import UNLISTED, WHOLE, ChangeReason, Condition, Reason, ReportType
from schemas.topics import PHASES
from streams.core import publish, snapshot
from streams.core.chain import Chain
from streams.core.check import seconds
from streams.core.claims import Account, span_of
from streams.core.clock import Clock
from streams.core.coverage import is_watched, share
from streams.core.gate import Conditions, Wanted, ended, failed_conditions, in_thousandths, limit, streak, timeline
from streams.core.measure import BEST, HIGH, LOW, METRICS, measures
from streams.core.picture import Key, Picture, key_of
from streams.core.public_terms import assumptions
from streams.core.settlement import DayView, SettledDay, StandingEnd
from streams.core.terms import DAY, HOUR, Terms, parse, thousandths

RULES = 1
"""The version of these rules. It stands in every phase change."""

FORGET_DAYS = 10
"""How much longer than its day is open a report is kept, so that open ones find all that they could belong to."""

_decode_report = msgspec.json.Decoder(Report).decode
_encode = msgspec.json.Encoder().encode


ABSENT = DayView(frozenset({Condition.NOT_WATCHED}), None, 0, {}, {})
"""A day on which the terms that governed it did not know the zone."""


class Live(NamedTuple):
    """What is kept of a report: the best revision so far, and the bytes as located. One that was retracted, or that moved
    outside the truce, is kept too: a lower revision that comes later must not revive it."""

    revision: int
    retracted: bool
    digest: bytes
    located: LocatedReport
    lineage: str
    day: int
    outside: bool = False

    @property
    def shown(self) -> bool:
        return not self.retracted and not self.outside

    @property
    def rank(self) -> tuple[int, bool, bytes]:
        """The higher revision stands; on a tie a retraction wins, then the larger digest."""
        return self.revision, self.retracted, self.digest


class Monitor:
    """One truce. Raises on nothing that a report can say; what it refuses comes out as rejections."""

    def __init__(self, truce: str) -> None:
        self.truce = truce
        self.clock = Clock()
        self.chain = Chain()
        self.halted = False
        self.base: tuple[int, dict[str, Any]] | None = None
        self._kept: tuple[int, dict[str, Any]] | None = None
        self._based_day: int | None = None
        self._passed_over: list[int] = []
        self._again_passed_over: frozenset[int] = frozenset()
        self._marks: dict[int, tuple[int, dict[str, Any], int | None]] = {}
        self.counts = dict.fromkeys(("taken", "kept", "duplicates", "outside", "rejected", "replaced", "forgotten"), 0)
        self.pictures: list[tuple[int, Picture]] = []
        self.markers: dict[str, Marker] = {}
        self.settled: dict[str, list[SettledDay]] = {}
        self.baseline: dict[str, int | None] | None = None
        self.end = StandingEnd()
        self.gazetteers: set[str] = set()
        self._live: dict[Key, Live] = {}
        self._live_by_lineage: dict[str, int] = {}
        self._keys_by_day: dict[int, set[Key]] = {}
        self._offset = 0
        self._early: list[LocatedReport] = []
        self._now_s: int | None = None
        self._ticked_s = 0
        self._ended_days: dict[int, int] = {}
        self._next_day = -1
        self._void_reason = ChangeReason.LATE_NEWS
        self._lingering: set[tuple[str, int]] = set()
        self._outbox: list[Fact] = []
        self._days_to_publish: set[tuple[str, int]] = set()
        self._levels_due = False
        self._readers = publish.Readers(truce)

    # -- records in ----------------------------------------------------------------------------------------------------

    def apply(self, record: LogRecord, offset: int) -> Rejection | None:
        """Take the record of the log at an offset. A rejection where it is a report that must be refused."""
        if self.halted:
            return None
        self._offset = offset
        if self._kept is not None:
            self._read_again(record, offset)
            return None
        if isinstance(record, LocatedReport):
            self.counts["taken"] += 1
            return self._report(record)
        if isinstance(record, LoggedTick):
            self._tick(record)
        elif isinstance(record, TermsRecord):
            self._take_terms(record)
        elif isinstance(record, Marker):
            self._mark(record)
        elif isinstance(record, Dismissal):
            self._unmark(record.marker)
        return None

    def flush(self, publishing: bool = True) -> list[Fact]:
        """Everything that changed since the last flush: phase changes in order, then the newest value of each key.

        Without `publishing` (after a recovery) readers are taken to have seen all of it.
        """
        if self.halted or not self.pictures:
            return []
        facts, self._outbox = self._outbox, []
        self._resolve()
        facts += self._readers.incidents(self._governed(), self._governs)
        facts += self._day_facts()
        facts += self._level_facts()
        return facts if publishing else []

    @property
    def terms(self) -> Terms:
        """The terms that govern the present."""
        return self.present.terms

    @property
    def present(self) -> Picture:
        """The picture that governs the present."""
        return self._picture_at(self._now_s)

    def accounts(self) -> dict[str, int]:
        """What became of the reports taken in, told from what is there: together they are `counts["taken"]`."""
        states = dict.fromkeys(("live", "retracted", "outside"), 0)
        for live in self._live.values():
            states["outside" if live.outside else "retracted" if live.retracted else "live"] += 1
        counted = {what: self.counts[what] for what in ("duplicates", "rejected", "replaced", "forgotten")}
        return states | counted | {"waiting": len(self._early)}

    def sizes(self) -> list[tuple[str, int, int]]:
        """(what, how much of it there is, its limit in the terms)."""
        limits = self.terms.limits
        listed = [count for lineage, count in self._live_by_lineage.items() if lineage != UNLISTED]
        return [
            ("live_reports", len(self._live), limits.live_reports_max),
            ("reports_of_a_lineage", max(listed, default=0), limits.live_reports_per_lineage_max),
            ("reports_of_unlisted", self._live_by_lineage.get(UNLISTED, 0), limits.live_reports_per_lineage_max),
        ]

    # -- reports -------------------------------------------------------------------------------------------------------

    def _report(self, located: LocatedReport) -> Rejection | None:
        if not self.pictures:
            # Terms come first into the log; what is there before them waits for them.
            self._early.append(located)
            return None
        raw = bytes(located.report)
        report = _decode_report(raw)
        key = key_of(report.source, report.report_id)
        digest = blake2b(raw, digest_size=16).digest()
        held = self._live.get(key)
        fresh = Live(report.revision, report.status == "retracted", digest, located, self.terms.lineage(report.source.strip()), 0)
        if located.gazetteer is not None:
            self.gazetteers.add(located.gazetteer)
        if located.retry_of is not None:
            self._unmark(located.retry_of)
        if held is not None and fresh.rank <= held.rank:
            self.counts["duplicates"] += 1
            if fresh.rank < held.rank:
                self._passed_over.append(self._offset)
            if fresh.rank < held.rank or located.received_at >= held.located.received_at:
                return None
            # The same report was received earlier than the one we hold: the earlier time of receipt is the true one.
            self._replace(key, held, held._replace(located=located), report)
            return None
        refusal = self._place_in_time(report, located, held)
        if isinstance(refusal, Rejection):
            self.counts["rejected"] += 1
            self._passed_over.append(self._offset)
            return refusal
        if refusal is None:
            self.counts["outside"] += 1
            self.counts["replaced"] += held is not None
            self._replace(key, held, fresh._replace(day=located.received_at // DAY, outside=True), report)
            return None
        fresh = fresh._replace(day=refusal)
        refused = self._over_limit(fresh, held)
        if refused is not None:
            self.counts["rejected"] += 1
            self._passed_over.append(self._offset)
            return refused
        self.counts["kept"] += 1
        self.counts["replaced"] += held is not None
        self._replace(key, held, fresh, report)
        return None

    def _place_in_time(self, report: Report, located: LocatedReport, held: Live | None) -> int | Rejection | None:
        """The day (UTC, since 1970) on whose account a report is kept; None: outside the truce; or why it is too late."""
        picture = self._picture_at(self._now_s)
        terms = picture.terms
        start = end = located.received_at
        if report.type is ReportType.VIOLATION and report.status == "active":
            (start, end), _ = span_of(report, picture.calendar)
            if located.circle is None or not any(area[:2] in terms.truce.countries for area in located.circle.areas):
                return None
        elif report.covers is not None and report.covers.start is not None and report.covers.end is not None:
            start, end = seconds(report.covers.start), seconds(report.covers.end)
        elif report.period is not None:
            start, end = seconds(report.period.start), seconds(report.period.end)
        elif report.occurred_at is not None:
            start = end = seconds(report.occurred_at)
        if max(end, start + 1) <= terms.horizon_start_s or start >= self._last_moment_s():
            return None
        open_from_s = self._open_from_s()
        if end < open_from_s or (held is not None and held.day < open_from_s // DAY):
            return Rejection(Reason.TOO_LATE, f"occurred_at: its day closed after {terms.gate.late_days_max} days")
        return max(start, end - 1) // DAY

    def _over_limit(self, fresh: Live, held: Live | None) -> Rejection | None:
        """A limit reached refuses the report and leaves a marker, but for sources that terms do not list: a flood could block."""
        if held is not None:
            return None
        limits = self.terms.limits
        of_lineage = self._live_by_lineage.get(fresh.lineage, 0)
        if len(self._live) < limits.live_reports_max and of_lineage < limits.live_reports_per_lineage_max:
            return None
        if fresh.lineage != UNLISTED:
            self._mark(Marker(self.truce, str(fresh.located.origin), Reason.LIMIT_REACHED, None, *self._span_of_day(fresh)))
        return Rejection(Reason.LIMIT_REACHED, "source: too many live reports of its lineage, or of all")

    def _span_of_day(self, live: Live) -> tuple[int, int]:
        return (live.day - 1) * DAY, (live.day + 2) * DAY

    def _replace(self, key: Key, held: Live | None, fresh: Live, report: Report) -> None:
        if held is not None:
            self._drop(key, held)
        self._live[key] = fresh
        self._live_by_lineage[fresh.lineage] = self._live_by_lineage.get(fresh.lineage, 0) + 1
        self._keys_by_day.setdefault(fresh.day, set()).add(key)
        if fresh.day not in self._marks:
            self._marks[fresh.day] = self._offset, self.clock.snapshot(), self._now_s
        if fresh.shown:
            for _, picture in self.pictures:
                picture.add(key, report, fresh.located.circle, fresh.located.received_at)

    def _drop(self, key: Key, held: Live) -> None:
        del self._live[key]
        self._live_by_lineage[held.lineage] -= 1
        self._keys_by_day[held.day].discard(key)
        if held.shown:
            for _, picture in self.pictures:
                picture.remove(key)

    # -- terms and markers ---------------------------------------------------------------------------------------------

    def _take_terms(self, record: TermsRecord) -> None:
        """New terms govern days that begin at or after `effective_from`; to correct is to govern all open days."""
        terms = parse(record.terms)
        picture = Picture(terms)
        for key in sorted(self._live):
            live = self._live[key]
            if live.shown:
                report = _decode_report(bytes(live.located.report))
                picture.add(key, report, live.located.circle, live.located.received_at)
        if not self.pictures or record.correct:
            self.pictures = [(0, picture)]
        else:
            self.pictures = [entry for entry in self.pictures if entry[0] < record.effective_from]
            self.pictures.append((record.effective_from, picture))
        self._outbox.append(publish.terms_as_fact(terms, record.effective_from, record.correct))
        self._readers.forget_terms()
        for zone in terms.zone_ids:
            self.settled.setdefault(zone, [SettledDay(ABSENT) for _ in range(max(0, self._next_day))])
        self._void_reason = ChangeReason.TERMS_CHANGED if self.chain.standing else self._void_reason
        if self._now_s is not None:
            self._advance_windows(self._now_s)
        if record.correct and self._next_day >= 0:
            self._resolve()
            self.baseline = self._measure_baseline()
        self._restate_all()
        early, self._early = self._early, []
        for located in early:
            self._report(located)

    def _mark(self, marker: Marker) -> None:
        if marker.marker not in self.markers:
            self.markers[marker.marker] = marker
            self._restate_all()

    def _unmark(self, marker: str) -> None:
        if self.markers.pop(marker, None) is not None:
            self._restate_all()

    # -- time ----------------------------------------------------------------------------------------------------------

    def _tick(self, tick: LoggedTick) -> None:
        if not self.pictures:
            return
        terms = self.terms
        topics = {topic: count for topic, count in tick.origins.items() if terms.takes_topic(topic)}
        if not terms.takes_topic(tick.origin.topic):
            return
        if not self.clock.tell(tick, topics) or self.clock.now_s is None:
            return
        before_s, now_s = self._now_s, self.clock.now_s
        if now_s >= self._last_moment_s():
            return
        self._now_s = now_s
        gap_max_s = terms.gate.tick_gap_max_hours * HOUR
        if before_s is not None:
            self._ticked_s += min(now_s - before_s, gap_max_s)
        self._advance_windows(now_s)
        self._resolve()
        self._settle(now_s, before_s, gap_max_s)
        self._restate_stale()
        self._relent()
        self._decide(now_s)
        self._readers.tick(self._governed(), self._governs)
        self._forget()
        self._keep_base()

    def _settle(self, now_s: int, before_s: int | None, gap_max_s: int) -> None:
        """Days end when time passes their end, and settle when enough ticked time has passed since."""
        terms = self.terms
        d_hour_s, settle_s = terms.d_hour_s, terms.gate.settle_hours * HOUR
        today = (now_s - d_hour_s) // DAY
        # Every day is shown from its beginning on, so that none is there or not by the order of what touched it.
        first = -terms.truce.watch_days_before if before_s is None else (before_s - d_hour_s) // DAY + 1
        self._days_to_publish.update((zone, day) for zone in self._zone_ids() for day in range(first, today + 1))
        day = max(self._ended_days, default=self._next_day - 1) + 1
        while d_hour_s + (day + 1) * DAY <= now_s:
            since_s = now_s - max(d_hour_s + (day + 1) * DAY, before_s if before_s is not None else now_s)
            self._ended_days[day] = self._ticked_s - min(since_s, gap_max_s)
            day += 1
        while self._next_day in self._ended_days and self._ticked_s - self._ended_days[self._next_day] >= settle_s:
            day = self._next_day
            del self._ended_days[day]
            self._next_day = day + 1
            if day < 0:
                self.baseline = self._measure_baseline()
                continue
            for zone in self._zone_ids():
                self.settled[zone].append(SettledDay(self._view(zone, day)))
                self._days_to_publish.add((zone, day))
            self._levels_due = True

    def _restate_stale(self) -> None:
        """Days whose measures, coverage or access changed."""
        open_day = self._open_day()
        for _, picture in self.pictures:
            for zone, day in sorted(picture.take_stale_days()):
                if self._picture_of_day(day) is picture:
                    self._days_to_publish.add((zone, day))
                    if max(open_day, 0) <= day < self._next_day:
                        self._restate(zone, day)

    def _restate(self, zone: str, day: int) -> None:
        settled = self.settled[zone][day]
        before = settled.failed
        settled.restate(self._view(zone, day), self._ticked_s)
        if settled.lingering:
            self._lingering.add((zone, day))
        if settled.failed != before:
            self._levels_due = True
        self._days_to_publish.add((zone, day))

    def _restate_all(self) -> None:
        """At the next tick every open day is looked at again."""
        for _, picture in self.pictures:
            picture.stale_days.update(
                (zone, day) for zone in picture.terms.zone_ids for day in range(max(0, self._open_day()), self._next_day)
            )

    def _relent(self) -> None:
        settle_s = self.terms.gate.settle_hours * HOUR
        for zone, day in sorted(self._lingering):
            settled = self.settled[zone][day]
            if settled.relent(self._ticked_s, settle_s):
                self._days_to_publish.add((zone, day))
                self._levels_due = True
            if not settled.lingering:
                self._lingering.discard((zone, day))

    def _decide(self, now_s: int) -> None:
        """Restate the history of phases and announce what differs from what stands."""
        terms = self.terms
        declared = sorted(self._picture_at(now_s).declarations.values(), key=lambda d: (d.at, d.party, d.declares, d.until or 0))
        before = self.end.end
        found = ended(terms.ends, terms.d_hour_s, now_s, declared, self._collapsed_at())
        self.end.restate(found, self._ticked_s, terms.gate.settle_hours * HOUR)
        if self.end.end != before:
            for at in (end.at for end in (before, self.end.end) if end is not None):
                self._days_to_publish.update((zone, (at - terms.d_hour_s) // DAY) for zone in self._zone_ids())
        withdrawals = [d for d in declared if d.declares == "withdraws" and d.party not in terms.ends.ends_by and d.at <= now_s]
        wanted = timeline(terms, now_s, {zone: self._failed(zone) for zone in terms.gated_ids}, self.end.end, withdrawals)
        if [w.identity for w in wanted] == [issued.wanted.identity for issued in self.chain.standing]:
            self._void_reason = ChangeReason.LATE_NEWS
            return
        for change in self.chain.reconcile(wanted, self._void_reason, self._body):
            self._outbox.append(Fact(PHASES, self.truce, _encode(change)))
        self._void_reason = ChangeReason.LATE_NEWS
        self._levels_due = True

    def _forget(self) -> None:
        """Let go of reports that nothing open can touch, so that memory follows the horizon and not the log."""
        before_day = self._open_from_s() // DAY - FORGET_DAYS
        old = [day for day in self._keys_by_day if day < before_day]
        if old and self._kept is None:
            # What is let go of can be told only now.
            self._outbox += self._readers.incidents(self._governed(), self._governs)
            self._outbox += self._day_facts()
        for day in old:
            self._marks.pop(day, None)
            for key in self._keys_by_day.pop(day):
                live = self._live.pop(key)
                self._live_by_lineage[live.lineage] -= 1
                self.counts["forgotten"] += 1
                if live.shown:
                    ids = [picture.forget(key) for _, picture in self.pictures]
                    self._readers.forget(incident for incident in ids if incident is not None)
        if old:
            for _, picture in self.pictures:
                picture.forget_days(before_day * DAY)

    # -- bases ---------------------------------------------------------------------------------------------------------

    def _keep_base(self) -> None:
        """When a day closes for good, set down everything but the reports: see `snapshot`."""
        closed = self._open_day()
        if closed <= (-self.terms.truce.watch_days_before if self._based_day is None else self._based_day):
            return
        self._based_day = closed
        now = self._offset + 1, self.clock.snapshot(), self._now_s
        first_offset, clock, now_s = min(self._marks.values(), default=now, key=lambda mark: mark[0])
        # What was passed over because of a report that is forgotten by now must be passed over again.
        self._passed_over = [offset for offset in self._passed_over if offset >= first_offset]
        self.base = (
            self._offset,
            {
                "first_offset": first_offset,
                "passed_over": self._passed_over,
                "clock_then": clock,
                "now_then": now_s,
                "clock": self.clock.snapshot(),
                "now": self._now_s,
                "ticked": self._ticked_s,
                "ended_days": sorted(self._ended_days.items()),
                "next_day": self._next_day,
                "based_day": closed,
                "baseline": self.baseline,
                "end": snapshot.of_end(self.end),
                "markers": [msgspec.to_builtins(self.markers[marker]) for marker in sorted(self.markers)],
                "gazetteers": sorted(self.gazetteers),
                "counts": self.counts,
                "settled": {zone: [snapshot.of_day(day) for day in self.settled[zone]] for zone in sorted(self.settled)},
                "chain": snapshot.of_chain(self.chain),
                "pictures": [[effective, snapshot.of_picture(picture, closed)] for effective, picture in self.pictures],
            },
        )

    @classmethod
    def restore(cls, truce: str, kept: dict[str, Any], at: int) -> "Monitor":
        """From a base taken at offset `at`: give it the log from `first_offset` on, and from `at` on it is as it was."""
        monitor = cls(truce)
        monitor._kept = at, kept
        monitor._again_passed_over = frozenset(kept["passed_over"])
        monitor.clock, monitor._now_s = Clock.restore(kept["clock_then"]), kept["now_then"]
        monitor.pictures = [(effective, Picture(parse(picture["terms"]))) for effective, picture in kept["pictures"]]
        monitor.settled = {zone: [] for zone in kept["settled"]}
        return monitor

    def _read_again(self, record: LogRecord, offset: int) -> None:
        """Before the base only reports count, each judged by the time at which it came; the rest is in the base."""
        assert self._kept is not None
        at, kept = self._kept
        if offset >= at:
            self._kept = None
            self._install(kept)
        elif isinstance(record, LocatedReport):
            if offset not in self._again_passed_over:
                self._report(record)
        elif isinstance(record, LoggedTick) and self.terms.takes_topic(record.origin.topic):
            topics = {topic: count for topic, count in record.origins.items() if self.terms.takes_topic(topic)}
            if self.clock.tell(record, topics):
                self._now_s = self.clock.now_s
                self._resolve()
                self._forget()

    def _install(self, kept: dict[str, Any]) -> None:
        self.clock, self._now_s = Clock.restore(kept["clock"]), kept["now"]
        self._ticked_s, self._next_day, self._based_day = kept["ticked"], kept["next_day"], kept["based_day"]
        self._ended_days = {day: ticked for day, ticked in kept["ended_days"]}
        self.baseline, self.end = kept["baseline"], snapshot.to_end(kept["end"])
        self.markers = {marker.marker: marker for marker in msgspec.convert(kept["markers"], list[Marker])}
        self._passed_over = list(kept["passed_over"])
        self.gazetteers, self.counts = set(kept["gazetteers"]), dict(kept["counts"])
        self.settled = {zone: [snapshot.to_day(day) for day in days] for zone, days in kept["settled"].items()}
        self._lingering = {
            (zone, number) for zone, days in self.settled.items() for number, day in enumerate(days) if day.lingering
        }
        self.chain = snapshot.to_chain(kept["chain"])
        self._resolve()
        self._forget()
        assert self._now_s is not None
        self._advance_windows(self._now_s)
        for (_, picture), (_, of_picture) in zip(self.pictures, kept["pictures"], strict=True):
            snapshot.to_picture(picture, of_picture)
            picture.take_stale_days()
        self._readers.tick(self._governed(), self._governs)

    # -- days ----------------------------------------------------------------------------------------------------------

    def _view(self, zone: str, day: int) -> DayView:
        """What is known of a day of a zone: the conditions that fail, and what they rest on."""
        picture = self._picture_of_day(day)
        terms = picture.terms
        if zone not in terms.thresholds:
            return ABSENT
        start_s, end_s = self.day_span(day)
        threshold = terms.thresholds[zone]
        most = limit(threshold, (self.baseline or {}).get(zone))
        interval = getattr(self._measures(picture, zone, day), threshold.metric)
        watched_s = picture.coverage.watched_s(zone, start_s, end_s)
        access = {area: picture.access.state(area, start_s, end_s) for area in sorted(terms.access.areas)}
        required = [access[area] for area in terms.access.required] if zone in terms.gated_ids else []
        failed = failed_conditions(
            threshold.metric,
            interval.low,
            interval.high,
            most,
            is_watched(watched_s, terms),
            required,
            self._marker_stands(zone, start_s, end_s),
        )
        return DayView(failed, most, share(watched_s, end_s - start_s), picture.coverage.heard(day), access)

    def _measures(self, picture: Picture, zone: str, day: int):
        best, high = picture.tallies.excess(zone, day, picture.terms.d_hour_s)
        return measures(picture.measure.zones[zone].day(day), best, high)

    def _marker_stands(self, zone: str, start_s: int, end_s: int) -> bool:
        for marker in self.markers.values():
            if marker.zones is not None and zone not in marker.zones:
                continue
            if (marker.start is None or marker.start < end_s) and (marker.end is None or marker.end > start_s):
                return True
        return False

    def _measure_baseline(self) -> dict[str, int | None]:
        """By zone: the mean best of the watched days before D-hour, in thousandths; None with too few of them."""
        picture = self._picture_of_day(0)
        terms = picture.terms
        trusted_only = any("violence" in source.trusted for source in terms.sources)
        found: dict[str, int | None] = {}
        for zone in terms.zone_ids:
            metric = terms.thresholds[zone].metric
            amounts = []
            for day in range(-terms.baseline.days, 0):
                if is_watched(picture.coverage.watched_s(zone, *self.day_span(day)), terms):
                    amounts.append(picture.best_of_day(zone, day, METRICS.index(metric), trusted_only))
            enough = len(amounts) >= terms.baseline.min_watched_days
            found[zone] = in_thousandths(metric, sum(amounts)) // len(amounts) if enough else None
        return found

    def _collapsed_at(self) -> int | None:
        """The end of the first row of days that were too violent for the truce to stand."""
        ends = self.terms.ends
        if ends.collapse_level is None:
            return None
        row = 0
        for day in range(len(self.settled[WHOLE])):
            low = getattr(self._measures(self._picture_of_day(day), WHOLE, day), ends.collapse_metric).low
            row = row + 1 if in_thousandths(ends.collapse_metric, low) > thousandths(ends.collapse_level) else 0
            if row == ends.collapse_days:
                return self.day_span(day)[1]
        return None

    # -- announcements -------------------------------------------------------------------------------------------------

    def _body(self, wanted: Wanted, supersedes: str | None, listed: int) -> PhaseChange:
        """A phase change without its place in the chain. `listed`: how many entries a list may have."""
        terms = self.terms
        assert self._now_s is not None
        zones = terms.gated_ids if wanted.zone == WHOLE and terms.gate.scope == "all" else (wanted.zone,)
        listed = min(listed, terms.limits.listed_max)
        ledger = [self.day_fact(zone, day, listed) for zone in zones for day in wanted.days]
        contested = [(z, d) for z in zones for d in wanted.days if Condition.CONTESTED in self.settled[z][d].failed]
        blocked = sorted({incident for zone, day in contested for incident in self._blocking(zone, day)})
        names = terms.truce.phase_names
        return PhaseChange(
            id="",
            truce=self.truce,
            zone=wanted.zone,
            sequence=0,
            previous=None,
            kind=wanted.kind,
            before=wanted.before,
            after=wanted.after,
            before_name=names.get(wanted.before, wanted.before.replace("_", " ")),
            after_name=names.get(wanted.after, wanted.after.replace("_", " ")),
            reason=wanted.reason,
            detail=wanted.detail,
            effective_at=wanted.effective_at,
            decided_at=self._now_s,
            supersedes=supersedes,
            streaks={zone: streak(self._failed(zone), terms.gate) for zone in terms.gated_ids},
            access_streaks=self.access_streaks(),
            ledger=ledger,
            blocked_by=publish.cut(blocked, listed),
            terms=terms.hash,
            rules=RULES,
            gazetteers=sorted(self.gazetteers),
            revisable_until=wanted.effective_at + terms.gate.late_days_max * DAY,
            assumptions=assumptions(terms),
            assumed_alive=self._picture_at(self._now_s).coverage.assumed,
        )

    def _blocking(self, zone: str, day: int) -> list[str]:
        """Incidents that are in the high of a day and not in its low."""
        measure = self._picture_of_day(day).measure.zones[zone]
        certain = set(measure.incidents(LOW, day))
        return [incident for incident in measure.incidents(HIGH, day) if incident not in certain]

    def access_streaks(self) -> dict[str, int]:
        """By area: settled days in a row, up to the last, on which it was open and not denied."""
        areas = sorted(self.terms.access.areas)
        streaks = dict.fromkeys(areas, 0)
        for area in areas:
            for settled in reversed(self.settled.get(WHOLE, ())):
                if settled.view.access.get(area) != "open":
                    break
                streaks[area] += 1
        return streaks

    def day_fact(self, zone: str, day: int, listed: int):
        """The published body of a day."""
        picture = self._picture_of_day(day)
        settled = self.settled[zone][day] if 0 <= day < len(self.settled[zone]) else None
        measure = picture.measure.zones[zone]
        blocking = self._blocking(zone, day) if settled is not None and Condition.CONTESTED in settled.failed else None
        end = self.end.end
        start_s, end_s = self.day_span(day)
        return publish.day(
            picture.terms,
            zone,
            day,
            (start_s, end_s),
            self._measures(picture, zone, day),
            limit(picture.terms.thresholds[zone], (self.baseline or {}).get(zone)),
            settled,
            end is not None and start_s < end.at < end_s,
            measure.incidents(BEST, day) if settled is not None else None,
            blocking,
            picture.tallies.stated(zone, start_s, end_s),
            picture.coverage.assumed,
            listed,
            measures(measure.week(day), *picture.tallies.window_excess(zone, end_s - 7 * DAY, end_s, picture.terms.d_hour_s)),
        )

    def _day_facts(self) -> Iterator[Fact]:
        for _, picture in self.pictures:
            for zone, day in picture.take_stale_days():
                if self._picture_of_day(day) is picture:
                    self._days_to_publish.add((zone, day))
                    if 0 <= day < self._next_day:
                        # A settled day is looked at again at the next tick.
                        picture.stale_days.add((zone, day))
            weeks = picture.take_stale_weeks()
            self._days_to_publish.update((zone, day) for zone, day in weeks if self._picture_of_day(day) is picture)
        due = sorted((zone, day) for zone, day in self._days_to_publish if self._has_begun(day))
        self._days_to_publish.difference_update(due)
        for zone, day in due:
            terms = self._picture_of_day(day).terms
            if zone in terms.zone_ids and self.day_span(day)[0] > terms.horizon_start_s - DAY:
                yield publish.day_as_fact(self.day_fact(zone, day, terms.limits.listed_max))

    def _has_begun(self, day: int) -> bool:
        return self._now_s is not None and self.day_span(day)[0] <= self._now_s

    def _level_facts(self) -> Iterator[Fact]:
        now_s = self._now_s
        if now_s is None:
            return
        picture = self._picture_at(now_s)
        terms = picture.terms
        access_streaks: dict[str, int] | None = None
        for zone in terms.zone_ids:
            measure = picture.measure.zones[zone]
            if not measure.level_dirty and not self._levels_due:
                continue
            measure.level_dirty = False
            if access_streaks is None:
                access_streaks = self.access_streaks()
            hour_ends_s = terms.d_hour_s + (self._hour(now_s) + 1) * HOUR
            extra = picture.tallies.window_excess(zone, hour_ends_s - 7 * DAY, hour_ends_s, terms.d_hour_s)
            yield publish.level_as_fact(
                terms,
                zone,
                hour_ends_s,
                measures(measure.window(), *extra),
                self.chain.phase(zone if terms.gate.scope == "each" else WHOLE),
                streak(self._failed(zone), terms.gate),
                access_streaks,
                picture.coverage.assumed,
            )
        self._levels_due = False

    # -- small things --------------------------------------------------------------------------------------------------

    def _failed(self, zone: str) -> list[Conditions]:
        return [settled.failed for settled in self.settled[zone]]

    def day_span(self, day: int) -> tuple[int, int]:
        """Seconds since 1970 of a day of the truce."""
        start = self.pictures[0][1].terms.d_hour_s + day * DAY
        return start, start + DAY

    def _hour(self, at_s: int) -> int:
        return (at_s - self.terms.d_hour_s) // HOUR

    def _zone_ids(self) -> Iterable[str]:
        return self.settled

    def _governed(self) -> list[Picture]:
        return [picture for _, picture in self.pictures]

    def _governs(self, picture: Picture, account: Account) -> bool:
        """Whether an incident of this anchor is measured, and so published, by this picture."""
        if len(self.pictures) == 1:
            return True
        day = ((account.start + account.end) // 2 - picture.terms.d_hour_s) // DAY
        return self._picture_of_day(day) is picture

    def _picture_at(self, now_s: int | None) -> Picture:
        found = self.pictures[0][1]
        for effective, picture in self.pictures:
            if now_s is not None and effective <= now_s:
                found = picture
        return found

    def _picture_of_day(self, day: int) -> Picture:
        return self.pictures[0][1] if len(self.pictures) == 1 else self._picture_at(self.day_span(day)[0])

    def _resolve(self) -> None:
        for _, picture in self.pictures:
            picture.resolve()

    def _advance_windows(self, now_s: int) -> None:
        for _, picture in self.pictures:
            picture.advance((now_s - picture.terms.d_hour_s) // HOUR)

    def _last_moment_s(self) -> int:
        """When measuring stops for good: some days after the end."""
        if self.end.end is None:
            return 1 << 62
        return self.end.end.at + self.terms.gate.after_days * DAY

    def _open_from_s(self) -> int:
        """Days that end before this are closed: nothing of them changes any more."""
        return 0 if self._now_s is None else self._now_s - self.terms.gate.late_days_max * DAY

    def _open_day(self) -> int:
        """The first day that is still open."""
        return (self._open_from_s() - self.pictures[0][1].terms.d_hour_s) // DAY if self.pictures else 0


__all__ = ["RULES", "Monitor"]
