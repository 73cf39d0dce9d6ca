"""`truce upgrade`: whether this version may take over from the one that runs, tried on the log without touching anything."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import click
import msgspec
import orjson

from schemas.topics import CHECKPOINTS, LOCATED
from streams import clients
from streams.commands.times import utc
from streams.core.gate import Wanted
from streams.core.monitor import RULES
from streams.core.partition import LogPartition
from streams.core.snapshot import NewerCheckpoint
from streams.settings import load


class Found(NamedTuple):
    """Of one partition of the log. `fault`: why this version would not start; `amendments`: by truce, see `LogPartition`."""

    partition: int
    records: int
    rules: int | None
    fault: str | None
    amendments: dict[str, list[tuple[str, Wanted]]]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was found as one JSON object.")
def upgrade(as_json: bool) -> None:
    """Decide on the log with this version, up to where the running one is, and say what would come out otherwise.

    Run it with the new version beside the old workers: it joins no group and writes nothing. Exits with 0 where this version
    would go on as if nothing had happened, and with 1 where it would amend something or not start.
    """
    found = list(check())
    if as_json:
        click.echo(orjson.dumps([msgspec.to_builtins(one._asdict()) for one in found]))
    else:
        for one in found:
            for line in _lines(one):
                click.echo(line)
    if any(one.fault or any(one.amendments.values()) for one in found):
        sys.exit(1)


def check() -> Iterator[Found]:
    """One finding a partition of the log."""
    settings = load()
    checkpoints: dict[int, dict[str, bytes]] = defaultdict(dict)
    for record in clients.read(settings, [CHECKPOINTS]):
        key = record.key.decode()
        if record.value is None:
            checkpoints[record.partition].pop(key, None)
        else:
            checkpoints[record.partition][key] = record.value
    logs: dict[int, list[Any]] = defaultdict(list)
    for record in clients.read(settings, [LOCATED]):
        logs[record.partition].append(record)
    for number in sorted(checkpoints):
        yield try_partition(number, checkpoints[number], logs[number])


def try_partition(number: int, checkpoints: dict[str, bytes], log: Iterable[Any]) -> Found:
    """Take the records of a partition in, as a worker of this version would when it takes over."""
    try:
        state = LogPartition.restore(number, checkpoints)
    except NewerCheckpoint as fault:
        return Found(number, 0, None, str(fault), {})
    taken = 0
    for record in log:
        if not taken and record.offset > state.next_offset and state.recorded_offset > record.offset:
            missing = f"the log begins at offset {record.offset}, and this version must read it from {state.next_offset}"
            return Found(number, 0, state.recorded_rules, missing, {})
        if state.next_offset <= record.offset < state.recorded_offset:
            state.next_offset = record.offset  # offsets between records belong to transactions
            state.apply(record.offset, record.value or b"", record.key)
            taken += 1
    amendments = state.amendments()
    fault = None
    if any(amendments.values()) and state.recorded_rules == RULES:
        fault = "it decides otherwise by the same version of the rules, and would not start"
    return Found(number, taken, state.recorded_rules, fault, amendments)


def _lines(found: Found) -> Iterator[str]:
    rules = "" if found.rules is None else f", decided by rules {found.rules} (this version: {RULES})"
    yield f"partition {found.partition}: {found.records} records{rules}"
    if found.fault is not None:
        yield f"  would not go on: {found.fault}"
    for truce, changes in found.amendments.items():
        if not changes:
            yield f"  {truce}: everything as announced"
        for what, change in changes:
            verb = "would take back" if what == "void" else "would announce"
            how = f"{change.kind}, {change.before} → {change.after} of {change.zone}"
            yield f"  {truce}: {verb}: {how}, effective {utc(change.effective_at)}"


__all__ = ["check", "try_partition", "upgrade"]
