"""Account for every message of the report topics: in the log of the truces it concerns, or refused, or outside all of them.

Each message goes through the core's intake once more, under the terms that were published (every version of them: which
one stood when a message was read cannot be known afterwards), and must have left exactly the bytes that this gives.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from load_tests.recomputed import Ledger
from load_tests.verdict import Row
from schemas.facts import Fact, Rejected
from schemas.reasons import Reason
from schemas.topics import REJECTED, TERMS
from streams.core.intake import TICK_PREFIX, Incoming, Intake

_decode_rejected = msgspec.json.Decoder(Rejected).decode

Refusals = dict[tuple[str, int], dict[int, list[bytes]]]


def account_for(topics: Any, reports: Sequence[str], ledger: Ledger, make_intake: Callable[[], Intake]) -> list[Row]:
    """One row for reports, one for ticks."""
    intakes = _intakes(topics, ledger, make_intake)
    refusals = _refusals(topics)
    reports_row = Row("every report accounted for, once", 0, 0)
    ticks_row = Row("every tick in every partition of the log", 0, 0)
    told = {"in the log": 0, "refused": 0, "outside every truce": 0, "gone from their topic": 0}
    for topic in reports:
        unread = {partition: first for partition, (first, _) in topics.bounds(topic).items()}
        for record in topics.records(topic):
            message = Incoming(
                *(getattr(record, name) for name in ("topic", "partition", "offset", "timestamp", "key", "value", "headers"))
            )
            outcomes = [intake.take(message) for intake in intakes]
            if message.value is not None and message.value.startswith(TICK_PREFIX) and isinstance(outcomes[0], list):
                _account_for_tick(ticks_row, message, outcomes[0], ledger)
            else:
                told[_account_for_report(reports_row, message, outcomes, ledger, refusals, intakes[0])] += 1
        for partition, first in unread.items():
            # Retention may have taken the message; its record of the log stays, and there is nothing to hold it against.
            for booked in (ledger.reports[topic, partition], ledger.ticks[topic, partition]):
                gone = [offset for offset in booked if offset < first]
                told["gone from their topic"] += len(gone)
                for offset in gone:
                    del booked[offset]
    for booked, row in ((ledger.reports, reports_row), (ledger.ticks, ticks_row)):
        row.unexpected += [
            f"{t}/{p}/{offset}: in the log, but not on its topic" for (t, p), by in booked.items() for offset in by
        ]
    reports_row.note = ", ".join(f"{count:,} {name}" for name, count in told.items() if count)
    return [reports_row, ticks_row]


def _intakes(topics: Any, ledger: Ledger, make_intake: Callable[[], Intake]) -> list[Intake]:
    """One for each version of the terms, the newest first. A truce with fewer versions keeps its oldest."""
    versions: dict[str, list[bytes]] = defaultdict(list)
    for truce, values in ledger.terms.items():
        versions[truce] += values
    for record in topics.records(TERMS):
        if record.value is not None and record.value not in versions[record.key.decode()]:
            versions[record.key.decode()].append(record.value)
    intakes = []
    for age in range(max((len(values) for values in versions.values()), default=1)):
        intake = make_intake()
        for values in versions.values():
            intake.follow(values[max(-1 - age, -len(values))])
        intakes.append(intake)
    return intakes


def _refusals(topics: Any) -> Refusals:
    """What the intake refused, by origin."""
    found: Refusals = defaultdict(dict)
    for record in topics.records(REJECTED):
        rejected = _decode_rejected(record.value)
        if rejected.stage == "intake":
            origin = rejected.origin
            found[origin.topic, origin.partition].setdefault(origin.offset, []).append(record.value)
    return found


def _account_for_tick(row: Row, message: Incoming, entries: Iterable[Any], ledger: Ledger) -> None:
    booked = ledger.ticks[message.topic, message.partition].pop(message.offset, {})
    [entry] = entries
    for number in range(ledger.partitions):
        row.expected += 1
        values = booked.get(number, [])
        row.found += bool(values)
        if not values:
            row.missing.append(f"{_where(message)}: not in partition {number} of the log")
        elif set(values) != {hash(entry.value)}:
            row.altered.append(f"{_where(message)}: in partition {number} of the log")


def _account_for_report(
    row: Row, message: Incoming, outcomes: Sequence[Any], ledger: Ledger, refusals: Refusals, intake: Intake
) -> str:
    """Books what is wrong in the row, and says what became of the report."""
    place = message.topic, message.partition
    booked = {truce: set(values) for truce, values in ledger.reports[place].pop(message.offset, {}).items()}
    refused = refusals[place].pop(message.offset, [])
    row.expected += 1
    if _fits(outcomes, booked, refused):
        row.found += 1
    elif _is_internal_error(refused, message):
        # A bug of ours, refused with its bytes. Every truce that it may concern must have a marker for it.
        row.found += 1
        for truce, terms in intake.truces.items():
            if terms.takes_topic(message.topic) and (truce, _where(message)) not in ledger.markers:
                row.missing.append(f"{_where(message)}: the marker for {truce}")
    else:
        _say_what_is_wrong(row, message, outcomes[0], booked, refused)
    return "refused" if refused else "in the log" if booked else "outside every truce"


def _fits(outcomes: Sequence[Any], booked: Mapping[str, set[int]], refused: Sequence[bytes]) -> bool:
    """Written once or, after a crash, more often: what counts is that it is there and nothing else is."""
    if refused:
        return not booked and set(refused) <= {outcome.value for outcome in outcomes if isinstance(outcome, Fact)}
    wanted = [_by_truce(outcome) for outcome in outcomes if not isinstance(outcome, Fact)]
    for truce in booked.keys() | {truce for one in wanted for truce in one}:
        allowed = set().union(*(one.get(truce, set()) for one in wanted))
        may_lack = any(truce not in one for one in wanted)
        if not booked.get(truce, set()) <= allowed or not (booked.get(truce) or may_lack):
            return False
    return bool(wanted)


def _by_truce(outcome: Iterable[Any]) -> dict[str, set[int]]:
    return {entry.key.decode(): {hash(entry.value)} for entry in outcome}


def _is_internal_error(refused: Sequence[bytes], message: Incoming) -> bool:
    bodies = [_decode_rejected(value) for value in refused]
    return bool(bodies) and all(body.reason is Reason.INTERNAL_ERROR and body.original == message.value for body in bodies)


def _say_what_is_wrong(
    row: Row, message: Incoming, outcome: Any, booked: Mapping[str, set[int]], refused: Sequence[bytes]
) -> None:
    where = _where(message)
    if isinstance(outcome, Fact):
        if booked:
            row.unexpected.append(f"{where}: in the log of {', '.join(sorted(booked))}, but should be refused")
        (row.altered if refused else row.missing).append(f"{where}: its refusal")
        return
    wanted = _by_truce(outcome)
    row.missing += [
        f"{where}: not in the log of {truce}, and not refused"
        for truce in sorted(wanted)
        if not booked.get(truce) and not refused
    ]
    row.altered += [
        f"{where}: in the log of {truce}" for truce in sorted(wanted) if booked.get(truce) and booked[truce] != wanted[truce]
    ]
    row.unexpected += [f"{where}: in the log of {truce}" for truce in sorted(booked) if truce not in wanted]
    if refused:
        row.unexpected.append(f"{where}: refused, but it can be used")


def _where(message: Incoming) -> str:
    return f"{message.topic}/{message.partition}/{message.offset}"


__all__ = ["account_for"]
