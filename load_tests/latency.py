"""How long it takes from the publishing of a report to the commit of the level that it changed.

    uv run python load_tests/latency.py --rate 1000 --seconds 30

Reports of a live truce are published at a steady rate while a reader of committed records waits for the evidence of each,
which is written in one transaction with the level. Prints p50, p99 and the most, in milliseconds.
"""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import click
import orjson

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from load_tests.generate import TERMS_FILE
from load_tests.loading import publish_terms
from load_tests.working import a_worker
from schemas.topics import EVIDENCE
from streams import clients
from streams.broker import Broker
from streams.core.terms import DAY, Terms, load
from streams.settings import Settings
from streams.topics import check_topics

TOPIC = "reports.load"
WAIT_S_MAX = 60.0


@click.command()
@click.option("--rate", default=1_000.0, help="Reports a second.")
@click.option("--seconds", default=30.0, help="For so long.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(rate: float, seconds: float, as_json: bool) -> None:
    """Measure the latency at a steady rate."""
    with Broker() as broker:
        settings = Settings(bootstrap=broker.bootstrap, log_partitions=1)
        with clients.admin(settings) as client:
            check_topics(client, 1, {TOPIC: 1}, create=True)
        publish_terms(settings, [_live_terms()])
        with a_worker(settings, broker):
            took_s = sorted(asyncio.run(_measure(settings.aiokafka(), rate, seconds)))
    shown = {
        "rate": rate,
        "seconds": seconds,
        "reports": len(took_s),
        "p50_ms": round(_share(took_s, 0.50) * 1_000, 1),
        "p99_ms": round(_share(took_s, 0.99) * 1_000, 1),
        "max_ms": round(took_s[-1] * 1_000, 1),
        "load": os.getloadavg()[0],
    }
    click.echo(orjson.dumps(shown).decode() if as_json else ", ".join(f"{name} {value}" for name, value in shown.items()))


def _live_terms() -> Terms:
    yesterday = datetime.fromtimestamp(int(time.time()) // DAY * DAY - DAY, UTC)
    return load(
        TERMS_FILE, ["truce.simulated=false", f'truce.topics=["{TOPIC}"]', f"truce.d_hour={yesterday:%Y-%m-%dT%H:%M:%SZ}"]
    )


async def _measure(client: dict[str, Any], rate: float, seconds: float) -> list[float]:
    """Seconds from publishing to being committed, of each report."""
    published: dict[str, float] = {}
    took: list[float] = []
    consumer = AIOKafkaConsumer(**client, isolation_level="read_committed", fetch_max_wait_ms=5, auto_offset_reset="earliest")
    async with AIOKafkaProducer(**client, acks="all", linger_ms=0) as producer, consumer:
        consumer.assign([TopicPartition(EVIDENCE, 0)])
        count = max(1, int(rate * seconds))
        # A few first, so that nothing is measured that only a start costs.
        await _publish(producer, rate, max(1, int(rate)), "warm", {})
        reading = asyncio.create_task(_read(consumer, published, took, count))
        await asyncio.sleep(2)
        await _publish(producer, rate, count, "timed", published)
        await asyncio.wait_for(reading, WAIT_S_MAX)
    return took


async def _publish(producer: AIOKafkaProducer, rate: float, count: int, name: str, published: dict[str, float]) -> None:
    random, began = Random(name), time.monotonic()
    for number in range(count):
        ahead_s = began + number / rate - time.monotonic()
        if ahead_s > 0:
            await asyncio.sleep(ahead_s)
        report_id = f"{name}-{number}"
        now = time.time()
        lat, lon = round(random.uniform(34.9, 35.9), 4), round(random.uniform(37.2, 39.2), 4)
        report = {
            "report_id": report_id,
            "source": random.choice(("observatory", "network", "council", "ministry")),
            "type": "violation",
            "kind": "attack",
            "weapon": random.choice(("mortar", "artillery", "airstrike")),
            "occurred_at": datetime.fromtimestamp(int(now) - 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "location": {"lat": lat, "lon": lon, "country": "SY"},
        }
        published[report_id] = now
        await producer.send(TOPIC, orjson.dumps(report))
    await producer.flush()


async def _read(consumer: AIOKafkaConsumer, published: dict[str, float], took: list[float], count: int) -> None:
    while len(took) < count:
        for records in (await consumer.getmany(timeout_ms=100)).values():
            now = time.time()
            for record in records:
                for told in orjson.loads(record.value)["reports"] if record.value else ():
                    at = published.pop(told["report_id"], None)
                    if at is not None:
                        took.append(now - at)


def _share(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


if __name__ == "__main__":
    main()
