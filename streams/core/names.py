"""Names of places as keys that spelling does not change.

`strict` joins what is written differently but is the same name: case, accents, hyphens, articles, the forms of alef and
ya, words such as "town". `loose` goes further and keeps only the consonants, as far as transliterations agree about them,
in Latin and Arabic letters alike; it says "may be the same", so whoever uses it must know what else has that key.
Nothing here knows any place.
"""

import re
import unicodedata
from functools import lru_cache

KEYS = 2
"""To be raised whenever any name gets another key: keys are kept on disk."""

# fmt: off
ARTICLES = frozenset([
    "al", "el", "ul", "as", "ash", "es", "esh", "ad", "ed", "at", "et", "an", "en", "ar", "er", "az", "ez", "adh", "ath",
])
"""The Arabic article as a word of its own, in the forms it takes before sun letters."""

GENERIC = frozenset([
    "village", "town", "city", "quarter", "neighbourhood", "neighborhood", "district", "subdistrict", "governorate", "province",
    "villages", "towns", "cities", "quarters", "neighbourhoods", "neighborhoods", "districts", "hamlet", "municipality", "camp",
    "area", "sub", "nahiyah", "nahiya", "nahia", "mohafazah", "muhafazat", "mantiqah", "madinat", "madinah", "medinat", "baldat",
    "qaryat", "qaryah", "hayy", "hay", "the", "of", "in", "markaz", "oblast", "raion", "rayon", "область", "раион",
    "قريه", "بلده", "مدينه", "حي", "ناحيه", "منطقه", "محافظه", "ضاحيه", "مركز", "مخيم", "قضاء",
    "قري", "قريتي", "قريتا", "بلدات", "بلدتي", "بلدتا", "مدن", "مدينتي", "مدينتا", "احياء", "حيي", "ضواحي", "مزارع",
])
"""Words that say what kind of place it is, as `_words` leaves them."""

COUNTRYSIDE = frozenset(["countryside", "rural", "rif", "reef", "outskirts", "suburbs", "ريف"])
"""Words that turn the name of a city into that of the land around it."""

DISTRICTS = frozenset([
    "district", "subdistrict", "districts", "nahiyah", "nahiya", "nahia", "mantiqah", "raion", "rayon", "раион",
    "ناحيه", "منطقه", "قضاء",
])
QUARTERS = frozenset([
    "quarter", "neighbourhood", "neighborhood", "quarters", "neighbourhoods", "neighborhoods", "hayy", "hay",
    "حي", "احياء", "حيي",
])
"""Words that say that a part of a land, or of a town, is meant and not a town."""

DIRECTIONS = frozenset([
    "north", "south", "east", "west", "central", "northern", "southern", "eastern", "western",
    "northeast", "northwest", "southeast", "southwest", "northeastern", "northwestern", "southeastern", "southwestern",
    "شمال", "جنوب", "شرق", "غرب", "شمالي", "جنوبي", "شرقي", "غربي",
])
# fmt: on

_LETTERS = str.maketrans(
    {
        "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ہ": "ه", "ە": "ه", "ھ": "ه", "ۀ": "ه", "ء": None, "ـ": None,
        "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ə": "e",
    }
    | {chr(0x660 + digit): str(digit) for digit in range(10)}
    | {chr(0x6F0 + digit): str(digit) for digit in range(10)}
    | dict.fromkeys("'`´’‘ʼʻʿʾʹʽ′ˈ", None)
)  # fmt: skip

# Consonants that transliterations confuse, in both alphabets; what is not listed stays. ذ ض ظ د ز are written d, dh and z.
_DIGRAPHS = re.compile("sch|tch|sh|ch|kh|gh|dh|zh|th|dj|ph|ck")
_DIGRAPH_SOUNDS = {
    "sch": "s", "tch": "s", "sh": "s", "ch": "s", "kh": "x", "gh": "g",
    "dh": "d", "zh": "d", "th": "t", "dj": "j", "ph": "f", "ck": "k",
}  # fmt: skip
_SOUNDS = str.maketrans(
    {"q": "k", "c": "k", "z": "d", "v": "f", "p": "b"}
    | dict(zip("بتثجحخدذرزسشصضطظغفقكلمنهپچگ", "bttjhxddrdsssdtdgfkklmnhbsg", strict=True))
)
_VOWELS = "aeiouywاويع"
_HALF_VOWELS = {"w": "w", "و": "w", "y": "y", "ي": "y"}
_SILENT = str.maketrans("", "", _VOWELS)
_DOUBLED = re.compile(r"(.)\1+")
_SKELETON_MIN = 3
"""Fewer consonants than this fit too many names."""


@lru_cache(maxsize=16_384)
def strict(name: str) -> str:
    """The key of a name: "Al-Bāb", "el bab" and "Al Bab town" have the same one. Empty if nothing is left."""
    return _DOUBLED.sub(r"\1", "".join(_bare(_words(name))))


@lru_cache(maxsize=16_384)
def loose(name: str) -> str:
    """The consonants of a name, and whether a vowel is before and after them.

    "Kafr Zita", "KafrZita", "Kafer Zeita" and "كفر زيتا" have the same ones. Empty where too few are left to tell names apart.
    """
    words = [_sounds(word) for word in _bare(_words(name))]
    skeleton = _DOUBLED.sub(r"\1", "".join(words).translate(_SILENT))
    if len(skeleton) < _SKELETON_MIN:
        return ""
    ending = "+" if words[-1][-1:] in _VOWELS else ""
    return f"{_beginning(words[0][:1])}{skeleton}{ending}"


def says_district(name: str) -> bool:
    """Whether a district is meant: "Haritan sub-district", "ناحية حريتان"."""
    return not DISTRICTS.isdisjoint(_words(name))


def says_quarter(name: str) -> bool:
    return not QUARTERS.isdisjoint(_words(name))


def without_kind(name: str) -> str:
    """The name alone, as words: "Haritan sub-district" is "haritan"."""
    return " ".join(_bare(_words(name)))


def spellings(name: str) -> tuple[str, ...]:
    """The strict key, and that of the name without an article that is written as part of it ("Alatarib")."""
    words = _bare(_words(name))
    key = _DOUBLED.sub(r"\1", "".join(words))
    apart = _DOUBLED.sub(r"\1", "".join(word[2:] if word[:2] in ("al", "el") and len(word) > 5 else word for word in words))
    return (key,) if key == apart else (key, apart)


def countryside_of(name: str) -> str | None:
    """The name of the place whose countryside is meant ("Northern Aleppo countryside", "ريف دمشق"), if one is."""
    words = _words(name)
    if COUNTRYSIDE.isdisjoint(words):
        return None
    return " ".join(word for word in words if word not in COUNTRYSIDE and _without_article(word) not in DIRECTIONS) or None


def clean(name: str) -> str:
    """The name as it may be shown: one line, without invisible and bidirectional control characters."""
    if not name.isprintable():
        name = "".join(" " if c.isspace() else c for c in name if c.isspace() or c.isprintable())
    return " ".join(name.split())


@lru_cache(maxsize=4_096)
def _words(name: str) -> tuple[str, ...]:
    """Lower-case words of letters and digits alone; accents, vowel marks, apostrophes and control characters are gone."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    if not folded.isascii():
        folded = "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc") or c.isspace())
    folded = folded.translate(_LETTERS)
    return tuple("".join(c if c.isalnum() or unicodedata.category(c) == "Mc" else " " for c in folded).split())


def _bare(words: tuple[str, ...]) -> list[str]:
    """Without articles and words of kind, unless the name is made of nothing else."""
    bare = [_without_article(word) for word in words if word not in ARTICLES and word not in GENERIC]
    return [word for word in bare if word not in GENERIC] or list(words)


def _without_article(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) > 3 else word


def _sounds(word: str) -> str:
    """A word as it may be heard: the article that is stuck to it and the h that ends it are silent, vowels are left."""
    if word[:2] in ("al", "el") and len(word) > 5:
        word = word[2:]
    if len(word) > 2 and word[-1] == "h":
        word = word[:-1]
    elif len(word) > 2 and word[-1] == "ه":
        word = word[:-1] + "ا"
    return _DIGRAPHS.sub(lambda found: _DIGRAPH_SOUNDS[found[0]], word).translate(_SOUNDS)


def _beginning(letter: str) -> str:
    """How a name begins: with w or y, which are consonants there, with a vowel, or with neither."""
    return _HALF_VOWELS.get(letter) or ("+" if letter in _VOWELS else "")


__all__ = ["KEYS", "clean", "countryside_of", "loose", "says_district", "says_quarter", "spellings", "strict", "without_kind"]
