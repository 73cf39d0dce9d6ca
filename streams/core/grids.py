"""Read a point out of the ways in which people write coordinates as text.

Military grid references, UTM, degrees with minutes and seconds, decimal degrees with a point or a comma, `geo:` links and
plus codes. Each gives a point in microdegrees and how far off it may be, from the last digit that was written. A text that
is none of them, or is one and cannot be right, gives nothing: the caller goes on to names.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import mgrs
import utm
from mgrs.core import MGRSError
from openlocationcode import openlocationcode as plus_codes

from schemas.reasons import Method
from streams.core.geometry import M_PER_DEGREE, microdegrees

RADIUS_MIN_M = 250
"""No observer knows a place more sharply, however many digits are written."""


class Point(NamedTuple):
    """A point in microdegrees, how far off it may be, and the way it was written."""

    lat_e6: int
    lon_e6: int
    radius_m: int
    method: Method


def read(text: str) -> Point | None:
    """The point that a text is, or nothing. The whole text must be one coordinate, but for white space and brackets."""
    text = text.translate(_DIGITS).strip(" \t()[]")
    # A plus code may have letters alone; everything else has digits.
    if len(text) > _LENGTH_MAX or not ("+" in text or any(character.isdigit() for character in text)):
        return None
    return next((point for reader in READERS if (point := reader(text)) is not None), None)


def grid_reference(text: str) -> Point | None:
    """A military grid reference, `37S BA 12345 67890`, to 100 km (no digits) or as sharp as its digits."""
    found = _MGRS.fullmatch(text.upper())
    if found is None:
        return None
    zone, digits = found["zone"].replace(" ", "") + found["square"], re.sub(r"\s", "", found["digits"])
    if len(digits) % 2:
        return None
    half = len(digits) // 2
    cell_m = 10 ** (5 - half)
    # The library answers with the corner of the cell; its middle is five in the next digit.
    middle = zone + digits[:half] + "5" + digits[half:] + "5" if half < 5 else zone + digits
    try:
        lat, lon = mgrs.MGRS().toLatLon(middle)
    except MGRSError:
        return None
    if not _in_zone(lon, int(found["zone"][:2])):
        return None
    return _point(lat, lon, cell_m * 3 // 4, Method.MGRS)


def universal_transverse_mercator(text: str) -> Point | None:
    """`37S 341234 4012345`, `37 N 341234E 4012345N`: zone, band letter, easting and northing in metres."""
    found = _UTM.fullmatch(text.upper())
    if found is None:
        return None
    try:
        lat, lon = utm.to_latlon(float(found["east"]), float(found["north"]), int(found["zone"]), found["band"])
    except utm.OutOfRangeError:
        return None
    return _point(lat, lon, 10, Method.MGRS) if _in_zone(lon, int(found["zone"])) else None


def degrees(text: str) -> Point | None:
    """`36°12'25"N 37°9'30"E`, `N36 12.5 E37 9.5`, with hemisphere letters before or after."""
    found = _LETTERS_FIRST.fullmatch(text.upper()) or _LETTERS_LAST.fullmatch(text.upper())
    if found is None:
        return None
    sides = [_angle(found, side) for side in "ab"]
    if None in sides:
        return None
    (one, one_is_lat, one_m), (two, two_is_lat, two_m) = sides
    if one_is_lat == two_is_lat:
        return None
    lat, lon = (one, two) if one_is_lat else (two, one)
    return _point(lat, lon, max(one_m, two_m), Method.COORDINATES)


def decimals(text: str) -> Point | None:
    """`36.2, 37.16`, `36,2 37,16`, `36.2;37.16`, `geo:36.2,37.16;u=500`: latitude first."""
    found = _GEO.fullmatch(text) or _POINTED.fullmatch(text) or _COMMAED.fullmatch(text)
    if found is None:
        return None
    lat, lon = found["lat"].replace(",", "."), found["lon"].replace(",", ".")
    stated = found.groupdict().get("u")
    # The sharper of the two: a zero at the end of the other has been left out.
    sharp_m = min(_unit_m(lat), _unit_m(lon)) if stated is None else min(int(float(stated)), _STATED_MAX_M)
    return _point(float(lat), float(lon), sharp_m, Method.COORDINATES)


def plus_code(text: str) -> Point | None:
    """A full plus code, `8G6Q6527+QM`."""
    code = text.upper().replace(" ", "")
    if not plus_codes.isValid(code) or not plus_codes.isFull(code):
        return None
    return _of_code(code)


def short_plus_code(text: str) -> tuple[str, str] | None:
    """A plus code that leaves its beginning to a place: the code and the name of the place, of `6527+QM Aleppo`."""
    code, _, name = text.translate(_DIGITS).strip().partition(" ")
    code = code.upper().strip(",")
    return (code, name.strip(" ,")) if "+" in code and plus_codes.isValid(code) and plus_codes.isShort(code) and name else None


def complete(code: str, lat_e6: int, lon_e6: int) -> Point | None:
    """The point of a short plus code that is nearest to a place."""
    return _of_code(plus_codes.recoverNearest(code, lat_e6 / 1e6, lon_e6 / 1e6))


def _of_code(code: str) -> Point | None:
    area = plus_codes.decode(code)
    half_m = int((area.latitudeHi - area.latitudeLo) * M_PER_DEGREE / 2)
    return _point(area.latitudeCenter, area.longitudeCenter, half_m * 3 // 2, Method.COORDINATES)


def _point(lat: float, lon: float, radius_m: int, method: Method) -> Point | None:
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    return Point(microdegrees(lat), microdegrees(lon), max(radius_m, RADIUS_MIN_M), method)


def _in_zone(lon: float, zone: int) -> bool:
    """Whether a longitude is in a zone of six degrees, or in what its neighbours lend it (in the far north, up to six more)."""
    middle = zone * 6 - 183
    return abs((lon - middle + 180) % 360 - 180) <= 9


def _angle(found: re.Match[str], side: str) -> tuple[float, bool, int] | None:
    """Degrees with their sign, whether they are a latitude, and what the last digit stands for in metres."""
    letter = found[side]
    whole, minutes, seconds = (found[f"{side}{part}"] for part in "dms")
    values = [float(part.replace(",", ".")) if part else 0.0 for part in (whole, minutes, seconds)]
    if values[1] >= 60 or values[2] >= 60:
        return None
    last, parts = (seconds, 3_600) if seconds else (minutes, 60) if minutes else (whole, 1)
    degrees = values[0] + values[1] / 60 + values[2] / 3_600
    sign = -1 if letter in "SW" else 1
    return sign * degrees, letter in "NS", _unit_m(last.replace(",", ".")) // parts


def _unit_m(number: str) -> int:
    """Metres on the ground that the last digit of a decimal number of degrees stands for, and a half more for the diagonal."""
    decimals = len(number.partition(".")[2])
    return M_PER_DEGREE * 3 // 2 // 10 ** min(decimals, 6)


_LENGTH_MAX = 80
_STATED_MAX_M = 20_000_000
_DIGITS = str.maketrans(
    {chr(base + digit): str(digit) for base in (0x660, 0x6F0) for digit in range(10)}
    | dict.fromkeys("‘’′ʹ՚´`", "'")
    | dict.fromkeys("“”″ʺ", '"')
    | {"º": "°", "˚": "°", "٫": ".", "،": ",", "؛": ";", "−": "-", "–": "-", "\u00a0": " ", "\u200e": None, "\u200f": None}
)
_MGRS = re.compile(
    r"(?:MGRS:?\s*)?(?P<zone>\d{1,2}\s?[C-HJ-NP-X])\s?(?P<square>[A-HJ-NP-Z][A-HJ-NP-V])(?P<digits>(?:\s*\d){0,10})"
)
_UTM = re.compile(
    r"(?:UTM:?\s*)?(?:ZONE\s*)?(?P<zone>\d{1,2})\s?(?P<band>[C-HJ-NP-X])[\s,]+"
    r"(?P<east>\d{6}(?:\.\d+)?)\s*M?\s?E?[\s,]+(?P<north>\d{1,8}(?:\.\d+)?)\s*M?\s?N?"
)


def _side(name: str) -> str:
    number, sixtieths = r"\d{1,3}(?:[.,]\d+)?", r"\d{1,2}(?:[.,]\d+)?"
    return (
        rf"(?P<{name}d>{number})\s*(?:°|DEG|\s)?\s*"
        rf"(?:(?P<{name}m>{sixtieths})\s*(?:'|MIN|\s)?\s*)?(?:(?P<{name}s>{sixtieths})\s*(?:\"|''|SEC)?\s*)?"
    )


_LETTERS_FIRST = re.compile(rf"(?P<a>[NSEW])\s*{_side('a')}[,;/]?\s*(?P<b>[NSEW])\s*{_side('b')}")
_LETTERS_LAST = re.compile(rf"{_side('a')}(?P<a>[NSEW])\s*[,;/]?\s*{_side('b')}(?P<b>[NSEW])")
_GEO = re.compile(
    r"geo:(?P<lat>-?\d{1,2}(?:\.\d+)?),(?P<lon>-?\d{1,3}(?:\.\d+)?)(?:,-?[\d.]+)?(?:;(?:u=(?P<u>\d+(?:\.\d+)?)|[^;]*))*"
)
_POINTED = re.compile(r"(?P<lat>[+-]?\d{1,2}(?:\.\d+)?)°?\s*[,;/\s]\s*(?P<lon>[+-]?\d{1,3}(?:\.\d+)?)°?")
_COMMAED = re.compile(r"(?P<lat>[+-]?\d{1,2},\d+)°?\s*(?:[;/]\s*|,\s+|\s+)(?P<lon>[+-]?\d{1,3},\d+)°?")

READERS: tuple[Callable[[str], Point | None], ...] = (
    decimals,
    grid_reference,
    universal_transverse_mercator,
    plus_code,
    degrees,
)

__all__ = ["READERS", "Point", "complete", "read", "short_plus_code"]
