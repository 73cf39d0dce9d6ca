"""Read made-up logs in many ways, and see that readers always end up with the same.

    python load_tests/restarts/run.py                  # twenty logs
    python load_tests/restarts/run.py --logs 500 --first 1000
    python load_tests/restarts/run.py --seed 4711      # this log only, with all that differs

Each log is read by one process with a commit after every record; then with other commits, and with processes that stop and
start again from their checkpoints. Changes of phase must be the same bytes in the same order, and so must the last value of
every key of the other topics. The exit code is 1 where something differs.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import click

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from load_tests.restarts.logs import log
from schemas.facts import Fact
from schemas.topics import PHASES
from streams.core.partition import LogPartition

STOPS = 6


class Way(NamedTuple):
    """Where a log is committed (given a record and chance), and how often it is stopped and started."""

    commits: Callable[[bytes, Random], bool]
    stops: int


WAYS = {
    "at every tick": Way(lambda record, _: record.startswith(b'{"record":"tick"'), 0),
    "here and there": Way(lambda _, random: random.random() < 0.05, 0),
    "once, at the end": Way(lambda *_: False, 0),
    "at every record, with restarts": Way(lambda *_: True, STOPS),
    "here and there, with restarts": Way(lambda _, random: random.random() < 0.03, STOPS),
}


class Readers:
    """What they end up with: changes of phase by truce, and the last value of every other key. Which truce is halted, and why.

    `spared`: how many records no restart had to read again.
    """

    def __init__(self) -> None:
        self.phases: dict[str, list[bytes | None]] = defaultdict(list)
        self.last: dict[tuple[str, str], bytes] = {}
        self.halted: dict[str, str] = {}
        self.spared = 0

    def see(self, facts: list[Fact]) -> None:
        for fact in facts:
            if fact.topic == PHASES:
                self.phases[fact.key].append(fact.value)
            elif fact.value is None:
                self.last.pop((fact.topic, fact.key), None)
            else:
                self.last[fact.topic, fact.key] = fact.value

    def differences(self, other: "Readers") -> Iterator[str]:
        for truce in sorted(self.phases.keys() | other.phases.keys()):
            if self.phases[truce] != other.phases[truce]:
                yield f"changes of phase of {truce}: {len(self.phases[truce])} and {len(other.phases[truce])}"
        for topic, key in sorted(self.last.keys() | other.last.keys()):
            mine, its = self.last.get((topic, key)), other.last.get((topic, key))
            if mine != its:
                yield f"{topic} {key}: {_text(mine)}\n    and {_text(its)}"
        if self.halted != other.halted:
            yield f"halted: {self.halted} and {other.halted}"


def read(records: list[bytes], way: Way, random: Random) -> Readers:
    """What readers end up with. A restart must find everything as it was announced: else it raises."""
    partition, readers = LogPartition(0), Readers()
    checkpoints: dict[str, bytes | None] = {}
    stops = set(random.sample(range(1, len(records)), way.stops))

    def commit() -> None:
        readers.see(partition.flush())
        checkpoints.update({fact.key: fact.value for fact in [*partition.bases(), partition.position()]})

    for offset, record in enumerate(records):
        partition.apply(offset, record)
        if way.commits(record, random) or offset in stops:
            commit()
        if offset in stops:
            kept = {key: value for key, value in checkpoints.items() if value is not None}
            partition = LogPartition.restore(0, kept, told=True)
            readers.spared += partition.next_offset
            for again in range(partition.next_offset, partition.recorded_offset):
                partition.apply(again, records[again])
            partition.recovered()
            partition.flush(publish=False)
    commit()
    readers.halted = partition.halted
    return readers


def compare(seed: int) -> Iterator[tuple[str, list[str]]]:
    """By way of reading, what differs from reading one record after another."""
    records = log(seed)
    straight = read(records, Way(lambda *_: True, 0), Random(seed))
    for name, way in WAYS.items():
        yield name, list(straight.differences(read(records, way, Random(f"{seed} {name}"))))


def _text(value: bytes | None) -> str:
    return "nothing" if value is None else value.decode()


@click.command()
@click.option("--logs", "count", default=20, show_default=True, help="So many logs.")
@click.option("--first", default=0, show_default=True, help="The seed of the first; each next has the next one.")
@click.option("--seed", type=int, help="Only this one, with all that differs.")
def main(count: int, first: int, seed: int | None) -> None:
    """Logs read in many ways."""
    seeds = range(first, first + count) if seed is None else [seed]
    bad = 0
    for each in seeds:
        for name, differences in compare(each):
            bad += bool(differences)
            shown = differences if seed is not None else [line[:160] for line in differences[:3]]
            if differences:
                click.echo(f"seed {each}, committed {name}: {len(differences)} differences")
            for line in shown:
                click.echo(f"  {line}")
    click.echo(f"{len(seeds)} logs, each read in {len(WAYS) + 1} ways: {bad or 'no'} readings differ")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
