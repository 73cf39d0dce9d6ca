"""Find places by name, provinces by name, and the provinces about a point. Pure: it works over what it is given."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from streams.core import names
from streams.core.gazetteer.lookup import Box, Match, Names
from streams.core.gazetteer.place import AREAS, Country, Place, PlaceKind, keyed
from streams.core.geometry import distance_m, reach_e6

AREA_MARGIN_M = 10_000
"""A province reaches this far beyond its places."""

BOX_MARGIN_E6 = 500_000
MIDDLE_M = 1_000
"""As near to the middle of a country as lists that round differently are to each other."""

_Near = tuple[int, int, int, str]
"""A place as `areas` needs it: id, latitude, longitude, code of its province."""

_BUCKET_E6 = 100_000
_BUCKETS_ROUND = 3_600
_CELL_E6 = 50_000
_CELLS_MAX = 100_000
_REACHES_M = (500, 2_000, 10_000, 50_000)
"""Circles up to each of these share the work of a cell; wider ones go by the extents of provinces."""
_MIDDLE_CELL_E6 = 50_000
_KNOWN_MAX = 4_096
_NEAREST = 3
_SEARCHES_M = (*(6_000 << step for step in range(6)), 30_000_000)
"""How far to look for the nearest places; the last is beyond any distance, which on a flat Earth is up to 28,400 km."""


class Area(NamedTuple):
    """A province or country: a circle that holds all its places with a margin."""

    code: str
    lat_e6: int
    lon_e6: int
    radius_m: int


class Gazetteer:
    """Places of the `home` countries, and some of their neighbours'.

    Names are looked up in one country at a time: a village over the border of the same name is another village.
    `area_names`: more names of provinces, by code.
    """

    def __init__(
        self,
        places: Sequence[Place],
        countries: Sequence[Country],
        home: Sequence[str],
        area_names: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.home = tuple(home)
        self._listed = sorted(places, key=lambda place: (place.id, place.source))
        self._titled = [place for place in self._listed if place.kind in AREAS]
        self._places = [place for place in self._listed if place.kind not in AREAS]
        self._countries = {country.code: country for country in countries}
        # By the names as they stand too, which most reports have, and which costs nothing to look up.
        self._country_by_name = {
            key: country.code
            for country in countries
            for name in (country.code, *country.names)
            for key in (name, names.strict(name))
        }
        self._area_names = {code: tuple(extra) for code, extra in sorted((area_names or {}).items())}
        self._by_area: dict[str, list[Place]] = {}
        self._buckets: dict[tuple[int, int], list[_Near]] = {}
        self._places_e6: list[_Near] = []
        for place in self._places:
            area = place.area
            self._by_area.setdefault(area, []).append(place)
            bucket = (place.lat_e6 // _BUCKET_E6, place.lon_e6 // _BUCKET_E6 % _BUCKETS_ROUND)
            near = (place.id, place.lat_e6, place.lon_e6, area)
            self._buckets.setdefault(bucket, []).append(near)
            self._places_e6.append(near)
        self._boxes = {code: _box(inside) for code, inside in sorted(self._by_area.items())}
        self._cells: dict[tuple[int, int, int], tuple[list[str] | None, list[_Near]]] = {}
        self._names: dict[str, Names] = {}
        self._areas: dict[str, Area] = {}
        self._amid: dict[str, list[Box]] = {}
        self._provinces_in: dict[tuple[str, Sequence[str]], tuple[str, ...]] = {}
        self._middles: dict[tuple[int, int], list[tuple[str, int, int]]] = {}
        for code, lat, lon in self._listed_middles(countries):
            for cell in {
                ((lat + up) // _MIDDLE_CELL_E6, (lon + aside) // _MIDDLE_CELL_E6)
                for up in (-_MIDDLE_CELL_E6, 0, _MIDDLE_CELL_E6)
                for aside in (-_MIDDLE_CELL_E6, 0, _MIDDLE_CELL_E6)
            }:
                self._middles.setdefault(cell, []).append((code, lat, lon))

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits over everything a decision may rest on."""
        body = msgspec.msgpack.encode((self._listed, sorted(self._countries.items()), self.home, self._area_names))
        return hashlib.sha256(body).hexdigest()[:12]

    def named(self, name: str, country: str) -> Sequence[Place]:
        """Places of a country with the name, by spelling."""
        return self._of(country).spelled(name)

    def matches(self, name: str, country: str, provinces: Iterable[str] = ()) -> Sequence[Match]:
        """Places of a country, or of some of its provinces, that a name may mean, with how well it fits, per cent."""
        return self._of(country).places(name, provinces)

    def districts(self, name: str, country: str, provinces: Iterable[str] = ()) -> Sequence[Match]:
        """Districts and what they are divided into, where a file lists them."""
        return self._of(country).districts(name, provinces)

    def provinces(self, name: str, country: str) -> Sequence[str]:
        """Codes of the provinces a name may mean, the likelier first; empty if none.

        The package has no names of provinces, so one is known by its code, by the name of its largest place, or as
        the countryside of one. A city that is a province of its own lends its name to the one around it.
        """
        return self._of(country).provinces(name)

    def provinces_in(self, name: str, countries: Sequence[str]) -> Sequence[str]:
        """Those of some countries, in their order. Remembered: reports name few provinces, and each of them often."""
        known = self._provinces_in.get((name, countries))
        if known is None:
            if len(self._provinces_in) >= _KNOWN_MAX:
                self._provinces_in.clear()
            known = tuple(code for country in countries for code in self.provinces(name, country))
            self._provinces_in[name, countries] = known
        return known

    def provinces_spelled(self, name: str, country: str) -> Sequence[str]:
        """Those with the name by its spelling alone."""
        return self._of(country).provinces_spelled(name)

    def country(self, name: str) -> str | None:
        """Code of a country by its code or English name."""
        code = self._country_by_name.get(name)
        return code if code is not None else self._country_by_name.get(names.strict(name))

    def area(self, code: str) -> Area:
        """The circle of a province or country. Raises `KeyError` for one that is not in the gazetteer."""
        known = self._areas.get(code)
        if known is None:
            known = self._areas[code] = self._area(code)
        return known

    def _area(self, code: str) -> Area:
        if "." not in code and code in self._countries:
            country = self._countries[code]
            return Area(code, country.lat_e6, country.lon_e6, country.radius_m + AREA_MARGIN_M)
        south, west, north, east = self._boxes[code]
        lat_e6, lon_e6 = (south + north) // 2, (west + east) // 2
        radius_m = AREA_MARGIN_M + max(distance_m(lat_e6, lon_e6, place.lat_e6, place.lon_e6) for place in self._by_area[code])
        # Where a list says how far it reaches, its places need not be all over it.
        listed = [
            distance_m(lat_e6, lon_e6, area.lat_e6, area.lon_e6) + area.radius_m
            for area in self._titled
            if area.kind is PlaceKind.PROVINCE and area.area == code and area.radius_m
        ]
        return Area(code, lat_e6, lon_e6, max(radius_m, min(listed, default=0)))

    def nearest_m(self, lat_e6: int, lon_e6: int) -> int:
        """Metres from a point to the nearest place of any province."""
        near = self._within(lat_e6, lon_e6, self._third_nearest_m(lat_e6, lon_e6))
        return min(distance_m(lat_e6, lon_e6, lat, lon) for _, lat, lon, _ in near)

    def is_amid(self, codes: Sequence[str], area: str, lat_e6: int, lon_e6: int) -> bool:
        """Whether a point, whose nearest place is in `area`, lies in the box about the places of a province or country.

        `area` must be one of the codes, or in one that is a country.
        """
        for code in codes:
            if area == code or area[:2] == code:
                own = self._boxes.get(area)
                if own is not None and own[0] <= lat_e6 <= own[2] and own[1] <= lon_e6 <= own[3]:
                    return True  # most points are among the places of the province itself
                for south, west, north, east in self._amid.get(code) or self._boxes_of(code):
                    if south <= lat_e6 <= north and west <= lon_e6 <= east:
                        return True
        return False

    def _boxes_of(self, code: str) -> list[Box]:
        # A country that spans the date line has provinces on either side, and a box for each.
        boxes = self._amid[code] = [self._boxes[area] for area in self._within_area(code)]
        return boxes

    def is_about(self, code: str, lat_e6: int, lon_e6: int) -> bool:
        """Whether a point lies in the box about the places of a province or country, with half a degree to spare."""
        return any(
            south - BOX_MARGIN_E6 <= lat_e6 <= north + BOX_MARGIN_E6 and west - BOX_MARGIN_E6 <= lon_e6 <= east + BOX_MARGIN_E6
            for south, west, north, east in self._amid.get(code) or self._boxes_of(code)
        )

    def middle_of(self, lat_e6: int, lon_e6: int, countries: Sequence[str]) -> str | None:
        """The country or province of which lists give this very point, for the whole of it, if there is one."""
        for code, lat, lon in self._middles.get((lat_e6 // _MIDDLE_CELL_E6, lon_e6 // _MIDDLE_CELL_E6), ()):
            if code.partition(".")[0] in countries and distance_m(lat_e6, lon_e6, lat, lon) <= MIDDLE_M:
                return code
        return None

    def distance_to(self, code: str, lat_e6: int, lon_e6: int) -> int:
        """Metres from a point to the nearest place of a province or country."""
        places = [place for area in self._within_area(code) for place in self._by_area[area]]
        return min(distance_m(lat_e6, lon_e6, place.lat_e6, place.lon_e6) for place in places)

    def _listed_middles(self, countries: Sequence[Country]) -> Iterator[tuple[str, int, int]]:
        for country in sorted(countries, key=lambda country: country.code):
            for lat, lon in country.middles:
                yield country.code, lat, lon
        for area in self._titled:
            if area.kind is not PlaceKind.DISTRICT:
                yield area.country if area.kind is PlaceKind.COUNTRY else area.area, area.lat_e6, area.lon_e6

    def _within_area(self, code: str) -> list[str]:
        """The code itself, or those of the provinces of a country."""
        return [area for area in self._by_area if area == code or area.partition(".")[0] == code]

    def areas(self, lat_e6: int, lon_e6: int, radius_m: int) -> list[str]:
        """Codes of the provinces a circle may touch: those of the three nearest places and of every place inside.

        That of the nearest place is first, the others by distance. The list is shared: do not change it.
        """
        if radius_m > _REACHES_M[-1]:
            return self._areas_wide(lat_e6, lon_e6, radius_m)
        reach = bisect_left(_REACHES_M, radius_m)
        cell = (lat_e6 // _CELL_E6, lon_e6 // _CELL_E6, reach)
        known = self._cells.get(cell)
        if known is None:
            known = self._cell(*cell)
        only, candidates = known
        if only is not None:
            return only
        by_distance = sorted([(distance_m(lat_e6, lon_e6, lat, lon), id, area) for id, lat, lon, area in candidates])
        found: dict[str, None] = {}
        for rank, (metres, _, area) in enumerate(by_distance):
            if rank >= _NEAREST and metres > radius_m:
                break
            found[area] = None
        return list(found)

    def _areas_wide(self, lat_e6: int, lon_e6: int, radius_m: int) -> list[str]:
        """By the boxes about provinces, which hold all their places: never fewer than place by place."""
        found = dict.fromkeys(self.areas(lat_e6, lon_e6, _REACHES_M[-1]))
        for code, (south, west, north, east) in self._boxes.items():
            lat, lon = min(max(lat_e6, south), north), min(max(lon_e6, west), east)
            if distance_m(lat_e6, lon_e6, lat, lon) <= radius_m:
                found[code] = None
        return list(found)

    def _cell(self, row: int, column: int, reach: int) -> tuple[list[str] | None, list[_Near]]:
        """For any point of a cell and any radius up to the reach: the one answer, or the places that may be part of it."""
        # The northernmost row of cells is the pole alone.
        lat_e6, lon_e6 = min(row * _CELL_E6 + _CELL_E6 // 2, 90_000_000), column * _CELL_E6 + _CELL_E6 // 2
        half_m = distance_m(lat_e6, lon_e6, row * _CELL_E6, column * _CELL_E6)
        third_m = self._third_nearest_m(lat_e6, lon_e6)
        # A place among the nearest three of any point of the cell is no further from its middle; 2 % for the flat Earth.
        furthest_m = max(third_m + 2 * half_m, _REACHES_M[reach] + half_m) * 102 // 100 + 10
        candidates = [
            near
            for near in self._within(lat_e6, lon_e6, furthest_m)
            if distance_m(lat_e6, lon_e6, near[1], near[2]) <= furthest_m
        ]
        areas = {area for _, _, _, area in candidates}
        known = (sorted(areas) if len(areas) <= 1 else None, candidates)
        if len(self._cells) >= _CELLS_MAX:
            self._cells.clear()
        self._cells[row, column, reach] = known
        return known

    def _third_nearest_m(self, lat_e6: int, lon_e6: int) -> int:
        if len(self._places) <= _NEAREST:
            return 20_100_000
        for radius_m in _SEARCHES_M:
            near = self._places_e6 if radius_m == _SEARCHES_M[-1] else self._within(lat_e6, lon_e6, radius_m)
            metres = sorted(distance_m(lat_e6, lon_e6, lat, lon) for _, lat, lon, _ in near)
            if len(metres) >= _NEAREST and metres[_NEAREST - 1] <= radius_m:
                return metres[_NEAREST - 1]
        raise AssertionError("every place lies on the Earth")

    def _within(self, lat_e6: int, lon_e6: int, radius_m: int) -> Iterator[_Near]:
        """Every place within the radius, and some beyond it."""
        north, east = reach_e6(lat_e6, radius_m)
        first = (lon_e6 - east) // _BUCKET_E6
        columns = min((lon_e6 + east) // _BUCKET_E6 - first + 1, _BUCKETS_ROUND)
        if columns * (2 * north // _BUCKET_E6 + 1) > len(self._buckets):
            for bucket in self._buckets.values():
                yield from bucket
            return
        for row in range((lat_e6 - north) // _BUCKET_E6, (lat_e6 + north) // _BUCKET_E6 + 1):
            for column in range(first, first + columns):
                yield from self._buckets.get((row, column % _BUCKETS_ROUND), ())

    def _of(self, country: str) -> Names:
        found = self._names.get(country)
        if found is None:
            by_area = {
                code: [keyed(place) for place in places]
                for code, places in self._by_area.items()
                if code.partition(".")[0] == country
            }
            areas = [keyed(place) for place in self._titled if place.country == country]
            found = self._names[country] = Names(by_area, areas, self._boxes, self._area_names)
        return found


def _box(places: Sequence[Place]) -> Box:
    lats, lons = [place.lat_e6 for place in places], [place.lon_e6 for place in places]
    return min(lats), min(lons), max(lats), max(lons)


__all__ = ["AREA_MARGIN_M", "Area", "Gazetteer"]
