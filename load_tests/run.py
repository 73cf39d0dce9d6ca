"""Measure the worker on the canonical workload, and beside it, on the same topic in the same run, the program to beat.

    uv run python load_tests/run.py --peer --reports 400000

Starts the embedded broker in a temporary folder, fills the report topic, runs the worker over it, then the peer, then
has `judge.py` recompute everything from the topics: only a right answer has a rate. The last line is `ratio R`, in messages
read a second, ours over the peer's.
"""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import click
import orjson
from rich.console import Console

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from load_tests import peer
from load_tests.generate import messages_of, truces
from load_tests.judge import KafkaTopics, judge
from load_tests.loading import fill, publish_terms
from load_tests.working import Measured, cpu_s, work_off
from schemas.topics import DAYS, EVIDENCE, INCIDENTS, LEVELS, LOCATED, PHASES
from streams import clients
from streams.broker import Broker
from streams.core.intake import Intake
from streams.core.terms import Terms
from streams.settings import Settings
from streams.topics import check_topics

RESULTS = Path(__file__).parent / "results"
LAYOUTS = ("two", "apart")
WRITTEN = (LOCATED, INCIDENTS, EVIDENCE, DAYS, LEVELS, PHASES)
COLUMNS = ("", "messages/s", "CPU s", "broker CPU s", "peak MB", "seconds")


@click.command()
@click.option("--reports", default=400_000, type=click.IntRange(min=1), help="Messages of the workload.")
@click.option("--truces", "count", default=1, type=click.IntRange(min=1, max=64), help="One is the hard case: it is one core's.")
@click.option("--partitions", default=4, type=click.IntRange(min=1), help="Of the report topic.")
@click.option("--layout", default="two", type=click.Choice(LAYOUTS), help="`truce worker`, or its halves started apart.")
@click.option("--peer", "with_peer", is_flag=True, help="Run the Kafka Streams peer on the same topic.")
@click.option("--threads", default=2, help="Of the peer.")
@click.option("--repeat", default=1, type=click.IntRange(min=1), help="So often ours, then the peer; the median counts.")
@click.option("--seed", default=1, help="Of the workload.")
@click.option("--check/--no-check", default=True, help="Let the judge look at the run. Without it there is no ratio.")
@click.option("--save/--no-save", default=False, help="Keep the result, dated, in load_tests/results.")
def main(
    reports: int,
    count: int,
    partitions: int,
    layout: str,
    with_peer: bool,
    threads: int,
    repeat: int,
    seed: int,
    check: bool,
    save: bool,
) -> None:
    """Measure the worker, and the peer beside it."""
    told_of = truces(count)
    result: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": _machine(), "reports": reports}
    result |= {"truces": count, "partitions": partitions, "layout": layout, "seed": seed, "runs": []}
    for _ in range(repeat):
        result["runs"].append(_run(told_of, reports, partitions, layout, with_peer, threads, seed, check))
    _show(result)
    if save:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{result['at'][:16].replace(':', '')}-{reports}-{layout}.json"
        path.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
        click.echo(f"kept in {path.relative_to(RESULTS.parent.parent)}")
    wrong = [line for run in result["runs"] for line in run["differences"]]
    for line in wrong:
        click.echo(f"wrong answer: {line}", err=True)
    if wrong:
        sys.exit(1)
    if with_peer and check:
        click.echo(f"ratio {median(run['ours']['rate'] / run['peer']['rate'] for run in result['runs']):.2f}")


def _run(
    told_of: Sequence[Terms],
    reports: int,
    partitions: int,
    layout: str,
    with_peer: bool,
    threads: int,
    seed: int,
    check: bool,
) -> dict[str, Any]:
    """Ours, then the peer, on one topic of one fresh broker; then the judge."""
    with Broker() as broker:
        log_partitions = max(1, len(told_of))
        settings = Settings(bootstrap=broker.bootstrap, log_partitions=log_partitions)
        topics = {terms.truce.topics[0]: partitions for terms in told_of}
        with clients.admin(settings) as client:
            check_topics(client, log_partitions, topics, create=True)
        publish_terms(settings, told_of)
        total = 0
        for number, terms in enumerate(told_of):
            told = messages_of(number, len(told_of), reports, seed)
            total += fill(settings.aiokafka(), terms.truce.topics[0], partitions, told, [terms])
        click.echo(f"{total:,} messages on {', '.join(topics)}, ticks included", err=True)
        ours = work_off(settings, broker, total, layout)
        _tell("ours", ours)
        run: dict[str, Any] = {"ours": ours._asdict(), "differences": []}
        if with_peer:
            run["peer"] = _peer(settings, broker, told_of, total, threads)
        if check:
            topics = KafkaTopics(settings)
            verdict = judge(topics, lambda: Intake(settings.source_topics, settings.clock_skew_max_s))
            verdict.show(Console(stderr=True, width=120))
            run["differences"] = verdict.told()
            run["bytes_published"] = {
                topic: sum(len(record.value or b"") for record in topics.records(topic)) for topic in WRITTEN
            }
    return run


def _peer(settings: Settings, broker: Broker, told_of: Sequence[Terms], total: int, threads: int) -> dict[str, Any]:
    if len(told_of) > 1:
        raise click.UsageError("the peer reads one topic: --peer goes with one truce")
    before = cpu_s(broker.pid)
    try:
        ran = peer.run(settings.bootstrap, told_of[0].truce.topics[0], total, threads)
    except peer.PeerProblem as problem:
        raise click.ClickException(str(problem)) from None
    measured = Measured(
        ran.rate, total / ran.rate, ran.cpu_s, cpu_s(broker.pid) - before, {"peer": ran.cpu_s}, {"peer": ran.memory_bytes}
    )
    _tell("peer", measured)
    return measured._asdict()


def _tell(who: str, measured: Measured) -> None:
    click.echo(f"{who}: {measured.rate:,.0f} messages/s in {measured.seconds:.1f} s", err=True)


def _show(result: dict[str, Any]) -> None:
    click.echo(f"{result['machine']['cpu']}, {result['machine']['cores']} cores; {result['reports']:,} reports")
    click.echo("".join(f"{column:>16}" for column in COLUMNS))
    for run in result["runs"]:
        for who in ("ours", "peer"):
            if who in run:
                one = Measured(**run[who])
                memory = sum(one.memory_bytes.values()) / 1e6
                cells = (
                    who,
                    f"{one.rate:,.0f}",
                    f"{one.cpu_s:.1f}",
                    f"{one.broker_cpu_s:.1f}",
                    f"{memory:,.0f}",
                    f"{one.seconds:.1f}",
                )
                click.echo("".join(f"{cell:>16}" for cell in cells))
                if who == "ours":
                    for name, spent in one.cpu_by_process.items():
                        click.echo(f"{name:>16}{'':>16}{spent:>16.1f}{'':>16}{one.memory_bytes[name] / 1e6:>16,.0f}")


def _machine() -> dict[str, Any]:
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "versions": {name: version(name) for name in ("faust-streaming", "aiokafka", "msgspec", "orjson", "truce-monitor")},
    }


if __name__ == "__main__":
    main()
