"""Signs of life of commands that take longer than two seconds."""

import time
from collections.abc import Callable
from typing import TypeVar

import click

EVERY_S = 2.0
State = TypeVar("State")


def every_two_seconds(readable: Callable[[State], str]) -> Callable[[State], None]:
    """To be called with the state at every step; says it on standard error when two seconds have passed."""
    due = time.monotonic() + EVERY_S

    def watch(state: State) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + EVERY_S
            click.echo(f"… {readable(state)}", err=True)

    return watch


__all__ = ["every_two_seconds"]
