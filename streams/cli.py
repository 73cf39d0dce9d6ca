"""The one program, `truce`. Each command is imported only when it is called, so that `truce --help` is quick."""

import os
import sys
from importlib import import_module

import click

from streams.collecting import collect_seldom

COMMANDS = {
    "demo": "Watch two truces being decided, in half a minute",
    "replay": "Decide over files of reports, without a broker",
    "broker": "Run a single Apache Kafka on this machine",
    "worker": "Read reports, decide, publish: the service itself",
    "upgrade": "Say what this version would decide otherwise",
    "health": "Ask the worker on this machine how it is",
    "topics": "Check the topics on the broker, or create them",
    "terms": "Check, publish and show terms: the truce written down",
    "publish": "Publish files of reports, in any of the formats",
    "tail": "Follow what is published, until Ctrl-C",
    "match": "Learn the weights by which reports are matched",
    "locate": "Locate names of places, and say how",
    "places": "Learn lists of places from reports",
    "board": "Show the truces in a browser, as they are",
    "explain": "Say in plain words why something was decided",
    "compare": "Compare two policies on the same reports",
    "verify": "Check every decision, byte for byte",
    "report": "Write the situation as one file that prints well",
    "export": "Write incidents and phases for other programs",
    "notify": "Send changes of phase to a URL, signed",
    "rejected": "List, show, retry and dismiss refused messages",
}
"""By name, each in a module and an object of that name, with what `truce --help` says of it: none is imported for that."""


class LazyGroup(click.Group):
    """A group whose commands stand in `COMMANDS`, in the order of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return getattr(import_module(f"streams.commands.{cmd_name}"), cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="truce-monitor")
@click.option("--settings", metavar="FILE", help="Settings (TOML); the same as the variable TRUCE_SETTINGS.")
def truce(settings: str | None) -> None:
    """Watch a ceasefire: read reports of violations, keep a level per zone, announce changes of phase."""
    if settings is not None:
        # In the environment, so that the processes that a command starts have the same.
        os.environ["TRUCE_SETTINGS"] = settings


def main() -> None:
    """Entry point: one readable line and a non-zero exit on failure, never a traceback for what a user can mend."""
    collect_seldom()
    for stream in (sys.stdout, sys.stderr):
        # Where a terminal cannot show an arrow or a name, a good run must not end as a failure.
        stream.reconfigure(errors="backslashreplace")
    try:
        truce()
    except Exception as fault:
        # Broad only so that the libraries behind these errors are not imported before one of them is raised.
        if not isinstance(fault, _mendable()):
            raise
        click.echo(f"truce: {fault}", err=True)
        sys.exit(2)


def _mendable() -> tuple[type[Exception], ...]:
    """Errors whose message is meant for the user."""
    from kafka.errors import KafkaError

    from streams.broker import BrokerError
    from streams.clients import BrokerProblem
    from streams.core.terms import TermsError
    from streams.settings import SettingsError
    from streams.signing import KeyProblem

    return (BrokerError, BrokerProblem, KafkaError, KeyProblem, SettingsError, TermsError)


if __name__ == "__main__":
    main()
