"""`truce publish`: reports from a file to a topic."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import orjson

from schemas.topics import REPORTS_PREFIX
from streams import clients
from streams.adapters import AdapterError, Unreadable
from streams.commands.formats import Files, reading
from streams.commands.progress import every_two_seconds
from streams.commands.times import utc
from streams.core.terms import SIMULATED_PREFIX, Terms, load, parse
from streams.publishing import Counts
from streams.publishing import publish as publish_rows
from streams.settings import Settings
from streams.settings import load as load_settings
from streams.topics import check_topics, is_report_topic
from streams.words import several

TOLD_MAX = 20
"""Rows that are no reports are told one by one up to here, then only counted."""


@click.command()
@reading
@click.option("--topic", required=True, help="Where to, such as reports.field; reports.simulated.* gets ticks as well.")
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), help="Times as fast as the reports came in.")
@click.option("--as-fast", is_flag=True, help="As fast as the broker takes them; the default on simulated topics.")
@click.option("--simulated", is_flag=True, help="Insist that the topic is a simulated one.")
@click.option("--terms", "terms_files", multiple=True, type=click.Path(path_type=Path), help="Terms that take the topic.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def publish(
    files: tuple[Path, ...],
    format: str,
    map_file: Path | None,
    topic: str,
    speed: float | None,
    as_fast: bool,
    simulated: bool,
    terms_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Publish the reports in FILE... to a topic, at the speed at which they came in, in order of receipt.

    On a simulated topic every hour is told by a tick, until the last day is settled in every truce that takes the topic
    (by --terms, or by the published terms). Exits with 1 if a row of a file was no report.
    """
    if as_fast and speed is not None:
        raise click.UsageError("--as-fast or --speed, not both")
    is_simulated = topic.startswith(SIMULATED_PREFIX)
    if simulated and not is_simulated:
        raise click.UsageError(f"{topic} is a live topic; simulated ones are named {SIMULATED_PREFIX}*")
    settings = load_settings()
    _check_topic(settings, topic)
    truces = _takers(settings, topic, terms_files) if is_simulated else []
    pace = None if as_fast or (is_simulated and speed is None) else speed or 1.0
    told = _Told()
    try:
        with clients.producer(settings) as client:
            watch = every_two_seconds(_readable)
            counts = publish_rows(Files(files, format, map_file).rows(), topic, truces, client, pace, tell=told, watch=watch)
    except AdapterError as fault:
        raise click.ClickException(str(fault)) from None
    except KeyboardInterrupt:
        raise click.ClickException("stopped; what was sent stays") from None
    if as_json:
        click.echo(orjson.dumps({"reports": counts.reports, "ticks": counts.ticks, "unreadable": counts.unreadable}))
    else:
        click.echo(f"{topic}: {_readable(counts)}")
    if counts.unreadable:
        sys.exit(1)


def _check_topic(settings: Settings, topic: str) -> None:
    """A topic that is set up wrongly would lose simulated reports within minutes, or let a source stamp its own."""
    with clients.admin(settings) as client:
        findings = check_topics(client, settings.log_partitions, create=False)
    if not is_report_topic(topic):
        raise click.ClickException(
            f"{topic!r} is no topic for reports: they are named {REPORTS_PREFIX}NAME, of letters, digits, '.', '_' and '-'"
        )
    reports = (finding for finding in findings if finding.topic.startswith(REPORTS_PREFIX))
    finding = next((finding for finding in reports if finding.topic == topic), None)
    if finding is None:
        raise click.ClickException(f"there is no report topic {topic}; `truce topics --create --reports {topic}:4` creates it")
    if finding.is_wrong:
        raise click.ClickException(f"{topic}: {'; '.join(finding.differences)}: {'; '.join(finding.remedies)}")


def _takers(settings: Settings, topic: str, files: Sequence[Path]) -> list[Terms]:
    known = [load(file) for file in files] or [parse(record.terms) for record in clients.published_terms(settings).values()]
    takers = [terms for terms in known if terms.takes_topic(topic)]
    if not takers:
        raise click.ClickException(f"no truce takes {topic}: publish its terms first (`truce terms publish`), or give --terms")
    return takers


class _Told:
    """Tells of rows that are no reports."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, row: Unreadable) -> None:
        self._count += 1
        if self._count <= TOLD_MAX:
            click.echo(f"{row.where}: not a report: {row.detail}", err=True)
        if self._count == TOLD_MAX:
            click.echo("more of them are only counted", err=True)


def _readable(counts: Counts) -> str:
    at = f", up to {utc(counts.last_s)}" if counts.reports or counts.ticks else ""
    ticks = f", {several(counts.ticks, 'tick')}" if counts.ticks else ""
    unreadable = f", {several(counts.unreadable, 'row')} that cannot be read" if counts.unreadable else ""
    waiting = "" if counts.next_s is None else f"; the next one is of {utc(counts.next_s)} (--as-fast does not wait for that)"
    return f"{several(counts.reports, 'report')}{ticks}{unreadable}{at}{waiting}"
