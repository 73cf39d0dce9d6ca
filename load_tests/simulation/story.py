"""What is told in a simulated run: some days of reports about three truces on two partitions of the log.

Reports are doubled, revised, taken back and late; some messages are no reports at all. Most stories are calm for some
days, so that truces qualify and are turned back.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

import orjson

from streams.core.terms import DAY, HOUR, SIMULATED_PREFIX, Terms, parse

TOPIC = "reports.field"
PARTITIONS = 2
TICK_S = 12 * HOUR
D_HOUR_S = int(datetime(2016, 3, 1, tzinfo=UTC).timestamp())
DAYS_BEFORE = 1
DAYS = 4
STARTS_S = D_HOUR_S - DAYS_BEFORE * DAY
ENDS_S = D_HOUR_S + DAYS * DAY
SETTLED_S = ENDS_S + DAY
SOURCES = ("watcher", "council", "outlet", "ministry", "radio", "passer-by")
PLACES = ((36.20, 37.15), (36.21, 37.16), (36.25, 37.15), (35.13, 36.75))


class Message(NamedTuple):
    """`at_s`: when it is written, seconds since 1970."""

    at_s: float
    partition: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


def terms_of(truce: str, partition: int, limit: int = 2, topic: str = TOPIC, **gate: int) -> Terms:
    return parse(
        {
            "truce": {
                "id": truce,
                "name": f"A truce that is simulated ({truce})",
                "countries": ["SY"],
                "d_hour": datetime.fromtimestamp(D_HOUR_S, UTC).isoformat(),
                "time_zone": "Asia/Damascus",
                "salt": f"salt of {truce}",
                "partition": partition,
                "topics": [topic],
                "simulated": topic.startswith(SIMULATED_PREFIX),
                "watch_days_before": 7,
            },
            "opposed": ["north", "south"],
            # Few days open at once, so that bases are written and started from.
            "gate": {"days": 2, "max_span_days": 4, "settle_hours": 6, "tick_gap_max_hours": 24, "late_days_max": 2} | gate,
            "whole": {"threshold": {"mode": "at_most", "metric": "incidents", "value": limit}},
            "zones": [
                {"id": "east", "name": "East", "areas": ["SY.09"], "gated": True},
                {"id": "west", "name": "West", "areas": ["SY.10"]},
            ],
            "coverage": {"min_lineages": 1},
            "baseline": {"days": 1, "min_watched_days": 1},
            "sources": [
                {"id": "watcher", "trusted": ["watch", "violence", "finding"], "zones": ["east", "west", "all"]},
                {"id": "council"},
                {"id": "outlet", "side": "north", "party": "guarantor"},
                {"id": "ministry", "side": "north", "lineage": "outlet"},
                {"id": "radio", "side": "south"},
            ],
            "actors": [{"id": "northerners", "side": "north", "party": "guarantor"}, {"id": "southerners", "side": "south"}],
        }
    )


TRUCES = (terms_of("first", 0), terms_of("second", 1, limit=1), terms_of("third", 0, limit=3))


def story(random: Random, many: int = 1, days: int = DAYS) -> Iterator[Message]:
    """In the order of writing. `many`: times as many reports as the least, and as many ids."""
    calm = random.choice([range(0), range(0, 99), range(0, 3), range(1, 9)])
    ids = random.randrange(6, 20) * many
    messages: list[Message] = []
    for start in range(STARTS_S, D_HOUR_S + days * DAY, TICK_S):
        day = (start - D_HOUR_S) // DAY
        count = random.randrange(2) if day in calm else many * random.randrange(2, 9)
        bodies = [_violation(random, start, ids) for _ in range(count)]
        if random.random() < 0.95:
            covers = {"zone": "all", "from": _stated(start), "to": _stated(start + TICK_S)}
            bodies.append({"report_id": f"n{start}", "source": "watcher", "type": "nil", "covers": covers})
        if random.random() < 0.2:
            bodies.append({"report_id": f"o{random.randrange(5)}", "source": random.choice(SOURCES), **_word(random, ids)})
        values = [orjson.dumps(body) for body in bodies]
        if random.random() < 0.3:
            values.append(random.choice([b"not a report", b"", b'{"report_id": "1"}', b'{"tick": "yesterday"}', b"[" * 400]))
        for value in values:
            for _ in range(random.choice((1, 1, 1, 2, 3))):
                at_s = start + random.choice((0.0, random.random() * TICK_S, 0.99 * TICK_S))
                messages.append(Message(at_s, random.randrange(PARTITIONS), None, value))
    return iter(sorted(messages, key=lambda message: message.at_s))


def _violation(random: Random, now_s: int, ids: int) -> dict:
    """Few ids, so that revisions, retractions and duplicates of one report meet."""
    happened_s = now_s - random.choice([0, 0, HOUR, 5 * HOUR, 26 * HOUR, 3 * DAY])
    lat, lon = random.choice(PLACES)
    body = {
        "report_id": f"v{random.randrange(ids)}",
        "source": random.choice(SOURCES),
        "type": "violation",
        "revision": random.choice([1, 1, 1, 2, 3]),
        "kind": "attack",
        "weapon": random.choice(["mortar", "artillery", "undetermined"]),
        "occurred_at": _stated(happened_s - happened_s % random.choice([60, 600, HOUR])),
        "time_precision": random.choice(["exact", "exact", "hour", "day"]),
        "location": {"lat": lat, "lon": lon, "radius_m": random.choice([100, 500, 3_000, 90_000])},
    }
    if random.random() < 0.1:
        body["status"] = "retracted"
    if random.random() < 0.3:
        body["casualties"] = {"killed": random.randrange(4)}
    if random.random() < 0.2:
        body["text"] = f"Shells fell on the market in the early hours, number {random.randrange(2)}"
    return body


def _word(random: Random, ids: int) -> dict:
    about = {"source": random.choice(SOURCES), "report_id": f"v{random.randrange(ids)}"}
    return random.choice(
        [
            {"type": "declaration", "party": "guarantor", "declares": random.choice(["accepts", "withdraws"])},
            {"type": "denial", "about": about},
            {"type": "acknowledgement", "about": about},
            {"type": "finding", "about": about},
        ]
    )


def _stated(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["ENDS_S", "PARTITIONS", "SETTLED_S", "STARTS_S", "TICK_S", "TOPIC", "TRUCES", "Message", "story", "terms_of"]
