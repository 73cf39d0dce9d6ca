"""Options of every command that reads files of reports: what they are written in, and which column is what."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from streams.adapters import FORMATS, Row, arrivals_of, load_mapping
from streams.adapters.rows import Took, nobody
from streams.commands.progress import Bar


class Files(NamedTuple):
    """Files of one format. `map_file` is a mapping, for those that take one."""

    paths: Sequence[Path]
    format: str
    map_file: Path | None = None

    def rows(self, took: Took = nobody) -> Iterator[Row]:
        """Raises `AdapterError`, also for a mapping that cannot be used."""
        mapping = None if self.map_file is None else load_mapping(self.map_file)
        return arrivals_of(self.paths, self.format, took, mapping)

    def rows_under(self, bar: Bar) -> Iterator[Row]:
        """The same; the bar shows how much of the files is read."""
        read = 0

        def more(count: int) -> None:
            nonlocal read
            read += count
            bar("reading", read, sum(file.stat().st_size for file in self.paths))

        return self.rows(more)


def reading(command: Callable[..., Any]) -> Callable[..., Any]:
    """FILE..., --format and --map; the command is given `files`, `format` and `map_file`."""
    options = (
        click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."),
        click.option(
            "--format",
            "format",
            required=True,
            type=click.Choice(FORMATS),
            help="What the files are written in.",
        ),
        click.option(
            "--map",
            "map_file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Which column is what (TOML); csv needs it.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


__all__ = ["Files", "reading"]
