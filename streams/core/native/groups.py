"""`Anchoring` in C: of claims in a `Neighbourhood`, and of accounts among `Repeats`. The same groups, a hundred times faster.

Things are handed over as columns when `resolve` is called, and known by a handle from then on. A property test holds this
to what it stands for.
"""

from ctypes import CDLL, POINTER, byref, c_char_p, c_int32, c_int64, c_void_p, cast
from struct import Struct
from typing import Any

from streams.core.anchoring import Change, Work
from streams.core.cells import LENGTHS, SIZES
from streams.core.claims import Account
from streams.core.features import SHARP_S, WEAPONS
from streams.core.geometry import COSINES, microdegrees
from streams.core.ladder import COMPARISONS, NAMES, NUMBER
from streams.core.match import Rule, weapon_level
from streams.core.repeats import LENGTHS as REPEAT_LENGTHS
from streams.core.terms import Match

ADD, REMOVE, FORGET = range(3)
_HEAD = Struct("<3i")
_TOLD = Struct("<2q2Q2q11i5B7x")
_BASES = [name for name in COMPARISONS if name != "weapon"]


class Packed(dict[Account, bytes]):
    """What C is told of an account, packed once for it and for the claim that it is the head of."""

    def __missing__(self, account: Account) -> bytes:
        teller, circle, links = account.teller, account.circle, account.links
        kind, weapon, by, against = account.act.numbers
        order = f"{teller.id}\0{account.report_id}\0{teller.name}".encode("utf-8", "surrogatepass")
        told = _TOLD.pack(
            account.start,
            account.end,
            account.rank,
            account.signature,
            by,
            against,
            microdegrees(circle.lat),
            microdegrees(circle.lon),
            circle.radius_m,
            *account.hurt.numbers,
            len(links),
            len(order),
            kind,
            weapon,
            account.script,
            account.mergeable,
            teller.known is not None,
        )
        for link in links:
            told += link.to_bytes(8, "little")
        self[account] = packed = told + order
        return packed


class Groups:
    """Of accounts, or of claims: of either its `account` says what it is compared by. Things have `anchor` and `handle`, too.

    With `repeat_bits` accounts of one source that repeat each other are grouped, else claims of different ones that fit.
    Whoever gives `packed` clears it when nothing in it is to be added any more.
    """

    def __init__(self, library: CDLL, match: Match, rule: Rule, packed: Packed, repeat_bits: int = -1) -> None:
        self._library = library
        self._groups = _new(library, match, rule, repeat_bits)
        self._packed = packed
        self._operations: list[bytes] = []
        self._claims: list[Any] = []
        self._free: list[int] = []
        # By source: its number, and how many claims of it there are.
        self._sources: dict[str, list[int]] = {}
        self._free_sources: list[int] = []

    def __del__(self) -> None:
        self._library.truce_groups_free(self._groups)

    def add(self, claim: Any) -> None:
        if self._free:
            handle = self._free.pop()
            self._claims[handle] = claim
        else:
            handle = len(self._claims)
            self._claims.append(claim)
        claim.handle = handle
        account = claim.account
        self._operations += _HEAD.pack(ADD, handle, self._number(account.teller.id)), self._packed[account]

    def remove(self, claim: Any) -> None:
        """Take a claim out; those that rested on it decide again at the next `resolve`."""
        self._operations.append(_HEAD.pack(REMOVE, claim.handle, 0))

    def forget(self, claim: Any) -> None:
        """Take out what nothing new can come near, without a change to anything: groups stay as they were."""
        self._operations.append(_HEAD.pack(FORGET, claim.handle, 0))

    def work(self) -> Work:
        looked, compared = c_int64(), c_int64()
        self._library.truce_groups_work(self._groups, byref(looked), byref(compared))
        return Work(looked.value, compared.value)

    def resolve(self) -> list[Change]:
        """Let everything decide that has reason to. Gives what joined and left which group, in the order it happened."""
        if not self._operations:
            return []
        packed = b"".join(self._operations)
        self._operations.clear()
        changed, released, released_count = c_void_p(), c_void_p(), c_int32()
        count = self._library.truce_groups_resolve(
            self._groups, packed, len(packed), byref(changed), byref(released), byref(released_count)
        )
        claims = self._claims
        changes: list[Change] = []
        numbers = iter(_numbers(changed, count * 3))
        for anchor_handle, handle, joined in zip(numbers, numbers, numbers, strict=True):
            anchor, claim = claims[anchor_handle], claims[handle]
            claim.anchor = anchor if joined else None
            changes.append((anchor, claim, bool(joined)))
        for handle in _numbers(released, released_count.value):
            self._forget_source(claims[handle].account.teller.id)
            claims[handle] = None
            self._free.append(handle)
        return changes

    def _number(self, source: str) -> int:
        known = self._sources.get(source)
        if known is None:
            number = self._free_sources.pop() if self._free_sources else len(self._sources)
            known = self._sources[source] = [number, 0]
        known[1] += 1
        return known[0]

    def _forget_source(self, source: str) -> None:
        known = self._sources[source]
        known[1] -= 1
        if not known[1]:
            del self._sources[source]
            self._free_sources.append(known[0])


def _new(library: CDLL, match: Match, rule: Rule, repeat_bits: int) -> int:
    """The state, told what the rules say in numbers."""
    (c_int32 * len(COSINES)).in_dll(library, "truce_cosines")[:] = COSINES
    library.truce_groups_new.restype = c_void_p
    library.truce_groups_free.argtypes = [c_void_p]
    library.truce_groups_work.argtypes = [c_void_p, c_void_p, c_void_p]
    library.truce_groups_resolve.argtypes = [c_void_p, c_char_p, c_int64, c_void_p, c_void_p, c_void_p]
    bases = [NUMBER[name, next(level for comparison, level in NAMES if comparison == name)] for name in _BASES]
    numbers = [rule.distance_m, rule.window_s, rule.threshold, match.neighbours_max, SHARP_S, len(WEAPONS), repeat_bits]
    numbers.append(match.one_a_day)
    lengths = LENGTHS if repeat_bits < 0 else REPEAT_LENGTHS
    numbers += [number for pair in (*SIZES, *lengths) for number in pair] + bases
    levels = [weapon_level(one, other) for one in range(len(WEAPONS)) for other in range(len(WEAPONS))]
    return library.truce_groups_new(
        (c_int64 * len(numbers))(*numbers),
        (c_int32 * len(rule.weights))(*rule.weights),
        len(rule.weights),
        (c_int32 * len(levels))(*(-1 if level is None else level for level in levels)),
    )


def _numbers(address: c_void_p, count: int) -> list[int]:
    return cast(address, POINTER(c_int32))[:count] if count else []


__all__ = ["Groups", "Packed"]
