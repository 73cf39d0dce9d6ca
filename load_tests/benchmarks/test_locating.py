"""How long it takes to find a place: a cached name, a new one, coordinates in batches, loading. GeoNames alone.

uv run pytest load_tests/benchmarks/test_locating.py
"""

from itertools import cycle

import pytest

from schemas.facts import Location
from streams.core import gazetteer, names
from streams.core.locate import Locator

# A thousand points in and around one city: a thousandth of the time of the batch is that of one.
POINTS = [(36.1 + n % 100 / 970, 37.0 + n % 89 / 930) for n in range(1_000)]


@pytest.fixture(scope="module")
def locator() -> Locator:
    found = Locator(["SY"], gazetteer.load(["SY"]))
    found.locate(Location(place="Homs", admin1="Homs"))
    return found


def test_a_cached_name(benchmark, locator: Locator) -> None:
    said = Location(place="Kafr Zita", admin1="Hama", country="SY")
    benchmark(locator.locate, said)


# What a name that was never met costs: as it is spelled in GeoNames, in another way, and not known at all.
NEW = {
    "spelled": (["Kafr Zita", "Saraqib", "Tadmur", "Manbij", "Tafas", "Nawa", "Ariha", "Duma"], None),
    "spelled, with its province": (["Kafr Zita", "Latamin", "Murak", "Suran"], "Hama"),
    "transliterated": (["Kafer Zeita", "Khan Sheikhoun", "Maret Numan", "Saraqeb", "Talbiseh", "Jisr alshughour"], None),
    "misspelt": (["Kafr Zitta", "Khan Shekhum", "Marrat Numan", "Sarakib"], "Idlib"),
    "unknown": (["Latamneh", "Ter Maela", "Kafr Nabudah", "Anadan", "Hayyan"], "Homs"),
    "phrase": (["6 km north-east of Aleppo", "between Homs and Hama", "near Duma", "12 km NNW of Idlib"], None),
}


@pytest.mark.parametrize("kind", NEW)
def test_a_new_name(benchmark, locator: Locator, kind: str) -> None:
    spellings, province = NEW[kind]
    said = cycle(Location(place=name, admin1=province) for name in spellings)

    def fresh() -> tuple[tuple[Location], dict]:
        """The next one, and nothing remembered of any."""
        for remembered in (names.strict, names.loose, names._words):
            remembered.cache_clear()
        return (next(said),), {}

    benchmark.pedantic(locator._uncached, setup=fresh, rounds=400)


def test_a_batch_of_coordinates(benchmark, locator: Locator) -> None:
    batch = [Location(lat=lat, lon=lon, country="SY", admin1="Aleppo") for lat, lon in POINTS]
    benchmark(locator.locate_all, batch)


def test_a_batch_of_bare_coordinates(benchmark, locator: Locator) -> None:
    batch = [Location(lat=lat, lon=lon) for lat, lon in POINTS]
    benchmark(locator.locate_all, batch)


@pytest.mark.parametrize("country", ["SY", "UA"])
def test_loading_after_the_first_time(benchmark, country: str) -> None:
    gazetteer.load([country])

    def load() -> None:
        gazetteer.load([country]).named("Homs", country)

    benchmark.pedantic(load, rounds=5)
