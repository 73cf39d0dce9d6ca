"""What the demo shows: changes of phase as sentences, days as a table, and what the words in it mean.

Written for somebody who has never seen a truce monitored, and to fit a terminal of eighty columns. Times are those of
the truce's own time zone.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from schemas.facts import Day, Incident, Interval, PhaseChange
from schemas.reasons import WHOLE, ChangeKind, ChangeReason, Condition, Grade, Metric, Outcome
from streams.core.terms import HOUR, Terms

COLOURS = {
    Outcome.QUIET: "bold green",
    Outcome.VIOLENT: "bold red",
    Outcome.DENIED: "bold magenta",
    Outcome.CONTESTED: "bold yellow",
    Outcome.UNKNOWN: "bold cyan",
    Outcome.VOID: "dim",
}
MEANINGS = {
    Outcome.QUIET: "watched by enough people, violence low for sure, aid let in: counts towards the seven",
    Outcome.VIOLENT: "violence above the limit for sure: the count starts again",
    Outcome.DENIED: "aid was not let in: the count starts again",
    Outcome.CONTESTED: "violence perhaps above the limit, but not for sure: does not count",
    Outcome.UNKNOWN: "nobody can vouch for it, and silence is not peace: does not count",
    Outcome.VOID: "the truce ended before the day did",
}
REASONS = {
    ChangeReason.D_HOUR: "the agreed hour has come",
    ChangeReason.RUN_COMPLETE: "seven quiet days are complete",
    ChangeReason.EXPIRED: "nobody renewed the truce in time",
}
GRADES = {
    Grade.WEAK: "one side's word only",
    Grade.FAIR: "told by independent sources",
    Grade.CONFIRMED: "admitted by those who did it",
}


def change_line(title: str, change: PhaseChange, terms: Terms) -> Table:
    """One change of phase: when it takes effect, from what to what, why, and when that was decided if later."""
    text = Text()
    if change.kind is ChangeKind.WITHDRAWN:
        text.append("withdrawal noted", style="bold yellow")
        text.append(f": {change.detail[:1].upper()}{change.detail[1:]}; by the terms, its word alone does not end the truce")
    elif change.kind is ChangeKind.VOID:
        text.append("taken back", style="bold yellow").append(f": {change.before_name} → {change.after_name}: {change.detail}")
    else:
        text.append(f"{change.before_name} → ").append(change.after_name, style="bold")
        text.append(f": {REASONS.get(change.reason, change.detail)}")
    if change.decided_at >= change.effective_at + 2 * HOUR:
        text.append(f" (decided {local(change.decided_at, terms)}, to leave time for late news)", style="dim")
    return _line(Text(title, "cyan"), local(change.effective_at, terms), text)


def day_table(days: Iterable[Day], terms: Terms) -> Table:
    """The settled days of a truce, one a row: outcome and violence in each gated zone, and what was wrong."""
    names = {zone.id: zone.name for zone in terms.zones} | {WHOLE: "all Syria"}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("day", justify="right")
    table.add_column(f"from {_at(terms.d_hour_s, terms):%H:%M}", no_wrap=True)
    for zone in terms.gated_ids:
        table.add_column(names[zone], no_wrap=True)
        table.add_column(f"violence\nlimit {terms.thresholds[zone].value:g}", no_wrap=True, justify="right")
    table.add_column("why it was not quiet")
    by_day: dict[int, dict[str, Day]] = {}
    for day in days:
        if day.zone in terms.gated_ids and day.outcome in COLOURS:
            by_day.setdefault(day.day, {})[day.zone] = day
    for number, zones in sorted(by_day.items()):
        shown = [zones[zone] for zone in terms.gated_ids]
        cells: list[str | Text] = []
        for day in shown:
            cells += [Text(day.outcome, COLOURS[day.outcome]), _span(getattr(day.measures, day.metric), day.metric)]
        date = _at(shown[0].starts, terms).strftime("%a %d %b")
        table.add_row(str(number + 1), date, *cells, why(shown, terms, names))
    return table


def why(days: Sequence[Day], terms: Terms, names: dict[str, str]) -> str:
    """Everything that kept a day from being quiet; what holds in every gated zone is said once."""
    reasons: dict[str, list[str]] = {}
    for day in days:
        for condition in day.failed:
            reasons.setdefault(_why(condition, day, terms), []).append(names[day.zone])
    return "; ".join(
        reason if len(zones) == len(days) else f"{reason} in {' and '.join(zones)}" for reason, zones in reasons.items()
    )


def _why(condition: Condition, day: Day, terms: Terms) -> str:
    match condition:
        case Condition.VIOLENT:
            return "too much violence"
        case Condition.CONTESTED:
            return "perhaps too much violence"
        case Condition.DENIED:
            return f"no aid let in{_areas(day, terms, 'denied')}"
        case Condition.ACCESS_NOT_REPORTED:
            return f"nobody says that aid got in{_areas(day, terms, 'unreported')}"
        case Condition.NOT_WATCHED:
            return f"watched for {(day.watched or 0) // 10} % of the day only"
        case Condition.MARKER_STANDS:
            return "a report was refused by a fault of ours"
        case Condition.NO_BASELINE:
            return "nothing to compare with"


def _areas(day: Day, terms: Terms, state: str) -> str:
    """ " (Castello road)", or nothing where it is all the areas that count."""
    areas = [area for area in terms.access.required if day.access.get(area) == state]
    if len(areas) == len(terms.access.required):
        return ""
    return f" ({', '.join(terms.access.areas[area] for area in areas)})"


def legend(days: Iterable[Day]) -> Table:
    """What the outcomes mean, for those that occur, and what the numbers are."""
    seen = {day.outcome for day in days}
    table = Table.grid(padding=(0, 2))
    for outcome, meaning in MEANINGS.items():
        if outcome in seen:
            table.add_row(Text(outcome, COLOURS[outcome]), meaning)
    table.add_row(
        Text("violence", "bold"),
        "from what is sure to what is possible, weighed: a shot counts 1, an air strike 5, each injured 1, each killed 3, "
        "one incident at most 50",
    )
    return table


def incident_line(incident: Incident, what: str, messages: int, terms: Terms) -> Table:
    """One incident: from how much talk it was put together, and what it comes to."""
    text = Text().append(what, style="bold")
    text.append(
        f": {messages} messages → 1 incident, told by {sum(incident.told_by.values())} sources that do not copy each other"
    )
    if incident.killed is not None:
        text.append(f"; killed: {incident.killed.low} to {incident.killed.high}, likeliest {incident.killed.best}")
    text.append(f"; {GRADES[incident.grade]}" if incident.grade is not None else "")
    text.append(", denied by the accused" if incident.disputed else "")
    return _line(local(incident.starts or 0, terms), text)


def _line(*cells: str | Text) -> Table:
    """Cells beside each other, so that a long last one wraps under itself."""
    line = Table.grid(padding=(0, 2, 0, 0))
    for _ in cells[:-1]:
        line.add_column(no_wrap=True)
    line.add_row(*cells)
    return line


def local(seconds: int, terms: Terms) -> str:
    return _at(seconds, terms).strftime("%a %d %b %H:%M")


def _at(seconds: int, terms: Terms) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(terms.zone_of_time)


def _span(interval: Interval, metric: Metric) -> str:
    """ "2 to 7", or "4" where it is sure. Severity is kept in thousandths; the demo's weights are whole numbers."""
    unit = 1_000 if metric is Metric.SEVERITY else 1
    low, high = interval.low // unit, -(-interval.high // unit)
    return str(low) if low == high else f"{low} to {high}"


__all__ = ["change_line", "day_table", "incident_line", "legend", "local", "why"]
