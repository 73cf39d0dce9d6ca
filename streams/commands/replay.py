"""`truce replay`: the same core over files, with no broker."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
import msgspec
import orjson
from rich.console import Console

from schemas.facts import Day, Fact, Incident, Origin, PhaseChange, Rejected
from schemas.reasons import WHOLE, Phase, Scope
from schemas.topics import DAYS, INCIDENTS, PHASES, REJECTED
from streams import settings
from streams.adapters import AdapterError, Arrival, Row, Unreadable
from streams.board.files import fold
from streams.board.reading import stored
from streams.board.report import write as write_report
from streams.commands.formats import Files, reading
from streams.commands.progress import Bar
from streams.commands.times import Instant
from streams.core.replay import Replay, ReplayError
from streams.core.terms import Terms, TermsError, load
from streams.results import REPORT, Results, ResultsError
from streams.settings import load as load_settings
from streams.signing import KeyProblem, Signer
from streams.words import change_line, day_table, legend


@click.command()
@reading
@click.option(
    "--terms",
    "terms_files",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="Terms (TOML); may be given again.",
)
@click.option("--out", "folder", required=True, type=click.Path(path_type=Path), help="Folder for the results; made if need be.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the terms: gate.days=5.")
@click.option(
    "--until", "until_s", type=Instant(), help="Stop the clock here (RFC 3339); by default when the last day is settled."
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def replay(
    files: tuple[Path, ...],
    format: str,
    map_file: Path | None,
    terms_files: tuple[Path, ...],
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
        signing_key = load_settings().signing_key_file
        results = Results(folder, None if signing_key is None else Signer(Path(signing_key)))
        try:
            run, unreadable, changes = _run(truces, Files(files, format, map_file), until_s, results)
            results.close()
            shutil.rmtree(folder / REPORT, ignore_errors=True)
            write_report(fold(stored(folder)), folder / REPORT, "en")
            counts = _counts(run.counts, unreadable, results, len(changes))
            if as_json:
                click.echo(orjson.dumps(counts))
            else:
                _show(counts, truces, changes, results)
                click.echo(f"results in {folder}, a page to read in {folder / REPORT}")
                click.echo(f"`truce verify {folder}` decides everything once more and compares")
        finally:
            results.discard()
    except (AdapterError, KeyProblem, ReplayError, ResultsError, TermsError) as fault:
        raise click.ClickException(str(fault)) from None
    except BrokenPipeError:
        raise  # whoever read what is printed has enough; the results are complete
    except OSError as fault:
        raise click.ClickException(f"{fault.filename or folder}: {fault.strerror}") from None


def _run(truces: Sequence[Terms], files: Files, until_s: int | None, results: Results) -> tuple[Replay, int, list[PhaseChange]]:
    """(the run at its end, rows that were no reports, changes of phase); everything else is in the results."""
    run, read, changes = Replay(truces, results.add, settings.load().gazetteers), _Reading(files.paths, results), []
    with Bar() as bar:
        rows = files.rows(lambda count: bar("reading", *read.more(count)))
        for fact in run.facts(read.reports(rows), until_s):
            results.add(fact)
            if fact.topic == PHASES and fact.value is not None:
                changes.append(msgspec.json.decode(fact.value, type=PhaseChange))
            bar("deciding", *read.decided, f"{run.counts['read']:,} reports")
        for fact in run.evidence():
            results.add(fact)
    return run, read.unreadable, changes


def _terms(paths: Sequence[Path], overrides: Sequence[str]) -> list[Terms]:
    truces = [load(path, overrides) for path in paths]
    ids = [terms.truce.id for terms in truces]
    if len(set(ids)) != len(ids):
        raise TermsError(f"two files have terms of one truce: {', '.join(sorted({i for i in ids if ids.count(i) > 1}))}")
    return truces


class _Reading:
    """How far the files are read; and takes the rows that no report could be made of out of the stream, as refused.

    Ordering reads the files whole before the first row is decided on, so the second share is one of rows.
    """

    def __init__(self, files: Sequence[Path], results: Results) -> None:
        self._results = results
        self._size = sum(file.stat().st_size for file in files if file.is_file())
        self._read = self._rows = self._taken = 0
        self.unreadable = 0

    def more(self, count: int) -> tuple[int, int]:
        """(bytes read so far, bytes of all files)."""
        self._read += count
        self._rows += 1
        return self._read, self._size

    @property
    def decided(self) -> tuple[int, int]:
        """(rows decided on, lines of the files)."""
        return self._taken, self._rows

    def reports(self, rows: Iterable[Row]) -> Iterator[Arrival]:
        for row in rows:
            self._taken += 1
            if isinstance(row, Unreadable):
                self.unreadable += 1
                self._results.add(_rejected(row))
            else:
                yield row


def _rejected(row: Unreadable) -> Fact:
    file, _, line = row.where.rpartition(":")
    body = Rejected(
        reason=row.reason, detail=row.detail, origin=Origin(file, 0, int(line)), stage="intake", original=row.original
    )
    return Fact(REJECTED, row.where, msgspec.json.encode(body))


def _counts(core: dict[str, int], unreadable: int, results: Results, changes: int) -> dict[str, int]:
    """What became of the reports. read = rejected + duplicates + outside + kept, rows that are no reports included."""
    live = out_of_scope = 0
    for value in results.latest(INCIDENTS):
        incident = msgspec.json.decode(value, type=Incident)
        live += incident.status == "live"
        out_of_scope += incident.reports if incident.scope is Scope.OUT_OF_SCOPE else 0
    return {
        "read": core["read"] + unreadable,
        "rejected": core["rejected"] + unreadable,
        "duplicates": core["duplicates"],
        "outside": core["outside"],
        "kept": core["kept"],
        "out_of_scope": out_of_scope,
        "incidents": live,
        "phase_changes": changes,
    }


def _show(counts: dict[str, int], truces: Sequence[Terms], changes: Sequence[PhaseChange], results: Results) -> None:
    """What became of the reports, how the phases came, and the days of the gated zones, for people."""
    console = Console(highlight=False)
    console.print(
        f"{counts['read']:,} reports read: {counts['kept']:,} kept ({counts['out_of_scope']:,} of them about groups that the "
        f"truce leaves out), {counts['duplicates']:,} came twice, {counts['outside']:,} are of another time or place, "
        f"{counts['rejected']:,} refused. They tell of {counts['incidents']:,} incidents.",
        soft_wrap=True,
    )
    for terms in truces:
        console.print(f"\n[bold]{terms.truce.name}[/bold] ({terms.truce.id})", soft_wrap=True)
        mine = [change for change in changes if change.truce == terms.truce.id]
        for change in mine:
            console.print(change_line("" if change.zone == WHOLE else change.zone, change, terms))
        if not mine:
            console.print("no change of phase")
        ended = next((change.effective_at for change in reversed(mine) if change.after is Phase.ENDED), None)
        days = (msgspec.json.decode(value, type=Day) for value in results.latest(DAYS))
        shown = [
            day
            for day in days
            if day.truce == terms.truce.id and day.zone in terms.gated_ids and (ended is None or day.starts < ended)
        ]
        console.print(day_table(shown, terms, joined=True))
        console.print()
        console.print(legend(shown, terms))


__all__ = ["replay"]
