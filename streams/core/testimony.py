"""What the claims of an incident say, taken together: who tells of it, how many were hurt, how sure it is.

Running counts, so that one more claim costs the same in an incident of two and of ten thousand; `derive` restates what
follows from them.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Sequence, Set
from functools import lru_cache
from itertools import combinations
from operator import itemgetter
from typing import NamedTuple

from schemas.reasons import UNLISTED, Grade, Kind, Scope, Side, Weapon
from streams.core.claims import Account, Act, Bounds, Order
from streams.core.match import NEAR_IDENTICAL_BITS
from streams.core.terms import Terms

Pair = tuple[str, str | None]
"""A lineage, and the lineage it quotes."""
Told = tuple[int, str, str, Bounds]
"""(received_at, source, report id, bounds): the last of a lineage stands for it."""

NOBODY: Bounds = (0, 0, 0)
NO_SIDES: frozenset[str] = frozenset()
EVERY_BOUND = (True, True, True)
WEAPON_ORDER = {weapon: number for number, weapon in enumerate(Weapon)}
_ORDER = itemgetter(0)
COPIED_LETTERS_MIN = 60
"""Two may say in the same few words that a town was shelled; a sentence or two they have from each other."""
COPIES_COMPARED_MAX = 32
"""Of an incident's claims by listed sources the first in canonical order are looked at for copies."""


class Derived(NamedTuple):
    """What follows from the claims of an incident. Severity in thousandths. `violent`: whether it is violence, by bound.

    `by`: who is named as having done it; `who`: the groups that those hurt belonged to; `lineages`: those of the terms.
    """

    grade: Grade
    scope: Scope
    killed: Bounds
    injured: Bounds
    severity: Bounds
    violent: tuple[bool, bool, bool]
    weapon: Weapon
    told_by: dict[str, int]
    unlisted_only: bool
    trusted: bool
    lineages: frozenset[str]
    by: list[str]
    who: list[str]


class Voices(NamedTuple):
    """Who tells of an incident. `groups`: lineages that depend on each other count once; `sides`: of each, those that terms know.

    `listed`: the sides of the groups that terms know; `fair`: whether two of these bear each other out, as independent or
    of different sides; `told_by`: groups counted by side; `lineages`: those of the terms.
    """

    groups: tuple[tuple[Pair, ...], ...]
    sides: tuple[frozenset[str], ...]
    listed: tuple[frozenset[str], ...]
    fair: bool
    told_by: dict[str, int]
    lineages: frozenset[str]


class Testimony:
    """Counts over the claims of one incident. `killed`, `injured`: by lineage and quoted lineage, the numbers given."""

    __slots__ = (
        "_accused",
        "_exclusions",
        "_own_reports",
        "_senders",
        "_terms",
        "_trusted",
        "_weapons",
        "_who",
        "_worded",
        "by",
        "injured",
        "killed",
    )

    def __init__(self, terms: Terms) -> None:
        self.killed: dict[Pair, list[Told]] = {}
        self.injured: dict[Pair, list[Told]] = {}
        self.by: dict[str, int] = {}
        self._terms = terms
        self._accused: dict[str, int] = {}
        self._senders: dict[tuple[Pair, str], int] = {}
        self._trusted = 0
        self._weapons: dict[Weapon, int] = {}
        self._who: dict[str, int] = {}
        self._exclusions: dict[tuple[str, bool], int] = {}
        self._own_reports: dict[str, int] = {}
        self._worded: list[tuple[Order, Pair, Account]] = []

    def count(self, account: Account, latest: Account, step: int) -> None:
        """Enter a claim (+1) or take it out (-1). `latest`: the account whose casualties stand for it."""
        self.count_hurt(account, latest, step)
        teller, act = account.teller, account.act
        pair: Pair = teller.lineage, act.via_lineage
        _step(self._senders, (pair, teller.side), step)
        self._trusted += step * teller.trusted_violence
        if account.listed and (account.letters >= COPIED_LETTERS_MIN or account.links):
            order = account.order
            if step > 0:
                insort(self._worded, (order, pair, account), key=_ORDER)
            else:
                del self._worded[bisect_left(self._worded, order, key=_ORDER)]
        if act.weapon is not Weapon.UNDETERMINED:
            _step(self._weapons, act.weapon, step)
        if act.by is not None:
            _step(self.by, act.by, step)
            if account.listed:
                _step(self._accused, act.by, step)
            attacker = self._terms.actor_by_id.get(act.by)
            if attacker is not None and attacker.side == teller.side and not teller.independent:
                _step(self._own_reports, teller.lineage, step)
        if account.listed and _says_excluded(act, self._terms):
            _step(self._exclusions, (teller.side, teller.independent and teller.trusted_violence), step)

    def count_hurt(self, account: Account, latest: Account, step: int) -> None:
        """Enter the casualties of a claim, by its first account and the one that states them, or take them out."""
        pair: Pair = account.teller.lineage, account.act.via_lineage
        hurt = latest.hurt
        for table, bounds in ((self.killed, hurt.killed), (self.injured, hurt.injured)):
            if bounds is not None:
                entry = (latest.received_at, latest.source_name, latest.report_id, bounds)
                if step > 0:
                    insort(table.setdefault(pair, []), entry)
                else:
                    del table[pair][bisect_left(table[pair], entry)]
                    if not table[pair]:
                        del table[pair]
        if hurt.killed is not None or hurt.injured is not None:
            _step(self._who, hurt.who, step)

    def derive(self, kind: Kind, admitted: bool) -> Derived:
        """What follows for an incident of this kind. `admitted`: whether the side that did it says so."""
        terms, voices, accused = self._terms, self.voices(), self.accused_sides()
        killed = self._toll(self.killed, voices, accused)
        injured = self._toll(self.injured, voices, accused)
        weapon, weights = self._weight(kind)
        # What terms weigh at nothing (a monitor kept out, a denial of access, a detention) is violence only if somebody was hurt.
        weighs = terms.kind_weights.get(kind) != 0
        return Derived(
            self._grade(voices, admitted),
            self._scope(),
            killed,
            injured,
            _severity(weights, killed, injured, terms.hurt_weights),
            EVERY_BOUND if weighs else tuple([dead + hurt > 0 for dead, hurt in zip(killed, injured, strict=True)]),  # type: ignore[arg-type]
            weapon,
            voices.told_by,
            not voices.listed,
            self._trusted > 0,
            voices.lineages,
            _in_order(*self.by),
            _in_order(*self._who),
        )

    def voices(self) -> Voices:
        """Who tells of it, and who of them counts once."""
        return _voices(frozenset(self._senders), tuple((one, other) for (one, _), (other, _) in self.copied()))

    def speaking(self, group: Sequence[Pair], accused: Set[str]) -> Sequence[Pair]:
        """Of a group that counts once, those whose numbers stand for it: the independent, else those not accused, else all."""
        if len(group) < 2:
            return group
        sides = {pair: {side for told, side in self._senders if told == pair} for pair in group}
        known = [pair for pair in group if Side.INDEPENDENT in sides[pair] and pair[0] != UNLISTED]
        return known or [pair for pair in group if not sides[pair] <= accused] or group

    def copied(self) -> list[tuple[Pair, Pair]]:
        """Listed lineages of which one has the other's words or link: a wire copy is no second witness."""
        worded = self._worded[:COPIES_COMPARED_MAX]
        if len(worded) < 2:
            return []
        return [
            (pair, other_pair)
            for position, (_, pair, account) in enumerate(worded)
            for _, other_pair, other in worded[position + 1 :]
            if pair[0] != other_pair[0] and is_copy(account, other)
        ]

    def _grade(self, voices: Voices, admitted: bool) -> Grade:
        if self._own_reports or admitted:
            return Grade.CONFIRMED
        return Grade.FAIR if self._trusted or voices.fair else Grade.WEAK

    def accused_sides(self) -> Set[str]:
        """Sides of those that listed sources name as having done it: what anybody may say accuses nobody."""
        if not self._accused:
            return NO_SIDES
        sides = set()
        for name in self._accused:
            actor = self._terms.actor_by_id.get(name)
            if actor is not None and actor.side is not None and actor.side != Side.INDEPENDENT:
                sides.add(actor.side)
        return sides

    def _toll(self, table: dict[Pair, list[Told]], voices: Voices, accused: Set[str]) -> Bounds:
        """Lowest low, highest high, lower median of the bests, over one claim a lineage. Unsaid is nobody.

        The accused may raise the high of what others say, and nothing else.
        """
        if not table:
            return NOBODY
        own: list[Bounds] = []
        others: list[Bounds] = []
        for group, sides in zip(voices.groups, voices.sides, strict=True):
            pairs = [pair for pair in group if pair in table]
            if pairs:
                speaking = pairs if len(pairs) == 1 else self.speaking(pairs, accused)
                last = max([table[pair][-1] for pair in speaking])
                if accused and len(speaking) < len(group):
                    sides = self._sides_of(speaking)
                (own if sides and sides <= accused else others).append(last[3])
        spread, limit = self._terms.claim_spread, self._terms.limits.casualties_max
        if not others or not own:
            return together(tuple(sorted(others or own)), spread, limit)
        low, best, high = together(tuple(sorted(others)), spread, limit)
        return low, best, max(high, max(own_high for _, _, own_high in own))

    def _sides_of(self, pairs: Sequence[Pair]) -> frozenset[str]:
        """Of those that terms know."""
        return frozenset(side for pair, side in self._senders if pair in pairs and pair[0] != UNLISTED)

    def _weight(self, kind: Kind) -> tuple[Weapon, Bounds]:
        """The weapon most claims name, and the weights of the least, the most named, and the worst."""
        weapons, weight = self._weapons, self._terms.weight
        if len(weapons) < 2:
            weapon = next(iter(weapons), Weapon.UNDETERMINED)
            least = worst = weight(kind, weapon)
        else:
            weapon = min(weapons, key=lambda named: (-weapons[named], WEAPON_ORDER[named]))
            weights = [weight(kind, named) for named in weapons]
            least, worst = min(weights), max(weights)
        return weapon, (least, weight(kind, weapon), worst)

    def _scope(self) -> Scope:
        """Out of scope by a trusted independent source or by both sides; by the attacker alone it is disputed."""
        if not self._exclusions:
            return Scope.IN_SCOPE
        if any(trusted for _, trusted in self._exclusions):
            return Scope.OUT_OF_SCOPE
        return Scope.OUT_OF_SCOPE if {side for side, _ in self._exclusions}.issuperset(self._terms.opposed) else Scope.DISPUTED


# Most of what follows is the same for many incidents, and is kept once.
@lru_cache(maxsize=16_384)
def together(stated: tuple[Bounds, ...], spread: int, limit: int) -> Bounds:
    """Of what some lineages state, one or more: lowest low, lower median of the bests, highest high.

    Points are not that sure. A single one is widened by `spread` (thousandths). Several err together, too, even where they
    agree: their bounds reach at least so far around the best as falls to each lineage, and at least one; but where all count
    somebody, so does the low. `limit`: the most that is counted.
    """
    bests = sorted(best for _, best, _ in stated)
    best = bests[(len(bests) - 1) // 2]
    low, high = min(low for low, _, _ in stated), max(high for _, _, high in stated)
    if not any(bounds[0] == bounds[2] for bounds in stated):
        return low, best, high
    share = spread // len(stated)
    above = -(-best * share // 1_000)
    below, least = (above, min(low, 1)) if len(stated) > 1 else (best * share // 1_000, 0)
    return min(low, max(best - below, least)), best, max(high, min(best + above, limit))


@lru_cache(maxsize=16_384)
def _severity(weights: Bounds, killed: Bounds, injured: Bounds, hurt_weights: tuple[int, int, int]) -> Bounds:
    per_killed, per_injured, cap = hurt_weights
    low, best, high = (
        min(weight + per_killed * dead + per_injured * hurt, cap)
        for weight, dead, hurt in zip(weights, killed, injured, strict=True)
    )
    return low, best, high


@lru_cache(maxsize=4_096)
def _in_order(*names: str) -> list[str]:
    return sorted(names)


@lru_cache(maxsize=16_384)
def _voices(senders: frozenset[tuple[Pair, str]], copied: tuple[tuple[str, str], ...]) -> Voices:
    """Of claims known by their lineages and sides, and by which lineages copied which: there are few kinds of these.

    Lineages that depend on each other count once: those joined by quoting or by copying fall together. What speaks for a
    side may join itself to one lineage that does not, but not two of them to each other: whoever copies both would make one
    witness of them.
    """
    parent: dict[str, str] = {}
    independent = {pair[0] for pair, side in senders if side == Side.INDEPENDENT and pair[0] != UNLISTED}
    # By lineage, and then by the first of those that fell together: the sides that speak there.
    sides_of: dict[str, frozenset[str]] = {}
    for (lineage, _), side in senders:
        if lineage != UNLISTED:
            sides_of[lineage] = sides_of.get(lineage, NO_SIDES) | {side}
    spoken_by = dict(sides_of)

    def root(lineage: str) -> str:
        while parent.setdefault(lineage, lineage) != lineage:
            lineage = parent[lineage]
        return lineage

    def join(one: str, other: str, joining: Sequence[str]) -> None:
        """`joining`: those of the two that speak for a side, and may have done it to make one of others."""
        first, second = sorted((root(one), root(other)))
        if first == second:
            return
        both = spoken_by.get(first, NO_SIDES), spoken_by.get(second, NO_SIDES)
        if any(both[0] - sides_of.get(lineage, NO_SIDES) and both[1] - sides_of.get(lineage, NO_SIDES) for lineage in joining):
            return
        parent[second] = first
        spoken_by[first] = both[0] | both[1]

    pairs = sorted({pair for pair, _ in senders}, key=lambda pair: (pair[0], pair[1] or ""))
    for lineage, via in pairs:
        if via is not None:
            join(lineage, via, [] if lineage in independent else [lineage])
    for one, other in copied:
        join(one, other, [lineage for lineage in (one, other) if lineage not in independent])
    by_root: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_root.setdefault(root(pair[0]), []).append(pair)
    groups = tuple(tuple(by_root[name]) for name in sorted(by_root))
    sides = tuple(frozenset(side for pair, side in senders if pair in group and pair[0] != UNLISTED) for group in groups)
    known = zip(groups, sides, strict=True)
    listed = tuple(spoken_for for group, spoken_for in known if any(lineage != UNLISTED for lineage, _ in group))
    return Voices(
        groups,
        sides,
        listed,
        any(Side.INDEPENDENT in one | other or one != other for one, other in combinations(listed, 2)),
        dict(sorted(Counter(map(_side_of, sides)).items())),
        frozenset(lineage for lineage, _ in pairs if lineage != UNLISTED),
    )


def _side_of(sides: frozenset[str]) -> str:
    """What a group of lineages is counted under."""
    if len(sides) == 1:
        return next(iter(sides))
    return Side.INDEPENDENT.value if sides else UNLISTED


def is_copy(one: Account, other: Account) -> bool:
    """Whether two accounts have a link in common, or their words almost entirely."""
    if one.links and not set(one.links).isdisjoint(other.links):
        return True
    if one.script != other.script or min(one.letters, other.letters) < COPIED_LETTERS_MIN:
        return False
    return (one.signature ^ other.signature).bit_count() <= NEAR_IDENTICAL_BITS


def _says_excluded(act: Act, terms: Terms) -> bool:
    """Whether a claim says that attacker or target is one that the truce excludes."""
    for name in (act.by, act.against):
        actor = None if name is None else terms.actor_by_id.get(name)
        if actor is not None and actor.excluded:
            return True
    return False


def _step(counts: dict, key: object, step: int) -> None:
    count = counts.get(key, 0) + step
    if count:
        counts[key] = count
    else:
        del counts[key]


__all__ = ["Derived", "Pair", "Testimony", "Told", "Voices", "is_copy", "together"]
