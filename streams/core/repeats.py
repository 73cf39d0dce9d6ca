"""Which accounts of one source repeat what it told already: the same link, or almost the same words.

A source that says a thing twice has said it once. Words are almost the same where their signatures differ in at most
`REPEAT_BITS`; cut into one piece more than that, such signatures share a piece whole, and by pieces they are found. Where
terms say `one_a_day`, all that it dates to one day in one town is one thing too.

A source that always uses the same few words has many accounts under one piece. So they are kept by when they are, too, and
what is old takes no room from what is new.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Hashable, Iterator
from typing import Any

from streams.core.features import SHARP_S, Features
from streams.core.geometry import distance_m
from streams.core.match import Rule, can_be_one, same_point
from streams.core.terms import DAY, HOUR, Match

REPEAT_BITS = 5
LENGTHS = ((25 * HOUR, 2 * DAY), (7 * DAY, 8 * DAY), (1 << 40, 1 << 41))
"""(longest span, length of a slot), in seconds; whatever is longer than a week is in one slot."""
_PIECES = tuple((first, min(first + 11, 64)) for first in range(0, 64, 11))
assert len(_PIECES) == REPEAT_BITS + 1

Said = tuple[str | int, ...]
"""Source, which piece of the signature, and the piece; or -1 and a link; or -2 and a span."""
Key = tuple[Said, int, int]
"""What is said, by a span of which length, and in which slot it begins."""


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
    """Accounts by source, by what they may repeat and by when. Of each key the first `neighbours_max` heads take others."""

    def __init__(self, match: Match) -> None:
        self._heads_max = match.neighbours_max
        self._window_s = match.window_hours * HOUR
        self._one_a_day = match.one_a_day
        self._all: dict[Key, dict[int, Any]] = {}
        self._heads: dict[Key, list[tuple[Any, Any]]] = {}
        # By length: the first and the last slot in which anything ever began.
        self._slots: dict[int, tuple[int, int]] = {}

    def add(self, account: Any) -> None:
        length, slot = _began(account.features)
        first, last = self._slots.get(length, (slot, slot))
        self._slots[length] = min(first, slot), max(last, slot)
        for key in self._keys(account):
            self._all.setdefault(key, {})[id(account)] = account

    def remove(self, account: Any) -> None:
        for key in self._keys(account):
            bucket = self._all[key]
            del bucket[id(account)]
            if not bucket:
                del self._all[key]

    def near(self, account: Any, grids: Collection[Hashable]) -> Iterator[Any]:
        for key in self._around(account, [said for said, _, _ in grids]):  # type: ignore[misc]
            yield from list(self._all.get(key, {}).values())

    def open_anchors(self, account: Any) -> Iterator[Any]:
        for key in self._around(account, self._said(account)):
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
        """Whether an account found a head under a key: what repeats it is near enough in time."""
        said, _, _ = grid  # type: ignore[misc]
        return said in self._said(account)

    def _keys(self, account: Any) -> list[Key]:
        """Under which it is listed."""
        length, slot = _began(account.features)
        return [(said, length, slot) for said in self._said(account)]

    def _around(self, account: Any, said: Collection[Said]) -> Iterator[Key]:
        """Under which anything near enough in time may be listed."""
        features = account.features
        for length, (first, last) in self._slots.items():
            span_s, slot_s = LENGTHS[length]
            first = max(first, (features.start - self._window_s - span_s) // slot_s)
            last = min(last, (features.end + self._window_s) // slot_s)
            for one in said:
                for slot in range(first, last + 1):
                    yield one, length, slot

    def _said(self, account: Any) -> list[Said]:
        features = account.features
        said: list[Said] = [(account.source, -1, link) for link in features.links]
        if self._one_a_day and _says_days(features):
            said.append((account.source, -2, features.start, features.end))
        if features.script:
            signature = features.signature
            said += [(account.source, first, signature >> first & (1 << (last - first)) - 1) for first, last in _PIECES]
        return said


def _began(features: Features) -> tuple[int, int]:
    """By the length of its span, and the slot in which it begins."""
    length = 0
    while features.end - features.start > LENGTHS[length][0]:
        length += 1
    return length, features.start // LENGTHS[length][1]


__all__ = ["LENGTHS", "REPEAT_BITS", "Repeats", "repeats"]
