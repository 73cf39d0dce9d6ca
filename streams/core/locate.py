"""Give a report's location a point, an uncertainty radius, a precision, and the method by which it was found.

`METHODS` are tried in order, from the sharpest to the bluntest; the first that knows the place answers. A wrong place is
worse than a wide one: where a name may be several places the circle covers them all, where a name and its province
disagree the circle covers both or is the province's, and a quarter that nobody lists is its city.

Zones are not decided here: a circle stays true when terms change.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec.structs import replace

from schemas.facts import Circle, Location, Rejection
from schemas.reasons import Reason
from streams.core import grids, names
from streams.core.circles import circle, precision_of
from streams.core.coordinates import by_coordinates, judged
from streams.core.gazetteer import Gazetteer
from streams.core.mentions import by_text
from streams.core.named import by_country, by_district, by_place, by_place_in_province, by_province, by_quarter
from streams.core.relative import by_phrase, by_short_code

_NOTHING_GIVEN = "location: give lat and lon, a place, admin1 or country"

_CACHED_NAMES = 16_384
_CACHED_TEXT_MAX = 300


def locate(location: Location, countries: Sequence[str], gazetteer: Gazetteer) -> Circle | Rejection:
    """The circle of a location, or `not_locatable` with a detail that names the field.

    `countries` are ISO codes in which names without a country are looked for, in order.
    """
    stated = gazetteer.country(location.country) if location.country else None
    where = (stated,) if stated else tuple(countries)
    for method in METHODS:
        found = method(location, where, gazetteer)
        if found is not None:
            blunter = location.precision is not None and location.precision > found.precision
            return replace(found, precision=location.precision) if blunter else found
    return Rejection(Reason.NOT_LOCATABLE, "; ".join(_faults(location, where, gazetteer)) or _NOTHING_GIVEN)


class Locator:
    """`locate` for fixed countries that remembers the names it has met: the same names come a hundred times a day."""

    def __init__(self, countries: Sequence[str], gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.countries = tuple(countries)
        self._by_name = lru_cache(maxsize=_CACHED_NAMES)(self._uncached)

    def locate(self, location: Location) -> Circle | Rejection:
        if location.lat is not None:
            # Hardly ever met twice, and no dearer than looking it up: the first method, without what names need.
            stated = self.gazetteer.country(location.country) if location.country else None
            where = (stated,) if stated else self.countries
            return by_coordinates(location, where, self.gazetteer) or self._uncached(location)
        if location.text is not None and len(location.text) > _CACHED_TEXT_MAX:
            return self._uncached(location)
        return self._by_name(location)

    def locate_all(self, locations: Iterable[Location]) -> list[Circle | Rejection]:
        """Many at once, in their order."""
        locate_one = self.locate
        return [locate_one(location) for location in locations]

    def _uncached(self, location: Location) -> Circle | Rejection:
        return locate(location, self.countries, self.gazetteer)


def by_grid(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """A grid reference, or a place that is written as a point: "36°12'N 37°9'E", "geo:36.2,37.16", a plus code."""
    for text in (location.mgrs, location.place):
        point = grids.read(text) if text else None
        if point is None or not (point.lat_e6 or point.lon_e6):
            continue
        radius_m = max(location.radius_m or 0, point.radius_m)
        found = circle(point.lat_e6, point.lon_e6, radius_m, point.method, gazetteer, precision=location.precision)
        return judged(found, location, where, gazetteer)
    return None


METHODS: tuple[Callable[[Location, Sequence[str], Gazetteer], Circle | None], ...] = (
    by_coordinates,
    by_grid,
    by_quarter,
    by_short_code,
    by_phrase,
    by_place_in_province,
    by_place,
    by_district,
    by_province,
    by_text,
    by_country,
)


def _faults(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Iterator[str]:
    """One phrase for each field that was given and could not be used."""
    for field, value, other, most in (("lat", location.lat, location.lon, 90), ("lon", location.lon, location.lat, 180)):
        if value is not None and not -most <= value <= most:
            yield f"location.{field}: {value} is not between -{most} and {most}, and no one slip explains it"
        elif value is None and other is not None:
            yield f"location.{field}: missing beside the other coordinate"
    if location.lat == 0 and location.lon == 0:
        yield "location.lat, location.lon: 0, 0 is not a place"
    if location.mgrs:
        yield f"location.mgrs: {names.clean(location.mgrs)!r} is not a grid reference"
    if location.country and not gazetteer.country(location.country):
        yield f"location.country: {names.clean(location.country)!r} is not a country"
    for field in ("place", "admin2", "admin1"):
        value = getattr(location, field)
        if value:
            yield f"location.{field}: {names.clean(value)!r} is not known in {', '.join(where)}"
    if location.text:
        yield f"location.text: names no place that is known in {', '.join(where)}"


__all__ = ["METHODS", "Locator", "locate", "precision_of"]
