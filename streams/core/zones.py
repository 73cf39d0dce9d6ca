"""Which zones of a truce a circle is certainly in, possibly in, and has its centre in.

The monitor asks this, not the intake, so that a located report stays true when terms change. How sharp a report is
decides what it may say: nothing blunter than a district is certain of any zone, and what is between places or somewhere in
the country is possible in the truce as a whole and in no single zone.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from schemas.facts import Circle
from schemas.reasons import WHOLE, Method
from streams.core.geometry import microdegrees
from streams.core.polygons import Shape, Touch
from streams.core.terms import Terms, TermsError, Zone

CERTAIN_PRECISION_MAX = 3
ZONE_PRECISION_MAX = 4
"""Precision on the UCDP scale: 3 is a district, 4 a province."""

_GIVEN_AS_CIRCLES = frozenset((Method.COORDINATES, Method.MGRS))
_CACHED = 65_536
_CELL_E6 = 20_000
_REACHES_M = (500, 5_000, 20_000)
"""Circles up to each of these share the work of a cell of some two kilometres."""


class Placement(NamedTuple):
    """Zone ids in the order of the terms, the whole last: with the centre in them, certain, possible. Possible holds all.

    `spoken_of`: of which something is said: of those that are possible, and of the whole always.
    """

    centre: tuple[str, ...]
    certain: tuple[str, ...]
    possible: tuple[str, ...]
    spoken_of: tuple[str, ...] = (WHOLE,)


class ZoneMap:
    """The zones of some terms. Raises `TermsError` for a zone whose polygons are none."""

    def __init__(self, terms: Terms) -> None:
        self._order = terms.zone_ids
        self._countries = frozenset(terms.truce.countries)
        self._areas = {zone.id: frozenset(zone.areas) for zone in terms.zones if zone.areas}
        self._shapes = {zone.id: _shape(zone) for zone in terms.zones if zone.polygons}
        self._abroad = lru_cache(maxsize=_CACHED)(lambda *areas: self._countries.isdisjoint(map(_country, areas)))
        self._cell = lru_cache(maxsize=_CACHED)(self._uniform)
        self._place = lru_cache(maxsize=_CACHED)(self._placement)
        self._cover = lru_cache(maxsize=_CACHED)(self._covered)

    def place(self, circle: Circle) -> Placement:
        """Centre is the zone of the centre or of its province; certain, all of the circle's provinces; possible, any."""
        if not self._shapes or circle.precision > ZONE_PRECISION_MAX:
            # Without polygons the provinces say all, and there are few combinations of them.
            return self._place(0, 0, 0, circle.precision, tuple(circle.areas))
        return self._place(
            microdegrees(circle.lat), microdegrees(circle.lon), circle.radius_m, circle.precision, tuple(circle.areas)
        )

    def is_abroad(self, circle: Circle) -> bool:
        """Whether it touches none of the countries of the truce."""
        return self._abroad(*circle.areas)

    def covered_by(self, circle: Circle, radius_m: int | None) -> tuple[str, ...]:
        """The zones that lie wholly inside what a nil report says it watched.

        Areas are covered by a report that names them or their country. Polygons are covered when all their corners are in
        a circle that was given as one: coordinates as they are, with a radius that the report states. The circle about a name,
        a radius implied by decimals and coordinates that we repaired are estimates of ours, and reach over ground that nobody
        said was watched.
        """
        given = circle.method in _GIVEN_AS_CIRCLES and circle.repair is None
        return self._cover(microdegrees(circle.lat), microdegrees(circle.lon), radius_m if given else None, circle.stated_area)

    def _placement(self, lat_e6: int, lon_e6: int, radius_m: int, precision: int, areas: tuple[str, ...]) -> Placement:
        abroad = self._abroad(*areas)
        if precision > ZONE_PRECISION_MAX:
            return Placement((), (), () if abroad else (WHOLE,))
        centre, certain, possible = set(), set(), set()
        for zone, codes in self._areas.items():
            inside = [area in codes or _country(area) in codes for area in areas]
            if any(inside):
                possible.add(zone)
                if inside[0]:
                    centre.add(zone)
                if all(inside):
                    certain.add(zone)
        for zone, touch in self._touches(lat_e6, lon_e6, radius_m):
            if touch.touches:
                possible.add(zone)
            if touch.centre:
                centre.add(zone)
            if touch.inside:
                certain.add(zone)
        if possible or not abroad:
            possible.add(WHOLE)
        if centre or (areas and _country(areas[0]) in self._countries):
            centre.add(WHOLE)
        if certain or (areas and all(_country(area) in self._countries for area in areas)):
            certain.add(WHOLE)
        if precision > CERTAIN_PRECISION_MAX:
            certain.clear()
        return Placement(*map(self._ordered, (centre, certain, possible, possible | {WHOLE})))

    def _touches(self, lat_e6: int, lon_e6: int, radius_m: int) -> Iterator[tuple[str, Touch]]:
        """How the circle lies to each shape. Most cells are far from most borders, and there the answer is known."""
        if radius_m > _REACHES_M[-1]:
            known: Mapping[str, Touch | None] = dict.fromkeys(self._shapes)
        else:
            known = self._cell(lat_e6 // _CELL_E6, lon_e6 // _CELL_E6, _REACHES_M[bisect_left(_REACHES_M, radius_m)])
        for zone, touch in known.items():
            yield zone, touch or self._shapes[zone].touch(lat_e6, lon_e6, radius_m)

    def _uniform(self, row: int, column: int, reach_m: int) -> dict[str, Touch | None]:
        south, west = row * _CELL_E6, column * _CELL_E6
        box = (south, west, south + _CELL_E6 - 1, west + _CELL_E6 - 1)
        return {zone: shape.uniform(*box, reach_m) for zone, shape in self._shapes.items()}

    def _covered(self, lat_e6: int, lon_e6: int, radius_m: int | None, stated_area: str | None) -> tuple[str, ...]:
        if stated_area is not None and self._countries == {stated_area}:
            return self._order
        if stated_area is not None:
            return self._ordered(
                {zone for zone, codes in self._areas.items() if all(stated_area in (code, _country(code)) for code in codes)}
            )
        if radius_m is None:
            return ()
        return self._ordered({zone for zone, shape in self._shapes.items() if shape.within_circle(lat_e6, lon_e6, radius_m)})

    def _ordered(self, zones: set[str]) -> tuple[str, ...]:
        return tuple(zone for zone in self._order if zone in zones)


def _country(area: str) -> str:
    return area[:2]


def _shape(zone: Zone) -> Shape:
    if isinstance(zone.polygons, str):
        raise TermsError(f"zones.{zone.id}: the polygons {zone.polygons!r} were not read; load the terms from their file")
    try:
        return Shape(zone.polygons or {})
    except ValueError as fault:
        raise TermsError(f"zones.{zone.id}: polygons: {fault}") from None


__all__ = ["Placement", "ZoneMap"]
