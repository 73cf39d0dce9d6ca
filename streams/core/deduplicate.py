"""From reports to incidents: one thing that happened is one incident, however many tell of it.

Twice the same grouping (`anchoring`): accounts of one source that repeat its own words or links form a claim; claims of
different sources that fit in place, time, kind and weapon form an incident. Both are functions of the set of live
accounts.
"""

from bisect import bisect_left, insort
from collections.abc import Collection
from typing import Any

from streams.core.anchoring import Anchoring, Change, Work
from streams.core.cells import breadth
from streams.core.claims import Account, Order
from streams.core.features import Features
from streams.core.match import rule_of, score
from streams.core.native import LIBRARY
from streams.core.native.groups import Groups, Packed
from streams.core.neighbourhood import Neighbourhood
from streams.core.repeats import REPEAT_BITS, Repeats, repeats
from streams.core.terms import Terms


class Claim:
    """What one source says of one thing: its first account in canonical order, and those that repeat it."""

    __slots__ = (
        "_counted",
        "_entered",
        "_others",
        "account",
        "anchor",
        "handle",
        "incident",
    )

    def __init__(self, account: Account) -> None:
        self.account = account
        self._others: dict[Account, None] | None = None
        self._counted: list[tuple[int, str, str, Account]] | None = None
        self.anchor: Claim | None = None
        self.handle: Any = None
        self.incident: Any = None
        self._entered: Entered | None = None

    @property
    def order(self) -> Order:
        return self.account.order

    @property
    def source(self) -> str:
        return self.account.source

    @property
    def listed(self) -> bool:
        return self.account.listed

    @property
    def mergeable(self) -> bool:
        return self.account.mergeable

    @property
    def features(self) -> Features:
        return self.account.features

    @property
    def breadth(self) -> int | None:
        return breadth(self.features) if self.mergeable else None

    @property
    def told(self) -> tuple[Account, ...]:
        return (self.account, *self._others) if self._others else (self.account,)

    @property
    def latest(self) -> Account:
        """The account whose casualties stand for the claim: the last received that gives any, else its first."""
        return self._counted[-1][-1] if self._counted else self.account

    @property
    def entered(self) -> "Entered":
        """What its incident has of it: the account whose casualties stand for it, and all its accounts."""
        return self._entered or (self.account, (self.account,))

    def enter(self, told: Collection[Account] | None = None) -> None:
        """Its incident has of it what it says now. Most claims are one account, and of those nothing more is kept."""
        self._entered = (self.latest, self.told if told is None else told) if self._others else None

    def tell(self, account: Account, joined: bool) -> None:
        """An account that repeats the first comes or goes."""
        if self._others is None or self._counted is None:
            self._others, self._counted = {}, []
            self._count(self._counted, self.account, True)
        if joined:
            self._others[account] = None
        else:
            del self._others[account]
        self._count(self._counted, account, joined)

    @staticmethod
    def _count(counted: list[tuple[int, str, str, Account]], account: Account, joined: bool) -> None:
        if account.killed is None and account.injured is None:
            return
        entry = account.received_at, account.report_id, account.source_name, account
        if joined:
            insort(counted, entry)
        else:
            del counted[bisect_left(counted, entry[:-1])]


Entered = tuple[Account, Collection[Account]]
Retold = tuple[Claim, dict[Account, bool]]
"""A claim, and the accounts that joined (true) or left it."""


class Deduplicator:
    """Live accounts in, changes of claims and incidents out."""

    def __init__(self, terms: Terms) -> None:
        match, rule = terms.match, rule_of(terms.match)
        self._claims: Anchoring | Groups
        self._incidents: Anchoring | Groups
        self._packed = Packed()
        if LIBRARY is not None:
            self._claims = Groups(LIBRARY, match, rule, self._packed, REPEAT_BITS)
            self._incidents = Groups(LIBRARY, match, rule, self._packed)
        else:
            self._claims = Anchoring(
                Repeats(match), lambda head, account: repeats(head.features, account.features, rule), 0, exclusive=False
            )
            self._incidents = Anchoring(
                Neighbourhood(match),
                lambda one, other: score(one.features, other.features, rule),
                rule.threshold,
                exclusive=True,
            )

    def add(self, account: Account) -> None:
        self._claims.add(account)

    def remove(self, account: Account) -> None:
        self._claims.remove(account)

    def forget(self, account: Account) -> Claim | None:
        """Let go of an old account, everything resolved; its claim, if it was the head of one."""
        self._claims.forget(account)
        claim = account.claim
        if claim is not None:
            self._incidents.forget(claim)
        return claim

    def work(self) -> Work:
        """How much all this has cost so far."""
        return self._claims.work() + self._incidents.work()

    def resolve(self) -> tuple[list[Retold], list[Change]]:
        """(claims whose accounts changed, changes of incidents by claim), to be applied in this order."""
        retold: dict[Claim, dict[Account, bool]] = {}
        for head, account, joined in self._claims.resolve():
            claim: Claim | None = head.claim
            if account is head and joined:
                head.claim = claim = Claim(head)
                self._incidents.add(claim)
            elif account is head:
                self._incidents.remove(head.claim)
                retold.pop(head.claim, None)
                head.claim = None
            else:
                assert claim is not None
                claim.tell(account, joined)
                changes = retold.setdefault(claim, {})
                # Who came and went in between has changed nothing.
                if changes.pop(account, joined) == joined:
                    changes[account] = joined
        self._packed.clear()
        return list(retold.items()), self._incidents.resolve()


__all__ = ["Claim", "Deduplicator", "Retold"]
