"""Two policies on the same reports: which days and which phases come out differently, and since when."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import orjson

from schemas.facts import Day, Level, PhaseChange
from schemas.reasons import WHOLE, ChangeKind, Outcome
from schemas.topics import DAYS, LEVELS, PUBLIC_TERMS
from streams.proof.sources import Source


class OtherDay(NamedTuple):
    """A day of a zone that is not the same; None where one side has none."""

    truce: str
    zone: str
    day: int
    starts: int
    one: Day | None
    other: Day | None


class Comparison(NamedTuple):
    """`terms`: (truce, key, value here, value there). Changes of phase are those that stand in the end. `outcomes`: (truce,
    zone, days by outcome here, there) of settled days, where they are not the same. `disagreement`: (truce, zone, index here,
    index there) of the last level, in thousandths."""

    terms: list[tuple[str, str, Any, Any]]
    only_one: list[PhaseChange]
    only_other: list[PhaseChange]
    days: list[OtherDay]
    outcomes: list[tuple[str, str, dict[str, int], dict[str, int]]]
    disagreement: list[tuple[str, str, int | None, int | None]]

    @property
    def since_s(self) -> int | None:
        """The beginning of the first day that differs, or the first other change of phase."""
        moments = [day.starts for day in self.days] + [c.effective_at for c in (*self.only_one, *self.only_other)]
        return min(moments, default=None)


def compare(one: Source, other: Source) -> Comparison:
    here, there = standing(one), standing(other)
    return Comparison(
        list(_other_terms(one, other)),
        [change for identity, change in here.items() if identity not in there],
        [change for identity, change in there.items() if identity not in here],
        list(_other_days(one, other)),
        list(_other_outcomes(one, other)),
        list(_other_disagreement(one, other)),
    )


def standing(source: Source) -> dict[tuple, PhaseChange]:
    """Those announced less those taken back, in order of effect."""
    announced: dict[str, PhaseChange] = {}
    for written in source.changes():
        change = msgspec.json.decode(written.value, type=PhaseChange)
        if change.kind is ChangeKind.VOID:
            announced.pop(change.supersedes or "", None)
        else:
            announced[change.id] = change
    ordered = sorted(announced.values(), key=lambda change: change.effective_at)
    return {(c.truce, c.zone, c.kind, c.before, c.after, c.effective_at): c for c in ordered}


def _other_days(one: Source, other: Source) -> Iterator[OtherDay]:
    here, there = _days(one), _days(other)
    for key in sorted(here.keys() | there.keys(), key=lambda key: (key[0], key[2], key[1])):
        before, after = here.get(key), there.get(key)
        if _shown(before) != _shown(after):
            starts = (before or after).starts  # type: ignore[union-attr]
            yield OtherDay(*key, starts, before, after)


def _other_outcomes(one: Source, other: Source) -> Iterator[tuple[str, str, dict[str, int], dict[str, int]]]:
    here, there = _outcomes(one), _outcomes(other)
    for truce, zone in sorted(here.keys() | there.keys()):
        before, after = here.get((truce, zone), {}), there.get((truce, zone), {})
        if before != after:
            yield truce, zone, before, after


def _outcomes(source: Source) -> dict[tuple[str, str], dict[str, int]]:
    """How many settled days of each zone came to what, the most frequent first."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for (truce, zone, _), day in _days(source).items():
        if day.outcome not in (Outcome.BEFORE, Outcome.PENDING):
            found.setdefault((truce, zone), Counter())[day.outcome.value] += 1
    return {key: dict(sorted(counts.items(), key=lambda count: (-count[1], count[0]))) for key, counts in found.items()}


def _other_disagreement(one: Source, other: Source) -> Iterator[tuple[str, str, int | None, int | None]]:
    here, there = _levels(one), _levels(other)
    for truce, zone in sorted(here.keys() & there.keys()):
        before, after = here[truce, zone], there[truce, zone]
        if before != after:
            yield truce, zone, before, after


def _levels(source: Source) -> dict[tuple[str, str], int | None]:
    """The index of disagreement in the last level of each zone."""
    levels = (msgspec.json.decode(value, type=Level) for value in source.latest(LEVELS).values())
    return {(level.truce, level.zone): level.disagreement.index if level.disagreement else None for level in levels}


def _days(source: Source) -> dict[tuple[str, str, int], Day]:
    days = (msgspec.json.decode(value, type=Day) for value in source.latest(DAYS).values())
    return {(day.truce, day.zone, day.day): day for day in days}


def _shown(day: Day | None) -> Any:
    """What makes a day another: outcome, reasons, the interval of its metric, and what it is held against."""
    return None if day is None else (day.outcome, day.failed, day.metric, getattr(day.measures, day.metric), day.limit)


def _other_terms(one: Source, other: Source) -> Iterator[tuple[str, str, Any, Any]]:
    here, there = _terms(one), _terms(other)
    for truce in sorted(here.keys() & there.keys()):
        flat_here, flat_there = dict(_flat(here[truce])), dict(_flat(there[truce]))
        for key in sorted(flat_here.keys() | flat_there.keys()):
            if flat_here.get(key) != flat_there.get(key):
                yield truce, key, flat_here.get(key), flat_there.get(key)


def _terms(source: Source) -> dict[str, Any]:
    """The newest public terms of each truce."""
    published = sorted((orjson.loads(v) for v in source.latest(PUBLIC_TERMS).values()), key=lambda p: p["effective_from"])
    return {body["truce"]: body["terms"] for body in published}


def gated_zones(source: Source) -> set[tuple[str, str]]:
    """(truce, zone) of those that decide."""
    found = set()
    for truce, terms in _terms(source).items():
        found |= {(truce, zone["id"]) for zone in terms["zones"] if zone["gated"]}
        found |= {(truce, WHOLE)} if terms["whole"]["gated"] else set()
    return found


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and all(isinstance(inner, dict) and "id" in inner for inner in value):
        for inner in value:
            yield from _flat({k: v for k, v in inner.items() if k != "id"}, f"{path}.{inner['id']}")
    else:
        yield path, value


__all__ = ["Comparison", "OtherDay", "compare", "gated_zones", "standing"]
