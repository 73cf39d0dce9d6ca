"""What those who make a truce may ask for, and how often the gate then opens or stays shut wrongly.

    uv run python load_tests/truth/policies.py --first-truce 100 --truces 60

Every policy judges the same strikes, with what was agreed: seven days of at most so much. Only what the gate asks for
before it believes in them differs, and how many independent monitors there are. Prints Markdown.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import click

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from load_tests.truth import gates
from load_tests.truth.write import TERMS_FILE
from streams.core.terms import load

MIDNIGHT = "truce.d_hour=2026-02-28T21:00:00Z"
"""In Damascus: then what is dated to the day lies in one day of the truce."""


class Policy(NamedTuple):
    """So many independent monitors, and what terms say otherwise."""

    monitors: int = 2
    overrides: tuple[str, ...] = ()


POLICIES = {
    "the terms as they are": Policy(),
    "two contested days tolerated (the default)": Policy(2, ("gate.max_contested=2",)),
    "no unknown day tolerated": Policy(2, ("gate.max_unknown=0",)),
    "threshold 10 where 12 is agreed": Policy(2, ("whole.threshold.value=10",)),
    "days from midnight to midnight": Policy(2, (MIDNIGHT,)),
    "a third monitor": Policy(3),
    "a third and a fourth monitor": Policy(4),
    "a third monitor, and all three must watch": Policy(3, ("coverage.min_lineages=3",)),
    "a third monitor, and threshold 10": Policy(3, ("whole.threshold.value=10",)),
}


@click.command()
@click.option("--truces", default=20, type=click.IntRange(1), help="How many of each course.")
@click.option("--first-truce", default=0, help="The seed of the first of them; the others have those that follow.")
@click.option("--policy", "names", multiple=True, type=click.Choice(list(POLICIES)), help="May be given again; else all.")
def main(truces: int, first_truce: int, names: tuple[str, ...]) -> None:
    """Print a table of policies, in Markdown."""
    agreed = load(TERMS_FILE)
    click.echo(
        "| asked for | monitors | truces | should open | false-open | of these by what nobody told | false-block | days late |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for name in names or POLICIES:
        policy = POLICIES[name]
        terms = gates.with_monitors(load(TERMS_FILE, policy.overrides), policy.monitors)
        seeds = range(first_truce, first_truce + truces)
        verdicts = [gates.judge(seed, course, terms, agreed=agreed) for course in gates.COURSES for seed in seeds]
        should = sum(one.truly is not None for one in verdicts)
        opened, blocked = (sum(getattr(one, which) for one in verdicts) for which in ("false_open", "false_block"))
        late = [one.days_late for one in verdicts if one.days_late is not None]
        click.echo(
            f"| {name} | {policy.monitors} | {len(verdicts)} | {should} | {opened} ({opened / len(verdicts):.1%}) "
            f"| {sum(one.untold for one in verdicts)} | {blocked} ({blocked / max(should, 1):.0%}) "
            f"| {sum(late) / max(len(late), 1):.1f} |"
        )


if __name__ == "__main__":
    main()
