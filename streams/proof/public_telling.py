"""Explanations from what is public alone: what was published of a change, a day or an incident, in words; nobody is named.

Nothing is worked out again, so nothing is said of what would have been.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from schemas.facts import Cut, Day
from streams.proof.state import OfChange, OfDay, OfIncident
from streams.proof.telling import CAME_TO, GRADES
from streams.words import amount, several

_NOTE = "(From what is public: nothing was worked out again. With the log it is said what would have changed it.)"


def tell(found: OfChange | OfDay | OfIncident) -> Iterator[str]:
    if isinstance(found, OfChange):
        change = found.change
        yield f"{change.before_name} to {change.after_name}, with effect from {_when(change.effective_at)}: {change.detail}."
        for day in change.ledger:
            yield f"    {_day(day)}"
        yield from _listed("Incidents that what is possible rests on", change.blocked_by)
    elif isinstance(found, OfDay):
        yield f"{_day(found.day)}. It {CAME_TO[found.day.outcome].format(days='days')}."
        yield from _listed("Its incidents", found.day.incidents)
        yield from _listed("Those that break the limit only in what is possible", found.day.blocked_by)
    else:
        incident = found.incident
        killed = f"; killed {incident.killed.low} to {incident.killed.high}" if incident.killed is not None else ""
        told = ", ".join(f"{count} {side}" for side, count in incident.told_by.items())
        place = incident.place or "an unnamed place"
        yield f"{incident.kind} ({incident.weapon}) at {place}, {_when(incident.starts or 0)}{killed}."
        if incident.grade is not None:
            yield f"{several(incident.reports, 'report')}; lineages by side: {told}. {incident.grade}: {GRADES[incident.grade]}."
    yield _NOTE


def _day(day: Day) -> str:
    limit = "no limit yet" if day.limit is None else f"limit {day.limit / 1_000:g}"
    failed = f" ({', '.join(word.replace('_', ' ') for word in day.failed)})" if day.failed else ""
    shown = amount(getattr(day.measures, day.metric), day.metric)
    return f"{day.zone}, day {day.day + 1} from {_when(day.starts)}: {day.outcome}{failed}, {day.metric} {shown}, {limit}"


def _listed(what: str, cut: Cut | None) -> Iterator[str]:
    if cut is not None and cut.count:
        more = f" and {cut.count - len(cut.first)} more" if cut.count > len(cut.first) else ""
        yield f"{what}: {', '.join(incident[:8] for incident in cut.first)}{more}."


def _when(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%a %d %b %Y %H:%M} UTC"


__all__ = ["tell"]
