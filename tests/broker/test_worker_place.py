"""Two live workers under one `instance_id`: the one that came first ends as a fenced one does, and the other works on."""

import time
from collections.abc import Iterator

import orjson
import pytest
from worker.fake_core import chain
from worker.harness import Installation, wait_until

from schemas.topics import LOCATED, PHASES, REJECTED
from streams.broker import Broker
from streams.worker.failures import FENCED

REPORTS = "reports.field"


@pytest.fixture
def truce(broker: Broker) -> Iterator[Installation]:
    installation = Installation(broker.bootstrap, reports={REPORTS: 1})
    yield installation
    installation.close()


def monitor_works(truce: Installation, number: int) -> None:
    truce.publish(LOCATED, 0, [b"record %d" % number])
    expected = chain([b"record %d" % one for one in range(number + 1)])
    wait_until(lambda: [orjson.loads(value)["head"] for value in truce.values(PHASES, 0)] == expected, "it decides", 40)


def intake_works(truce: Installation, number: int) -> None:
    truce.publish(REPORTS, 0, [b"no report %d" % number])
    wait_until(lambda: sum(len(records) for records in truce.read(REJECTED).values()) > number, "it refuses", 40)


@pytest.mark.parametrize(("stage", "works"), [("monitor", monitor_works), ("intake", intake_works)])
def test_the_first_of_two_with_one_name_ends_loudly_and_the_second_works_on(truce: Installation, stage: str, works) -> None:
    first = truce.worker("--only", stage, instance_id="one")
    works(truce, 0)
    second = truce.worker("--only", stage, instance_id="one")
    assert first.ended(60) == FENCED, first.said()
    assert "'one' in the group: give each an instance_id of its own" in first.said()
    assert "Traceback" not in first.said()
    works(truce, 1)
    time.sleep(7)  # two heartbeats and more
    assert second.process.poll() is None, second.said()
    works(truce, 2)
