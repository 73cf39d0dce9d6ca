"""Find places by name, provinces by name, and the provinces about a point. Pure: it works over what it is given."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from streams.core import names
from streams.core.gazetteer.place import Country, Place
from streams.core.geometry import distance_m, reach_e6

AREA_MARGIN_M = 10_000
"""A province reaches this far beyond its places."""

Box = tuple[int, int, int, int]
"""South, west, north, east, microdegrees."""

_Near = tuple[int, int, int, str]
"""A place as `areas` needs it: id, latitude, longitude, code of its province."""

_BUCKET_E6 = 500_000
_BUCKETS_ROUND = 720
_CELL_E6 = 50_000
_CELLS_MAX = 100_000
_REACHES_M = (500, 2_000, 10_000, 50_000)
"""Circles up to each of these share the work of a cell; wider ones go by the extents of provinces."""
_NEAREST = 3


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
        self._places = sorted(places, key=lambda place: place.id)
        self._countries = {country.code: country for country in countries}
        self._country_by_name = {
            names.strict(name): country.code for country in countries for name in (country.code, *country.names)
        }
        self._area_names = {code: tuple(extra) for code, extra in sorted((area_names or {}).items())}
        self._by_area: dict[str, list[Place]] = {}
        self._buckets: dict[tuple[int, int], list[_Near]] = {}
        for place in self._places:
            area = place.area
            self._by_area.setdefault(area, []).append(place)
            bucket = (place.lat_e6 // _BUCKET_E6, place.lon_e6 // _BUCKET_E6 % _BUCKETS_ROUND)
            self._buckets.setdefault(bucket, []).append((place.id, place.lat_e6, place.lon_e6, area))
        self._boxes = {code: _box(inside) for code, inside in sorted(self._by_area.items())}
        self._cells: dict[tuple[int, int, int], tuple[list[str] | None, list[_Near]]] = {}
        self._names: dict[str, _Names] = {}

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits over everything a decision may rest on."""
        body = msgspec.msgpack.encode((self._places, sorted(self._countries.items()), self.home, self._area_names))
        return hashlib.sha256(body).hexdigest()[:12]

    def named(self, name: str, country: str) -> Sequence[Place]:
        """Places of a country with the name, by spelling."""
        return self._of(country).places.get(names.strict(name), ())

    def sounding(self, name: str, country: str) -> Sequence[Place]:
        """Places of a country whose name may be a transliteration of the same one."""
        return self._of(country).places_loose.get(names.loose(name), ())

    def provinces(self, name: str, country: str) -> Sequence[str]:
        """Codes of the provinces a name may mean, the likelier first; empty if none.

        The package has no names of provinces, so one is known by its code, by the name of its largest place, or as
        the countryside of one. A city that is a province of its own lends its name to the one around it.
        """
        return self._of(country).provinces(name)

    def country(self, name: str) -> str | None:
        """Code of a country by its code or English name."""
        return self._country_by_name.get(names.strict(name))

    def area(self, code: str) -> Area:
        """The circle of a province or country. Raises `KeyError` for one that is not in the gazetteer."""
        if "." not in code and code in self._countries:
            country = self._countries[code]
            return Area(code, country.lat_e6, country.lon_e6, country.radius_m + AREA_MARGIN_M)
        south, west, north, east = self._boxes[code]
        lat_e6, lon_e6 = (south + north) // 2, (west + east) // 2
        radius_m = max(distance_m(lat_e6, lon_e6, place.lat_e6, place.lon_e6) for place in self._by_area[code])
        return Area(code, lat_e6, lon_e6, radius_m + AREA_MARGIN_M)

    def distance_to(self, code: str, lat_e6: int, lon_e6: int) -> int:
        """Metres from a point to the nearest place of a province."""
        return min(distance_m(lat_e6, lon_e6, place.lat_e6, place.lon_e6) for place in self._by_area[code])

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
        return list(
            dict.fromkeys(area for rank, (metres, _, area) in enumerate(by_distance) if rank < _NEAREST or metres <= radius_m)
        )

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
        lat_e6, lon_e6 = row * _CELL_E6 + _CELL_E6 // 2, column * _CELL_E6 + _CELL_E6 // 2
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
        radius_m = 20_000
        while True:
            metres = sorted(distance_m(lat_e6, lon_e6, lat, lon) for _, lat, lon, _ in self._within(lat_e6, lon_e6, radius_m))
            if len(metres) >= _NEAREST and metres[_NEAREST - 1] <= radius_m:
                return metres[_NEAREST - 1]
            radius_m *= 2

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

    def _of(self, country: str) -> "_Names":
        found = self._names.get(country)
        if found is None:
            by_area = {code: places for code, places in self._by_area.items() if code.partition(".")[0] == country}
            found = self._names[country] = _Names(by_area, self._boxes, self._area_names)
        return found


class _Names:
    """The names of one country's places and provinces; made when it is first asked for."""

    def __init__(
        self,
        by_area: Mapping[str, list[Place]],
        boxes: Mapping[str, Box],
        area_names: Mapping[str, Sequence[str]],
    ) -> None:
        self.places: dict[str, list[Place]] = {}
        self.places_loose: dict[str, list[Place]] = {}
        self._provinces: dict[str, list[str]] = {}
        self._provinces_loose: dict[str, list[str]] = {}
        self._around: dict[str, str] = {}
        for code, places in by_area.items():
            for place in places:
                _file(self.places, self.places_loose, place.names, place)
            if "." not in code:
                continue
            main = max(places, key=lambda place: (place.population, len(place.names), -place.id))
            _file(self._provinces, self._provinces_loose, (*main.names, *area_names.get(code, ())), code)
            around = _enclosing(code, by_area, boxes)
            if around is not None:
                self._around[code] = around
        self._by_code = {spelling: code for code in by_area for spelling in (code, code.partition(".")[2]) if spelling}

    def provinces(self, name: str) -> Sequence[str]:
        by_code = self._by_code.get(name.strip().upper().replace("-", "."))
        if by_code is not None:
            return (by_code,)
        own = self._named(name)
        if own:
            return tuple(dict.fromkeys([*own, *(self._around[code] for code in own if code in self._around)]))
        city = names.countryside_of(name)
        return tuple(dict.fromkeys(self._around.get(code, code) for code in self._named(city))) if city else ()

    def _named(self, name: str) -> Sequence[str]:
        return self._provinces.get(names.strict(name)) or self._provinces_loose.get(names.loose(name), ())


def _file(by_strict: dict, by_loose: dict, spellings: Sequence[str], what: Place | str) -> None:
    """Under each key of each spelling, once."""
    for index, keys in ((by_strict, {names.strict(s) for s in spellings}), (by_loose, {names.loose(s) for s in spellings})):
        for key in keys - {""}:
            index.setdefault(key, []).append(what)


def _box(places: Sequence[Place]) -> Box:
    lats, lons = [place.lat_e6 for place in places], [place.lon_e6 for place in places]
    return min(lats), min(lons), max(lats), max(lons)


def _enclosing(code: str, by_area: Mapping[str, list[Place]], boxes: Mapping[str, Box]) -> str | None:
    """The province that lies all around another, as the countryside of a capital does, if one does."""
    south, west, north, east = boxes[code]

    def holds(other: str) -> bool:
        low, left, high, right = boxes[other]
        return low <= south and left <= west and high >= north and right >= east and len(by_area[other]) > len(by_area[code])

    def gap_m(other: str) -> int:
        return min(distance_m(p.lat_e6, p.lon_e6, q.lat_e6, q.lon_e6) for p in by_area[other] for q in by_area[code])

    around = [other for other in by_area if "." in other and other != code and holds(other)]
    return min(around, key=gap_m) if around else None


__all__ = ["AREA_MARGIN_M", "Area", "Gazetteer"]
