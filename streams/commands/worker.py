"""`truce worker`: the stream processor."""

import sys
from importlib import import_module
from typing import Any

import click

from streams.settings import Settings, load

STAGES = ("intake", "monitor")
STATE_TYPE = "streams.core.partition:LogPartition"


@click.command()
@click.option("--only", type=click.Choice(STAGES), help="Run one of the two, in this process.")
@click.option("--die-with-parent", is_flag=True, hidden=True, help="End when standard input closes.")
@click.option("--state-type", default=STATE_TYPE, hidden=True, help="Tests put another state in the place of the core's.")
def worker(only: str | None, die_with_parent: bool, state_type: str) -> None:
    """Read reports from Kafka, decide, and publish: the intake and the monitor, in a process each.

    Runs until it is told to stop (SIGTERM, Ctrl-C): it then finishes the batch in hand and leaves its groups. It ends with
    a code other than 0 when it cannot go on, and is to be started again by whatever started it, with growing pauses.
    """
    settings = load()
    if only is None:
        sys.exit(_run_both(state_type))
    sys.exit(_run_one(only, settings, state_type, die_with_parent))


def _run_both(state_type: str) -> int:
    from streams.worker.supervisor import supervise

    shared = ["--die-with-parent", "--state-type", state_type]
    return supervise([[sys.executable, "-m", "streams.cli", "worker", "--only", stage, *shared] for stage in STAGES])


def _run_one(stage: str, settings: Settings, state_type: str, die_with_parent: bool) -> int:
    from streams.worker.intake_app import IntakeShell
    from streams.worker.monitor_app import MonitorShell
    from streams.worker.process import run_shell

    shells = {"intake": lambda: IntakeShell(settings), "monitor": lambda: MonitorShell(settings, _named(state_type))}
    # Two processes on one machine: the monitor's page is at the next port, where a port is set.
    port = settings.metrics_port + STAGES.index(stage) if settings.metrics_port else 0
    return run_shell(shells[stage], settings, port, die_with_parent)


def _named(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


__all__ = ["worker"]
