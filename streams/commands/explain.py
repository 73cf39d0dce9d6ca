"""`truce explain`: why an incident is one, why a day came out as it did, why a phase changed, what would have changed it."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

import click
import msgspec
import orjson

from streams.commands.progress import Bar
from streams.proof import public_telling, telling, telling_incidents
from streams.proof.sources import Cluster, Folder, SourceError
from streams.proof.state import NotFound, OfChange, OfDay, OfIncident, find
from streams.settings import load

WIDTH = 100


@click.command()
@click.argument("name")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--truce", metavar="ID", help="Where several truces are in the log, and NAME is a date or a zone's day.")
@click.option("--public", is_flag=True, help="Read only what anybody may read: nothing is worked out again, nobody is named.")
@click.option("--json", "as_json", is_flag=True, help="Print what is explained and the lines of it as one JSON object.")
def explain(name: str, folder: Path | None, truce: str | None, public: bool, as_json: bool) -> None:
    """Explain NAME in plain words, from DIR, which `truce replay --out` wrote, or from the cluster.

    NAME is the id of a change of phase or of an incident (its first letters do), a day as truce/zone/day (counted from 0),
    or a date such as 2016-09-17 or aleppo/2016-09-17: the day of the truce that begins on it. What "would have been" is
    worked out again from the log. Without --public it names sources and reports, and is for those who may see them.
    """
    try:
        source = Cluster(load(), public) if folder is None else Folder(folder)
        if public:
            source.has_log = False
        size = source.size() if source.has_log else 0
        with Bar() as bar:
            found = find(source, name, truce, lambda records: bar("telling the log again", records, size, f"{records:,} records"))
        explained = [(one, list(_lines(one))) for one in found]
    except (NotFound, SourceError) as fault:
        raise click.ClickException(str(fault)) from None
    if as_json:
        click.echo(orjson.dumps([_body(one) | {"explanation": lines} for one, lines in explained]))
    else:
        click.echo("\n\n".join("\n".join(map(_wrapped, lines)) for _, lines in explained))


def _lines(found: OfChange | OfDay | OfIncident) -> Iterator[str]:
    if found.monitor is None:
        return public_telling.tell(found)
    return telling_incidents.tell(found) if isinstance(found, OfIncident) else telling.tell(found)


def _wrapped(line: str) -> str:
    """To read in a terminal; what is listed keeps its indent."""
    indent = " " * (len(line) - len(line.lstrip()) + 2) if line.startswith(" ") else ""
    return fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _body(found: OfChange | OfDay | OfIncident) -> dict:
    kind, body = ("incident", found.incident) if isinstance(found, OfIncident) else ("day", getattr(found, "day", None))
    if isinstance(found, OfChange):
        kind, body = "change", found.change
    return {"kind": kind, "body": msgspec.to_builtins(body)}


__all__ = ["explain"]
