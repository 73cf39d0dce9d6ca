"""What the commands have in common that write files of what is public: where it is read, and what may go wrong."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import click

from streams.board.files import NothingToWrite, fold, now
from streams.board.reading import follow, stored
from streams.board.view import View
from streams.results import ResultsError
from streams.settings import load


def write_files(results: Path | None, folder: Path, write: Callable[[View], list[Path]]) -> None:
    """Write what the results of a replay hold, or without them the topics as they are now, and print the paths."""
    try:
        view = fold(stored(results)) if results is not None else asyncio.run(now(follow(load())))
        written = write(view)
    except (NothingToWrite, ResultsError) as fault:
        raise click.ClickException(str(fault)) from None
    except OSError as fault:
        raise click.ClickException(f"{fault.filename or folder}: {fault.strerror}") from None
    for path in written:
        click.echo(path)


__all__ = ["write_files"]
