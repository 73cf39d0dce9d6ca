"""`truce match`: how reports of one incident are known by each other."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec
import orjson
import tomlkit
from tomlkit.exceptions import ParseError

from schemas.facts import LocatedReport, Report
from streams.adapters import AdapterError, Arrival, Row
from streams.commands.formats import Files, reading
from streams.commands.progress import Bar
from streams.core.intake import RECEIVED_AT_HEADER, Incoming, Intake, terms_record
from streams.core.ladder import LADDER, NEUTRAL, NUMBER
from streams.core.learning import Learned, LearningError, claims_of, learn, patterns_of
from streams.core.match import rule_of
from streams.core.picture import Picture, key_of
from streams.core.replay import file_topic
from streams.core.terms import Terms, TermsError, load


@click.group()
def match() -> None:
    """How reports of one incident are known by each other."""


@match.command("learn")
@reading
@click.option("--terms", "terms_file", required=True, type=click.Path(path_type=Path), help="Terms (TOML) of the reports.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the terms with the learned weights to this file.")
@click.option("--sure", default=0.25, type=click.FloatRange(0.01, 0.99), help="How likely a pair must be to be one incident.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the terms.")
@click.option("--json", "as_json", is_flag=True, help="What was learned as one JSON object.")
def learn_(
    files: tuple[Path, ...],
    format: str,
    map_file: Path | None,
    terms_file: Path,
    out: Path | None,
    sure: float,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Learn the weights of the matching levels from the reports in FILE..., which nobody needs to have labelled.

    They enter a decision only once they stand in terms: --out writes a copy of the terms with them.
    """
    try:
        terms = load(terms_file, overrides)
        with Bar() as bar:
            picture = picture_of(Files(files, format, map_file).rows_under(bar), terms)
            learned = learn(patterns_of(claims_of(picture), rule_of(terms.match)), terms.match, sure)
        if out is not None:
            out.write_text(with_weights(terms_file.read_text(encoding="utf-8"), learned), encoding="utf-8")
    except (AdapterError, LearningError, TermsError) as fault:
        raise click.ClickException(str(fault)) from None
    except OSError as fault:
        raise click.ClickException(f"{fault.filename}: {fault.strerror}") from None
    click.echo(orjson.dumps(learned._asdict()) if as_json else _readable(learned))
    if out is not None and not as_json:
        click.echo(f"terms with these weights: {out}")


def picture_of(rows: Iterable[Row], terms: Terms) -> Picture:
    """What terms make of reports, all of them live; those that the intake refuses are left out."""
    intake, picture, topic = Intake(), Picture(terms), file_topic([terms])
    intake.follow(terms_record(terms))
    for offset, row in enumerate(rows):
        if not isinstance(row, Arrival):
            continue
        header = (RECEIVED_AT_HEADER, str(row.received_at).encode())
        taken = intake.take(Incoming(topic, 0, offset, row.received_at * 1_000, None, row.value, (header,)))
        for entry in taken if isinstance(taken, list) else ():
            logged = msgspec.json.decode(entry.value, type=LocatedReport)
            report = msgspec.json.decode(logged.report, type=Report)
            if logged.circle is not None and report.kind is not None:
                picture.add(key_of(report.source, report.report_id), report, logged.circle, logged.received_at)
    picture.resolve()
    return picture


def with_weights(text: str, learned: Learned) -> str:
    """A file of terms with these weights in place of those it has; everything else stays as it is written."""
    try:
        document: Any = tomlkit.parse(text)
    except ParseError as fault:
        raise TermsError(f"not TOML: {fault}") from None
    table = document.setdefault("match", tomlkit.table())
    table["threshold"] = learned.threshold
    weights = tomlkit.table(is_super_table=True)
    for comparison, levels in learned.weights.items():
        inner = tomlkit.table()
        for level, weight in levels.items():
            inner[level] = weight
        weights[comparison] = inner
    table["weights"] = weights
    return tomlkit.dumps(document)


def _readable(learned: Learned) -> str:
    lines = [
        f"from {learned.pairs:,} pairs of claims near each other; {learned.true_share:.1%} of them taken to be of one incident",
        f"a pair must score {learned.threshold:+.3f} bits",
        "",
        f"{'comparison':<10} {'level':<20} {'bits':>7}   of one incident   of two",
    ]
    for comparison, levels in LADDER:
        for level, _ in levels:
            number = NUMBER[comparison, level]
            if number in NEUTRAL:
                continue
            weight, of_one, of_two = learned.weights[comparison][level], learned.m[number], learned.u[number]
            lines.append(f"{comparison:<10} {level:<20} {weight:>+7.3f} {of_one:>14.1%} {of_two:>10.1%}")
    return "\n".join(lines)
