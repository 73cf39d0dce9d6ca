"""Messages that are no reports, or only nearly: each is refused with its reason, and the stream goes on."""

import asyncio
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import orjson
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from load_tests.bench import wait_until
from load_tests.simulation.story import D_HOUR_S
from load_tests.trials.generated import refused_by_schema
from load_tests.trials.trial import TOPIC, Trial
from load_tests.verdict import Verdict
from schemas.facts import Rejected
from schemas.topics import REJECTED
from streams.core.intake import RECEIVED_AT_HEADER

AT = ((RECEIVED_AT_HEADER, b"%d" % (D_HOUR_S - 1)),)
GOOD = {
    "report_id": "bad",
    "source": "somebody",
    "type": "violation",
    "kind": "attack",
    "occurred_at": "2016-02-29T20:00:00Z",
    "location": {"lat": 36.2, "lon": 37.15},
}
MEMORY_MAX = 512 * 1024**2
"""Bytes of the intake."""


def by_hand() -> Iterator[tuple[str, bytes, tuple[tuple[str, bytes], ...]]]:
    """Reason, message, headers."""
    good = orjson.dumps(GOOD)
    cloud = {"specversion": "1.0", "id": "1", "source": "/a", "type": "report"}
    yield from (
        ("not_json", good[:-5], AT),
        ("not_json", good.replace(b"somebody", b"some\xff\xfeody"), AT),
        ("not_json", b"\x00" * 40, AT),
        ("not_json", b"", AT),
        ("not_json", good.replace(b"36.2", b"NaN"), AT),
        ("not_json", good.replace(b"36.2", b"-Infinity"), AT),
        ("not_json", bytes([good[0] ^ 0x10]) + good[1:], AT),
        ("wrong_type", good.replace(b"36.2", b"[]"), AT),
        ("wrong_type", _with(revision=0).replace(b'"revision":0', b'"revision":1' + b"0" * 30), AT),
        ("wrong_type", _with(casualties={"killed": -1}), AT),
        ("wrong_type", _with(source="some\nbody"), AT),
        ("wrong_type", _with(report_id=""), AT),
        ("too_deep", _with(unknown=0).replace(b'"unknown":0', b'"unknown":' + b"[" * 300 + b"]" * 300), AT),
        ("too_large", _with(text="x" * 300_000), AT),
        ("unknown_kind", _with(type="rumour"), AT),
        ("unknown_kind", _with(weapon="trebuchet"), AT),
        ("missing_field", _with(location=None), AT),
        ("no_usable_time", _with(occurred_at=None), AT),
        ("in_the_future", _with(occurred_at="2026-01-01T00:00:00Z"), AT),
        ("missing_field", good, ()),
        ("wrong_type", good, ((RECEIVED_AT_HEADER, b"soon"),)),
        ("missing_field", orjson.dumps({**cloud, "source": ""} | {"data": GOOD}), AT),
        ("wrong_type", orjson.dumps(cloud | {"specversion": "9", "data": GOOD}), AT),
        ("missing_field", good, (*AT, ("ce_specversion", b"1.0"))),
    )


def handled() -> Iterator[bytes]:
    """Odd, and reports all the same."""
    good = orjson.dumps(GOOD)
    yield good[:-1] + b',"source":"somebody","report_id":"twice"}'
    yield _with(report_id="bidi", text="\u202eno right to left\u2066", source="some\u202ebody")
    yield _with(report_id="null", text="a\u0000b")
    yield _with(report_id="deep", unknown=[[[[[[[[1]]]]]]]])


def _huge(trial: Trial) -> list[bytes]:
    """What compresses to nothing, and what does not at all and fills all that a broker takes as it comes."""
    return [b"x" * 5_000_000, Random(trial.seed).randbytes(1_040_000), b'{"source":"' + b"x" * 5_000_000 + b'"}']


def _publish_huge(trial: Trial) -> None:
    """A topic that takes more than ours should; the refusals stay within what their topic takes."""
    admin = KafkaAdminClient(bootstrap_servers=trial.broker.bootstrap)
    admin.alter_configs([ConfigResource("TOPIC", TOPIC, {"max.message.bytes": str(8 * 2**20)})])
    admin.close()
    for value in _huge(trial):
        asyncio.run(_publish_batch(trial.broker.bootstrap, [value], None))


def _with(**fields: object) -> bytes:
    return orjson.dumps({name: value for name, value in (GOOD | fields).items() if value is not None})


def bad_input(trial: Trial, names: int = 100_000) -> Verdict:
    """Damaged, hostile and huge messages, some made from the schema, and 100,000 source names and place names: the number
    refused is the number put in that cannot be used, memory stays bounded, and no metric's labels multiply."""
    intake = trial.start("intake")
    trial.start("monitor")
    trial.tell(2)
    url = wait_until(intake.metrics_url, "the intake serves", 60)
    wait_until(trial.is_decided, "what is told so far is taken in", 60, 1)
    series = len(_page(url).splitlines())
    before = Counter(_intake_refused(trial))
    messages = list(by_hand())
    for _, value, headers in messages:
        trial.installation.publish_messages(TOPIC, 0, [(value, headers)])
    trial.installation.publish(TOPIC, 1, list(handled()), key=b"second", headers=AT)
    wanted = Counter(reason for reason, _, _ in messages)
    wait_until(lambda: Counter(_intake_refused(trial)) - before == wanted, f"refused as expected: {wanted}", 60, 1)
    trial.say(f"{len(messages)} messages by hand, each refused for its reason")
    _publish_huge(trial)
    made = list(refused_by_schema(trial.random, names // 50))
    trial.installation.publish_messages(TOPIC, 0, [(value, AT) for value in made])
    injected = len(_huge(trial)) + len(made)
    before_made = sum((before + wanted).values())
    wait_until(lambda: len(_intake_refused(trial)) == before_made + injected, f"{injected} more refused", 90, 1)
    trial.say(f"{len(made)} that the schema forbids and {len(_huge(trial))} of megabytes: as many refused as put in")
    places = ({"place": f"Nowhere {number}", "country": "SY"} for number in range(names))
    many = [(_with(report_id=f"n{n}", source=f"source {n}", location=place), AT) for n, place in enumerate(places)]
    trial.installation.publish_messages(TOPIC, 1, many)
    verdict = trial.finish(600)
    grown = len(_page(url).splitlines()) - series
    peak = _peak_bytes(trial.running["intake"].process.pid)
    trial.say(f"{names:,} source and place names: {grown} metric lines more, intake's peak {peak / 1024**2:.0f} MB")
    assert grown < 60, f"{grown} metric lines more: a label multiplies"
    assert peak < MEMORY_MAX, f"the intake took {peak:,} bytes"
    return verdict


def unpacking(trial: Trial, megabytes: int = 500) -> Verdict:
    """A gzip batch of half a megabyte unpacks to 500 MB: it is refused record by record, and memory stays bounded."""
    trial.start("intake")
    trial.start("monitor")
    trial.tell(2)
    wait_until(trial.is_decided, "what is told so far is taken in", 60, 1)
    before = len(_intake_refused(trial))
    size = 200_000
    count = megabytes * 1_000_000 // size
    asyncio.run(_publish_batch(trial.broker.bootstrap, [b" " * size] * count))
    wait_until(lambda: len(_intake_refused(trial)) >= before + count, f"{count} refused", 240, 2)
    peak = _peak_bytes(trial.running["intake"].process.pid)
    trial.say(f"{count} records, {megabytes} MB unpacked, intake's peak {peak / 1024**2:.0f} MB")
    assert peak < MEMORY_MAX, f"the intake took {peak:,} bytes"
    return trial.finish(300)


async def _publish_batch(bootstrap: str, values: list[bytes], compression: str | None = "gzip") -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, compression_type=compression, max_batch_size=2**30, max_request_size=2**30
    ) as producer:
        batch = producer.create_batch()
        for value in values:
            assert batch.append(key=None, value=value, timestamp=None, headers=list(AT)) is not None
        await (await producer.send_batch(batch, TOPIC, partition=0))


def _intake_refused(trial: Trial) -> list[str]:
    records = [record for by in trial.installation.read(REJECTED).values() for record in by]
    bodies = [msgspec.json.decode(record.value, type=Rejected) for record in records]
    return [str(body.reason) for body in bodies if body.stage == "intake"]


def _page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def _peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1_024 for line in lines if line.startswith("VmHWM"))


__all__ = ["bad_input", "by_hand", "handled", "unpacking"]
