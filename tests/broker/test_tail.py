"""`truce tail`, against a real Kafka."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from commanding import Command, outside, values_of, write
from kafka import KafkaProducer

from schemas.topics import INCIDENTS, PHASES
from streams.broker import Broker
from streams.commands.tail import VIEWS
from streams.settings import Settings

EXAMPLES = Path(__file__).parents[2] / "schemas" / "v1" / "examples"


@pytest.mark.parametrize(
    ("what", "example", "told"),
    [
        ("phases", "phase_change.qualified", "syria-2016-09/all"),
        ("phases", "phase_change.void", "void"),
        ("incidents", "incident.live", "syria-2016-09"),
        ("incidents", "incident.withdrawn", "withdrawn, now "),
        ("levels", "level.zone", "run of "),
        ("days", "day.contested", "contested"),
        ("days", "day.no-baseline", "no baseline"),
        ("rejected", "rejection.monitor", "reports.field/1/90210  syria-2016-09  too_late"),
        ("rejected", "rejection.intake", "(intake)"),
    ],
)
def test_what_is_published_reads_as_a_line_or_as_it_is(broker: Broker, truce: Command, what: str, example: str, told: str):
    value = json.loads((EXAMPLES / f"{example}.json").read_text())
    write(broker, VIEWS[what].topic, json.dumps(value).encode(), key=b"tail")
    readable = truce("tail", what, "--from-start", "-n", count(broker, VIEWS[what].topic)).output.splitlines()
    exact = truce("tail", what, "--from-start", "--json", "-n", count(broker, VIEWS[what].topic)).output.splitlines()
    assert any(told in line for line in readable)
    assert value in [json.loads(line) for line in exact]


def test_a_new_phase_is_shown_within_a_second_and_ctrl_c_ends_quietly(broker: Broker, settings: Settings):
    following = outside(broker, "tail", "phases", "--truce", "followed")
    value = json.loads((EXAMPLES / "phase_change.qualified.json").read_text()) | {"truce": "followed"}
    other = value | {"truce": "another"}
    shown: list[float] = []
    # It may not be at the end yet when the first is written; of the later ones each must come at once.
    for _ in range(20):
        write(broker, PHASES, json.dumps(other).encode(), key=b"another")
        write(broker, PHASES, json.dumps(value).encode(), key=b"followed")
        written = time.monotonic()
        if readable_within(following.stdout, 1.0):
            assert "followed/all" in following.stdout.readline()
            shown.append(time.monotonic() - written)
        if len(shown) == 3:
            break
    following.send_signal(signal.SIGINT)
    rest, errors = following.communicate(timeout=10)
    assert len(shown) == 3
    assert "another" not in rest
    assert (following.returncode, errors) == (0, "")


def test_records_of_an_aborted_transaction_are_not_shown(broker: Broker, truce: Command):
    value = json.loads((EXAMPLES / "incident.live.json").read_text())
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id="test-of-tail")
    producer.init_transactions()
    for id, ends_well in (("unsaid", False), ("said", True)):
        producer.begin_transaction()
        producer.send(INCIDENTS, json.dumps(value | {"id": id}).encode(), key=id.encode(), partition=0)
        if ends_well:
            producer.commit_transaction()
        else:
            producer.flush()
            producer.abort_transaction()
    producer.close()
    told = truce("tail", "incidents", "--from-start", "-n", count(broker, INCIDENTS))
    assert "  said  " in told.output
    assert "unsaid" not in told.output


def readable_within(stream: Any, seconds: float) -> bool:
    import select

    return bool(select.select([stream], [], [], seconds)[0])


def count(broker: Broker, topic: str) -> int:
    """Records that can be read, told apart from the markers of transactions by reading them."""
    return len(values_of(Settings(bootstrap=broker.bootstrap), topic))


def test_a_value_that_is_none_of_ours_is_shown_as_it_is(broker: Broker, truce: Command):
    write(broker, VIEWS["levels"].topic, b'{"level": 1}', key=b"other")
    shown = truce("tail", "levels", "--from-start", "-n", count(broker, VIEWS["levels"].topic)).output
    assert "cannot be read" in shown
    assert '{"level": 1}' in shown


@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy", "zstd"])
def test_compressed_batches_are_read_whoever_compressed_them(broker: Broker, settings: Settings, codec: str):
    # The worker's are lz4; reports come as their publishers please.
    topic = VIEWS["levels"].topic
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, compression_type=codec)
    producer.send(topic, codec.encode() * 100, key=b"packed").get(timeout=20)
    producer.close()
    assert codec.encode() * 100 in [record.value for record in values_of(settings, topic)]
