"""`truce health`: whether the worker on this machine is alive, or ready, for whatever starts and stops it."""

import sys
import urllib.error
import urllib.request

import click

from streams.settings import load

STAGES = ("intake", "monitor")
WAIT_S = 3.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


@click.command()
@click.option("--only", type=click.Choice(STAGES), help="Ask only this one.")
@click.option(
    "--ready", is_flag=True, help="Whether it is at work, and not only alive: state is rebuilt, partitions are assigned."
)
def health(only: str | None, ready: bool) -> None:
    """Ask the worker on this machine how it is: one line a process, and 1 as exit code where one is not well.

    It asks on `metrics_port` and the next one, so those must be set.
    """
    settings = load()
    if not settings.metrics_port:
        raise click.UsageError("metrics_port is 0, a free port at every start: set it, so that it is known where to ask")
    host = EVERYWHERE.get(settings.metrics_host, settings.metrics_host)
    well = True
    for position, stage in enumerate(STAGES):
        if only in (None, stage):
            fine, line = _ask(f"http://{host}:{settings.metrics_port + position}/{'ready' if ready else 'live'}")
            click.echo(f"{stage}: {line}")
            well &= fine
    sys.exit(0 if well else 1)


def _ask(url: str) -> tuple[bool, str]:
    try:
        with urllib.request.urlopen(url, timeout=WAIT_S) as answer:
            return True, answer.read().decode().strip()
    except urllib.error.HTTPError as refused:
        return False, refused.read().decode().strip()
    except OSError as fault:
        return False, f"does not answer ({getattr(fault, 'reason', fault)})"


__all__ = ["health"]
