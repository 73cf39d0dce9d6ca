"""Zones as shapes on a plane: the polygons that terms give, or hexagons for zones that are named provinces.

The gazetteer knows places and their provinces, not borders. So the land is laid out in hexagons, and each takes the
province of the place that is nearest to it; one that is far from every place, or nearer to a place abroad, is left out.
The page says that these are no official borders. Nothing is fetched from anywhere.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import cos, pi, radians, sin, sqrt
from typing import Any, NamedTuple

from streams.core.gazetteer.extract import extracts
from streams.core.gazetteer.place import Place

CELLS = 1_400
"""About how many hexagons the land is laid out in."""
REACH_DEGREES = 0.8
"""No hexagon lies further from a place than this."""
LAND = ""
"""The zone of what belongs to the countries of the truce and to no zone of it."""

Point = tuple[float, float]
Ring = tuple[Point, ...]


class Shapes(NamedTuple):
    """Rings by zone, and the frame: longitude and latitude in degrees. `hexagons`: made from places, not from polygons."""

    rings: dict[str, list[Ring]]
    west: float
    south: float
    east: float
    north: float
    hexagons: bool

    @property
    def squeeze(self) -> float:
        """How much shorter a degree of longitude is than one of latitude, in the middle."""
        return cos(radians((self.south + self.north) / 2))

    def middle(self, zone: str) -> Point:
        """Where to write a zone's name: the mean of the points of its longest ring."""
        ring = max(self.rings[zone], key=len)
        return sum(lon for lon, _ in ring) / len(ring), sum(lat for _, lat in ring) / len(ring)


def shapes(zones: Sequence[dict[str, Any]], countries: Sequence[str]) -> Shapes | None:
    """The shapes of the zones of some terms; None where they cover nothing that can be drawn."""
    drawn = {zone["id"]: list(_rings(zone["polygons"])) for zone in zones if zone.get("polygons")}
    areas = {zone["id"]: tuple(zone.get("areas", ())) for zone in zones if zone.get("areas")}
    if areas:
        for zone, rings in _hexagons(tuple(sorted(areas.items())), tuple(sorted(countries))).items():
            drawn.setdefault(zone, []).extend(rings)
    points = [point for rings in drawn.values() for ring in rings for point in ring]
    if not points:
        return None
    lons, lats = [lon for lon, _ in points], [lat for _, lat in points]
    return Shapes(drawn, min(lons), min(lats), max(lons), max(lats), bool(areas))


def _rings(geometry: dict[str, Any]) -> Iterator[Ring]:
    """The rings of GeoJSON, whatever it is wrapped in."""
    for inner in (*geometry.get("features", ()), *geometry.get("geometries", ())):
        yield from _rings(inner)
    if geometry.get("geometry"):
        yield from _rings(geometry["geometry"])
    polygons = {"Polygon": [geometry.get("coordinates", [])], "MultiPolygon": geometry.get("coordinates", [])}
    for polygon in polygons.get(geometry.get("type", ""), ()):
        for ring in polygon:
            yield tuple((float(lon), float(lat)) for lon, lat, *_ in ring)


@lru_cache(maxsize=64)
def _hexagons(areas: tuple[tuple[str, tuple[str, ...]], ...], countries: tuple[str, ...]) -> dict[str, list[Ring]]:
    places = [place for extract in extracts(countries) for place in extract.places]
    zone_of = {code: zone for zone, codes in areas for code in codes}
    home = [place for place in places if place.country in countries]
    south, north = min(p.lat_e6 for p in home) / 1e6, max(p.lat_e6 for p in home) / 1e6
    west, east = min(p.lon_e6 for p in home) / 1e6, max(p.lon_e6 for p in home) / 1e6
    squeeze = cos(radians((south + north) / 2))
    # A hexagon's circumradius in degrees of latitude, so that about CELLS of them fill the frame.
    radius = sqrt((north - south) * (east - west) * squeeze / CELLS / (1.5 * sqrt(3)))
    near = _Near(places, squeeze)
    cells: dict[tuple[int, int], str] = {}
    for row in range(-2, int((north - south) / (1.5 * radius)) + 4):
        for column in range(-2, int((east - west) * squeeze / (sqrt(3) * radius)) + 4):
            lon, lat = _centre(row, column, radius, west, south, squeeze)
            place = near.nearest(lon, lat)
            if place is not None and place.country in countries:
                cells[row, column] = zone_of.get(place.area, zone_of.get(place.country, LAND))
    for zone in sorted(set(zone_of.values()) - set(cells.values())):
        # A zone smaller than a hexagon, a capital say, has the one that its largest place is in.
        own = [place for place in home if zone in (zone_of.get(place.area), zone_of.get(place.country))]
        if own:
            largest = max(own, key=lambda place: (place.population, -place.id))
            at = largest.lon_e6 / 1e6 * squeeze, largest.lat_e6 / 1e6
            cells[min(cells, key=lambda cell: _apart(_centre(*cell, radius, west, south, squeeze), at, squeeze))] = zone
    rings: dict[str, list[Ring]] = {}
    for zone in sorted(set(cells.values())):
        inside = {cell for cell, of in cells.items() if of == zone}
        rings[zone] = list(_outlines(inside, radius, west, south, squeeze))
    return rings


def _centre(row: int, column: int, radius: float, west: float, south: float, squeeze: float) -> Point:
    return west + (column + (row % 2) / 2) * sqrt(3) * radius / squeeze, south + row * 1.5 * radius


def _apart(point: Point, at: Point, squeeze: float) -> float:
    return (point[0] * squeeze - at[0]) ** 2 + (point[1] - at[1]) ** 2


class _Near:
    """Places by squares of the reach, to find the nearest of them."""

    def __init__(self, places: Sequence[Place], squeeze: float) -> None:
        self._squeeze = squeeze
        self._squares: dict[tuple[int, int], list[tuple[float, float, Place]]] = {}
        for place in places:
            lon, lat = place.lon_e6 / 1e6 * squeeze, place.lat_e6 / 1e6
            self._squares.setdefault(self._square(lon, lat), []).append((lon, lat, place))

    def nearest(self, lon: float, lat: float) -> Place | None:
        x, y = lon * self._squeeze, lat
        column, row = self._square(x, y)
        about = [
            ((px - x) ** 2 + (py - y) ** 2, place.id, place)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for px, py, place in self._squares.get((column + dx, row + dy), ())
        ]
        distance, _, found = min(about, default=(REACH_DEGREES**2 + 1, 0, None))
        return found if distance <= REACH_DEGREES**2 else None

    def _square(self, x: float, y: float) -> tuple[int, int]:
        return int(x // REACH_DEGREES), int(y // REACH_DEGREES)


def _outlines(cells: set[tuple[int, int]], radius: float, west: float, south: float, squeeze: float) -> Iterator[Ring]:
    """The borders of a set of hexagons: the edges that only one of them has, put end to end."""
    following: dict[Point, list[Point]] = {}
    for row, column in cells:
        shift = row % 2
        neighbours = (
            (row, column + 1),
            (row + 1, column + shift),
            (row + 1, column - 1 + shift),
            (row, column - 1),
            (row - 1, column - 1 + shift),
            (row - 1, column + shift),
        )
        lon, lat = _centre(row, column, radius, west, south, squeeze)
        corners = [
            (round(lon + radius * sin(pi / 3 * k) / squeeze, 4), round(lat - radius * cos(pi / 3 * k), 4)) for k in range(1, 7)
        ]
        for k, neighbour in enumerate(neighbours):
            if neighbour not in cells:
                following.setdefault(corners[k], []).append(corners[(k + 1) % 6])
    while following:
        start = at = min(following)
        ring = []
        while at in following:
            ring.append(at)
            after = following[at].pop()
            if not following[at]:
                del following[at]
            at = after
        assert at == start, "a border of whole hexagons is closed"
        yield tuple(ring)


__all__ = ["LAND", "Shapes", "shapes"]
