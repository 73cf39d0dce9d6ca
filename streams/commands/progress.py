"""Signs of life of commands that take longer than two seconds: a bar for people, a plain line now and then for a file."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

AFTER_S = 2.0
"""What is done sooner shows nothing."""
BAR_EVERY_S = 0.1
LINE_EVERY_S = 5.0
State = TypeVar("State")


def every_two_seconds(readable: Callable[[State], str]) -> Callable[[State], None]:
    """To be called with the state at every step; says it on standard error when two seconds have passed."""
    due = time.monotonic() + AFTER_S

    def watch(state: State) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + AFTER_S
            click.echo(f"… {readable(state)}", err=True)

    return watch


class Bar:
    """A context manager, to be called at every step of long work: what is being done, how much is done, and of how much.

    On standard error: a bar where that is a terminal, else a line every few seconds; nothing in the first two seconds.
    """

    def __init__(self) -> None:
        self._due = time.monotonic() + AFTER_S
        self._progress: Progress | None = None
        self._doing = ""

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, doing: str, done: int, total: int, said: str = "") -> None:
        now = time.monotonic()
        if now < self._due:
            return
        if not sys.stderr.isatty():
            self._due = now + LINE_EVERY_S
            share = f"{done * 100 // total} %" if total else ""
            click.echo(f"… {doing}: {', '.join(part for part in (share, said) if part)}", err=True)
            return
        self._due = now + BAR_EVERY_S
        if self._progress is None:
            columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
            console = Console(stderr=True, highlight=False)
            self._progress = Progress(*columns, TextColumn("{task.fields[said]}"), console=console, transient=True)
            self._progress.start()
        if doing != self._doing:
            self._doing = doing
            for task in self._progress.task_ids:
                self._progress.remove_task(task)
            self._progress.add_task(doing, total=total or None, said=said)
        self._progress.update(self._progress.task_ids[0], completed=done, total=total or None, said=said)


__all__ = ["Bar", "every_two_seconds"]
