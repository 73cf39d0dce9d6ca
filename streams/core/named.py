"""Find a place by its name, with whatever else the report says to tell it from others of the name.

`by_quarter`, `by_place_in_province`, `by_place`, `by_district` and `by_province` each answer with a circle or not at all. A
name that only resembles a known one is a guess: its circle has the guess for a centre, and reaches over the province.
"""

from collections.abc import Sequence

import msgspec

from schemas.facts import Circle, Location
from schemas.reasons import Method
from streams.core import names
from streams.core.circles import (
    COUNTRY_PRECISION,
    circle,
    covering,
    of_areas,
    together,
)
from streams.core.coordinates import BORDER_M, PROVINCE_PRECISION
from streams.core.gazetteer import SCORE_SURE, Gazetteer, Match, Place
from streams.core.geometry import distance_m, microdegrees

DISTRICT_RADIUS_M = 25_000
"""How far a district that no list describes reaches from the place it is named after."""

TOWN_POPULATION, TELLING_CONSONANTS = 20_000, 5
"""What a name that is spelled in another way must have to be believed where no province is named."""

VILLAGE_ALONE_M = 10_000
"""The least radius of a village where no province is named."""

QUARTER_MARGIN_M = 3_000
"""A quarter may lie this far outside the circle of its city: cities have grown."""


def by_quarter(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """A quarter is the place of its own name in or by its city, or somewhere in the city."""
    if not location.quarter or not location.place:
        return None
    city = by_place_in_province(location, where, gazetteer) or by_place(location, where, gazetteer)
    if city is None:
        return None
    lat_e6, lon_e6 = microdegrees(city.lat), microdegrees(city.lon)
    near = [
        match
        for country in where
        for match in gazetteer.matches(location.quarter, country, city.areas)
        if match.score >= SCORE_SURE
        and distance_m(match.place.lat_e6, match.place.lon_e6, lat_e6, lon_e6) <= city.radius_m + QUARTER_MARGIN_M
    ]
    if near:
        return covering(near, Method.QUARTER, gazetteer)
    return circle(lat_e6, lon_e6, city.radius_m, Method.QUARTER, gazetteer, city.place, precision=city.precision)


def by_place_in_province(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """The places of the name in the province; or just outside it, with a circle that reaches into it."""
    if not location.place or not location.admin1 or names.says_district(location.place):
        return None
    provinces = provinces_of(location.admin1, where, gazetteer)
    spelled = [Match(place, 100) for country in where for place in gazetteer.named(location.place, country)]
    inside = [match for match in spelled if match.place.area in provinces]
    if inside:
        return covering(inside, Method.PLACE_IN_PROVINCE, gazetteer)
    if not provinces:
        return None
    gaps_m = [min(gazetteer.distance_to(code, match.place.lat_e6, match.place.lon_e6) for code in provinces) for match in spelled]
    if gaps_m and min(gaps_m) <= BORDER_M:
        near = [match for match, gap_m in zip(spelled, gaps_m, strict=True) if gap_m <= BORDER_M]
        return covering(near, Method.PLACE_IN_PROVINCE, gazetteer, radius_m=min(gaps_m))
    if spelled:
        return None
    alike = [match for country in where for match in gazetteer.matches(location.place, country, provinces)]
    if not together(alike):
        return None
    found = covering(alike, Method.PLACE_IN_PROVINCE, gazetteer)
    return found if _is_sure(found) else _over_province(found, provinces, gazetteer)


def by_place(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """Every place of the name. Not where a province is named: it has been looked for there, and elsewhere is another."""
    if not location.place or names.says_district(location.place):
        return None
    if location.admin1 and provinces_of(location.admin1, where, gazetteer):
        return None
    spelled = [Match(place, 100) for country in where for place in gazetteer.named(location.place, country)]
    if spelled:
        return covering(spelled, Method.PLACE, gazetteer, _least_m(spelled))
    alike = [match for country in where for match in gazetteer.matches(location.place, country)]
    # Without a province a name has the whole country to resemble something in: only much of a name, or a town, is believed.
    known = [match for match in alike if match.score >= SCORE_SURE and _is_telling(location.place, match.place)]
    return covering(known, Method.PLACE, gazetteer, _least_m(known)) if known and together(alike) else None


def by_district(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """The district, where a list has it; else what lies about the place that it is named after."""
    named = location.admin2
    if not named and location.place:
        named = location.place
    if not named:
        return None
    provinces = provinces_of(location.admin1, where, gazetteer) if location.admin1 else ()
    listed = [match for country in where for match in gazetteer.districts(named, country, provinces)]
    if listed and listed[0].score >= SCORE_SURE and (provinces or together(listed)):
        return _about_its_seat(covering(listed, Method.DISTRICT, gazetteer), named, where, gazetteer)
    if not location.admin2 and not names.says_district(named):
        return None
    bare = names.without_kind(named)
    seat = Location(place=bare, admin1=location.admin1)
    found = by_place_in_province(seat, where, gazetteer) or by_place(seat, where, gazetteer)
    if found is None or not _is_sure(found):
        return None
    radius_m = found.radius_m + DISTRICT_RADIUS_M
    lat_e6, lon_e6 = microdegrees(found.lat), microdegrees(found.lon)
    return circle(lat_e6, lon_e6, radius_m, Method.DISTRICT, gazetteer, found.place, precision=3)


def by_province(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """The province that is named, also where it stands as a place: "Homs northern countryside"."""
    named = location.admin1
    if not named and location.place and names.countryside_of(location.place):
        named = location.place
    if not named:
        return None
    codes = provinces_of(named, where, gazetteer)
    return of_areas(codes, Method.PROVINCE, PROVINCE_PRECISION, gazetteer) if codes else None


def by_country(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    if not location.country or not gazetteer.country(location.country):
        return None
    return of_areas(where[:1], Method.COUNTRY, COUNTRY_PRECISION, gazetteer)


def provinces_of(name: str, where: Sequence[str], gazetteer: Gazetteer) -> Sequence[str]:
    return gazetteer.provinces_in(name, tuple(where))


def _about_its_seat(found: Circle, named: str, where: Sequence[str], gazetteer: Gazetteer) -> Circle:
    """A district is mostly the town it is named after: that is the centre, and the circle holds the district all the same."""
    lat_e6, lon_e6 = microdegrees(found.lat), microdegrees(found.lon)
    seats = [
        (distance_m(lat_e6, lon_e6, place.lat_e6, place.lon_e6), place.id, place)
        for country in where
        for place in gazetteer.named(named, country)
    ]
    metres, _, seat = min(seats, default=(found.radius_m + 1, 0, None))
    if seat is None or metres > found.radius_m:
        return found
    radius_m = found.radius_m + metres
    return circle(seat.lat_e6, seat.lon_e6, radius_m, Method.DISTRICT, gazetteer, found.place, 3, found.score, found.listed_in)


def _least_m(matches: Sequence[Match]) -> int:
    """A village by its name alone is seldom the only one of the name, and no gazetteer has them all."""
    return 0 if any(match.place.population >= TOWN_POPULATION for match in matches) else VILLAGE_ALONE_M


def _is_telling(name: str, place: Place) -> bool:
    return place.population >= TOWN_POPULATION or len(names.loose(name).strip("+")) >= TELLING_CONSONANTS


def _is_sure(found: Circle) -> bool:
    return found.score is None or found.score >= SCORE_SURE


def _over_province(found: Circle, provinces: Sequence[str], gazetteer: Gazetteer) -> Circle:
    """The guess as the centre of a circle over the provinces that it may be in."""
    lat_e6, lon_e6 = microdegrees(found.lat), microdegrees(found.lon)
    areas = [gazetteer.area(code) for code in provinces]
    radius_m = max(distance_m(lat_e6, lon_e6, area.lat_e6, area.lon_e6) + area.radius_m for area in areas)
    # Of the guess only the centre is believed; what is said for certain is the province.
    return msgspec.structs.replace(found, radius_m=radius_m, precision=PROVINCE_PRECISION, areas=list(provinces))


__all__ = [
    "by_country",
    "by_district",
    "by_place",
    "by_place_in_province",
    "by_province",
    "by_quarter",
    "provinces_of",
]
