"""`truce worker` as an operator has it: two processes that live and end together, with the core's own state."""

import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from worker.fake_core import HANGS
from worker.harness import FAKE_CORE, Installation, Worker, wait_until
from worker.terms_of_test import record_of

from schemas.facts import Fact
from schemas.topics import CHECKPOINTS, LOCATED, PHASES, TERMS
from streams.broker import Broker
from streams.core.clock import settled_at, tick_times
from streams.core.intake import RECEIVED_AT_HEADER, Arrival, tick_value
from streams.core.replay import replay
from streams.core.terms import Terms
from streams.scenarios import SCENARIOS, terms_of, topic_of
from streams.worker.progress import STUCK

REAL = "streams.core.partition:LogPartition"
SCENARIO = "as-agreed"
TOPIC = topic_of(SCENARIO)
PARTITIONS = 2

Message = tuple[bytes, tuple[tuple[str, bytes], ...]]


@pytest.fixture
def truce(broker: Broker) -> Iterator[Installation]:
    installation = Installation(broker.bootstrap, reports={"reports.field": 1, TOPIC: PARTITIONS})
    yield installation
    installation.close()


@pytest.fixture(scope="module")
def terms() -> Terms:
    return terms_of(SCENARIO)


@pytest.fixture(scope="module")
def expected(terms: Terms) -> list[bytes]:
    """The phase changes of an in-memory run."""
    facts: list[Fact] = list(replay(SCENARIOS[SCENARIO](1), [terms]))
    return [fact.value for fact in facts if fact.topic == PHASES]


def as_messages(terms: Terms) -> list[list[Message]]:
    """The scenario as a simulated topic carries it: reports in turn to each partition, ticks to all, in order of time."""
    arrivals: list[Arrival] = list(SCENARIOS[SCENARIO](1))
    last_s = settled_at(arrivals[-1].received_at, [terms])
    timed = [(arrival.received_at, 1, arrival) for arrival in arrivals]
    timed += [(at, 0, at) for at in tick_times(arrivals[0].received_at, last_s, [terms])]
    partitions: list[list[Message]] = [[] for _ in range(PARTITIONS)]
    for count, (at, is_report, what) in enumerate(sorted(timed, key=lambda entry: entry[:2])):
        if is_report:
            partitions[count % PARTITIONS].append((what.value, ((RECEIVED_AT_HEADER, b"%d" % at),)))
        else:
            for messages in partitions:
                messages.append((tick_value(what, {TOPIC: PARTITIONS}), ()))
    return partitions


def publish_terms(truce: Installation, terms: Terms) -> None:
    truce.publish(LOCATED, terms.truce.partition, [record_of(terms)], key=terms.truce.id.encode())
    truce.publish(TERMS, 0, [record_of(terms)], key=terms.truce.id.encode())


def phases(truce: Installation, terms: Terms) -> list[bytes]:
    return truce.values(PHASES, terms.truce.partition)


def test_a_worker_killed_on_the_way_announces_what_an_in_memory_run_does(
    truce: Installation, terms: Terms, expected: list[bytes]
) -> None:
    publish_terms(truce, terms)
    partitions = as_messages(terms)
    # Three pieces, each partition at its own pace, and a kill of both processes behind the first two.
    for start, end in ((0, 0.4), (0.4, 0.8), (0.8, 1)):
        for number, messages in enumerate(partitions):
            truce.publish_messages(TOPIC, number, messages[int(len(messages) * start) : int(len(messages) * end)])
        worker = truce.worker(state=REAL, instance_id="one")
        before = len(truce.values(CHECKPOINTS, terms.truce.partition))
        wait_until(lambda least=before: len(truce.values(CHECKPOINTS, terms.truce.partition)) > least, "progress", pause_s=0.01)
        if end < 1:
            for process in worker.children():
                os.kill(process, signal.SIGKILL)
            assert worker.ended() != 0
    wait_until(lambda: len(phases(truce, terms)) >= len(expected), "all phase changes")
    assert phases(truce, terms) == expected
    assert worker.stop() == 0
    assert phases(truce, terms) == expected


def test_time_does_not_pass_a_partition_that_is_held_back(truce: Installation, terms: Terms, expected: list[bytes]) -> None:
    publish_terms(truce, terms)
    first, second = as_messages(terms)
    half = len(second) // 2
    truce.publish_messages(TOPIC, 0, first)
    truce.publish_messages(TOPIC, 1, second[:half])
    truce.worker(state=REAL)
    in_log = len(first) + half
    wait_until(lambda: len(truce.values(LOCATED, terms.truce.partition)) >= in_log, "all of it in the log")
    wait_until(lambda: next_offset(truce, terms.truce.partition) >= in_log, "all of it decided on")
    assert phases(truce, terms) == expected[:1]  # in force, but not the run of days that ends behind the held back tick
    truce.publish_messages(TOPIC, 1, second[half:])
    wait_until(lambda: len(phases(truce, terms)) >= len(expected), "the rest of the phase changes")
    assert phases(truce, terms) == expected


def next_offset(truce: Installation, partition: int) -> int:
    found = truce.values(CHECKPOINTS, partition)
    positions = [orjson.loads(value) for value in found]
    return max((position["next_offset"] for position in positions if "next_offset" in position), default=0)


def running(truce: Installation, **settings: object) -> Worker:
    worker = truce.worker(**settings)
    wait_until(lambda: worker.said().count("started") == 2, "both started")
    return worker


def test_it_stops_as_told_with_both_its_processes(truce: Installation) -> None:
    worker = running(truce)
    children = worker.children()
    assert len(children) == 2
    assert worker.stop() == 0
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert "error" not in worker.said().lower()


@pytest.mark.parametrize("which", [0, 1])
def test_when_one_process_ends_the_other_does_not_live_on(which: int, truce: Installation) -> None:
    worker = running(truce)
    children = worker.children()
    os.kill(children[which], signal.SIGKILL)
    assert worker.ended() != 0
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_its_processes_do_not_outlive_it(truce: Installation) -> None:
    worker = running(truce)
    children = worker.children()
    worker.kill()
    wait_until(lambda: not any(_lives(child) for child in children), "both gone")


def _lives(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_its_pages_say_how_it_is(truce: Installation) -> None:
    truce.publish(LOCATED, 0, [b"a", b"b"])
    worker = truce.worker("--only", "monitor")
    url = wait_until(worker.metrics_url, "it serves")
    wait_until(lambda: _get(url.replace("/metrics", "/ready"))[0] == 200, "it is ready")
    assert _get(url.replace("/metrics", "/live")) == (200, "ok\n")
    wait_until(lambda: "truce_log_records_decided_total 2.0" in _get(url)[1], "records counted")
    page = _get(url)[1]
    assert 'truce_transactions_total{outcome="committed"} 1.0' in page
    assert 'truce_facts_published_total{topic="truce.phases"} 2.0' in page
    lag = 'truce_lag_records{partition="0",stage="monitor",topic="truce.located"} 0.0'
    wait_until(lambda: lag in _get(url)[1], "the lag is told by partition")


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError:
        return 0, ""


def test_a_worker_with_work_before_it_that_gets_nowhere_ends(truce: Installation) -> None:
    truce.publish(LOCATED, 0, [HANGS])
    worker = truce.worker("--only", "monitor", state=FAKE_CORE, stuck_after_s=3)
    assert worker.ended() == STUCK
    assert "no progress for" in worker.said()


def test_without_a_broker_it_says_so_in_one_line(truce: Installation) -> None:
    worker = truce.worker("--only", "intake", bootstrap="127.0.0.1:1")
    assert worker.ended() != 0
    assert "no broker answers at 127.0.0.1:1" in worker.said()
    assert "Traceback" not in worker.said()
