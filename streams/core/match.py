"""Whether two claims can tell of one incident, and how well they agree.

A ladder of named levels for place, time, weapon, casualties and actors, each with a weight in thousandths of a bit, as
record linkage does (Fellegi and Sunter, 1969): the sum is the score, and the same table explains it.
"""

from typing import NamedTuple

from schemas.reasons import Kind, TimePrecision, Weapon
from streams.core.claims import Account, Bounds
from streams.core.geometry import distance_m
from streams.core.terms import HOUR, Match

THRESHOLD = 3_000
"""Agreement that a chance pair of the same town and day does not reach."""

SAME_SPOT, SAME_TOWN, SAME_DISTRICT, SAME_PROVINCE, APART = 5_000, 3_500, 1_500, -1_000, 500
SAME_TIME, SAME_DAY, WITHIN_HOUR, WITHIN_SIX_HOURS, WITHIN_WINDOW = 4_000, 2_500, 3_000, 0, -5_000
SAME_WEAPON, WEAPON_UNSAID, LIKE_WEAPON = 2_000, 500, -1_000
TOLL_AGREES, TOLL_NEAR, TOLL_DIFFERS = 1_500, 0, -1_500
SAME_ACTOR = 500

_BARREL = frozenset({Weapon.MORTAR, Weapon.ROCKET, Weapon.ARTILLERY, Weapon.TANK, Weapon.ATGM})
_AIR = frozenset({Weapon.AIRSTRIKE, Weapon.UAV})
_ATTACKS = frozenset({Kind.ATTACK, Kind.DISPROPORTIONATE_FORCE})
_SHARP = frozenset({TimePrecision.EXACT, TimePrecision.HOUR, TimePrecision.PART_OF_DAY})


class Agreement(NamedTuple):
    """One rung of the ladder: what was compared, the level reached, its weight in thousandths of a bit."""

    comparison: str
    level: str
    weight: int


def fit(anchor: Account, claim: Account, match: Match) -> int | None:
    """The score of a pair in thousandths of a bit, or None where they cannot be one incident."""
    agreements = explain(anchor, claim, match)
    if agreements is None:
        return None
    score = sum(agreement.weight for agreement in agreements)
    return score if score >= THRESHOLD + match.min_score else None


def explain(anchor: Account, claim: Account, match: Match) -> list[Agreement] | None:
    """The rungs of a pair, cheap tests first; None where one of them rules the pair out."""
    time = _time(anchor, claim, match)
    if time is None:
        return None
    weapon = _weapon(anchor, claim)
    if weapon is None:
        return None
    place = _place(anchor, claim, match)
    if place is None:
        return None
    return [place, time, weapon, _toll(anchor.killed, claim.killed), _actor(anchor.by, claim.by)]


def _time(anchor: Account, claim: Account, match: Match) -> Agreement | None:
    gap_s = max(claim.start - anchor.end, anchor.start - claim.end, 0)
    if gap_s > match.window_hours * HOUR:
        return None
    if not (anchor.time_precision in _SHARP and claim.time_precision in _SHARP):
        # Half-open spans that only touch are of different days.
        if claim.start < max(anchor.end, anchor.start + 1) and anchor.start < max(claim.end, claim.start + 1):
            return Agreement("time", "same day", SAME_DAY)
        return Agreement("time", "another day", WITHIN_WINDOW)
    if gap_s == 0:
        return Agreement("time", "same time", SAME_TIME)
    if gap_s <= HOUR:
        return Agreement("time", "within an hour", WITHIN_HOUR)
    if gap_s <= 6 * HOUR:
        return Agreement("time", "within six hours", WITHIN_SIX_HOURS)
    return Agreement("time", "within the window", WITHIN_WINDOW)


def _weapon(anchor: Account, claim: Account) -> Agreement | None:
    if anchor.kind is not claim.kind and not (anchor.kind in _ATTACKS and claim.kind in _ATTACKS):
        return None
    one, other = anchor.weapon, claim.weapon
    if one is other:
        if one is Weapon.UNDETERMINED:
            return Agreement("weapon", "unsaid by both", WEAPON_UNSAID)
        return Agreement("weapon", "same weapon", SAME_WEAPON)
    if one is Weapon.UNDETERMINED or other is Weapon.UNDETERMINED:
        if one is Weapon.SMALL_ARMS or other is Weapon.SMALL_ARMS:
            return None
        return Agreement("weapon", "unsaid by one", WEAPON_UNSAID)
    if (one in _BARREL and other in _BARREL) or (one in _AIR and other in _AIR):
        return Agreement("weapon", "alike", LIKE_WEAPON)
    return None


def _place(anchor: Account, claim: Account, match: Match) -> Agreement | None:
    radii_m = anchor.radius_m + claim.radius_m
    apart_m = distance_m(anchor.lat_e6, anchor.lon_e6, claim.lat_e6, claim.lon_e6)
    if apart_m > match.distance_m + radii_m:
        return None
    if apart_m > max(radii_m, 1_000):
        return Agreement("place", "near", APART)
    if radii_m <= 2_500:
        return Agreement("place", "same spot", SAME_SPOT)
    if radii_m <= 15_000:
        return Agreement("place", "same town", SAME_TOWN)
    if radii_m <= 50_000:
        return Agreement("place", "same district", SAME_DISTRICT)
    return Agreement("place", "same province", SAME_PROVINCE)


def _toll(one: Bounds | None, other: Bounds | None) -> Agreement:
    if one is None or other is None:
        return Agreement("killed", "unsaid", TOLL_NEAR)
    if one[0] <= other[2] and other[0] <= one[2]:
        return Agreement("killed", "agree", TOLL_AGREES)
    if max(one[1], other[1]) > 3 * min(one[1], other[1]) + 3:
        return Agreement("killed", "far apart", TOLL_DIFFERS)
    return Agreement("killed", "near", TOLL_NEAR)


def _actor(one: str | None, other: str | None) -> Agreement:
    if one is not None and one == other:
        return Agreement("by", "same", SAME_ACTOR)
    return Agreement("by", "unsaid or other", 0)


__all__ = ["Agreement", "explain", "fit"]
