"""Which zones of a truce a circle is certainly in, possibly in, and has its centre in.

The monitor asks this, not the intake, so that a located report stays true when terms change. How sharp a report is
decides what it may say: nothing blunter than a district is certain of any zone, and what is between places or somewhere in
the country is possible in the truce as a whole and in no single zone.
"""

from functools import lru_cache
from typing import NamedTuple

from schemas.facts import Circle
from schemas.reasons import WHOLE
from streams.core.geometry import microdegrees
from streams.core.polygons import Shape
from streams.core.terms import Terms, TermsError, Zone

CERTAIN_PRECISION_MAX = 3
ZONE_PRECISION_MAX = 4
"""Precision on the UCDP scale: 3 is a district, 4 a province."""

_CACHED = 65_536


class Placement(NamedTuple):
    """Zone ids in the order of the terms, the whole last: with the centre in them, certain, possible. Possible holds all."""

    centre: tuple[str, ...]
    certain: tuple[str, ...]
    possible: tuple[str, ...]


class ZoneMap:
    """The zones of some terms. Raises `TermsError` for a zone whose polygons are none."""

    def __init__(self, terms: Terms) -> None:
        self._order = terms.zone_ids
        self._countries = frozenset(terms.truce.countries)
        self._areas = {zone.id: frozenset(zone.areas) for zone in terms.zones if zone.areas}
        self._shapes = {zone.id: _shape(zone) for zone in terms.zones if zone.polygons}
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

    def covered_by(self, circle: Circle) -> tuple[str, ...]:
        """The zones that lie wholly inside what a nil report says it watched.

        Areas are covered by a report that names them or their country. Polygons are covered when all their corners are in
        the circle, which must then be the extent of what was watched: that of a named province is an estimate which
        reaches beyond it, and covers no polygon.
        """
        return self._cover(microdegrees(circle.lat), microdegrees(circle.lon), circle.radius_m, circle.stated_area)

    def _placement(self, lat_e6: int, lon_e6: int, radius_m: int, precision: int, areas: tuple[str, ...]) -> Placement:
        abroad = self._countries.isdisjoint(_country(area) for area in areas)
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
        for zone, shape in self._shapes.items():
            touch = shape.touch(lat_e6, lon_e6, radius_m)
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
        return Placement(self._ordered(centre), self._ordered(certain), self._ordered(possible))

    def _covered(self, lat_e6: int, lon_e6: int, radius_m: int, stated_area: str | None) -> tuple[str, ...]:
        if stated_area is not None and self._countries == {stated_area}:
            return self._order
        if stated_area is not None:
            covers = {zone for zone, codes in self._areas.items() if all(stated_area in (code, _country(code)) for code in codes)}
        else:
            covers = {zone for zone, shape in self._shapes.items() if shape.within_circle(lat_e6, lon_e6, radius_m)}
        return self._ordered(covers)

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
