"""Understand phrases that say where by way of other places: "6 km north-east of Aleppo", "بين عندان وحريتان".

Only words are read here: what is said of which names. Whether the names are places, and where that puts the phrase, is for
`relative` to find out, which has a gazetteer. A phrase may be read in several ways ("the Tall Rifaat road": from Tall to
Rifaat, or a road by one name), so readings come in the order in which they are to be tried.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from streams.core import names


class Relation(StrEnum):
    """How the place that is meant lies to the ones that are named."""

    OFFSET = "offset"  # so far in that direction
    DISTANCE = "distance"  # so far in no direction that is said
    DIRECTION = "direction"  # in that direction, nobody says how far
    PART = "part"  # the northern part of it
    BETWEEN = "between"
    BOTH = "both"
    NEAR = "near"
    OUTSKIRTS = "outskirts"
    COUNTRYSIDE = "countryside"


class Phrase(NamedTuple):
    """A reading. `metres` and `bearing` (hundredths of a degree from north, clockwise) where they are said.

    `spread` is how far to either side of the bearing the direction that was said reaches.
    """

    relation: Relation
    refs: tuple[str, ...]
    metres: int | None = None
    bearing: int | None = None
    spread: int = 0


def readings(text: str) -> Iterator[Phrase]:
    """What a text may say, the likeliest first; nothing for a plain name."""
    text = _prepared(text)
    if not _TRIGGER.search(text):
        return
    said = {relation for relation, hint in _HINTS.items() if hint.search(text) is not None}
    for pattern, relation in _PATTERNS:
        if relation in _HINTS and relation not in said:
            continue
        found = pattern.match(text)
        if found is not None:
            yield from _phrases(found, relation)


def parts(text: str) -> tuple[str, ...]:
    """The parts of "A, B", "A (B)" and "A quarter of B", the smallest first; the text alone where it has none."""
    text = _prepared(text)
    inner = _BRACKETS.fullmatch(text)
    if inner is not None:
        return tuple(part for part in (inner["name"].strip(), inner["inner"].strip()) if part)
    split = [part.strip() for part in _COMMA.split(text) if part.strip()]
    if len(split) == 1:
        quarter = _QUARTER_OF.fullmatch(split[0])
        if quarter is not None:
            return quarter["quarter"].strip(), quarter["city"].strip()
    return tuple(split)


def _phrases(found: re.Match[str], relation: Relation) -> Iterator[Phrase]:
    groups = found.groupdict()
    bearing, spread = _bearing(groups)
    metres = _metres(groups)
    if relation is Relation.OFFSET and (bearing is None or metres is None):
        return
    if relation in (Relation.DIRECTION, Relation.PART) and bearing is None:
        return
    if relation in (Relation.BETWEEN, Relation.BOTH):
        for one, other in _pairs(groups):
            yield Phrase(relation, (one, other))
        return
    ref = _name(groups["ref"])
    if ref:
        yield Phrase(relation, (ref,), metres, bearing, spread)


def _pairs(groups: dict[str, str | None]) -> Iterator[tuple[str, str]]:
    """Two names: those that the pattern has, or every way to cut one text in two."""
    if groups.get("one") and groups.get("other"):
        one, other = _name(groups["one"]), _name(groups["other"])
        if one and other:
            yield one, other
        return
    text = _name(groups.get("pair"))
    cuts = [cut for cut in _CUTS.finditer(text)][:_CUTS_MAX]
    # A dash or an "and" with space about it is the likelier cut, then any dash, then any space.
    for cut in sorted(cuts, key=lambda cut: (cut[0].isspace(), len(cut[0]) == 1)):
        one, other = _name(text[: cut.start()]), _name(text[cut.end() :])
        if one and other:
            yield one, other


def _metres(groups: dict[str, str | None]) -> int | None:
    number, unit = groups.get("number"), groups.get("unit")
    if number is None or unit is None:
        return None
    whole = number.replace(",", ".")
    metres = round(float(whole) * next(size for first, size in _UNITS if unit.casefold().startswith(first)))
    return metres if 0 < metres <= _METRES_MAX else None


def _bearing(groups: dict[str, str | None]) -> tuple[int | None, int]:
    """Hundredths of a degree, and how far the word for it reaches to either side."""
    degrees = groups.get("degrees")
    if degrees is not None:
        bearing = round(float(degrees) * 100)
        return (bearing % 36_000, _DEGREES_SPREAD) if bearing <= 36_000 else (None, 0)
    said = groups.get("direction")
    if said is None:
        return None, 0
    if said.isupper() and said.isascii():
        letters = said.casefold()
    else:
        letters = "".join(_CARDINALS[word] for word in _CARDINAL.findall(said.casefold()))
    point = _POINTS.get(letters)
    if point is None:
        return None, 0
    return point * 2_250, 2_250 if len(letters) < 3 else 1_125


def _name(text: str | None) -> str:
    return _ABOUT.sub("", (text or "").strip(" ,.;:()[]-")).strip(" ,.;:()[]-")


def _prepared(text: str) -> str:
    return names.clean(text).translate(_ALIKE)


_METRES_MAX = 1_000_000
_CUTS_MAX = 6
_DEGREES_SPREAD = 500
_POINTS = {
    point: number
    for number, point in enumerate(
        ("n", "nne", "ne", "ene", "e", "ese", "se", "sse", "s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw")
    )
}
_CARDINALS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "شمال": "n", "جنوب": "s", "شرق": "e", "غرب": "w",
}  # fmt: skip
_CARDINAL = re.compile("|".join(_CARDINALS))
_UNITS = (
    *(("km", 1_000), ("kilo", 1_000), ("mi", 1_609), ("m", 1)),
    *(("كم", 1_000), ("كيلو", 1_000), ("ميل", 1_609), ("اميال", 1_609), ("م", 1), ("ام", 1)),
)
"""Metres of a unit, by how its word begins."""

_ALIKE = str.maketrans(
    {chr(base + digit): str(digit) for base in (0x660, 0x6F0) for digit in range(10)}
    | dict.fromkeys("‐‑‒–—―−ـ", "-")
    | {"،": ",", "؛": ";", "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "٫": ".", "’": "'", "‘": "'"}
)

_EN = r"(?:north|south|east|west)(?:ern|erly|wards?)?"
_AR = r"(?:ال)?(?:شمال|جنوب|شرق|غرب)(?:ي[ةه]?)?"
_SHORT = r"(?-i:NNE|ENE|ESE|SSE|SSW|WSW|WNW|NNW|NE|NW|SE|SW|N|S|E|W)"
_DIRECTION = rf"(?P<direction>{_EN}(?:[\s-]*{_EN}){{0,2}}|{_AR}(?:\s+{_AR}){{0,2}}|{_SHORT})(?!\w)"
_DISTANCE = (
    r"(?P<number>\d{1,7}(?:[.,]\d{1,3})?)\s*-?\s*"
    r"(?P<unit>km|kms|kilomet(?:er|re)s?|kilos?|miles?|mi|met(?:er|re)s?|m|كم|كيلومتر(?:ات|ا)?|كيلو(?:\s*متر)?|متر(?:ا)?|امتار|ميلا?|اميال|م)(?!\w)"
)
_DEGREES = r"(?P<degrees>\d{1,3}(?:\.\d+)?)\s*(?:°|degrees?|deg\b|درج[ةه])"
_ABOUT_WORDS = (
    r"about|around|approximately|approx\.?|some|roughly|nearly|circa|ca\.?|~|located|situated|lying|at|in|on|along|the|a|an|area|point|of|from|to|"
    r"حوالي|نحو|تقريبا|علي بعد|علي مسافة|علي مسافه|يبعد|تبعد|في|علي|منطقة|عند"
)
_ABOUT = re.compile(rf"^(?:(?:{_ABOUT_WORDS})\s+)+", re.IGNORECASE)
_LEAD = rf"(?:(?:{_ABOUT_WORDS})\s+)*"
_OF = r"(?:of|from|to|من|عن|ل)"
_ROAD = r"(?:roads?|highway|motorway|route|axis|front\s?line|railway)"
_KIND_OF_ROAD = r"(?:main|old|new|international|national|coastal|desert|ring|supply|military|country)"
_AR_ROAD = r"(?:ال)?(?:طريق|اوتستراد|اوتوستراد|محور)(?:\s+(?:ال?عام|الدولي|الواصل|الرئيسي|بين|من))*"

# A text without any of these is a plain name, and most are.
_TRIGGER = re.compile(
    rf"\d|\b(?:{_EN}|{_SHORT}|between|roads?|highway|motorway|route|axis|front|railway|near|close|next|vicinity|around|outside|"
    rf"adjacent|beside|outskirts|edges?|periphery|suburbs?|environs|entrance|approaches|countryside|rural|rif|reef|and)\b|&|"
    rf"\b(?:{_AR}|بين|طريق|الطريق|قرب|قريب|القرب|بالقرب|بجوار|جوار|جانب|محيط|حول|اطراف|ضواحي|مشارف|تخوم|مدخل|مداخل|ريف)(?!\w)|"
    r"\s\u0648(?=\w)|(?:اوتستراد|اوتوستراد|محور)",
    re.IGNORECASE,
)  # fmt: skip


_REF = r"(?P<ref>.+)"
_REF_BEFORE = r"(?P<ref>.+?)"
_TOWARDS = r"(?:(?:to|on|in|towards?|الي|باتجاه|نحو)\s+)?(?:the\s+)?"
_BEARING = r"(?:an?\s+|the\s+)?(?:bearing|azimuth|heading)?\s*(?:of\s+)?"
_FROM = r"(?:from|of|outside|off|عن|من)"
_LINKS = r"(?:(?:from|between|linking|connecting|that\s+links)\s+)?"
_EDGES = r"(?:outskirts|edges?|periphery|suburbs?|environs|entrance|approaches)"
_CLOSE_TO = (
    r"(?:near(?:by)?(?:\s+to)?|close\s+to|next\s+to|(?:the\s+)?vicinity\s+of|around|outside(?:\s+of)?|adjacent\s+to|beside|"
    r"بالقرب\s+من|قريب[ةه]?\s+من|قرب|بجوار|جوار|بجانب|الي\s+جانب|محيط|حول)"
)

_PATTERNS: tuple[tuple[re.Pattern[str], Relation], ...] = tuple(
    (re.compile(rf"^{_LEAD}{pattern}\s*$", re.IGNORECASE), relation)
    for relation, pattern in (
        (
            Relation.OFFSET,
            rf"{_DISTANCE}\s*(?:away\s*)?,?\s*{_TOWARDS}{_DIRECTION}(?:\s+(?:side|direction))?(?:\s+{_OF})?\s+{_REF}",
        ),
        (
            Relation.OFFSET,
            rf"{_DISTANCE}\s*,?\s*(?:(?:at|on|along|with|باتجاه|بزاوي[ةه])\s+)?{_BEARING}{_DEGREES}\s*{_OF}\s+{_REF}",
        ),
        (Relation.OFFSET, rf"{_BEARING}{_DEGREES}\s*,?\s*(?:(?:at|and|for)\s+)?{_DISTANCE}\s*{_OF}\s+{_REF}"),
        (Relation.OFFSET, rf"{_DIRECTION}\s+{_OF}\s+{_REF_BEFORE}\s*[,(]?\s*(?:by|at|about|مسافة)?\s*{_DISTANCE}\)?"),
        (Relation.OFFSET, rf"{_REF_BEFORE}[\s,(-]+{_DISTANCE}\s*(?:to\s+)?(?:the\s+)?{_DIRECTION}\)?"),
        (Relation.DISTANCE, rf"{_DISTANCE}\s*(?:away\s*)?{_FROM}\s+{_REF}"),
        (Relation.BETWEEN, r"(?:.*\W)?between\s+(?:the\s+\w+\s+of\s+)?(?P<pair>.+\s(?:and|&)\s.+)"),
        (Relation.BETWEEN, r"(?:.*\s)?بين\s+(?P<pair>.+\sو.+)"),
        (Relation.BETWEEN, rf"(?:{_KIND_OF_ROAD}\s+)?{_ROAD}\s+{_LINKS}(?P<pair>.+?\s(?:to|and|with)\s.+)"),
        (Relation.BETWEEN, rf"(?:{_KIND_OF_ROAD}\s+)?{_ROAD}\s+(?P<pair>.+-.+)"),
        (Relation.BETWEEN, rf"(?P<pair>.+?[\s-].+?)\s+(?:{_KIND_OF_ROAD}\s+)?{_ROAD}"),
        (Relation.BETWEEN, rf"{_AR_ROAD}\s+(?P<pair>.+[\s-].+)"),
        (Relation.NEAR, rf"(?:{_AR_ROAD}|{_ROAD}\s+(?:to|of|into))\s+{_REF}"),
        (Relation.NEAR, rf"{_REF_BEFORE}\s+{_ROAD}"),
        (Relation.OUTSKIRTS, rf"(?:{_DIRECTION}\s+)?{_EDGES}\s+(?:of|to)\s+{_REF}"),
        (Relation.OUTSKIRTS, rf"{_REF_BEFORE}(?:'s)?\s+(?:{_DIRECTION}\s+)?(?:outskirts|suburbs?|periphery|environs)"),
        (Relation.OUTSKIRTS, rf"{_DIRECTION}\s+{_REF_BEFORE}(?:'s)?\s+(?:outskirts|suburbs?|periphery|environs)"),
        (Relation.OUTSKIRTS, rf"(?:اطراف|ضواحي|مشارف|تخوم|مداخل|مدخل)\s+{_REF_BEFORE}(?:\s+{_DIRECTION})?"),
        (Relation.COUNTRYSIDE, rf"(?:{_DIRECTION}\s+)?(?:countryside|rural\s+area|rif|reef)\s+of\s+{_REF}"),
        (Relation.COUNTRYSIDE, rf"(?:{_DIRECTION}\s+)?(?:rural|rif|reef)\s+{_REF}"),
        (Relation.COUNTRYSIDE, rf"(?:{_DIRECTION}\s+)?{_REF_BEFORE}(?:'s)?\s+(?:rural\s+)?countryside"),
        (Relation.COUNTRYSIDE, rf"{_REF_BEFORE}(?:'s)?\s+{_DIRECTION}\s+(?:rural\s+)?countryside"),
        (Relation.COUNTRYSIDE, rf"(?:ال)?ريف\s+{_REF_BEFORE}\s+{_DIRECTION}"),
        (Relation.COUNTRYSIDE, rf"(?:ال)?ريف\s+{_REF}"),
        (Relation.NEAR, rf"{_CLOSE_TO}\s+{_REF}"),
        (Relation.DIRECTION, rf"{_DIRECTION}\s+(?:side\s+|part\s+)?(?:of|from|من|عن)\s+{_REF}"),
        (Relation.PART, rf"{_DIRECTION}\s+{_REF}"),
        (Relation.PART, rf"{_REF_BEFORE}\s+{_DIRECTION}"),
        (Relation.BOTH, r"(?P<pair>.+\s(?:and|&)\s.+|.+\sو\w.+)"),
    )
)
# Words without one of which a relation is not said: looking for them is cheaper than trying its patterns.
_HINTS = {
    relation: re.compile(words, re.IGNORECASE)
    for relation, words in (
        (Relation.OFFSET, r"\d"),
        (Relation.DISTANCE, r"\d"),
        (Relation.BETWEEN, rf"between|بين|{_ROAD}|طريق|اوتوستراد|اوتستراد|محور"),
        (Relation.NEAR, rf"{_CLOSE_TO}|{_ROAD}|طريق|اوتوستراد|اوتستراد|محور"),
        (Relation.OUTSKIRTS, rf"{_EDGES}|اطراف|ضواحي|مشارف|تخوم|مدخل|مداخل"),
        (Relation.COUNTRYSIDE, r"countryside|rural|rif|reef|ريف"),
    )
}

# " and ", " & ", " to ", a dash, the Arabic "and" (which is written as part of the next word), or a space.
_CUTS = re.compile(r"\s+(?:and|&|to|with)\s+|\s+-\s+|\s+و\s*(?=\w)|-|\s+", re.IGNORECASE)
_COMMA = re.compile(r"\s*[,;/|]\s*|\s+-\s+(?!.*\b(?:road|highway)\b)")
_BRACKETS = re.compile(r"(?P<name>[^()]+)\((?P<inner>[^()]+)\)\s*")
_QUARTER_OF = re.compile(
    r"(?P<quarter>.+\b(?:quarter|neighbou?rhood|district|suburb)|حي\s+.+?)\s+(?:of|in|at|في)\s+(?:the\s+)?"
    r"(?:city\s+of\s+|مدينة\s+)?(?P<city>.+)",
    re.IGNORECASE,
)

__all__ = ["Phrase", "Relation", "parts", "readings"]
