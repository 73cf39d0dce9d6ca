"""Measure matching and the gate against a known truth, beside a plain rule and Splink.

    uv run --group peers python load_tests/truth/benchmark.py --splink

For each standard seed the reports of ten days are grouped by each, once with coordinates in every account and once in the
full mix; then truces of several courses are judged. Prints Markdown.
"""

import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from load_tests.truth import gates, peers
from load_tests.truth.ours import Located, groups, happening_of, located, picture_of
from load_tests.truth.score import Agreement, Intervals, Key, agreement, intervals
from load_tests.truth.write import TERMS_FILE, told
from streams.core.match import rule_of, ruled_out_by
from streams.core.terms import Terms, load

STANDARD_SEEDS = (1, 2, 3, 4, 5)
MIXES = {"coordinates": True, "full mix": False}


class Ours(NamedTuple):
    agreement: Agreement
    intervals: Intervals
    unblocked: float
    """Share of true pairs that place, time, kind or weapon let be compared."""
    seconds: float


def ours(reports: Sequence[Located], killed: dict[int, int], truth: dict[Key, int], terms: Terms) -> Ours:
    began = time.perf_counter()
    picture = picture_of(reports, terms)
    seconds = time.perf_counter() - began
    happening = happening_of(picture, truth)
    tolls = [(killed[number], picture.derived[one].killed) for one, number in happening.items() if number in killed]
    accounts = [account for incident in picture.incidents.values() for account in incident.first_accounts()]
    rule, together, compared = rule_of(terms.match), 0, 0
    by_happening: dict[int, list] = {}
    for account in accounts:
        by_happening.setdefault(truth[account.source_name, account.report_id], []).append(account)
    for told_together in by_happening.values():
        for position, one in enumerate(told_together):
            for other in told_together[position + 1 :]:
                if one.source != other.source:
                    together += 1
                    compared += ruled_out_by(one.features, other.features, rule) is None
    return Ours(agreement(truth, groups(picture)), intervals(tolls), compared / max(together, 1), seconds)


@click.command()
@click.option("--seed", "seeds", multiple=True, type=int, default=STANDARD_SEEDS, help="May be given again.")
@click.option("--splink", "with_splink", is_flag=True, help="Splink too; needs the group `peers`.")
@click.option("--truces", default=20, help="How many truces of each course; 0 for none.")
@click.option("--first-truce", default=0, help="The seed of the first of them; the others have those that follow.")
@click.option("--hostile", is_flag=True, help="The truces once more, flooded with inventions.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the terms; what is truly quiet stays."
)
def main(
    seeds: tuple[int, ...], with_splink: bool, truces: int, first_truce: int, hostile: bool, overrides: tuple[str, ...]
) -> None:
    """Print the tables of a benchmark, in Markdown."""
    terms = load(TERMS_FILE, overrides)
    click.echo("| reports | by | precision | recall | F1 | B-cubed F1 | seconds |\n|---|---|---|---|---|---|---|")
    held: dict[str, list[Ours]] = {}
    for mix, coordinates in MIXES.items():
        rows: dict[str, list[tuple[Agreement, float]]] = {}
        for seed in seeds:
            found, tellings = told(seed, terms, coordinates)
            truth = {
                (telling.source, telling.report_id): telling.happening for telling in tellings if telling.happening is not None
            }
            killed = {happening.number: happening.killed for happening in found}
            reports = located(tellings, terms)
            mine = ours(reports, killed, truth, terms)
            held.setdefault(mix, []).append(mine)
            rows.setdefault("this program", []).append((mine.agreement, mine.seconds))
            outcomes = {"5 km and 24 h": peers.plain}
            if with_splink:
                outcomes["Splink, best threshold"] = peers.splink
            for name, peer in outcomes.items():
                rows.setdefault(name, []).append(peer(reports, terms, truth))
        for name, scored in rows.items():
            mean = Agreement(*(sum(values) / len(values) for values in zip(*(one for one, _ in scored), strict=True)))
            spread = f"{min(one.f1 for one, _ in scored):.3f}–{max(one.f1 for one, _ in scored):.3f}"
            seconds = sum(taken for _, taken in scored) / len(scored)
            click.echo(
                f"| {mix} | {name} | {mean.precision:.3f} | {mean.recall:.3f} | **{mean.f1:.3f}** ({spread}) "
                f"| {mean.b_cubed_f1:.3f} | {seconds:.1f} |"
            )
    click.echo(
        "\n| reports | incidents | interval of the dead holds the truth | mean width | where anybody died | mean width "
        "| true pairs that are compared |\n|---|---|---|---|---|---|---|"
    )
    for mix, measured in held.items():
        of = Intervals(*(sum(values) / len(values) for values in zip(*(one.intervals for one in measured), strict=True)))
        unblocked = sum(one.unblocked for one in measured) / len(measured)
        click.echo(
            f"| {mix} | {of.incidents:.0f} | {of.held:.1%} | {of.mean_width:.1f} | {of.held_where_any_died:.1%} "
            f"| {of.mean_width_where_any_died:.1f} | {unblocked:.1%} |"
        )
    if truces:
        for setting in gates.SETTINGS if hostile else ("honest",):
            _gates(range(first_truce, first_truce + truces), terms, setting)


def _gates(seeds: Sequence[int], terms: Terms, setting: str) -> None:
    click.echo(
        f"\n| {setting}: course | truces | should open | opened | false-open | of these by what nobody told | false-block "
        "| days whose interval holds the truth | outcomes of those that stayed shut |\n|---|---|---|---|---|---|---|---|---|"
    )
    agreed = load(TERMS_FILE)
    verdicts = [gates.judge(seed, course, terms, gates.SETTINGS[setting], agreed) for course in gates.COURSES for seed in seeds]
    for course in (*gates.COURSES, "all"):
        of = [one for one in verdicts if course in (one.course, "all")]
        causes: Counter[str] = sum((one.causes for one in of if one.false_block), Counter())
        days = sum(one.days for one in of)
        click.echo(
            f"| {course} | {len(of)} | {sum(one.truly is not None for one in of)} | {sum(one.found is not None for one in of)} "
            f"| {sum(one.false_open for one in of)} | {sum(one.untold for one in of)} | {sum(one.false_block for one in of)} "
            f"| {sum(one.days_held for one in of) / max(days, 1):.1%} "
            f"| {', '.join(f'{count} {cause}' for cause, count in causes.most_common()) or '–'} |"
        )
    for one in verdicts:
        if one.false_open:
            click.echo(
                f"\nFalse-open: {one.course}, seed {one.seed}, on day {one.found}, truly {one.truly}, as told {one.truly_told}"
            )


if __name__ == "__main__":
    main()
