"""What the metrics cost: their share of the processor time of a worker at full throughput.

    uv run python load_tests/metering.py --reports 20000 --pairs 3

Runs the worker over the canonical workload, again and again on fresh brokers: metered, with the processor time of everything
that is there for the metrics added up (counting, looking at the state, the pages, asked for as often as by Prometheus), and
bare, with nothing in its place. The metered share is what those functions took, measuring included;
whole runs side by side scatter by several hundredths on a machine that others use, too much to confirm or refute it:
`instructions.py` counts what does not scatter.
"""

import json
import os
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from load_tests.generate import TERMS_FILE, messages
from load_tests.keeping import keep, machine
from load_tests.loading import fill, publish_terms
from load_tests.working import Measured, work_off
from streams import clients, metrics
from streams.broker import Broker
from streams.core.terms import load
from streams.metrics import happenings, pages
from streams.settings import Settings
from streams.topics import check_topics

INTO = "METERED_INTO"
"""The folder for what the processes of the worker say; `METERED_AS` is `metered` or `bare`."""
SCRAPE_S = 15
"""As often as `docker/prometheus/prometheus.yaml` asks."""


@click.command()
@click.option("--reports", default=20_000, type=click.IntRange(min=1), help="Messages of the workload.")
@click.option("--pairs", default=3, type=click.IntRange(min=1), help="Metered and bare runs, in turn.")
@click.option("--write", is_flag=True, help="Keep the result, dated, in load_tests/results.")
def main(reports: int, pairs: int, write: bool) -> None:
    """Measure what the metrics cost."""
    shares: list[float] = []
    ratios: list[float] = []
    rows = ["| pair | metered, CPU s | counting | looking | pages | share | bare, CPU s |", "|---|---|---|---|---|---|---|"]
    for number in range(1, pairs + 1):
        metered, spent_s = _run(reports, "metered")
        bare, _ = _run(reports, "bare")
        shares.append(sum(spent_s.values()) / metered.cpu_s)
        ratios.append(metered.cpu_s / bare.cpu_s)
        parts = " | ".join(f"{spent_s[part]:.3f}" for part in ("counting", "looking", "pages"))
        rows.append(f"| {number} | {metered.cpu_s:.2f} | {parts} | {shares[-1]:.2%} | {bare.cpu_s:.2f} |")
        click.echo(rows[-1], err=True)
    rows += ["", f"Share of the metrics: {min(shares):.2%} to {max(shares):.2%}. CPU of whole runs, metered over bare: "]
    rows[-1] += f"{min(ratios):.3f} to {max(ratios):.3f}."
    rows += [f"{reports:,} reports; {machine()}"]
    click.echo("\n".join(rows))
    if write:
        click.echo(f"kept in {keep('metering', 'What the metrics cost', rows)}")


def _run(reports: int, how: str) -> tuple[Measured, Counter[str]]:
    """A worker over the workload, and the seconds of its processes that went into the metrics, by what for."""
    terms = load(TERMS_FILE)
    with Broker() as broker, tempfile.TemporaryDirectory() as folder:
        settings = Settings(bootstrap=broker.bootstrap, log_partitions=1)
        (topic,) = terms.truce.topics
        with clients.admin(settings) as client:
            check_topics(client, 1, {topic: 4}, create=True)
        publish_terms(settings, [terms])
        total = fill(settings.aiokafka(), topic, 4, messages(reports, 1), [terms])
        os.environ |= {INTO: folder, "METERED_AS": how, "TRUCE_METRICS_TARGETS": f"{folder}/targets"}
        with _scraped(Path(folder) / "targets"):
            measured = work_off(settings, broker, total, "apart", (__file__, "--worker"))
        spent_s: Counter[str] = Counter()
        for path in Path(folder).glob("spent-*.json"):
            spent_s.update(json.loads(path.read_text()))
    return measured, spent_s


@contextmanager
def _scraped(targets: Path) -> Iterator[None]:
    """Ask every process for its page, as Prometheus would."""
    over = threading.Event()

    def scrape() -> None:
        while not over.wait(SCRAPE_S):
            for path in targets.glob("truce-*.json"):
                (target,) = json.loads(path.read_text())[0]["targets"]
                with urllib.request.urlopen(f"http://{target}/metrics", timeout=30) as page:
                    page.read()

    scraper = threading.Thread(target=scrape, daemon=True)
    scraper.start()
    yield
    over.set()
    scraper.join(60)


# -- inside the processes of the worker ----------------------------------------------------------------------------------


class Meter:
    """Adds up the processor time of functions, which all run in the thread of the loop."""

    def __init__(self) -> None:
        self.spent_s: Counter[str] = Counter()
        self._inside = False

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def metered(*arguments: Any, **named: Any) -> Any:
            if self._inside:
                return function(*arguments, **named)
            self._inside, began_s = True, time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                self.spent_s[part] += time.thread_time() - began_s
                self._inside = False

        return metered


def worker() -> None:
    """`truce worker` with everything that is there for the metrics metered, or gone."""
    meter = Meter()
    metrics.log_written = as_of_a_live_topic(metrics.log_written)
    if os.environ["METERED_AS"] == "bare":
        made_bare()
    else:
        for part, owner, name in _places():
            setattr(owner, name, meter.around(part, getattr(owner, name)))
    threading.Thread(target=_say, args=(meter,), daemon=True).start()
    from streams.cli import main as program

    program()


def made_bare() -> None:
    """Nothing in the place of everything that is there for the metrics."""
    for _, owner, name in _places():
        answer = b"" if name == "generate_latest" else None
        setattr(owner, name, lambda *_, said=answer, **__: said)


def _places() -> list[tuple[str, Any, str]]:
    """What for, whose, and the name of every function that is there for the metrics."""
    from streams.worker.intake_app import IntakeShell
    from streams.worker.partition_owner import PartitionOwner

    places: list[tuple[str, Any, str]] = []
    places += [("counting", metrics, name) for name in happenings.__all__ if name not in ("started", "reason_of")]
    places += [("counting", IntakeShell, "_count"), ("counting", PartitionOwner, "_count")]
    return [*places, ("looking", PartitionOwner, "_look_at_vitals"), ("pages", pages, "generate_latest")]


def as_of_a_live_topic(log_written: Callable[..., None]) -> Callable[..., None]:
    """The topic of the workload is simulated; on a live one the intake also tells the age of every report."""

    def counted(records: int, judge_s: float, write_s: float, _: object) -> None:
        log_written(records, judge_s, write_s, [round(time.time() * 1_000) - 10] * records)

    return counted


def _say(meter: Meter) -> None:
    path = Path(os.environ[INTO]) / f"spent-{os.getpid()}.json"
    while True:
        hidden = path.with_suffix(".new")
        hidden.write_text(json.dumps(meter.spent_s))
        hidden.rename(path)
        time.sleep(0.1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        del sys.argv[1]
        worker()
    else:
        main()
