"""Give a report's location a point, an uncertainty radius, a precision, and the method by which it was found.

`METHODS` are tried in order, from the sharpest to the bluntest; the first that knows the place answers. A wrong place is
worse than a wide one: where a name may be several places the circle covers them all, where a name and its province
disagree the circle covers both or is the province's, and a quarter that nobody lists is its city.

Zones are not decided here: a circle stays true when terms change.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from schemas.facts import Circle, Location, Rejection
from schemas.reasons import Method, Reason
from streams.core import names
from streams.core.gazetteer import Gazetteer, Place
from streams.core.geometry import distance_m, microdegrees

PRECISION_RADIUS_M = {1: 1_000, 2: 10_000, 3: 30_000, 4: 100_000, 5: 250_000, 6: 500_000, 7: 500_000}
"""The radius of a precision class of the UCDP scale that a source states without one; the widest that still has the class."""

PROVINCE_PRECISION = 4
COUNTRY_PRECISION = 6
DISTRICT_RADIUS_M = 20_000
BORDER_M = 20_000
"""A place this near to the province that a report puts it in is taken to be on the border of it."""
SAME_PLACE_M = 30_000
"""Names that only sound alike are believed when all places they fit lie this near to each other."""

CITY_POPULATION, CITY_OUTWEIGHS = 100_000, 50
"""A bare name is a city of so many people, and not a village of the same name with so many times fewer."""

_DECIMALS_RADIUS_M = ((1_000, 250), (10_000, 500), (100_000, 1_500), (1_000_000, 15_000))
"""What the last digit of a coordinate stands for, microdegrees: a number that is no multiple of it is this sharp, metres."""
_WHOLE_DEGREES_RADIUS_M = 100_000
_POPULATION_RADIUS_M = ((1_000_000, 12_000), (100_000, 7_000), (20_000, 4_000), (0, 2_500))
"""How far a place of at least this many people reaches from the point that stands for it."""

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
        circle = method(location, where, gazetteer)
        if circle is not None:
            return circle
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
            return by_coordinates(location, (), self.gazetteer) or self._uncached(location)
        if location.text is not None and len(location.text) > _CACHED_TEXT_MAX:
            return self._uncached(location)
        return self._by_name(location)

    def _uncached(self, location: Location) -> Circle | Rejection:
        return locate(location, self.countries, self.gazetteer)


def by_coordinates(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """The radius is the one stated (0 says nothing), else that of the stated precision, else of the decimals given."""
    lat, lon = location.lat, location.lon
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    lat_e6, lon_e6 = microdegrees(lat), microdegrees(lon)
    if not lat_e6 and not lon_e6:
        return None
    radius_m = location.radius_m or PRECISION_RADIUS_M.get(location.precision) or _radius_of_decimals(lat_e6, lon_e6)
    return _circle(lat_e6, lon_e6, radius_m, Method.COORDINATES, gazetteer, precision=location.precision)


def by_quarter(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """A quarter is somewhere in its city, or the place of its own name close by, if there is one."""
    if not location.quarter or not location.place:
        return None
    city = by_place_in_province(location, where, gazetteer) or by_place(location, where, gazetteer)
    if city is None:
        return None
    lat_e6, lon_e6 = microdegrees(city.lat), microdegrees(city.lon)
    near = [
        place
        for country in where
        for place in gazetteer.named(location.quarter, country)
        if distance_m(place.lat_e6, place.lon_e6, lat_e6, lon_e6) <= city.radius_m
    ]
    if near:
        return _covering(near, Method.QUARTER, gazetteer)
    return _circle(lat_e6, lon_e6, city.radius_m, Method.QUARTER, gazetteer, city.place, precision=city.precision)


def by_place_in_province(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """The places of the name in the province; or just outside it, with a circle that reaches into it."""
    if not location.place or not location.admin1:
        return None
    provinces = _provinces(location.admin1, where, gazetteer)
    spelled = [place for country in where for place in gazetteer.named(location.place, country)]
    inside = [place for place in spelled if place.area in provinces]
    if inside:
        return _covering(inside, Method.PLACE_IN_PROVINCE, gazetteer)
    gaps_m = [min((gazetteer.distance_to(code, p.lat_e6, p.lon_e6) for code in provinces), default=BORDER_M + 1) for p in spelled]
    if gaps_m and min(gaps_m) <= BORDER_M:
        near = [place for place, gap_m in zip(spelled, gaps_m, strict=True) if gap_m <= BORDER_M]
        return _covering(near, Method.PLACE_IN_PROVINCE, gazetteer, radius_m=min(gaps_m))
    if spelled:
        return None
    alike = [place for country in where for place in gazetteer.sounding(location.place, country) if place.area in provinces]
    return _covering(alike, Method.PLACE_IN_PROVINCE, gazetteer) if _together(alike) else None


def by_place(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """Every place of the name. Not where a province is named: it has been looked for there, and elsewhere is another."""
    if not location.place or (location.admin1 and _provinces(location.admin1, where, gazetteer)):
        return None
    spelled = [place for country in where for place in gazetteer.named(location.place, country)]
    if spelled:
        return _covering(spelled, Method.PLACE, gazetteer)
    alike = [place for country in where for place in gazetteer.sounding(location.place, country)]
    return _covering(alike, Method.PLACE, gazetteer) if _together(alike) else None


def by_district(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """A district lies about the place it is named after."""
    if not location.admin2:
        return None
    seat = Location(place=location.admin2, admin1=location.admin1)
    circle = by_place_in_province(seat, where, gazetteer) or by_place(seat, where, gazetteer)
    if circle is None:
        return None
    radius_m = circle.radius_m + DISTRICT_RADIUS_M
    lat_e6, lon_e6 = microdegrees(circle.lat), microdegrees(circle.lon)
    return _circle(lat_e6, lon_e6, radius_m, Method.DISTRICT, gazetteer, circle.place, precision=3)


def by_province(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """The province that is named, also where it stands as a place: "Homs northern countryside"."""
    named = location.admin1
    if not named and location.place and names.countryside_of(location.place):
        named = location.place
    if not named:
        return None
    codes = _provinces(named, where, gazetteer)
    if not codes:
        return None
    # The likeliest is the centre; the circle reaches over the others that the name may mean.
    first, *others = (gazetteer.area(code) for code in codes)
    radius_m = max(
        first.radius_m,
        *(distance_m(first.lat_e6, first.lon_e6, area.lat_e6, area.lon_e6) + area.radius_m for area in others),
        0,
    )
    return Circle(
        lat=first.lat_e6 / 1e6,
        lon=first.lon_e6 / 1e6,
        radius_m=radius_m,
        precision=PROVINCE_PRECISION,
        method=Method.PROVINCE,
        areas=list(codes),
        stated_area=codes[0],
    )


def by_country(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    if not location.country or not gazetteer.country(location.country):
        return None
    area = gazetteer.area(where[0])
    return Circle(
        lat=area.lat_e6 / 1e6,
        lon=area.lon_e6 / 1e6,
        radius_m=area.radius_m,
        precision=COUNTRY_PRECISION,
        method=Method.COUNTRY,
        areas=[area.code],
        stated_area=area.code,
    )


METHODS: tuple[Callable[[Location, Sequence[str], Gazetteer], Circle | None], ...] = (
    by_coordinates,
    by_quarter,
    by_place_in_province,
    by_place,
    by_district,
    by_province,
    by_country,
)


def precision_of(radius_m: int) -> int:
    """The class of the UCDP scale that a circle has by its size alone, 1 to 6."""
    return next((precision for precision, most_m in PRECISION_RADIUS_M.items() if radius_m <= most_m), COUNTRY_PRECISION)


def _provinces(name: str, where: Sequence[str], gazetteer: Gazetteer) -> list[str]:
    return [code for country in where for code in gazetteer.provinces(name, country)]


def _radius_of_decimals(lat_e6: int, lon_e6: int) -> int:
    for unit, radius_m in _DECIMALS_RADIUS_M:
        if lat_e6 % unit or lon_e6 % unit:
            return radius_m
    return _WHOLE_DEGREES_RADIUS_M


def _radius_of(place: Place) -> int:
    return next(radius_m for people, radius_m in _POPULATION_RADIUS_M if place.population >= people)


def _together(places: Sequence[Place]) -> bool:
    """Whether there are any, and all lie near each other."""
    return bool(places) and all(
        distance_m(places[0].lat_e6, places[0].lon_e6, place.lat_e6, place.lon_e6) <= SAME_PLACE_M for place in places
    )


def _covering(places: Sequence[Place], method: Method, gazetteer: Gazetteer, radius_m: int = 0) -> Circle:
    """About the largest place, the likeliest to be meant, and over all the others that may be."""
    main = max(places, key=lambda place: (place.population, -place.id))
    if main.population >= CITY_POPULATION:
        places = [place for place in places if place.population * CITY_OUTWEIGHS >= main.population]
    radius_m = max(
        radius_m, *(distance_m(main.lat_e6, main.lon_e6, place.lat_e6, place.lon_e6) + _radius_of(place) for place in places)
    )
    return _circle(main.lat_e6, main.lon_e6, radius_m, method, gazetteer, main.name)


def _circle(
    lat_e6: int,
    lon_e6: int,
    radius_m: int,
    method: Method,
    gazetteer: Gazetteer,
    place: str | None = None,
    precision: int | None = None,
) -> Circle:
    """A stated precision can only make it blunter than its radius says."""
    by_size = precision_of(radius_m)
    return Circle(
        lat=lat_e6 / 1e6,
        lon=lon_e6 / 1e6,
        radius_m=radius_m,
        precision=by_size if precision is None else max(precision, by_size),
        method=method,
        areas=gazetteer.areas(lat_e6, lon_e6, radius_m),
        place=place,
    )


def _faults(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Iterator[str]:
    """One phrase for each field that was given and could not be used."""
    for field, value, other, most in (("lat", location.lat, location.lon, 90), ("lon", location.lon, location.lat, 180)):
        if value is not None and not -most <= value <= most:
            yield f"location.{field}: {value} is not between -{most} and {most}"
        elif value is None and other is not None:
            yield f"location.{field}: missing beside the other coordinate"
    if location.lat == 0 and location.lon == 0:
        yield "location.lat, location.lon: 0, 0 is not a place"
    if location.country and not gazetteer.country(location.country):
        yield f"location.country: {names.clean(location.country)!r} is not a country"
    for field in ("place", "admin2", "admin1"):
        value = getattr(location, field)
        if value:
            yield f"location.{field}: {names.clean(value)!r} is not known in {', '.join(where)}"


__all__ = ["METHODS", "Locator", "locate", "precision_of"]
