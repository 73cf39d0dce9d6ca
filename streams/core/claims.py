"""What the rules see of a violation report: one account, with its time span, circle, lineage and casualties worked out.

Everything that terms say about a report is looked up here once, so that matching and measuring deal with integers only. What
many accounts have alike they have in common: who tells it, what was done, how many were hurt.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from schemas.facts import Casualties, Circle, CountRange, Report
from schemas.reasons import UNLISTED, Kind, ReportType, Side, TimePrecision, Trust, Weapon
from streams.core.check import seconds
from streams.core.features import KINDS, UNSAID, WEAPONS, Features, number_of, numbers_of
from streams.core.geometry import microdegrees
from streams.core.likeness import wording
from streams.core.terms import DAY, HOUR, Source, Terms, folded
from streams.core.totals import tells_of_many

TIME_RANK = {precision: rank for rank, precision in enumerate(TimePrecision)}
_TURN_OFFSET = 1 << 40
WIDE_SPAN_S = 7 * DAY - HOUR - 1
"""A report of a week or more tells of many incidents and is merged into none of them. A week in which clocks go forward is an
hour shorter, and one whose last second is named ends a second sooner."""
BLUNT_PRECISION = 3
"""From here on a circle is a district or more."""
PROVINCE_PRECISION = 4
VAGUE_PRECISION = 5
"""From here on a circle is several places or a country."""
VAGUE_LOW = {"tens": 10, "dozens": 12, "hundreds": 100}
_UNSAID = (UNSAID, UNSAID, UNSAID)
_KEPT = 4_096
"""Of sources, acts and numbers of those hurt so many are kept once: there are few of each for many reports."""

Span = tuple[int, int]
Order = tuple[int, str, str, str]
"""What is a number first, in 64 bits; then source, report id, and the spelling of the source."""
Bounds = tuple[int, int, int]


class Calendar:
    """Time spans in the truce's own time zone: an instant and its precision give [start, end) in seconds since 1970."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offsets: dict[int, int] = {}
        self._clocks: dict[tuple[date, int], int] = {}

    def span(self, at_s: int, precision: TimePrecision) -> Span:
        """Half-open, but an exact time, which is a point: start and end are equal."""
        if precision is TimePrecision.EXACT:
            return at_s, at_s
        local = at_s + self._offset(at_s)
        if precision is TimePrecision.HOUR:
            start = at_s - local % HOUR
            return start, start + HOUR
        day = date(1970, 1, 1) + timedelta(days=local // DAY)
        if precision is TimePrecision.PART_OF_DAY:
            # Night, morning, afternoon, evening: quarters of the local day by its clock.
            hour = local % DAY // (6 * HOUR) * 6
            return self._clock(day, hour), self._clock(day, hour + 6) if hour < 18 else self._clock(day + timedelta(days=1))
        if precision is TimePrecision.DAY:
            return self._clock(day), self._clock(day + timedelta(days=1))
        if precision is TimePrecision.WEEK:
            monday = day - timedelta(days=day.weekday())
            return self._clock(monday), self._clock(monday + timedelta(days=7))
        first = day.replace(day=1)
        return self._clock(first), self._clock(first + timedelta(days=monthrange(day.year, day.month)[1]))

    def _offset(self, at_s: int) -> int:
        quarter = at_s // 900
        offset = self._offsets.get(quarter)
        if offset is None:
            if len(self._offsets) > 100_000:
                self._offsets.clear()
            utc_offset = datetime.fromtimestamp(quarter * 900, self._zone).utcoffset()
            assert utc_offset is not None
            offset = self._offsets[quarter] = int(utc_offset.total_seconds())
        return offset

    def _clock(self, day: date, hour: int = 0) -> int:
        """When the local clock shows this hour of a day."""
        at_s = self._clocks.get((day, hour))
        if at_s is None:
            if len(self._clocks) > 10_000:
                self._clocks.clear()
            at_s = int(datetime(day.year, day.month, day.day, hour, tzinfo=self._zone).timestamp())
            self._clocks[day, hour] = at_s
        return at_s


def span_of(report: Report, calendar: Calendar) -> tuple[Span, TimePrecision]:
    """When it happened. A stated range says its own precision unless the report does."""
    if report.occurred_from is not None and report.occurred_to is not None:
        start, end = seconds(report.occurred_from), seconds(report.occurred_to)
        return (start, end), report.time_precision or _precision_of(end - start)
    at = report.occurred_at or report.occurred_from or report.occurred_to
    assert at is not None, "check lets no violation without a time pass"
    precision = report.time_precision or TimePrecision.EXACT
    return calendar.span(seconds(at), precision), precision


def stated_at(report: Report, received_at: int) -> int:
    """The time of a report without an occurrence of its own; nobody is alive later than he is heard."""
    at = report.occurred_at or report.published_at
    if at is None:
        return received_at
    return min(seconds(at), received_at) if report.type is ReportType.ALIVE else seconds(at)


def _precision_of(length_s: int) -> TimePrecision:
    if length_s == 0:
        return TimePrecision.EXACT
    # A local day is 25 hours long once a year.
    for limit_s, precision in (
        (HOUR, TimePrecision.HOUR),
        (12 * HOUR, TimePrecision.PART_OF_DAY),
        (25 * HOUR, TimePrecision.DAY),
        (8 * DAY, TimePrecision.WEEK),
    ):
        if length_s <= limit_s:
            return precision
    return TimePrecision.MONTH


class Teller(Struct, frozen=True, gc=False, eq=False):
    """A source as reports write it, and what terms know of it.

    `folded`: its name however it is written, one object for all; `id`: that of the terms, else the same. `side`: what an
    account of it counts for; `speaker`: its lineage and its side, where what terms do not list is a side of its own.
    """

    name: str
    folded: str
    id: str
    known: Source | None
    lineage: str
    side: str
    speaker: tuple[str, str]
    independent: bool
    trusted_violence: bool


class Act(Struct, frozen=True, gc=False, eq=False):
    """What an account says was done, in words that many have alike. `numbers`: kind, weapon, by and against, as features."""

    kind: Kind
    weapon: Weapon
    by: str | None
    against: str | None
    via_lineage: str | None
    time_precision: TimePrecision
    is_total: bool
    numbers: tuple[int, int, int, int]


class Hurt(Struct, frozen=True, gc=False, eq=False):
    """Who was hurt. `numbers`: low, best and high of both, as features."""

    killed: Bounds | None
    injured: Bounds | None
    who: str
    numbers: tuple[int, int, int, int, int, int]


class Reading:
    """How reports are read under some terms. What many have alike is looked up once, and kept once for all of them."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.calendar = Calendar(terms.zone_of_time)
        self._lots = blake2b(key=terms.truce.salt.encode()[:64], digest_size=5)
        self.teller = lru_cache(maxsize=_KEPT)(self._teller)
        self.act = lru_cache(maxsize=_KEPT)(self._act)
        self.hurt = lru_cache(maxsize=_KEPT)(self._hurt)
        self._asked: Report | None = None
        self._when: tuple[Span, TimePrecision] = ((0, 0), TimePrecision.EXACT)

    def when(self, report: Report) -> tuple[Span, TimePrecision]:
        """See `span_of`. It is asked when a report comes, and again when it is entered."""
        if report is not self._asked:
            self._asked, self._when = report, span_of(report, self.calendar)
        return self._when

    def lot(self, source: str, report_id: str) -> int:
        """A number that nobody can choose who does not know the salt."""
        lot = self._lots.copy()
        lot.update(f"{source}\x00{report_id}".encode("utf-8", "surrogatepass"))
        return int.from_bytes(lot.digest())

    def _teller(self, source: str) -> Teller:
        name = folded(source)
        known = self.terms.source_by_name.get(name)
        if known is None:
            side = Side.INDEPENDENT.value
            return Teller(source, name, name, None, UNLISTED, side, (UNLISTED, UNLISTED), False, False)
        lineage, independent = known.lineage or known.id, known.side == Side.INDEPENDENT
        trusted = Trust.VIOLENCE in known.trusted
        return Teller(source, name, known.id, known, lineage, known.side, (lineage, known.side), independent, trusted)

    def _act(
        self,
        kind: Kind | None,
        weapon: Weapon,
        by: str | None,
        against: str | None,
        via: str | None,
        precision: TimePrecision,
        is_total: bool,
    ) -> Act:
        by, against = _actor(by, self.terms), _actor(against, self.terms)
        via_lineage = None if via is None else _lineage_named(via, self.terms)
        kind = kind or Kind.OTHER
        named = (0 if by is None else number_of(by), 0 if against is None else number_of(against))
        return Act(kind, weapon, by, against, via_lineage, precision, is_total, (KINDS[kind], WEAPONS[weapon], *named))

    def _hurt(self, casualties: Casualties | None) -> Hurt:
        casualties, limit = casualties or Casualties(), self.terms.limits.casualties_max
        killed, injured = bounds(casualties.killed, limit), bounds(casualties.injured, limit)
        return Hurt(killed, injured, casualties.who, (*(killed or _UNSAID), *(injured or _UNSAID)))


class Account:
    """One live violation report as the rules see it. It is or belongs to a claim: see `deduplicate`.

    `order` is the canonical order, and `rank` what of it is a number. `killed` and `injured` are (low, best, high) or None
    where nothing is said. `handle`: what the grouping knows it by.
    """

    __slots__ = (
        "_features",
        "act",
        "anchor",
        "circle",
        "claim",
        "end",
        "handle",
        "hurt",
        "letters",
        "links",
        "rank",
        "received_at",
        "report_id",
        "script",
        "signature",
        "start",
        "teller",
    )

    def __init__(self, report: Report, circle: Circle, received_at: int, reading: Reading) -> None:
        self.teller = teller = reading.teller(report.source)
        self.report_id = report.report_id
        self.received_at = received_at
        (start, end), time_precision = reading.when(report)
        self.start, self.end = start, end
        self.circle = circle
        precision, text = circle.precision, report.text
        # "140 killed across the province this week" holds incidents that are told one by one.
        many = precision >= PROVINCE_PRECISION and text is not None and tells_of_many(text)
        is_total = many or end - start >= WIDE_SPAN_S
        # What nobody vouches for must not tie the lineages that it claims to quote to each other.
        via = None if teller.known is None else report.via
        self.act = reading.act(report.kind, report.weapon, report.by, report.against, via, time_precision, is_total)
        self.hurt = hurt = reading.hurt(report.casualties)
        self.script, self.signature, self.letters = wording(text)
        self.links = numbers_of(report.links) if report.links else ()
        # The anchor says where and when. So among sharp places those of independent sources come first, then those of the
        # sides, and what anybody can say last: an anonymous account with a convenient place moves nobody's incident.
        standing = 0 if teller.independent else 2 if teller.known is None else 1
        # Then the more precise, and among those of one precision what says more: others are compared with it.
        unsaid = (report.weapon is Weapon.UNDETERMINED) + (hurt.killed is None)
        blunt, sharpness = precision >= BLUNT_PRECISION, TIME_RANK[time_precision]
        # Then the earliest; but by lot where somebody could date one report after the other before all that are there, and
        # make each of them the anchor of all others. What terms call independent is not suspected of it.
        turn = start if teller.independent else reading.lot(teller.id, report.report_id)
        class_of = (((blunt << 2 | standing) << 3 | precision) << 3 | sharpness) << 2 | unsaid
        self.rank = class_of << 48 | turn + _TURN_OFFSET
        self._features: Features | None = None
        self.anchor: Account | None = None
        self.handle: Any = None
        self.claim: Any = None

    source_name = property(attrgetter("teller.name"))
    source = property(attrgetter("teller.id"))
    lineage = property(attrgetter("teller.lineage"))
    side = property(attrgetter("teller.side"))
    independent = property(attrgetter("teller.independent"))
    trusted_violence = property(attrgetter("teller.trusted_violence"))
    kind = property(attrgetter("act.kind"))
    weapon = property(attrgetter("act.weapon"))
    by = property(attrgetter("act.by"))
    against = property(attrgetter("act.against"))
    via_lineage = property(attrgetter("act.via_lineage"))
    time_precision = property(attrgetter("act.time_precision"))
    is_total = property(attrgetter("act.is_total"))
    killed = property(attrgetter("hurt.killed"))
    injured = property(attrgetter("hurt.injured"))
    who = property(attrgetter("hurt.who"))

    @property
    def account(self) -> "Account":
        """What an account and a claim are compared by is that of an account."""
        return self

    @property
    def listed(self) -> bool:
        """Whether terms list its source."""
        return self.teller.known is not None

    @property
    def order(self) -> Order:
        """Two spellings of one source may use the same report id: the spelling as received decides last."""
        return self.rank, self.teller.id, self.report_id, self.teller.name

    @property
    def features(self) -> Features:
        """What it is compared by in Python."""
        if self._features is None:
            circle, (kind, weapon, by, against) = self.circle, self.act.numbers
            self._features = Features(
                *(microdegrees(circle.lat), microdegrees(circle.lon), circle.radius_m),
                *(self.start, self.end, kind, weapon, *self.hurt.numbers, by, against),
                *(self.script, self.signature, self.letters, self.links),
            )
        return self._features

    @property
    def report_digest(self) -> int:
        """Of the source as it is written and the report id: 128 bits."""
        named = f"{self.teller.name}\x00{self.report_id}".encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(named, digest_size=16).digest())

    @property
    def mergeable(self) -> bool:
        """Whether it tells of one place and time, so that it can be the same incident as another."""
        return not self.act.is_total and self.circle.precision < VAGUE_PRECISION


def _lineage_named(quoted: str, terms: Terms) -> str | None:
    """Of a source or a lineage that a report quotes, as terms spell it."""
    name = folded(quoted)
    if not name:
        return None
    known = terms.source_by_name.get(name)
    if known is not None:
        return known.lineage or known.id
    lineages = (source.lineage or source.id for source in terms.sources)
    return next((lineage for lineage in lineages if folded(lineage) == name), UNLISTED)


def _actor(name: str | None, terms: Terms) -> str | None:
    if name is None:
        return None
    known = terms.actor_by_name.get(folded(name))
    return known.id if known is not None else folded(name)


def bounds(count: int | CountRange | str | None, limit: int) -> Bounds | None:
    """(low, best, high), each at most `limit`; None where nothing is said. A vague word bounds from below only."""
    if count is None:
        return None
    if isinstance(count, int):
        return (min(count, limit),) * 3
    if isinstance(count, str):
        low = min(VAGUE_LOW[count], limit)
        return low, low, limit
    low, best, high = count.low, count.best, count.high
    if low is None and best is None and high is None:
        return None
    if best is None:
        best = low if low is not None else (high or 0) // 2
    low = (best if high is None else 0) if low is None else low
    # Only a low: "at least three". Only a best: a point.
    high = (limit if count.low is not None and count.best is None else max(best, low)) if high is None else high
    return min(low, limit), min(best, limit), min(high, limit)


EXPLOSIVE = frozenset(Weapon) - {Weapon.SMALL_ARMS}

__all__ = [
    "EXPLOSIVE",
    "Account",
    "Act",
    "Bounds",
    "Calendar",
    "Order",
    "Reading",
    "Span",
    "Teller",
    "bounds",
    "span_of",
    "stated_at",
]
