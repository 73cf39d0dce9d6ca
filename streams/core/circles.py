"""Circles about places: how wide one must be to hold what was meant, and how sharp it then is.

The radii are measured: for each method the stated circle holds the true place in at least 95 of 100 labelled cases
(`load_tests/locating.py` draws it). Whoever changes one looks at that table.
"""

from bisect import bisect_left
from collections.abc import Sequence

from schemas.facts import Circle
from schemas.reasons import Method
from streams.core.gazetteer import Gazetteer, Match, Place, PlaceKind
from streams.core.gazetteer.place import GEONAMES
from streams.core.geometry import distance_m

PRECISION_RADIUS_M = {1: 1_000, 2: 10_000, 3: 30_000, 4: 100_000, 5: 250_000, 6: 500_000, 7: 500_000}
"""The radius of a precision class of the UCDP scale that a source states without one; the widest that still has the class."""

COUNTRY_PRECISION = 6
_WIDEST_M = tuple(PRECISION_RADIUS_M[precision] for precision in range(1, COUNTRY_PRECISION))

SAME_PLACE_M = 30_000
"""Names that are only alike are believed when all places they fit lie this near to each other."""

CITY_POPULATION, CITY_OUTWEIGHS = 100_000, 50
"""A bare name is a city of so many people, and not a village of the same name with so many times fewer."""

_POPULATION_RADIUS_M = ((1_000_000, 12_000), (100_000, 7_000), (0, 4_000))
"""How far a place of at least this many people reaches from the point that stands for it."""
_KIND_RADIUS_M = {PlaceKind.QUARTER: 3_000, PlaceKind.LOCALITY: 4_000, PlaceKind.DISTRICT: 20_000}


def precision_of(radius_m: int) -> int:
    """The class of the UCDP scale that a circle has by its size alone, 1 to 6."""
    return bisect_left(_WIDEST_M, radius_m) + 1


def radius_of(place: Place) -> int:
    """Metres from the point that stands for a place to where it ends."""
    if place.radius_m:
        return place.radius_m
    by_kind = _KIND_RADIUS_M.get(place.kind)
    return by_kind or next(radius_m for people, radius_m in _POPULATION_RADIUS_M if place.population >= people)


def together(matches: Sequence[Match]) -> bool:
    """Whether there are any, and all lie near each other."""
    return bool(matches) and all(
        distance_m(matches[0].place.lat_e6, matches[0].place.lon_e6, match.place.lat_e6, match.place.lon_e6) <= SAME_PLACE_M
        for match in matches
    )


def covering(matches: Sequence[Match], method: Method, gazetteer: Gazetteer, radius_m: int = 0) -> Circle:
    """About the largest place, the likeliest to be meant, and over all the others that may be."""
    main = max(matches, key=lambda match: (match.place.population, match.score, -match.place.id))
    places = [match.place for match in matches]
    centre = main.place
    if centre.population >= CITY_POPULATION:
        places = [place for place in places if place.population * CITY_OUTWEIGHS >= centre.population]
    radius_m = max(
        radius_m,
        *(distance_m(centre.lat_e6, centre.lon_e6, place.lat_e6, place.lon_e6) + radius_of(place) for place in places),
    )
    return circle(
        centre.lat_e6,
        centre.lon_e6,
        radius_m,
        method,
        gazetteer,
        centre.name,
        score=None if main.score == 100 else main.score,
        listed_in=None if centre.source == GEONAMES else centre.source,
    )


def circle(
    lat_e6: int,
    lon_e6: int,
    radius_m: int,
    method: Method,
    gazetteer: Gazetteer,
    place: str | None = None,
    precision: int | None = None,
    score: int | None = None,
    listed_in: str | None = None,
    repair: str | None = None,
) -> Circle:
    """A stated precision can only make it blunter than its radius says."""
    by_size = precision_of(radius_m)
    return Circle(
        lat_e6 / 1e6,
        lon_e6 / 1e6,
        radius_m,
        by_size if precision is None or precision < by_size else precision,
        method,
        gazetteer.areas(lat_e6, lon_e6, radius_m),
        None,
        place,
        repair,
        score,
        listed_in,
    )


def of_areas(codes: Sequence[str], method: Method, precision: int, gazetteer: Gazetteer) -> Circle:
    """About the first, and over the others that a name may mean too. The areas are all it says."""
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
        precision=precision,
        method=method,
        areas=list(codes),
        stated_area=codes[0],
    )


__all__ = [
    "CITY_POPULATION",
    "COUNTRY_PRECISION",
    "PRECISION_RADIUS_M",
    "circle",
    "covering",
    "of_areas",
    "precision_of",
    "radius_of",
    "together",
]
