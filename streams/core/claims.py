"""What the rules see of a violation report: one account, with its time span, circle, lineage and casualties worked out.

Everything that terms say about a report is looked up here once, so that matching and measuring deal with integers only.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from schemas.facts import Casualties, Circle, CountRange, Report
from schemas.reasons import UNLISTED, Kind, Side, TimePrecision, Trust, Weapon
from streams.core.check import seconds
from streams.core.features import features
from streams.core.geometry import microdegrees
from streams.core.likeness import wording
from streams.core.terms import DAY, HOUR, Source, Terms
from streams.core.totals import tells_of_many

TIME_RANK = {precision: rank for rank, precision in enumerate(TimePrecision)}
_TURN_OFFSET = 1 << 40
WIDE_SPAN_S = 7 * DAY
"""A report of a week or more tells of many incidents and is merged into none of them."""
BLUNT_PRECISION = 3
"""From here on a circle is a district or more."""
PROVINCE_PRECISION = 4
VAGUE_PRECISION = 5
"""From here on a circle is several places or a country."""
VAGUE_LOW = {"tens": 10, "dozens": 12, "hundreds": 100}

Span = tuple[int, int]
Order = tuple[int, str, str, str]
"""What is a number first, in 64 bits; then source, report id, and the spelling of the source."""
Bounds = tuple[int, int, int]


class Calendar:
    """Time spans in the truce's own time zone: an instant and its precision give [start, end) in seconds since 1970."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offsets: dict[int, int] = {}
        self._midnights: dict[date, int] = {}

    def span(self, at_s: int, precision: TimePrecision) -> Span:
        """Half-open, but an exact time, which is a point: start and end are equal."""
        if precision is TimePrecision.EXACT:
            return at_s, at_s
        if precision is TimePrecision.HOUR:
            start = at_s - at_s % HOUR
            return start, start + HOUR
        local = at_s + self._offset(at_s)
        day = date(1970, 1, 1) + timedelta(days=local // DAY)
        if precision is TimePrecision.PART_OF_DAY:
            # Night, morning, afternoon, evening: quarters of the local day.
            start = self._midnight(day) + local % DAY // (6 * HOUR) * 6 * HOUR
            return start, start + 6 * HOUR
        if precision is TimePrecision.DAY:
            return self._midnight(day), self._midnight(day + timedelta(days=1))
        if precision is TimePrecision.WEEK:
            monday = day - timedelta(days=day.weekday())
            return self._midnight(monday), self._midnight(monday + timedelta(days=7))
        first = day.replace(day=1)
        return self._midnight(first), self._midnight(first + timedelta(days=monthrange(day.year, day.month)[1]))

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

    def _midnight(self, day: date) -> int:
        start = self._midnights.get(day)
        if start is None:
            if len(self._midnights) > 10_000:
                self._midnights.clear()
            start = int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp())
            self._midnights[day] = start
        return start


def span_of(report: Report, calendar: Calendar) -> tuple[Span, TimePrecision]:
    """When it happened. A stated range says its own precision unless the report does."""
    if report.occurred_from is not None and report.occurred_to is not None:
        start, end = seconds(report.occurred_from), seconds(report.occurred_to)
        return (start, end), report.time_precision or _precision_of(end - start)
    at = report.occurred_at or report.occurred_from or report.occurred_to
    assert at is not None, "check lets no violation without a time pass"
    precision = report.time_precision or TimePrecision.EXACT
    return calendar.span(seconds(at), precision), precision


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


def identity(source: str, terms: Terms) -> tuple[str, Source | None]:
    """One name for a source however it is spelt, and what terms know of it."""
    name = source.strip().casefold()
    known = terms.source_by_name.get(name)
    return (known.id, known) if known is not None else (name, None)


class Account:
    """One live violation report as the rules see it. It is or belongs to a claim: see `deduplicate`.

    `order` is the canonical order. `killed` and `injured` are (low, best, high) or None where nothing is said.
    """

    __slots__ = (
        "against",
        "anchor",
        "by",
        "circle",
        "claim",
        "end",
        "features",
        "handle",
        "independent",
        "injured",
        "is_total",
        "killed",
        "kind",
        "lineage",
        "listed",
        "members",
        "order",
        "queued",
        "received_at",
        "report_id",
        "score",
        "side",
        "source",
        "source_name",
        "start",
        "time_precision",
        "trusted_violence",
        "via_lineage",
        "weapon",
        "who",
    )

    def __init__(self, report: Report, circle: Circle, received_at: int, terms: Terms, calendar: Calendar) -> None:
        source, known = identity(report.source, terms)
        self.source = source
        self.source_name = report.source
        self.report_id = report.report_id
        self.received_at = received_at
        (self.start, self.end), self.time_precision = span_of(report, calendar)
        self.circle = circle
        self.kind = report.kind or Kind.OTHER
        self.weapon = report.weapon
        self.listed = known is not None
        self.lineage = UNLISTED if known is None else known.lineage or known.id
        # What nobody vouches for must not tie the lineages that it claims to quote to each other.
        quotes = report.via is not None and known is not None
        self.via_lineage = _lineage_named(report.via, terms) if quotes else None
        self.side = Side.INDEPENDENT.value if known is None else known.side
        self.independent = known is not None and known.side == Side.INDEPENDENT
        self.trusted_violence = known is not None and Trust.VIOLENCE in known.trusted
        self.by = _actor(report.by, terms)
        self.against = _actor(report.against, terms)
        # "140 killed across the province this week" holds incidents that are told one by one.
        many = circle.precision >= PROVINCE_PRECISION and report.text is not None and tells_of_many(report.text)
        self.is_total = many or self.end - self.start >= WIDE_SPAN_S
        casualties = report.casualties or Casualties()
        limit = terms.limits.casualties_max
        self.killed = _kept_bounds(casualties.killed, limit)
        self.injured = _kept_bounds(casualties.injured, limit)
        self.who = casualties.who
        self.features = features(
            (microdegrees(circle.lat), microdegrees(circle.lon), circle.radius_m),
            (self.start, self.end),
            (self.kind, self.weapon),
            self.killed,
            self.injured,
            (self.by, self.against),
            wording(report.text),
            report.links,
        )
        # The anchor says where and when. So among sharp places those of independent sources come first, then those of the
        # sides, and what anybody can say last: an anonymous account with a convenient place moves nobody's incident.
        standing = 0 if self.independent else 1 if self.listed else 2
        # Then the more precise, and among those of one precision what says more: others are compared with it.
        unsaid = (self.weapon is Weapon.UNDETERMINED) + (self.killed is None)
        blunt, rank = circle.precision >= BLUNT_PRECISION, TIME_RANK[self.time_precision]
        # Then the earliest; but by lot where somebody could date one report after the other before all that are there, and
        # make each of them the anchor of all others. What terms call independent is not suspected of it.
        turn = self.start if self.independent else _lot(source, report.report_id, terms)
        # Two spellings of one source may use the same report id: the spelling as received decides last.
        class_of = (((blunt << 2 | standing) << 3 | circle.precision) << 3 | rank) << 2 | unsaid
        self.order: Order = class_of << 48 | turn + _TURN_OFFSET, source, report.report_id, report.source
        self.anchor: Account | None = None
        self.members: dict[str, Account] | None = None
        self.score = 0
        self.queued = False
        self.handle = -1
        self.claim: Any = None

    @property
    def report_digest(self) -> int:
        """Of the source as it is written and the report id: 128 bits."""
        return int.from_bytes(_digest(f"{self.source_name}\x00{self.report_id}", 16))

    @property
    def mergeable(self) -> bool:
        """Whether it tells of one place and time, so that it can be the same incident as another."""
        return not self.is_total and self.circle.precision < VAGUE_PRECISION


def _lineage_named(name: str, terms: Terms) -> str:
    """Of a source or a lineage that a report quotes."""
    folded = name.strip().casefold()
    known = terms.source_by_name.get(folded)
    if known is not None:
        return known.lineage or known.id
    return folded if any((source.lineage or source.id).casefold() == folded for source in terms.sources) else UNLISTED


def _actor(name: str | None, terms: Terms) -> str | None:
    if name is None:
        return None
    folded = name.strip().casefold()
    known = terms.actor_by_name.get(folded)
    return known.id if known is not None else folded


def _lot(source: str, report_id: str, terms: Terms) -> int:
    """A number that nobody can choose who does not know the salt."""
    return int.from_bytes(_digest(f"{source}\x00{report_id}", 5, terms.truce.salt.encode()[:64]))


def _digest(text: str, size: int, key: bytes = b"") -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=size).digest()


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


# Few numbers are stated again and again.
_kept_bounds = lru_cache(maxsize=4_096)(bounds)


EXPLOSIVE = frozenset(Weapon) - {Weapon.SMALL_ARMS}

__all__ = ["EXPLOSIVE", "Account", "Bounds", "Calendar", "Order", "Span", "bounds", "identity", "span_of"]
