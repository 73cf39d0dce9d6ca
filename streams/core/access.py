"""Whether an access area (a road, a quarter) was open on a day, and who says so.

"Open" holds for a while; "denied" holds until it is taken back. Where both overlap, denied wins.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.reasons import Trust
from streams.core.terms import HOUR, Terms

Span = tuple[int, int]
FOR_EVER = 1 << 62


class Statement(NamedTuple):
    """A source says, for a time (seconds since 1970), that an area is open or denied."""

    at: int
    source: str
    open: bool


class Access:
    """Statements by area. Those of sources that terms do not list are kept out: nobody vouches for them."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._sources = {source.id: source for source in terms.sources}
        self._by_area: dict[str, dict[object, Statement]] = {area: {} for area in terms.access.areas}
        self._area_of: dict[object, str] = {}
        self._closed: set[object] = set()

    def add(self, key: object, area: str, statement: Statement) -> bool:
        """Whether it can matter: an area of the terms, by a source of the terms."""
        if area not in self._by_area or statement.source not in self._sources:
            return False
        self._by_area[area][key] = statement
        self._area_of[key] = area
        return True

    def remove(self, key: object) -> Statement | None:
        area = self._area_of.pop(key, None)
        return None if area is None else self._by_area[area].pop(key)

    def __contains__(self, key: object) -> bool:
        return key in self._area_of

    def __len__(self) -> int:
        return len(self._area_of)

    def statements(self) -> Iterator[tuple[Any, str, Statement]]:
        """Every statement with its report key and area."""
        for area, statements in self._by_area.items():
            for key, statement in statements.items():
                yield key, area, statement

    def close(self, key: object) -> None:
        """The report cannot be taken back any more; its word stays for as long as it holds."""
        if key in self._area_of:
            self._closed.add(key)

    def forget(self, before_s: int) -> None:
        """Let go of closed words on which nothing after this time can rest: "open" that is over, denials that are."""
        hold_s = self._terms.access.valid_hours * HOUR
        for area, statements in self._by_area.items():
            standing = {start for start, end in self._denials(area) if end > before_s}
            for key in [key for key in statements if key in self._closed]:
                said = statements[key]
                if said.at + hold_s < before_s and (said.open or said.at not in standing):
                    del statements[key], self._area_of[key]
                    self._closed.discard(key)

    def state(self, area: str, start_s: int, end_s: int) -> str:
        """`denied`, `open` or `unreported` for a day [start, end)."""
        if _touches(self._denied(area), start_s, end_s):
            return "denied"
        return "open" if _touches(self._open(area), start_s, end_s) else "unreported"

    def _open(self, area: str) -> list[Span]:
        """Spans of positive word by sources trusted for access."""
        hold_s = self._terms.access.valid_hours * HOUR
        statements = self._ordered(area)
        return [(s.at, s.at + hold_s) for s in statements if s.open and Trust.ACCESS in self._sources[s.source].trusted]

    def _denied(self, area: str) -> list[Span]:
        """By a source trusted for access, until such a source says open; by both sides, while both stand by it."""
        trusted, one, other = self._denials_by_whom(area)
        both = [(max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other if max(a[0], b[0]) < min(a[1], b[1])]
        return trusted + both

    def _denials(self, area: str) -> list[Span]:
        return [span for spans in self._denials_by_whom(area) for span in spans]

    def _denials_by_whom(self, area: str) -> tuple[list[Span], list[Span], list[Span]]:
        """By sources trusted for access, by one side, by the other: how long each stands by it."""
        trusted: list[Span] = []
        by_side: dict[str, list[Span]] = {side: [] for side in self._terms.opposed}
        for statement in self._ordered(area):
            source = self._sources[statement.source]
            is_trusted = Trust.ACCESS in source.trusted
            if statement.open:
                if is_trusted:
                    for spans in (trusted, *by_side.values()):
                        _close(spans, statement.at)
                elif source.side in by_side:
                    _close(by_side[source.side], statement.at)
            elif is_trusted:
                _begin(trusted, statement.at)
            elif source.side in by_side:
                _begin(by_side[source.side], statement.at)
        return trusted, *by_side.values()  # type: ignore[return-value]

    def _ordered(self, area: str) -> list[Statement]:
        # At the same moment "open" comes first, so that a denial stands.
        return sorted(self._by_area[area].values(), key=lambda s: (s.at, not s.open, s.source))


def _begin(spans: list[Span], at_s: int) -> None:
    if not spans or spans[-1][1] != FOR_EVER:
        spans.append((at_s, FOR_EVER))


def _close(spans: list[Span], at_s: int) -> None:
    if spans and spans[-1][1] == FOR_EVER:
        spans[-1] = (spans[-1][0], at_s)


def _touches(spans: list[Span], start_s: int, end_s: int) -> bool:
    return any(start < end_s and end > start_s for start, end in spans)


__all__ = ["Access", "Statement"]
