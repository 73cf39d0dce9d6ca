"""The same truce, had it held: seven quiet days that somebody watched, and aid let through from the first day."""

from collections.abc import Iterator

from streams.core.intake import Arrival
from streams.scenarios import routine
from streams.scenarios.days import Breaches, before_the_truce, ordinary_day
from streams.scenarios.desk import Desk, at

# Seven days for the run, one to settle the last of them, and two in which the truce just goes on.
DAYS = (
    Breaches(1, 2, 1, 1, 9, 3),
    Breaches(1, 2, 0, 1, 7, 3),
    Breaches(1, 1, 1, 0, 6, 2),
    Breaches(0, 2, 0, 1, 6, 1),
    Breaches(1, 1, 0, 1, 5, 2),
    Breaches(0, 1, 1, 0, 4, 1),
    Breaches(1, 1, 0, 0, 4, 2),
    Breaches(0, 1, 0, 1, 3, 0),
    Breaches(1, 0, 0, 0, 2, 1),
    Breaches(0, 1, 0, 0, 2, 0),
)
RENEWED_ON = (1, 3, 5, 7, 9)


def as_agreed(seed: int) -> Iterator[Arrival]:
    """Reports in order of receipt."""
    desk = Desk("as-agreed", seed, ends=at(len(DAYS)))
    before_the_truce(desk)
    for day, breaches in enumerate(DAYS):
        ordinary_day(desk, day, breaches, "open")
    for day in RENEWED_ON:
        routine.renewed(desk, day)
    return desk.arrivals()
