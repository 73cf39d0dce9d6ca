"""One incident: the claims around an anchor, where it happened, what was said of it since, and what it adds to the measures.

Most incidents are told by one claim and most of those are alike in all that counts; few are told by many. So counts over
the claims (`testimony`) are kept only where there are many.
"""

from bisect import bisect_left, insort
from collections.abc import Hashable
from hashlib import blake2b
from operator import attrgetter

from streams.core.claims import Account
from streams.core.deduplicate import Claim
from streams.core.reach import reaches
from streams.core.terms import Terms
from streams.core.testimony import Derived, Testimony
from streams.core.zones import Placement

Amounts = tuple[int, int, int]
"""By metric: incidents, severity (thousandths), killed."""
Adds = tuple[Amounts | None, Amounts | None, Amounts | None]
"""By bound, what an incident adds to the measures wherever it reaches; None where it does not count."""
NOTHING: Adds = (None, None, None)

_ORDER = attrgetter("order")
FEW_CLAIMS = 4
"""So many are counted whenever it is asked what they say: to keep the counts would take more room than the claims."""
FEW_REPORTS = 8
"""And so many are put in order when they are asked for."""


class Incident:
    """The claims around one anchor. `reaches`: where and when it counts if it does; `adds`: what it adds to the measures now.

    `reports`: how many tell of it.
    """

    __slots__ = (
        "_counted",
        "_digest",
        "_few",
        "_ordered",
        "_terms",
        "adds",
        "admissions",
        "anchor",
        "claims",
        "denials",
        "findings",
        "id",
        "placement",
        "reaches",
        "reports",
    )

    def __init__(self, anchor: Claim, terms: Terms, placement: Placement) -> None:
        first = anchor.account
        self.id = incident_id(first.source_name, first.report_id, terms.truce.id, terms.truce.salt)
        self.anchor = first
        self.placement = placement
        self.claims = 0
        self.admissions: tuple[tuple[str, int], ...] = ()
        self.denials = 0
        self.findings = 0
        self.reaches = reaches(placement, first.start - terms.d_hour_s, first.end - terms.d_hour_s)
        self.adds = NOTHING
        self.reports = 0
        self._terms = terms
        self._few: tuple[Claim, ...] = ()
        self._counted: Testimony | None = None
        self._ordered: list[Account] | None = None
        self._digest = 0

    def add(self, claim: Claim) -> None:
        """A claim tells of it too. What it says now is what is taken out again, whatever becomes of it."""
        claim.enter()
        self.claims += 1
        for account in claim.entered[1]:
            self._list(account, 1)
        if self._counted is not None:
            self._counted.count(claim.account, claim.entered[0], 1)
            return
        self._few += (claim,)
        if self.claims > FEW_CLAIMS:
            self._put_in_order()
            self._counted, self._few = self.testimony, ()
        elif self.reports > FEW_REPORTS:
            self._put_in_order()

    def remove(self, claim: Claim) -> None:
        """A claim tells of it no more."""
        latest, told = claim.entered
        self.claims -= 1
        for account in told:
            self._list(account, -1)
        if self._counted is None:
            self._few = tuple(one for one in self._few if one is not claim)
        else:
            self._counted.count(claim.account, latest, -1)

    def retell(self, claim: Claim, changes: dict[Account, bool]) -> None:
        """Accounts joined (true) or left a claim. It costs what they are, however often the claim was told."""
        before, told = claim.entered
        told = told if isinstance(told, dict) else dict.fromkeys(told)
        for account, joined in changes.items():
            if joined:
                told[account] = None
            else:
                del told[account]
            self._list(account, 1 if joined else -1)
        claim.enter(told)
        if self.reports > FEW_REPORTS:
            self._put_in_order()
        if self._counted is not None and claim.latest is not before:
            self._counted.count_hurt(claim.account, before, -1)
            self._counted.count_hurt(claim.account, claim.latest, 1)

    def _list(self, account: Account, step: int) -> None:
        """Enter a report (+1) or take it out (-1)."""
        self._digest += step * account.report_digest
        self.reports += step
        if self._ordered is None:
            return
        if step > 0:
            insort(self._ordered, account, key=_ORDER)
        else:
            del self._ordered[bisect_left(self._ordered, account.order, key=_ORDER)]

    def _put_in_order(self) -> None:
        """From now on its reports are kept in canonical order."""
        if self._ordered is None:
            self._ordered = self.first_accounts()

    @property
    def testimony(self) -> Testimony:
        """What its claims say. Not kept where few tell of it."""
        if self._counted is not None:
            return self._counted
        counted = Testimony(self._terms)
        for claim in self._few:
            counted.count(claim.account, claim.entered[0], 1)
        return counted

    @property
    def alone(self) -> Hashable | None:
        """All that `derive` rests on, where one claim tells of it and nobody speaks of it; else None."""
        if len(self._few) != 1 or self.admissions:
            return None
        teller, act, hurt = self.anchor.teller, self.anchor.act, self._few[0].entered[0].hurt
        return (
            *(act.kind, act.weapon, hurt.killed, hurt.injured, hurt.who, act.by, act.against, act.via_lineage),
            *(teller.lineage, teller.side, teller.independent, teller.trusted_violence),
        )

    def derive(self) -> Derived:
        """What follows from its claims, and from what was said of it."""
        return self.testimony.derive(self.anchor.kind, bool(self.admissions))

    @property
    def counted(self) -> bool:
        """Whether it adds anything to the measures."""
        return self.adds != NOTHING

    def counts(self, bound: int, zone: str, day: int) -> bool:
        """Whether it adds to a bound of a day of a zone."""
        reach = self.reaches[bound]
        return self.adds[bound] is not None and day in reach.days and zone in reach.zones

    @property
    def reports_digest(self) -> int:
        """Of all reports that tell of it, in whatever order: 128 bits."""
        return self._digest % (1 << 128)

    def first_accounts(self, count: int | None = None) -> list[Account]:
        """The first reports of it in canonical order; without a count, all."""
        if self._ordered is not None:
            return self._ordered[:count]
        told = [account for claim in self._few for account in claim.entered[1]]
        if len(told) > 1:
            told.sort(key=_ORDER)
        return told[:count]


def incident_id(source: str, report_id: str, truce: str, salt: str) -> str:
    """Digest of the anchor's source and report id with the salt: 24 hexadecimal digits that name nobody."""
    return blake2b(
        f"{source}\x00{report_id}\x00{truce}".encode("utf-8", "surrogatepass"), key=salt.encode()[:64], digest_size=12
    ).hexdigest()


__all__ = ["NOTHING", "Adds", "Amounts", "Incident", "incident_id"]
