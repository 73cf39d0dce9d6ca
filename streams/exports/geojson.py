"""Incidents and changes of phase as GeoJSON (RFC 7946).

An incident is the middle of its circle, with `radius_m` beside it. A change of phase has the shape of its zone: the polygons of
the terms, or hexagons about the places of its provinces, which are no official borders, as `borders` says.
"""

from itertools import pairwise
from typing import Any

import orjson

from schemas.reasons import WHOLE
from streams.board.shapes import Ring, shapes
from streams.board.telling import Telling
from streams.board.view import TruceView
from streams.board.words import Words
from streams.exports.rows import change_row, incident_row, standing_incidents

DECIMALS = 6


def files(truce: TruceView, sender: str) -> dict[str, bytes]:
    return {
        f"{truce.id}.incidents.geojson": incidents(truce),
        f"{truce.id}.phases.geojson": phases(truce),
    }


def incidents(truce: TruceView) -> bytes:
    return _collection([_incident(incident_row(incident)) for incident in standing_incidents(truce)])


def phases(truce: TruceView) -> bytes:
    tell = Telling(truce, Words("en"))
    geometries = _zones(truce)
    features = []
    for change in truce.changes:
        geometry, borders = geometries.get(change.zone, (None, "none"))
        row = change_row(change, truce, tell)
        features.append(_feature(row["id"], geometry, row | {"headline": tell.change(change), "borders": borders}))
    return _collection(features)


def _incident(row: dict[str, Any]) -> dict[str, Any]:
    has_point = row["lat"] is not None and row["lon"] is not None
    point = {"type": "Point", "coordinates": [row["lon"], row["lat"]]} if has_point else None
    return _feature(row["id"], point, {name: value for name, value in row.items() if name not in ("lat", "lon")})


def _zones(truce: TruceView) -> dict[str, tuple[dict[str, Any] | None, str]]:
    """By zone: its shape, and where the shape comes from. The whole is everything that any zone has."""
    stated = {id: zone["polygons"] for id, zone in truce.zones.items() if zone.get("polygons")}
    drawn = shapes(list(truce.zones.values()), truce.values.get("truce", {}).get("countries", ()))
    if drawn is None:
        return {}
    borders = "made from places, not official" if drawn.hexagons else "stated in the terms"
    everything = [ring for rings in drawn.rings.values() for ring in rings]
    found = {
        id: (_geometry(stated[id]), "stated in the terms") if id in stated else (_polygons(rings), borders)
        for id, rings in drawn.rings.items()
        if id in truce.zones
    }
    return found | {WHOLE: (_polygons(everything), borders)}


def _geometry(polygons: dict[str, Any]) -> dict[str, Any] | None:
    """The geometry of the terms, out of what it is wrapped in."""
    inside = [*polygons.get("features", ()), *polygons.get("geometries", ())]
    if polygons.get("geometry"):
        inside.append(polygons["geometry"])
    if not inside:
        return polygons
    geometries = [geometry for inner in inside if (geometry := _geometry(inner)) is not None]
    return geometries[0] if len(geometries) == 1 else {"type": "GeometryCollection", "geometries": geometries}


def _polygons(rings: list[Ring]) -> dict[str, Any]:
    """Each ring a polygon, closed and counter-clockwise as the standard wants it."""
    return {"type": "MultiPolygon", "coordinates": [[_closed(ring)] for ring in rings]}


def _closed(ring: Ring) -> list[list[float]]:
    points = [[round(lon, DECIMALS), round(lat, DECIMALS)] for lon, lat in ring]
    if points[0] != points[-1]:
        points.append(points[0])
    area = sum(x * after_y - after_x * y for (x, y), (after_x, after_y) in pairwise(points))
    return points if area >= 0 else points[::-1]


def _feature(id: Any, geometry: dict[str, Any] | None, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": id, "geometry": geometry, "properties": properties}


def _collection(features: list[dict[str, Any]]) -> bytes:
    return orjson.dumps(
        {"type": "FeatureCollection", "features": features}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )


__all__ = ["files", "incidents", "phases"]
