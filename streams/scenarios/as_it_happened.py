"""The truce of September 2016 as public facts tell it: calm, aid denied, a strike, a withdrawal, a convoy, and the end."""

from collections.abc import Iterator

from schemas.reasons import ReportType
from streams.core.intake import Arrival
from streams.core.terms import HOUR
from streams.scenarios import routine
from streams.scenarios.convoy import convoy
from streams.scenarios.days import Breaches, before_the_truce, ordinary_day
from streams.scenarios.desk import Desk, at, clock
from streams.scenarios.skirmishes import ALEPPO, bombing
from streams.scenarios.strike import strike
from streams.scenarios.voices import ARMY_COMMAND, STATE_NEWS

DAYS = (
    Breaches(1, 2, 0, 1, 14, 6),
    Breaches(2, 3, 1, 1, 23, 9),
    Breaches(2, 4, 1, 1, 31, 12),
    Breaches(6, 7, 1, 2, 39, 17),
    Breaches(2, 4, 1, 2, 55, 27),
    Breaches(4, 6, 1, 2, 50, 24),
    Breaches(6, 6, 2, 3, 53, 26),
    Breaches(3, 4, 2, 3, 61, 30),
    Breaches(2, 3, 2, 2, 40, 22),
)
LOUD = {4: {"deir-ez-zor"}, 7: {"aleppo"}, 8: {"aleppo"}}
"""Where the strike, the convoy and the bombing were, so that no observatory calls these zones quiet."""

ENDS = at(len(DAYS)) - 4 * HOUR
"""Some hours after the truce has run out."""

RENEWED_ON = (1, 3, 5)
"""The last renewal holds until 20 September, 16:00 UTC; nobody renews it again."""


def as_it_happened(seed: int) -> Iterator[Arrival]:
    """Reports in order of receipt."""
    desk = Desk("as-it-happened", seed, ends=ENDS)
    before_the_truce(desk)
    for day, breaches in enumerate(DAYS):
        ordinary_day(desk, day, breaches, "denied", LOUD.get(day, ()))
    for day in RENEWED_ON:
        routine.renewed(desk, day)
    strike(desk)
    _army_withdraws(desk)
    convoy(desk)
    # With the army's word gone, the bombing of Aleppo's province begins again: that night, after the convoy.
    bombing(desk, 7, ALEPPO[1:], 2, killed=5, from_hour=10)
    bombing(desk, 8, ALEPPO[1:], 2, killed=7)
    return desk.arrivals()


def _army_withdraws(desk: Desk) -> None:
    """The army's command declares the calm over, seven days to the hour; the state's news agency carries it."""
    for voice, hours, via, text in (
        (ARMY_COMMAND, 0, None, "انتهاء مفعول سريان نظام التهدئة"),
        (STATE_NEWS, 1, ARMY_COMMAND.source, "The army's command says that the calm is over; it counts hundreds of breaches."),
    ):
        desk.say(
            voice,
            ReportType.DECLARATION,
            at(7, hours),
            "withdraws",
            occurred_at=clock(at(7)),
            party="syria",
            declares="withdraws",
            via=via,
            text=text,
        )
