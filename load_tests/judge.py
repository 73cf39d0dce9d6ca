"""Judge an installation: is every report accounted for, and is every decision what the log gives?

    python load_tests/judge.py [--json]

Reads the report topics, the log, the refusals and the public topics, all read committed; takes nothing from the worker
but its recorded position; recomputes everything with the core. Prints one table. The exit code is 0 where all is as it
should be, 1 where it is not, 2 where it cannot be judged. The broker is found by the settings of the program.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import click
import msgspec
from kafka.errors import KafkaError

from load_tests.accounts import account_for
from load_tests.recomputed import compare_with_log
from load_tests.verdict import Row, Verdict
from schemas.topics import REPORTS_PREFIX
from streams import clients
from streams.core.intake import Intake
from streams.settings import Settings, SettingsError
from streams.settings import load as load_settings


class Topics(Protocol):
    """What is judged: committed records, those of a partition in order."""

    def names(self) -> Sequence[str]: ...
    def bounds(self, topic: str) -> Mapping[int, tuple[int, int]]: ...
    def records(self, topic: str) -> Iterable[Any]: ...


def judge(topics: Topics, make_intake: Callable[[], Intake] = Intake) -> Verdict:
    """The verdict on all that is there now. `make_intake` gives the core's intake with the settings that the worker has."""
    reports = sorted(name for name in topics.names() if name.startswith(REPORTS_PREFIX))
    ledger, rows = compare_with_log(topics)
    return Verdict([*account_for(topics, reports, ledger, make_intake), *rows])


class KafkaTopics:
    """The topics of a broker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def names(self) -> Sequence[str]:
        with clients.consumer(self._settings) as client:
            return sorted(client.topics())

    def bounds(self, topic: str) -> Mapping[int, tuple[int, int]]:
        with clients.consumer(self._settings) as client:
            partitions = clients.partitions(client, topic)
            first, ends = client.beginning_offsets(partitions), client.end_offsets(partitions)
            return {one.partition: (first[one], ends[one]) for one in partitions}

    def records(self, topic: str) -> Iterator[Any]:
        return clients.read(self._settings, [topic])


class _Told(NamedTuple):
    clean: bool
    rows: list[Row]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON.")
def main(as_json: bool) -> None:
    """Judge the installation that the settings name."""
    try:
        settings = load_settings()
        verdict = judge(KafkaTopics(settings), lambda: Intake(settings.source_topics, settings.clock_skew_max_s))
    except (SettingsError, clients.BrokerProblem, KafkaError) as fault:
        click.echo(f"judge: {fault}", err=True)
        sys.exit(2)
    if as_json:
        click.echo(msgspec.json.encode(_Told(verdict.clean, verdict.rows)))
    else:
        verdict.show()
    sys.exit(0 if verdict.clean else 1)


if __name__ == "__main__":
    main()


__all__ = ["KafkaTopics", "Topics", "judge"]
