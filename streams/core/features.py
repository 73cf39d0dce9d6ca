"""What two claims are compared by: whole numbers only, worked out once a report.

Names, links and texts are digests here, so that a comparison neither allocates nor reads a string. C is given the same
numbers (`native.groups`), and keeps them in a row of its own; in Python they stand together where somebody asks for them.
"""

from collections.abc import Collection
from hashlib import blake2b
from typing import NamedTuple

from schemas.reasons import Kind, Weapon

UNSAID = -1
"""In place of a count that a report does not give."""
LINKS_MAX = 8
"""Of more links the smallest digests are compared."""

KINDS = {kind: number for number, kind in enumerate(Kind)} | {Kind.DISPROPORTIONATE_FORCE: 0}
"""Disproportionate force is an attack as somebody judges it."""
SHARP_S = 6 * 3_600
"""A span at most this long says when, and not only on which day: a part of a day, an hour, an instant."""
WEAPONS = {weapon: number for number, weapon in enumerate(Weapon)}


class Features(NamedTuple):
    """Microdegrees, metres, seconds since 1970; `kind`, `weapon`, `script` are places in closed lists.

    Counts are low, best, high, or all three `UNSAID`. An actor is a digest, 0 where none is named; so are links.
    """

    lat_e6: int
    lon_e6: int
    radius_m: int
    start: int
    end: int
    kind: int
    weapon: int
    killed_low: int
    killed_best: int
    killed_high: int
    injured_low: int
    injured_best: int
    injured_high: int
    by: int
    against: int
    script: int
    signature: int
    letters: int
    links: tuple[int, ...]


def number_of(text: str) -> int:
    """63 bits, and never 0: two names have the same by chance once in many billions."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1 or 1


def numbers_of(links: Collection[str]) -> tuple[int, ...]:
    """The smallest digests of some links."""
    return tuple(sorted({number_of(link.strip().rstrip("/")) for link in links})[:LINKS_MAX])


__all__ = ["KINDS", "LINKS_MAX", "SHARP_S", "UNSAID", "WEAPONS", "Features", "number_of", "numbers_of"]
