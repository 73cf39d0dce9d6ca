"""From reports to incidents: one thing that happened is one incident, however many tell of it.

Twice the same grouping (`anchoring`): accounts of one source that repeat its own words or links form a claim; claims of
different sources that fit in place, time, kind and weapon form an incident. Both are functions of the set of live
accounts.
"""

from typing import Any

from streams.core.anchoring import Anchoring, Change, Work
from streams.core.cells import breadth
from streams.core.claims import Account
from streams.core.match import rule_of, score
from streams.core.native import LIBRARY
from streams.core.native.groups import Groups
from streams.core.neighbourhood import Neighbourhood
from streams.core.repeats import REPEAT_BITS, Repeats, repeats
from streams.core.terms import Terms


class Claim:
    """What one source says of one thing: its first account in canonical order, and those that repeat it."""

    __slots__ = (
        "account",
        "anchor",
        "breadth",
        "features",
        "handle",
        "incident",
        "listed",
        "members",
        "mergeable",
        "order",
        "queued",
        "score",
        "source",
        "told",
        "voices",
    )

    def __init__(self, account: Account) -> None:
        self.account = account
        self.order = account.order
        self.source = account.source
        self.listed = account.listed
        self.mergeable = account.mergeable
        self.features = account.features
        self.breadth = breadth(account.features) if account.mergeable else None
        self.told = [account]
        self.anchor: Claim | None = None
        self.members: dict[Any, Claim] | None = None
        self.voices: list[Claim] | None = None
        self.score = 0
        self.queued = False
        self.handle = -1
        self.incident: Any = None

    @property
    def latest(self) -> Account:
        """The account whose casualties stand for the claim: the last received that gives any, else its first."""
        if len(self.told) == 1:
            return self.account
        counted = [a for a in self.told if a.killed is not None or a.injured is not None]
        return max(counted, key=lambda a: (a.received_at, a.report_id)) if counted else self.account


class Deduplicator:
    """Live accounts in, changes of claims and incidents out."""

    def __init__(self, terms: Terms) -> None:
        match, rule = terms.match, rule_of(terms.match)
        self._claims: Anchoring | Groups
        self._incidents: Anchoring | Groups
        if LIBRARY is not None:
            self._claims = Groups(LIBRARY, match, rule, REPEAT_BITS)
            self._incidents = Groups(LIBRARY, match, rule)
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

    def resolve(self) -> tuple[list[Claim], list[Change]]:
        """(claims whose accounts changed, changes of incidents by claim), to be applied in this order."""
        retold: dict[int, Claim] = {}
        for head, account, joined in self._claims.resolve():
            claim: Claim | None = head.claim
            if account is head and joined:
                head.claim = claim = Claim(head)
                self._incidents.add(claim)
            elif account is head:
                self._incidents.remove(head.claim)
                retold.pop(id(head.claim), None)
                head.claim = None
            else:
                assert claim is not None
                claim.told.append(account) if joined else claim.told.remove(account)
                retold[id(claim)] = claim
        return list(retold.values()), self._incidents.resolve()


__all__ = ["Claim", "Deduplicator"]
