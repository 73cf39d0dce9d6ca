"""`truce compare`: what another policy, or other reports, would have made of a truce."""

from pathlib import Path
from typing import Any

import click
import msgspec
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.facts import Day, PhaseChange
from streams.commands.times import utc
from streams.proof.comparison import Comparison, OtherDay, gated_zones
from streams.proof.comparison import compare as compare_sources
from streams.proof.sources import Folder, SourceError
from streams.words import COLOURS, METRICS, amount, listed, several

ROWS_MAX = 60


@click.command()
@click.argument("one", type=click.Path(path_type=Path), metavar="A")
@click.argument("other", type=click.Path(path_type=Path), metavar="B")
@click.option("--all", "all_zones", is_flag=True, help="Days of every zone; without it those of the zones that decide.")
@click.option("--json", "as_json", is_flag=True, help="Print everything that differs as one JSON object.")
def compare(one: Path, other: Path, all_zones: bool, as_json: bool) -> None:
    """Compare two folders that `truce replay --out` wrote: other terms, other phases, other days, and since when.

    Replay the same reports twice, the second time with --set, and see what the policy would have changed.
    """
    try:
        here, there = Folder(one), Folder(other)
        found = compare_sources(here, there)
    except SourceError as fault:
        raise click.ClickException(str(fault)) from None
    if not all_zones:
        gated = gated_zones(here) | gated_zones(there)
        found = found._replace(
            days=[day for day in found.days if (day.truce, day.zone) in gated],
            outcomes=[counts for counts in found.outcomes if counts[:2] in gated],
        )
    if as_json:
        click.echo(orjson.dumps(_body(found)))
    else:
        _show(found, *_names(one, other), all_zones)


def _names(one: Path, other: Path) -> tuple[str, str]:
    """The last parts of the paths, where these tell them apart."""
    short = one.resolve().name, other.resolve().name
    return short if short[0] != short[1] else (str(one), str(other))


def _body(found: Comparison) -> dict[str, Any]:
    return {
        "since": found.since_s,
        "terms": [dict(zip(("truce", "key", "one", "other"), row, strict=True)) for row in found.terms],
        "phases": {"only_one": msgspec.to_builtins(found.only_one), "only_other": msgspec.to_builtins(found.only_other)},
        "outcomes": [dict(zip(("truce", "zone", "one", "other"), row, strict=True)) for row in found.outcomes],
        "disagreement": [dict(zip(("truce", "zone", "one", "other"), row, strict=True)) for row in found.disagreement],
        "days": [
            day._asdict() | {"one": msgspec.to_builtins(day.one), "other": msgspec.to_builtins(day.other)} for day in found.days
        ],
    }


def _show(found: Comparison, one: str, other: str, all_zones: bool) -> None:
    console = Console(highlight=False)
    for truce, key, was, becomes in found.terms:
        console.print(f"{truce}: {key} is {_value(was)} in {one}, {_value(becomes)} in {other}", soft_wrap=True, markup=False)
    if found.since_s is None:
        console.print("The same phases, and the same days" + ("." if all_zones else " in the zones that decide."))
        return
    console.print(f"They differ since {utc(found.since_s)}.")
    for where, changes in ((one, found.only_one), (other, found.only_other)):
        for change in changes:
            console.print(f"only in {where}: {_change(change)}", soft_wrap=True, markup=False)
    if not found.only_one and not found.only_other:
        console.print("The phases are the same.")
    for truce, zone, was, becomes in found.outcomes:
        told = "; ".join(f"in {name} {_counts(counts)}" for name, counts in ((one, was), (other, becomes)))
        console.print(f"{truce}/{zone}: {told}", soft_wrap=True, markup=False)
    if found.days:
        rows = _rows(found.days)
        console.print(_table(rows[:ROWS_MAX], one, other))
        if len(rows) > ROWS_MAX:
            console.print(f"and {several(sum(len(same) for same in rows[ROWS_MAX:]), 'more day')}; --json prints them all")
        metrics = listed(sorted({METRICS[day.metric] for row in found.days for day in (row.one, row.other) if day}), "or")
        console.print(f"Behind each outcome {metrics}, from what is sure to what is possible, of what a day may hold.")
    else:
        console.print("The days are the same.")
    for truce, zone, was, becomes in found.disagreement:
        told = " and ".join(f"{_percent(index)} in {name}" for index, name in ((was, one), (becomes, other)))
        console.print(f"{truce}/{zone}: in the last week those who watch differ by {told}", soft_wrap=True, markup=False)


def _counts(counts: dict[str, int]) -> str:
    return listed([f"{several(count, 'day')} {outcome}" for outcome, count in counts.items()], "and") if counts else "no days"


def _rows(days: list[OtherDay]) -> list[list[OtherDay]]:
    """Zone by zone; days in a row that differ in the same way share one."""
    rows: list[list[OtherDay]] = []
    for day in sorted(days, key=lambda day: (day.truce, day.zone, day.day)):
        last = rows[-1][-1] if rows else None
        if last is not None and last.day + 1 == day.day and _shown(last) == _shown(day):
            rows[-1].append(day)
        else:
            rows.append([day])
    return rows


def _shown(day: OtherDay) -> tuple[str, ...]:
    return day.truce, day.zone, _cell(day.one).plain, _cell(day.other).plain


def _table(rows: list[list[OtherDay]], one: str, other: str) -> Table:
    table = Table(
        "day",
        "begins",
        "zone",
        one,
        other,
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )
    one_truce = len({day.truce for day, *_ in rows}) == 1
    for day, *same in rows:
        zone = day.zone if one_truce else f"{day.truce}/{day.zone}"
        number = f"{day.day + 1} to {same[-1].day + 1}" if same else f"{day.day + 1}"
        table.add_row(number, utc(day.starts), zone, _cell(day.one), _cell(day.other))
    return table


def _cell(day: Day | None) -> Text:
    if day is None:
        return Text("not there", "dim")
    limit = "no limit" if day.limit is None else f"of {day.limit / 1_000:g}"
    text = Text(day.outcome, COLOURS.get(day.outcome, ""))
    return text.append(f"  {amount(getattr(day.measures, day.metric), day.metric)} {limit}", "default")


def _change(change: PhaseChange) -> str:
    return (
        f"{utc(change.effective_at)}  {change.truce}/{change.zone}  {change.before_name} to {change.after_name}: {change.detail}"
    )


def _percent(index: int | None) -> str:
    return "nobody knows how much" if index is None else f"{index / 10:g} %"


def _value(value: Any) -> str:
    return "unsaid" if value is None else orjson.dumps(value).decode()


__all__ = ["compare"]
