"""`truce report`: the situation report as a file, from a folder of results or from the cluster."""

from pathlib import Path

import click

from streams.board.report import write
from streams.board.words import LANGUAGES
from streams.commands.files import write_files


@click.command()
@click.argument("results", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="[DIR]")
@click.option("--out", "folder", required=True, type=click.Path(path_type=Path), help="Folder for the report; made if need be.")
@click.option("--truce", metavar="ID", help="Of this truce alone.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="en", show_default=True)
def report(results: Path | None, folder: Path, truce: str | None, language: str) -> None:
    """Write one HTML file a truce, which opens without a network and prints well, and its charts as PNG.

    DIR is what `truce replay --out` wrote; without it, the report is made from the topics as they are now.
    """
    write_files(results, folder, lambda view: write(view, folder, language, truce))


__all__ = ["report"]
