"""What is known of one incident: who tells of it, how many were hurt, how sure it is, whether it counts.

An incident keeps running counts of its claims, so that one more claim costs the same in an incident of two and of ten
thousand; `derive` restates what follows from them.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from schemas.reasons import UNLISTED, Grade, Scope, Side, Weapon
from streams.core.claims import Account, Bounds, Order, spread
from streams.core.deduplicate import Claim
from streams.core.features import Features
from streams.core.match import NEAR_IDENTICAL_BITS
from streams.core.terms import Terms, thousandths
from streams.core.zones import Placement

Pair = tuple[str, str | None]
"""A lineage, and the lineage it quotes."""
Told = tuple[int, str, str, Bounds]
"""(received_at, source, report id, bounds): the last of a lineage stands for it."""

NOBODY: Bounds = (0, 0, 0)
COPIED_LETTERS_MIN = 60
"""Two may say in the same few words that a town was shelled; a sentence or two they have from each other."""
COPIES_COMPARED_MAX = 32
"""Of an incident's claims by listed sources the first in canonical order are looked at for copies."""

Amounts = tuple[int, int, int]
"""By metric: incidents, severity (thousandths), killed."""


class Part(NamedTuple):
    """What an incident adds to one bound of some zones: on these days, and in the window during hours [first, last).

    `span`: when it counts as having happened for this bound, seconds since 1970.
    """

    bound: int
    zones: tuple[str, ...]
    days: tuple[int, ...]
    first_hour: int
    last_hour: int
    amounts: Amounts
    span: tuple[int, int]


class Contribution(NamedTuple):
    """What an incident adds to the measures. Empty where it does not count."""

    incident: str
    parts: tuple[Part, ...]


class Derived(NamedTuple):
    """What follows from the claims of an incident. Severity in thousandths. `violent`: whether it is violence, by bound."""

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


class Voices(NamedTuple):
    """Who tells of an incident. `groups`: lineages that depend on each other count once; `sides`: of each, those that terms know.

    `listed`: the sides of the groups that terms know; `told_by`: groups counted by side; `lineages`: those of the terms.
    """

    groups: tuple[tuple[Pair, ...], ...]
    sides: tuple[frozenset[str], ...]
    listed: tuple[frozenset[str], ...]
    told_by: dict[str, int]
    lineages: frozenset[str]


class Incident:
    """The claims around one anchor. `contribution`: what it adds to the measures now."""

    def __init__(self, anchor: Claim, truce: str, salt: str, placement: Placement) -> None:
        first = anchor.account
        self.id = incident_id(first.source_name, first.report_id, truce, salt)
        self.anchor = first
        self.placement = placement
        self.claims = 0
        self.reports = 0
        self.reports_digest = 0
        self.admissions: tuple[tuple[str, int], ...] = ()
        self.denials = 0
        self.findings = 0
        self.contribution: Contribution | None = None
        self._pairs: dict[Pair, int] = {}
        self._senders: dict[tuple[Pair, str], int] = {}
        self._trusted = 0
        self.killed_claims: dict[Pair, list[Told]] = {}
        self.injured_claims: dict[Pair, list[Told]] = {}
        self._weapons: dict[Weapon, int] = {}
        self._by: dict[str, int] = {}
        self._who: dict[str, int] = {}
        self._exclusions: dict[tuple[str, bool, bool], int] = {}
        self._own_reports: dict[str, int] = {}
        self._entered: dict[int, tuple[Account, Collection[Account]]] = {}
        self._told: list[tuple[Order, Account]] = []
        self._worded: list[tuple[Order, Pair, Features]] = []

    def add(self, claim: Claim, terms: Terms) -> None:
        latest, told = claim.latest, claim.told
        self._entered[id(claim)] = latest, told
        for account in told:
            self._list(account, 1)
        self._count(claim.account, terms, 1)
        self._count_hurt(claim.account, latest, 1)

    def remove(self, claim: Claim, terms: Terms) -> None:
        latest, told = self._entered.pop(id(claim))
        for account in told:
            self._list(account, -1)
        self._count(claim.account, terms, -1)
        self._count_hurt(claim.account, latest, -1)

    def retell(self, claim: Claim, changes: dict[Account, bool]) -> None:
        """Accounts joined (true) or left a claim. It costs what they are, however often the claim was told."""
        before, told = self._entered[id(claim)]
        told = told if isinstance(told, dict) else dict.fromkeys(told)
        for account, joined in changes.items():
            if joined:
                told[account] = None
            else:
                del told[account]
            self._list(account, 1 if joined else -1)
        latest = claim.latest
        self._entered[id(claim)] = latest, told
        if latest is not before:
            self._count_hurt(claim.account, before, -1)
            self._count_hurt(claim.account, latest, 1)

    def _list(self, account: Account, step: int) -> None:
        """Enter a report (+1) or take it out (-1)."""
        self.reports += step
        self.reports_digest = (self.reports_digest + step * account.report_digest) % (1 << 128)
        if step > 0:
            insort(self._told, (account.order, account))
        else:
            del self._told[bisect_left(self._told, (account.order,))]

    def _count_hurt(self, account: Account, latest: Account, step: int) -> None:
        """Enter the casualties of a claim, by its first account and the one that states them, or take them out."""
        pair: Pair = account.lineage, account.via_lineage
        for table, bounds in ((self.killed_claims, latest.killed), (self.injured_claims, latest.injured)):
            if bounds is not None:
                entry = (latest.received_at, latest.source_name, latest.report_id, bounds)
                if step > 0:
                    insort(table.setdefault(pair, []), entry)
                else:
                    del table[pair][bisect_left(table[pair], entry)]
                    if not table[pair]:
                        del table[pair]
        if latest.killed is not None or latest.injured is not None:
            _step(self._who, latest.who, step)

    def _count(self, account: Account, terms: Terms, step: int) -> None:
        """Enter a claim (+1) or take it out (-1), all but its reports and its casualties."""
        pair: Pair = account.lineage, account.via_lineage
        self.claims += step
        _step(self._pairs, pair, step)
        _step(self._senders, (pair, account.side), step)
        self._trusted += step * account.trusted_violence
        if account.listed and (account.features.letters >= COPIED_LETTERS_MIN or account.features.links):
            worded = account.order, pair, account.features
            if step > 0:
                insort(self._worded, worded)
            else:
                del self._worded[bisect_left(self._worded, worded)]
        if account.weapon is not Weapon.UNDETERMINED:
            _step(self._weapons, account.weapon, step)
        if account.by is not None:
            _step(self._by, account.by, step)
            attacker = terms.actor_by_id.get(account.by)
            if attacker is not None and attacker.side == account.side and not account.independent:
                _step(self._own_reports, account.lineage, step)
        said = _says_excluded(account, terms)
        if said is not None and account.lineage != UNLISTED:
            trusted = account.independent and account.trusted_violence
            _step(self._exclusions, (account.side, trusted, said), step)

    @property
    def alone(self) -> Hashable | None:
        """All that `derive` rests on, where one claim tells of it and nobody speaks of it; else None."""
        if self.claims != 1 or self.admissions:
            return None
        ((latest, _),) = self._entered.values()
        one = self.anchor
        return (
            *(one.kind, one.weapon, latest.killed, latest.injured, one.by, one.against),
            *(one.lineage, one.via_lineage, one.side, one.independent, one.trusted_violence),
        )

    def derive(self, terms: Terms) -> Derived:
        voices = self.voices()
        groups = list(zip(voices.groups, voices.sides, strict=True))
        accused = self.accused_sides(terms)
        killed = self._toll(self.killed_claims, groups, accused, terms)
        injured = self._toll(self.injured_claims, groups, accused, terms)
        weapon, weights = self._weight(terms)
        per_killed, per_injured, cap = map(thousandths, (terms.severity.killed, terms.severity.injured, terms.severity.cap))
        severity = tuple(
            min(weight + per_killed * dead + per_injured * hurt, cap)
            for weight, dead, hurt in zip(weights, killed, injured, strict=True)
        )
        # What terms weigh at nothing (a monitor kept out, a denial of access, a detention) is violence only if somebody was hurt.
        weighs = terms.kind_weights.get(self.anchor.kind) != 0
        violent = tuple(weighs or killed[bound] + injured[bound] > 0 for bound in range(3))
        return Derived(
            self._grade(voices.listed),
            self._scope(terms),
            killed,
            injured,
            severity,  # type: ignore[arg-type]
            violent,  # type: ignore[arg-type]
            weapon,
            voices.told_by,
            not voices.listed,
            self.trusted,
            voices.lineages,
        )

    @property
    def trusted(self) -> bool:
        """Whether a source trusted for violence tells of it."""
        return self._trusted > 0

    @property
    def by(self) -> list[str]:
        return sorted(self._by)

    @property
    def who(self) -> list[str]:
        return sorted(self._who)

    def first_accounts(self, count: int | None = None) -> list[Account]:
        """The first reports of it in canonical order; without a count, all."""
        return [account for _, account in self._told[:count]]

    def voices(self) -> Voices:
        """Who tells of it, and who of them counts once."""
        return _voices(frozenset(self._senders), tuple((one, other) for (one, _), (other, _) in self.copied()))

    def speaking(self, group: Sequence[Pair], accused: set[str]) -> Sequence[Pair]:
        """Of a group that counts once, those whose numbers stand for it: the independent, else those not accused, else all."""
        if len(group) < 2:
            return group
        sides = {pair: {side for told, side in self._senders if told == pair} for pair in group}
        known = [pair for pair in group if Side.INDEPENDENT in sides[pair] and pair[0] != UNLISTED]
        return known or [pair for pair in group if not sides[pair] <= accused] or group

    def copied(self) -> list[tuple[Pair, Pair]]:
        """Listed lineages of which one has the other's words or link: a wire copy is no second witness."""
        worded = self._worded[:COPIES_COMPARED_MAX]
        return [
            (pair, other_pair)
            for position, (_, pair, features) in enumerate(worded)
            for _, other_pair, other in worded[position + 1 :]
            if pair[0] != other_pair[0] and is_copy(features, other)
        ]

    def _grade(self, listed: Sequence[frozenset[str]]) -> Grade:
        """`listed`: the sides of each group of lineages that terms list."""
        if self._own_reports or self.admissions:
            return Grade.CONFIRMED
        if self.trusted:
            return Grade.FAIR
        for position, one in enumerate(listed):
            for other in listed[position + 1 :]:
                if Side.INDEPENDENT in one | other or one != other:
                    return Grade.FAIR
        return Grade.WEAK

    def accused_sides(self, terms: Terms) -> set[str]:
        sides = set()
        for name in self._by:
            actor = terms.actor_by_id.get(name)
            if actor is not None and actor.side is not None and actor.side != Side.INDEPENDENT:
                sides.add(actor.side)
        return sides

    def _toll(
        self,
        table: dict[Pair, list[Told]],
        groups: Sequence[tuple[tuple[Pair, ...], frozenset[str]]],
        accused: set[str],
        terms: Terms,
    ) -> Bounds:
        """Lowest low, highest high, lower median of the bests, over one claim a lineage. Unsaid is nobody."""
        own: list[Bounds] = []
        others: list[Bounds] = []
        for group, sides in groups:
            told = [table[pair][-1] for pair in self.speaking([pair for pair in group if pair in table], accused)]
            if told:
                (own if sides and sides <= accused else others).append(max(told)[3])
        if not others:
            others, own = own, []
        if not others:
            return NOBODY
        highest = max(high for _, _, high in others)
        # The accused may add to what is said of it, never take away.
        others = others + [bounds for bounds in own if bounds[2] > highest]
        if len(others) == 1:
            return spread(others[0], terms)
        bests = sorted(best for _, best, _ in others)
        return (
            min(low for low, _, _ in others),
            bests[(len(bests) - 1) // 2],
            max(high for _, _, high in others),
        )

    def _weight(self, terms: Terms) -> tuple[Weapon, Bounds]:
        """The weapon most claims name, and the weights of the least, the most named, and the worst."""
        kind = self.anchor.kind
        if not self._weapons:
            weight = terms.weight(kind, Weapon.UNDETERMINED)
            return Weapon.UNDETERMINED, (weight, weight, weight)
        order = list(Weapon)
        weapon = min(self._weapons, key=lambda w: (-self._weapons[w], order.index(w)))
        weights = [terms.weight(kind, one) for one in self._weapons]
        return weapon, (min(weights), terms.weight(kind, weapon), max(weights))

    def _scope(self, terms: Terms) -> Scope:
        """Out of scope by a trusted independent source or by both sides; by the attacker alone it is disputed."""
        out_sides = {side for (side, _, out) in self._exclusions if out}
        if any(trusted and out for (_, trusted, out) in self._exclusions):
            return Scope.OUT_OF_SCOPE
        if set(terms.opposed) <= out_sides:
            return Scope.OUT_OF_SCOPE
        return Scope.DISPUTED if out_sides else Scope.IN_SCOPE


@lru_cache(maxsize=16_384)
def _voices(senders: frozenset[tuple[Pair, str]], copied: tuple[tuple[str, str], ...]) -> Voices:
    """Of claims known by their lineages and sides, and by which lineages copied which: there are few kinds of these.

    Lineages that depend on each other count once: those joined by quoting or by copying fall together. What speaks for a
    side may join itself to one independent lineage, but not two of them to each other: whoever copies both would make one
    witness of them.
    """
    parent: dict[str, str] = {}
    independent = {pair[0] for pair, side in senders if side == Side.INDEPENDENT and pair[0] != UNLISTED}
    holding = set(independent)

    def root(lineage: str) -> str:
        while parent.setdefault(lineage, lineage) != lineage:
            lineage = parent[lineage]
        return lineage

    def join(one: str, other: str, free: bool) -> None:
        first, second = sorted((root(one), root(other)))
        if first != second and (free or not (first in holding and second in holding)):
            parent[second] = first
            if second in holding:
                holding.add(first)

    pairs = sorted({pair for pair, _ in senders}, key=lambda pair: (pair[0], pair[1] or ""))
    for lineage, via in pairs:
        if via is not None:
            join(lineage, via, lineage in independent)
    for one, other in copied:
        join(one, other, one in independent and other in independent)
    by_root: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_root.setdefault(root(pair[0]), []).append(pair)
    groups = tuple(tuple(by_root[name]) for name in sorted(by_root))
    sides = tuple(frozenset(side for pair, side in senders if pair in group and pair[0] != UNLISTED) for group in groups)
    known = zip(groups, sides, strict=True)
    return Voices(
        groups,
        sides,
        tuple(spoken_for for group, spoken_for in known if any(lineage != UNLISTED for lineage, _ in group)),
        dict(sorted(Counter(map(_side_of, sides)).items())),
        frozenset(lineage for lineage, _ in pairs if lineage != UNLISTED),
    )


def _side_of(sides: frozenset[str]) -> str:
    """What a group of lineages is counted under."""
    if len(sides) == 1:
        return next(iter(sides))
    return Side.INDEPENDENT.value if sides else UNLISTED


def incident_id(source: str, report_id: str, truce: str, salt: str) -> str:
    """Digest of the anchor's source and report id with the salt: 24 hexadecimal digits that name nobody."""
    return blake2b(
        f"{source}\x00{report_id}\x00{truce}".encode("utf-8", "surrogatepass"), key=salt.encode()[:64], digest_size=12
    ).hexdigest()


def is_copy(one: Features, other: Features) -> bool:
    """Whether two accounts have a link in common, or their words almost entirely."""
    if any(link in other.links for link in one.links):
        return True
    if one.script != other.script or min(one.letters, other.letters) < COPIED_LETTERS_MIN:
        return False
    return (one.signature ^ other.signature).bit_count() <= NEAR_IDENTICAL_BITS


def _says_excluded(account: Account, terms: Terms) -> bool | None:
    """Whether a claim says that attacker or target is one that the truce excludes; None where it names neither."""
    named = [terms.actor_by_id.get(name) for name in (account.by, account.against) if name is not None]
    return any(actor is not None and actor.excluded for actor in named) if named else None


def _step(counts: dict, key: object, step: int) -> None:
    count = counts.get(key, 0) + step
    if count:
        counts[key] = count
    else:
        del counts[key]


__all__ = ["Amounts", "Contribution", "Derived", "Incident", "Pair", "Part", "Told", "incident_id", "is_copy"]
