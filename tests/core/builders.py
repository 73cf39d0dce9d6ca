"""Small made-up truces for property tests: terms, and stories of reports and ticks, generated from a seed.

A story is a list of batches; a tick follows each. Nothing needs a gazetteer: circles are given.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

import msgspec

from load_tests.restarts.logs import particulars
from schemas.facts import Circle, Fact, LocatedReport, LoggedTick, Origin
from schemas.reasons import Method
from schemas.topics import PHASES
from streams.core.intake import terms_record
from streams.core.partition import LogPartition
from streams.core.terms import DAY, HOUR, parse

TOPIC = "reports.simulated.laws"
TICK_HOURS = 6
TERMS = parse(
    {
        "truce": {
            "id": "laws",
            "name": "A short truce under which the laws are tried",
            "countries": ["SY"],
            "d_hour": "2016-03-01T00:00:00Z",
            "time_zone": "Asia/Damascus",
            "salt": "of incident ids",
            "simulated": True,
            "topics": [TOPIC],
            "watch_days_before": 10,
        },
        "opposed": ["north", "south"],
        "gate": {"days": 2, "max_span_days": 4, "settle_hours": 6, "tick_gap_max_hours": 24},
        "whole": {"threshold": {"mode": "at_most", "metric": "incidents", "value": 2}},
        "zones": [
            {"id": "east", "name": "East", "areas": ["SY.09"], "gated": True},
            {"id": "west", "name": "West", "areas": ["SY.02"]},
        ],
        "coverage": {"min_lineages": 1},
        "baseline": {"days": 7, "min_watched_days": 3},
        "access": {"areas": {"road": "The road"}},
        "ends": {"ends_by": ["guarantor"]},
        "sources": [
            {"id": "watcher", "trusted": ["watch", "violence", "access", "finding"], "zones": ["east", "west", "all"]},
            {"id": "council"},
            {"id": "archive"},
            {"id": "outlet", "side": "north", "party": "guarantor"},
            {"id": "agency", "side": "north", "lineage": "outlet"},
            {"id": "ministry", "side": "north"},
            {"id": "radio", "side": "south"},
        ],
        "actors": [
            {"id": "northerners", "side": "north", "party": "guarantor"},
            {"id": "southerners", "side": "south"},
            {"id": "outlaws", "excluded": True},
        ],
    }
)
SOURCES = ("watcher", "council", "archive", "outlet", "agency", "radio", "somebody", "passer-by")
PLACES = ((36.20, 37.15, "SY.09"), (36.21, 37.16, "SY.09"), (36.25, 37.15, "SY.09"), (36.20, 37.30, "SY.02"))


class Told(NamedTuple):
    """A report as the log holds it, with its decoded body at hand."""

    body: dict
    circle: Circle | None
    received_at: int


class Story(NamedTuple):
    """Batches of reports, each with the time of the tick that follows it (seconds since 1970)."""

    batches: list[tuple[list[Told], int]]

    @property
    def reports(self) -> list[Told]:
        return [told for batch, _ in self.batches for told in batch]


def story(
    seed: int, *, sources: Sequence[str] = SOURCES, watch: bool = True, tallies: bool = True, others: bool = True, days: int = 6
) -> Story:
    """A few days from before D-hour on. `watch`: nil and alive; `others`: declarations, denials and the like.

    Most stories are calm for some days, so that some truces qualify, and some of those are turned back.
    """
    random = Random(seed)
    count = random.randrange(10, 60)
    calm = random.choice([range(0), range(0, 99), range(0, 4), range(1, 5), range(0, 4)])
    batches: list[tuple[list[Told], int]] = []
    for tick in range(-TICK_HOURS, (days + 1) * 24, TICK_HOURS):
        now = TERMS.d_hour_s + tick * HOUR
        batch = [_violation(random, sources, now, count) for _ in range(_how_many(random, count, tick // 24 in calm, days))]
        if watch and random.random() < 0.95:
            batch += _watch(random, now)
        if tallies and random.random() < 0.1:
            batch.append(_tally(random, sources, now))
        if others and random.random() < 0.3:
            batch.append(_other(random, sources, now, count))
        batches.append((batch, now + TICK_HOURS * HOUR))
    return Story(batches)


def log_of(told: Story) -> list[bytes]:
    """The records of the log: terms, then each batch and its tick."""
    records = [terms_record(TERMS)]
    for batch, tick_s in told.batches:
        records += [located(one, number) for number, one in enumerate(batch, len(records))]
        records.append(tick(tick_s, len(records)))
    return records


def located(told: Told, offset: int) -> bytes:
    raw = msgspec.Raw(msgspec.json.encode(told.body))
    return msgspec.json.encode(LocatedReport("laws", told.received_at, Origin(TOPIC, 0, offset), raw, told.circle))


def tick(at_s: int, offset: int) -> bytes:
    return msgspec.json.encode(LoggedTick(at_s, at_s, Origin(TOPIC, 0, offset), {TOPIC: 1}))


def is_tick(record: bytes) -> bool:
    return record.startswith(b'{"record":"tick"')


class Readers:
    """What is on the topics: the last value of each key, phase changes in order. A key without a value is absent."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], bytes | None] = {}
        self.phases: list[bytes | None] = []

    def see(self, facts: list[Fact]) -> None:
        for fact in facts:
            if fact.topic == PHASES:
                self.phases.append(fact.value)
            else:
                self._last[fact.topic, fact.key] = fact.value

    @property
    def values(self) -> dict[tuple[str, str], bytes]:
        return {key: value for key, value in self._last.items() if value is not None}

    def bodies(self, topic: str, kind):
        """Decoded last values of a topic by key."""
        return {key: msgspec.json.decode(value, type=kind) for (name, key), value in self.values.items() if name == topic}


def at_ticks(record: bytes) -> bool:
    return is_tick(record)


def always(record: bytes) -> bool:
    return True


def run(log: Sequence[bytes], flush_after=at_ticks) -> tuple[Readers, LogPartition]:
    """Feed a log to a partition, flushing after the records that `flush_after` says."""
    partition, readers = LogPartition(0), Readers()
    for offset, record in enumerate(log):
        partition.apply(offset, record)
        if flush_after(record):
            readers.see(partition.flush())
    readers.see(partition.flush())
    return readers, partition


def restored(log: Sequence[bytes], checkpoints: Mapping[str, bytes]) -> LogPartition:
    """As the shell starts again: from the checkpoints, through the log up to where it was, with nothing to tell."""
    partition = LogPartition.restore(0, checkpoints, told=True)
    for offset in range(partition.next_offset, partition.recorded_offset):
        partition.apply(offset, log[offset])
    partition.recovered()
    assert partition.flush(publish=False) == []
    return partition


def stated(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _how_many(random: Random, count: int, calm: bool, days: int) -> int:
    if calm:
        return int(random.random() < 0.1)
    return random.randrange(2 * count // (days * 24 // TICK_HOURS) + 2)


def _violation(random: Random, sources: Sequence[str], now: int, count: int) -> Told:
    """Few ids, so that revisions, retractions and duplicates of one report meet."""
    happened = now - random.choice([0, 0, HOUR, 5 * HOUR, 26 * HOUR, 50 * HOUR, 8 * DAY])
    body = {
        "report_id": f"v{random.randrange(count)}",
        "source": random.choice(sources),
        "type": "violation",
        "revision": random.choice([1, 1, 1, 2, 3]),
        "kind": random.choice(["attack", "attack", "attack", "disproportionate_force", "monitor_restricted"]),
        "weapon": random.choice(["mortar", "artillery", "small_arms", "undetermined", "airstrike"]),
        "occurred_at": stated(happened - happened % random.choice([60, 600, HOUR])),
        "time_precision": random.choice(["exact", "exact", "hour", "part_of_day", "day", "week"]),
    }
    if random.random() < 0.1:
        body["status"] = "retracted"
    body |= particulars(random, "Shells fell on the market in the early hours, number", 2, 0.2)
    lat, lon, area = random.choice(PLACES)
    radius_m, precision = random.choice([(100, 1), (500, 1), (3_000, 2), (10_000, 3), (90_000, 4), (300_000, 6)])
    areas = ["SY.09", "SY.02"] if precision >= 3 and random.random() < 0.5 else [area]
    circle = None if body.get("status") else Circle(lat, lon, radius_m, precision, Method.COORDINATES, areas)
    return Told(body, circle, now + random.randrange(TICK_HOURS * HOUR))


def _watch(random: Random, now: int) -> list[Told]:
    start = now - random.choice([0, 0, TICK_HOURS * HOUR])
    covers = {"zone": random.choice(["all", "all", "all", "east"]), "from": stated(start), "to": stated(now + TICK_HOURS * HOUR)}
    nil = {"report_id": f"n{now}", "source": "watcher", "type": "nil", "covers": covers}
    alive = {"report_id": f"a{now}", "source": random.choice(["watcher", "council"]), "type": "alive"}
    received_at = now + TICK_HOURS * HOUR - 1
    return [Told(nil, None, received_at), Told(alive, None, received_at)]


def _tally(random: Random, sources: Sequence[str], now: int) -> Told:
    period = {"from": stated(now - random.choice([24, 48]) * HOUR), "to": stated(now)}
    body = {"report_id": f"t{random.randrange(4)}", "source": random.choice(sources), "type": "tally", "period": period}
    body |= {"count": random.randrange(12), "covers": {"zone": random.choice(["all", "east"])}}
    return Told(body, None, now + 60)


def _other(random: Random, sources: Sequence[str], now: int, count: int) -> Told:
    about = {"source": random.choice(sources), "report_id": f"v{random.randrange(count)}"}
    body = random.choice(
        [
            {"type": "access", "access": {"area": "road", "state": random.choice(["open", "denied"])}},
            {"type": "declaration", "party": "guarantor", "declares": random.choice(["accepts", "withdraws"])},
            {"type": "denial", "about": about},
            {"type": "acknowledgement", "about": about},
            {"type": "finding", "about": about},
        ]
    )
    body |= {"report_id": f"o{random.randrange(9)}", "source": random.choice(sources), "revision": random.randrange(1, 3)}
    if random.random() < 0.1:
        body["status"] = "retracted"
    return Told(body, None, now + random.randrange(HOUR))


__all__ = ["TERMS", "Readers", "Story", "Told", "always", "at_ticks", "is_tick", "located", "log_of", "run", "story", "tick"]
