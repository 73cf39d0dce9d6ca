"""`truce tail`: follow what is published, in readable lines."""

from collections.abc import Callable
from typing import Any, NamedTuple

import click
import msgspec
import orjson
from kafka import KafkaConsumer

from schemas.facts import Day, Incident, Interval, Level, Measures, PhaseChange, Rejected
from schemas.topics import DAYS, INCIDENTS, LEVELS, PHASES, REJECTED
from streams import clients
from streams.commands.times import utc
from streams.settings import load
from streams.words import several

SHOWN_BYTES = 500


class View(NamedTuple):
    """A topic, the type of its values, and a value as a line."""

    topic: str
    type: type
    line: Callable[[Any], str]


def _phase(change: PhaseChange) -> str:
    names = f"{change.before_name} → {change.after_name}" if change.before != change.after else change.after_name
    superseded = f", supersedes {change.supersedes}" if change.supersedes else ""
    return (
        f"{utc(change.effective_at)}  {change.truce}/{change.zone}  {change.kind}: {names}  ({change.reason}: {change.detail}; "
        f"decided {utc(change.decided_at)}, no. {change.sequence}, {change.id}{superseded})"
    )


def _level(level: Level) -> str:
    return (
        f"{utc(level.hour_ends)}  {level.truce}/{level.zone}  {_measures(level.measures)}  {level.phase}, run of {level.streak}"
    )


def _day(day: Day) -> str:
    why = f" ({', '.join(day.failed)})" if day.failed else ""
    limit = "no baseline" if day.limit is None else f"{day.metric} at most {day.limit / 1000:g}"
    return f"{utc(day.starts)}  {day.truce}/{day.zone}  day {day.day}: {day.outcome}{why}  {_measures(day.measures)}  {limit}"


def _incident(incident: Incident) -> str:
    when = utc(incident.starts) if incident.starts is not None else "-"
    if incident.status == "withdrawn":
        return f"{when}  {incident.truce}  {incident.id}  withdrawn, now {incident.superseded_by or 'nothing'}"
    where = incident.place or ", ".join(incident.certain or incident.possible) or "somewhere"
    killed = f", killed {_interval(incident.killed)}" if incident.killed else ""
    counted = "" if incident.counted is None else "counted" if incident.counted else "not counted"
    told = f"{several(incident.reports, 'report')} of {several(sum(incident.told_by.values()), 'lineage')}"
    kind = f"{incident.kind or 'incident'} ({incident.weapon})" if incident.weapon else str(incident.kind or "incident")
    return f"{when}  {incident.truce}  {incident.id}  {kind} at {where}{killed}  {incident.grade or ''} {counted}, {told}"


def _rejected(rejected: Rejected) -> str:
    return f"{rejected.origin}  {rejected.truce or '-'}  {rejected.reason}: {rejected.detail}  ({rejected.stage})"


VIEWS = {
    "phases": View(PHASES, PhaseChange, _phase),
    "incidents": View(INCIDENTS, Incident, _incident),
    "levels": View(LEVELS, Level, _level),
    "days": View(DAYS, Day, _day),
    "rejected": View(REJECTED, Rejected, _rejected),
}


@click.command()
@click.argument("what", type=click.Choice(list(VIEWS)), default="phases")
@click.option("--from-start", is_flag=True, help="Begin with what is there already.")
@click.option("--truce", "truce", metavar="ID", help="Of this truce alone.")
@click.option("-n", "count", type=click.IntRange(min=1), help="Stop after so many.")
@click.option("--json", "as_json", is_flag=True, help="The values as they are published, one a line.")
def tail(what: str, from_start: bool, truce: str | None, count: int | None, as_json: bool) -> None:
    """Follow phases, incidents, levels, days or rejections as they are published, until Ctrl-C."""
    view = VIEWS[what]
    decode = msgspec.json.Decoder(view.type).decode
    left = count
    try:
        with clients.consumer(load()) as client:
            _begin(client, view.topic, from_start)
            while left is None or left > 0:
                for records in client.poll(timeout_ms=clients.POLL_MS).values():
                    for record in records[:left]:
                        line = _line(view, decode, record, truce, as_json)
                        if line is not None:
                            click.echo(line)
                            left = None if left is None else left - 1
    except KeyboardInterrupt:
        return


def _begin(client: KafkaConsumer, topic: str, from_start: bool) -> None:
    assigned = clients.partitions(client, topic)
    client.assign(assigned)
    if from_start:
        client.seek_to_beginning(*assigned)
    else:
        client.seek_to_end(*assigned)
    for partition in assigned:
        # Asked for now, so that "the end" is that of the start of the command.
        client.position(partition)


def _line(view: View, decode: Callable[[bytes], Any], record: Any, truce: str | None, as_json: bool) -> str | bytes | None:
    """None where the record is of another truce, or is the removal of a key."""
    if record.value is None:
        return None
    try:
        value = decode(record.value)
    except msgspec.DecodeError as fault:
        # Of another version, or of somebody else: shown as it is, for it is there.
        return f"{record.topic}/{record.partition}/{record.offset} cannot be read ({fault}): {record.value[:SHOWN_BYTES]!r}"
    if truce is not None and value.truce != truce:
        return None
    return orjson.dumps(orjson.loads(record.value)) if as_json else view.line(value)


def _measures(measures: Measures) -> str:
    severity = measures.severity
    weighed = f"{severity.low / 1000:g}..{severity.best / 1000:g}..{severity.high / 1000:g}"
    return f"incidents {_interval(measures.incidents)}, severity {weighed}, killed {_interval(measures.killed)}"


def _interval(interval: Interval) -> str:
    """low..best..high"""
    return f"{interval.low}..{interval.best}..{interval.high}"
