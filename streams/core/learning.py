"""Learn the weights of the ladder from reports that nobody has labelled, by expectation and maximisation.

Among pairs of claims that place, time, kind and weapon do not rule out, some tell of one incident and some of two.
Neither is known, but each kind reaches the levels with probabilities of its own, and those, with the share of true pairs,
make what is seen most likely (Fellegi and Sunter 1969; Winkler 1988). A weight is the binary logarithm of the ratio.
What one of the two does not say is missing and weighs nothing: otherwise whoever leaves out the dead and the injured at
once would look like another kind of pair.

Floats are in order here: what is learned enters no decision but through terms, rounded to thousandths of a bit.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import log2
from typing import NamedTuple

from streams.core.features import Features
from streams.core.ladder import LADDER, NAMES, NEUTRAL
from streams.core.match import Rule, levels, rule_of
from streams.core.picture import Picture
from streams.core.terms import Match

ROUNDS_MAX = 200
SETTLED = 1e-7
"""Learning ends when the share of true pairs moves by less in a round."""
PRIOR = 0.0005
"""The share of all pairs that is added at every level, so that what was never seen is rare and not impossible."""
SEEN_MIN = 10
"""A level that fewer pairs reached keeps the weight that it had."""
WEIGHT_MAX = 8.0
"""Bits. A level that is hardly ever reached by false pairs in a sample may well be outside it."""

_FIRST = [sum(len(inner) for _, inner in LADDER[:number]) for number in range(len(LADDER))]
_SIZES = [len(inner) for _, inner in LADDER]


class Learned(NamedTuple):
    """`weights` by level and `threshold`, in bits; from how many pairs, and the share of true ones among them.

    `m`, `u`: the probability that a true, a false pair reaches a level.
    """

    weights: dict[str, dict[str, float]]
    threshold: float
    pairs: int
    true_share: float
    m: tuple[float, ...]
    u: tuple[float, ...]


class LearningError(ValueError):
    """There is too little to learn from."""


def learn(patterns: Counter[tuple[int, ...]], match: Match, sure: float) -> Learned:
    """From how often each pattern of levels was seen; the weights of `match` are where learning begins.

    The threshold is where a pair is as likely as `sure` to be one incident: less than an even chance, because a claim
    does not join whatever passes but the best group of what does. Raises `LearningError`.
    """
    start = [weight / 1_000 for weight in rule_of(match).weights]
    total = sum(patterns.values())
    if total < 200:
        raise LearningError(f"{total} pairs of reports come near each other: too few to learn from")
    u = _shares(patterns, {pattern: 1.0 for pattern in patterns})
    m = _normal([share * 2**weight for share, weight in zip(u, start, strict=True)])
    share = 0.2
    for _ in range(ROUNDS_MAX):
        chances = {pattern: _chance(pattern, m, u, share) for pattern in patterns}
        before, share = share, sum(count * chances[pattern] for pattern, count in patterns.items()) / total
        share = min(max(share, 1 / total), 1 - 1 / total)
        m = _shares(patterns, chances)
        u = _shares(patterns, {pattern: 1 - chance for pattern, chance in chances.items()})
        if abs(share - before) < SETTLED:
            break
    reached = Counter[int]()
    for pattern, count in patterns.items():
        for level in pattern:
            reached[level] += count
    bits = [
        max(-WEIGHT_MAX, min(WEIGHT_MAX, log2(m[level] / u[level])))
        if reached[level] >= SEEN_MIN and level not in NEUTRAL
        else start[level]
        for level in range(len(NAMES))
    ]
    weights: dict[str, dict[str, float]] = {comparison: {} for comparison, _ in LADDER}
    for (comparison, level), weight in zip(NAMES, bits, strict=True):
        weights[comparison][level] = round(weight, 3)
    threshold = round(log2((1 - share) / share) + log2(sure / (1 - sure)), 3)
    return Learned(weights, threshold, total, share, tuple(m), tuple(u))


def claims_of(picture: Picture) -> list[tuple[str, Features]]:
    """(source, features) of every claim that may be merged, in canonical order."""
    heads = {
        account.anchor.claim.order: account.anchor.claim
        for incident in picture.incidents.values()
        for account in incident.first_accounts()
        if account.anchor is not None and account.mergeable
    }
    return [(heads[order].source, heads[order].features) for order in sorted(heads)]


def patterns_of(claims: Iterable[tuple[str, Features]], rule: Rule) -> Counter[tuple[int, ...]]:
    """How often pairs of claims of different sources reach which levels; those that are ruled out are left out."""
    return Counter(pattern for _, _, pattern in near_pairs(claims, rule))


def near_pairs(claims: Iterable[tuple[str, Features]], rule: Rule) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """(place of one, of the other, levels) of pairs that are not ruled out, in order of their beginnings."""
    known = list(claims)
    order = sorted(range(len(known)), key=lambda number: (known[number][1].start, number))
    longest_s = max((features.end - features.start for _, features in known), default=0)
    for position, number in enumerate(order):
        source, features = known[number]
        for later in order[position + 1 :]:
            other_source, other = known[later]
            if other.start > features.start + longest_s + rule.window_s:
                break
            if source != other_source:
                pattern = levels(features, other, rule)
                if pattern is not None:
                    yield number, later, pattern


def _chance(pattern: tuple[int, ...], m: Sequence[float], u: Sequence[float], share: float) -> float:
    """That a pair with these levels is a true one."""
    true, false = share, 1 - share
    for level in pattern:
        if level not in NEUTRAL:
            true *= m[level]
            false *= u[level]
    return true / (true + false)


def _shares(patterns: Counter[tuple[int, ...]], chances: dict[tuple[int, ...], float]) -> list[float]:
    """By level, its share in its comparison among pairs weighed by their chances."""
    seen = [0.0] * len(NAMES)
    for pattern, count in patterns.items():
        weight = count * chances[pattern]
        for level in pattern:
            if level not in NEUTRAL:
                seen[level] += weight
    whole = sum(count * chances[pattern] for pattern, count in patterns.items())
    return _normal([value + PRIOR * whole for value in seen])


def _normal(seen: Sequence[float]) -> list[float]:
    shares: list[float] = []
    for first, size in zip(_FIRST, _SIZES, strict=True):
        whole = sum(seen[first : first + size])
        shares += [value / whole for value in seen[first : first + size]]
    return shares


__all__ = ["Learned", "LearningError", "claims_of", "learn", "near_pairs", "patterns_of"]
