"""`truce export`: what is public, in the forms that others read."""

from pathlib import Path

import click

from streams.commands.files import write_files
from streams.exports import FORMS, write
from streams.exports.cap import SENDER_FORBIDDEN


@click.command()
@click.argument("form", type=click.Choice(list(FORMS)))
@click.argument("results", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="[DIR]")
@click.option("--out", "folder", required=True, type=click.Path(path_type=Path), help="Folder for the files; made if need be.")
@click.option("--truce", metavar="ID", help="Of this truce alone.")
@click.option("--sender", metavar="NAME", help="Who sends the alerts, unique in the world: monitor@example.org; cap needs it.")
def export(form: str, results: Path | None, folder: Path, truce: str | None, sender: str | None) -> None:
    """Write incidents and changes of phase as GeoJSON or as CSV with HXL tags, or the changes as alerts (CAP 1.2).

    DIR is what `truce replay --out` wrote; without it, they are those of the topics as they are now. Only what is public is
    read.
    """
    if form == "cap" and sender is None:
        raise click.UsageError("--sender: say who sends the alerts, such as monitor@example.org")
    if sender is not None and (not sender.isprintable() or any(letter in sender for letter in SENDER_FORBIDDEN)):
        raise click.UsageError("--sender: no spaces, commas, < or &, says the standard")
    write_files(results, folder, lambda view: write(view, form, folder, sender or "", truce))


__all__ = ["export"]
