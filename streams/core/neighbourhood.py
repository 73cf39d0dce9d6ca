"""Which claims are near which, in cells of space and time.

In each cell, for each kind and weapon, the first `neighbours_max` anchors in canonical order take members, those of
sources that terms list and those of others counted apart. That bounds what one claim is compared with, whoever floods
the cell; a flood of anonymous claims closes no anchor that a known source made; and it is a function of the set.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator
from typing import Any

from streams.core.cells import BREADTHS, Cell, cell_of, cells_near, grid_of
from streams.core.match import can_be_one
from streams.core.terms import HOUR, Match

Group = tuple[int, int, bool]
"""Kind, weapon, and whether terms list the source."""


class _Listed:
    """What one cell lists of one breadth and group: claims by source, anchors in canonical order."""

    __slots__ = ("anchors", "claims")

    def __init__(self) -> None:
        self.claims: dict[str, list[Any]] = {}
        self.anchors: list[tuple[Any, Any]] = []


class Neighbourhood:
    """Claims have `order`, `source`, `features`, `account` and `breadth`: None for those never merged, which are in no cell."""

    def __init__(self, match: Match) -> None:
        self._distance_m = match.distance_m
        self._window_s = match.window_hours * HOUR
        self._anchors_max = match.neighbours_max
        self._cells: dict[tuple[Cell, int], dict[Group, _Listed]] = {}
        # By breadth: the grids it is listed in, because a breadth that is there meets it in them.
        self._grids: dict[int, set[int]] = {}

    def add(self, claim: Any) -> None:
        if claim.breadth is None:
            return
        if claim.breadth not in self._grids:
            self._begin(claim.breadth)
        self._list(claim)

    def remove(self, claim: Any) -> None:
        if claim.breadth is None:
            return
        for grid in self._grids[claim.breadth]:
            listed = self._listed(claim, grid)
            claims = listed.claims[claim.source]
            claims.remove(claim)
            if not claims:
                del listed.claims[claim.source]
                self._tidy(claim, grid)

    def near(self, anchor: Any, grids: Collection[int] | None) -> Iterator[Any]:
        """What meets an anchor in some grids, or anywhere."""
        for grid, listed in self._around(anchor):
            if grids is None or grid in grids:
                for claims in list(listed.claims.values()):
                    yield from claims

    def near_of_source(self, anchor: Any, source: str) -> Iterator[Any]:
        for _, listed in self._around(anchor):
            yield from listed.claims.get(source, ())

    def open_anchors(self, claim: Any) -> Iterator[Any]:
        for _, listed in self._around(claim):
            for _, anchor in listed.anchors[: self._anchors_max]:
                yield anchor

    def add_anchor(self, claim: Any) -> tuple[set[int], list[tuple[Any, int]]]:
        """(grids in which it may take members, anchors that no longer may, each with the grid)."""
        opened: set[int] = set()
        closed: list[tuple[Any, int]] = []
        if claim.breadth is None:
            return opened, closed
        for grid in self._grids[claim.breadth]:
            anchors = self._listed(claim, grid).anchors
            insort(anchors, (claim.order, claim))
            if bisect_left(anchors, (claim.order,)) < self._anchors_max:
                opened.add(grid)
                if len(anchors) > self._anchors_max:
                    closed.append((anchors[self._anchors_max][1], grid))
        return opened, closed

    def remove_anchor(self, claim: Any) -> list[tuple[Any, int]]:
        """Anchors that may now take members, each with the grid."""
        opened: list[tuple[Any, int]] = []
        if claim.breadth is None:
            return opened
        for grid in self._grids[claim.breadth]:
            anchors = self._listed(claim, grid).anchors
            rank = bisect_left(anchors, (claim.order,))
            assert anchors[rank][1] is claim
            del anchors[rank]
            if rank < self._anchors_max <= len(anchors):
                opened.append((anchors[self._anchors_max - 1][1], grid))
            if not anchors:
                self._tidy(claim, grid)
        return opened

    @staticmethod
    def meets(one: Any, other: Any, grid: int) -> bool:
        """Whether two claims meet in a grid."""
        return grid_of(one.breadth, other.breadth) == grid

    def _begin(self, breadth: int) -> None:
        """The first claim of a breadth: everything is listed anew, so that what is there meets it."""
        known = [listed for (cell, own), groups in self._cells.items() if cell.grid == own for listed in groups.values()]
        self._grids[breadth] = set()
        for other in self._grids:
            met = grid_of(breadth, other)
            self._grids[breadth].add(met)
            self._grids[other].add(met)
        self._cells = {}
        for listed in known:
            for claims in listed.claims.values():
                for claim in claims:
                    self._list(claim)
            for order, anchor in listed.anchors:
                for grid in self._grids[anchor.breadth]:
                    insort(self._listed(anchor, grid).anchors, (order, anchor))

    def _list(self, claim: Any) -> None:
        for grid in self._grids[claim.breadth]:
            self._listed(claim, grid).claims.setdefault(claim.source, []).append(claim)

    def _around(self, claim: Any) -> Iterator[tuple[int, _Listed]]:
        """(grid, what a cell lists) for every cell and group that may hold what fits a claim."""
        if claim.breadth is None:
            return
        features = claim.features
        for breadth in BREADTHS:
            if breadth not in self._grids:
                continue
            grid = grid_of(claim.breadth, breadth)
            for cell in cells_near(features, grid, breadth, self._distance_m, self._window_s):
                groups = self._cells.get((cell, breadth))
                if groups is not None:
                    for (kind, weapon, _), listed in list(groups.items()):
                        if can_be_one(features.kind, features.weapon, kind, weapon):
                            yield grid, listed

    def _listed(self, claim: Any, grid: int) -> _Listed:
        groups = self._cells.setdefault((cell_of(claim.features, grid), claim.breadth), {})
        group = _group(claim)
        found = groups.get(group)
        if found is None:
            found = groups[group] = _Listed()
        return found

    def _tidy(self, claim: Any, grid: int) -> None:
        """Nothing is kept of a cell that lists nothing."""
        key, group = (cell_of(claim.features, grid), claim.breadth), _group(claim)
        listed = self._cells[key][group]
        if not listed.claims and not listed.anchors:
            del self._cells[key][group]
            if not self._cells[key]:
                del self._cells[key]


def _group(claim: Any) -> Group:
    return claim.features.kind, claim.features.weapon, claim.account.listed


__all__ = ["Neighbourhood"]
