"""Find a place that is told by way of others: "6 km north-east of Aleppo", "Anadan-Hreitan road", "Sukkari quarter, Aleppo".

`phrases` reads the words; here the names in them become circles, and the phrase one about where that puts it. The radius
grows with the distance and with how blunt the direction is: measured on published phrases the error is 1 to 20 km.
"""

from collections.abc import Iterator, Sequence

from schemas.facts import Circle, Location
from schemas.reasons import Method
from streams.core import grids, names, phrases
from streams.core.circles import CITY_POPULATION, circle
from streams.core.gazetteer import SCORE_SURE, Gazetteer
from streams.core.geometry import distance_m, microdegrees, middle, moved
from streams.core.named import by_district, by_place, by_place_in_province, by_province, by_quarter, provinces_of
from streams.core.phrases import Phrase, Relation

DISTANCE_PERCENT = 10
"""How far off a distance is that somebody states."""

UNSAID_M = 5_000
"""Where nobody says how far "north of" or "near" is: so far at the likeliest."""

COUNTRYSIDE_M = 15_000
BETWEEN_MARGIN_M = 2_000
APART_MAX_M = 250_000
"""Two places further apart than this have nothing between them that one would call so."""

_NEAR_PERCENT = 150
# Twice the sine of half the angle: how far off the end of a distance is, per thousand, when the direction is off by so much.
_ASIDE_PER_MILLE = {500: 87, 1_125: 196, 2_250: 390}


def by_phrase(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """The first reading all of whose names are places. Nothing for a plain name, and for one that is a place as it stands."""
    text = location.place
    if not text or any(gazetteer.named(text, country) for country in where):
        return None
    provinces = provinces_of(location.admin1, where, gazetteer) if location.admin1 else ()
    for phrase in phrases.readings(text):
        found = _placed(phrase, location, where, gazetteer)
        # What it refers to may lie in another province, but what is meant does not.
        if found is not None and (not provinces or not set(provinces).isdisjoint(found.areas)):
            return found
    return _by_parts(text, location, where, gazetteer)


def by_short_code(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """A plus code without its beginning, and the place that it is near."""
    split = grids.short_plus_code(location.place) if location.place and "+" in location.place else None
    if split is None:
        return None
    code, name = split
    near = _ref(name, location, where, gazetteer)
    point = grids.complete(code, *_at(near)) if near is not None else None
    return circle(point.lat_e6, point.lon_e6, point.radius_m, point.method, gazetteer, near.place) if point and near else None


def _placed(phrase: Phrase, location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    if phrase.relation in (Relation.BETWEEN, Relation.BOTH):
        return _between(phrase, location, where, gazetteer)
    if phrase.relation in (Relation.COUNTRYSIDE, Relation.PART):
        # "Northern Idlib" and "rural Hama" are said of provinces, where one has the name.
        province = Location(place=None, admin1=phrase.refs[0])
        if phrase.relation is Relation.COUNTRYSIDE:
            province = Location(admin1=f"countryside of {phrase.refs[0]}")
        found = by_province(province, where, gazetteer)
        if found is not None:
            return found
    ref = _ref(phrase.refs[0], location, where, gazetteer)
    if ref is None or (phrase.relation is Relation.PART and not _is_city(phrase.refs[0], where, gazetteer)):
        return None
    lat_e6, lon_e6 = _at(ref)
    metres = phrase.metres or 0
    match phrase.relation:
        case Relation.OFFSET:
            assert phrase.bearing is not None
            lat_e6, lon_e6 = moved(lat_e6, lon_e6, metres, phrase.bearing)
            aside = _ASIDE_PER_MILLE[phrase.spread]
            radius_m = ref.radius_m + metres * aside // 1_000 + metres * DISTANCE_PERCENT // 100
        case Relation.DISTANCE:
            radius_m = ref.radius_m + metres + metres * DISTANCE_PERCENT // 100
        case Relation.DIRECTION | Relation.PART:
            assert phrase.bearing is not None
            lat_e6, lon_e6 = moved(lat_e6, lon_e6, ref.radius_m + UNSAID_M, phrase.bearing)
            radius_m = ref.radius_m + 2 * UNSAID_M
        case Relation.NEAR:
            radius_m = ref.radius_m + UNSAID_M
        case Relation.OUTSKIRTS:
            radius_m = ref.radius_m * _NEAR_PERCENT // 100 + BETWEEN_MARGIN_M
        case _:
            radius_m = ref.radius_m + COUNTRYSIDE_M
    return circle(lat_e6, lon_e6, radius_m, Method.PHRASE, gazetteer, ref.place, listed_in=ref.listed_in)


def _between(phrase: Phrase, location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    one, other = (_ref(name, location, where, gazetteer) for name in phrase.refs)
    if one is None or other is None:
        return None
    apart_m = distance_m(*_at(one), *_at(other))
    if apart_m > APART_MAX_M:
        return None
    lat_e6, lon_e6 = middle(*_at(one), *_at(other))
    margin_m = BETWEEN_MARGIN_M if phrase.relation is Relation.BETWEEN else 0
    radius_m = apart_m // 2 + max(margin_m, one.radius_m, other.radius_m)
    return circle(lat_e6, lon_e6, radius_m, Method.PHRASE, gazetteer, f"{one.place}, {other.place}")


def _by_parts(text: str, location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """ "A, B" and the like: the sharpest reading, B being the city, district, province or country of A; or a phrase about it."""
    parts = phrases.parts(text)
    if len(parts) < 2:
        return None
    found = [circle for reading in _hierarchies(parts, location) if (circle := _first(reading, where, gazetteer)) is not None]
    return min(found, key=lambda circle: (circle.precision, circle.radius_m), default=None)


def _hierarchies(parts: Sequence[str], location: Location) -> Iterator[Location]:
    first, second, *rest = parts
    if names.says_quarter(first):
        yield Location(quarter=first, place=second, admin1=rest[0] if rest else location.admin1)
        return
    within = rest[0] if rest else location.admin1
    country = rest[1] if len(rest) > 1 else location.country
    yield Location(place=first, admin1=second, admin2=location.admin2, country=rest[0] if rest else country)
    yield Location(place=first, admin2=second, admin1=within, country=country)
    yield Location(quarter=first, place=second, admin1=within, country=country)
    if not rest:
        yield Location(place=first, admin1=location.admin1, country=second)
        # The part in brackets, or after the comma, may be a phrase that says more of an unknown name.
        yield Location(place=second, admin1=location.admin1, country=location.country)


def _first(reading: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    stated = gazetteer.country(reading.country) if reading.country else None
    if reading.country and stated not in gazetteer.home:
        return None
    where = (stated,) if stated else where
    district = by_district(reading, where, gazetteer) if reading.admin2 else None
    for method in (by_quarter, by_place_in_province, *_LAST_RESORTS):
        found = method(reading, where, gazetteer)
        if found is not None and (not reading.admin2 or _is_within(found, district)):
            return found
    return None


def _is_within(found: Circle, district: Circle | None) -> bool:
    return district is not None and distance_m(*_at(found), *_at(district)) <= district.radius_m


def _alone(reading: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """A phrase, one level down: what it is about is a plain name."""
    if reading.quarter or not reading.place:
        return None
    for phrase in phrases.readings(reading.place):
        found = _placed(phrase, reading, where, gazetteer)
        if found is not None:
            return found
    return None


def _is_city(name: str, where: Sequence[str], gazetteer: Gazetteer) -> bool:
    """A smaller place has no eastern part that is spoken of: "Eastern Such" is another village, beside the western one."""
    return any(place.population >= CITY_POPULATION for country in where for place in gazetteer.named(name, country))


def _ref(name: str, location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """The place that a phrase refers to: in the province that the report names, or else where there is one of the name."""
    if not name or len(name) > _NAME_MAX:
        return None
    quarter, *rest = phrases.parts(name)
    if rest:
        inner = Location(quarter=quarter, place=rest[0], admin1=location.admin1)
        return by_quarter(inner, where, gazetteer) or _ref(quarter, Location(admin1=rest[0]), where, gazetteer)
    inside = Location(place=name, admin1=location.admin1)
    found = by_place_in_province(inside, where, gazetteer) if location.admin1 else None
    found = found or by_place(Location(place=name), where, gazetteer)
    if found is None and names.says_district(name):
        found = by_district(inside, where, gazetteer)
    return found if found is not None and (found.score is None or found.score >= SCORE_SURE) else None


def _at(found: Circle) -> tuple[int, int]:
    return microdegrees(found.lat), microdegrees(found.lon)


_NAME_MAX = 80
_LAST_RESORTS = (_alone, by_place, by_district)

__all__ = ["by_phrase", "by_short_code"]
