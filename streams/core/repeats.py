"""Which accounts of one source repeat what it told already: the same link, or almost the same words.

A source that says a thing twice has said it once. Words are almost the same where their signatures differ in at most
`REPEAT_BITS`; cut into one piece more than that, such signatures share a piece whole, and by pieces they are found. Where
terms say `one_a_day`, all that it dates to one day in one town is one thing too.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Hashable, Iterator
from typing import Any

from streams.core.features import SHARP_S, Features
from streams.core.geometry import distance_m
from streams.core.match import Rule, can_be_one, same_point
from streams.core.terms import Match

REPEAT_BITS = 5
_PIECES = tuple((first, min(first + 11, 64)) for first in range(0, 64, 11))
assert len(_PIECES) == REPEAT_BITS + 1

Key = tuple[str | int, ...]
"""Source, which piece of the signature, and the piece; or -1 and a link; or -2 and a span."""


def repeats(head: Features, account: Features, rule: Rule) -> int | None:
    """0 where a later account of the same source tells the same thing again, near enough and soon enough; else None."""
    if head.kind != account.kind:
        return None
    if rule.one_a_day and _same_town_and_day(head, account):
        return 0
    if not (_same_words(head, account) or set(head.links) & set(account.links)):
        return None
    if max(account.start - head.end, head.start - account.end) > rule.window_s:
        return None
    apart_m = distance_m(head.lat_e6, head.lon_e6, account.lat_e6, account.lon_e6)
    return 0 if apart_m <= rule.distance_m + head.radius_m + account.radius_m else None


def _same_town_and_day(one: Features, other: Features) -> bool:
    if not _says_days(other) or (one.start, one.end) != (other.start, other.end):
        return False
    return can_be_one(one.kind, one.weapon, other.kind, other.weapon) and same_point(one, other)


def _says_days(features: Features) -> bool:
    return features.end - features.start > SHARP_S


def _same_words(one: Features, other: Features) -> bool:
    return one.script != 0 and one.script == other.script and (one.signature ^ other.signature).bit_count() <= REPEAT_BITS


class Repeats:
    """Accounts by source and by what they may repeat. Of each key the first `neighbours_max` heads take others."""

    def __init__(self, match: Match) -> None:
        self._heads_max = match.neighbours_max
        self._one_a_day = match.one_a_day
        self._all: dict[Key, dict[int, Any]] = {}
        self._heads: dict[Key, list[tuple[Any, Any]]] = {}

    def add(self, account: Any) -> None:
        for key in self._keys(account):
            self._all.setdefault(key, {})[id(account)] = account

    def remove(self, account: Any) -> None:
        for key in self._keys(account):
            bucket = self._all[key]
            del bucket[id(account)]
            if not bucket:
                del self._all[key]

    def near(self, account: Any, grids: Collection[Hashable]) -> Iterator[Any]:
        for key in grids:
            yield from list(self._all.get(key, {}).values())  # type: ignore[call-overload]

    def open_anchors(self, account: Any) -> Iterator[Any]:
        for key in self._keys(account):
            for _, head in self._heads.get(key, ())[: self._heads_max]:
                yield head

    def add_anchor(self, account: Any) -> tuple[list[Key], list[tuple[Any, Key]]]:
        """(keys under which it may take others, heads that no longer may, each with the key)."""
        opened: list[Key] = []
        closed: list[tuple[Any, Key]] = []
        for key in self._keys(account):
            heads = self._heads.setdefault(key, [])
            insort(heads, (account.order, account))
            if bisect_left(heads, (account.order,)) < self._heads_max:
                opened.append(key)
                if len(heads) > self._heads_max:
                    closed.append((heads[self._heads_max][1], key))
        return opened, closed

    def remove_anchor(self, account: Any) -> list[tuple[Any, Key]]:
        """Heads that may now take others, each with the key."""
        opened: list[tuple[Any, Key]] = []
        for key in self._keys(account):
            heads = self._heads[key]
            rank = bisect_left(heads, (account.order,))
            assert heads[rank][1] is account
            del heads[rank]
            if rank < self._heads_max <= len(heads):
                opened.append((heads[self._heads_max - 1][1], key))
            if not heads:
                del self._heads[key]
        return opened

    def meets(self, head: Any, account: Any, grid: Hashable) -> bool:
        """Whether two accounts are found together under a key."""
        return grid in self._keys(account)

    def _keys(self, account: Any) -> list[Key]:
        features = account.features
        keys: list[Key] = [(account.source, -1, link) for link in features.links]
        if self._one_a_day and _says_days(features):
            keys.append((account.source, -2, features.start, features.end))
        if features.script:
            signature = features.signature
            keys += [(account.source, first, signature >> first & (1 << (last - first)) - 1) for first, last in _PIECES]
        return keys


__all__ = ["REPEAT_BITS", "Repeats", "repeats"]
