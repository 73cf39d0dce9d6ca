"""What a worker no longer owns is no longer on its page: a partition moves between two workers on a real broker."""

import re
import urllib.request
from collections.abc import Iterator

import msgspec
import pytest
from worker.harness import Installation, Worker, wait_until
from worker.terms_of_test import record_of, some_terms

from schemas.facts import LocatedReport, LoggedTick, Origin
from schemas.topics import LOCATED
from streams.broker import Broker
from streams.core.terms import HOUR, Terms

REAL = "streams.core.partition:LogPartition"
TOPIC = "reports.simulated.moving"


def _terms(truce: str, partition: int) -> Terms:
    return some_terms(truce, partition, d_hour="2026-01-01T00:00:00Z", simulated=True, topics=[TOPIC])


TRUCES = {partition: _terms(f"truce-{partition}", partition) for partition in (0, 1)}


def _hours(terms: Terms, first: int, last: int) -> list[bytes]:
    """A source that works, and a tick, every hour."""
    records = []
    for number in range(first, last):
        at_s, origin = terms.d_hour_s + number * HOUR, Origin(TOPIC, 0, number)
        raw = msgspec.Raw(b'{"report_id":"a%d","source":"watcher","type":"alive"}' % number)
        records.append(msgspec.json.encode(LocatedReport(terms.truce.id, at_s, origin, raw)))
        records.append(msgspec.json.encode(LoggedTick(at_s + 1, at_s + 1, origin, {TOPIC: 1})))
    return records


@pytest.fixture
def installation(broker: Broker) -> Iterator[Installation]:
    made = Installation(broker.bootstrap)
    yield made
    made.close()


def _shown(worker: Worker) -> tuple[set[str], set[str]]:
    """The truces, and the partitions of the log, that any series of its page names."""
    with urllib.request.urlopen(worker.metrics_url() or "", timeout=10) as page:
        series = [line for line in page.read().decode().splitlines() if not line.startswith("#")]
    of_the_log = [line for line in series if TOPIC not in line]
    return (
        {found for line in series for found in re.findall(r'truce="([^"]+)"', line)},
        {found for line in of_the_log for found in re.findall(r'partition="(\d+)"', line)},
    )


def _taken(worker: Worker) -> dict[str, float]:
    with urllib.request.urlopen(worker.metrics_url() or "", timeout=10) as page:
        found = re.findall(r'^truce_reports_taken\{truce="([^"]+)"\} (\S+)$', page.read().decode(), re.MULTILINE)
    return {truce: float(count) for truce, count in found}


def test_series_of_a_partition_that_is_given_away_go_with_it_and_come_back(installation: Installation) -> None:
    everything = {terms.truce.id for terms in TRUCES.values()}, {"0", "1"}
    for partition, terms in TRUCES.items():
        installation.publish(LOCATED, partition, [record_of(terms), *_hours(terms, 0, 6)])
    first = installation.worker("--only", "monitor", state=REAL)
    wait_until(lambda: first.metrics_url() is not None, "the first serves its page", timeout_s=60)
    wait_until(lambda: _shown(first) == everything, "the first shows both truces", timeout_s=60)
    second = installation.worker("--only", "monitor", state=REAL)
    wait_until(lambda: second.metrics_url() is not None, "the second serves its page", timeout_s=60)

    def each_has_its_own() -> bool:
        """A truce each, of the partition that it names, and nothing of the other's."""
        shown = [_shown(first), _shown(second)]
        apart = [len(truces) for truces, _ in shown] == [1, 1] and shown[0][0] | shown[1][0] == everything[0]
        return apart and all(truces == {f"truce-{number}" for number in numbers} for truces, numbers in shown)

    wait_until(each_has_its_own, "each shows one truce and one partition", timeout_s=60)
    (here, _), (there, _) = _shown(first), _shown(second)
    # What happens now is told by its owner alone.
    for partition, terms in TRUCES.items():
        installation.publish(LOCATED, partition, _hours(terms, 6, 9))
    wait_until(lambda: _taken(first) | _taken(second) == dict.fromkeys(everything[0], 9.0), "both go on", timeout_s=60)
    assert _taken(first).keys() == here
    assert _taken(second).keys() == there
    assert each_has_its_own()
    assert second.stop() == 0
    wait_until(lambda: _shown(first) == everything, "the first shows both again", timeout_s=60)
    assert _taken(first) == dict.fromkeys(everything[0], 9.0)
