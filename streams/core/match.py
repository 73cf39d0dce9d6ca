"""Whether two claims can tell of one incident, and how well they agree.

Record linkage as Fellegi and Sunter (1969) put it: a pair reaches one level in each comparison of the `ladder`, each
level has a weight in thousandths of a bit, their sum is the score, and the same levels explain it. Everything here reads
whole numbers only.
"""

from typing import NamedTuple

from schemas.reasons import Weapon
from streams.core.features import SHARP_S, UNSAID, WEAPONS, Features
from streams.core.geometry import distance_m
from streams.core.ladder import DEFAULTS, NAMES, NUMBER
from streams.core.terms import HOUR, Match, thousandths

_NUMBER = {f"{comparison}.{level}": number for (comparison, level), number in NUMBER.items()}
_SAME_POINT, _SAME_SPOT, _CLOSE, _NEAR, _SAME_CENTRE, _SAME_TOWN, _OVERLAPPING, _SAME_DISTRICT, _SAME_PROVINCE, _NEXT_TO = range(
    10
)
_TIME = _NUMBER["time.same_moment"]
_SAME_MOMENT, _SAME_TIME, _SAME_HOUR, _SAME_PART, _WITHIN_HOUR = range(_TIME, _TIME + 5)
_WITHIN_THREE, _WITHIN_WINDOW, _SAME_DAY, _SAME_DAYS, _OTHER_DAY = range(_TIME + 5, _TIME + 10)
_WEAPON_SAME = _NUMBER["weapon.same"]
_WEAPON_BY_ONE, _WEAPON_BY_BOTH, _WEAPON_ALIKE = range(_WEAPON_SAME + 1, _WEAPON_SAME + 4)
_KILLED, _INJURED = _NUMBER["killed.agree"], _NUMBER["injured.agree"]
_AGREE, _NOBODY, _COUNT_UNSAID, _COUNT_NEAR, _FAR_APART, _NOBODY_BY_ONE = range(6)
_BY, _AGAINST = _NUMBER["by.same"], _NUMBER["against.same"]
_ACTOR_SAME, _ACTOR_UNSAID, _ACTOR_OTHER = range(3)
_TEXT = _NUMBER["text.near_identical"]
_NEAR_IDENTICAL, _TEXT_ALIKE, _TEXT_AKIN, _TEXT_UNLIKE, _NOT_COMPARABLE = range(_TEXT, _TEXT + 5)
_LINKS_SHARED = _NUMBER["links.shared"]
_LINKS_OTHER, _LINKS_UNSAID = _LINKS_SHARED + 1, _LINKS_SHARED + 2

# Circles together as wide as this: a spot, a town, a district.
_SPOT_M, _TOWN_M, _DISTRICT_M = 2_500, 15_000, 50_000
_POINT_M, _REACH_M, _CLOSE_M = 500, 1_000, 2_000
"""Points nearer than the second are one spot, however small their circles say they are."""
_MOMENT_S, _QUARTER_HOUR = 300, HOUR // 4
_DAY_LONG = 25 * HOUR
"""The longest local day."""
NEAR_IDENTICAL_BITS, ALIKE_BITS, AKIN_BITS = 8, 14, 20
"""Signatures of unrelated texts of one language differ in 27 of 64 bits, give or take 4 (measured on English reports)."""

_UNDETERMINED, _SMALL_ARMS = WEAPONS[Weapon.UNDETERMINED], WEAPONS[Weapon.SMALL_ARMS]
_FAMILIES = (
    {Weapon.MORTAR, Weapon.ROCKET, Weapon.ARTILLERY, Weapon.TANK, Weapon.ATGM},
    {Weapon.AIRSTRIKE, Weapon.UAV},
)
_KILLED_AT = slice(Features._fields.index("killed_low"), Features._fields.index("killed_high") + 1)
_INJURED_AT = slice(Features._fields.index("injured_low"), Features._fields.index("injured_high") + 1)


def _weapon_levels() -> tuple[tuple[int | None, ...], ...]:
    """By weapon and weapon. `undetermined` fits any explosive weapon; small arms are none."""

    def level(one: Weapon, other: Weapon) -> int | None:
        if one is other:
            return _WEAPON_BY_BOTH if one is Weapon.UNDETERMINED else _WEAPON_SAME
        if Weapon.UNDETERMINED in (one, other):
            return None if Weapon.SMALL_ARMS in (one, other) else _WEAPON_BY_ONE
        return _WEAPON_ALIKE if any(one in family and other in family for family in _FAMILIES) else None

    return tuple(tuple(level(one, other) for other in Weapon) for one in Weapon)


_WEAPON_LEVELS = _weapon_levels()


class Rule(NamedTuple):
    """What terms say of matching, as numbers. `weights` by level, in the order of the ladder; thousandths of a bit."""

    distance_m: int
    window_s: int
    threshold: int
    weights: tuple[int, ...]
    one_a_day: bool


class Agreement(NamedTuple):
    """One comparison of a pair: the level reached, and its weight in thousandths of a bit."""

    comparison: str
    level: str
    weight: int


def rule_of(match: Match) -> Rule:
    """The weights of the terms over those that ship."""
    weights = [thousandths(weight) for weight in DEFAULTS]
    for comparison, levels_ in match.weights.items():
        for level, weight in levels_.items():
            weights[NUMBER[comparison, level]] = thousandths(weight)
    return Rule(match.distance_m, match.window_hours * HOUR, thousandths(match.threshold), tuple(weights), match.one_a_day)


def score(one: Features, other: Features, rule: Rule) -> int | None:
    """Of a pair, in thousandths of a bit; None where they exclude each other. Symmetric."""
    reached = levels(one, other, rule)
    if reached is None:
        return None
    weights, total = rule.weights, 0
    for level in reached:
        total += weights[level]
    return total


def explain(one: Features, other: Features, rule: Rule) -> list[Agreement] | None:
    """What makes up the score of a pair; None where place, time, kind or weapon rule it out."""
    reached = levels(one, other, rule)
    return None if reached is None else [Agreement(*NAMES[level], rule.weights[level]) for level in reached]


def ruled_out_by(one: Features, other: Features, rule: Rule) -> str | None:
    """The comparison that rules a pair out; None where they may be one incident, whatever the score."""
    if one.kind != other.kind:
        return "kind"
    if _WEAPON_LEVELS[one.weapon][other.weapon] is None:
        return "weapon"
    if _time(one, other, rule.window_s) is None:
        return "time"
    return "place" if _place(one, other, rule.distance_m) is None else None


def same_point(one: Features, other: Features) -> bool:
    """Whether two circles have the same centre, as far as anybody means it."""
    return distance_m(one.lat_e6, one.lon_e6, other.lat_e6, other.lon_e6) <= _POINT_M


def can_be_one(kind: int, weapon: int, other_kind: int, other_weapon: int) -> bool:
    """Whether claims of two kinds and weapons can tell of one incident."""
    return kind == other_kind and _WEAPON_LEVELS[weapon][other_weapon] is not None


def weapon_level(one: int, other: int) -> int | None:
    """The level that two weapons reach; None where they exclude each other."""
    return _WEAPON_LEVELS[one][other]


def levels(one: Features, other: Features, rule: Rule) -> tuple[int, ...] | None:
    """The level reached in each comparison, cheap tests first; None where one of them rules the pair out."""
    weapon = _WEAPON_LEVELS[one.weapon][other.weapon]
    if weapon is None or one.kind != other.kind:
        return None
    time = _time(one, other, rule.window_s)
    if time is None:
        return None
    place = _place(one, other, rule.distance_m)
    if place is None:
        return None
    return (
        place,
        time,
        weapon,
        _KILLED + _count(one[_KILLED_AT], other[_KILLED_AT]),
        _INJURED + _count(one[_INJURED_AT], other[_INJURED_AT]),
        _BY + _actor(one.by, other.by),
        _AGAINST + _actor(one.against, other.against),
        _text(one, other),
        _links(one.links, other.links),
    )


def _time(one: Features, other: Features, window_s: int) -> int | None:
    gap_s = max(one.start - other.end, other.start - one.end)
    longest_s = max(one.end - one.start, other.end - other.start)
    if longest_s > SHARP_S:
        if gap_s > window_s:
            return None
        # Half-open spans that only touch are of different days.
        if one.start >= max(other.end, other.start + 1) or other.start >= max(one.end, one.start + 1):
            return _OTHER_DAY
        return _SAME_DAY if longest_s <= _DAY_LONG else _SAME_DAYS
    # Where both are sharp, half the window is enough.
    if gap_s * 2 > window_s:
        return None
    if gap_s <= _QUARTER_HOUR:
        if longest_s > _QUARTER_HOUR:
            return _SAME_HOUR if longest_s <= HOUR else _SAME_PART
        return _SAME_MOMENT if gap_s <= _MOMENT_S else _SAME_TIME
    if gap_s <= HOUR:
        return _WITHIN_HOUR
    return _WITHIN_THREE if gap_s <= 3 * HOUR else _WITHIN_WINDOW


def _place(one: Features, other: Features, reach_m: int) -> int | None:
    wide_m = one.radius_m + other.radius_m
    apart_m = distance_m(one.lat_e6, one.lon_e6, other.lat_e6, other.lon_e6)
    beyond_m = apart_m - wide_m
    if beyond_m > reach_m:
        return None
    if wide_m <= _SPOT_M:
        if apart_m <= _POINT_M:
            return _SAME_POINT
        beyond_m = apart_m - max(wide_m, _REACH_M)
        return _SAME_SPOT if beyond_m <= 0 else _CLOSE if beyond_m <= _CLOSE_M else _NEAR
    if beyond_m > 0:
        return _NEXT_TO
    if wide_m <= _TOWN_M:
        return _SAME_CENTRE if apart_m <= _POINT_M else _SAME_TOWN if apart_m * 2 <= wide_m else _OVERLAPPING
    return _SAME_DISTRICT if wide_m <= _DISTRICT_M else _SAME_PROVINCE


def _count(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    low, best, high = one
    other_low, other_best, other_high = other
    if low == UNSAID or other_low == UNSAID:
        return _COUNT_UNSAID
    if high == 0 or other_high == 0:
        return _NOBODY if high == other_high else _NOBODY_BY_ONE if max(low, other_low) > 0 else _COUNT_NEAR
    if low <= other_high and other_low <= high:
        return _AGREE
    return _FAR_APART if max(best, other_best) > 2 * min(best, other_best) + 1 else _COUNT_NEAR


def _actor(one: int, other: int) -> int:
    if one == 0 or other == 0:
        return _ACTOR_UNSAID
    return _ACTOR_SAME if one == other else _ACTOR_OTHER


def _text(one: Features, other: Features) -> int:
    if one.script == 0 or one.script != other.script:
        return _NOT_COMPARABLE
    bits = (one.signature ^ other.signature).bit_count()
    if bits <= AKIN_BITS:
        return _NEAR_IDENTICAL if bits <= NEAR_IDENTICAL_BITS else _TEXT_ALIKE if bits <= ALIKE_BITS else _TEXT_AKIN
    return _TEXT_UNLIKE


def _links(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    if not one or not other:
        return _LINKS_UNSAID
    return _LINKS_SHARED if any(link in other for link in one) else _LINKS_OTHER


__all__ = ["Agreement", "Rule", "can_be_one", "explain", "levels", "rule_of", "ruled_out_by", "score", "weapon_level"]
