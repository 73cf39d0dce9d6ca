"""From reports to incidents: one thing that happened is one incident, however many tell of it.

Twice the same grouping (`anchoring`): accounts of one source that repeat its own words or links form a claim; claims of
different sources that fit in place, time, kind and weapon form an incident. Both are functions of the set of live
accounts.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from math import cos, radians
from typing import Any

from streams.core.anchoring import Anchoring, Change
from streams.core.claims import Account
from streams.core.geometry import distance_m
from streams.core.match import fit, rule_of
from streams.core.terms import DAY, HOUR, Match, Terms

EARTH_M_PER_DEGREE = 111_195
SIZES = ((5_000, 150_000), (25_000, 500_000), (120_000, 2_500_000), (20_100_000, 180_000_000))
"""(greatest radius in metres, cell in microdegrees): a circle is filed under the first that holds it."""
SHORT_SPAN_S = 25 * HOUR


class Claim:
    """What one source says of one thing: its first account in canonical order, and those that repeat it."""

    __slots__ = ("account", "anchor", "incident", "members", "order", "queued", "score", "source", "told")

    def __init__(self, account: Account) -> None:
        self.account = account
        self.order = account.order
        self.source = account.source
        self.told = [account]
        self.anchor: Claim | None = None
        self.members: dict[Any, Claim] | None = None
        self.score = 0
        self.queued = False
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
        match = terms.match
        self._claims = Anchoring(_Repeats(), _repeats(match), exclusive=False)
        rule = rule_of(match)
        self._incidents = Anchoring(
            _Neighbourhood(match), lambda a, c: fit(a.account.features, c.account.features, rule), exclusive=True
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


def _repeats(match: Match):
    """Whether a later account of the same source tells the same thing again: near enough, soon enough."""

    def fits(head: Account, account: Account) -> int | None:
        gap_s = max(account.start - head.end, head.start - account.end, 0)
        if gap_s > match.window_hours * HOUR or head.kind is not account.kind:
            return None
        apart_m = distance_m(head.lat_e6, head.lon_e6, account.lat_e6, account.lon_e6)
        if apart_m > match.distance_m + head.radius_m + account.radius_m:
            return None
        return 0

    return fits


class _Repeats:
    """Accounts by source and by what they repeat (a link, a text)."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, bytes], dict[int, Account]] = {}
        self._anchors: dict[tuple[str, bytes], dict[int, Account]] = {}

    def add(self, account: Account) -> None:
        for key in account.keys:
            self._all.setdefault((account.source, key), {})[id(account)] = account

    def remove(self, account: Account) -> None:
        _drop(self._all, account)

    def near(self, account: Account) -> Iterable[Account]:
        return _gather(self._all, account)

    def open_anchors(self, account: Account) -> Iterable[Account]:
        return _gather(self._anchors, account)

    def add_anchor(self, account: Account) -> tuple[bool, None]:
        for key in account.keys:
            self._anchors.setdefault((account.source, key), {})[id(account)] = account
        return bool(account.keys), None

    def remove_anchor(self, account: Account) -> None:
        _drop(self._anchors, account)


def _gather(table: dict[tuple[str, bytes], dict[int, Account]], account: Account) -> list[Account]:
    if not account.keys:
        return []
    if len(account.keys) == 1:
        return list(table.get((account.source, account.keys[0]), {}).values())
    found: dict[int, Account] = {}
    for key in account.keys:
        found.update(table.get((account.source, key), {}))
    return list(found.values())


def _drop(table: dict[tuple[str, bytes], dict[int, Account]], account: Account) -> None:
    for key in account.keys:
        bucket = table.get((account.source, key))
        if bucket is not None and bucket.pop(id(account), None) is not None and not bucket:
            del table[account.source, key]


Cell = tuple[int, int, int, int]


class _Neighbourhood:
    """Claims in cells of space and time, by size of their circle and length of their span.

    In each cell only the first `neighbours_max` anchors in canonical order take members: that bounds what one claim is
    compared with, whoever floods the cell, and is itself a function of the set.
    """

    def __init__(self, match: Match) -> None:
        self._distance_m = match.distance_m
        self._window_s = match.window_hours * HOUR
        self._anchors_max = match.neighbours_max
        self._all: dict[Cell, dict[str, list[Claim]]] = {}
        self._anchors: dict[Cell, list[tuple[Any, Claim]]] = {}
        self._grids: dict[int, int] = {}

    def add(self, claim: Claim) -> None:
        if not claim.account.mergeable:
            return
        cell = _cell(claim.account)
        self._grids[cell[0]] = self._grids.get(cell[0], 0) + 1
        self._all.setdefault(cell, {}).setdefault(claim.source, []).append(claim)

    def remove(self, claim: Claim) -> None:
        if not claim.account.mergeable:
            return
        cell = _cell(claim.account)
        self._grids[cell[0]] -= 1
        if not self._grids[cell[0]]:
            del self._grids[cell[0]]
        sources = self._all[cell]
        sources[claim.source].remove(claim)
        if not sources[claim.source]:
            del sources[claim.source]
            if not sources:
                del self._all[cell]

    def near(self, claim: Claim) -> Iterator[Claim]:
        for cell in self._cells(claim.account):
            for claims in list(self._all.get(cell, {}).values()):
                yield from claims

    def near_of_source(self, claim: Claim, source: str) -> Iterator[Claim]:
        for cell in self._cells(claim.account):
            yield from self._all.get(cell, {}).get(source, ())

    def open_anchors(self, claim: Claim) -> Iterator[Claim]:
        for cell in self._cells(claim.account):
            anchors = self._anchors.get(cell)
            if anchors is not None:
                for _, anchor in anchors[: self._anchors_max]:
                    yield anchor

    def add_anchor(self, claim: Claim) -> tuple[bool, Claim | None]:
        """(whether it may take members, the anchor that no longer may)."""
        if not claim.account.mergeable:
            return False, None
        anchors = self._anchors.setdefault(_cell(claim.account), [])
        insort(anchors, (claim.order, claim))
        rank = bisect_left(anchors, (claim.order,))
        if rank >= self._anchors_max:
            return False, None
        return True, anchors[self._anchors_max][1] if len(anchors) > self._anchors_max else None

    def remove_anchor(self, claim: Claim) -> Claim | None:
        """The anchor that may now take members."""
        if not claim.account.mergeable:
            return None
        cell = _cell(claim.account)
        anchors = self._anchors[cell]
        rank = bisect_left(anchors, (claim.order,))
        assert anchors[rank][1] is claim
        del anchors[rank]
        if not anchors:
            del self._anchors[cell]
        return anchors[self._anchors_max - 1][1] if rank < self._anchors_max <= len(anchors) else None

    def _cells(self, account: Account) -> Iterator[Cell]:
        """Every cell that may hold a claim that fits; none for what is never merged."""
        if not account.mergeable:
            return
        for grid in self._grids:
            radius_max_m, size_e6 = SIZES[grid // 2]
            span_max_s = SHORT_SPAN_S if grid % 2 == 0 else 7 * DAY
            reach_m = self._distance_m + account.radius_m + radius_max_m
            reach_e6 = reach_m * 1_000_000 // EARTH_M_PER_DEGREE + 1
            first_day = (account.start - self._window_s - span_max_s) // DAY
            last_day = (account.end + self._window_s) // DAY
            rows = range((account.lat_e6 - reach_e6) // size_e6, (account.lat_e6 + reach_e6) // size_e6 + 1)
            columns = _columns(account.lat_e6, account.lon_e6, reach_e6, size_e6)
            for day in range(first_day, last_day + 1):
                for row in rows:
                    for column in columns:
                        yield grid, day, row, column


def _columns(lat_e6: int, lon_e6: int, reach_e6: int, size_e6: int) -> list[int]:
    """Columns of cells within reach; the world is round, and meridians come together towards the poles."""
    count = 360_000_000 // size_e6
    furthest_e6 = abs(lat_e6) + reach_e6
    # A cell too many costs a look-up and changes nothing, so floats will do here.
    shrink = cos(radians(furthest_e6 / 1_000_000)) if furthest_e6 < 90_000_000 else 0.0
    if shrink * count * size_e6 <= 2 * reach_e6:
        return list(range(count))
    wide_e6 = int(reach_e6 / shrink) + 1
    first, last = (lon_e6 - wide_e6) // size_e6, (lon_e6 + wide_e6) // size_e6
    if last - first + 1 >= count:
        return list(range(count))
    return [column % count for column in range(first, last + 1)]


def _cell(account: Account) -> Cell:
    size = next(number for number, (radius_max_m, _) in enumerate(SIZES) if account.radius_m <= radius_max_m)
    size_e6 = SIZES[size][1]
    grid = size * 2 + (account.end - account.start > SHORT_SPAN_S)
    column = account.lon_e6 // size_e6 % (360_000_000 // size_e6)
    return grid, account.start // DAY, account.lat_e6 // size_e6, column


__all__ = ["Claim", "Deduplicator"]
