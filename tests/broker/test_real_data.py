"""Real reports through broker, publish and worker, and through the in-memory run: the same bodies, byte for byte."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from worker.harness import Installation, wait_until
from worker.terms_of_test import record_of

import streams
from schemas.topics import CHECKPOINTS, DAYS, INCIDENTS, LEVELS, LOCATED, PHASES, TERMS
from streams import clients
from streams.adapters import Arrival, arrivals
from streams.broker import Broker
from streams.core.replay import replay
from streams.core.terms import load
from streams.publishing import publish
from streams.settings import Settings

SHARED = Path(os.environ.get("TRUCE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
ARCHIVE = SHARED / "syrian_archive_2015-10_2016-05.csv"
REAL = "streams.core.partition:LogPartition"
TOPIC = "reports.simulated.syria"
COMPACTED = (INCIDENTS, LEVELS, DAYS)

pytestmark = pytest.mark.skipif(not ARCHIVE.exists(), reason=f"needs the Syrian Archive's violations as {ARCHIVE}")


@pytest.fixture
def truce(broker: Broker) -> Iterator[Installation]:
    installation = Installation(broker.bootstrap, reports={TOPIC: 3})
    yield installation
    installation.close()


def test_real_reports_through_a_killed_worker_give_what_a_replay_gives(truce: Installation) -> None:
    terms = load(Path(streams.__path__[0]) / "truces" / "syria-2016-02.toml")
    number = terms.truce.partition
    facts = list(replay((row for row in arrivals(ARCHIVE, "syrian-archive") if isinstance(row, Arrival)), [terms]))
    expected_phases = [fact.value for fact in facts if fact.topic == PHASES]
    expected = {topic: {fact.key: fact.value for fact in facts if fact.topic == topic} for topic in COMPACTED}

    for topic, partition in ((LOCATED, number), (TERMS, 0)):
        truce.publish(topic, partition, [record_of(terms)], key=terms.truce.id.encode())
    with clients.producer(Settings(bootstrap=truce.bootstrap)) as producer:
        publish(arrivals(ARCHIVE, "syrian-archive"), TOPIC, [terms], producer)
    worker = truce.worker(state=REAL, instance_id="one")
    before = len(truce.values(CHECKPOINTS, number))
    wait_until(lambda: len(truce.values(CHECKPOINTS, number)) > before, "progress", pause_s=0.01)
    for process in worker.children():
        os.kill(process, signal.SIGKILL)
    assert worker.ended() != 0
    worker = truce.worker(state=REAL, instance_id="one")

    def done() -> bool:
        return last_values(truce, LEVELS, number) == live(expected[LEVELS])

    wait_until(done, "the last level", timeout_s=90, pause_s=0.5)
    assert worker.stop() == 0
    assert truce.values(PHASES, number) == expected_phases
    for topic in COMPACTED:
        assert last_values(truce, topic, number) == live(expected[topic]), topic


def last_values(truce: Installation, topic: str, partition: int) -> dict[str, bytes]:
    return live({record.key.decode(): record.value for record in truce.read(topic)[partition]})


def live(values: dict[str, bytes | None]) -> dict[str, bytes]:
    """What a reader of a compacted topic ends up with."""
    return {key: value for key, value in values.items() if value is not None}
