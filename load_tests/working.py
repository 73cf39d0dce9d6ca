"""Run the worker over topics that are full, and measure it from outside: from its first read to its last commit."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from schemas.topics import CHECKPOINTS, LOCATED, REPORTS_PREFIX
from streams.broker import Broker
from streams.settings import Settings

START_S_MAX, WORK_S_MAX = 60.0, 3_600.0
POLL_S = 0.5
PROGRAM = ("-m", "streams.cli")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Measured(NamedTuple):
    """`rate`: messages a second. CPU of the processes measured and of the broker, in seconds; memory is each one's peak."""

    rate: float
    seconds: float
    cpu_s: float
    broker_cpu_s: float
    cpu_by_process: dict[str, float]
    memory_bytes: dict[str, int]


def work_off(settings: Settings, broker: Broker, messages: int, layout: str, program: Sequence[str] = PROGRAM) -> Measured:
    """Start the worker and wait until all is decided. It begins when the intake has its partitions, which is before its
    first read, and ends with the last transaction of the monitor."""
    broker_before = cpu_s(broker.pid)
    with a_worker(settings, broker, layout, program) as processes:
        began = time.time()
        client = KafkaConsumer(bootstrap_servers=settings.bootstrap, group_id=None)
        admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap)
        _wait(lambda: _is_done(client, admin, settings.prefix), WORK_S_MAX, POLL_S, processes)
        ended = _last_commit_s(client, settings.log_partitions)
        workers = _workers(processes)
        cpu = {name: cpu_s(pid) for name, pid in workers.items()}
        memory = {name: _peak_bytes(pid) for name, pid in workers.items()}
        client.close()
        admin.close()
    seconds = ended - began
    return Measured(messages / seconds, seconds, sum(cpu.values()), cpu_s(broker.pid) - broker_before, cpu, memory)


@contextmanager
def a_worker(
    settings: Settings, broker: Broker, layout: str = "two", program: Sequence[str] = PROGRAM
) -> Iterator[list[subprocess.Popen]]:
    """The worker's processes, once the intake has its partitions; ended at the end."""
    port = _free_ports()
    environment = {**os.environ, "TRUCE_BOOTSTRAP": broker.bootstrap, "TRUCE_METRICS_PORT": str(port)}
    environment["TRUCE_LOG_PARTITIONS"] = str(settings.log_partitions)
    processes = [_start([*program, *arguments], environment) for arguments in _commands(layout)]
    try:
        _wait(lambda: _is_ready(port), START_S_MAX, 0.01, processes)
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def _commands(layout: str) -> list[list[str]]:
    return {"two": [["worker"]], "apart": [["worker", "--only", "intake"], ["worker", "--only", "monitor"]]}[layout]


def _start(arguments: Sequence[str], environment: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, *arguments], env=environment, stdin=subprocess.DEVNULL)


def _workers(processes: Sequence[subprocess.Popen]) -> dict[str, int]:
    """The processes that do the work, by their stage."""
    found = {}
    for process in processes:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for pid in [int(child) for child in children] or [process.pid]:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            found[words[words.index(b"--only") + 1].decode() if b"--only" in words else "worker"] = pid
    return found


def _is_ready(port: int) -> bool:
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1).status == 200
    except (urllib.error.URLError, OSError):
        return False


def _is_done(client: KafkaConsumer, admin: KafkaAdminClient, prefix: str) -> bool:
    """Whether the groups have committed up to the ends of what they read."""
    reports = [
        TopicPartition(topic, number)
        for topic in client.topics()
        if topic.startswith(REPORTS_PREFIX)
        for number in client.partitions_for_topic(topic)
    ]
    if not _has_read(client, admin, f"{prefix}-intake", reports):
        return False
    log = [TopicPartition(LOCATED, number) for number in client.partitions_for_topic(LOCATED)]
    return _has_read(client, admin, f"{prefix}-monitor", log)


def _has_read(client: KafkaConsumer, admin: KafkaAdminClient, group: str, tps: Sequence[TopicPartition]) -> bool:
    offsets = admin.list_group_offsets(group)[group]
    ends = client.end_offsets(tps)
    committed = {tp: entry.offset for tp, entry in offsets.items()}
    return all(committed.get(tp, 0) >= ends[tp] for tp in tps if ends[tp])


def _last_commit_s(client: KafkaConsumer, partitions: int) -> float:
    """When the last transaction wrote its position, by the producer's clock, which is this machine's."""
    tps = [TopicPartition(CHECKPOINTS, number) for number in range(partitions)]
    client.assign(tps)
    last_ms = 0
    for tp, end in client.end_offsets(tps).items():
        client.seek(tp, max(0, end - 10))
    ends = client.end_offsets(tps)
    while any(client.position(tp) < ends[tp] for tp in tps):
        for records in client.poll(timeout_ms=200).values():
            last_ms = max(last_ms, *(record.timestamp for record in records))
    return last_ms / 1_000


def _peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1_024 for line in lines if line.startswith("VmHWM"))


def _wait(holds: Callable[[], bool], most_s: float, pause_s: float, processes: Sequence[subprocess.Popen]) -> None:
    deadline = time.monotonic() + most_s
    while not holds():
        if any(process.poll() is not None for process in processes):
            raise RuntimeError("the worker ended by itself; what it said is above")
        if time.monotonic() > deadline:
            raise RuntimeError(f"the worker was not through within {most_s:.0f} s")
        time.sleep(pause_s)


def _free_ports() -> int:
    """A port that is free and the next one too, for the pages of the two halves."""
    import socket

    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                other.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


__all__ = ["Measured", "a_worker", "cpu_s", "work_off"]
