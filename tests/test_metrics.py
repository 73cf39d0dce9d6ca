"""The table of metrics: what the README says of each, where it is registered, and what the pages make of it."""

import os
import re
import subprocess
import sys
import time
import timeit
from pathlib import Path

import orjson
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from streams.core.intake import RECEIVED_AT_HEADER, Incoming, Intake, terms_record
from streams.core.native import LIBRARY
from streams.metrics import families
from streams.metrics.ages import AgeHistogram
from streams.metrics.families import COMMON, OF_STAGE, SOURCE_CLASSES
from streams.metrics.pages import announced
from streams.metrics.standing import FAMILIES
from streams.scenarios import SCENARIOS, terms_of, topic_of

README = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")


def rows() -> list[str]:
    """A row of the README for every metric: its name as Prometheus has it, its labels, what it says."""
    counted = [collector for collectors in (COMMON, *OF_STAGE.values()) for collector in collectors]
    told = []
    for collector in counted:
        family = next(iter(collector.describe()))
        labels = ("stage",) if isinstance(collector, AgeHistogram) else collector._labelnames
        told.append((family.name + ("_total" if family.type == "counter" else ""), labels, family.documentation))
    told += [(name, labels, text) for name, (text, labels) in FAMILIES.items()]
    return [f"| `{name}` | {', '.join(labels)}{' ' if labels else ''}| {text} |" for name, labels, text in told]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.split("`")[1])
def test_every_metric_is_documented_as_it_is(row: str) -> None:
    assert row in README


def test_the_readme_documents_no_metric_that_is_not_there() -> None:
    documented = set(re.findall(r"^\| `(truce_[a-z_]+)` \|", README, re.MULTILINE))
    assert documented == {row.split("`")[1] for row in rows()}


def test_the_default_registry_of_the_library_is_left_as_it_is() -> None:
    code = (
        "import prometheus_client as p; before = list(p.REGISTRY._collector_to_names);"
        "import streams.metrics, streams.worker.process;"
        "assert list(p.REGISTRY._collector_to_names) == before"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_a_refusal_of_any_kind_is_there_with_zero_before_the_first() -> None:
    families.register("monitor")
    page = generate_latest(families.REGISTRY).decode()
    for source_class in SOURCE_CLASSES:
        wanted = f'truce_reports_rejected_total{{reason="limit_reached",source_class="{source_class}",stage="monitor"}} 0.0'
        assert wanted in page
    assert "truce_ticks_written" not in page  # what the intake counts is not shown as zero by the monitor


AGES_S = [0.0, 0.01, 0.05, 0.3, 0.9, 1.0, 1.5, 61.0, 4_000.0]


def test_ages_taken_as_a_batch_fall_into_the_buckets_that_one_by_one_would() -> None:
    histogram = AgeHistogram("age_seconds", "", ("monitor",), (0.05, 1, 60, 3_600))
    now_s = 1_790_000_000.0
    histogram.observe("monitor", [round((now_s - age) * 1_000) for age in reversed(AGES_S)], now_s)
    registry = CollectorRegistry()
    registry.register(histogram)
    for upper_s in (0.05, 1.0, 60.0, 3_600.0):
        wanted = sum(age <= upper_s for age in AGES_S)
        assert registry.get_sample_value("age_seconds_bucket", {"stage": "monitor", "le": str(upper_s)}) == wanted
    assert registry.get_sample_value("age_seconds_count", {"stage": "monitor"}) == len(AGES_S)
    assert registry.get_sample_value("age_seconds_sum", {"stage": "monitor"}) == pytest.approx(sum(AGES_S), abs=0.01)


def test_ages_of_a_batch_cost_less_than_a_hundredth_of_the_work_on_it() -> None:
    terms, arrivals = terms_of("as-agreed"), list(SCENARIOS["as-agreed"](1))[:300]
    intake = Intake()
    intake.follow(terms_record(terms))
    topic = topic_of("as-agreed")
    headers = [((RECEIVED_AT_HEADER, str(arrival.received_at).encode()),) for arrival in arrivals]
    messages = [
        Incoming(topic, 0, position, 0, None, arrival.value, header)
        for position, (arrival, header) in enumerate(zip(arrivals, headers, strict=True))
    ]
    histogram = AgeHistogram("age_seconds", "", ("monitor",), families.AGE_BUCKETS_S)
    now_s, count = time.time(), 8_000
    times = [round(now_s * 1_000) - position // 4 for position in range(count, 0, -1)]

    def judge() -> None:
        for message in messages:
            intake.take(message)

    # The intake alone is less than half of the work on a report; the quickest of several, because the machine is busy.
    judging_s = min(timeit.repeat(judge, number=1, repeat=7)) / len(messages)
    ages_s = min(timeit.repeat(lambda: histogram.observe("monitor", times, now_s), number=1, repeat=20)) / count
    assert ages_s < 0.02 * judging_s


def test_a_process_that_ends_takes_its_target_along_and_a_killed_one_leaves_it_to_the_next(tmp_path: Path) -> None:
    with announced(str(tmp_path), "intake", "127.0.0.1", 1234):
        (target,) = tmp_path.glob("*.json")
        assert orjson.loads(target.read_bytes()) == [{"targets": ["127.0.0.1:1234"], "labels": {"stage": "intake"}}]
        left = tmp_path / "truce-monitor-99999.json"
        left.write_bytes(b"[]")
        with announced(str(tmp_path), "monitor", "127.0.0.1", 1235):
            assert target.exists()  # somebody holds it
            assert not left.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", ["bare", "metered", "asked"])
def test_what_the_metrics_cost_can_be_counted(how: str) -> None:
    """The fixed run that valgrind counts; valgrind itself is asked by hand."""
    command = [sys.executable, "load_tests/instructions.py", "--as", how, "--reports", "60", "--chunk", "20"]
    ran = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    said = orjson.loads(ran.stdout.splitlines()[-1])
    assert said["cpu_s"] > 0


@pytest.mark.parametrize(("native", "said"), [("0", 1), ("1", 0 if LIBRARY else 1)])
def test_a_worker_without_the_native_part_says_so(native: str, said: int) -> None:
    start = "from streams import metrics; metrics.started('monitor', '', 60, 60)"
    done = subprocess.run(
        [sys.executable, "-c", start], capture_output=True, text=True, env=os.environ | {"TRUCE_NATIVE": native}, check=True
    )
    assert (done.stdout + done.stderr).count("without the native part") == said
