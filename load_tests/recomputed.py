"""Recompute the public topics from the log, with the core, and compare them with what is there.

A compacted topic must end in the same value for every key, and the changes of phase must be the same bytes in the same
order. On the way the log is booked by origin, so that every report can be looked for in it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from load_tests.verdict import Row
from schemas.facts import Evidence, Fact, LocatedReport, LoggedTick, LogRecord, Marker, PhaseChange, TermsRecord
from schemas.topics import CHECKPOINTS, DAYS, EVIDENCE, INCIDENTS, LEVELS, LOCATED, PHASES, REJECTED
from streams.core.partition import LogPartition

FLUSH_EVERY = 997
"""Records between two flushes: another cut than the worker makes, and nothing may depend on it."""

_decode = msgspec.json.Decoder(LogRecord).decode
_decode_change = msgspec.json.Decoder(PhaseChange).decode
_decode_evidence = msgspec.json.Decoder(Evidence).decode
_COMPACTED = {INCIDENTS: "incidents", EVIDENCE: "evidence", DAYS: "days", LEVELS: "levels"}


class Ledger:
    """The log by origin: which reports, ticks, terms and markers it holds. A record is kept as a hash of its bytes."""

    def __init__(self) -> None:
        self.reports: dict[tuple[str, int], dict[int, dict[str, list[int]]]] = defaultdict(dict)
        self.ticks: dict[tuple[str, int], dict[int, dict[int, list[int]]]] = defaultdict(dict)
        self.terms: dict[str, list[bytes]] = {}
        self.markers: set[tuple[str, str]] = set()
        self.partitions = 0

    def book(self, number: int, value: bytes) -> None:
        try:
            record = _decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # nothing that the intake writes
        if isinstance(record, LocatedReport):
            origin = self.reports[record.origin.topic, record.origin.partition].setdefault(record.origin.offset, {})
            origin.setdefault(record.truce, []).append(hash(value))
        elif isinstance(record, LoggedTick):
            origin = self.ticks[record.origin.topic, record.origin.partition].setdefault(record.origin.offset, {})
            origin.setdefault(number, []).append(hash(value))
        elif isinstance(record, TermsRecord):
            self.terms.setdefault(record.truce, []).append(value)
        elif isinstance(record, Marker):
            self.markers.add((record.truce, record.marker))


class _Position(msgspec.Struct):
    """As much of a recorded position as the judge takes from the worker."""

    next_offset: int
    skipped: list[int]


def compare_with_log(topics: Any) -> tuple[Ledger, list[Row]]:
    """Book the log and recompute from it. One row a promise about what the monitor publishes."""
    bounds = topics.bounds(LOCATED)
    positions = _positions(topics)
    states = {number: _fresh(number, positions) for number in bounds}
    ledger = Ledger()
    ledger.partitions = len(bounds)
    expected: dict[int, list[Fact]] = {number: [] for number in bounds}
    taken = Counter[int]()
    whole = Row("the log is whole, and decided up to its end", 0, 0)
    for number, (first, end) in sorted(bounds.items()):
        recorded = msgspec.json.decode(positions[number], type=_Position).next_offset if number in positions else 0
        whole.expected += end
        whole.found += recorded
        if first:
            whole.missing.append(f"{LOCATED}/{number} begins at offset {first}: what stood before cannot be recomputed")
        if recorded > end:
            whole.unexpected.append(f"{LOCATED}/{number} is decided up to {recorded}, but ends at {end}")
    last: dict[int, int] = {}
    for record in topics.records(LOCATED):
        state, value = states[record.partition], record.value or b""
        ledger.book(record.partition, value)
        state.next_offset = max(state.next_offset, record.offset)
        state.apply(record.offset, value, record.key)
        taken[record.partition] += 1
        last[record.partition] = record.offset
        if not taken[record.partition] % FLUSH_EVERY:
            expected[record.partition] += state.flush()
    for number, state in states.items():
        expected[number] += state.flush()
        recorded = msgspec.json.decode(positions[number], type=_Position).next_offset if number in positions else 0
        if recorded <= last.get(number, -1):
            whole.missing.append(f"{LOCATED}/{number} is decided up to {recorded}, but holds records up to {last[number]}")
    rows = [whole, _phases(topics, expected), _chains(topics)]
    rows += [_compacted(topics, topic, name, expected) for topic, name in _COMPACTED.items()]
    rows += [_told_once(topics), _refusals(topics, expected, states, positions), _fates(states, ledger, positions)]
    return ledger, rows


def _positions(topics: Any) -> dict[int, bytes]:
    """The last recorded position of each partition."""
    found: dict[int, bytes] = {}
    for record in topics.records(CHECKPOINTS):
        if record.key == b"position/%d" % record.partition and record.value is not None:
            found[record.partition] = record.value
    return found


def _fresh(number: int, positions: Mapping[int, bytes]) -> LogPartition:
    """A state with no base, that knows which records were refused as internal errors, and nothing else of the worker's."""
    known = {f"position/{number}": positions[number]} if number in positions else {}
    return LogPartition.restore(number, known)


def _phases(topics: Any, expected: Mapping[int, list[Fact]]) -> Row:
    """The same bytes, in the same order, none twice."""
    row = Row("phase changes equal, byte for byte", 0, 0)
    found: dict[int, list[Any]] = {number: [] for number in expected}
    for record in topics.records(PHASES):
        found.setdefault(record.partition, []).append(record)
    for number, records in sorted(found.items()):
        wanted = [fact for fact in expected.get(number, ()) if fact.topic == PHASES]
        row.expected += len(wanted)
        row.found += len(records)
        _compare_changes(row, number, wanted, records)
    return row


def _compare_changes(row: Row, number: int, wanted: list[Fact], records: list[Any]) -> None:
    unseen = Counter((fact.key.encode(), fact.value) for fact in wanted)
    seen: set[tuple[bytes, bytes]] = set()
    unclear = []
    for record in records:
        body = record.key, record.value
        if unseen[body]:
            unseen[body] -= 1
        elif body in seen:
            row.doubled.append(_change(record.value, f"{PHASES}/{number}/{record.offset}"))
        else:
            unclear.append(record)
        seen.add(body)
    lost = {(key, _sequence(value)): value for (key, value), count in unseen.items() for _ in range(count)}
    for record in unclear:
        # The same place in the chain with another body: altered. No such place: it should not be there.
        altered = lost.pop((record.key, _sequence(record.value)), None)
        kind = row.unexpected if altered is None else row.altered
        kind.append(_change(record.value, f"{PHASES}/{number}/{record.offset}"))
    row.missing += [_change(value, f"{PHASES}/{number}") for value in lost.values()]
    # Of one truce; how truces alternate on a partition depends on the cut of the batches.
    for key in sorted({record.key for record in records} if not row.faults else ()):
        if [r.value for r in records if r.key == key] != [fact.value for fact in wanted if fact.key.encode() == key]:
            row.altered.append(f"{PHASES}/{number}: {key.decode('utf-8', 'replace')}: the order differs")


def _sequence(value: bytes) -> int | None:
    try:
        return _decode_change(value).sequence
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _change(value: bytes, where: str) -> str:
    try:
        change = _decode_change(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"{where}: no change of phase"
    return f"{where}: {change.truce} {change.sequence}: {change.before} to {change.after} ({change.zone}, {change.kind})"


def _chains(topics: Any) -> Row:
    """Without the core: each change names the one before it, and the numbers have no gap."""
    row = Row("phase changes form one chain a truce", 0, 0)
    heads: dict[str, tuple[int, str | None]] = {}
    for record in topics.records(PHASES):
        row.expected += 1
        try:
            change = _decode_change(record.value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            row.altered.append(_change(record.value, f"{PHASES}/{record.partition}/{record.offset}"))
            continue
        if heads.get(change.truce, (0, None)) == (change.sequence, change.previous):
            row.found += 1
        else:
            row.altered.append(_change(record.value, f"{PHASES}/{record.partition}/{record.offset}") + " does not follow")
        heads[change.truce] = change.sequence + 1, change.id
    return row


def _compacted(topics: Any, topic: str, name: str, expected: Mapping[int, list[Fact]]) -> Row:
    """The last value of every key."""
    wanted: dict[tuple[int, bytes], bytes] = {}
    for number, facts in expected.items():
        _keep_last(wanted, ((number, fact.key.encode(), fact.value) for fact in facts if fact.topic == topic))
    found: dict[tuple[int, bytes], bytes] = {}
    _keep_last(found, ((record.partition, record.key, record.value) for record in topics.records(topic)))
    row = Row(f"{name} equal", len(wanted), len(found))
    for place in sorted(wanted.keys() | found.keys()):
        kind = row.missing if place not in found else row.unexpected if place not in wanted else row.altered
        if wanted.get(place) != found.get(place):
            kind.append(f"{topic}/{place[0]}: {place[1].decode('utf-8', 'replace')}")
    return row


def _keep_last(kept: dict[tuple[int, bytes], bytes], values: Iterable[tuple[int, bytes, bytes | None]]) -> None:
    for number, key, value in values:
        if value is None:
            kept.pop((number, key), None)
        else:
            kept[number, key] = value


def _told_once(topics: Any) -> Row:
    """Without the core: no report is in two incidents."""
    row = Row("no report is in two incidents", 0, 0)
    last: dict[tuple[int, bytes], bytes] = {}
    _keep_last(last, ((record.partition, record.key, record.value) for record in topics.records(EVIDENCE)))
    told: dict[tuple[str, str, str], str] = {}
    for value in last.values():
        evidence = _decode_evidence(value)
        for report in evidence.reports:
            row.expected += 1
            key = evidence.truce, report.source, report.report_id
            if key in told:
                row.doubled.append(f"{report.source}, {report.report_id}: in {told[key]} and {evidence.id}")
            else:
                row.found += 1
                told[key] = evidence.id
    return row


def _refusals(topics: Any, expected: Mapping[int, list[Fact]], states: Mapping[int, LogPartition], positions: Any) -> Row:
    """What the monitor refuses stands in its transactions, so it is there once. Internal errors are told by their offsets."""
    row = Row("refusals by the monitor, once each", 0, 0)
    unseen = Counter(
        (number, fact.key, fact.value) for number, facts in expected.items() for fact in facts if fact.topic == REJECTED
    )
    skipped = sum(len(msgspec.json.decode(value, type=_Position).skipped) for value in positions.values())
    row.expected = unseen.total() + skipped
    seen: set[tuple[int, str, bytes]] = set()
    for record in topics.records(REJECTED):
        body = record.partition, record.key.decode("utf-8", "replace"), record.value
        if b'"stage":"monitor"' not in record.value:
            continue
        row.found += 1
        where = f"{REJECTED}/{record.partition}/{record.offset}: {body[1]}"
        if unseen[body]:
            unseen[body] -= 1
        elif body in seen:
            row.doubled.append(where)
        elif b'"reason":"internal_error"' in record.value and skipped:
            skipped -= 1
        else:
            row.unexpected.append(where)
        seen.add(body)
    row.missing += [f"{REJECTED}/{number}: {key}" for (number, key, _), count in unseen.items() for _ in range(count)]
    row.missing += ["a record that was stepped over, and no refusal says so"] * skipped
    return row


def _fates(states: Mapping[int, LogPartition], ledger: Ledger, positions: Any) -> Row:
    """Every report of the log has one fate in the state of its truce: kept, a duplicate, outside, refused, or it raised."""
    in_log = sum(len(values) for by in ledger.reports.values() for told in by.values() for values in told.values())
    skipped = sum(len(msgspec.json.decode(value, type=_Position).skipped) for value in positions.values())
    fates = Counter[str]()
    for state in states.values():
        for monitor in state.monitors.values():
            fates.update(monitor.accounts())
    row = Row("reports of the log, one fate each", in_log, fates.total() + skipped)
    row.note = ", ".join(f"{count:,} {fate}" for fate, count in fates.items() if count)
    if row.found < row.expected:
        row.missing.append(f"{row.expected - row.found} reports have no fate")
    elif row.found > row.expected:
        row.doubled.append(f"{row.found - row.expected} fates too many")
    return row


__all__ = ["Ledger", "compare_with_log"]
