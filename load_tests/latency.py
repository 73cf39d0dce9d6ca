"""How long it takes from the publishing of a report to the commit of the level that it changed.

    uv run python load_tests/latency.py --rate 1000 --seconds 30

The canonical workload, with its days moved so that they end now, is published on a live topic at a steady rate, while a
reader of committed records waits for the evidence, which names the reports of an incident and is written in one transaction
with the level. Repeats, nil reports and what cannot be used change no level and have no latency. Prints p50, p99 and the
most, in milliseconds, and how many changed no level.

`--dense` publishes violations of one weapon of three within 1 by 2 degrees and one hour instead: at a high rate each has
more neighbours than any war gave it, and what is measured is how long the core looks at them.
"""

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import click
import orjson

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from load_tests.generate import DAYS_MIN, REPORTS_A_DAY_MAX, TERMS_FILE, messages
from load_tests.loading import publish_terms
from load_tests.working import a_worker
from schemas.topics import EVIDENCE
from streams import clients
from streams.broker import Broker
from streams.core.terms import DAY, HOUR, Terms, load
from streams.settings import Settings
from streams.topics import check_topics

TOPIC = "reports.load"
WAIT_S_MAX = 60.0
WEAPONS = ("mortar", "artillery", "airstrike")
WARM_S = 60.0
"""So long reports come at the same rate before the timed ones, so that nothing is measured that only a start costs: a broker
that has just been started compiles what it runs, at 1,000 a second for over a minute, a fifth of a core in the first half."""


class Told(NamedTuple):
    """A message to publish."""

    report_id: str
    value: bytes


@click.command()
@click.option("--rate", default=1_000.0, help="Reports a second.")
@click.option("--seconds", default=30.0, help="For so long.")
@click.option("--dense", is_flag=True, help="All at one time and in one place.")
@click.option("--seed", default=1, help="Of the workload.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(rate: float, seconds: float, dense: bool, seed: int, as_json: bool) -> None:
    """Measure the latency at a steady rate."""
    warm, timed = max(1, int(rate * WARM_S)), max(1, int(rate * seconds))
    count = warm + timed
    terms = _live_terms(count)
    told = list(islice(_dense(seed), count)) if dense else _canonical(count, seed, terms)
    with Broker() as broker:
        settings = Settings(bootstrap=broker.bootstrap, log_partitions=1)
        with clients.admin(settings) as client:
            check_topics(client, 1, {TOPIC: 1}, create=True)
        publish_terms(settings, [terms])
        with a_worker(settings, broker):
            took_s = sorted(asyncio.run(_measure(settings.aiokafka(), rate, told[:warm], told[warm:])))
    shown = {
        "rate": rate,
        "seconds": seconds,
        "workload": "dense" if dense else "canonical",
        "reports": len(told) - warm,
        "changed_no_level": len(told) - warm - len(took_s),
        "p50_ms": round(_share(took_s, 0.50) * 1_000, 1),
        "p99_ms": round(_share(took_s, 0.99) * 1_000, 1),
        "max_ms": round(took_s[-1] * 1_000, 1),
        "load": os.getloadavg()[0],
    }
    click.echo(orjson.dumps(shown).decode() if as_json else ", ".join(f"{name} {value}" for name, value in shown.items()))


def _live_terms(count: int) -> Terms:
    """Those of the workload, for a live topic and as many days ago as the workload has."""
    d_hour_s = int(time.time()) // HOUR * HOUR - _workload(count) // REPORTS_A_DAY_MAX * DAY
    d_hour = datetime.fromtimestamp(d_hour_s, UTC)
    return load(TERMS_FILE, ["truce.simulated=false", f'truce.topics=["{TOPIC}"]', f"truce.d_hour={d_hour:%Y-%m-%dT%H:%M:%SZ}"])


def _workload(count: int) -> int:
    """Reports of whole days, each as full as they come, of which the last `count` are published."""
    return max(DAYS_MIN, -(-count // REPORTS_A_DAY_MAX) + 1) * REPORTS_A_DAY_MAX


def _canonical(count: int, seed: int, terms: Terms) -> list[Told]:
    """The last that were received by now: of the late ones some are still to come."""
    now_s = int(time.time())
    told = messages(_workload(count), seed, terms)
    return [Told(one.report_id, one.value) for one in deque((one for one in told if one.received_at <= now_s), count)]


def _dense(seed: int) -> Iterator[Told]:
    random, at = Random(seed), datetime.fromtimestamp(int(time.time()) - 60, UTC)
    number = 0
    while True:
        number += 1
        lat, lon = round(random.uniform(34.9, 35.9), 4), round(random.uniform(37.2, 39.2), 4)
        source, weapon = random.choice(("observatory", "network", "council", "ministry")), random.choice(WEAPONS)
        yield _violation(f"dense-{number}", source, weapon, at, lat, lon)


def _violation(report_id: str, source: str, weapon: str, at: datetime, lat: float, lon: float) -> Told:
    report = {
        "report_id": report_id,
        "source": source,
        "type": "violation",
        "kind": "attack",
        "weapon": weapon,
        "occurred_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "location": {"lat": lat, "lon": lon, "country": "SY"},
    }
    return Told(report_id, orjson.dumps(report))


async def _measure(client: dict[str, Any], rate: float, warm: Sequence[Told], timed: Sequence[Told]) -> list[float]:
    """Seconds from publishing to being committed, of each report that changed a level."""
    # The order of the topic is that of the log, so when this one is told of, all before it have been.
    last = _violation("the-last", "observatory", "uav", datetime.fromtimestamp(int(time.time()) - 60, UTC), 36.2, 37.1)
    published: dict[str, float] = {}
    took: list[float] = []
    consumer = AIOKafkaConsumer(**client, isolation_level="read_committed", auto_offset_reset="earliest")
    async with AIOKafkaProducer(**client, acks="all", linger_ms=0) as producer, consumer:
        consumer.assign([TopicPartition(EVIDENCE, 0)])
        reading = asyncio.create_task(_read(consumer, published, took, last.report_id))
        await _publish(producer, rate, warm, {})
        await _publish(producer, rate, timed, published)
        await _publish(producer, rate, [last], {})
        await asyncio.wait_for(reading, WAIT_S_MAX)
    return took


async def _publish(producer: AIOKafkaProducer, rate: float, told: Sequence[Told], published: dict[str, float]) -> None:
    began = time.monotonic()
    for number, one in enumerate(told):
        ahead_s = began + number / rate - time.monotonic()
        if ahead_s > 0:
            await asyncio.sleep(ahead_s)
        published.setdefault(one.report_id, time.time())  # a repeat says nothing new
        await producer.send(TOPIC, one.value)
    await producer.flush()


async def _read(consumer: AIOKafkaConsumer, published: dict[str, float], took: list[float], last: str) -> None:
    """Until evidence names the last report. A report has one latency, that of the first evidence which names it."""
    known: set[str] = set()
    while last not in known:
        for records in (await consumer.getmany(timeout_ms=100)).values():
            now = time.time()
            for record in records:
                for told in orjson.loads(record.value)["reports"] if record.value else ():
                    report_id = told["report_id"]
                    if report_id not in known and report_id in published:
                        took.append(now - published[report_id])
                    known.add(report_id)


def _share(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


if __name__ == "__main__":
    main()
