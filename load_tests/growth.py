"""How cost, memory and recovery grow with what is live, and with the number of zones, sources and truces.

    uv run python load_tests/growth.py --reports 10000 --reports 100000

Each point is a process of its own that runs the core over the canonical workload, without a broker: the CPU time of a
report (and that of the last tenth beside the first), memory for each live report, and the time to rebuild the state from the
log. Writes one JSON file and a chart each to load_tests/results/.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
import orjson

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from load_tests.chart import chart
from load_tests.generate import TERMS_FILE, messages, with_ticks
from streams.collecting import collect_seldom
from streams.core.intake import RECEIVED_AT_HEADER, Incoming, Intake, terms_record, tick_value
from streams.core.partition import LogPartition
from streams.core.terms import Terms, load, parse

RESULTS = Path(__file__).parent / "results"
FLUSH_EVERY = 4_000
BASE_REPORTS = 10_000
"""So many reports while something else grows."""


@click.command()
@click.option("--reports", "sizes", multiple=True, type=int, default=(10_000, 30_000, 100_000), help="Sizes; may be repeated.")
@click.option("--zones", multiple=True, type=int, default=(12, 48, 192), help="Numbers of zones.")
@click.option("--sources", multiple=True, type=int, default=(20, 200, 2_000), help="Numbers of sources that terms list.")
@click.option("--truces", multiple=True, type=int, default=(1, 4, 16), help="Numbers of truces on one partition.")
@click.option("--point", hidden=True, help="Measure one point and print it.")
def main(sizes: Sequence[int], zones: Sequence[int], sources: Sequence[int], truces: Sequence[int], point: str | None) -> None:
    """Measure growth."""
    if point is not None:
        click.echo(orjson.dumps(_measure(**orjson.loads(point))))
        return
    series: dict[str, list[dict[str, Any]]] = {
        "reports": [_point(reports=size) for size in sizes],
        "zones": [_point(zones=count) for count in zones],
        "sources": [_point(sources=count) for count in sources],
        "truces": [_point(truces=count) for count in truces],
    }
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC).strftime("%Y-%m-%d")
    (RESULTS / f"{at}-growth.json").write_bytes(orjson.dumps(series, option=orjson.OPT_INDENT_2))
    for name, points in series.items():
        for what, title in (("report_us", "CPU microseconds a report"), ("report_bytes", "bytes a live report")):
            drawn = chart(f"{title}, by number of {name}", [(one[name], one[what]) for one in points])
            (RESULTS / f"{at}-growth-{name}-{what.replace('_', '-')}.svg").write_text(drawn)
    # By report, because the scale across is logarithmic: what costs the same for each would look as if it rose.
    recovery = [(one["reports"], round(one["recovery_s"] * 1e6 / one["reports"], 1)) for one in series["reports"]]
    drawn = chart("microseconds to recover a report, by number of reports", recovery)
    (RESULTS / f"{at}-growth-reports-recovery.svg").write_text(drawn)


def _point(**grown: int) -> dict[str, Any]:
    """In a process of its own, so that memory is its own."""
    command = [sys.executable, __file__, "--point", orjson.dumps(grown).decode()]
    found = orjson.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    click.echo(", ".join(f"{name} {value}" for name, value in found.items()))
    return found


def _measure(reports: int = BASE_REPORTS, zones: int = 12, sources: int = 20, truces: int = 1) -> dict[str, Any]:
    log = [record for number in range(truces) for record in _log(reports // truces, number, zones, sources)]
    collect_seldom(by_itself=False)
    before_bytes = _resident_bytes()
    partition = LogPartition(0)
    tenths, tenth = [], max(1, len(log) // 10)
    began = time.process_time()
    for offset, value in enumerate(log):
        partition.apply(offset, value)
        if offset % FLUSH_EVERY == FLUSH_EVERY - 1:
            partition.flush()
        if offset % tenth == tenth - 1:
            tenths.append(time.process_time() - began)
    partition.flush()
    spent_s = time.process_time() - began
    live = sum(len(monitor.reports) for monitor in partition.monitors.values())
    grown_bytes = _resident_bytes() - before_bytes
    position = partition.position()
    del partition
    began = time.process_time()
    again = LogPartition.restore(0, {position.key: position.value or b""}, told=True)
    for offset in range(again.next_offset, len(log)):
        again.apply(offset, log[offset])
    again.recovered()
    again.flush(publish=False)
    recovery_s = time.process_time() - began
    return {
        "reports": reports,
        "zones": zones,
        "sources": sources,
        "truces": truces,
        "live": live,
        "report_us": round(spent_s / len(log) * 1e6, 1),
        "last_over_first_tenth": round((tenths[-1] - tenths[-2]) / tenths[0], 2),
        "report_bytes": grown_bytes // max(1, live),
        "recovery_s": round(recovery_s, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024,
    }


def _log(reports: int, number: int, zones: int, sources: int) -> list[bytes]:
    """The log of one truce: terms, located reports, ticks."""
    terms = _terms(number, zones, sources)
    topic = terms.truce.topics[0]
    intake = Intake()
    intake.follow(terms_record(terms))
    log = [terms_record(terms)]
    for at, told in enumerate(with_ticks(messages(reports, seed=1 + number, terms=_terms(number, 12, 20)), [terms])):
        if isinstance(told, int):
            message = Incoming(topic, 0, at, told * 1_000, None, tick_value(told, {topic: 1}))
        else:
            headers = [(RECEIVED_AT_HEADER, str(told.received_at).encode())]
            message = Incoming(topic, 0, at, told.received_at * 1_000, None, told.value, headers)
        taken = intake.take(message)
        if isinstance(taken, list):
            log += [entry.value for entry in taken]
    return log


def _terms(number: int, zones: int, sources: int) -> Terms:
    """Zones and sources beyond those of the canonical terms are copies of them under other names."""
    values = load(TERMS_FILE).as_mapping()
    topic = f"reports.simulated.load-{number}"
    values["truce"] |= {"id": f"load-{number}", "topics": [topic]}
    given = values["zones"]
    values["zones"] = [given[at % len(given)] | {"id": f"{given[at % len(given)]['id']}_{at}"[:60]} for at in range(zones)]
    values["zones"][: len(given)] = given[:zones]
    given = values["sources"]
    values["sources"] = [
        given[at % len(given)] | ({} if at < len(given) else {"id": f"another-{at}", "lineage": f"another-{at}"})
        for at in range(sources)
    ]
    return parse(msgspec.to_builtins(values))


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
