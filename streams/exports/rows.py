"""Incidents and changes of phase as rows of plain values, by name: what the tables and the maps have in common.

Times are RFC 3339 in UTC, numbers are as they are, words of others are cleaned for one line.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from schemas.facts import Incident, Interval, PhaseChange
from streams.board.figures import clean
from streams.board.telling import Telling
from streams.board.view import TruceView

Value = str | int | float | bool | None


def standing_incidents(truce: TruceView) -> list[Incident]:
    """Those that stand, the earliest first; a withdrawn one says only which has taken its place."""
    live = [incident for incident in truce.incidents.values() if incident.status == "live"]
    return sorted(live, key=lambda incident: (incident.starts or 0, incident.id))


def incident_row(incident: Incident) -> dict[str, Value]:
    return {
        "id": incident.id,
        "truce": incident.truce,
        "kind": incident.kind,
        "weapon": incident.weapon,
        "starts": time(incident.starts),
        "ends": time(incident.ends),
        "time_precision": incident.time_precision,
        "lat": incident.lat,
        "lon": incident.lon,
        "radius_m": incident.radius_m,
        "precision": incident.precision,
        "place": None if incident.place is None else clean(incident.place),
        "zones_certain": " ".join(incident.certain),
        "zones_possible": " ".join(incident.possible),
        **dict(_bounds("killed", incident.killed)),
        **dict(_bounds("injured", incident.injured)),
        "who": " ".join(incident.who),
        **dict(_bounds("severity", incident.severity, per_unit=1_000)),
        "grade": incident.grade,
        "scope": incident.scope,
        "counted": incident.counted,
        "disputed": incident.disputed,
        "discounted": incident.discounted,
        "by": "; ".join(clean(actor) for actor in incident.by),
        "lineages": sum(incident.told_by.values()),
        "reports": incident.reports,
        "status": "reported and unverified",
    }


def change_row(change: PhaseChange, truce: TruceView, tell: Telling) -> dict[str, Value]:
    """`stands`: it holds; what was taken back by late news, and what takes it back, does not."""
    return {
        "id": change.id,
        "truce": change.truce,
        "zone": change.zone,
        "zone_name": tell.zone_name(change.zone),
        "sequence": change.sequence,
        "kind": change.kind,
        "before": change.before,
        "after": change.after,
        "before_name": clean(change.before_name),
        "after_name": clean(change.after_name),
        "reason": change.reason,
        "detail": clean(change.detail),
        "effective_at": time(change.effective_at),
        "decided_at": time(change.decided_at),
        "revisable_until": time(change.revisable_until),
        "supersedes": change.supersedes,
        "stands": change in truce.standing,
        "streaks": " ".join(f"{zone}:{days}" for zone, days in sorted(change.streaks.items())),
        "assumptions": len(change.assumptions),
        "assumed_alive": change.assumed_alive,
        "terms": change.terms,
        "status": change.status,
    }


def time(at_s: int | None) -> str | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bounds(name: str, interval: Interval | None, per_unit: int = 1) -> Iterator[tuple[str, Any]]:
    for bound in ("low", "best", "high"):
        value = None if interval is None else getattr(interval, bound)
        yield f"{name}_{bound}", value if value is None or per_unit == 1 else value / per_unit


__all__ = ["Value", "change_row", "incident_row", "standing_incidents", "time"]
