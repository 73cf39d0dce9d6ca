"""What the metrics cost, in instructions: a fixed run with them and without, which differ by nothing else.

    uv run python load_tests/instructions.py --reports 3000

Times of whole runs scatter by several hundredths on a machine that others use, and what is looked for is smaller than that.
Valgrind counts every instruction instead, so that two runs without metrics differ by almost nothing. Each run gives the
canonical workload, chunk by chunk, to the shells of the intake and the monitor in one process, with nothing in the place of
Kafka: the work of the clients is not in it, so that the share of the metrics in a real worker is smaller. Time stands still
in it, because what is done by the time would differ from run to run; looking at the state, which the worker holds to a
five-hundredth of the time by itself, is therefore not in it either, and is added as that.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
from faust.types import TP

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from load_tests.generate import TERMS_FILE, messages
from load_tests.keeping import keep, machine
from load_tests.metering import SCRAPE_S, as_of_a_live_topic, made_bare
from streams import metrics
from streams.core.clock import SimulatedTime
from streams.core.intake import RECEIVED_AT_HEADER, Intake, terms_record, tick_value
from streams.core.partition import LogPartition
from streams.core.terms import load
from streams.metrics import pages
from streams.settings import Settings
from streams.worker import intake_app, partition_owner
from streams.worker.chunks import Chunk
from streams.worker.intake_app import IntakeShell
from streams.worker.partition_owner import VITALS_SHARE, PartitionOwner
from streams.worker.progress import Progress

TOPIC = "reports.simulated.load"
APPENDED_S = 1_480_000_000
PAGES = 20
COUNT = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


@click.command()
@click.option("--reports", default=3_000, type=click.IntRange(min=1), help="Messages of the workload.")
@click.option("--chunk", default=500, type=click.IntRange(min=1), help="Messages of a chunk, and records of a transaction.")
@click.option("--write", is_flag=True, help="Keep the result, dated, in load_tests/results.")
@click.option("--as", "how", type=click.Choice(["nothing", "bare", "metered", "asked"]), hidden=True)
def main(reports: int, chunk: int, write: bool, how: str | None) -> None:
    """Count what the metrics cost."""
    if how is not None:
        click.echo(json.dumps(asyncio.run(_run(reports, chunk, how))))
        return
    if shutil.which(COUNT[0]) is None:
        raise click.ClickException("there is no valgrind here: apt-get install valgrind")
    cpu_s = _said(_child(reports, chunk, "bare"))["cpu_s"]
    counted = [(how, _instructions(reports, chunk, how)) for how in ("nothing", "bare", "bare", "metered", "asked")]
    (_, nothing), (_, bare), (_, again), (_, metered), (_, asked) = counted
    work, page = bare - nothing, (asked - metered) / PAGES
    counting, looking, asking = (metered - bare) / work, 1 / VITALS_SHARE, page / (work / cpu_s * SCRAPE_S)
    rows = ["| run | instructions, millions |", "|---|---|"]
    rows += [f"| {how} | {instructions / 1e6:,.1f} |" for how, instructions in counted]
    rows += [
        "",
        f"The work is {work / 1e6:,.0f} million instructions, {work / reports:,.0f} a report; two runs without metrics differ by "
        f"{abs(again - bare) / work:.3%} of it.",
        "",
        f"- Counting adds {counting:.3%}.",
        f"- Looking at the state is held to {looking:.2%} of the time.",
        f"- A page costs {page / 1e6:.1f} million; asked for every {SCRAPE_S} s at full throughput that is {asking:.2%}.",
        f"- Together **{counting + looking + asking:.2%}**.",
        "",
        f"{reports:,} reports, {chunk} a chunk; {machine()}",
    ]
    click.echo("\n".join(rows))
    if write:
        click.echo(f"kept in {keep('instructions', 'What the metrics cost, in instructions', rows)}")


def _child(reports: int, chunk: int, how: str, *before: str) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, __file__, "--reports", str(reports), "--chunk", str(chunk), "--as", how]
    # The order of sets follows the seed of the hashes, and with it the number of instructions.
    return subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True)


def _said(child: subprocess.CompletedProcess[str]) -> dict[str, float]:
    return json.loads(child.stdout.splitlines()[-1])


def _instructions(reports: int, chunk: int, how: str) -> int:
    found = re.search(r"I\s+refs:\s+([\d,]+)", _child(reports, chunk, how, *COUNT).stderr)
    if found is None:
        raise click.ClickException("valgrind did not say how many instructions it saw")
    counted = int(found[1].replace(",", ""))
    click.echo(f"{how}: {counted / 1e6:,.1f} million", err=True)
    return counted


# -- the run itself ------------------------------------------------------------------------------------------------------


async def _run(reports: int, chunk: int, how: str) -> dict[str, float]:
    """Prepare everything; then work, unless `how` is `nothing`. `asked`: metered, and pages are asked for at the end."""
    terms = load(TERMS_FILE)
    metrics.log_written = as_of_a_live_topic(metrics.log_written)
    if how == "bare":
        made_bare()
    intake_app.time = partition_owner.time = SimpleNamespace(monotonic=lambda: 0.0)
    PartitionOwner._look_at_vitals = PartitionOwner._collect = lambda _: None
    intake = Intake()
    intake.follow(terms_record(terms))
    first, monitor = _Intake(intake), _monitor()
    incoming = list(_incoming(terms, reports))
    chunks = [Chunk(TP(TOPIC, 0), incoming[at : at + chunk]) for at in range(0, len(incoming), chunk)]
    offsets = count(1)
    if how != "nothing":
        metrics.started("monitor", "", 60, 60)
        metrics.STANDING.stage, metrics.STANDING.progress, metrics.STANDING.owners = (
            "monitor",
            monitor._progress,
            lambda: [monitor],
        )
        monitor._state.apply(0, terms_record(terms), terms.truce.id.encode())
        began_s = time.process_time()
        for one in chunks:
            await first.work(one)
            await monitor._take([_record(next(offsets), entry.key, entry.value, APPENDED_S) for entry in first.written])
            await monitor._work(to_the_end=True)
        taken_s = time.process_time() - began_s
        if how == "asked":
            monitor._vitals = monitor._state.vitals()
            for _ in range(PAGES):
                pages.generate_latest(metrics.REGISTRY)
        return {"cpu_s": taken_s}
    return {"cpu_s": 0.0}


def _incoming(terms: Any, reports: int) -> Iterator[Any]:
    """The workload, with a tick every hour, as records of its topic."""
    clock, offsets = SimulatedTime([terms]), count()
    for told in messages(reports):
        for at_s in clock.until(told.received_at):
            yield _record(next(offsets), None, tick_value(at_s, {TOPIC: 1}), at_s)
        headers = [(RECEIVED_AT_HEADER, str(told.received_at).encode())]
        yield _record(next(offsets), None, told.value, told.received_at, headers)


def _record(offset: int, key: bytes | None, value: bytes, at_s: int, headers: Iterable[Any] = ()) -> Any:
    timestamp = at_s * 1_000
    return SimpleNamespace(topic=TOPIC, partition=0, offset=offset, key=key, value=value, timestamp=timestamp, headers=headers)


class _Intake(IntakeShell):
    """Without Kafka: what it would write is in `written`."""

    def __init__(self, intake: Intake) -> None:
        self.intake, self.progress, self.written = intake, Progress(60), []
        self._refused, self._raised, self._next_at = [], 0, 0.0
        self.app = SimpleNamespace(consumer=SimpleNamespace(acknowledge=lambda _: None, ledger=SimpleNamespace(next_small=list)))
        cluster = SimpleNamespace(partitions_for_topic=lambda _: {0})
        self._producer = SimpleNamespace(client=SimpleNamespace(cluster=cluster))
        intake_app.send_all, intake_app.PACE_S = self._keep, 0.0

    async def _follow_terms(self) -> None:
        return

    async def _log_partitions(self) -> int:
        return 1

    async def _keep(self, _: Any, outgoing: Mapping[Any, list[Any]]) -> None:
        self.written = [entry for tp, entries in outgoing.items() if tp.topic == intake_app.LOCATED for entry in entries]


class _Writer:
    """In the place of the transactions."""

    async def commit(self, facts: Iterable[Any], *_: Any) -> dict[str, int]:
        counts: dict[str, int] = {}
        for fact in facts:
            counts[fact.topic] = counts.get(fact.topic, 0) + 1
        return counts


def _monitor() -> PartitionOwner:
    owner = PartitionOwner(0, Settings().aiokafka(), "counted", LogPartition, Progress(60), lambda _: None)
    owner._state, owner._writer = LogPartition.restore(0, {}), _Writer()
    return owner


if __name__ == "__main__":
    main()
