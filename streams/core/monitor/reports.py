"""The live reports of one truce: of each the best revision so far, kept for as long as anything open could need it.

`take` says what becomes of a report: it stands, is a duplicate, lies outside the truce, or is refused. Nothing here knows
of days and phases.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from sys import intern
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import force_setattr, replace

from schemas.facts import Circle, LocatedReport, Rejection, Report
from schemas.reasons import UNLISTED, Reason, ReportType
from streams.core.check import seconds
from streams.core.claims import Reading, stated_at
from streams.core.monitor.governing import Governing
from streams.core.monitor.passed_over import PassedOver
from streams.core.monitor.present import Present
from streams.core.picture import Key, Picture
from streams.core.terms import DAY, Terms

FAR_DAY = 1 << 40
FORGET_DAYS = 17
"""How much longer than its day is open a report is kept: ten days so that open ones find all that they could belong to, and
for as long a closed day may be told again; a week more for what is said of its week."""
GAZETTEERS_MAX = 100
"""Digests told apart in what is announced. One comes with each upgrade; more are somebody's mistake."""

STATED = (ReportType.ALIVE, ReportType.ACCESS, ReportType.DECLARATION)
"""What says when it holds from by when it was said."""
JUDGEMENTS = (ReportType.FINDING, ReportType.DENIAL, ReportType.ACKNOWLEDGEMENT)

_decode_report = msgspec.json.Decoder(Report).decode
_decode_circle = msgspec.json.Decoder(Circle).decode
_encode = msgspec.json.Encoder().encode


class Mark(NamedTuple):
    """A place in the log from where reports can be judged again: the offset, the clock as it was before it, from when on days
    were open, and which terms governed from when."""

    offset: int
    clock: dict[str, Any]
    now_s: int | None
    open_from_s: int
    terms: tuple[tuple[int, Terms], ...]


class Live(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a report: the best revision so far, its bytes, where it points and when it was received. One that was
    retracted, or that moved outside the truce, is kept too: a lower revision that comes later must not revive it."""

    revision: int
    retracted: bool
    raw: bytes
    circle: Circle | None
    received_at: int
    lineage: str
    type: ReportType
    day: int
    outside: bool = False

    @property
    def shown(self) -> bool:
        return not self.retracted and not self.outside

    def stands_over(self, other: "Live") -> bool:
        """The higher revision stands; on a tie a retraction wins, then the larger digest. Against what is the same: no."""
        mine, its = (self.revision, self.retracted), (other.revision, other.retracted)
        return mine > its if mine != its else self.raw != other.raw and _digest(self.raw) > _digest(other.raw)

    @property
    def span(self) -> tuple[int, int]:
        """Seconds since 1970 of the days that it may concern, wherever the truce's day begins."""
        return (self.day - 1) * DAY, (self.day + 2) * DAY


class KeptDay:
    """The reports that are kept on account of a day, and from where the log tells them again."""

    __slots__ = ("keys", "mark")

    def __init__(self, mark: Mark) -> None:
        self.keys: dict[Key, None] = {}
        self.mark = mark


class Reports:
    """Live reports by key. `counts`: what became of every one.

    A report is kept on account of its day, and longer where something rests on it that is: what is told of as one is let go
    of as one. So what stays is grouped as it would be if nothing else had ever been there.
    """

    def __init__(self, governing: Governing) -> None:
        self.counts = dict.fromkeys(("taken", "kept", "duplicates", "outside", "rejected", "replaced", "forgotten"), 0)
        self.gazetteers: set[str] = set()
        self.passed_over = PassedOver()
        self._governing = governing
        self._live: dict[Key, Live] = {}
        self._by_lineage: Counter[str] = Counter()
        self._by_type: Counter[tuple[str, ReportType]] = Counter()
        self._days: dict[int, KeptDay] = {}
        # Of those that are kept longer than for their day: that day, and the one on whose account they are.
        self._longer: dict[Key, tuple[int, int]] = {}
        self.forgotten_before = -FAR_DAY
        """Of days before this one (UTC, since 1970) reports were let go of."""

    def __len__(self) -> int:
        return len(self._live)

    def take(self, located: LocatedReport, offset: int, mark: Mark, present: Present) -> tuple[Rejection, Live] | None:
        """A refusal, with as much of the report as a marker needs. `mark`: from where the log tells it again."""
        picture, terms = present.picture, present.picture.terms
        fresh, report, key = _read(located, picture.reading)
        if located.gazetteer is not None and len(self.gazetteers) < GAZETTEERS_MAX:
            self.gazetteers.add(located.gazetteer)
        held = self._live.get(key)
        if held is not None and not fresh.stands_over(held):
            self._again(key, held, fresh, report, offset, mark, present)
            return None
        day = self._day(report, located, held, present)
        if isinstance(day, Rejection):
            return self._refuse(day, fresh, offset, terms)
        if day is None:
            self.counts["outside"] += 1
            self.counts["replaced"] += held is not None
            self._replace(key, held, replace(fresh, outside=True), report, mark)
            return None
        fresh = replace(fresh, day=_number_once(day))
        full = self._full(fresh, picture) if held is None else None
        if full is not None:
            return self._refuse(full, fresh, offset, terms)
        self.counts["kept"] += 1
        self.counts["replaced"] += held is not None
        self._replace(key, held, fresh, report, mark)
        return None

    def refuse(self, located: LocatedReport, rejection: Rejection, offset: int, picture: Picture) -> tuple[Rejection, Live]:
        """Refuse one that there is no room to keep waiting."""
        return self._refuse(rejection, _read(located, picture.reading)[0], offset, picture.terms)

    def _refuse(self, rejection: Rejection, fresh: Live, offset: int, terms: Terms) -> tuple[Rejection, Live]:
        self.counts["rejected"] += 1
        self.passed_over.add(offset, terms.limits.passed_over_max)
        return rejection, fresh

    def _again(self, key: Key, held: Live, fresh: Live, report: Report, offset: int, mark: Mark, present: Present) -> None:
        self.counts["duplicates"] += 1
        # When the log is read again, the first copy may be gone and this one there: then it must not stand for it.
        by_receipt = report.type is not ReportType.VIOLATION or not held.shown
        outlives = held.day < first_kept(present.open_from_s) or (by_receipt and fresh.day > held.day)
        if held.stands_over(fresh) or (outlives and fresh.received_at >= held.received_at):
            self.passed_over.add(offset, present.picture.terms.limits.passed_over_max)
        elif fresh.received_at < held.received_at:
            # The same report was received earlier than the one we hold: the earlier time of receipt is the true one.
            earlier = replace(held, circle=fresh.circle, received_at=fresh.received_at)
            self._replace(key, held, earlier, report, mark)

    def _day(self, report: Report, located: LocatedReport, held: Live | None, present: Present) -> int | Rejection | None:
        """The day (UTC, since 1970) on whose account a report is kept; None: outside the truce; or why it is too late."""
        picture, terms, open_from_s = present.picture, present.picture.terms, present.open_from_s
        if held is not None and held.day < open_from_s // DAY:
            return _too_late(terms)
        start = end = received_at = located.received_at
        is_account = report.type is ReportType.VIOLATION and report.status == "active"
        if is_account:
            (start, end), _ = picture.reading.when(report)
            if located.circle is None or picture.zone_map.is_abroad(located.circle):
                return None
        elif report.type is ReportType.VIOLATION:
            pass  # taken back: what counts is whether the one that it takes back is open
        elif report.covers is not None and report.covers.start is not None and report.covers.end is not None:
            start, end = seconds(report.covers.start), seconds(report.covers.end)
        elif report.period is not None:
            start, end = seconds(report.period.start), seconds(report.period.end)
        elif report.occurred_at is not None or report.type in STATED:
            start = end = stated_at(report, received_at)
        if max(end, start + 1) <= terms.horizon_start_s or start >= present.last_moment_s:
            return None
        if max(end, start + 1) <= open_from_s:
            return _too_late(terms)
        last = max(start, end - 1)
        # Whatever it says of days to come, what is no account of something is kept on account of the day on which it came.
        return (last if is_account else min(last, received_at)) // DAY

    def _full(self, fresh: Live, picture: Picture) -> Rejection | None:
        """Limits are per lineage, so that nobody's flood silences another, and over all, so that memory has an end."""
        limits = picture.terms.limits
        room = limits.live_reports_max > len(self._live) and limits.live_reports_per_lineage_max > self._by_lineage[fresh.lineage]
        if room and fresh.type is ReportType.VIOLATION:
            return None
        for name, count in self._counted(fresh, picture):
            if count >= getattr(limits, name):
                return Rejection(Reason.LIMIT_REACHED, f"type: no room for another {fresh.type} (limits.{name})")
        return None

    def _counted(self, fresh: Live, picture: Picture) -> Iterator[tuple[str, int]]:
        yield "live_reports_max", len(self._live)
        yield "live_reports_per_lineage_max", self._by_lineage[fresh.lineage]
        if fresh.type is ReportType.TALLY:
            yield "tallies_per_lineage_max", self._by_type[fresh.lineage, ReportType.TALLY]
        elif fresh.type in JUDGEMENTS:
            yield "judgements_per_lineage_max", sum(self._by_type[fresh.lineage, kind] for kind in JUDGEMENTS)
        elif fresh.type is ReportType.DECLARATION:
            yield "declarations_max", len(picture.declarations)
        elif fresh.type is ReportType.ACCESS:
            yield "access_statements_max", len(picture.access)

    def _replace(self, key: Key, held: Live | None, fresh: Live, report: Report, mark: Mark) -> None:
        entries = self._governing.entries
        if held is not None:
            self._uncount(held)
            del self._days[self._kept_on(key, held)].keys[key]
            if held.shown:
                for _, picture in entries:
                    picture.remove(key)
        self._live[key] = fresh
        self._by_lineage[fresh.lineage] += 1
        self._by_type[fresh.lineage, fresh.type] += 1
        self._keep(key, self._kept_on(key, fresh), mark)
        if fresh.shown:
            for _, picture in entries:
                picture.add(key, report, fresh.circle, fresh.received_at)

    def _keep(self, key: Key, day: int, mark: Mark) -> None:
        kept = self._days.get(day)
        if kept is None:
            kept = self._days[day] = KeptDay(mark)
        kept.keys[key] = None
        if mark.offset < kept.mark.offset:
            kept.mark = mark

    def _kept_on(self, key: Key, live: Live) -> int:
        """The day on whose account it is kept."""
        longer = self._longer.get(key)
        return longer[1] if longer is not None and longer[0] == live.day else live.day

    def _uncount(self, live: Live) -> None:
        self._by_lineage[live.lineage] -= 1
        self._by_type[live.lineage, live.type] -= 1

    def show_all(self, picture: Picture) -> None:
        """Enter every live report into a new picture. Of days of which reports are gone it lists no incidents."""
        picture.forget_days(self.forgotten_before * DAY)
        for key in sorted(self._live):
            live = self._live[key]
            if live.shown:
                picture.add(key, _decode_report(live.raw), live.circle, live.received_at)

    def first_needed(self, open_from_s: int) -> int:
        """The first day (UTC, since 1970) whose reports are needed: earlier ones where a tally counts them for a day that is
        told still."""
        first_day = first_kept(open_from_s)
        since = [picture.tallies.counting_since(first_day * DAY) for picture in self._governing.pictures]
        return min([first_day, *[since_s // DAY for since_s in since]])

    def before(self, first_day: int) -> list[int]:
        """Days before this one of which reports are kept."""
        return [day for day in self._days if day < first_day]

    def forget(self, first_day: int) -> list[str]:
        """Let go of the reports of days before this one, but for those that something rests on which stays. Ids of the
        incidents that went."""
        gone: list[str] = []
        days = self.before(first_day)
        self.forgotten_before = max(self.forgotten_before, first_day)
        for key in self._rested_on(days):
            live = self._live[key]
            before = self._days[self._kept_on(key, live)]
            del before.keys[key]
            self._longer[key] = live.day, first_day
            self._keep(key, first_day, before.mark)
        for key, live in self._let_go(days):
            self._longer.pop(key, None)
            if live.shown:
                ids = [picture.forget(key) for picture in self._governing.pictures]
                gone += [incident for incident in ids if incident is not None]
        for picture in self._governing.pictures:
            picture.forget_days(first_day * DAY)
        return gone

    def drop(self, first_day: int) -> None:
        """While the log is read again: let go of the reports of days before this one, as if they had never been there."""
        for key, live in self._let_go(self.before(min(first_day, self.forgotten_before))):
            if live.shown:
                for picture in self._governing.pictures:
                    picture.remove(key)

    def _let_go(self, days: list[int]) -> Iterator[tuple[Key, Live]]:
        for day in days:
            for key in self._days.pop(day).keys:
                live = self._live.pop(key)
                self._uncount(live)
                self.counts["forgotten"] += 1
                yield key, live

    def _rested_on(self, days: list[int]) -> list[Key]:
        """Reports of these days that cannot go: under one set of terms or another something rests on them which stays."""
        leaving = {key for day in days for key in self._days[day].keys}
        staying: list[Key] = []
        while found := {key for picture in self._governing.pictures for key in picture.rested_on(leaving)}:
            leaving -= found
            staying += sorted(found)
        return staying

    def kept(self) -> tuple[int, list[tuple[str, str, int, int]]]:
        """For a base: `forgotten_before`, and the reports that are kept longer than for their day: that day, and the one on
        whose account they are."""
        return self.forgotten_before, [(*key, *days) for key, days in sorted(self._longer.items())]

    def expect(self, kept: tuple[int, Iterable[tuple[str, str, int, int]]]) -> None:
        """From a base, before the log is read again."""
        self.forgotten_before, longer = kept
        self._longer = {(intern(source), report_id): (day, until) for source, report_id, day, until in longer}

    def holds(self, key: Key) -> bool:
        """Whether it is live and shown."""
        live = self._live.get(key)
        return live is not None and live.shown

    def told(self, key: Key) -> tuple[Report, Live]:
        """A live report, and what is kept of it."""
        live = self._live[key]
        return _decode_report(live.raw), live

    def marks(self) -> Iterable[Mark]:
        """From where the log tells those of each day again."""
        return [kept.mark for kept in self._days.values()]

    def states(self) -> dict[str, int]:
        """How many are live, retracted, outside the truce."""
        states = dict.fromkeys(("live", "retracted", "outside"), 0)
        for live in self._live.values():
            states["outside" if live.outside else "retracted" if live.retracted else "live"] += 1
        return states

    def sizes(self, picture: Picture) -> dict[str, tuple[int, int]]:
        """Counts and limits of all that one report more could add to; of a lineage, those of the one with most."""
        limits = picture.terms.limits
        judged: Counter[str] = Counter()
        for (lineage, kind), count in self._by_type.items():
            judged[lineage] += count if kind in JUDGEMENTS else 0
        listed = [count for lineage, count in self._by_lineage.items() if lineage != UNLISTED]
        tallied = [count for (_, kind), count in self._by_type.items() if kind is ReportType.TALLY]
        return {
            "live_reports": (len(self._live), limits.live_reports_max),
            "reports_of_a_lineage": (max(listed, default=0), limits.live_reports_per_lineage_max),
            "reports_of_unlisted": (self._by_lineage[UNLISTED], limits.live_reports_per_lineage_max),
            "tallies_of_a_lineage": (max(tallied, default=0), limits.tallies_per_lineage_max),
            "judgements_of_a_lineage": (max(judged.values(), default=0), limits.judgements_per_lineage_max),
            "declarations": (len(picture.declarations), limits.declarations_max),
            "access_statements": (len(picture.access), limits.access_statements_max),
            "passed_over": (len(self.passed_over), limits.passed_over_max),
        }


def _read(located: LocatedReport, reading: Reading) -> tuple[Live, Report, Key]:
    """What to keep of a report, on account of the day of its receipt; the report; and how it is known."""
    raw = bytes(located.report)
    report = _decode_report(raw)
    teller, received_at = reading.teller(report.source), located.received_at
    circle = None if located.circle is None else _kept_once(located.circle)
    retracted = report.status == "retracted"
    fresh = Live(report.revision, retracted, raw, circle, received_at, teller.lineage, report.type, received_at // DAY)
    return fresh, report, (teller.folded, report.report_id)


def _kept_once(circle: Circle) -> Circle:
    """There are few places for many reports: the circle about a name is kept once for all, of others what they have alike."""
    if circle.place is not None or circle.stated_area is not None:
        return _circle_once(_encode(circle))
    force_setattr(circle, "areas", _list_once(*circle.areas))
    force_setattr(circle, "radius_m", _number_once(circle.radius_m))
    return circle


@lru_cache(maxsize=16_384)
def _circle_once(encoded: bytes) -> Circle:
    return _decode_circle(encoded)


@lru_cache(maxsize=4_096)
def _list_once(*areas: str) -> list[str]:
    return list(areas)


@lru_cache(maxsize=4_096)
def _number_once(number: int) -> int:
    """Days, and radii in metres."""
    return number


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=16).digest()


def _too_late(terms: Terms) -> Rejection:
    return Rejection(Reason.TOO_LATE, f"occurred_at: its day closed after {terms.gate.late_days_max} days")


def first_kept(open_from_s: int) -> int:
    """The first day (UTC, since 1970) of which reports are kept where no tally counts earlier ones."""
    return open_from_s // DAY - FORGET_DAYS


def must_mark(live: Live) -> bool:
    """What terms do not list leaves no marker: a flood of it could block."""
    return live.lineage != UNLISTED


__all__ = ["FORGET_DAYS", "Live", "Mark", "Reports", "first_kept", "must_mark"]
