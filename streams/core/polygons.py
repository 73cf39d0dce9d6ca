"""Polygons of zones: which points are in them, and which circles they touch. Exact, in whole microdegrees."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from streams.core.geometry import distance_m, microdegrees, reach_e6, touches_segment

_BAND_E6 = 20_000

Vertex = tuple[int, int]
"""Latitude and longitude, microdegrees."""

Edge = tuple[Vertex, Vertex]


class Touch(NamedTuple):
    """How a circle lies to a shape: its centre in it, all of it in it, any of it in it."""

    centre: bool
    inside: bool
    touches: bool


class Shape:
    """Polygons with holes, from a GeoJSON Polygon, MultiPolygon, Feature, FeatureCollection or GeometryCollection.

    Raises `ValueError` that says what is wrong with the geometry.
    """

    def __init__(self, geojson: Mapping[str, Any]) -> None:
        try:
            self._rings = [ring for polygon in _polygons(geojson) for ring in polygon]
        except (TypeError, AttributeError, IndexError, KeyError):
            raise ValueError("not laid out as GeoJSON; a ring is a list of [longitude, latitude]") from None
        if not self._rings:
            raise ValueError("the geometry has no polygon")
        # Edges by band of latitude: a ray to the east of a point can only cross those of its own band.
        self._bands: dict[int, list[Edge]] = {}
        for ring in self._rings:
            for start, end in zip(ring, ring[1:] + ring[:1], strict=True):
                low, high = sorted((start[0], end[0]))
                for band in range(low // _BAND_E6, high // _BAND_E6 + 1):
                    self._bands.setdefault(band, []).append((start, end))
        vertices = [vertex for ring in self._rings for vertex in ring]
        self._south, self._north = min(lat for lat, _ in vertices), max(lat for lat, _ in vertices)
        self._west, self._east = min(lon for _, lon in vertices), max(lon for _, lon in vertices)

    def contains(self, lat_e6: int, lon_e6: int) -> bool:
        """Whether a point is inside. Half-open: a point on the border of two adjoining shapes is in exactly one of them."""
        inside = False
        for (lat1, lon1), (lat2, lon2) in self._bands.get(lat_e6 // _BAND_E6, ()):
            if (lat1 > lat_e6) != (lat2 > lat_e6):
                # West of the edge, by cross-multiplication: never rounded, and the same from either end of the edge.
                side = (lon_e6 - lon1) * (lat2 - lat1) - (lat_e6 - lat1) * (lon2 - lon1)
                if (side < 0) == (lat2 > lat1) and side != 0:
                    inside = not inside
        return inside

    def touch(self, lat_e6: int, lon_e6: int, radius_m: int) -> Touch:
        """Inside: the centre is in, and no edge comes as near as the radius. Touching: the centre is in, or an edge does."""
        centre = self.contains(lat_e6, lon_e6)
        border = self._border_within(lat_e6, lon_e6, radius_m)
        return Touch(centre, centre and not border, centre or border)

    def within_circle(self, lat_e6: int, lon_e6: int, radius_m: int) -> bool:
        """Whether every vertex is in the circle."""
        return all(distance_m(lat_e6, lon_e6, lat, lon) <= radius_m for ring in self._rings for lat, lon in ring)

    def uniform(self, south: int, west: int, north: int, east: int, radius_m: int) -> Touch | None:
        """The answer of `touch` for every point of a box and every radius up to this one, where they all have the same."""
        furthest = max(abs(south), abs(north))
        up, aside = reach_e6(furthest, radius_m)
        for _ in self._edges_near(south - up, west - aside, north + up, east + aside):
            return None
        inside = self.contains(south, west)
        return Touch(inside, inside, inside)

    def _border_within(self, lat_e6: int, lon_e6: int, radius_m: int) -> bool:
        up, aside = reach_e6(lat_e6, radius_m)
        near = self._edges_near(lat_e6 - up, lon_e6 - aside, lat_e6 + up, lon_e6 + aside)
        return any(touches_segment(lat_e6, lon_e6, radius_m, start, end) for start, end in near)

    def _edges_near(self, south: int, west: int, north: int, east: int) -> Iterator[Edge]:
        """Every edge whose own box meets this one; one that spans bands may come twice."""
        if south > self._north or north < self._south or west > self._east or east < self._west:
            return
        for band in range(max(south, self._south) // _BAND_E6, min(north, self._north) // _BAND_E6 + 1):
            for edge in self._bands.get(band, ()):
                (lat1, lon1), (lat2, lon2) = edge
                if not (
                    (lon1 < west and lon2 < west)
                    or (lon1 > east and lon2 > east)
                    or (lat1 < south and lat2 < south)
                    or (lat1 > north and lat2 > north)
                ):
                    yield edge


def _polygons(geojson: Mapping[str, Any]) -> Iterator[list[list[Vertex]]]:
    kind = geojson.get("type")
    if kind == "FeatureCollection":
        for feature in geojson.get("features") or ():
            yield from _polygons(feature)
    elif kind == "GeometryCollection":
        for geometry in geojson.get("geometries") or ():
            yield from _polygons(geometry)
    elif kind == "Feature":
        yield from _polygons(geojson.get("geometry") or {})
    elif kind == "MultiPolygon":
        for rings in geojson.get("coordinates") or ():
            yield [_ring(ring) for ring in rings]
    elif kind == "Polygon":
        yield [_ring(ring) for ring in geojson.get("coordinates") or ()]
    else:
        raise ValueError(f"{kind!r} is not a polygon in GeoJSON")


def _ring(positions: Any) -> list[Vertex]:
    """The vertices, without the first again at the end. GeoJSON puts longitude first."""
    ring = [(microdegrees(position[1]), microdegrees(position[0])) for position in positions]
    if ring and ring[0] == ring[-1]:
        ring.pop()
    if len(ring) < 3:
        raise ValueError("a ring has at least three corners")
    for lat, lon in ring:
        if abs(lat) > 90_000_000 or abs(lon) > 180_000_000:
            raise ValueError(f"[{lon / 1e6}, {lat / 1e6}] is not a longitude and latitude")
    return ring


__all__ = ["Shape", "Touch"]
