"""Run the worker at a steady rate for an hour, and see whether memory, file handles and metric series stay flat.

    python load_tests/soak.py                       # an hour
    python load_tests/soak.py --minutes 5
    python load_tests/soak.py --write               # and keep the table in load_tests/results/

Two truces: a simulated one, of which a day passes every few seconds, so that days close and what is old leaves the state
as fast as new reports come in; and a live one, under a clock that ticks every second. After a warm-up each is to need no
more than it did. Ends with the judge. The exit code is 1 where something grew or the judge found something.
"""

import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

import click
import msgspec
import orjson

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from load_tests.bench import Installation, Worker, wait_until
from load_tests.keeping import keep, machine
from load_tests.simulation.story import D_HOUR_S, terms_of
from load_tests.trials.trial import judge_at_rest
from load_tests.verdict import Verdict
from schemas.topics import LOCATED, TERMS
from streams import clients
from streams.broker import QUICK_JVM_FLAGS, Broker
from streams.core.intake import RECEIVED_AT_HEADER, terms_record, tick_value
from streams.core.terms import DAY, HOUR, Terms, parse
from streams.settings import Settings

SIMULATED, LIVE = "reports.simulated.soak", "reports.soak"
PARTITIONS, LOG_PARTITIONS = 2, 2
STAGES = ("intake", "monitor")
WARM_SHARE = 1 / 3
"""So much of the time the program may take to come to its size; the same share at the end is held against what follows."""
MEMORY_GROWTH_MAX = 0.05
"""Of resident memory, from behind the warm-up to the end: what the allocator moves by, seen over several runs."""
HANDLES_GROWTH_MAX = 2
"""Connections come and go: a broker closes those that are idle."""
DRAIN_S_MAX = 300


class Sample(NamedTuple):
    """One process at one moment. `series`: lines of its metrics page."""

    at_s: float
    stage: str
    memory_bytes: int
    handles: int
    threads: int
    series: int


class Soaked(NamedTuple):
    samples: list[Sample]
    reports: int
    verdict: Verdict

    def wrong(self) -> list[str]:
        """What grew, and what the judge says; nothing where all is as it should be."""
        by_stage = ([one for one in self.samples if one.stage == stage] for stage in STAGES)
        return [*(line for samples in by_stage for line in grown(samples)), *self.verdict.told()]


@click.command()
@click.option("--minutes", default=60.0, show_default=True, help="How long.")
@click.option("--rate", default=20, show_default=True, help="Reports a second.")
@click.option("--day-seconds", default=20.0, show_default=True, help="How long a day of the simulated truce takes.")
@click.option("--seed", default=1, show_default=True, help="Of the reports.")
@click.option("--write", is_flag=True, help="Keep the table in load_tests/results/.")
def main(minutes: float, rate: int, day_seconds: float, seed: int, write: bool) -> None:
    """Run at a steady rate, and see what grows."""
    with Broker(jvm_flags=QUICK_JVM_FLAGS) as broker:
        soaked = soak(broker, minutes * 60, rate, day_seconds, seed)
    lines = table(soaked.samples)
    click.echo("\n".join(lines))
    soaked.verdict.show()
    wrong = soaked.wrong()
    for line in wrong:
        click.echo(line)
    said = "flat, and judged clean" if not wrong else f"{len(wrong)} things are wrong"
    click.echo(f"{soaked.reports:,} reports in {minutes:g} min: {said}")
    if write:
        head = f"`python load_tests/soak.py --minutes {minutes:g} --rate {rate} --day-seconds {day_seconds:g} --seed {seed}`"
        head += f": {soaked.reports:,} reports, {minutes * 60 / day_seconds:.0f} days of the simulated truce; {said}."
        click.echo(f"kept in {keep('soak', 'Soak', [head, '', machine(), '', *lines, *(f'- {line}' for line in wrong)])}")
    sys.exit(1 if wrong else 0)


def soak(broker: Broker, seconds: float, rate: int, day_s: float, seed: int, sample_s: float = 10.0) -> Soaked:
    """A worker under `rate` reports a second; a day of the simulated truce takes `day_s`."""
    installation = Installation(broker.bootstrap, LOG_PARTITIONS, {SIMULATED: PARTITIONS, LIVE: 1})
    settings = Settings(bootstrap=broker.bootstrap, prefix=installation.prefix, log_partitions=LOG_PARTITIONS)
    try:
        for terms in (terms_of("simulated", 0, topic=SIMULATED), _live_terms()):
            record, key = terms_record(terms), terms.truce.id.encode()
            installation.publish(LOCATED, terms.truce.partition, [record], key=key)
            installation.publish(TERMS, 0, [record], key=key)
        workers = {stage: installation.worker("--only", stage) for stage in STAGES}
        urls = {stage: wait_until(worker.metrics_url, f"{stage} serves") for stage, worker in workers.items()}
        samples, reports = _load(settings, workers, urls, seconds, rate, day_s, Random(seed), sample_s)
        for worker in workers.values():
            assert worker.process.poll() is None, worker.said()
        # Its clock goes on writing ticks as long as it runs. Another one, that hardly ticks, reads the last of them.
        workers["intake"].stop()
        installation.worker("--only", "intake", tick_s=3_600)
        return Soaked(samples, reports, judge_at_rest(settings, [SIMULATED, LIVE], DRAIN_S_MAX))
    finally:
        installation.close()


def _load(
    settings: Settings,
    workers: dict[str, Worker],
    urls: dict[str, str],
    seconds: float,
    rate: int,
    day_s: float,
    random: Random,
    sample_s: float,
) -> tuple[list[Sample], int]:
    """Once a second what a second of the story holds."""
    samples, reports = [], 0
    started = time.monotonic()
    sampled = started
    told_s = D_HOUR_S - DAY
    with clients.producer(settings) as client:
        sending, live = clients.Sending(client, SIMULATED), clients.Sending(client, LIVE)
        while (now := time.monotonic()) - started < seconds:
            until_s = D_HOUR_S - DAY + int((now - started) / day_s * DAY)
            for partition in range(PARTITIONS):
                for at_s, value in _told(random, told_s, until_s, rate // PARTITIONS, partition):
                    header = [(RECEIVED_AT_HEADER, b"%d" % at_s)]
                    sending.send(value, partition=partition, headers=[] if value.startswith(b'{"tick"') else header)
                    reports += not value.startswith(b'{"tick"')
            told_s = until_s
            live.send(_alive())
            reports += 1
            sending.settle()
            live.settle()
            if now - sampled >= sample_s:
                sampled = now
                samples += [_sample(stage, workers[stage].process.pid, urls[stage], now - started) for stage in STAGES]
            time.sleep(max(0.0, now + 1 - time.monotonic()))
        _end(sending, told_s)
    return samples, reports


def _told(random: Random, from_s: int, until_s: int, count: int, partition: int) -> Iterator[tuple[int, bytes]]:
    """Reports and the tick of each hour, in order of receipt. A tenth is told twice, a twentieth is no report."""
    told: list[tuple[int, bytes]] = []
    for at_s in range(from_s - from_s % HOUR + HOUR, until_s + 1, HOUR):
        told.append((at_s, tick_value(at_s, {SIMULATED: PARTITIONS})))
        if partition == 0 and not at_s % (6 * HOUR):
            covers = {"zone": "all", "from": _stated(at_s - 6 * HOUR), "to": _stated(at_s)}
            body = {"report_id": f"n{at_s}", "source": "watcher", "type": "nil", "covers": covers}
            told.append((at_s, orjson.dumps(body)))
    while count > 0:
        at_s = random.randrange(from_s, max(until_s, from_s + 1))
        value = _violation(random, at_s)
        copies = 2 if random.random() < 0.1 else 1
        told += [(at_s, value)] * copies
        count -= copies
    return iter(sorted(told, key=lambda one: one[0]))


def _violation(random: Random, at_s: int) -> bytes:
    if random.random() < 0.05:
        return b'{"report_id": "half'
    body = {
        "report_id": f"v{random.randrange(1 << 60):x}",
        "source": random.choice(("watcher", "council", "outlet", "ministry", "radio", f"passer-by {random.randrange(1 << 40)}")),
        "type": "violation",
        "kind": "attack",
        "weapon": random.choice(("mortar", "artillery", "undetermined")),
        "occurred_at": _stated(at_s - random.randrange(DAY)),
        "time_precision": "hour",
        "location": {"lat": 35.2 + 1.2 * random.random(), "lon": 36.7 + 0.5 * random.random(), "radius_m": 500},
        "text": f"Shells fell near house {random.randrange(1 << 40)}",
    }
    return orjson.dumps(body)


def _alive() -> bytes:
    return orjson.dumps({"report_id": f"a{time.time_ns()}", "source": "watcher", "type": "alive"})


def _end(sending: clients.Sending, told_s: int) -> None:
    """A last tick in each partition, so that nothing waits for the time of another."""
    for partition in range(PARTITIONS):
        sending.send(tick_value(told_s + DAY, {SIMULATED: PARTITIONS}), partition=partition)
    sending.settle()


def _live_terms() -> Terms:
    values = terms_of("live", 1, topic=LIVE).as_mapping()
    values["truce"] |= {"d_hour": datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)}
    return parse(msgspec.to_builtins(values))


def _stated(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sample(stage: str, pid: int, url: str, at_s: float) -> Sample:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    handles = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    with urllib.request.urlopen(url, timeout=10) as answer:
        series = sum(not line.startswith(b"#") for line in answer.read().splitlines())
    return Sample(at_s, stage, int(status["VmRSS"].split()[0]) * 1_024, handles, int(status["Threads"]), series)


def grown(samples: Sequence[Sample]) -> list[str]:
    """What one process needs more of at the end than it did after its warm-up."""
    warm = round(len(samples) * WARM_SHARE)
    before, after = samples[warm : 2 * warm], samples[-warm:]
    assert before and after, "too few samples to tell"

    def of(part: Sequence[Sample], name: str) -> float:
        return median(getattr(one, name) for one in part)

    found = []
    for name, most in (
        ("memory_bytes", of(before, "memory_bytes") * (1 + MEMORY_GROWTH_MAX)),
        ("handles", of(before, "handles") + HANDLES_GROWTH_MAX),
        ("threads", of(before, "threads")),
        ("series", of(before, "series")),
    ):
        if of(after, name) > most:
            found.append(f"{samples[0].stage}: {name} grew from {of(before, name):,.0f} to {of(after, name):,.0f}")
    return found


def table(samples: Sequence[Sample], rows: int = 12) -> list[str]:
    """Medians over equal parts of the time, a line each, as Markdown."""
    names = [f"{stage} {what}" for stage in STAGES for what in ("MB", "handles", "threads", "series")]
    lines = [f"| minute | {' | '.join(names)} |", f"|{'---:|' * (1 + len(names))}"]
    most_s = samples[-1].at_s
    for row in range(rows):
        part = [one for one in samples if row * most_s / rows < one.at_s <= (row + 1) * most_s / rows]
        cells = []
        for stage in STAGES:
            of_stage = [one for one in part if one.stage == stage]
            if of_stage:
                cells.append(f"{median(one.memory_bytes for one in of_stage) / 1e6:.1f}")
                cells += [f"{median(getattr(one, what) for one in of_stage):.0f}" for what in ("handles", "threads", "series")]
        if cells:
            lines.append(f"| {(row + 1) * most_s / rows / 60:.0f} | {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    main()


__all__ = ["Sample", "Soaked", "grown", "soak", "table"]
