"""19 September, evening: an aid convoy and a warehouse are hit at Urum al-Kubra, west of Aleppo; about twenty people die.

One thing that happened, told by more than a dozen voices in two languages: by name in several spellings, by
coordinates (once rounded to a tenth of a degree), as a distance from Aleppo; at different hours, with different counts; with
revisions, repeats, borrowed news, and one report taken back. It must come out as one incident.
"""

from typing import NamedTuple

from schemas.facts import About, Casualties, CountRange, Location
from schemas.reasons import Kind, ReportType, TimePrecision, Weapon
from streams.core.terms import HOUR
from streams.scenarios.desk import MINUTE, Desk, at, clock, point
from streams.scenarios.voices import (
    ARMY_COMMAND,
    BLUE_LANTERN,
    CEDAR_LINE,
    COPPER_STREET,
    COTTON_MARKET,
    FOURTH_BRIDGE,
    GREY_HERON,
    ICRC,
    JASMINE_GATE,
    NORTH_WELL,
    OCHA,
    ORCHARD,
    PAPER_KITE,
    RUSSIAN_MINISTRY,
    SADDLE_BRIDGE,
    SEVEN_MILLS,
    WEST_RIDGE,
    Voice,
)

STORY = "convoy"
HIT_AT = at(7, 1.25)
"""17:15 UTC, 20:15 in Damascus."""


class Telling(NamedTuple):
    """`minutes`: how far its hour is from 17:15 UTC. `by`: whom it accuses, if anyone. `again`: said again under another id."""

    voice: Voice
    minutes: int
    precision: TimePrecision
    location: Location
    killed: int | str | CountRange | None
    text: str
    injured: int | str | None = None
    by: str | None = None
    via: str | None = None
    link: str | None = None
    again: bool = False


EXACT, HOUR_LONG, PART, DAY_LONG = (
    TimePrecision.EXACT,
    TimePrecision.HOUR,
    TimePrecision.PART_OF_DAY,
    TimePrecision.DAY,
)
FILM = "https://video.example/orchard/19-09"

TELLINGS = (
    Telling(ORCHARD, -3, EXACT, point(36.1627, 36.9582, 300), 12,
            "استهداف قافلة المساعدات في أورم الكبرى", 15, "Syrian air force", link=FILM, again=True),
    Telling(NORTH_WELL, 5, EXACT, point(36.161, 36.963, 500), 12,
            "Aid lorries and a warehouse hit at Urum al-Kubra; at least 12 dead.", 10),
    Telling(GREY_HERON, -1, EXACT, point(36.1571, 36.9553, 300), CountRange(18, 20, 31),
            "Repeated strikes on a convoy of 31 lorries."),
    Telling(BLUE_LANTERN, 0, HOUR_LONG, point(36.16, 36.96, 2_000, place="Urum al-Kubra", admin1="Aleppo"), 14,
            "Convoy carrying aid bombed at Urum al-Kubra, rescuers say.", "tens", "Russian air force"),
    Telling(FOURTH_BRIDGE, 45, HOUR_LONG, point(36.15, 36.97, 2_500, place="Urem al-Kubra"), 20,
            "A UN and Red Crescent convoy was struck near Urem al-Kubra while it was being unloaded."),
    Telling(JASMINE_GATE, 0, PART, point(36.158, 36.966, 3_000, place="أورم الكبرى", admin1="حلب"), 21,
            "قصف قافلة للهلال الأحمر في أورم الكبرى بريف حلب الغربي", 20, "Syrian air force", again=True),
    Telling(CEDAR_LINE, -25, HOUR_LONG, Location(text="20 km west of Aleppo", admin1="Aleppo"), CountRange(14, 20, 36),
            "Lorries with food and medicine burn west of Aleppo."),
    Telling(PAPER_KITE, 30, EXACT, point(36.1655, 36.9528, 1_000), 12,
            "احتراق شاحنات الإغاثة في أورم الكبرى", via="Orchard Media Office"),
    Telling(COTTON_MARKET, 10, EXACT, point(36.2, 37.0), 18,
            "Aid convoy hit west of Aleppo, 18 dead."),
    Telling(SEVEN_MILLS, 0, HOUR_LONG, point(36.17, 36.95, 2_000, place="اورم الكبرى"), 12, "غارات على مستودع للهلال الأحمر"),
    Telling(WEST_RIDGE, 0, PART, Location(text="western countryside of Aleppo", place="Urum al-Kubra", admin1="Aleppo"),
            CountRange(10, 15, 30), "Our drivers were among those hit in the western countryside of Aleppo."),
    Telling(ICRC, 0, PART, point(36.16, 36.96, 2_000, place="Urum al-Kubra", admin1="Aleppo"), 20,
            "About twenty civilians and one member of staff were killed while aid was being unloaded."),
    Telling(OCHA, 15, HOUR_LONG, point(36.16, 36.96, 1_500, place="Urem al-Kubra", admin1="Aleppo"), None,
            "18 of 31 lorries of an inter-agency convoy were hit."),
    Telling(COPPER_STREET, 0, DAY_LONG, point(36.16, 36.96, 5_000, place="Urum al-Kubra"), 20,
            "What is known about the convoy, a day later.", via="Blue Lantern Wire"),
)  # fmt: skip


def convoy(desk: Desk) -> None:
    """All that is said of it, in the days after too."""
    ids = {telling.voice: _told(desk, telling) for telling in TELLINGS}
    _revised(desk, ids[NORTH_WELL], TELLINGS[1], CountRange(18, 20, 24), hours=9)
    _revised(desk, ids[ORCHARD], TELLINGS[0], 20, hours=4)
    _taken_back(desk)
    for voice, hours, text in (
        (RUSSIAN_MINISTRY, 15, "Neither Russian nor Syrian aircraft struck the convoy; its cargo caught fire."),
        (ARMY_COMMAND, 14, "لا صحة لما يقال عن استهداف الجيش للقافلة"),
    ):
        about = About(source=GREY_HERON.source, report_id=ids[GREY_HERON])
        desk.say(voice, ReportType.DENIAL, HIT_AT + hours * HOUR, STORY, about=about, text=text)


def _told(desk: Desk, telling: Telling) -> str:
    body = _body(telling)
    told_at = HIT_AT + max(0, telling.minutes) * MINUTE
    report_id = desk.say(telling.voice, ReportType.VIOLATION, told_at, STORY, **body)
    if telling.again:
        desk.say(telling.voice, ReportType.VIOLATION, HIT_AT + 2 * HOUR, STORY, **body)
    return report_id


def _revised(desk: Desk, report_id: str, telling: Telling, killed: int | CountRange, hours: int) -> None:
    """The same report with the count of the next hours."""
    body = _body(telling._replace(killed=killed))
    desk.say(telling.voice, ReportType.VIOLATION, HIT_AT + hours * HOUR, STORY, report_id=report_id, revision=2, **body)


def _body(telling: Telling) -> dict[str, object]:
    occurred_at = HIT_AT + telling.minutes * MINUTE
    killed = telling.killed
    return {
        "kind": Kind.ATTACK,
        # Who works there says what was hit; what from, others say.
        "weapon": Weapon.UNDETERMINED if telling.voice in (OCHA, ICRC, WEST_RIDGE) else Weapon.AIRSTRIKE,
        "occurred_at": clock(occurred_at if telling.precision is EXACT else occurred_at - occurred_at % HOUR),
        "time_precision": telling.precision,
        "location": telling.location,
        "casualties": None if killed is None else Casualties(killed, telling.injured, "civilian"),
        "by": telling.by,
        "via": telling.via,
        "links": [telling.link] if telling.link else [],
        "text": telling.text,
    }


def _taken_back(desk: Desk) -> None:
    """Somebody writes of hundreds dead within minutes, and takes it back."""
    wild = {
        "kind": Kind.ATTACK,
        "occurred_at": clock(HIT_AT),
        "time_precision": EXACT,
        "location": Location(place="Urum al-Kubra", admin1="Aleppo", lat=36.16, lon=36.96, radius_m=5_000),
        "casualties": Casualties("hundreds"),
        "text": "they are saying hundreds dead at urum",
    }
    report_id = desk.say(SADDLE_BRIDGE, ReportType.VIOLATION, HIT_AT, STORY, **wild)
    desk.say(
        SADDLE_BRIDGE,
        ReportType.VIOLATION,
        HIT_AT + 2 * HOUR,
        STORY,
        report_id=report_id,
        revision=2,
        status="retracted",
        **wild,
    )
