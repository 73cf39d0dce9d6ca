"""`truce terms`: check a file of terms, publish it into the log, show what is published."""

import time
from pathlib import Path
from typing import Any

import click
import orjson

from schemas.facts import TermsRecord
from schemas.topics import LOCATED, TERMS
from streams import clients
from streams.backfill import Backfilled, bring_in_the_past
from streams.commands.progress import every_two_seconds
from streams.commands.times import Instant, utc
from streams.core.intake import gazetteer_of, terms_record
from streams.core.monitor.governing import OTHER_D_HOUR
from streams.core.terms import DAY, Terms, TermsError, load, parse
from streams.core.zones import ZoneMap
from streams.settings import Settings
from streams.settings import load as load_settings
from streams.words import several

DOUBT = "; a contested day may have been violent (README: How strict)"


@click.group()
def terms() -> None:
    """Terms: the truce written down."""


@terms.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the terms: gate.days=5.")
@click.option("--json", "as_json", is_flag=True, help="The terms as JSON, with every default.")
def check(file: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Say whether FILE is usable, and what it says; every fault in one line if it is not."""
    checked = _usable(file, overrides)
    click.echo(orjson.dumps(checked.as_mapping()) if as_json else _readable(checked))


@terms.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the terms: gate.days=5.")
@click.option("--correct", is_flag=True, help="These terms were meant all along: all open days are decided anew.")
@click.option("--effective-from", type=Instant(), help="They decide days that begin then or later; default: the next day.")
@click.option("--backfill", is_flag=True, help="Also bring in the reports that are on the report topics already.")
def publish(file: Path, overrides: tuple[str, ...], correct: bool, effective_from: int | None, backfill: bool) -> None:
    """Publish the terms in FILE, so that every worker decides by them. Publishing the same terms again does nothing."""
    new = _usable(file, overrides)
    settings = load_settings()
    standing = clients.published_terms(settings).get(new.truce.id)
    record = _record(new, standing, correct, effective_from)
    if record is None:
        click.echo(f"{new.truce.id}: these terms are published already ({new.hash})")
    else:
        _write(settings, new, standing, record)
        click.echo(f"{new.truce.id}: published, {'first' if standing is None else 'changed'} terms ({new.hash})")
    if backfill:
        done = bring_in_the_past(settings, new, every_two_seconds(_brought))
        click.echo(f"{new.truce.id}: {_brought(done)}")


@terms.command()
@click.argument("truce", required=False)
@click.option("--json", "as_json", is_flag=True, help="The records as JSON, one a line.")
def show(truce: str | None, as_json: bool) -> None:
    """Show the published terms: of TRUCE, or of all in a line each."""
    records = clients.published_terms(load_settings())
    if truce is not None and truce not in records:
        raise click.ClickException(f"no terms of {truce!r} are published; there are {', '.join(records) or 'none'}")
    for record in records.values() if truce is None else [records[truce]]:
        if as_json:
            click.echo(orjson.dumps(_mapping(record)))
        elif truce is None:
            name = record.terms["truce"]["name"]
            click.echo(f"{record.truce:<24} {record.hash}  from {utc(record.effective_from)}  {name}")
        else:
            click.echo(_readable(parse(record.terms)))


def _usable(file: Path, overrides: tuple[str, ...]) -> Terms:
    """Terms whose zones can be drawn and whose countries have places too. Raises `TermsError`."""
    checked = load(file, overrides)
    ZoneMap(checked)
    gazetteer_of(checked)
    return checked


def _record(new: Terms, standing: TermsRecord | None, correct: bool, effective_from: int | None) -> bytes | None:
    """What to write; None where the same terms stand."""
    if standing is None:
        if effective_from is None and new.truce.effective_from is not None:
            effective_from = int(new.truce.effective_from.timestamp())
        return terms_record(new, effective_from, correct)
    if standing.hash == new.hash and not correct and effective_from in (None, standing.effective_from):
        return None
    before = standing.terms["truce"]["partition"]
    if before != new.truce.partition:
        raise TermsError(f"truce.partition: {new.truce.id} lives on partition {before} and cannot move to {new.truce.partition}")
    if parse(standing.terms).d_hour_s != new.d_hour_s:
        raise TermsError(OTHER_D_HOUR)
    if effective_from is None:
        effective_from = new.d_hour_s if correct else _next_day(new)
    return terms_record(new, effective_from, correct)


def _next_day(new: Terms) -> int:
    """The start of the first day of the truce that has not begun."""
    if new.truce.simulated:
        raise click.UsageError("this truce is simulated, so it has no today: say --effective-from, or --correct")
    begun_s = max(0, int(time.time()) - new.d_hour_s)
    return new.d_hour_s + -(-begun_s // DAY) * DAY


def _write(settings: Settings, new: Terms, standing: TermsRecord | None, record: bytes) -> None:
    """First into the log and then where the intake looks: no report may reach the log before its terms."""
    key = new.truce.id.encode()
    with clients.consumer(settings) as client:
        count = len(clients.partitions(client, LOCATED))
        clients.partitions(client, TERMS)
    if new.truce.partition >= count:
        raise TermsError(f"truce.partition: {LOCATED} has partitions 0 to {count - 1}, and no {new.truce.partition}")
    with clients.producer(settings) as client:
        clients.send(client, LOCATED, record, key=key, partition=new.truce.partition)
        clients.send(client, TERMS, record, key=key, partition=0)


def _brought(counts: Backfilled) -> str:
    refused = f"; {counts.refused} were refused, by the intake as well" if counts.refused else ""
    return f"{several(counts.reports, 'report')} brought in, of {several(counts.messages, 'message')}{refused}"


def _mapping(record: TermsRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in ("truce", "hash", "effective_from", "correct", "terms")}


def _readable(shown: Terms) -> str:
    gate, whole = shown.gate, shown.whole.threshold
    zones = ", ".join(zone.id for zone in shown.zones) or "none"
    kind = "simulated" if shown.truce.simulated else "live"
    lines = [
        f"{shown.truce.id}: {shown.truce.name} ({kind}, {shown.truce.basis})",
        f"  in force from    {utc(shown.d_hour_s)}",
        f"  countries        {', '.join(shown.truce.countries)}",
        f"  topics           {', '.join(shown.truce.topics)}",
        f"  partition        {shown.truce.partition}",
        f"  zones            {zones}; gated: {', '.join(shown.gated_ids) or 'none'}",
        f"  a run            {gate.days} quiet days within {gate.max_span_days}; settles after {gate.settle_hours} h",
        f"  tolerated        {gate.max_contested} contested, {gate.max_unknown} unknown{DOUBT if gate.max_contested else ''}",
        f"  threshold        {whole.mode} of {whole.metric}, {whole.value:g}",
        f"  sources          {len(shown.sources)} listed",
        f"  hash             {shown.hash}",
    ]
    return "\n".join(lines)
