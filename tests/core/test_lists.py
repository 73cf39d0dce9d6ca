"""Lists of places that users give: read in every format, put together, and carried by terms."""

from pathlib import Path

import orjson
import pytest
from core.land import COUNTRIES, PLACES

from streams.core import gazetteer
from streams.core.gazetteer import Gazetteer, ListedPlaces, Place, PlaceKind, extract, files, merge
from streams.core.terms import TermsError, load

DUMP = """\
9001\tAlba\tAlba\tAlbah,ألبة\t36.31\t37.21\tP\tPPL\tXX\t\t01\t\t\t\t1200\t\t300\tAsia/X\t2026-01-01
9002\tAlba Province\tAlba Province\t\t36.0\t37.1\tA\tADM1\tXX\t\t01\t\t\t\t0\t\t300\tAsia/X\t2026-01-01
9003\tAlba District\tAlba District\t\t36.3\t37.2\tA\tADM2\tXX\t\t01\t\t\t\t0\t\t300\tAsia/X\t2026-01-01
9004\tOld Alba\tOld Alba\t\t36.4\t37.2\tP\tPPLQ\tXX\t\t01\t\t\t\t0\t\t300\tAsia/X\t2026-01-01
9005\tAlba Airport\tAlba Airport\t\t36.32\t37.25\tS\tAIRP\tXX\t\t01\t\t\t\t0\t\t300\tAsia/X\t2026-01-01
9006\tAlba River\tAlba River\t\t36.32\t37.25\tH\tSTM\tXX\t\t01\t\t\t\t0\t\t300\tAsia/X\t2026-01-01
"""
CSV = "Town,Arabic,North,East,Where\nAlba,ألبة,36.31,37.21,Westburg\n,,36,37,\nNo point,,,,Westburg\n"
COLUMNS: dict = {"name": "Town", "names": ["Arabic"], "lat": "North", "lon": "East", "province": "Where"}
RING = [[37.0, 36.0], [37.4, 36.0], [37.4, 36.2], [37.0, 36.2], [37.0, 36.0]]
GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"label": "Alba"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[37.0, 36.0], [37.4, 36.0], [37.4, 36.2], [37.0, 36.2], [37.0, 36.0]]],
            },
        },
        {"type": "Feature", "properties": {"label": "Nowhere"}, "geometry": None},
    ],
}
JSON = [{"name": {"en": "Alba", "ar": "ألبة"}, "also": [{"value": "Albah"}], "at": {"lat": 36.31, "lon": 37.21}, "km2": 314}]
JSON_COLUMNS: dict = {
    "name": "name.en",
    "names": ["name.ar", "also[].value"],
    "lat": "at.lat",
    "lon": "at.lon",
    "area_km2": "km2",
}


def read(folder: Path, name: str, content: str | bytes, **told: object) -> list[Place]:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return files.read(ListedPlaces(file=name, **{"country": "XX", **told}), folder)


def test_a_geonames_dump_gives_what_people_live_in_are_governed_by_and_fight_for(tmp_path: Path) -> None:
    places = read(tmp_path, "XX.txt", DUMP)
    assert [(place.id, place.kind) for place in places] == [
        (9001, "place"),
        (9002, "province"),
        (9003, "district"),
        (9005, "locality"),
    ]
    assert places[0].names == ("Alba", "Albah", "ألبة")
    assert (places[0].population, places[0].area, places[0].source) == (1_200, "XX.01", "XX")


def test_a_table_with_a_mapping(tmp_path: Path) -> None:
    (place,) = read(tmp_path, "towns.csv", CSV, columns=COLUMNS, source="Town hall", kind=PlaceKind.QUARTER)
    assert (place.name, place.names, place.lat_e6, place.lon_e6) == ("Alba", ("Alba", "ألبة"), 36_310_000, 37_210_000)
    assert (place.province, place.source, place.kind) == ("Westburg", "Town hall", "quarter")
    assert place.id < 0  # never one of GeoNames' numbers
    assert read(tmp_path, "towns.csv", CSV, columns=COLUMNS, source="Town hall", kind=PlaceKind.QUARTER) == [place]


def test_geojson_gives_the_middle_of_a_shape_and_how_far_it_reaches(tmp_path: Path) -> None:
    (place,) = read(tmp_path, "a.geojson", orjson.dumps(GEOJSON), columns={"name": "label"}, kind=PlaceKind.DISTRICT)
    assert (place.lat_e6, place.lon_e6) == (36_100_000, 37_200_000)
    assert 20_000 < place.radius_m < 22_000


def test_a_list_of_objects_with_dotted_columns(tmp_path: Path) -> None:
    (place,) = read(tmp_path, "a.json", orjson.dumps(JSON), columns=JSON_COLUMNS)
    assert place.names == ("Alba", "ألبة", "Albah")
    assert place.radius_m == 19_994  # of 314 square kilometres, twice the round one


@pytest.mark.parametrize(
    ("name", "content", "told", "words"),
    [
        ("a.xls", "x", {}, "say what it is written in"),
        ("a.csv", CSV, {"columns": {"nme": "Town"}}, "'nme' is none of"),
        ("a.csv", CSV, {"columns": {"name": "City"}}, "there is no column 'City'; there are Town"),
        ("a.csv", "Town,North,East\nA,x,1\n", {"columns": {"name": "Town", "lat": "North", "lon": "East"}}, "is no number"),
        ("a.csv", "Town,North,East\nA,95,1\n", {"columns": {"name": "Town", "lat": "North", "lon": "East"}}, "not on the Earth"),
        ("a.csv", "Town\n", {"columns": {"name": "Town"}}, "no place in it"),
        ("a.csv", CSV, {"columns": COLUMNS, "country": None}, "no country"),
        ("a.csv", b"\xff\xfe", {}, "not UTF-8"),
        ("a.txt", "one\ttwo\n", {}, "line 1: 2 columns"),
        ("a.json", "{", {}, "not JSON"),
        ("a.json", '"x"', {}, "not a list of objects"),
        ("a.geojson", "[]", {}, "not a GeoJSON FeatureCollection"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(tmp_path: Path, name: str, content: str | bytes, told: dict, words: str) -> None:
    with pytest.raises(ValueError, match=name) as fault:
        read(tmp_path, name, content, **told)
    assert words in str(fault.value)


def listed(name: str, lat: float, lon: float, kind: PlaceKind = PlaceKind.PLACE, province: str = "", id: int = -1) -> Place:
    return Place(id, name, int(lat * 1e6), int(lon * 1e6), "XX", province, 0, (name, f"{name}-on-list"), kind, 0, "a list")


def test_a_place_of_two_lists_is_there_once_with_the_names_of_both() -> None:
    merged = merge(PLACES, COUNTRIES, ["XX"], [listed("Dupa", 36.11, 37.21)], {})
    land = Gazetteer(merged, COUNTRIES, ["XX"])
    (dupa,) = land.named("Dupa", "XX")
    assert (dupa.id, dupa.lat_e6, dupa.source) == (2, 36_100_000, "GeoNames, a list")
    assert land.named("Dupa on list", "XX") == [dupa]
    assert len(merged) == len(PLACES)


def test_a_place_of_the_same_name_elsewhere_is_another() -> None:
    merged = merge(PLACES, COUNTRIES, ["XX"], [listed("Dupa", 36.2, 38.9)], {})
    assert len(Gazetteer(merged, COUNTRIES, ["XX"]).named("Dupa", "XX")) == 2


@pytest.mark.parametrize(
    ("place", "area"),
    [
        (listed("Alba", 36.1, 38.8, province="Eastburg"), "XX.02"),
        (listed("Alba", 36.1, 38.8, province="XX.02"), "XX.02"),
        (listed("Alba", 36.1, 38.8, province="nobody knows"), "XX.02"),  # that of the nearest place
        (listed("Alba", 36.1, 38.8), "XX.02"),
        (listed("Alba", 34.05, 37.02, province="Capital"), "XX.03"),  # of two by that name the nearer
    ],
)
def test_a_listed_place_gets_the_code_of_its_province(place: Place, area: str) -> None:
    merged = merge(PLACES, COUNTRIES, ["XX"], [place], {})
    assert next(each for each in merged if each.id == place.id).area == area


def test_a_list_of_provinces_names_them_for_the_other_lists_too() -> None:
    province = listed("Occident", 36.05, 37.1, PlaceKind.PROVINCE, id=-2)
    merged = merge(PLACES, COUNTRIES, ["XX"], [listed("Alba", 36.0, 38.2, province="Occident"), province], {})
    land = Gazetteer(merged, COUNTRIES, ["XX"])
    assert list(land.provinces("Occident", "XX")) == ["XX.01"]
    assert land.named("Alba", "XX")[0].area == "XX.01"


def test_the_digest_covers_what_lists_add() -> None:
    plain = Gazetteer(PLACES, COUNTRIES, ["XX"])
    added = Gazetteer(merge(PLACES, COUNTRIES, ["XX"], [listed("Alba", 36.1, 38.8)], {}), COUNTRIES, ["XX"])
    assert plain.digest != added.digest


def test_what_is_read_is_kept_and_read_again_when_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUCE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "towns.csv").write_text(CSV)
    told = ListedPlaces(file="towns.csv", country="XX", columns=COLUMNS)
    first = extract.listed_places([told], tmp_path)
    (kept,) = (tmp_path / "cache").glob("list-*")
    monkeypatch.setattr(files, "read", lambda *_: pytest.fail("read again"))
    assert extract.listed_places([told], tmp_path) == first
    monkeypatch.undo()
    monkeypatch.setenv("TRUCE_CACHE", str(tmp_path / "cache"))
    kept.write_bytes(kept.read_bytes()[:-1])  # a file that was cut short
    assert extract.listed_places([told], tmp_path) == first
    (tmp_path / "towns.csv").write_text(CSV.replace("36.31", "36.32"))
    assert extract.listed_places([told], tmp_path) != first


TERMS = """
opposed = ["a", "b"]
[truce]
id = "t"
name = "T"
countries = ["SY"]
d_hour = 2026-01-01T00:00:00Z
time_zone = "UTC"
salt = "12345678"
[[gazetteers]]
file = "towns.csv"
country = "SY"
source = "Town hall"
[gazetteers.columns]
name = "Town"
names = ["Arabic"]
lat = "North"
lon = "East"
"""


def test_terms_carry_the_places_of_their_lists(tmp_path: Path) -> None:
    (tmp_path / "towns.csv").write_text(CSV)
    (tmp_path / "t.toml").write_text(TERMS)
    terms = load(tmp_path / "t.toml")
    (tmp_path / "towns.csv").unlink()
    land = gazetteer.load(["SY"], terms.area_names, terms.gazetteers)
    (alba,) = land.named("ألبة", "SY")
    assert (alba.source, alba.area) == ("Town hall", "SY.09")
    assert land.digest != gazetteer.load(["SY"], terms.area_names).digest
    with pytest.raises(TermsError, match=r"towns\.csv"):
        load(tmp_path / "t.toml")


def test_terms_refuse_a_list_too_large_for_a_message(tmp_path: Path) -> None:
    rows = "".join(f"Town number {n} of many,,36.{n:05},37.{n:05},\n" for n in range(4_000))
    (tmp_path / "towns.csv").write_text("Town,Arabic,North,East,Where\n" + rows)
    (tmp_path / "t.toml").write_text(TERMS)
    with pytest.raises(TermsError, match="name large files in the settings"):
        load(tmp_path / "t.toml")
