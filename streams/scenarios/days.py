"""What the two tellings have in common: the days before the truce, and an ordinary day of it, set by a few numbers."""

from collections.abc import Collection
from typing import NamedTuple

from streams.scenarios import routine
from streams.scenarios.desk import Desk, at
from streams.scenarios.skirmishes import ALEPPO, ELSEWHERE, bombing, one_sided, witnessed


class Breaches(NamedTuple):
    """Breaches of one day, in Aleppo's province and elsewhere: told by one side alone, seen by others too.

    Bulletins count many more, of one side only and hardly any with a place: they are shown as disagreement, never added.
    """

    sided_aleppo: int
    sided_elsewhere: int
    seen_aleppo: int
    seen_elsewhere: int
    bulletin: int
    bulletin_aleppo: int


def before_the_truce(desk: Desk) -> None:
    """The parties accept, the fighting goes on to the last day, and whoever watches has begun to."""
    routine.accepted(desk)
    routine.signs_of_life(desk, at(-2), desk.ends)
    bombing(desk, -1, ALEPPO, 2, killed=6)
    bombing(desk, -1, ELSEWHERE, 3, killed=4)


def ordinary_day(desk: Desk, day: int, breaches: Breaches, access: str, loud: Collection[str] = ()) -> None:
    """Breaches, nil reports for the other zones, access and bulletin. `loud`: zones in which worse happened."""
    one_sided(desk, day, ALEPPO, breaches.sided_aleppo)
    one_sided(desk, day, ELSEWHERE, breaches.sided_elsewhere)
    seen = witnessed(desk, day, ALEPPO, breaches.seen_aleppo) | witnessed(desk, day, ELSEWHERE, breaches.seen_elsewhere)
    routine.seen_quiet(desk, day, seen | set(loud))
    routine.access(desk, day, access)
    routine.bulletin(desk, day, breaches.bulletin, breaches.bulletin_aleppo)
