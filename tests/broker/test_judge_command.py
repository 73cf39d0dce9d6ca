"""The judge as a command, over what a real worker left on a real broker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from worker.harness import Installation, wait_until
from worker.terms_of_test import record_of

from schemas.topics import LOCATED, PHASES, TERMS
from streams import clients
from streams.broker import Broker
from streams.publishing import publish
from streams.scenarios import SCENARIOS, terms_of, topic_of
from streams.settings import Settings

JUDGE = Path(__file__).parents[2] / "load_tests" / "judge.py"
SCENARIO = "as-agreed"
TOPIC = topic_of(SCENARIO)


@pytest.fixture
def truce(broker: Broker) -> Iterator[Installation]:
    installation = Installation(broker.bootstrap, reports={TOPIC: 2})
    yield installation
    installation.close()


def judged(truce: Installation) -> tuple[int, list[dict]]:
    done = subprocess.run(
        [sys.executable, JUDGE, "--json"], env=os.environ | {"TRUCE_BOOTSTRAP": truce.bootstrap}, capture_output=True, text=True
    )
    return done.returncode, orjson.loads(done.stdout)[1] if done.stdout else [done.stderr]


def test_a_worker_is_judged_clean_and_a_doubled_change_is_not(truce: Installation) -> None:
    terms = terms_of(SCENARIO)
    number, key = terms.truce.partition, terms.truce.id.encode()
    for topic, partition in ((LOCATED, number), (TERMS, 0)):
        truce.publish(topic, partition, [record_of(terms)], key=key)
    with clients.producer(Settings(bootstrap=truce.bootstrap)) as producer:
        publish(SCENARIOS[SCENARIO](1), TOPIC, [terms], producer)
    worker = truce.worker(state="streams.core.partition:LogPartition")
    wait_until(lambda: judged(truce)[0] == 0, "judged clean", timeout_s=60, pause_s=1)
    assert worker.stop() == 0
    truce.publish(PHASES, number, truce.values(PHASES, number)[-1:], key=key)
    code, rows = judged(truce)
    assert code == 1
    assert [row["what"] for row in rows if row.get("doubled")] == ["phase changes equal, byte for byte"]


def test_without_a_broker_it_says_that_it_cannot_judge() -> None:
    done = subprocess.run(
        [sys.executable, JUDGE], env=os.environ | {"TRUCE_BOOTSTRAP": "127.0.0.1:1"}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("judge: no Kafka broker answers at 127.0.0.1:1")
