import csv
import math
import os
import statistics
from pathlib import Path

import pytest
from core.land import COUNTRIES, LAND, PLACES
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import Circle, Location, Rejection
from schemas.reasons import Method, Reason
from streams.core import gazetteer
from streams.core.gazetteer import Gazetteer, Place
from streams.core.geometry import distance_m, microdegrees
from streams.core.locate import Locator, locate, precision_of

SHARED = Path(os.environ.get("TRUCE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
ARCHIVE = SHARED / "syrian_archive_2015-10_2016-05.csv"


def found(location: Location, land: Gazetteer = LAND) -> Circle:
    circle = locate(location, ["XX"], land)
    assert isinstance(circle, Circle), circle
    return circle


@pytest.mark.parametrize(
    ("location", "precision"),
    [
        (Location(place="Dupa", admin1="Westburg"), 2),
        (Location(place="Dupa", admin1="Westburg", precision=1), 2),  # a name is no sharper than it is
        (Location(place="Dupa", admin1="Westburg", precision=6), 6),
        (Location(admin1="Westburg", precision=5), 5),
        (Location(text="near Dupa", precision=5), 5),
    ],
)
def test_a_stated_precision_can_only_make_it_blunter(location: Location, precision: int) -> None:
    assert (found(location).precision, Locator(["XX"], LAND).locate(location).precision) == (precision, precision)


@pytest.mark.parametrize("said", [{"place": "36.0001, 39.0001"}, {"mgrs": "37SEV00008394"}])
def test_a_written_point_that_contradicts_the_province_reaches_as_far_as_that(said: dict[str, str]) -> None:
    alone = found(Location(**said))
    assert alone.radius_m <= 500
    assert found(Location(**said, admin1="Eastburg")) == alone
    wide = found(Location(**said, admin1="Westburg"))
    assert (wide.lat, wide.lon) == (alone.lat, alone.lon)
    assert wide.radius_m > 150_000
    assert {"XX.01", "XX.02"} <= set(wide.areas)


def fault(location: Location) -> str:
    rejection = locate(location, ["XX"], LAND)
    assert isinstance(rejection, Rejection), rejection
    assert rejection.reason is Reason.NOT_LOCATABLE
    return rejection.detail


@pytest.mark.parametrize(
    ("location", "radius_m", "precision"),
    [
        (Location(lat=36.1234, lon=37.0), 250, 1),
        (Location(lat=36.123, lon=37.0), 500, 1),
        (Location(lat=36.0, lon=37.12), 1_500, 2),
        (Location(lat=36.1, lon=37.0), 15_000, 3),
        (Location(lat=36.0, lon=37.0), 100_000, 4),
        (Location(lat=36.1234, lon=37.0, radius_m=40_000), 40_000, 4),
        (Location(lat=36.1234, lon=37.0, radius_m=0), 250, 1),  # nobody knows a place to the metre: 0 says nothing
        (Location(lat=36.1234, lon=37.0, precision=3), 30_000, 3),
        (Location(lat=36.1234, lon=37.0, precision=6), 500_000, 6),
        (Location(lat=36.1234, lon=37.0, precision=1, radius_m=300_000), 300_000, 6),  # no sharper than it is wide
        (Location(lat=36.1234, lon=37.0, precision=5, radius_m=500), 500, 5),
    ],
)
def test_the_radius_of_coordinates_is_stated_or_follows_from_their_decimals(
    location: Location, radius_m: int, precision: int
) -> None:
    circle = found(location)
    assert (circle.method, circle.radius_m, circle.precision) == (Method.COORDINATES, radius_m, precision)


def test_coordinates_are_kept_to_a_tenth_of_a_metre_and_wherever_they_are() -> None:
    circle = found(Location(lat=-12.345678949, lon=170.0000001))
    assert (circle.lat, circle.lon) == (-12.345679, 170.0)


# What is given                                                       method, place, radius in km, precision, areas
PLACED = [
    (Location(place="Dupa"), "place", "Dupa", 10, 2, ["XX.01"]),  # a village by its name alone: there may be others
    (Location(place="WESTBURG city"), "place", "Westburg", 7, 2, ["XX.01"]),
    (Location(place="Twin"), "place", "Twin", 140.2, 5, ["XX.01", "XX.02"]),  # two of the name: the circle covers both
    (Location(place="Twin", admin1="Eastburg"), "place_in_province", "Twin", 4, 2, ["XX.02"]),
    (Location(place="Twin", admin1="no such province"), "place", "Twin", 140.2, 5, ["XX.01", "XX.02"]),
    (Location(place="Dupa", admin1="Eastburg"), "province", None, 22.0, 4, ["XX.02"]),  # another Dupa, or an error: not this one
    (Location(place="Ring", admin1="Capital"), "place_in_province", "Ring", 4, 2, ["XX.04", "XX.03"]),
    (Location(place="Ring", admin1="03"), "province", None, 10.0, 4, ["XX.03"]),
    (Location(place="Southton", admin1="Capital"), "place_in_province", "Southton", 4, 2, ["XX.04", "XX.03"]),
    (Location(place="Dubba", admin1="Westburg"), "province", None, 28.8, 4, ["XX.01"]),
    (Location(place="Eastbourg"), "place", "Eastburg", 7, 2, ["XX.02"]),  # sounds like only one place
    (Location(place="Capital", quarter="Old Market"), "quarter", "Capital", 12, 3, ["XX.03", "XX.04"]),
    (Location(admin2="Dupa", admin1="Westburg"), "district", "Dupa", 29, 3, ["XX.01"]),
    (Location(admin2="nowhere", admin1="Westburg"), "province", None, 28.8, 4, ["XX.01"]),
    (Location(admin1="Westburg"), "province", None, 28.8, 4, ["XX.01"]),
    (Location(place="Northern Westburg countryside"), "province", None, 28.8, 4, ["XX.01"]),
    (Location(admin1="nowhere", country="Exland"), "country", None, 210, 6, ["XX"]),
    (Location(country="XXX"), "country", None, 210, 6, ["XX"]),
    (Location(place="Twin", country="Wyland"), "place", "Twin", 10, 2, ["YY.01", "YY"]),
    (Location(lat=0.0, lon=0.0, place="Dupa"), "place", "Dupa", 10, 2, ["XX.01"]),
    (Location(lat=95.0, lon=37.0, place="Dupa"), "place", "Dupa", 10, 2, ["XX.01"]),
]


@pytest.mark.parametrize(("location", "method", "place", "radius_km", "precision", "areas"), PLACED)
def test_names_are_located(location: Location, method: str, place: str, radius_km: float, precision: int, areas: list) -> None:
    circle = found(location)
    assert (circle.method, circle.place, circle.precision) == (method, place, precision)
    assert circle.radius_m == pytest.approx(radius_km * 1000, rel=0.01)
    assert [area for area in circle.areas if area in areas] == areas


def test_a_place_just_outside_its_province_is_believed_and_reaches_into_it() -> None:
    land = Gazetteer([*PLACES, Place(20, "Brink", 36_050_000, 37_550_000, "XX", "02", 0, ("Brink",))], COUNTRIES, ["XX"])
    circle = found(Location(place="Brink", admin1="Westburg"), land)
    assert circle.place == "Brink"
    assert circle.radius_m == distance_m(36_050_000, 37_550_000, 36_050_000, 37_400_000)
    assert set(circle.areas) == {"XX.01", "XX.02"}


def test_a_name_that_sounds_like_places_far_apart_is_none_of_them() -> None:
    at = ((30, 36_000_000), (31, 35_000_000))
    twins = [Place(n, "Bakshan", lat, 37_000_000, "XX", "01", 30_000, ("Bakshan",)) for n, lat in at]
    land = Gazetteer(twins, COUNTRIES, ["XX"])
    assert isinstance(locate(Location(place="Bakshun"), ["XX"], land), Rejection)
    assert isinstance(locate(Location(place="Bakshun"), ["XX"], Gazetteer(twins[:1], COUNTRIES, ["XX"])), Circle)


def test_the_name_of_a_city_is_the_city_unless_another_place_of_the_name_weighs_too() -> None:
    hamlet, town = (
        Place(n, "Westburg", 34_000_000, 39_000_000, "XX", "02", people, ("Westburg",)) for n, people in ((30, 0), (31, 20_000))
    )
    assert found(Location(place="Westburg"), Gazetteer([*PLACES, hamlet], COUNTRIES, ["XX"])).radius_m == 7_000
    assert found(Location(place="Westburg"), Gazetteer([*PLACES, town], COUNTRIES, ["XX"])).radius_m > 250_000


def test_what_sounds_like_a_name_is_not_asked_where_the_name_itself_is_known() -> None:
    pair = [
        Place(30, "Bakshan", 36_000_000, 37_000_000, "XX", "01", 0, ("Bakshan",)),
        Place(31, "Bukshun", 35_000_000, 39_000_000, "XX", "02", 0, ("Bukshun",)),
    ]
    land = Gazetteer([*PLACES, *pair], COUNTRIES, ["XX"])
    assert found(Location(place="Bukshun"), land).place == "Bukshun"
    assert found(Location(place="Bukshun", admin1="Westburg"), land).method is Method.PROVINCE


def test_only_a_province_or_country_that_is_all_that_is_said_is_a_stated_area() -> None:
    assert found(Location(admin1="Westburg")).stated_area == "XX.01"
    assert found(Location(country="Exland")).stated_area == "XX"
    assert found(Location(place="Dupa", admin1="Westburg")).stated_area is None
    assert found(Location(lat=36.1234, lon=37.1, admin1="Westburg")).stated_area is None


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (Location(), ["give lat and lon"]),
        (Location(lat=95.5, lon=37.0), ["location.lat: 95.5"]),
        (Location(lat=36.0, lon=math.nan), ["location.lon: nan"]),
        (Location(lat=36.0), ["location.lon: missing"]),
        (Location(lon=36.0), ["location.lat: missing"]),
        (Location(lat=0.0, lon=0.0), ["0, 0 is not a place"]),
        (Location(place="nowhere\u202e"), ["location.place: 'nowhere' is not known in XX"]),
        (Location(place="x", admin1="y", country="z"), ["location.place", "location.admin1", "location.country"]),
    ],
)
def test_what_cannot_be_located_is_refused_with_the_field_that_is_at_fault(location: Location, words: list[str]) -> None:
    detail = fault(location)
    for word in words:
        assert word in detail


NAMES = st.sampled_from([None, "Twin", "Dupa", "Westburg", "Capital", "Eastburg", "nowhere", "Ring", "countryside of Westburg"])
LOCATIONS = st.builds(
    Location,
    lat=st.none() | st.floats(-100, 100),
    lon=st.none() | st.floats(-200, 200),
    radius_m=st.none() | st.integers(0, 20_000_000),
    place=NAMES,
    quarter=NAMES,
    admin2=NAMES,
    admin1=NAMES,
    country=st.sampled_from([None, "Exland", "Wyland", "Zedland"]),
    precision=st.none() | st.integers(1, 7),
)


@given(LOCATIONS)
def test_any_location_is_a_circle_or_a_reason_and_remembering_changes_nothing(location: Location) -> None:
    locator = Locator(["XX"], LAND)
    answer = locate(location, ["XX"], LAND)
    assert locator.locate(location) == answer
    assert locator.locate(location) == answer
    if isinstance(answer, Circle):
        assert answer.areas
        assert 1 <= answer.precision <= 7
        assert answer.precision >= min(precision_of(answer.radius_m), 3)


@given(st.sampled_from(PLACES[:8]), st.sampled_from([None, "Westburg", "Eastburg", "Capital"]))
def test_a_named_place_is_in_its_circle_or_the_circle_is_a_province(place: Place, admin1: str | None) -> None:
    answer = found(Location(place=place.name, admin1=admin1))
    metres = [
        distance_m(microdegrees(answer.lat), microdegrees(answer.lon), other.lat_e6, other.lon_e6)
        for other in PLACES
        if other.name == place.name and other.country == "XX"
    ]
    assert answer.method is Method.PROVINCE or min(metres) <= answer.radius_m
    if admin1 is None:
        assert max(metres) <= answer.radius_m


# Real data.


@pytest.fixture(scope="module")
def syria() -> Gazetteer:
    return gazetteer.load(["SY"])


@pytest.mark.parametrize(
    ("place", "admin1", "lat", "lon"),
    [
        ("Kafr Zita", None, 35.374, 36.603),
        ("KafrZita", "Hama", 35.374, 36.603),
        ("كفر زيتا", None, 35.374, 36.603),
        ("Kafer Zeita", "HAMA", 35.374, 36.603),
        ("DOUMA", "Damascus", 33.572, 36.403),
        ("Maret Numan", "IDLIB", 35.649, 36.677),
        ("Khan Sheikhoun", "ريف إدلب", 35.442, 36.652),
        ("منبج", None, 36.528, 37.955),
        ("Tadef", "Aleppo", 36.348, 37.530),
    ],
)
def test_places_of_syria(syria: Gazetteer, place: str, admin1: str | None, lat: float, lon: float) -> None:
    circle = locate(Location(place=place, admin1=admin1), ["SY"], syria)
    assert isinstance(circle, Circle)
    assert circle.precision == 2
    assert (circle.lat, circle.lon) == (pytest.approx(lat, abs=0.01), pytest.approx(lon, abs=0.01))


PROVINCES = """
Aleppo | حلب | ALEPPO | Aleppo Governorate | Northern Aleppo countryside  -> SY.09
Damascus | دمشق                                                           -> SY.13 SY.08
Rif Dimashq | Rural Damascus | Damascus countryside | ريف دمشق            -> SY.08
Homs | حمص | Hims                                                         -> SY.11
Hama | حماة | Hamah | rural Hama                                          -> SY.10
Idlib | إدلب | Idleb                                                      -> SY.12
Latakia | Lattakia | اللاذقية                                             -> SY.02
Tartus | Tartous | طرطوس                                                  -> SY.14
Raqqa | Ar-Raqqah | الرقة                                                 -> SY.04
Deir ez-Zor | DEIR EZZOR | Dayr az-Zawr | دير الزور                       -> SY.07
Hasakah | Al-Hasakeh | الحسكة                                             -> SY.01
Daraa | Dar'a | Deraa | درعا                                              -> SY.06
Suwayda | As-Sweida | السويداء                                            -> SY.05
Quneitra | Al Qunaytirah | القنيطرة                                       -> SY.03
"""


@pytest.mark.parametrize("row", PROVINCES.strip().splitlines(), ids=lambda row: row.split(" |")[0])
def test_the_provinces_of_syria_by_their_names(syria: Gazetteer, row: str) -> None:
    spellings, codes = row.split("->")
    for name in spellings.split("|"):
        assert list(syria.provinces(name.strip(), "SY")) == codes.split()


def test_half_of_the_archive_s_places_are_found_and_nearly_all_of_them_rightly(syria: Gazetteer) -> None:
    if not ARCHIVE.exists():
        pytest.skip(f"no real data: {ARCHIVE} is absent (set TRUCE_SHARED_DATA)")
    locator = Locator(["SY"], syria)
    off_m, wide, wrong_province = [], 0, 0
    with ARCHIVE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if "NA" not in (row["City"], row["Neighborhood"], row["Latitude"] or "NA")]
    for row in rows:
        circle = locator.locate(Location(place=row["Neighborhood"], admin1=row["City"]))
        assert isinstance(circle, Circle), row
        if circle.precision > 2:
            wide += 1
            continue
        lat_e6, lon_e6 = microdegrees(float(row["Latitude"])), microdegrees(float(row["Longitude"]))
        off_m.append(distance_m(microdegrees(circle.lat), microdegrees(circle.lon), lat_e6, lon_e6))
        wrong_province += syria.areas(lat_e6, lon_e6, 250)[0] not in circle.areas
    # GeoNames carries 308 places of Syria; a village that it lacks, or a quarter, is its province.
    assert len(off_m) / len(rows) > 0.45
    assert statistics.median(off_m) < 1_000
    assert sum(metres > 10_000 for metres in off_m) / len(off_m) < 0.03
    assert wrong_province / len(off_m) < 0.02
