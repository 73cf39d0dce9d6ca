"""Runs a scenario through the core as the worker's shell does, and writes what came of it as a small text."""

from collections.abc import Callable, Iterable
from functools import cache

import msgspec
from core.builders import restored

from schemas.facts import Day, Evidence, Fact, Incident, Interval, PhaseChange
from schemas.reasons import Metric, Outcome
from schemas.topics import DAYS, EVIDENCE, INCIDENTS, PHASES, REJECTED
from streams.core.clock import settled_at, tick_times
from streams.core.intake import RECEIVED_AT_HEADER, Entry, Incoming, Intake, terms_record, tick_value
from streams.core.partition import LogPartition
from streams.core.terms import DAY
from streams.scenarios import SCENARIOS, terms_of, topic_of
from streams.scenarios.desk import D_HOUR_S

STORIES = ("convoy", "tharda")


@cache
def log_of(scenario: str, seed: int) -> list[bytes]:
    """The log of the scenario's truce: its terms, then reports and the ticks between them. Told once for all tests."""
    terms, topic = terms_of(scenario), topic_of(scenario)
    intake = Intake()
    intake.follow(terms_record(terms))
    log = [terms_record(terms)]

    def write(value: bytes, at_s: int, *headers: tuple[str, bytes]) -> None:
        taken = intake.take(Incoming(topic, 0, len(log), at_s * 1_000, None, value, headers))
        assert not isinstance(taken, Fact), f"refused: {taken}"
        log.extend(entry.value for entry in taken if isinstance(entry, Entry))

    arrivals = list(SCENARIOS[scenario](seed))
    ticks = tick_times(arrivals[0].received_at, settled_at(arrivals[-1].received_at, [terms]), [terms])
    tick_s: int | None = next(ticks)
    for arrival in arrivals:
        while tick_s is not None and tick_s <= arrival.received_at:
            write(tick_value(tick_s, {topic: 1}), tick_s)
            tick_s = next(ticks, None)
        write(arrival.value, arrival.received_at, (RECEIVED_AT_HEADER, str(arrival.received_at).encode()))
    while tick_s is not None:
        write(tick_value(tick_s, {topic: 1}), tick_s)
        tick_s = next(ticks, None)
    return log


@cache
def facts_of(scenario: str, seed: int) -> list[Fact]:
    """What comes of it, told straight on."""
    return straight(log_of(scenario, seed))


def straight(log: list[bytes], batch: int = 50) -> list[Fact]:
    """Everything published, with a flush after each batch of records."""
    partition = LogPartition(0)
    facts: list[Fact] = []
    for offset, value in enumerate(log):
        partition.apply(offset, value)
        if offset % batch == batch - 1 or offset == len(log) - 1:
            facts += partition.flush()
    return facts


def stopped(log: list[bytes], stop_at: int) -> list[Fact]:
    """The same, but the process ends before the record at `stop_at`, and another goes on from what was committed."""
    first = LogPartition(0)
    for offset, value in enumerate(log[:stop_at]):
        first.apply(offset, value)
    facts = first.flush()
    committed = {fact.key: fact.value for fact in (first.position(), *first.bases()) if fact.value is not None}
    second = restored(log, committed)
    for offset in range(second.next_offset, len(log)):
        second.apply(offset, log[offset])
        if offset % 50 == 0:
            facts += second.flush()
    return facts + second.flush()


def last_of_each(facts: Iterable[Fact], topic: str) -> dict[str, bytes]:
    """What a reader of a compacted topic finds: the last value of each key, without those that were deleted."""
    last = {fact.key: fact.value for fact in facts if fact.topic == topic}
    return {key: value for key, value in last.items() if value is not None}


def changes_of(facts: Iterable[Fact]) -> list[PhaseChange]:
    return [msgspec.json.decode(fact.value, type=PhaseChange) for fact in facts if fact.topic == PHASES and fact.value]


def text_of(scenario: str, facts: list[Fact]) -> str:
    """Changes of phase, days of the gated zones, and the two stories, for a golden file."""
    assert not [fact for fact in facts if fact.topic == REJECTED]
    terms = terms_of(scenario)
    days = [msgspec.json.decode(value, type=Day) for value in last_of_each(facts, DAYS).values()]
    stories = list(_story_lines(facts))
    return "\n".join(
        [
            "phase changes: effective and decided, in days from D-hour",
            *(_change_line(change) for change in changes_of(facts)),
            "",
            "days: outcome, severity as low-best-high, share watched, failed conditions",
            *_day_lines([day for day in days if day.outcome not in (Outcome.BEFORE, Outcome.PENDING)], terms.gated_ids),
            *(["", "stories: reports, lineages per side, killed, grade", *stories] if stories else []),
            "",
        ]
    )


def _change_line(change: PhaseChange) -> str:
    effective, decided = ((time - D_HOUR_S) / DAY for time in (change.effective_at, change.decided_at))
    return f"  {effective:5.2f} {decided:5.2f}  {change.before} -> {change.after}  {change.kind}, {change.reason}"


def _day_lines(days: list[Day], zones: tuple[str, ...]) -> Iterable[str]:
    by_key = {(day.day, day.zone): day for day in days}
    for number in sorted({day.day for day in days}):
        for zone in zones:
            day = by_key[number, zone]
            watched = "-" if day.watched is None else f"{day.watched / 1_000:.2f}"
            severity = _range(getattr(day.measures, Metric.SEVERITY), 1_000)
            yield f"  {number + 1:2} {zone:7} {day.outcome:10} {severity:12} {watched:5} {' '.join(day.failed)}".rstrip()


def _story_lines(facts: list[Fact]) -> Iterable[str]:
    incidents = {key: msgspec.json.decode(value, type=Incident) for key, value in last_of_each(facts, INCIDENTS).items()}
    evidence = [msgspec.json.decode(value, type=Evidence) for value in last_of_each(facts, EVIDENCE).values()]
    for story in STORIES:
        told = [incidents[e.id] for e in evidence if any(f"/{story}/" in report.report_id for report in e.reports)]
        for incident in [incident for incident in told if incident.status == "live"]:
            sides = " ".join(f"{side} {count}" for side, count in incident.told_by.items())
            disputed = ", disputed" if incident.disputed else ""
            assert incident.killed is not None
            yield f"  {story}: {incident.reports} reports, {sides}, {_range(incident.killed, 1)}, {incident.grade}{disputed}"


def _range(interval: Interval, unit: int) -> str:
    return "-".join(f"{number / unit:g}" for number in (interval.low, interval.best, interval.high))


Run = Callable[[list[bytes]], list[Fact]]
