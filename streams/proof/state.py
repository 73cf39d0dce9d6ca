"""The state in which something was decided: the log told again up to that moment.

What a truce has let go of cannot be asked any more, so a day is looked at before it closes for good, and a change of
phase at the tick that decided it.
"""

from typing import NamedTuple

import msgspec
import orjson

from schemas.facts import Day, Incident, PhaseChange
from schemas.topics import DAYS, INCIDENTS
from streams.core.monitor import Monitor
from streams.core.terms import DAY, HOUR
from streams.proof.recomputing import Recomputed, Watch, recompute
from streams.proof.sources import Source


class NotFound(ValueError):
    """There is nothing of that name; the message says what there is."""


class OfChange(NamedTuple):
    change: PhaseChange
    monitor: Monitor | None


class OfDay(NamedTuple):
    day: Day
    monitor: Monitor | None


class OfIncident(NamedTuple):
    """`asked`: the id that was asked for, where that incident was withdrawn and this one has its reports."""

    incident: Incident
    asked: str
    monitor: Monitor | None


def find(source: Source, name: str, truce: str | None, watch: Watch) -> list[OfChange | OfDay | OfIncident]:
    """What is meant by the id of a change of phase or of an incident (or how it begins), by truce/zone/day, or by a date."""
    named_day = _day(source, name, truce)
    if named_day:
        return [OfDay(day, _before_it_closes(source, day, watch)) for day in named_day]
    changes = [msgspec.json.decode(change.value, type=PhaseChange) for change in source.changes()]
    for change in changes:
        if len(name) >= 6 and change.id.startswith(name):
            return [OfChange(change, _when_decided(source, change, watch))]
    incidents = source.latest(INCIDENTS)
    for key, value in incidents.items():
        if len(name) >= 6 and key.startswith(name):
            return [_incident(source, incidents, key, value, watch)]
    told = ", ".join(f"{change.id[:8]} ({change.before_name} to {change.after_name})" for change in changes[:10])
    raise NotFound(
        f"{name}: no change of phase, no day and no incident has this name. Give truce/zone/day such as {_example(source)}, "
        f"a date such as 2016-09-17, an id of an incident or its first letters (six at least), or a change of phase: "
        f"{told or 'there is none'}"
    )


def _incident(source: Source, incidents: dict[str, bytes], key: str, value: bytes, watch: Watch) -> OfIncident:
    asked, body = key, msgspec.json.decode(value, type=Incident)
    while body.status == "withdrawn" and body.superseded_by in incidents:
        body = msgspec.json.decode(incidents[body.superseded_by], type=Incident)
    return OfIncident(body, asked, recompute(source, watch).monitors.get(body.truce) if source.has_log else None)


def _day(source: Source, name: str, truce: str | None) -> list[Day]:
    """truce/zone/day, zone/day, a local date (of all gated zones), zone/date, truce/zone/date."""
    *where, last = name.split("/")
    if not (last.lstrip("-").isdigit() or _is_date(last)) or len(where) > 2 or (not where and not _is_date(last)):
        return []
    days = [msgspec.json.decode(value, type=Day) for value in source.latest(DAYS).values()]
    wanted_truce = where[0] if len(where) == 2 else truce
    wanted_zone = where[-1] if where else None
    found = [
        day
        for day in days
        if wanted_truce in (None, day.truce)
        and (day.zone == wanted_zone if wanted_zone is not None else day.zone in _gated(source, day.truce))
        and (local_date(source, day) == last if _is_date(last) else day.day == int(last))
    ]
    if not found:
        raise NotFound(f"{name}: there is no such day; the days have names such as {_example(source)}")
    return sorted(found, key=lambda day: (day.truce, day.zone))


def _is_date(text: str) -> bool:
    return len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isdigit()


def _example(source: Source) -> str:
    return next(iter(source.latest(DAYS)), "truce/all/0")


def _gated(source: Source, truce: str) -> list[str]:
    terms = terms_of(source, truce)
    return [zone["id"] for zone in terms["zones"] if zone["gated"]] + (["all"] if terms["whole"]["gated"] else [])


def local_date(source: Source, day: Day) -> str:
    """The date on which a day begins, in the truce's own time."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(terms_of(source, day.truce)["truce"]["time_zone"])
    return f"{datetime.fromtimestamp(day.starts, UTC).astimezone(zone):%Y-%m-%d}"


def terms_of(source: Source, truce: str) -> dict:
    """The newest public terms."""
    from schemas.topics import PUBLIC_TERMS

    published = [orjson.loads(value) for value in source.latest(PUBLIC_TERMS).values()]
    mine = [body for body in published if body["truce"] == truce]
    if not mine:
        raise NotFound(f"{truce}: its terms are not there")
    return max(mine, key=lambda body: body["effective_from"])["terms"]


def _when_decided(source: Source, change: PhaseChange, watch: Watch) -> Monitor | None:
    if not source.has_log:
        return None

    def decided(found: Recomputed) -> bool:
        mine = found.changes.get(change.truce, [])
        return any(value.startswith(b'{"id":"' + change.id.encode()) for value, _ in mine)

    return recompute(source, watch, decided).monitors.get(change.truce)


def _before_it_closes(source: Source, day: Day, watch: Watch) -> Monitor | None:
    if not source.has_log:
        return None

    def closes(found: Recomputed) -> bool:
        monitor = found.monitors.get(day.truce)
        if monitor is None or monitor.now_s is None:
            return False
        return monitor.now_s >= day.ends + monitor.terms.gate.late_days_max * DAY - HOUR

    return recompute(source, watch, closes).monitors.get(day.truce)


__all__ = ["NotFound", "OfChange", "OfDay", "OfIncident", "find", "terms_of"]
