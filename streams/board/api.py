"""JSON behind every number of the page: the bodies of the public topics, and what the page makes of them.

A body is given as the topic has it, field for field. What is added (which change was voided, what a day was before)
stands beside it, never in it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from streams.board import openapi, page
from streams.board.view import TruceView, View

LIMIT, LIMIT_MAX = 100, 1_000
OPENAPI = openapi.document()

Match = Mapping[str, str]


def truces(view: View, match: Match, query: Match) -> Any:
    return {"unreadable": view.unreadable, "truces": [_summary(truce) for truce in view.listed()]}


def truce(view: View, match: Match, query: Match) -> Any:
    found = _truce(view, match)
    return None if found is None else _summary(found)


def terms(view: View, match: Match, query: Match) -> Any:
    found = _truce(view, match)
    return None if found is None else {"terms": sorted(found.versions_of_terms.values(), key=lambda t: t.effective_from)}


def phases(view: View, match: Match, query: Match) -> Any:
    """Every change that was ever announced, in order; those that no longer hold with what voids them."""
    found = _truce(view, match)
    return None if found is None else {"changes": found.changes, "voided": found.voided}


def days(view: View, match: Match, query: Match) -> Any:
    found = _truce(view, match)
    if found is None:
        return None
    zones = [query["zone"]] if "zone" in query else list(found.zones)
    listed = [day for zone in zones for day in found.days_of(zone)]
    before = [
        {"zone": zone, "day": day, "outcome": outcome}
        for (zone, day), outcome in sorted(found.outcomes_before.items())
        if zone in zones
    ]
    return {"days": listed, "amended": before}


def levels(view: View, match: Match, query: Match) -> Any:
    found = _truce(view, match)
    return None if found is None else {"levels": [found.levels[zone] for zone in found.zones if zone in found.levels]}


def incidents(view: View, match: Match, query: Match) -> Any:
    """Newest first, `limit` at a time from the one `after` an id on."""
    found = _truce(view, match)
    if found is None:
        return None
    fitting = list(page.found(found, page.Wanted(query)))
    ids = {incident.id: at for at, incident in enumerate(fitting)} if "after" in query else {}
    start = ids.get(query.get("after", ""), -1) + 1
    limit = page.whole(query.get("limit"))
    count = LIMIT if limit is None else min(max(1, limit), LIMIT_MAX)
    shown = fitting[start : start + count]
    return {
        "count": len(fitting),
        "incidents": shown,
        "next": shown[-1].id if shown and start + count < len(fitting) else None,
    }


def incident(view: View, match: Match, query: Match) -> Any:
    found = _truce(view, match)
    return None if found is None else found.incidents.get(match["incident"])


def zones(view: View, match: Match, query: Match) -> Any:
    """The map's shapes as GeoJSON, each with its zone's level and its last settled day."""
    found = _truce(view, match)
    drawn = None if found is None else page.shapes_of(found)
    if found is None or drawn is None:
        return None
    features = []
    for zone, rings in drawn.rings.items():
        geometry = {"type": "MultiLineString", "coordinates": [[*ring, ring[0]] for ring in rings]}
        about = {"zone": zone or None, "level": found.levels.get(zone), "last_settled": found.last_settled(zone)}
        features.append({"type": "Feature", "geometry": geometry, "properties": about})
    return {"type": "FeatureCollection", "made_from_places": drawn.hexagons, "features": features}


ANSWERS = {
    "/api/truces": truces,
    "/api/truces/{truce}": truce,
    "/api/truces/{truce}/terms": terms,
    "/api/truces/{truce}/phases": phases,
    "/api/truces/{truce}/days": days,
    "/api/truces/{truce}/levels": levels,
    "/api/truces/{truce}/incidents": incidents,
    "/api/truces/{truce}/incidents/{incident}": incident,
    "/api/truces/{truce}/zones": zones,
}
"""Paths and what answers them: with a value, or with None where there is no such thing."""


def event(view: View, truce: str, topics: set[str]) -> bytes:
    """A server-sent event: the topics that brought something, and the parts of the page that are drawn from them."""
    parts = [name for name, drawn_from in page.PARTS.items() if topics & drawn_from]
    body = {"truce": truce, "topics": sorted(topics), "parts": parts, "version": view.truces[truce].version}
    return b"event: changed\ndata: " + encode(body) + b"\n\n"


def encode(body: Any) -> bytes:
    return msgspec.json.encode(body)


def _truce(view: View, match: Match) -> TruceView | None:
    found = view.truces.get(match["truce"])
    return None if found is None or found.terms is None else found


def _summary(truce: TruceView) -> dict[str, Any]:
    standing = truce.standing
    return {
        "truce": truce.id,
        "name": truce.name,
        "version": truce.version,
        "clock": truce.clock_s,
        "phase": truce.phase(),
        "zones": [
            {
                "zone": zone,
                "gated": zone in truce.gated,
                "phase": truce.phase(zone) if zone in truce.gated else None,
                "streak": _streak(truce, zone),
            }
            for zone in truce.zones
        ],
        "standing": standing[-1].id if standing else None,
        "incidents": len(truce.incidents),
    }


def _streak(truce: TruceView, zone: str) -> int | None:
    level = truce.levels.get(zone)
    return None if level is None else level.streak


__all__ = ["ANSWERS", "OPENAPI", "encode", "event"]
