"""Distances and circles on the Earth, in whole microdegrees and metres.

Integers throughout, so that every machine gives the same answer; the cosine comes from a table by hundredth of a degree.
The Earth is a sphere and flat between two points near each other, which is good to 1 % under 300 km and up to 75 degrees
from the equator. Positions are known to some hundred metres at best, so this is exact enough and a hundred times faster.
"""

import math

M_PER_DEGREE = 111_195
"""A degree of latitude on a sphere of the Earth's mean radius, 6,371,009 m, in metres."""

_DEGREE = 1_000_000
_HALF_TURN = 180 * _DEGREE
_FULL_TURN = 360 * _DEGREE
_SHIFT = 16
# By hundredth of a degree. Rounded to 16 bits: no mathematics library is so far off that it would round one of these another way.
COSINES = tuple(round(math.cos(math.radians(hundredth / 100)) * (1 << _SHIFT)) for hundredth in range(9_001))


def distance_m(lat1_e6: int, lon1_e6: int, lat2_e6: int, lon2_e6: int) -> int:
    """Metres between two points, rounded down. Symmetric, and the short way round across the date line."""
    east = abs(lon2_e6 - lon1_e6)
    if east > _HALF_TURN:
        east = _FULL_TURN - east
    east = east * COSINES[abs(lat1_e6 + lat2_e6) // 20_000] >> _SHIFT
    north = lat2_e6 - lat1_e6
    return math.isqrt(east * east + north * north) * M_PER_DEGREE // _DEGREE


def reach_e6(lat_e6: int, radius_m: int) -> tuple[int, int]:
    """Half the height and half the width, in microdegrees, of a box that holds the circle about a point, with 2 % to spare.

    Near a pole the width is a half turn: all longitudes.
    """
    north = radius_m * 1_020_000 // M_PER_DEGREE + 10
    furthest = abs(lat_e6) + north
    cosine = COSINES[furthest // 10_000] if furthest < 90 * _DEGREE else 0
    return north, min(_HALF_TURN, (north << _SHIFT) // cosine) if cosine else _HALF_TURN


def touches_segment(lat_e6: int, lon_e6: int, radius_m: int, start: tuple[int, int], end: tuple[int, int]) -> bool:
    """Whether a segment, given as (lat, lon) in microdegrees, comes as near to a point as the radius. Exact.

    The plane is the point's own: longitudes shrink by the cosine of its latitude.
    """
    cosine = COSINES[abs(lat_e6) // 10_000]
    x1, y1 = (start[1] - lon_e6) * cosine >> _SHIFT, start[0] - lat_e6
    x2, y2 = (end[1] - lon_e6) * cosine >> _SHIFT, end[0] - lat_e6
    # Lengths are compared as squares, and multiplied instead of divided, so that nothing is rounded.
    radius_squared = (radius_m * _DEGREE) ** 2
    scale_squared = M_PER_DEGREE**2
    dx, dy = x2 - x1, y2 - y1
    length_squared = dx * dx + dy * dy
    along = -(x1 * dx + y1 * dy)
    if along <= 0:
        return (x1 * x1 + y1 * y1) * scale_squared <= radius_squared
    if along >= length_squared:
        return (x2 * x2 + y2 * y2) * scale_squared <= radius_squared
    across = x1 * y2 - x2 * y1
    return across * across * scale_squared <= radius_squared * length_squared


def moved(lat_e6: int, lon_e6: int, metres: int, bearing: int) -> tuple[int, int]:
    """The point so many metres away in a direction, given in hundredths of a degree from north, clockwise."""
    along = metres * _DEGREE // M_PER_DEGREE
    north = along * _cosine(bearing) >> _SHIFT
    east = along * _cosine(bearing - 9_000) >> _SHIFT
    lat = max(-90 * _DEGREE, min(90 * _DEGREE, lat_e6 + north))
    cosine = COSINES[abs(lat_e6 + lat) // 20_000]
    lon = lon_e6 + ((east << _SHIFT) // cosine if cosine else 0)
    return lat, (lon + _HALF_TURN) % _FULL_TURN - _HALF_TURN


def middle(lat1_e6: int, lon1_e6: int, lat2_e6: int, lon2_e6: int) -> tuple[int, int]:
    """The point half way between two, the short way round."""
    east = (lon2_e6 - lon1_e6 + _HALF_TURN) % _FULL_TURN - _HALF_TURN
    return (lat1_e6 + lat2_e6) // 2, (lon1_e6 + east // 2 + _HALF_TURN) % _FULL_TURN - _HALF_TURN


def _cosine(hundredths: int) -> int:
    """Of any angle, in hundredths of a degree, out of the table for the first quarter."""
    turned = hundredths % 36_000
    turned = min(turned, 36_000 - turned)
    return COSINES[turned] if turned <= 9_000 else -COSINES[18_000 - turned]


def microdegrees(degrees: float) -> int:
    """Degrees to the nearest microdegree: about a tenth of a metre."""
    return round(degrees * _DEGREE)


__all__ = ["COSINES", "M_PER_DEGREE", "distance_m", "microdegrees", "middle", "moved", "reach_e6", "touches_segment"]
