"""What tests of commands share: running the program, reading what it wrote, and small files to give it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner, Result
from kafka import KafkaProducer

from schemas.facts import LogRecord
from streams import clients
from streams.broker import Broker
from streams.cli import truce as program
from streams.settings import Settings

Command = Callable[..., Result]
TermsFile = Callable[..., Path]
MakeTopic = Callable[..., str]
decode_log = msgspec.json.Decoder(LogRecord).decode

TERMS_TEXT = """
opposed = ["north", "south"]
[truce]
id = "{id}"
name = "A truce of a test"
countries = ["SY"]
d_hour = 2016-09-12T16:30:00Z
time_zone = "Asia/Damascus"
salt = "salt-of-{id}"
partition = {partition}
simulated = {simulated}
topics = ["{topic}"]
"""


def run(broker: Broker, *command: Any, **environ: str) -> Result:
    return CliRunner().invoke(program, [str(part) for part in command], env={"TRUCE_BOOTSTRAP": broker.bootstrap} | environ)


def outside(broker: Broker, *command: str, **options: Any) -> subprocess.Popen:
    """The program as a process of its own, as a terminal starts it: what runs in the background is born deaf to Ctrl-C."""
    return subprocess.Popen(
        [sys.executable, "-m", "streams.cli", *command],
        env=os.environ | {"TRUCE_BOOTSTRAP": broker.bootstrap, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_interrupts,
        **options,
    )


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def values_of(settings: Settings, topic: str, key: str | None = None) -> list[Any]:
    wanted = None if key is None else key.encode()
    return [record for record in clients.read(settings, [topic]) if wanted is None or record.key == wanted]


def a_report(number: int, at: str, source: str = "Field desk", **fields: Any) -> dict[str, Any]:
    place = {"lat": 36.2, "lon": 37.16}
    basis = {"report_id": f"r{number}", "source": source, "type": "violation", "kind": "attack", "location": place}
    return basis | {"occurred_at": at, "published_at": at} | fields


def a_file(path: Path, reports: list[dict[str, Any]], *lines: str) -> Path:
    path.write_text("".join(json.dumps(report) + "\n" for report in reports) + "".join(line + "\n" for line in lines))
    return path


def write(broker: Broker, topic: str, value: bytes, **options: Any) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    producer.send(topic, value, **options).get(timeout=20)
    producer.close()
