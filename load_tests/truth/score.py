"""How well a grouping of reports agrees with the truth, and how well the intervals hold it."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

Key = tuple[str, str]
"""Source and report id."""


class Agreement(NamedTuple):
    """Pairwise: of pairs of reports, put together and truly together. B-cubed: the same, averaged over reports."""

    precision: float
    recall: float
    f1: float
    b_cubed_precision: float
    b_cubed_recall: float
    b_cubed_f1: float


class Intervals(NamedTuple):
    """Share of incidents whose true number lies within the interval, and the mean width, of the dead."""

    incidents: int
    held: float
    mean_width: float
    held_where_any_died: float
    mean_width_where_any_died: float


def agreement(truth: Mapping[Key, Hashable], found: Mapping[Key, Hashable]) -> Agreement:
    """Over the reports that were grouped; `truth` knows them all."""
    both = Counter((truth[key], group) for key, group in found.items())
    true, made = Counter(truth[key] for key in found), Counter(found.values())
    together = sum(count * (count - 1) for count in both.values())
    precision = _share(together, sum(count * (count - 1) for count in made.values()))
    recall = _share(together, sum(count * (count - 1) for count in true.values()))
    b_precision = _share(sum(count * count / made[group] for (_, group), count in both.items()), len(found))
    b_recall = _share(sum(count * count / true[happening] for (happening, _), count in both.items()), len(found))
    return Agreement(precision, recall, _f1(precision, recall), b_precision, b_recall, _f1(b_precision, b_recall))


def intervals(told: Iterable[tuple[int, tuple[int, int, int]]]) -> Intervals:
    """Of (true number, interval) by incident."""
    pairs = list(told)
    deadly = [(true, found) for true, found in pairs if true or found[2]]

    def held(among: list[tuple[int, tuple[int, int, int]]]) -> float:
        return _share(sum(low <= true <= high for true, (low, _, high) in among), len(among))

    def width(among: list[tuple[int, tuple[int, int, int]]]) -> float:
        return _share(sum(high - low for _, (low, _, high) in among), len(among))

    return Intervals(len(pairs), held(pairs), width(pairs), held(deadly), width(deadly))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def _f1(precision: float, recall: float) -> float:
    return _share(2 * precision * recall, precision + recall)


__all__ = ["Agreement", "Intervals", "Key", "agreement", "intervals"]
