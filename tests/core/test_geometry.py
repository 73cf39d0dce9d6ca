import hashlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import geometry
from streams.core.geometry import distance_m, microdegrees, reach_e6, touches_segment

LATS = st.integers(-75_000_000, 75_000_000)
LONS = st.integers(-180_000_000, 180_000_000)
NEAR = st.integers(-1_500_000, 1_500_000)


def haversine_m(lat1_e6: int, lon1_e6: int, lat2_e6: int, lon2_e6: int) -> float:
    lat1, lon1, lat2, lon2 = (math.radians(value / 1e6) for value in (lat1_e6, lon1_e6, lat2_e6, lon2_e6))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6_371_009 * math.asin(math.sqrt(h))


@pytest.mark.parametrize(
    ("here", "there", "metres"),
    [
        ((36_201_240, 37_161_170), (36_201_240, 37_161_170), 0),
        ((36_201_240, 37_161_170), (33_510_200, 36_291_280), 309_576),  # Aleppo to Damascus
        ((0, 179_999_000), (0, -179_999_000), 222),  # the short way across the date line
        ((0, 0), (1_000_000, 0), 111_195),
        ((60_000_000, 0), (60_000_000, 1_000_000), 55_597),
    ],
)
def test_distances_between_known_points(here: tuple[int, int], there: tuple[int, int], metres: int) -> None:
    assert distance_m(*here, *there) == pytest.approx(metres, rel=0.003, abs=1)


@given(LATS, LONS, NEAR, NEAR)
def test_under_300_km_the_distance_is_good_to_one_per_cent(lat: int, lon: int, north: int, east: int) -> None:
    there = (lat + north, (lon + east + 180_000_000) % 360_000_000 - 180_000_000)
    true_m = haversine_m(lat, lon, *there)
    if abs(there[0]) <= 75_000_000 and true_m < 300_000:
        assert distance_m(lat, lon, *there) == pytest.approx(true_m, rel=0.01, abs=2)


@given(LATS, LONS, LATS, LONS)
def test_the_way_back_is_as_long(lat1: int, lon1: int, lat2: int, lon2: int) -> None:
    assert distance_m(lat1, lon1, lat2, lon2) == distance_m(lat2, lon2, lat1, lon1)


def test_the_table_of_cosines_is_the_same_on_every_machine() -> None:
    table = ",".join(map(str, geometry.COSINES))
    assert hashlib.sha256(table.encode()).hexdigest()[:16] == "c3666cd398ea6d7e"


@given(LATS, LONS, st.integers(0, 300_000), NEAR, NEAR)
def test_a_box_holds_its_circle(lat: int, lon: int, radius_m: int, north: int, east: int) -> None:
    up, aside = reach_e6(lat, radius_m)
    if distance_m(lat, lon, lat + north, lon + east) <= radius_m:
        assert abs(north) <= up
        assert abs(east) <= aside


def test_a_box_near_the_pole_holds_all_longitudes() -> None:
    assert reach_e6(89_990_000, 5_000)[1] == 180_000_000


# From 36 N 37 E; a segment along a line 0.1 degrees (11.1 km) to the north of it, or beside it.
@pytest.mark.parametrize(
    ("start", "end", "metres"),
    [
        ((36_100_000, 36_900_000), (36_100_000, 37_100_000), 11_119),  # passes in front
        ((36_100_000, 37_000_000), (36_300_000, 37_000_000), 11_119),  # ends there, going away
        ((36_000_000, 37_100_000), (36_000_000, 37_300_000), 8_995),  # on the same latitude, to the east
        ((35_900_000, 36_900_000), (36_100_000, 37_100_000), 0),  # goes through
        ((36_100_000, 37_000_000), (36_100_000, 37_000_000), 11_119),  # a point
    ],
)
def test_a_circle_touches_a_segment_from_its_distance_on(start: tuple[int, int], end: tuple[int, int], metres: int) -> None:
    for segment in ((start, end), (end, start)):
        assert touches_segment(36_000_000, 37_000_000, metres + 5, *segment)
        if metres:
            assert not touches_segment(36_000_000, 37_000_000, metres - 5, *segment)


@given(LATS, NEAR, NEAR, NEAR, NEAR, st.integers(0, 200_000))
def test_touching_agrees_with_points_along_the_segment(lat: int, y1: int, x1: int, y2: int, x2: int, radius_m: int) -> None:
    touches = touches_segment(lat, 0, radius_m, (lat + y1, x1), (lat + y2, x2))
    cosine = math.cos(math.radians(lat / 1e6))
    nearest_m = min(
        math.hypot((x1 + (x2 - x1) * step / 500) * cosine, y1 + (y2 - y1) * step / 500) * 0.111195 for step in range(501)
    )
    # Between two of the points the segment may come a little nearer; the table's cosine is rounded down to a hundredth degree.
    spacing_m = math.hypot((x2 - x1) * cosine, y2 - y1) * 0.111195 / 1000
    if nearest_m < radius_m * 0.998 - 100:
        assert touches
    if nearest_m > radius_m * 1.002 + 100 + spacing_m:
        assert not touches


def test_degrees_become_the_nearest_microdegree() -> None:
    assert [microdegrees(value) for value in (36.2012399, -0.0000004, 180)] == [36_201_240, 0, 180_000_000]
