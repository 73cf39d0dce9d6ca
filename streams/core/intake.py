"""Read a message, check it, find its place, and say to which truces it goes.

One message at a time and no state but the terms it follows: the same message with the same terms gives the same log
entries. What it cannot use it refuses, with a reason that names the field; what concerns no truce it leaves out.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec

from schemas.facts import (
    Circle,
    Fact,
    LocatedReport,
    Location,
    LoggedTick,
    Origin,
    Rejected,
    Rejection,
    Report,
    TermsRecord,
    Tick,
)
from schemas.reasons import UNLISTED, Reason, ReportType, Side
from schemas.topics import REJECTED
from streams.core import gazetteer
from streams.core.check import SIZE_MAX, check, seconds
from streams.core.clock import ORIGINS_MAX, lists_few
from streams.core.envelope import unwrap
from streams.core.locate import Locator
from streams.core.terms import SIMULATED_PREFIX, Terms, TermsError, parse
from streams.core.zones import ZoneMap

RECEIVED_AT_HEADER = "truce-received-at"
RETRY_HEADER = "truce-retry-of"
TICK_PREFIX = b'{"tick"'
KEY_KEPT_MAX, HEADERS_KEPT_MAX = 8_192, 65_536
"""Bytes of a refused message's key, and of all its headers, that are kept with it."""
TICK_KEY = b"tick"
"""The key of a tick in the log."""

Gazetteers = Callable[
    [Iterable[str], Mapping[str, Sequence[str]], Iterable[gazetteer.ListedPlaces]],
    gazetteer.Gazetteer,
]
"""The gazetteer of some countries, with more names of provinces by code."""


_SECONDS = re.compile(rb"-?[0-9]{1,12}")
"""A time in seconds since 1970, as a header states it."""


class _Sender(msgspec.Struct):
    """As much of a report as says who sent it."""

    source: str


_decode_sender = msgspec.json.Decoder(_Sender).decode
_decode_tick = msgspec.json.Decoder(Tick).decode
_decode_terms = msgspec.json.Decoder(TermsRecord).decode
_encode = msgspec.json.Encoder().encode


class Arrival(NamedTuple):
    """A report as it arrives from a file: time of receipt (seconds since 1970), bytes, and where it was ("file:line")."""

    received_at: int
    value: bytes
    where: str


class Incoming(NamedTuple):
    """A message of a `reports.*` topic. `timestamp_ms` is the broker's append time on live topics."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Entry(NamedTuple):
    """A record for the log. Partition None: one copy into every partition."""

    partition: int | None
    key: bytes
    value: bytes


class Counts(NamedTuple):
    """What became of the messages taken since the last look. `located`: by method and precision."""

    reports: int
    ticks: int
    routed: int
    outside: int
    located: dict[tuple[str, int], int]


class Intake:
    """Turns messages into log entries or rejections.

    `source_topics` binds sources to the topic patterns they may publish on; a source that it does not name may use any.
    `lists` are places that this installation adds to those of the terms. `gazetteers` gives the gazetteer of some countries;
    it is asked again when the terms of a truce name others.
    """

    def __init__(
        self,
        source_topics: Mapping[str, Sequence[str]] | None = None,
        clock_skew_max_s: int = 600,
        lists: Sequence[gazetteer.ListedPlaces] = (),
        gazetteers: Gazetteers = gazetteer.load,
    ) -> None:
        self._source_topics = {source.casefold(): tuple(topics) for source, topics in (source_topics or {}).items()}
        self._clock_skew_max_s = clock_skew_max_s
        self._lists = tuple(lists)
        self._gazetteers = gazetteers
        self._places: dict[str, tuple[tuple[Any, ...], Locator]] = {}
        self._terms: dict[str, Terms] = {}
        self._takers: dict[str, tuple[Terms, ...]] = {}
        self._reports = self._ticks = self._routed = self._outside = 0
        self._located: dict[tuple[str, int], int] = {}

    @property
    def truces(self) -> dict[str, Terms]:
        """The newest terms of every truce it routes to."""
        return self._terms

    def follow(self, value: bytes) -> Rejection | None:
        """Route by these terms from now on: a value of `truce.terms`. Where they cannot be used, say why, and go on by those
        that were there before."""
        try:
            record = _decode_terms(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            return Rejection(Reason.WRONG_TYPE, f"terms: not a record of terms: {fault}")
        try:
            terms = parse(record.terms)
            if terms.truce.id != record.truce:
                raise TermsError(f"truce.id: {terms.truce.id!r}, in a record of {record.truce!r}")
            ZoneMap(terms)
            wanted = _countries(terms), terms.area_names, (*self._lists, *terms.gazetteers)
            known = self._places.get(record.truce)
            if known is None or known[0] != wanted:
                known = wanted, Locator(terms.truce.countries, gazetteer_of(terms, self._gazetteers, self._lists))
        except TermsError as fault:
            return Rejection(Reason.WRONG_TYPE, f"terms of {record.truce}: {fault}")
        self._terms[record.truce], self._places[record.truce] = terms, known
        self._takers = {}
        return None

    def take(self, message: Incoming) -> list[Entry] | Fact:
        """Log entries (none: outside every truce), or a rejection for `truce.rejected`."""
        is_tick = message.value is not None and message.value.startswith(TICK_PREFIX)
        outcome = self._take_tick(message) if is_tick else self._take_report(message)
        if is_tick and isinstance(outcome, list):
            self._ticks += 1
            return outcome
        self._reports += 1
        if isinstance(outcome, list):
            if outcome:
                self._routed += 1
            else:
                self._outside += 1
        return outcome

    def take_counts(self) -> Counts:
        """What was taken since the last call; what raised is not among it."""
        counts = Counts(self._reports, self._ticks, self._routed, self._outside, self._located)
        self._reports = self._ticks = self._routed = self._outside = 0
        self._located = {}
        return counts

    def source_class(self, message: Incoming) -> str:
        """Who sent a message that was refused: `independent`, `side`, `unlisted`, or `unreadable` where nobody can tell."""
        body = unwrap(message.value or b"", message.headers)
        return "unreadable" if isinstance(body, Rejection) else class_of(body, self._takers_of(message.topic))

    def _take_report(self, message: Incoming) -> list[Entry] | Fact:
        headers = message.headers
        body = unwrap(message.value or b"", headers)
        if isinstance(body, Rejection):
            return refuse(message, body)
        received_at = self._received_at(message)
        if isinstance(received_at, Rejection):
            return refuse(message, received_at)
        report = check(body, received_at, self._clock_skew_max_s)
        if isinstance(report, Rejection):
            return refuse(message, report)
        bound = self._source_topics.get(report.source.casefold())
        if bound is not None and not any(fnmatchcase(message.topic, pattern) for pattern in bound):
            return refuse(message, _not_allowed(report, message.topic))
        return self._route(message, body, report, received_at)

    def _received_at(self, message: Incoming) -> int | Rejection:
        if not message.topic.startswith(SIMULATED_PREFIX):
            return message.timestamp_ms // 1_000
        for name, value in message.headers:
            if name == RECEIVED_AT_HEADER:
                if _SECONDS.fullmatch(value or b""):
                    return int(value)
                return Rejection(Reason.WRONG_TYPE, f"header {RECEIVED_AT_HEADER}: not a whole number of seconds")
        return Rejection(Reason.MISSING_FIELD, f"header {RECEIVED_AT_HEADER}: a simulated topic must state it")

    def _route(self, message: Incoming, body: bytes, report: Report, received_at: int) -> list[Entry] | Fact:
        """One entry for each truce that the report may concern."""
        entries: list[Entry] = []
        refusal: Rejection | None = None
        origin = Origin(message.topic, message.partition, message.offset)
        retried = retry_of(message)
        for terms in self._takers_of(message.topic):
            source = terms.source_by_name.get(report.source.casefold())
            if source is not None and source.topics and not any(fnmatchcase(message.topic, p) for p in source.topics):
                refusal = _not_allowed(report, message.topic)
                continue
            if not _time_fits(report, terms):
                continue
            circle: Circle | None = None
            places = self._places[terms.truce.id][1]
            where = _place_of(report)
            if where is not None:
                found = places.locate(where)
                if isinstance(found, Rejection):
                    refusal = found
                    continue
                circle = found
                place = found.method, found.precision
                self._located[place] = self._located.get(place, 0) + 1
                if report.revision == 1 and not _in_countries(circle, terms):
                    continue
            located = LocatedReport(
                truce=terms.truce.id,
                received_at=received_at,
                origin=origin,
                report=msgspec.Raw(body),
                circle=circle,
                gazetteer=places.gazetteer.digest if circle is not None else None,
                retry_of=retried,
            )
            entries.append(Entry(terms.truce.partition, terms.truce.id.encode(), _encode(located)))
        if refusal is not None and not entries:
            return refuse(message, refusal)
        return entries

    def _takers_of(self, topic: str) -> tuple[Terms, ...]:
        takers = self._takers.get(topic)
        if takers is None:
            takers = tuple(self._terms[truce] for truce in sorted(self._terms) if self._terms[truce].takes_topic(topic))
            self._takers[topic] = takers
        return takers

    def _take_tick(self, message: Incoming) -> list[Entry] | Fact:
        assert message.value is not None
        try:
            tick = _decode_tick(message.value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            return refuse(message, Rejection(Reason.WRONG_TYPE, f"tick: {fault}"))
        if not lists_few(tick.origins):
            return refuse(message, Rejection(Reason.WRONG_TYPE, f"tick: origins: at most {ORIGINS_MAX:,} partitions"))
        at = seconds(tick.tick)
        appended_at = message.timestamp_ms // 1_000
        if not message.topic.startswith(SIMULATED_PREFIX) and at > appended_at + self._clock_skew_max_s:
            return refuse(message, Rejection(Reason.IN_THE_FUTURE, "tick: ahead of the time at which it was appended"))
        origin = Origin(message.topic, message.partition, message.offset)
        return [Entry(None, TICK_KEY, _encode(LoggedTick(at, appended_at, origin, tick.origins)))]


def class_of(report: bytes, truces: Iterable[Terms]) -> str:
    """Who sent a report that was refused, by the first truce that knows the source; as `Intake.source_class`."""
    try:
        name = _decode_sender(report).source.strip().casefold()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "unreadable"
    for terms in truces:
        source = terms.source_by_name.get(name)
        if source is not None:
            return "independent" if source.side == Side.INDEPENDENT else "side"
    return UNLISTED


def gazetteer_of(
    terms: Terms, load: Gazetteers = gazetteer.load, lists: Sequence[gazetteer.ListedPlaces] = ()
) -> gazetteer.Gazetteer:
    """The gazetteer by which reports of a truce are located. Raises `TermsError` for a country that has no places.

    `lists` are places that an installation adds to those of the terms.
    """
    try:
        return load(_countries(terms), terms.area_names, (*lists, *terms.gazetteers))
    except ValueError as fault:
        raise TermsError(f"truce.countries: {fault}") from None


def refuse(message: Incoming, rejection: Rejection) -> Fact:
    """The rejection of a message as a fact: original bytes and headers, reason, detail, origin. It is bounded: of what is larger
    than a report may be, the beginning is kept, or one huge message would be refused by the broker for ever."""
    origin = Origin(message.topic, message.partition, message.offset)
    value, key = message.value or b"", message.key
    sizes = [len(name.encode()) + len(held or b"") for name, held in message.headers]
    kept = bisect_right(list(accumulate(sizes)), HEADERS_KEPT_MAX)
    cut = max(0, len(value) - SIZE_MAX) + max(0, len(key or b"") - KEY_KEPT_MAX) + sum(sizes[kept:])
    body = Rejected(
        reason=rejection.reason,
        detail=rejection.detail,
        origin=origin,
        stage="intake",
        original=value[:SIZE_MAX],
        original_key=None if key is None else key[:KEY_KEPT_MAX],
        original_headers=[(name, held or b"") for name, held in message.headers[:kept]],
        cut=cut,
    )
    return Fact(REJECTED, str(origin), _encode(body))


def retry_of(message: Incoming) -> str | None:
    """Where the message was refused for the first time, if it is published again after that."""
    return next((value.decode("utf-8", "replace") for name, value in message.headers if name == RETRY_HEADER and value), None)


def terms_record(terms: Terms, effective_from_s: int | None = None, correct: bool = False) -> bytes:
    """The record that publishes terms, for `truce.terms` and the log. Without a time they hold from the horizon on."""
    start = terms.horizon_start_s if effective_from_s is None else effective_from_s
    return _encode(TermsRecord(terms.truce.id, terms.hash, terms.as_mapping(), start, correct))


def tick_value(at_s: int, origins: Mapping[str, int]) -> bytes:
    """The value of a tick for a report topic. `at_s`: seconds since 1970."""
    return _encode(Tick(datetime.fromtimestamp(at_s, UTC), dict(origins)))


def _countries(terms: Terms) -> tuple[str, ...]:
    return tuple(sorted(terms.truce.countries))


def _not_allowed(report: Report, topic: str) -> Rejection:
    return Rejection(Reason.SOURCE_NOT_ALLOWED, f"source: {report.source!r} may not publish on {topic}")


def _place_of(report: Report) -> Location | None:
    """What must be located, if anything: a violation's place, or the area that a nil report watched."""
    if report.status == "retracted":
        return None
    if report.type is ReportType.VIOLATION:
        return report.location
    if report.covers is not None and report.covers.location is not None:
        return report.covers.location
    return None


def _in_countries(circle: Circle, terms: Terms) -> bool:
    return any(area[:2] in terms.truce.countries for area in circle.areas)


def _time_fits(report: Report, terms: Terms) -> bool:
    """Whether it can matter to the truce. Retractions, revisions and reports without a place always go through."""
    if report.status == "retracted" or report.revision > 1 or report.type is not ReportType.VIOLATION:
        return True
    last = report.occurred_to or report.occurred_at or report.occurred_from
    # A month's report may reach a month beyond the instant that it states.
    return last is None or seconds(last) + 31 * 86_400 >= terms.horizon_start_s


__all__ = [
    "RECEIVED_AT_HEADER",
    "RETRY_HEADER",
    "TICK_KEY",
    "Arrival",
    "Entry",
    "Incoming",
    "Intake",
    "class_of",
    "gazetteer_of",
    "refuse",
    "retry_of",
    "terms_record",
    "tick_value",
]
