"""17 September: aircraft of the US-led coalition hit Syrian soldiers at Jabal al-Tharda, near Deir ez-Zor.

Both sides' capitals and two observatories tell it, with 62 killed by one count and fewer by others. The side that did it
admits it within hours, so the incident is confirmed, whatever anybody thinks of the numbers.
"""

from schemas.facts import About, Casualties, CountRange, Location
from schemas.reasons import Kind, ReportType, TimePrecision, Weapon
from streams.core.terms import HOUR
from streams.scenarios.desk import MINUTE, Desk, at, clock, point
from streams.scenarios.voices import (
    ARMY_COMMAND,
    BLUE_LANTERN,
    CENTRAL_COMMAND,
    GREY_HERON,
    NORTH_WELL,
    RUSSIAN_MINISTRY,
    STATE_NEWS,
    Voice,
)

STORY = "tharda"
STRUCK_AT = at(4, 21)
"""13:00 UTC, 16:00 in Damascus."""


def strike(desk: Desk) -> None:
    """All that is said of it, in the days after too."""
    by_moscow = _told(desk, RUSSIAN_MINISTRY, 2, point(35.25, 40.1, 1_500), Casualties(62, 100, "combatant"))
    _told(
        desk,
        RUSSIAN_MINISTRY,
        2,
        point(35.25, 40.1, 1_500),
        Casualties(CountRange(low=62, best=62, high=83), 100, "combatant"),
        report_id=by_moscow,
        revision=2,
        told_at=STRUCK_AT + 26 * HOUR,
    )
    _told(desk, ARMY_COMMAND, -5, point(35.2531, 40.0944, 800), Casualties(CountRange(low=50, high=80), None, "combatant"))
    _told(
        desk,
        STATE_NEWS,
        10,
        point(35.25, 40.1, 3_000, place="Jabal al-Tharda", admin1="Deir ez-Zor"),
        Casualties(62, None, "combatant"),
    )
    seen = _told(desk, NORTH_WELL, 5, point(35.2575, 40.1082, 1_000), Casualties(CountRange(40, 50, 90), None, "combatant"))
    _told(desk, GREY_HERON, 30, point(35.2466, 40.1127, 2_000), Casualties(44, 70, "combatant"), precision=TimePrecision.HOUR)
    _told(
        desk,
        BLUE_LANTERN,
        0,
        Location(text="5 km south of Deir ez-Zor airport", place="Deir ez-Zor", admin1="Deir ez-Zor"),
        Casualties(CountRange(low=30, high=70), "tens"),
        precision=TimePrecision.PART_OF_DAY,
    )
    for voice, hours, about, text in (
        (CENTRAL_COMMAND, 7, seen, "Coalition aircraft may have struck Syrian soldiers; they believed the target to be Daesh."),
        (CENTRAL_COMMAND, 9, by_moscow, "The strike was halted when Russian officers called. Regret for lives lost by mistake."),
    ):
        source = NORTH_WELL if about is seen else RUSSIAN_MINISTRY
        desk.say(
            voice,
            ReportType.ACKNOWLEDGEMENT,
            STRUCK_AT + hours * HOUR,
            STORY,
            party="usa",
            about=About(source=source.source, report_id=about),
            text=text,
        )


def _told(
    desk: Desk,
    voice: Voice,
    minutes: int,
    location: Location,
    casualties: Casualties,
    *,
    precision: TimePrecision = TimePrecision.EXACT,
    report_id: str | None = None,
    revision: int = 1,
    told_at: int = STRUCK_AT,
) -> str:
    occurred_at = STRUCK_AT + minutes * MINUTE
    return desk.say(
        voice,
        ReportType.VIOLATION,
        told_at,
        STORY,
        report_id=report_id,
        revision=revision,
        kind=Kind.ATTACK,
        weapon=Weapon.AIRSTRIKE,
        occurred_at=clock(occurred_at if precision is TimePrecision.EXACT else occurred_at - occurred_at % HOUR),
        time_precision=precision,
        location=location,
        casualties=casualties,
        by="US-led coalition",
        against="Syrian army",
        text="غارات على موقع للجيش قرب دير الزور" if voice.language == "ar" else "Air strikes on the army at Jabal al-Tharda.",
    )
