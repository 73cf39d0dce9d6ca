"""Judge coordinates by what is said beside them, and repair those that cannot be right.

Numbers get swapped, lose a sign, a decimal point, or the mark between degrees and minutes. A repair is made only where the
numbers are impossible, or contradict the province or country that the report names, and where exactly one repair fits. What
contradicts and cannot be repaired is not thrown away: its circle reaches as far as what it contradicts.
"""

from collections.abc import Iterator, Sequence

from schemas.facts import Circle, Location
from schemas.reasons import Method
from streams.core.circles import COUNTRY_PRECISION, PRECISION_RADIUS_M, circle, of_areas
from streams.core.gazetteer import Gazetteer
from streams.core.geometry import distance_m, microdegrees

BORDER_M = 20_000
"""A point this much nearer to another province than to the one that a report names is taken to be on the border of it."""

REPAIRED_RADIUS_M = 2_000
"""A number that was wrong in one way may be so in another: no repaired point is sharper than this."""

PROVINCE_PRECISION = 4

_DECIMALS_RADIUS_M = ((1_000, 250), (10_000, 500), (100_000, 1_500), (1_000_000, 15_000))
"""What the last digit of a coordinate stands for, microdegrees: a number that is no multiple of it is this sharp, metres."""
_WHOLE_DEGREES_RADIUS_M = 100_000
_SHIFTS = (-3, -2, -1, 1, 2, 3, 4, 5, 6, 7)
_LARGEST = 1e13


def by_coordinates(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """The radius is the one stated (0 says nothing), else that of the stated precision, else of the decimals given."""
    lat, lon = location.lat, location.lon
    if lat is None or lon is None:
        return None
    found = None
    if -90 <= lat <= 90 and -180 <= lon <= 180:
        lat_e6, lon_e6 = microdegrees(lat), microdegrees(lon)
        found = at_point(location, lat_e6, lon_e6, where, gazetteer)
        if found is None or (location.admin1 is None and location.country is None):
            return found
        codes, is_stated = _named_areas(location, where, gazetteer)
        # Most points are among the places of the province or country that the report names.
        if not is_stated or gazetteer.is_amid(codes, found.areas[0], lat_e6, lon_e6):
            return found
        if _agrees(lat_e6, lon_e6, codes, gazetteer):
            return _or_swapped(found, lat_e6, lon_e6, codes, gazetteer)
    else:
        codes, _ = _named_areas(location, where, gazetteer)
    if not codes or not (abs(lat) < _LARGEST and abs(lon) < _LARGEST):
        return None
    fitting = [repair for repair in _repairs(lat, lon) if _fits(repair, location, codes, where, gazetteer)]
    if len(fitting) == 1:
        lat, lon, said = fitting[0]
        return at_point(location, microdegrees(lat), microdegrees(lon), where, gazetteer, said)
    return None if found is None else _reaching(found, codes, gazetteer)


def judged(found: Circle, location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle:
    """The circle of a point that is not given as numbers, so that no slip of theirs explains it: where it contradicts the
    province or country that the report names, it reaches as far as that."""
    codes, is_stated = _named_areas(location, where, gazetteer)
    lat_e6, lon_e6 = microdegrees(found.lat), microdegrees(found.lon)
    if not is_stated or gazetteer.is_amid(codes, found.areas[0], lat_e6, lon_e6) or _agrees(lat_e6, lon_e6, codes, gazetteer):
        return found
    return _reaching(found, codes, gazetteer)


def at_point(
    location: Location, lat_e6: int, lon_e6: int, where: Sequence[str], gazetteer: Gazetteer, repair: str | None = None
) -> Circle | None:
    """The circle about a point that is believed; that of the country, where the point only stands for it."""
    if not lat_e6 and not lon_e6:
        return None
    whole = gazetteer.middle_of(lat_e6, lon_e6, where)
    if whole is not None and not (location.place or location.quarter or location.admin2):
        return of_areas([whole], *_AS_A_WHOLE["." in whole], gazetteer)
    stated = location.precision
    radius_m = location.radius_m or (stated and PRECISION_RADIUS_M[stated]) or radius_of_decimals(lat_e6, lon_e6)
    if repair is not None:
        radius_m = max(radius_m, REPAIRED_RADIUS_M)
    return circle(lat_e6, lon_e6, radius_m, Method.COORDINATES, gazetteer, None, stated, None, None, repair)


def radius_of_decimals(lat_e6: int, lon_e6: int) -> int:
    for unit, radius_m in _DECIMALS_RADIUS_M:
        if lat_e6 % unit or lon_e6 % unit:
            return radius_m
    return _WHOLE_DEGREES_RADIUS_M


def _named_areas(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> tuple[Sequence[str], bool]:
    """Provinces or countries by which coordinates are judged, and whether the report itself names them."""
    if location.admin1:
        provinces = gazetteer.provinces_in(location.admin1, where)
        if provinces:
            return provinces, True
    stated = gazetteer.country(location.country) if location.country else None
    return ((stated,), True) if stated in gazetteer.home else (tuple(where), False)


def _agrees(lat_e6: int, lon_e6: int, codes: Sequence[str], gazetteer: Gazetteer) -> bool:
    """Whether a point may be in one of some provinces or countries, or just over the border."""
    if not any(gazetteer.is_about(code, lat_e6, lon_e6) for code in codes):
        return False
    # Most points are well inside, which a circle of nothing shows at once.
    near = gazetteer.areas(lat_e6, lon_e6, 0)
    if any(area == code or area.partition(".")[0] == code for area in near for code in codes):
        return True
    return min(gazetteer.distance_to(code, lat_e6, lon_e6) for code in codes) - gazetteer.nearest_m(lat_e6, lon_e6) <= BORDER_M


def _fits(
    repair: tuple[float, float, str], location: Location, codes: Sequence[str], where: Sequence[str], gazetteer: Gazetteer
) -> bool:
    """Whether a repaired point is where the report says: in the province or country, and near the place, if that is known."""
    lat_e6, lon_e6 = microdegrees(repair[0]), microdegrees(repair[1])
    if not (lat_e6 or lon_e6) or not _agrees(lat_e6, lon_e6, codes, gazetteer):
        return False
    named = [place for country in where for place in gazetteer.named(location.place, country)] if location.place else ()
    return not named or any(distance_m(lat_e6, lon_e6, place.lat_e6, place.lon_e6) <= BORDER_M for place in named)


def _repairs(lat: float, lon: float) -> Iterator[tuple[float, float, str]]:
    """Every point that one slip may have turned into this one, with what the slip was. Each point once."""
    seen = {(lat, lon)}
    for point, said in (
        ((lon, lat), "lat and lon swapped"),
        ((-lat, lon), "sign of lat"),
        ((lat, -lon), "sign of lon"),
        ((-lat, -lon), "signs of lat and lon"),
        *(((_shifted(lat, shift), lon), "decimal point of lat") for shift in _SHIFTS),
        *(((lat, _shifted(lon, shift)), "decimal point of lon") for shift in _SHIFTS),
        *(((_shifted(lat, one), _shifted(lon, other)), "decimal points of lat and lon") for one in _SHIFTS for other in _SHIFTS),
        ((_minutes(lat), _minutes(lon)), "degrees and minutes read as decimals"),
    ):
        lat_, lon_ = point
        if lat_ is None or lon_ is None or point in seen or not (-90 <= lat_ <= 90 and -180 <= lon_ <= 180):
            continue
        seen.add(point)
        yield lat_, lon_, said


def _shifted(value: float, places: int) -> float:
    return value / 10**places if places > 0 else value * 10**-places


def _minutes(value: float) -> float | None:
    """36.39 read as 36 degrees and 39 minutes."""
    whole = int(value)
    minutes = abs(value - whole) * 100
    return whole + minutes / 60 * (1 if value >= 0 else -1) if minutes < 60 else None


def _or_swapped(found: Circle, lat_e6: int, lon_e6: int, codes: Sequence[str], gazetteer: Gazetteer) -> Circle:
    """A point at the border, or out at sea, whose swap lies amid the province may be either: the circle is widened to both."""
    if not _is_in_a_box(codes, lon_e6, lat_e6, gazetteer) or _is_in_a_box(codes, lat_e6, lon_e6, gazetteer):
        return found
    if not gazetteer.is_amid(codes, gazetteer.areas(lon_e6, lat_e6, 0)[0], lon_e6, lat_e6):
        return found
    radius_m = found.radius_m + distance_m(lat_e6, lon_e6, lon_e6, lat_e6)
    return circle(lat_e6, lon_e6, radius_m, found.method, gazetteer, precision=found.precision)


def _is_in_a_box(codes: Sequence[str], lat_e6: int, lon_e6: int, gazetteer: Gazetteer) -> bool:
    return any(gazetteer.is_amid((code,), code, lat_e6, lon_e6) for code in codes)


def _reaching(found: Circle, codes: Sequence[str], gazetteer: Gazetteer) -> Circle:
    """The circle, widened so that it holds the provinces or countries too that it should be in."""
    lat_e6, lon_e6 = microdegrees(found.lat), microdegrees(found.lon)
    areas = [gazetteer.area(code) for code in codes]
    gap_m = max(distance_m(lat_e6, lon_e6, area.lat_e6, area.lon_e6) + area.radius_m for area in areas)
    return circle(lat_e6, lon_e6, max(found.radius_m, gap_m), found.method, gazetteer, precision=found.precision)


_AS_A_WHOLE = {False: (Method.COUNTRY, COUNTRY_PRECISION), True: (Method.PROVINCE, PROVINCE_PRECISION)}

__all__ = ["BORDER_M", "PROVINCE_PRECISION", "by_coordinates", "judged", "radius_of_decimals"]
