"""A drill: a healthy worker raises nothing; killed, stopped and starved by hand it raises the right alert, in time.

By default the waits of the alerts are divided by ten, and so are the worker's own. DRILL_HASTE=1 keeps the real ones, scrapes
and evaluations of `docker/prometheus/prometheus.yaml` among them (it takes a quarter of an hour, and wants a machine that does
nothing else); `-s` prints how long each alert took.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from test_prometheus import LIVE_TOPIC, live_reports, live_terms
from watching import Prometheus, needs_prometheus, seconds
from worker.harness import Installation, Worker, wait_until
from worker.terms_of_test import record_of

from schemas.topics import LOCATED, TERMS
from streams.broker import QUICK_JVM_FLAGS, Broker

REAL = "streams.core.partition:LogPartition"
HASTE = float(os.environ.get("DRILL_HASTE", "10"))
TICK_S = round(60 / HASTE / 2) if HASTE > 1 else 60
STUCK_AFTER_S = max(24, round(120 / HASTE))
STATED_S = 30
"""What the README says a scrape and an evaluation take together."""
SLACK_S = STATED_S if HASTE == 1 else 60
"""In haste this is not about time: how long anything takes says nothing where others use the machine too."""
CALM_S = 240 if HASTE == 1 else 120

pytestmark = [needs_prometheus, pytest.mark.timeout(900 if HASTE == 1 else 400)]


class Drill:
    """An installation with one live truce, the two stages in processes of their own, and a Prometheus."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.truce = Installation(broker.bootstrap, reports={LIVE_TOPIC: 1})
        self.prometheus = Prometheus(folder, HASTE)
        self.workers: dict[str, Worker] = {}

    def begin(self) -> None:
        terms = live_terms()
        for topic in (LOCATED, TERMS):
            self.truce.publish(topic, 0, [record_of(terms)], key=terms.truce.id.encode())
        self.truce.publish(LIVE_TOPIC, 0, live_reports(terms)[:-2])
        for stage in ("intake", "monitor"):
            self.start(stage)
        wait_until(lambda: self.prometheus.value('truce_clock_timestamp_seconds{truce="live"}'), "the truce has a time", 120)
        # Until it has seen both at work it may yet say that one is missing, rightly.
        both = "count(sum by (stage) (truce_partitions_assigned) > 0) == 2"
        wait_until(lambda: self.prometheus.value(both), "both stages are seen at work", 120)

    def start(self, stage: str) -> None:
        settings = {"tick_s": TICK_S, "stuck_after_s": STUCK_AFTER_S, "metrics_targets": self.prometheus.targets}
        self.workers[stage] = self.truce.worker("--only", stage, state=REAL, **settings)

    def is_raised(self, alert: str, began_s: float, condition_s: float, what: str) -> None:
        """Within the time it states, behind `condition_s` after `began_s`, when what it is about is so."""
        within_s = condition_s + self._waits_s(alert) + SLACK_S
        left_s = began_s + within_s - time.time()
        wait_until(lambda: alert in self.prometheus.raised_since(began_s), f"{alert} after {what}", left_s, pause_s=0.2)
        print(f"\n  {what}: {alert} after {time.time() - began_s:.1f} s, of at most {within_s:.1f} s", end="")

    def is_calm(self) -> None:
        try:
            wait_until(lambda: not self.prometheus.alerts(), "no alert", CALM_S)
        except AssertionError as fault:
            raise AssertionError(f"{fault}, but {self.prometheus.alerts()}") from None

    def _waits_s(self, alert: str) -> float:
        rules = [rule for group in self.prometheus.rules["groups"] for rule in group["rules"]]
        return next(seconds(rule["for"]) for rule in rules if rule["alert"] == alert)

    def close(self) -> None:
        for worker in self.workers.values():
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGCONT)
        self.truce.close()
        self.prometheus.close()


@pytest.fixture(scope="module")
def own_broker() -> Iterator[Broker]:
    with Broker(jvm_flags=QUICK_JVM_FLAGS) as running:
        yield running


@pytest.fixture(scope="module")
def drill(own_broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    with closing(Drill(own_broker, tmp_path_factory.mktemp("drill"))) as ready:
        ready.begin()
        yield ready


def test_a_healthy_quiet_truce_raises_nothing_at_all(drill: Drill) -> None:
    drill.is_calm()
    calm_since_s = time.time()
    time.sleep(5 * TICK_S + 3)
    assert drill.prometheus.raised_since(calm_since_s) == set()


def test_a_killed_monitor(drill: Drill) -> None:
    began_s = time.time()
    drill.workers["monitor"].kill()
    drill.is_raised("TruceStageMissing", began_s, 0, "monitor killed")
    drill.is_raised("TruceTargetDown", began_s, 0, "monitor killed")
    drill.start("monitor")
    drill.is_calm()


def test_a_stopped_monitor(drill: Drill) -> None:
    began_s = time.time()
    drill.workers["monitor"].process.send_signal(signal.SIGSTOP)
    # It still takes connections: a scrape of it ends by its timeout only.
    drill.is_raised("TruceStageMissing", began_s, drill.prometheus.scrape_s, "monitor stopped")
    # It was away for longer than its session: it may find itself fenced, and ends. Whatever starts workers starts it again.
    drill.workers["monitor"].process.send_signal(signal.SIGCONT)
    drill.workers["monitor"].kill()
    drill.start("monitor")
    drill.is_calm()


def test_a_monitor_that_no_tick_reaches(drill: Drill) -> None:
    began_s = time.time()
    drill.workers["intake"].kill()
    drill.is_raised("TruceClockWaiting", began_s, 5 * TICK_S, "no intake, so no ticks")
    assert "TruceStageMissing" in drill.prometheus.raised_since(began_s)
    drill.start("intake")
    drill.is_calm()


def test_workers_without_a_broker(drill: Drill, own_broker: Broker) -> None:
    began_s = time.time()
    own_broker.stop()
    drill.is_raised("TruceStuck", began_s, STUCK_AFTER_S / 2 + 5, "broker stopped")
    assert drill.workers["monitor"].ended(STUCK_AFTER_S + 60) != 0
