"""Find the place that a text tells of, when it is all there is.

Names of places are picked out by their spelling, the longest first. A name may be that of several places, and a word may be
a name by chance; what speaks for a place is a province that is said, and other places of the text close by. The answer is the
circle over the group that has most for it, and never sharper than "somewhere between places".
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from schemas.facts import Circle, Location
from schemas.reasons import Method
from streams.core import names
from streams.core.circles import circle, of_areas, radius_of
from streams.core.gazetteer import Gazetteer, Place
from streams.core.geometry import distance_m

TEXT_PRECISION = 5
TEXT_RADIUS_MIN_M = 50_000
"""A text may name a place that is not where the thing happened: the next town, or where the news is from."""

GROUP_M = 60_000
"""Places of one text that belong together lie this near to each other."""

TEXT_MAX = 2_000
WORDS_MAX = 4
MENTIONS_MAX = 24


class Mention(NamedTuple):
    """A name in a text and the places that it may be."""

    said: str
    places: tuple[Place, ...]


def by_text(location: Location, where: Sequence[str], gazetteer: Gazetteer) -> Circle | None:
    """The places that the text names, in a province that it or the report names where there is a choice."""
    if not location.text:
        return None
    text = names.clean(location.text[:TEXT_MAX])
    found = list(mentions(text, where, gazetteer))
    if not found:
        return None
    provinces = set(_provinces(text, where, gazetteer))
    told = [mention for mention in found if not _is_province(mention, where, gazetteer)]
    if not told and provinces:
        # Only provinces are named, or the cities that lend them their names: that is all that is known.
        return msgspec.structs.replace(of_areas(sorted(provinces), Method.TEXT, TEXT_PRECISION, gazetteer), stated_area=None)
    centre = max(
        (place for mention in told or found for place in mention.places),
        key=lambda place: (_support(place, found, provinces), place.population, -place.id),
    )
    group = [
        place
        for mention in found
        for place in mention.places
        if distance_m(centre.lat_e6, centre.lon_e6, place.lat_e6, place.lon_e6) <= GROUP_M
    ]
    radius_m = max(
        TEXT_RADIUS_MIN_M,
        *(distance_m(centre.lat_e6, centre.lon_e6, place.lat_e6, place.lon_e6) + radius_of(place) for place in group),
    )
    return circle(centre.lat_e6, centre.lon_e6, radius_m, Method.TEXT, gazetteer, centre.name, precision=TEXT_PRECISION)


def _is_province(mention: Mention, where: Sequence[str], gazetteer: Gazetteer) -> bool:
    return any(gazetteer.provinces_spelled(mention.said, country) for country in where)


def mentions(text: str, where: Sequence[str], gazetteer: Gazetteer) -> Iterator[Mention]:
    """Every name in a text that is spelled like a place. Where letters have capitals, only what begins with one can be."""
    words = [found[0] for found in _WORD.finditer(text)]
    at, count = 0, 0
    while at < len(words) and count < MENTIONS_MAX:
        for length in range(min(WORDS_MAX, len(words) - at), 0, -1):
            said = " ".join(words[at : at + length])
            places = tuple(place for country in where for place in gazetteer.named(said, country)) if _may_be_name(said) else ()
            if places and not _goes_on(words, at + length):
                yield Mention(said, places)
                at, count = at + length, count + 1
                break
        else:
            at += 1


def _goes_on(words: Sequence[str], at: int) -> bool:
    """Whether the next word belongs to the name: "Khan" of "Khan al-Asl" is not the village of Khan."""
    if at >= len(words):
        return False
    first, dash, _ = words[at].partition("-")
    return bool(dash) and first in names.ARTICLES


def _may_be_name(said: str) -> bool:
    """A name begins with a capital, in letters that have them."""
    return len(names.strict(said)) >= _LETTERS_MIN and not said[0].islower() and said not in _NO_NAMES


def _provinces(text: str, where: Sequence[str], gazetteer: Gazetteer) -> Iterator[str]:
    """Provinces that are said: "countryside of X", and towns that give theirs its name."""
    words = [found[0] for found in _WORD.finditer(text)]
    for at in range(len(words)):
        for length in (1, 2):
            said = " ".join(words[at : at + length])
            if _may_be_name(said):
                for country in where:
                    if gazetteer.provinces_spelled(said, country):
                        yield from gazetteer.provinces(said, country)


def _support(place: Place, found: Sequence[Mention], provinces: set[str]) -> int:
    """How much speaks for a place: two for its province, one for each other name with a place close by."""
    others = sum(
        any(
            other.id != place.id and distance_m(place.lat_e6, place.lon_e6, other.lat_e6, other.lon_e6) <= GROUP_M
            for other in mention.places
        )
        for mention in found
        if place not in mention.places
    )
    return others + (2 if place.area in provinces else 0)


_LETTERS_MIN = 4
_WORD = re.compile(r"[^\W\d_][\w'’ʼ‘`-]*")
# Words that begin a sentence, or name days and months, and are also spelled like villages somewhere.
_NO_NAMES = frozenset(
    [
        *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January", "February", "March", "April"),
        *("June", "July", "August", "September", "October", "November", "December", "The", "This", "That", "There", "They"),
        *(
            "Very",
            "When",
            "Where",
            "After",
            "Before",
            "Many",
            "Some",
            "Street",
            "Market",
            "School",
            "Mosque",
            "Hospital",
            "Russian",
        ),
    ]
)

__all__ = ["Mention", "by_text", "mentions"]
