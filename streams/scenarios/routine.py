"""What is said whether or not anything happens: signs of life, days seen quiet, access, renewals, bulletins.

Without these a truce that holds would be silence, and silence is not peace.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from schemas.facts import Access
from schemas.reasons import WHOLE, ReportType
from streams.core.terms import HOUR
from streams.scenarios.desk import Desk, at, clock, period, zone_for
from streams.scenarios.voices import (
    ARMY_COMMAND,
    COMMITTEE,
    GREY_HERON,
    ICRC,
    NORTH_WELL,
    OCHA,
    ORCHARD,
    RECONCILIATION_CENTRE,
    RUSSIAN_MINISTRY,
    STATE_DEPARTMENT,
    STATE_NEWS,
)

ALIVE_EVERY_HOURS = {NORTH_WELL: 3, GREY_HERON: 4, ORCHARD: 4, STATE_NEWS: 5}
"""Well inside the six hours after which terms take a source for silent."""

ZONES = (
    "aleppo", "damascus", "rif-dimashq", "homs", "hama", "idlib", "latakia", "tartus", "daraa", "quneitra", "as-suwayda",
    "deir-ez-zor", "raqqa", "al-hasakah", WHOLE,
)  # fmt: skip
"""The zones of the terms of both truces."""

SPONSORS = {STATE_DEPARTMENT: "usa", RUSSIAN_MINISTRY: "russia"}
PARTIES = SPONSORS | {ARMY_COMMAND: "syria", COMMITTEE: "opposition"}

ACCESS_AREAS = ("eastern_aleppo", "castello_road")


def signs_of_life(desk: Desk, start: int, end: int) -> None:
    """Every source that watches says, every few hours, that it does."""
    for voice, every_hours in ALIVE_EVERY_HOURS.items():
        time = start + desk.random.randrange(every_hours * HOUR)
        while time < end:
            desk.say(voice, ReportType.ALIVE, time, "alive", delay_min=desk.random.randint(0, 3), occurred_at=clock(time))
            time += every_hours * HOUR + desk.about(20)


def seen_quiet(desk: Desk, day: int, loud: Collection[str]) -> None:
    """After a day, both observatories say in which zones they watched and saw nothing; not the whole, if any zone was loud."""
    start, end = at(day), at(day + 1)
    quiet = [zone for zone in ZONES if zone not in loud and not (zone == WHOLE and loud)]
    for voice in (NORTH_WELL, GREY_HERON):
        for zone in quiet:
            desk.say(voice, ReportType.NIL, end, f"quiet-{zone}", covers=zone_for(zone, start, end))


def access(desk: Desk, day: int, state: str) -> None:
    """The UN says each morning whether aid may pass; the Red Cross says the same every other day."""
    morning = at(day) if day == 0 else at(day, 11) + desk.about(40)
    for area in ACCESS_AREAS:
        desk.say(
            OCHA,
            ReportType.ACCESS,
            morning,
            area,
            delay_min=desk.random.randint(5, 45),
            occurred_at=clock(morning),
            access=Access(area, state),
            text=f"{_local(morning)}: {_ACCESS[state]} ({area.replace('_', ' ')}).",
        )
        if day % 2 == 1:
            desk.say(ICRC, ReportType.ACCESS, morning, area, occurred_at=clock(morning), access=Access(area, state))


def renewed(desk: Desk, day: int) -> None:
    """Both sponsors extend the truce by forty-eight hours, some hours before the day ends."""
    until = at(day + 3)
    told_at = at(day + 1) - desk.random.randint(300, 480) * 60
    for voice, party in SPONSORS.items():
        desk.say(
            voice,
            ReportType.DECLARATION,
            told_at,
            "renewal",
            occurred_at=clock(told_at),
            party=party,
            declares="extends",
            until=clock(until),
            text=f"The cessation of hostilities is extended for 48 hours, until {_local(until)}.",
        )
        told_at += desk.random.randint(5, 50) * 60


def accepted(desk: Desk) -> None:
    """Before the hour of effect the parties say that they take part."""
    for voice, party in PARTIES.items():
        told_at = at(0) - desk.random.randint(4, 40) * HOUR
        desk.say(voice, ReportType.DECLARATION, told_at, "accepts", occurred_at=clock(told_at), party=party, declares="accepts")


def bulletin(desk: Desk, day: int, everywhere: int, aleppo: int) -> None:
    """The Russian centre counts breaches by armed groups over 24 hours: other people, other numbers, never added."""
    start, end = at(day), at(day + 1)
    for zone, count in ((WHOLE, everywhere), ("aleppo", aleppo)):
        desk.say(
            RECONCILIATION_CENTRE,
            ReportType.TALLY,
            end,
            "bulletin",
            count=count,
            covers=zone_for(zone, start, end),
            period=period(start, end),
            text=f"Breaches by armed groups in the 24 hours to {_local(end)}: {count}.",
        )


_ACCESS = {
    "open": "trucks passed the checkpoints without being stopped",
    "denied": "trucks are waiting at the border, no permit was given",
}


def _local(seconds: int) -> str:
    """As people in Damascus say it; summer time, three hours ahead of UTC."""
    return datetime.fromtimestamp(seconds + 3 * HOUR, UTC).strftime("%d %B, %H:%M")
