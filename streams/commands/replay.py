"""`truce replay`: the same core over files, with no broker."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import click
import msgspec
import orjson
from rich.console import Console
from rich.table import Table

from schemas.facts import Day, Fact, Incident, Interval, Origin, PhaseChange, Rejected
from schemas.reasons import WHOLE, Metric, Outcome, Phase, Reason, Scope
from schemas.topics import DAYS, INCIDENTS, PHASES, REJECTED
from streams.adapters import READERS, AdapterError, Arrival, Row, Unreadable, arrivals_of
from streams.commands.progress import every_two_seconds
from streams.commands.times import Instant
from streams.core.replay import Replay
from streams.core.terms import Terms, TermsError, load
from streams.results import Results, ResultsError

_UNDECIDED = (Outcome.BEFORE, Outcome.PENDING)
_COLOURS = {
    Outcome.QUIET: "green",
    Outcome.VIOLENT: "red",
    Outcome.DENIED: "red",
    Outcome.CONTESTED: "yellow",
    Outcome.UNKNOWN: "yellow",
}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--terms",
    "terms_files",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="Terms (TOML); may be given again.",
)
@click.option("--format", "format", required=True, type=click.Choice(list(READERS)), help="What the files are written in.")
@click.option("--out", "folder", required=True, type=click.Path(path_type=Path), help="Folder for the results; made if need be.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the terms: gate.days=5.")
@click.option(
    "--until", "until_s", type=Instant(), help="Stop the clock here (RFC 3339); by default when the last day is settled."
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def replay(
    files: tuple[Path, ...],
    terms_files: tuple[Path, ...],
    format: str,
    folder: Path,
    overrides: tuple[str, ...],
    until_s: int | None,
    as_json: bool,
) -> None:
    """Decide over the reports in FILE... as if they arrived now, and write what the topics would carry to a folder.

    incidents, levels, days and evidence hold the last value of each key; phases and rejected every message, in order.
    """
    try:
        truces = _terms(terms_files, overrides)
        run = Replay(truces)
        results = Results(folder)
        unreadable = _Unreadable(format, results)
        changes: list[PhaseChange] = []
        rows = arrivals_of(files, format, every_two_seconds(lambda rows: f"{rows:,} rows read"))
        watch = every_two_seconds(lambda counts: f"{counts[0]:,} reports taken, {counts[1]:,} results")
        try:
            for fact in run.facts(unreadable.left_out(rows), until_s):
                results.add(fact)
                if fact.topic == PHASES and fact.value is not None:
                    changes.append(msgspec.json.decode(fact.value, type=PhaseChange))
                watch((run.counts["read"], results.taken))
            results.close()
        finally:
            results.discard()
    except (AdapterError, ResultsError, TermsError) as fault:
        raise click.ClickException(str(fault)) from None
    except OSError as fault:
        raise click.ClickException(f"{fault.filename or folder}: {fault.strerror}") from None
    counts = _counts(run.counts, unreadable.count, results, len(changes))
    if as_json:
        click.echo(orjson.dumps(counts))
    else:
        _show(counts, truces, changes, results)
        click.echo(f"results in {folder}")


def _terms(paths: Sequence[Path], overrides: Sequence[str]) -> list[Terms]:
    truces = [load(path, overrides) for path in paths]
    ids = [terms.truce.id for terms in truces]
    if len(set(ids)) != len(ids):
        raise TermsError(f"two files have terms of one truce: {', '.join(sorted({i for i in ids if ids.count(i) > 1}))}")
    return truces


class _Unreadable:
    """Takes the rows that no report could be made of out of the stream, and records them as refused."""

    def __init__(self, format: str, results: Results) -> None:
        # In JSON Lines only a file without any report comes to this; in a table it is a cell that is not as it must be.
        self._reason = Reason.NOT_JSON if format == "reports" else Reason.WRONG_TYPE
        self._results = results
        self.count = 0

    def left_out(self, rows: Iterable[Row]) -> Iterator[Arrival]:
        for row in rows:
            if isinstance(row, Unreadable):
                self.count += 1
                self._results.add(self._rejected(row))
            else:
                yield row

    def _rejected(self, row: Unreadable) -> Fact:
        file, _, line = row.where.rpartition(":")
        body = Rejected(
            reason=self._reason, detail=row.detail, origin=Origin(file, 0, int(line)), stage="intake", original=row.original
        )
        return Fact(REJECTED, row.where, msgspec.json.encode(body))


def _counts(core: dict[str, int], unreadable: int, results: Results, changes: int) -> dict[str, int]:
    """What became of the reports. read = rejected + duplicates + outside + kept, rows that are no reports included."""
    incidents = [msgspec.json.decode(value, type=Incident) for value in results.latest[INCIDENTS].values()]
    return {
        "read": core["read"] + unreadable,
        "rejected": core["rejected"] + unreadable,
        "duplicates": core["duplicates"],
        "outside": core["outside"],
        "kept": core["kept"],
        "out_of_scope": sum(incident.reports for incident in incidents if incident.scope is Scope.OUT_OF_SCOPE),
        "incidents": sum(incident.status == "live" for incident in incidents),
        "phase_changes": changes,
    }


def _show(counts: dict[str, int], truces: Sequence[Terms], changes: Sequence[PhaseChange], results: Results) -> None:
    """What became of the reports, how the phases came, and the days of the gated zones, for people."""
    console = Console(highlight=False)
    console.print(", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items()), soft_wrap=True)
    days = [msgspec.json.decode(value, type=Day) for value in results.latest[DAYS].values()]
    for terms in truces:
        console.print(f"\n[bold]{terms.truce.name}[/bold] ({terms.truce.id})", soft_wrap=True)
        mine = [change for change in changes if change.truce == terms.truce.id]
        for change in mine:
            console.print(f"  {_phase(change, terms)}", soft_wrap=True, markup=False)
        if not mine:
            console.print("  no change of phase")
        ended = next((change.effective_at for change in reversed(mine) if change.after is Phase.ENDED), None)
        console.print(_table(terms, [d for d in days if d.truce == terms.truce.id and (ended is None or d.starts < ended)]))


def _phase(change: PhaseChange, terms: Terms) -> str:
    """ "2016-09-19 19:00  in force -> Joint Implementation Centre  advance (run_complete): ..." in the truce's own time."""
    zone = "" if change.zone == WHOLE else f"  {change.zone}"
    return (
        f"{_local(change.effective_at, terms)}{zone}  {change.before_name} -> {change.after_name}  "
        f"{change.kind} ({change.reason}): {change.detail}; decided {_local(change.decided_at, terms)}"
    )


def _table(terms: Terms, days: Sequence[Day]) -> Table:
    """A row a day, a column a gated zone: outcome, then the interval of its metric and what the threshold allows.

    Days that came to the same in a row share one. Days before D-hour, not settled, or after the end decide nothing.
    """
    table = Table("day", "ends", *terms.gated_ids, box=None, pad_edge=False, padding=(0, 2))
    shown = [day for day in days if day.zone in terms.gated_ids and day.outcome not in _UNDECIDED]
    cells = {(day.day, day.zone): _cell(day) for day in shown}
    ends = {day.day: _local(day.ends, terms) for day in shown}
    for row, same in groupby(sorted(ends), key=lambda day: [cells.get((day, zone), "") for zone in terms.gated_ids]):
        numbers = list(same)
        # People count from one; the files from zero.
        first, last = numbers[0] + 1, numbers[-1] + 1
        table.add_row(str(first) if first == last else f"{first} to {last}", ends[numbers[-1]], *row)
    return table


def _cell(day: Day) -> str:
    amount: Interval = getattr(day.measures, day.metric)
    shown = [_amount(value, day.metric) for value in (amount.low, amount.best, amount.high)]
    allowed = "no baseline" if day.limit is None else f"of {day.limit / 1_000:g}"
    colour = _COLOURS.get(day.outcome, "dim")
    return f"[{colour}]{day.outcome}[/{colour}] {'/'.join(shown)} {allowed}"


def _amount(value: int, metric: Metric) -> str:
    return f"{value / 1_000:g}" if metric is Metric.SEVERITY else str(value)


def _local(at_s: int, terms: Terms) -> str:
    return datetime.fromtimestamp(at_s, UTC).astimezone(terms.zone_of_time).strftime("%Y-%m-%d %H:%M")


__all__ = ["replay"]
