"""A worker as a process of its own, against a real broker, and the few things that a test or a trial does to both."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition
from kafka import KafkaAdminClient

from schemas.topics import LIVE_REPORTS_CONFIG, SIMULATED_REPORTS_CONFIG, TOPICS
from streams.core.terms import SIMULATED_PREFIX

ROOT = Path(__file__).parent.parent
CORE = "streams.core.partition:LogPartition"


class Installation:
    """All topics on a broker, empty, and names of its own for groups and transactions."""

    def __init__(self, bootstrap: str, log_partitions: int = 2, reports: Mapping[str, int] | None = None) -> None:
        self.bootstrap = bootstrap
        self.prefix = f"t{secrets.token_hex(4)}"
        self.workers: list[Worker] = []
        self._admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        present = [topic for topic in self._admin.list_topics() if topic.startswith(("truce.", "reports."))]
        if present:
            self._admin.delete_topics(present)
            wait_until(lambda: not set(present) & set(self._admin.list_topics()), "topics deleted")
        ours = {topic.name: _entry(log_partitions if topic.partitioned else 1, topic.config) for topic in TOPICS}
        ours |= {name: _entry(partitions, _config(name)) for name, partitions in (reports or {}).items()}
        self._admin.create_topics(ours, wait_for_metadata=True)

    def create_reports(self, name: str, partitions: int) -> None:
        self.create(name, partitions, _config(name))

    def create(self, name: str, partitions: int, config: Mapping[str, str]) -> None:
        self._admin.create_topics({name: _entry(partitions, config)}, wait_for_metadata=True)

    def delete(self, name: str) -> None:
        self._admin.delete_topics([name])
        wait_until(lambda: name not in self._admin.list_topics(), f"{name} deleted")

    def recreate(self, name: str, partitions: int = 2) -> None:
        self._admin.delete_topics([name])
        self.create(name, partitions, {})

    def truncate(self, topic: str, partition: int, before: int) -> None:
        from kafka.structs import TopicPartition as KafkaPythonPartition

        self._admin.delete_records({KafkaPythonPartition(topic, partition): before})

    def publish(self, topic: str, partition: int, values: Iterable[bytes], **options: Any) -> None:
        asyncio.run(_publish(self.bootstrap, topic, partition, list(values), **options))

    def publish_messages(self, topic: str, partition: int, messages: Iterable[tuple[bytes, Sequence[tuple[str, bytes]]]]) -> None:
        """Values with headers of their own."""
        asyncio.run(_publish_messages(self.bootstrap, topic, partition, list(messages)))

    def read(self, topic: str) -> dict[int, list[Any]]:
        """Everything committed, by partition."""
        return asyncio.run(_read(self.bootstrap, topic))

    def values(self, topic: str, partition: int) -> list[bytes]:
        return [record.value for record in self.read(topic)[partition]]

    def worker(self, *arguments: str, state: str = CORE, **settings: object) -> "Worker":
        """Start one. Every test's workers are ended by `close`."""
        environment = {
            "TRUCE_BOOTSTRAP": self.bootstrap,
            "TRUCE_PREFIX": self.prefix,
            "TRUCE_METRICS_PORT": "0",
            "TRUCE_METADATA_MAX_AGE_S": "1",
            "TRUCE_TICK_S": "1",
        } | {f"TRUCE_{name.upper()}": str(value) for name, value in settings.items()}
        worker = Worker(["worker", "--state-type", state, *arguments], environment)
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
        self._admin.close()


class Worker:
    """A `truce worker` process; what it says is kept."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", *arguments],
            env={**os.environ, "PYTHONPATH": path, **environment},
            stdin=subprocess.DEVNULL,
            stderr=self._log,
        )

    def said(self) -> str:
        """All so far. Read without moving the place in the file, which the worker shares and writes at."""
        descriptor = self._log.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")

    def ended(self, timeout_s: float = 30) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it goes on: {self.said()}") from None

    def stop(self, timeout_s: float = 30) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return self.ended(timeout_s)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]

    def metrics_url(self) -> str | None:
        return next((part.split("'")[1] for part in self.said().split() if part.startswith("metrics='http")), None)


def wait_until(holds: Callable[[], Any], what: str, timeout_s: float = 30, pause_s: float = 0.1) -> Any:
    """What `holds` gives, once that is true."""
    deadline = time.monotonic() + timeout_s
    while True:
        given = holds()
        if given:
            return given
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(pause_s)


def _entry(partitions: int, config: Mapping[str, str]) -> dict[str, Any]:
    return {"num_partitions": partitions, "replication_factor": 1, "configs": dict(config)}


def _config(reports: str) -> Mapping[str, str]:
    return SIMULATED_REPORTS_CONFIG if reports.startswith(SIMULATED_PREFIX) else LIVE_REPORTS_CONFIG


async def _publish(
    bootstrap: str,
    topic: str,
    partition: int,
    values: list[bytes],
    compression: str | None = None,
    key: bytes | None = None,
    headers: Sequence[tuple[str, bytes]] = (),
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type=compression, linger_ms=5) as producer:
        sent = [await producer.send(topic, value, key, partition, headers=list(headers)) for value in values]
        await asyncio.gather(*sent)


async def _publish_messages(bootstrap: str, topic: str, partition: int, messages: list[tuple[bytes, Any]]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=5) as producer:
        sent = [await producer.send(topic, value, None, partition, headers=list(headers)) for value, headers in messages]
        await asyncio.gather(*sent)


async def _read(bootstrap: str, topic: str) -> dict[int, list[Any]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed", auto_offset_reset="earliest")
    async with consumer:
        cluster = await consumer._client.fetch_all_metadata()
        tps = [TopicPartition(topic, number) for number in sorted(cluster.partitions_for_topic(topic))]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends = await consumer.end_offsets(tps)
        found: dict[int, list[Any]] = {tp.partition: [] for tp in tps}
        while any([await consumer.position(tp) < ends[tp] for tp in tps]):
            for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                found[tp.partition] += records
        return found
