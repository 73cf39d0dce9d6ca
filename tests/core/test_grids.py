import mgrs
import pytest
import utm
from hypothesis import assume, given
from hypothesis import strategies as st
from openlocationcode import openlocationcode

from schemas.reasons import Method
from streams.core import grids
from streams.core.geometry import distance_m, microdegrees

# What is written                         latitude, longitude, radius in metres, method
WRITTEN = """
36.2, 37.16                             | 36.2     | 37.16    | 1667 | coordinates
(36.2; 37.16)                           | 36.2     | 37.16    | 1667 | coordinates
-36.2021 -37.1343                       | -36.2021 | -37.1343 | 250  | coordinates
36,2021 37,1343                         | 36.2021  | 37.1343  | 250  | coordinates
36,2021; 37,1343                        | 36.2021  | 37.1343  | 250  | coordinates
٣٦٫٢، ٣٧٫١٦                              | 36.2     | 37.16    | 1667 | coordinates
geo:36.2,37.16;u=800                    | 36.2     | 37.16    | 800  | coordinates
geo:36.2021,37.1343,400                 | 36.2021  | 37.1343  | 250  | coordinates
36°12'25"N 37°9'30"E                    | 36.2069  | 37.1583  | 250  | coordinates
37°9'30"E, 36°12'25"N                   | 36.2069  | 37.1583  | 250  | coordinates
36° 12′ 25″ N 37° 9′ 30″ E              | 36.2069  | 37.1583  | 250  | coordinates
N36 12.5 E37 9.5                        | 36.2083  | 37.1583  | 277  | coordinates
36 12 25 S 37 9 30 W                    | -36.2069 | -37.1583 | 250  | coordinates
37S CA 12345 67890                      | 36.7382  | 36.8983  | 250  | mgrs
37sca1234567890                         | 36.7382  | 36.8983  | 250  | mgrs
MGRS: 37S CA 12 67                      | 36.7352  | 36.9006  | 750  | mgrs
37S CA                                  | 36.6295  | 37.3782  | 75000 | mgrs
37S 341234 4012345                      | 36.2430  | 37.2331  | 250  | mgrs
UTM 37S 341234mE 4012345mN              | 36.2430  | 37.2331  | 250  | mgrs
8G8V6527+QM                             | 36.2019  | 37.1642  | 250  | coordinates
"""


@pytest.mark.parametrize("row", WRITTEN.strip().splitlines(), ids=lambda row: row.split(" |")[0].strip())
def test_a_point_is_read_in_any_way_of_writing_it(row: str) -> None:
    text, lat, lon, radius_m, method = (cell.strip() for cell in row.split("|"))
    point = grids.read(text)
    assert point is not None
    assert point.lat_e6 / 1e6 == pytest.approx(float(lat), abs=6e-5)
    assert point.lon_e6 / 1e6 == pytest.approx(float(lon), abs=6e-5)
    assert point.radius_m == int(radius_m)
    assert point.method == method


@pytest.mark.parametrize(
    "text",
    [
        *("", "Kafr Zita", "36", "6 km NE of Aleppo", "district 9", "36.2", "99.2, 37.1", "36.2, 200"),
        *("36°70'N 37°0'E", "36N 37N", "36°12'N", "37S CA 123", "37S II 12 34", "99S CA 12 34", "37S 12 34", "6527+QM"),
        *("37°9'E 36°12'E", "1" * 500, "٣" * 300, "+", "geo:,"),
    ],
)
def test_what_is_no_point_or_cannot_be_one_is_left_to_names(text: str) -> None:
    assert grids.read(text) is None


LATS, LONS = st.floats(-79, 83), st.floats(-179.9, 179.9)


@given(LATS, LONS)
def test_what_the_libraries_write_is_read_back_to_within_the_radius(lat: float, lon: float) -> None:
    # On the equator itself the library writes references that it cannot read.
    assume(abs(lat) > 0.001)
    at = microdegrees(lat), microdegrees(lon)
    east, north, zone, band = utm.from_latlon(lat, lon)
    for text in (
        mgrs.MGRS().toMGRS(lat, lon, MGRSPrecision=4),
        f"{zone}{band} {east:.0f} {max(north, 0):.0f}",
        openlocationcode.encode(lat, lon),
        f"{lat:.4f}, {lon:.4f}",
        f"geo:{lat:.5f},{lon:.5f}",
    ):
        point = grids.read(text)
        assert point is not None, text
        assert distance_m(*at, point.lat_e6, point.lon_e6) <= point.radius_m, text


@given(st.text(max_size=90))
def test_any_text_is_a_point_on_the_earth_or_nothing(text: str) -> None:
    point = grids.read(text)
    if point is not None:
        assert abs(point.lat_e6) <= 90_000_000
        assert abs(point.lon_e6) <= 180_000_000
        assert point.method in (Method.COORDINATES, Method.MGRS)


def test_a_short_plus_code_needs_a_place() -> None:
    assert grids.short_plus_code("6527+QM Aleppo") == ("6527+QM", "Aleppo")
    assert grids.short_plus_code("6527+QM") is None
    assert grids.short_plus_code("8G8V6527+QM Aleppo") is None
    point = grids.complete("6527+QM", 36_200_000, 37_160_000)
    assert point is not None
    assert (point.lat_e6, point.lon_e6) == (36_201_938, 37_164_188)
