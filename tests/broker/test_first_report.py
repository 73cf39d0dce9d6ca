"""A report sent by hand: on a warm worker it shows within a second, and a broken one says which field is wrong."""

import json
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from commanding import a_file, outside, run
from worker.harness import Installation, wait_until

from streams.broker import Broker

REAL = "streams.core.partition:LogPartition"
TOPIC = "reports.field"
TERMS = Path(__file__).parents[2] / "streams" / "truces" / "demo-as-agreed.toml"
TRIES = 5


@pytest.fixture
def truce(broker: Broker) -> Iterator[Installation]:
    """The README's first truce, live, with a worker that has its terms."""
    installation = Installation(broker.bootstrap, reports={TOPIC: 1})
    d_hour = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    settings = ("truce.id=first", "truce.simulated=false", f'truce.topics=["{TOPIC}"]', f"truce.d_hour={d_hour.isoformat()}")
    made = run(broker, "terms", "publish", TERMS, *(part for value in settings for part in ("--set", value)))
    assert made.exit_code == 0, made.output
    installation.worker(state=REAL, instance_id="one")
    yield installation
    installation.close()


def a_report(number: int, **other: object) -> dict:
    """Each in a place of its own, so that each is an incident."""
    body = {"report_id": f"hand-{number}", "source": "Observatory", "type": "violation", "kind": "attack", "weapon": "mortar"}
    body |= {"occurred_at": datetime.now(UTC).isoformat(), "location": {"lat": 34.0 + number / 5, "lon": 37.0, "country": "SY"}}
    return body | other


class Followed:
    """Lines of `truce tail WHAT --json`, each with the moment at which it came."""

    def __init__(self, broker: Broker, what: str) -> None:
        self.process = outside(broker, "tail", what, "--json")
        self.lines: list[tuple[float, dict]] = []
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        for line in self.process.stdout:
            self.lines.append((time.time(), json.loads(line)))

    def first_at(self, number: int) -> float | None:
        """When the incident of this report was first shown: each has a latitude of its own."""
        lat = a_report(number)["location"]["lat"]
        return next((at for at, body in self.lines if abs(body.get("lat", 0) - lat) < 0.01), None)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_a_report_sent_by_hand_shows_within_a_second_and_a_broken_one_names_its_field(
    broker: Broker, truce: Installation, tmp_path: Path
) -> None:
    incidents, rejected = Followed(broker, "incidents"), Followed(broker, "rejected")
    try:
        # The first ones find out whether everybody is there.
        for warm in range(100, 130):
            truce.publish(TOPIC, 0, [json.dumps(a_report(warm)).encode()])
            truce.publish(TOPIC, 0, [b"{}"])
            if incidents.lines and rejected.lines:
                break
            time.sleep(0.5)
        wait_until(lambda: incidents.lines and rejected.lines, "a warm worker and two followers")
        time.sleep(1.5)
        shown = []
        for number in range(TRIES):
            sent = run(broker, "publish", a_file(tmp_path / f"{number}.jsonl", [a_report(number)]), "--format", "reports",
                       "--topic", TOPIC, "--as-fast")  # fmt: skip
            assert sent.exit_code == 0, sent.output
            shown.append(
                wait_until(lambda number=number: incidents.first_at(number), "the incident", timeout_s=10, pause_s=0.005)
            )
        # The broker stamps what is appended to a live topic.
        by_hand = [record for record in truce.read(TOPIC)[0] if b'"tick"' not in record.value[:8]]
        appended = [record.timestamp / 1_000 for record in by_hand[-TRIES:]]
        waited = [at - since for at, since in zip(shown, appended, strict=True)]
        print(f"shown {min(waited):.3f} to {max(waited):.3f} s after it was published, median {statistics.median(waited):.3f} s")
        # The slowest may meet a machine that is busy with something else.
        assert min(waited) > 0
        assert statistics.median(waited) < 1.0
        broken = [a_report(200, occurred_at="yesterday"), a_report(201, location="Kafr Zita"), a_report(202, weapon="sword")]
        seen = len(rejected.lines)
        for report in broken:
            truce.publish(TOPIC, 0, [json.dumps(report).encode()])
        wait_until(lambda: len(rejected.lines) >= seen + len(broken), "three rejections", pause_s=0.01)
        told = [(body["reason"], body["detail"].split(":")[0]) for _, body in rejected.lines[seen:]]
        assert told == [("wrong_type", "occurred_at"), ("wrong_type", "location"), ("unknown_kind", "weapon")]
    finally:
        incidents.close()
        rejected.close()
