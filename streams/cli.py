"""The one program, `truce`. Each command is imported only when it is called, so that `truce --help` is quick."""

import os
import sys
from importlib import import_module

import click

COMMANDS = {
    "demo": "streams.commands.demo:demo",
    "replay": "streams.commands.replay:replay",
    "broker": "streams.commands.broker:broker",
    "worker": "streams.commands.worker:worker",
    "upgrade": "streams.commands.upgrade:upgrade",
    "health": "streams.commands.health:health",
    "topics": "streams.commands.topics:topics",
    "terms": "streams.commands.terms:terms",
    "publish": "streams.commands.publish:publish",
    "tail": "streams.commands.tail:tail",
    "match": "streams.commands.match:match",
    "locate": "streams.commands.locate:locate",
    "places": "streams.commands.places:places",
    "board": "streams.commands.board:board",
    "explain": "streams.commands.explain:explain",
    "compare": "streams.commands.compare:compare",
    "verify": "streams.commands.verify:verify",
    "report": "streams.commands.report:report",
    "export": "streams.commands.export:export",
    "notify": "streams.commands.notify:notify",
    "rejected": "streams.commands.rejected:rejected",
}


class LazyGroup(click.Group):
    """A group whose commands stand in `COMMANDS`, in the order of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        return getattr(import_module(module), name)


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

    return (BrokerError, BrokerProblem, KafkaError, SettingsError, TermsError)


if __name__ == "__main__":
    main()
