"""`truce rejected`: what was refused and why; publish it again after a fix; dismiss the marker it left."""

import base64
from collections.abc import Iterator, Mapping

import click
import msgspec
import orjson
from kafka.errors import KafkaError

from schemas.facts import Dismissal, Rejected, TermsRecord
from schemas.reasons import Reason
from schemas.topics import LOCATED, REJECTED
from streams import clients
from streams.core.intake import RETRY_HEADER
from streams.core.terms import Terms, TermsError, parse
from streams.settings import Settings, load

_decode = msgspec.json.Decoder(Rejected).decode
_encode = msgspec.json.Encoder().encode
SHOWN_BYTES = 4_000


@click.group()
def rejected() -> None:
    """Refused messages. ID is where one came from: topic/partition/offset."""


@rejected.command("list")
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), help="Those with this reason alone.")
@click.option("--truce", metavar="ID", help="Those refused by this truce alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(reason: str | None, truce: str | None, as_json: bool) -> None:
    """List refusals: ID, truce, reason, and a detail that names the field."""
    for entry in _all(load()):
        if (reason and entry.reason != reason) or (truce and entry.truce != truce):
            continue
        if as_json:
            click.echo(orjson.dumps(_summary(entry)))
        else:
            click.echo(f"{entry.origin!s:<40} {entry.truce or '-':<20} {entry.reason:<18} {_harmless(entry.detail)}")


@rejected.command()
@click.argument("id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, the original bytes as base64.")
def show(id: str, as_json: bool) -> None:
    """Show a refusal with the original bytes and headers."""
    for entry in _find(load(), [id]):
        if as_json:
            original = {"original": base64.b64encode(entry.original).decode()}
            click.echo(orjson.dumps(_summary(entry) | original))
            continue
        click.echo(f"{entry.origin}\n  reason   {entry.reason} ({entry.stage})\n  truce    {entry.truce or '-'}")
        click.echo(f"  detail   {_harmless(entry.detail)}")
        for name, value in entry.original_headers:
            click.echo(f"  header   {_harmless(name)}: {_harmless(value.decode('utf-8', 'backslashreplace'))}")
        click.echo(f"  original {len(entry.original)} bytes")
        click.echo(_harmless(entry.original[:SHOWN_BYTES].decode("utf-8", "backslashreplace")))


@rejected.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
def retry(ids: tuple[str, ...]) -> None:
    """Publish the original bytes again, where they came from. What is taken now clears the marker that the refusal left."""
    settings = load()
    by_origin = {str(entry.origin): entry for entry in _find(settings, ids)}
    with clients.producer(settings) as client:
        for id, entry in by_origin.items():
            origin = entry.origin
            if origin.topic == LOCATED:
                raise click.ClickException(f"{id}: a record of the log, not of a reporting system; dismiss its marker instead")
            if entry.cut:
                raise click.ClickException(f"{id}: it was too large to be kept as a whole, {entry.cut:,} bytes are missing")
            headers = [(name, value) for name, value in entry.original_headers if name != RETRY_HEADER]
            headers.append((RETRY_HEADER, _marker(entry).encode()))
            if not client.partitions_for(origin.topic):
                raise click.ClickException(f"{id}: there is no topic {origin.topic} any more")
            try:
                clients.send(
                    client,
                    origin.topic,
                    entry.original,
                    key=entry.original_key,
                    headers=headers,
                    partition=origin.partition,
                )
            except KafkaError as fault:
                raise click.ClickException(f"{id}: not published again: {fault}") from None
            click.echo(f"{id}: published again")


@rejected.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
def dismiss(ids: tuple[str, ...]) -> None:
    """Dismiss the markers of refusals: the days that they may concern can be quiet again. Your decision, kept in the log."""
    settings = load()
    known = dict(_usable(clients.published_terms(settings)))
    with clients.producer(settings) as client:
        for entry in _find(settings, ids):
            # The intake does not know whose a message is that it cannot read: it marks every truce that takes the topic.
            takers = [truce for truce, terms in known.items() if _may_concern(entry, terms)]
            truces = [entry.truce] if entry.truce is not None else takers
            if not truces:
                raise click.ClickException(f"{entry.origin}: no published truce takes {entry.origin.topic}")
            for truce in truces:
                if truce not in known:
                    raise click.ClickException(f"{entry.origin}: the terms of {truce} are not published")
                record = _encode(Dismissal(truce, _marker(entry)))
                clients.send(client, LOCATED, record, key=truce.encode(), partition=known[truce].truce.partition)
                click.echo(f"{entry.origin}: dismissed for {truce}")


def _all(settings: Settings) -> Iterator[Rejected]:
    """Each refusal once per truce; they are written at least once."""
    seen: set[tuple[str, str | None]] = set()
    for record in clients.read(settings, [REJECTED]):
        entry = _decode(record.value)
        key = (str(entry.origin), entry.truce)
        if key not in seen:
            seen.add(key)
            yield entry


def _find(settings: Settings, ids: tuple[str, ...] | list[str]) -> list[Rejected]:
    """The refusals with these ids, in the order asked for; all must be there before anything is done with one."""
    found: dict[str, list[Rejected]] = {}
    for entry in _all(settings):
        found.setdefault(str(entry.origin), []).append(entry)
    for id in ids:
        if id not in found:
            raise click.ClickException(f"nothing was refused with the id {id}; `truce rejected list` has the ids")
    return [entry for id in dict.fromkeys(ids) for entry in found[id]]


def _marker(entry: Rejected) -> str:
    """The marker that a refusal left: a retry that was refused again left the first one standing."""
    retried = [value for name, value in entry.original_headers if name == RETRY_HEADER]
    return retried[0].decode("utf-8", "replace") if retried else str(entry.origin)


def _may_concern(entry: Rejected, terms: Terms) -> bool:
    """Whether what could not be read may have been for a truce: by its topic, or by its partition of the log."""
    if entry.origin.topic == LOCATED:
        return terms.truce.partition == entry.origin.partition
    return terms.takes_topic(entry.origin.topic)


def _usable(published: Mapping[str, TermsRecord]) -> Iterator[tuple[str, Terms]]:
    for truce, record in published.items():
        try:
            yield truce, parse(record.terms)
        except TermsError as fault:
            click.echo(f"{truce}: its terms cannot be used: {fault}", err=True)


def _summary(entry: Rejected) -> dict[str, object]:
    return {
        "id": str(entry.origin),
        "truce": entry.truce,
        "stage": entry.stage,
        "reason": entry.reason,
        "detail": entry.detail,
        "bytes": len(entry.original),
    }


def _harmless(text: str) -> str:
    """As a terminal may be given it: whoever sent it must not clear the screen or write over what stands above."""
    return "".join(one if one == "\n" or one.isprintable() else one.encode("unicode_escape").decode() for one in text)


__all__ = ["rejected"]
