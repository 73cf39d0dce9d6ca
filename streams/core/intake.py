"""Read a message, check it, find its place, and say to which truces it goes.

One message at a time and no state but the terms it follows: the same message with the same terms gives the same log
entries. What it cannot use it refuses, with a reason that names the field; what concerns no truce it leaves out.
"""

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
from streams.core.terms import SIMULATED_PREFIX, Terms, TermsError, folded, parse
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

_SECONDS_DIGITS_MAX = 12
_BLUNT_MAX_S = 31 * 86_400
"""A month's report may reach a month beyond the instant that it states."""
_VIOLATION = ReportType.VIOLATION


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


class _Taker(NamedTuple):
    """A truce that takes a topic, with what is the same for every report there.

    `shut_out`: casefolded names of sources that its terms allow on other topics only; `earliest_s`: what happened before this
    (seconds since 1970) cannot matter.
    """

    terms: Terms
    key: bytes
    places: Locator
    shut_out: frozenset[str]
    earliest_s: int


class _Topic(NamedTuple):
    """What is the same for every message of a topic. `shut_out`: sources that this installation binds to other topics."""

    simulated: bool
    shut_out: frozenset[str]
    takers: tuple[_Taker, ...]


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
        self._source_topics = {folded(source): tuple(topics) for source, topics in (source_topics or {}).items()}
        self._clock_skew_max_s = clock_skew_max_s
        self._lists = tuple(lists)
        self._gazetteers = gazetteers
        self._places: dict[str, tuple[tuple[Any, ...], Locator]] = {}
        self._terms: dict[str, Terms] = {}
        self._topics: dict[str, _Topic] = {}
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
        self._topics = {}
        return None

    def take(self, message: Incoming) -> list[Entry] | Fact:
        """Log entries (none: outside every truce), or a rejection for `truce.rejected`."""
        if message.value is not None and message.value.startswith(TICK_PREFIX):
            outcome = self._take_tick(message)
            if isinstance(outcome, list):
                self._ticks += 1
                return outcome
        else:
            outcome = self._take_report(message)
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
        return (
            "unreadable"
            if isinstance(body, Rejection)
            else class_of(body, [taker.terms for taker in self._topic(message.topic).takers])
        )

    def _take_report(self, message: Incoming) -> list[Entry] | Fact:
        topic = self._topics.get(message.topic) or self._topic(message.topic)
        body = message.value or b""
        stated, retried, bare = read_headers(message.headers)
        received_at = _stated_s(stated) if topic.simulated else message.timestamp_ms // 1_000
        # What can be read as it is has no envelope, for an envelope has no `report_id`. Nearly all can.
        report = check(body, received_at, self._clock_skew_max_s) if bare and isinstance(received_at, int) else None
        if not isinstance(report, Report):
            body = unwrap(body, message.headers)
            if isinstance(body, Rejection):
                return refuse(message, body)
            if isinstance(received_at, Rejection):
                return refuse(message, received_at)
            report = check(body, received_at, self._clock_skew_max_s)
            if isinstance(report, Rejection):
                return refuse(message, report)
        source = folded(report.source)
        if source in topic.shut_out:
            return refuse(message, _not_allowed(report, message.topic))
        head = received_at, Origin(message.topic, message.partition, message.offset), msgspec.Raw(body)
        return self._route(message, report, source, head, retried, topic.takers)

    def _route(
        self,
        message: Incoming,
        report: Report,
        source: str,
        head: tuple[int, Origin, msgspec.Raw],
        retried: str | None,
        takers: tuple[_Taker, ...],
    ) -> list[Entry] | Fact:
        """One entry for each truce that the report may concern. `head`: when it was received, where it was, and its bytes."""
        entries: list[Entry] = []
        refusal: Rejection | None = None
        last_s, where = _last_s(report), _place_of(report)
        for terms, key, places, shut_out, earliest_s in takers:
            if source in shut_out:
                refusal = _not_allowed(report, message.topic)
                continue
            if last_s is not None and last_s < earliest_s:
                continue
            circle: Circle | None = None
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
            digest = None if circle is None else places.gazetteer.digest
            located = LocatedReport(terms.truce.id, *head, circle, digest, retried)
            entries.append(Entry(terms.truce.partition, key, _encode(located)))
        if refusal is not None and not entries:
            return refuse(message, refusal)
        return entries

    def _topic(self, name: str) -> _Topic:
        known = self._topics.get(name)
        if known is None:
            takers = [self._taker(terms, name) for _, terms in sorted(self._terms.items()) if terms.takes_topic(name)]
            shut_out = self._shut_out(name)
            known = self._topics[name] = _Topic(name.startswith(SIMULATED_PREFIX), shut_out, tuple(takers))
        return known

    def _taker(self, terms: Terms, topic: str) -> _Taker:
        # Whoever the settings bind by one of its names is bound by all of them.
        shut_out = {source.id for name in self._shut_out(topic) if (source := terms.source_by_name.get(name)) is not None}
        bound = [
            name
            for name, source in terms.source_by_name.items()
            if source.id in shut_out or (source.topics and not _is_one_of(topic, source.topics))
        ]
        truce = terms.truce.id
        places = self._places[truce][1]
        return _Taker(terms, truce.encode(), places, frozenset(bound), terms.horizon_start_s - _BLUNT_MAX_S)

    def _shut_out(self, topic: str) -> frozenset[str]:
        """Sources that the settings let publish elsewhere only."""
        return frozenset(source for source, topics in self._source_topics.items() if not _is_one_of(topic, topics))

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
        name = folded(_decode_sender(report).source)
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
    return read_headers(message.headers)[1]


def read_headers(headers: Sequence[tuple[str, bytes | None]]) -> tuple[bytes | None, str | None, bool]:
    """(time of receipt as a header states it, where the message was refused for the first time, whether no header but these
    two is there, so that none can tell of an envelope)."""
    stated: bytes | None = None
    retried: str | None = None
    bare = True
    for name, value in headers:
        if name == RECEIVED_AT_HEADER:
            if stated is None:
                stated = value or b""
        elif name == RETRY_HEADER:
            if value and retried is None:
                retried = value.decode("utf-8", "replace")
        else:
            bare = False
    return stated, retried, bare


def terms_record(terms: Terms, effective_from_s: int | None = None, correct: bool = False) -> bytes:
    """The record that publishes terms, for `truce.terms` and the log. Without a time they hold from the horizon on."""
    start = terms.horizon_start_s if effective_from_s is None else effective_from_s
    return _encode(TermsRecord(terms.truce.id, terms.hash, terms.as_mapping(), start, correct))


def tick_value(at_s: int, origins: Mapping[str, int]) -> bytes:
    """The value of a tick for a report topic. `at_s`: seconds since 1970."""
    return _encode(Tick(datetime.fromtimestamp(at_s, UTC), dict(origins)))


def _stated_s(stated: bytes | None) -> int | Rejection:
    """The time of receipt that the header of a simulated topic states, seconds since 1970."""
    if stated is None:
        return Rejection(Reason.MISSING_FIELD, f"header {RECEIVED_AT_HEADER}: a simulated topic must state it")
    digits = stated.removeprefix(b"-")
    if digits.isdigit() and len(digits) <= _SECONDS_DIGITS_MAX:
        return int(stated)
    return Rejection(Reason.WRONG_TYPE, f"header {RECEIVED_AT_HEADER}: not a whole number of seconds")


def _countries(terms: Terms) -> tuple[str, ...]:
    return tuple(sorted(terms.truce.countries))


def _is_one_of(topic: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(topic, pattern) for pattern in patterns)


def _not_allowed(report: Report, topic: str) -> Rejection:
    return Rejection(Reason.SOURCE_NOT_ALLOWED, f"source: {report.source!r} may not publish on {topic}")


def _place_of(report: Report) -> Location | None:
    """What must be located, if anything: a violation's place, or the area that a nil report watched."""
    if report.status == "retracted":
        return None
    if report.type is _VIOLATION:
        return report.location
    if report.covers is not None and report.covers.zone is None:
        return report.covers.location
    return None


def _in_countries(circle: Circle, terms: Terms) -> bool:
    countries = terms.truce.countries
    for area in circle.areas:  # noqa: SIM110 (asked for every report, and answered by the first area)
        if area[:2] in countries:
            return True
    return False


def _last_s(report: Report) -> int | None:
    """When it happened at the latest, seconds since 1970. None where a report goes through whenever that was: retractions,
    revisions, and what is no violation."""
    if report.status == "retracted" or report.revision > 1 or report.type is not _VIOLATION:
        return None
    if report.occurred_from is not None and report.occurred_to is not None:
        return seconds(report.occurred_to)
    last = report.occurred_at or report.occurred_from or report.occurred_to
    return None if last is None else seconds(last)


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
    "read_headers",
    "refuse",
    "retry_of",
    "terms_record",
    "tick_value",
]
