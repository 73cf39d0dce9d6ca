"""Everything that may go wrong, made to happen on a real broker; each trial ends with the judge.

    python load_tests/faults.py                        # all, under half an hour
    python load_tests/faults.py --only frozen --seed 7 # one, as it went before
    python load_tests/faults.py --write                # and keep the table in load_tests/results/

Seeded: a trial that fails prints the command that repeats it. The exit code is 1 where one did.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from load_tests.keeping import keep, machine
from load_tests.proxy import Proxy
from load_tests.trials import TRIALS
from load_tests.trials.trial import Trial
from streams.broker import QUICK_JVM_FLAGS, Broker, free_port


@click.command()
@click.option("--only", "names", multiple=True, type=click.Choice(list(TRIALS)), help="Only this trial; may be given again.")
@click.option("--seed", default=1, show_default=True, help="What is done when, and what is told, follow from it.")
@click.option("--rounds", type=int, help="Kills in killed-at-random, instead of 50.")
@click.option("--quick", is_flag=True, help="The short version of those that have one, as the tests run it.")
@click.option("--write", is_flag=True, help="Keep the table in load_tests/results/.")
def main(names: tuple[str, ...], seed: int, rounds: int | None, quick: bool, write: bool) -> None:
    """Try the worker under faults, and judge it."""
    rows, started = [], time.monotonic()
    for name in names or TRIALS:
        options = {"rounds": rounds} if rounds and name == "killed-at-random" else {}
        if quick and TRIALS[name].quick is None:
            continue
        began = time.monotonic()
        wrong = attempt(
            name, seed, (TRIALS[name].quick or {}) | options if quick else options, lambda line: click.echo(f"  {line}")
        )
        took_s = time.monotonic() - began
        rows.append((name, took_s, wrong))
        click.echo(f"{name:<18} {took_s:>5.0f} s  {'clean' if not wrong else 'NOT CLEAN'}")
        for line in wrong:
            click.echo(f"  {line}")
        if wrong:
            click.echo(f"  again: python load_tests/faults.py --only {name} --seed {seed}")
    click.echo(
        f"{len(rows)} trials in {(time.monotonic() - started) / 60:.1f} min, {sum(bool(row[2]) for row in rows)} not clean"
    )
    if write:
        click.echo(f"kept in {_keep(rows, seed)}")
    sys.exit(1 if any(row[2] for row in rows) else 0)


def attempt(
    name: str, seed: int, options: dict, say: Callable[[str], None] = lambda line: None, broker: Broker | None = None
) -> list[str]:
    """One trial, on a broker of its own or on one that others have used. What is wrong, in lines; nothing where it is judged
    clean."""
    with _place(name, broker) as (broker, proxied, extra):
        trial = Trial(broker, seed, say, proxied)
        try:
            verdict = TRIALS[name].run(trial, **extra, **options)
        except Exception as fault:
            # Broad, because a trial that fails in any way has failed, and the next is to be tried all the same.
            said = [line for worker in trial.running.values() for line in worker.said().splitlines()[-3:]]
            return [f"{type(fault).__name__}: {fault}", *said]
        finally:
            trial.close()
        return verdict.told()


@contextmanager
def _place(name: str, shared: Broker | None) -> Iterator[tuple[Broker, str | None, dict]]:
    """A broker, in front of which stands a proxy where the network is tried."""
    if shared is not None and not TRIALS[name].own_broker:
        yield shared, None, {}
        return
    if name != "bad-network":
        with Broker(jvm_flags=QUICK_JVM_FLAGS) as broker:
            yield broker, None, {}
        return
    port = free_port()
    behind = free_port(port)
    front = free_port(port, behind)
    controller = free_port(port, behind, front)
    listeners = {
        "listeners": f"PLAINTEXT://127.0.0.1:{port},TRIED://127.0.0.1:{behind},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port},TRIED://127.0.0.1:{front}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TRIED:PLAINTEXT",
    }
    controller = listeners["listeners"].rpartition(":")[2]
    listeners["controller.quorum.voters"] = f"1@127.0.0.1:{controller}"
    proxy = Proxy(front, behind)
    try:
        with Broker(port=port, jvm_flags=QUICK_JVM_FLAGS, settings=listeners) as broker:
            yield broker, f"127.0.0.1:{front}", {"proxy": proxy}
    finally:
        proxy.close()


def _keep(rows: list[tuple[str, float, list[str]]], seed: int) -> Path:
    lines = [
        f"`python load_tests/faults.py --seed {seed}`: {sum(row[1] for row in rows) / 60:.1f} minutes, "
        f"{sum(bool(row[2]) for row in rows)} of {len(rows)} trials not clean.",
        "",
        machine(),
        "",
        "| trial | what it does | s | judged |",
        "|---|---|---|---|",
    ]
    for name, took_s, wrong in rows:
        what = " ".join((TRIALS[name].run.__doc__ or "").split())
        lines.append(
            f"| {name} | {what} | {took_s:.0f} | {'clean' if not wrong else wrong[0].splitlines()[0].replace('|', '/')[:100]} |"
        )
    return keep("faults", "Faults", lines)


if __name__ == "__main__":
    main()


__all__ = ["attempt"]
