"""Run the pipeline in simulation, again and again, and have each run judged.

    python load_tests/simulate.py                      # two minutes of runs, each from a seed of its own
    python load_tests/simulate.py --minutes 60
    python load_tests/simulate.py --runs 12
    python load_tests/simulate.py --seed 4711          # this run once more, exactly, with what was found
    python load_tests/simulate.py --every-step 0       # one story, with a kill at each step in turn

A run that is not clean is named by its seed. The exit code is 1 where there was one.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count

import click

from load_tests.simulation.world import Faults, Outcome, run


@click.command()
@click.option("--minutes", default=2.0, show_default=True, help="How long to go on.")
@click.option("--runs", "most", type=int, help="So many runs, however long they take.")
@click.option("--wider", is_flag=True, help="With lost checkpoints and changes of terms too.")
@click.option("--first", default=0, show_default=True, help="The seed of the first run; each next has the next one.")
@click.option("--seed", type=int, help="Only this run.")
@click.option("--every-step", type=int, metavar="SEED", help="The story of this seed, killed at each step of a process in turn.")
@click.option("--stride", default=1, show_default=True, help="With --every-step: only every so many steps.")
def main(
    minutes: float, most: int | None, wider: bool, first: int, seed: int | None, every_step: int | None, stride: int
) -> None:
    """Simulated runs, judged."""
    started, runs, bad, ends = time.monotonic(), 0, 0, Counter[str]()
    for name, outcome in _runs(first, seed, every_step, stride, wider):
        runs += 1
        ends += outcome.ends
        if not outcome.clean:
            bad += 1
            click.echo(f"{name}: not clean, after {outcome.steps:,} steps")
            for line in [*outcome.problems, *outcome.verdict.told()]:
                click.echo(f"  {line}")
        if seed is not None:
            outcome.verdict.show()
        over = time.monotonic() - started > minutes * 60 if most is None else runs >= most
        if every_step is None and over:
            break
    took_min = (time.monotonic() - started) / 60
    click.echo(f"{runs} runs, {runs / took_min:.0f} a minute, {bad} not clean; processes ended: {dict(ends.most_common())}")
    sys.exit(1 if bad else 0)


def _runs(first: int, seed: int | None, every_step: int | None, stride: int, wider: bool) -> Iterator[tuple[str, Outcome]]:
    if seed is not None:
        yield f"seed {seed}", run(seed, wider=wider)
    elif every_step is not None:
        steps = run(every_step, Faults()).steps
        for step in range(1, steps + 1, stride):
            yield f"story {every_step}, killed at step {step}", run(every_step, Faults(kills=[step]))
    else:
        for number in count(first):
            yield f"seed {number}", run(number, wider=wider)


if __name__ == "__main__":
    main()
