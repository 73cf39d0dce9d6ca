"""A drill: a healthy worker raises nothing; killed, stopped and starved by hand it raises the right alert, in time.

By default the waits of the alerts are divided by twenty, and so are the worker's own. DRILL_HASTE=1 keeps the real ones
(it takes ten minutes); `-s` prints how long each alert took.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_prometheus import LIVE_TOPIC, live_reports, live_terms
from watching import Prometheus, needs_prometheus, seconds
from worker.harness import Installation, Worker, wait_until
from worker.terms_of_test import record_of

from schemas.topics import LOCATED, TERMS
from streams.broker import QUICK_JVM_FLAGS, Broker

pytestmark = needs_prometheus

REAL = "streams.core.partition:LogPartition"
HASTE = float(os.environ.get("DRILL_HASTE", "20"))
TICK_S = 60 if HASTE == 1 else 1
STUCK_AFTER_S = max(12, round(120 / HASTE))
SLACK_S = 12.0
"""For scrapes and evaluations, a session that must expire, and a busy machine."""


class Drill:
    """An installation with one live truce, the two stages in processes of their own, and a Prometheus."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.truce = Installation(broker.bootstrap, reports={LIVE_TOPIC: 1})
        self.prometheus = Prometheus(folder, HASTE)
        terms = live_terms()
        for topic in (LOCATED, TERMS):
            self.truce.publish(topic, 0, [record_of(terms)], key=terms.truce.id.encode())
        self.truce.publish(LIVE_TOPIC, 0, live_reports(terms)[:-2])
        self.workers = {stage: self.start(stage) for stage in ("intake", "monitor")}

    def start(self, stage: str) -> Worker:
        settings = {"tick_s": TICK_S, "stuck_after_s": STUCK_AFTER_S, "metrics_targets": self.prometheus.targets}
        return self.truce.worker("--only", stage, state=REAL, **settings)

    def waits_s(self, alert: str) -> float:
        rules = [rule for group in self.prometheus.rules["groups"] for rule in group["rules"]]
        return next(seconds(rule["for"]) for rule in rules if rule["alert"] == alert)

    def is_raised(self, alert: str, condition_s: float, what: str) -> None:
        """Within the time it states, behind `condition_s`, after which what it is about is so."""
        began_s = time.monotonic()
        within_s = condition_s + self.waits_s(alert) + SLACK_S
        wait_until(lambda: alert in self.prometheus.alerts(), f"{alert} after {what}", within_s, pause_s=0.2)
        print(f"\n  {what}: {alert} after {time.monotonic() - began_s:.1f} s, of at most {within_s:.1f} s", end="")

    def is_calm(self) -> None:
        wait_until(
            lambda: not self.prometheus.ask("ALERTS"), f"no alert: {self.prometheus.ask('ALERTS')}", 180 if HASTE == 1 else 60
        )

    def close(self) -> None:
        for worker in self.workers.values():
            worker.process.send_signal(signal.SIGCONT)
        self.truce.close()
        self.prometheus.close()


@pytest.fixture(scope="module")
def own_broker() -> Iterator[Broker]:
    with Broker(jvm_flags=QUICK_JVM_FLAGS) as running:
        yield running


@pytest.fixture(scope="module")
def drill(own_broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    ready = Drill(own_broker, tmp_path_factory.mktemp("drill"))
    wait_until(lambda: ready.prometheus.value('time() - truce_clock_timestamp_seconds{truce="live"}'), "the truce has a time", 90)
    yield ready
    ready.close()


def test_a_healthy_quiet_truce_raises_nothing_at_all(drill: Drill) -> None:
    drill.is_calm()
    deadline = time.monotonic() + 5 * TICK_S + 3
    while time.monotonic() < deadline:
        assert drill.prometheus.ask("ALERTS") == []  # not even one that waits
        time.sleep(0.5)


def test_a_killed_monitor(drill: Drill) -> None:
    drill.workers["monitor"].kill()
    drill.is_raised("TruceStageMissing", 1, "monitor killed")
    drill.is_raised("TruceTargetDown", 1, "monitor killed")
    drill.workers["monitor"] = drill.start("monitor")
    drill.is_calm()


def test_a_stopped_monitor(drill: Drill) -> None:
    drill.workers["monitor"].process.send_signal(signal.SIGSTOP)
    drill.is_raised("TruceStageMissing", 2, "monitor stopped")
    # It was away for longer than its session: it may find itself fenced, and ends. Whatever starts workers starts it again.
    drill.workers["monitor"].process.send_signal(signal.SIGCONT)
    drill.workers["monitor"].kill()
    drill.workers["monitor"] = drill.start("monitor")
    drill.is_calm()


def test_a_monitor_that_no_tick_reaches(drill: Drill) -> None:
    drill.workers["intake"].kill()
    drill.is_raised("TruceClockWaiting", 5 * TICK_S, "no intake, so no ticks")
    assert "TruceStageMissing" in drill.prometheus.alerts()
    drill.workers["intake"] = drill.start("intake")
    drill.is_calm()


def test_workers_without_a_broker(drill: Drill, own_broker: Broker) -> None:
    own_broker.stop()
    drill.is_raised("TruceStuck", STUCK_AFTER_S / 2 + 5, "broker stopped")
    assert drill.workers["monitor"].ended(STUCK_AFTER_S + 30) != 0
