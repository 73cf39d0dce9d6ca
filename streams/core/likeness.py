"""How alike two texts are, from 64 bits each.

A signature is made once a report (a simhash, after Charikar 2002): texts with many four-letter runs in common differ in
few bits, unrelated ones in about half. Spelling is levelled first, as far as it carries no meaning: case, accents, space
and punctuation, forms of alef, ya and ta, digits of either script. Texts of different scripts are not comparable.
"""

import re
import unicodedata
from ctypes import c_uint16, c_uint64
from enum import IntEnum
from typing import NamedTuple

from streams.core.native import LIBRARY

LETTERS_MIN = 24
"""Shorter texts ("shelling in the east") are alike by chance, and have no signature."""
LETTERS_MAX = 400
"""Beyond this nothing is read: the first sentences say what happened, and a long text costs no more than a short one."""
RUN = 4

_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
_NOT_LETTERS = re.compile(r"[\W_]+")
_SAME_LETTER = str.maketrans(
    {"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ە": "ه", "ھ": "ه", "ء": None, "ـ": None, "ı": "i", "ё": "е"}
    | {chr(0x660 + digit): str(digit) for digit in range(10)}
    | {chr(0x6F0 + digit): str(digit) for digit in range(10)}
)
_MASK = (1 << 64) - 1
_FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xFF51AFD7ED558CCD
_LANE_BITS = 16
_LANES = tuple(sum(1 << (bit * _LANE_BITS) for bit in range(8) if byte >> bit & 1) for byte in range(256))
"""A byte's bits spread out, so that the bits of many hashes are counted in one addition."""


class Script(IntEnum):
    NONE = 0
    LATIN = 1
    ARABIC = 2
    CYRILLIC = 3
    OTHER = 4


_SCRIPTS = tuple(Script)


class Wording(NamedTuple):
    """What is kept of a text. `letters`: how many were read."""

    script: Script
    signature: int
    letters: int


UNSAID = Wording(Script.NONE, 0, 0)


def wording(text: str | None) -> Wording:
    """The signature of a text; `UNSAID` where there is too little to compare."""
    if not text:
        return UNSAID
    if LIBRARY is not None:
        return _wording_in_c(text)
    plain = letters(text)
    if len(plain) < LETTERS_MIN:
        return UNSAID
    return Wording(_script(plain), _signature(plain), len(plain))


def _wording_in_c(text: str) -> Wording:
    """The same."""
    text = text[: LETTERS_MAX * 4]
    coded, found = text.encode("utf-32-le", "surrogatepass"), _Found()
    count = LIBRARY.truce_text_wording(coded, len(text), _told, _TOLD, found)
    while count < _ADDRESS_IN_IT and _tell(-2 - count):
        count = LIBRARY.truce_text_wording(coded, len(text), _told, _TOLD, found)
    if count < 0:
        plain = letters(text)
        count = len(plain)
        found[1] = LIBRARY.truce_wording(plain.encode("utf-32-le", "surrogatepass"), count, found)
    return Wording(_SCRIPTS[found[1]], found[0], count) if count >= LETTERS_MIN else UNSAID


def _tell(code: int) -> bool:
    """Enter what becomes of a character, for C to read. Whether it is one that can be told so: no more than a letter."""
    plain = _LEVELLED[code]
    if code >= _TOLD or len(plain) > 1 or plain > "\ufffe":
        return False
    _told[code] = ord(plain) if plain else _NOTHING
    return True


def letters(text: str) -> str:
    """The first letters and digits of a text, spelling levelled."""
    # What is cut here cannot fill the limit: a letter comes from at most a few characters.
    text = text[: LETTERS_MAX * 4]
    if "http" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    return text.translate(_LEVELLED)[:LETTERS_MAX]


class _Levelled(dict[int, str]):
    """By character: what becomes of it. Levelling a text is levelling its characters, so each is looked at once only."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code).casefold()).translate(_SAME_LETTER)
        self[code] = found = _NOT_LETTERS.sub("", plain)
        return found


_LEVELLED = _Levelled()
_TOLD = 0x2100
"""Latin, Cyrillic, Arabic and common signs. Of a character below this C is told once what becomes of it."""
_told = (c_uint16 * _TOLD)()
_NOTHING, _ADDRESS_IN_IT = 0xFFFF, -1
_Found = c_uint64 * 2
"""The signature and the script."""


def bits_apart(one: int, other: int) -> int:
    """In how many of 64 bits two signatures differ."""
    return (one ^ other).bit_count()


def _signature(plain: str) -> int:
    """Bit by bit, what most of its different runs of four letters have in their hashes."""
    window, runs = 0, set()
    for position, letter in enumerate(plain, 1):
        window = (window << 16 | ord(letter) & 0xFFFF) & _MASK
        if position >= RUN:
            runs.add(window)
    hashes = bytearray()
    for run in runs:
        mixed = run * _FIRST & _MASK
        mixed = (mixed ^ mixed >> 32) * _SECOND & _MASK
        hashes += (mixed ^ mixed >> 29).to_bytes(8, "little")
    signature, half, lane = 0, len(runs) // 2, (1 << _LANE_BITS) - 1
    for byte in range(8):
        counts = sum(map(_LANES.__getitem__, hashes[byte::8]))
        for bit in range(8):
            if counts >> (bit * _LANE_BITS) & lane > half:
                signature |= 1 << (byte * 8 + bit)
    return signature


def _script(plain: str) -> Script:
    """Of most of the letters; digits belong to all."""
    latin = arabic = cyrillic = other = 0
    for letter in plain:
        code = ord(letter)
        if 0x61 <= code <= 0x24F:
            latin += 1
        elif 0x600 <= code <= 0x77F or 0x8A0 <= code <= 0x8FF:
            arabic += 1
        elif 0x400 <= code <= 0x52F:
            cyrillic += 1
        elif code > 0x24F:
            other += 1
    counts = (latin, arabic, cyrillic, other)
    return Script(1 + counts.index(max(counts)))


__all__ = ["LETTERS_MAX", "LETTERS_MIN", "UNSAID", "Script", "Wording", "bits_apart", "letters", "wording"]
