import json
import os
from pathlib import Path
from typing import Any

import pytest
from core.land import LAND
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import Circle, Location
from schemas.reasons import Method
from streams.core.geometry import distance_m
from streams.core.locate import locate
from streams.core.polygons import Shape
from streams.core.terms import Terms, TermsError, parse
from streams.core.zones import ZoneMap

SHARED = Path(os.environ.get("TRUCE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
PROVINCES = SHARED / "ocha_syr_admin1.geojson"


def square(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def terms(*zones: dict[str, Any], countries: tuple[str, ...] = ("SY",)) -> Terms:
    return parse(
        {
            "truce": {
                "id": "t",
                "name": "T",
                "countries": list(countries),
                "d_hour": "2016-09-12T16:00:00Z",
                "time_zone": "Asia/Damascus",
                "salt": "saltsalt",
            },
            "opposed": ["a", "b"],
            "zones": [{"name": zone["id"], **zone} for zone in zones],
        }
    )


def circle(
    lat: float = 36.0,
    lon: float = 37.0,
    radius_m: int = 1_000,
    precision: int = 2,
    areas: tuple[str, ...] = (),
    stated: str | None = None,
    method: Method = Method.COORDINATES,
) -> Circle:
    return Circle(lat=lat, lon=lon, radius_m=radius_m, precision=precision, method=method, areas=list(areas), stated_area=stated)


# Zones by area: `north` is SY.09 and SY.12, `west` is SY.02, `lebanon` all of a second country.
AREAS = ZoneMap(
    terms(
        {"id": "north", "areas": ["SY.09", "SY.12"]},
        {"id": "west", "areas": ["SY.02"]},
        {"id": "lebanon", "areas": ["LB"]},
        countries=("SY", "LB"),
    )
)

# areas           precision   centre         certain        possible
BY_AREAS = """
SY.09             2           north all      north all      north all
SY.09 SY.12       2           north all      north all      north all
SY.12 SY.02       2           north all      all            north west all
SY.02 SY.12       3           west all       all            north west all
SY.11             1           all            all            all
SY.09 TR.31       1           north all      -              north all
TR.31 SY.09       1           -              -              north all
TR.31             1           -              -              -
LB.05 SY.02       1           lebanon all    all            west lebanon all
SY.09             4           north all      -              north all
SY.13 SY.08       4           all            -              all
SY                5           -              -              all
SY.09 SY.10       6           -              -              all
TR                6           -              -              -
SY.09             7           -              -              all
-                 2           -              -              -
"""


@pytest.mark.parametrize("row", BY_AREAS.strip().splitlines())
def test_a_circle_is_certain_where_all_its_provinces_are_and_possible_where_any_is(row: str) -> None:
    areas, precision, *placed = (cell.replace("-", "").split() for cell in row.split("  ") if cell.strip())
    placement = AREAS.place(circle(areas=tuple(areas), precision=int(precision[0])))
    assert [list(zones) for zones in placement[:3]] == placed
    assert placement.spoken_of == (*(zone for zone in placement.possible if zone != "all"), "all")


# A square of one degree with a hole in its middle, a square east of it that shares the border at 37.5 E, and two islands.
SHAPES = {
    "holed": polygon(square(36.5, 35.5, 37.5, 36.5), square(36.9, 35.9, 37.1, 36.1)),
    "east": {"type": "Feature", "geometry": polygon(square(37.5, 35.5, 38.5, 36.5))},
    "islands": {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[square(40, 35, 40.2, 35.2)]]}},
            {"type": "Feature", "geometry": polygon(square(40.2, 35, 40.4, 35.2))},
        ],
    },
}
POLYGONS = ZoneMap(terms(*({"id": name, "polygons": shape} for name, shape in SHAPES.items())))

# lat   lon       radius      centre         certain        possible
BY_POLYGONS = """
35.7    36.7      5000        holed all      holed all      holed all
36.0    37.0      5000        -              -              -
36.0    37.0      9500        -              -              holed all
36.0    36.88     1000        holed all      holed all      holed all
36.0    36.88     5000        holed all      -              holed all
36.0    37.49     500         holed all      holed all      holed all
36.0    37.49     5000        holed all      -              holed east all
36.0    37.5      0           east all       -              holed east all
36.0    38.54     3000        -              -              -
36.0    38.54     4000        -              -              east all
35.1    40.2      100         islands all    -              islands all
35.1    40.1      2000        islands all    islands all    islands all
35.7    36.7      310000      holed all      -              holed east islands all
"""


@pytest.mark.parametrize("row", BY_POLYGONS.strip().splitlines())
def test_a_circle_is_certain_inside_a_polygon_and_possible_where_it_touches_one(row: str) -> None:
    (lat,), (lon,), radius_m, *placed = [cell.replace("-", "").split() for cell in row.split("  ") if cell.strip()]
    placement = POLYGONS.place(circle(float(lat), float(lon), int(radius_m[0])))
    assert [list(zones) for zones in placement[:3]] == placed
    assert placement.spoken_of == (*(zone for zone in placement.possible if zone != "all"), "all")


def test_a_province_is_never_certain_of_a_polygon_it_touches() -> None:
    placement = POLYGONS.place(circle(35.7, 36.7, 5_000, precision=4, stated="SY.09", areas=("SY.09",)))
    assert placement.possible == ("holed", "all")
    assert placement.certain == ()


# What a nil report watched                                                  the zones it covers
COVERED = [
    (circle(stated="SY.02", areas=("SY.02",), precision=4), ("west",)),
    (circle(stated="SY.09", areas=("SY.09",), precision=4), ()),  # half of the north
    (circle(stated="LB", areas=("LB",), precision=6), ("lebanon",)),
    (circle(stated="SY", areas=("SY",), precision=6), ("north", "west")),
    (circle(areas=("SY.02",), radius_m=900_000), ()),  # a circle does not say how far a province goes
]


@pytest.mark.parametrize(("watched", "zones"), COVERED)
def test_a_nil_report_covers_the_areas_it_names(watched: Circle, zones: tuple[str, ...]) -> None:
    assert AREAS.covered_by(watched, 73_000) == zones


def test_a_nil_report_of_the_only_country_covers_the_whole() -> None:
    zones = ZoneMap(terms({"id": "west", "areas": ["SY.02"]}, {"id": "box", "polygons": SHAPES["holed"]}))
    assert zones.covered_by(circle(stated="SY", areas=("SY",), precision=6), 73_000) == ("west", "box", "all")


def test_a_nil_report_covers_a_polygon_with_all_its_corners() -> None:
    assert POLYGONS.covered_by(circle(36.0, 37.0, 73_000), 73_000) == ("holed",)
    assert POLYGONS.covered_by(circle(36.0, 37.0, 70_000), 70_000) == ()
    assert POLYGONS.covered_by(circle(36.0, 37.0, 73_000), None) == ()  # nobody said how far he saw
    assert POLYGONS.covered_by(circle(36.0, 37.0, 90_000), 70_000) == ()  # what is said counts, not what we made of it
    assert POLYGONS.covered_by(circle(36.0, 37.0, 73_000, precision=4, stated="SY.09", method=Method.PROVINCE), 73_000) == ()
    assert POLYGONS.covered_by(circle(36.0, 37.0, 73_000, precision=4, method=Method.PLACE), 73_000) == ()
    assert POLYGONS.covered_by(circle(36.0, 37.0, 73_000, method=Method.MGRS), 73_000) == ("holed",)


LATS, LONS = st.floats(35, 37), st.floats(36, 41)
RADII = st.integers(0, 300_000)


@given(LATS, LONS, RADII, st.integers(1, 7), st.lists(st.sampled_from(["SY.09", "SY.02", "SY", "TR.31"]), max_size=3))
def test_what_is_certain_or_holds_the_centre_is_possible(
    lat: float, lon: float, radius_m: int, precision: int, areas: list[str]
) -> None:
    for zones in (POLYGONS, AREAS):
        placement = zones.place(circle(lat, lon, radius_m, precision, tuple(areas)))
        assert set(placement.certain) <= set(placement.centre) <= set(placement.possible)


@given(LATS, LONS, RADII, RADII)
def test_a_wider_circle_is_possible_in_no_fewer_zones_and_certain_in_no_more(
    lat: float, lon: float, one: int, other: int
) -> None:
    narrow, wide = (POLYGONS.place(circle(lat, lon, radius_m)) for radius_m in (min(one, other), max(one, other)))
    assert set(narrow.possible) <= set(wide.possible)
    assert set(wide.certain) <= set(narrow.certain)
    assert narrow.centre == wide.centre


@given(LATS, LONS, RADII)
def test_what_a_cell_remembers_is_what_the_shape_says(lat: float, lon: float, radius_m: int) -> None:
    lat_e6, lon_e6 = round(lat * 1e6), round(lon * 1e6)
    placement = POLYGONS.place(circle(lat_e6 / 1e6, lon_e6 / 1e6, radius_m))
    for name, geometry in SHAPES.items():
        touch = Shape(geometry).touch(lat_e6, lon_e6, radius_m)
        assert (name in placement.centre, name in placement.certain, name in placement.possible) == touch


CORNERS = st.tuples(st.integers(-50, 50), st.integers(-50, 50))


@given(st.lists(CORNERS, min_size=3, max_size=7, unique=True), CORNERS, CORNERS)
def test_a_point_is_in_exactly_one_of_two_shapes_that_share_a_border(ring: list, split: tuple, point: tuple) -> None:
    # A shape and what is left of it when a triangle on one of its sides is cut off: parity says in which a point is.
    def shape(corners: list) -> Shape | None:
        return Shape(polygon([[lon / 1e6, lat / 1e6] for lat, lon in corners])) if len(corners) >= 3 else None

    whole, part, rest = shape(ring), shape([ring[0], ring[1], split]), shape([ring[0], split, *ring[1:]])
    inside = [other.contains(*point) for other in (whole, part, rest) if other]
    assert inside[0] == (inside[1] != inside[2])


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ({"type": "Point", "coordinates": [37, 36]}, "'Point' is not a polygon"),
        ({"type": "FeatureCollection", "features": []}, "no polygon"),
        (polygon([[37, 36], [38, 36]]), "three corners"),
        (polygon([[37, 36], [38, 36], ["x", 3]]), "list of"),
        (polygon([[37, 36], [38, 36], [37, 95]]), "not a longitude and latitude"),
        ({"type": "Polygon", "coordinates": 5}, "list of"),
        ({"type": "Feature", "geometry": 5}, "not laid out as GeoJSON"),
    ],
)
def test_a_zone_without_usable_polygons_is_a_fault_of_the_terms(geometry: dict, words: str) -> None:
    with pytest.raises(TermsError, match=f"zones.odd: polygons: .*{words}"):
        ZoneMap(terms({"id": "odd", "polygons": geometry}))


def test_the_real_provinces_divide_their_country() -> None:
    if not PROVINCES.exists():
        pytest.skip(f"no real data: {PROVINCES} is absent (set TRUCE_SHARED_DATA)")
    features = json.loads(PROVINCES.read_text(encoding="utf-8"))["features"]
    shapes = {feature["properties"]["NAME_EN"]: Shape(feature) for feature in features}
    cities = {"Aleppo": (36_201_240, 37_161_170), "Damascus": (33_510_200, 36_291_280), "Hama": (35_131_790, 36_757_830)}
    for name, point in cities.items():
        assert [other for other, shape in shapes.items() if shape.contains(*point)] == [name]
    for lat in range(33_000_000, 37_000_000, 100_003):
        for lon in range(36_000_000, 42_000_000, 100_019):
            assert sum(shape.contains(lat, lon) for shape in shapes.values()) <= 1


def test_distances_to_corners_are_those_of_the_core() -> None:
    corner_m = distance_m(36_000_000, 37_000_000, 36_500_000, 37_500_000)
    assert Shape(SHAPES["holed"]).within_circle(36_000_000, 37_000_000, corner_m + 500)


def test_what_is_located_lies_in_the_zones_that_its_circle_leaves_open() -> None:
    """From the words of a report to zones: polygons in one province, of which it may name the whole, a border, or a place."""
    west = polygon(square(36.8, 35.8, 37.3, 36.2))
    east = polygon(square(37.3, 35.8, 37.8, 36.2))
    zones = ZoneMap(terms({"id": "west", "polygons": west}, {"id": "east", "polygons": east}, countries=("XX",)))
    said = {
        "province": Location(admin1="Westburg"),
        "border": Location(lat=36.0123, lon=37.3001),
        "inside": Location(lat=36.0123, lon=37.0123),
        "town": Location(place="Westburg", admin1="Westburg"),
        "wide": Location(place="20 km east of Westburg"),
    }
    placed = {}
    for name, location in said.items():
        found = locate(location, ["XX"], LAND)
        assert isinstance(found, Circle)
        placed[name] = zones.place(found)
    assert (placed["province"].certain, placed["province"].possible) == ((), ("west", "east", "all"))
    assert (placed["border"].certain, placed["border"].possible) == (("all",), ("west", "east", "all"))
    assert (placed["inside"].certain, placed["inside"].possible) == (("west", "all"), ("west", "all"))
    assert placed["town"].certain == ("west", "all")
    assert (placed["wide"].centre, placed["wide"].certain) == (("west", "all"), ("all",))
