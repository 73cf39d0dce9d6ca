"""What is wrong in the log of one truce, on a real broker, with the real core: its neighbours go on, and so after a restart."""

import urllib.request
from collections.abc import Iterator

import msgspec
import pytest
from worker.harness import Installation, wait_until
from worker.terms_of_test import record_of, some_terms

from schemas.facts import Day, LocatedReport, LoggedTick, Origin, Rejected, TermsRecord
from schemas.topics import DAYS, LOCATED, REJECTED
from streams.broker import Broker
from streams.core.terms import HOUR, Terms, parse

REAL = "streams.core.partition:LogPartition"
TOPIC = "reports.simulated.neighbours"


def _terms(truce: str) -> Terms:
    values = some_terms(truce, d_hour="2026-01-01T00:00:00Z", simulated=True, topics=[TOPIC]).as_mapping()
    source = {"id": "watcher", "trusted": ["watch"], "zones": ["all"]}
    coverage = {"min_lineages": 1, "alive_gap_max_hours": 12}
    return parse(values | {"sources": [source], "coverage": coverage, "gate": {"tick_gap_max_hours": 6}})


HERE, THERE = _terms("here"), _terms("there")


@pytest.fixture
def installation(broker: Broker) -> Iterator[Installation]:
    made = Installation(broker.bootstrap)
    yield made
    made.close()


def _days(first: int, last: int) -> list[bytes]:
    """Watched and calm days of both truces, as the intake would write them."""
    records = []
    for number in range(first * 4, last * 4):
        at_s = HERE.d_hour_s + number * 6 * HOUR
        for truce in ("here", "there"):
            raw = msgspec.Raw(b'{"report_id":"a%d","source":"watcher","type":"alive"}' % number)
            records.append(msgspec.json.encode(LocatedReport(truce, at_s, Origin(TOPIC, 0, number), raw)))
        records.append(msgspec.json.encode(LoggedTick(at_s + 1, at_s + 1, Origin(TOPIC, 0, number), {TOPIC: 1})))
    return records


def _outcomes(installation: Installation, truce: str) -> list[str]:
    days = {}
    for record in installation.read(DAYS)[0]:
        day = msgspec.json.decode(record.value, type=Day)
        if (day.truce, day.zone) == (truce, "all") and day.day >= 0:
            days[day.day] = day.outcome
    return [days[number] for number in sorted(days)]


def test_garbage_unusable_terms_and_a_stranger_take_nobody_along(installation: Installation) -> None:
    unusable = msgspec.json.encode(TermsRecord("here", "", {"truce": {}}, HERE.d_hour_s))
    stranger = msgspec.structs.replace(msgspec.json.decode(_days(0, 1)[0], type=LocatedReport), truce="nobody-knows-it")
    no_time = msgspec.Raw(b'{"report_id":"1","source":"watcher","type":"violation"}')
    raises = msgspec.json.encode(LocatedReport("here", HERE.d_hour_s, Origin(TOPIC, 0, 1), no_time))
    installation.publish(LOCATED, 0, [record_of(HERE), record_of(THERE), *_days(0, 3)])
    installation.publish(LOCATED, 0, [b"garbage"], key=b"here")
    installation.publish(LOCATED, 0, [unusable, msgspec.json.encode(stranger), raises, *_days(3, 6)])
    worker = installation.worker("--only", "monitor", state=REAL)
    quiet = ["quiet"] * 4

    def decided() -> bool:
        return _outcomes(installation, "there")[:4] == quiet

    wait_until(decided, "the days of the neighbour", timeout_s=60)
    assert _outcomes(installation, "here")[:4] == ["unknown"] * 4
    bodies = [msgspec.json.decode(record.value, type=Rejected) for record in installation.read(REJECTED)[0]]
    assert {(str(body.origin), body.reason.value, body.truce) for body in bodies} == {
        ("truce.located/0/38", "internal_error", "here"),
        ("truce.located/0/39", "wrong_type", "here"),
        (f"{TOPIC}/0/1", "internal_error", "here"),
    }
    assert bodies[0].original == b"garbage"
    # A second life reads the same log, and goes on.
    assert worker.stop() == 0
    installation.publish(LOCATED, 0, _days(6, 8))
    worker = installation.worker("--only", "monitor", state=REAL)
    wait_until(lambda: _outcomes(installation, "there")[:6] == ["quiet"] * 6, "two more days", timeout_s=60)
    assert _outcomes(installation, "here")[:6] == ["unknown"] * 6
    assert len(installation.read(REJECTED)[0]) == len(bodies)
    assert worker.process.poll() is None


def test_a_truce_that_never_had_usable_terms_shows_on_the_metrics(installation: Installation) -> None:
    unusable = msgspec.json.encode(TermsRecord("here", "", {"truce": {}}, HERE.d_hour_s))
    installation.publish(LOCATED, 0, [unusable, record_of(THERE), *_days(0, 3)])
    worker = installation.worker("--only", "monitor", state=REAL)
    wait_until(lambda: _outcomes(installation, "there")[:1] == ["quiet"], "the first day of the neighbour", timeout_s=60)
    # It says so once what it decided is committed, which we may have read before.
    wait_until(lambda: "truce halted" in worker.said(), "it is told")
    assert "its terms cannot be used" in worker.said()
    with urllib.request.urlopen(worker.metrics_url() or "", timeout=10) as page:
        told = page.read().decode().splitlines()
    assert {line for line in told if line.startswith("truce_halted{")} == {
        'truce_halted{truce="here"} 1.0',
        'truce_halted{truce="there"} 0.0',
    }
    assert any(line.startswith('truce_phase{phase="in_force",truce="there"') for line in told)
    assert not any(line.startswith("truce_phase{") and 'truce="here"' in line for line in told)
