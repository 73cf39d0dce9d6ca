"""Small breaches of every day: some told by one side alone, some seen by an observatory too.

One side's outlets report what the other does. Places are towns that the gazetteer knows, said by name, by coordinates,
by both, or by the province alone, in English or Arabic.
"""

from typing import NamedTuple

from schemas.facts import Casualties, Location
from schemas.reasons import Kind, ReportType, TimePrecision, Weapon
from streams.core.terms import HOUR
from streams.scenarios.desk import Desk, at, clock, point
from streams.scenarios.voices import (
    BLUE_LANTERN,
    CEDAR_LINE,
    COMMITTEE,
    COTTON_MARKET,
    FOURTH_BRIDGE,
    GREY_HERON,
    JASMINE_GATE,
    NORTH_WELL,
    ORCHARD,
    RECONCILIATION_CENTRE,
    STATE_NEWS,
    Voice,
)


class Town(NamedTuple):
    name: str
    arabic: str
    province: str
    zone: str
    lat: float
    lon: float


ALEPPO = (
    Town("Hraytan", "حريتان", "Aleppo", "aleppo", 36.289, 37.085),
    Town("Al Hadir", "الحاضر", "Aleppo", "aleppo", 35.99, 37.051),
    Town("Tall Rifat", "تل رفعت", "Aleppo", "aleppo", 36.472, 37.095),
    Town("As Safirah", "السفيرة", "Aleppo", "aleppo", 36.077, 37.373),
    Town("Khanasir", "خناصر", "Aleppo", "aleppo", 35.782, 37.499),
    Town("Azaz", "اعزاز", "Aleppo", "aleppo", 36.587, 37.046),
)
ELSEWHERE = (
    Town("Talbiseh", "تلبيسة", "Homs", "homs", 34.841, 36.731),
    Town("Rastan", "الرستن", "Homs", "homs", 34.927, 36.732),
    Town("Morek", "مورك", "Hama", "hama", 35.376, 36.69),
    Town("Kafr Zita", "كفر زيتا", "Hama", "hama", 35.374, 36.603),
    Town("Khan Shaykhun", "خان شيخون", "Idlib", "idlib", 35.442, 36.651),
    Town("Saraqib", "سراقب", "Idlib", "idlib", 35.864, 36.806),
    Town("Duma", "دوما", "Rif Dimashq", "rif-dimashq", 33.572, 36.403),
    Town("Jasim", "جاسم", "Daraa", "daraa", 32.991, 36.061),
    Town("Khan Arnabah", "خان أرنبة", "Quneitra", "quneitra", 33.184, 35.892),
    Town("Kinsibba", "كنسبا", "Latakia", "latakia", 35.744, 36.164),
)

LIGHT = ((Weapon.SMALL_ARMS, "rifle and machine-gun fire", "إطلاق نار"), (Weapon.MORTAR, "two mortar rounds", "قذيفتا هاون"))
HEAVY = ((Weapon.ARTILLERY, "shelling", "قصف مدفعي"), (Weapon.AIRSTRIKE, "an air strike", "غارة جوية"))

_PRECISIONS = (TimePrecision.EXACT, TimePrecision.HOUR, TimePrecision.DAY)
_PRECISION_WEIGHTS = (5, 3, 2)
"""Small things are often told by the day alone: that may be the day before or after, and only the high shows it."""

_SHOWN = {TimePrecision.EXACT: "%d/%m %H:%M", TimePrecision.HOUR: "%d/%m %H:00", TimePrecision.DAY: "%d/%m"}

AGAINST_OPPOSITION = (ORCHARD, COMMITTEE, ORCHARD)
AGAINST_GOVERNMENT = (STATE_NEWS, RECONCILIATION_CENTRE, STATE_NEWS)
OBSERVERS = (NORTH_WELL, GREY_HERON)
OUTLETS = (BLUE_LANTERN, FOURTH_BRIDGE, JASMINE_GATE, CEDAR_LINE, COTTON_MARKET)


def one_sided(desk: Desk, day: int, towns: tuple[Town, ...], count: int) -> None:
    """Breaches that only the side that suffered tells: the sides take turns."""
    for number, town in enumerate(_spread(desk, towns, count)):
        suffered_by_opposition = number % 2 == 0
        voices = AGAINST_OPPOSITION if suffered_by_opposition else AGAINST_GOVERNMENT
        _breach(desk, day, town, (desk.random.choice(voices),), suffered_by_opposition, LIGHT, Casualties())


def witnessed(desk: Desk, day: int, towns: tuple[Town, ...], count: int) -> set[str]:
    """Breaches that one side, an observatory and an outlet tell, each in its way. Gives the zones in which they were."""
    zones = set()
    for number, town in enumerate(_spread(desk, towns, count)):
        suffered_by_opposition = number % 2 == 0
        sided = AGAINST_OPPOSITION if suffered_by_opposition else AGAINST_GOVERNMENT
        _breach(desk, day, town, _witnesses(desk, sided), suffered_by_opposition, LIGHT, Casualties())
        zones.add(town.zone)
    return zones


def bombing(desk: Desk, day: int, towns: tuple[Town, ...], count: int, killed: int, from_hour: int = 1) -> None:
    """Shelling and air strikes on the opposition's towns, at some hour of the day from `from_hour` on."""
    for town in _spread(desk, towns, count):
        casualties = Casualties(killed=killed, injured=2 * killed, who="civilian")
        _breach(desk, day, town, _witnesses(desk, AGAINST_OPPOSITION), True, HEAVY, casualties, from_hour)


def _witnesses(desk: Desk, sided: tuple[Voice, ...]) -> tuple[Voice, ...]:
    return desk.random.choice(sided), desk.random.choice(OBSERVERS), desk.random.choice(OUTLETS)


def _breach(
    desk: Desk,
    day: int,
    town: Town,
    voices: tuple[Voice, ...],
    suffered_by_opposition: bool,
    weapons: tuple[tuple[Weapon, str, str], ...],
    casualties: Casualties,
    from_hour: int = 1,
) -> None:
    # Not within an hour of the day's ends, so that no telling of it falls into the neighbouring day.
    happened_at = at(day) + desk.random.randint(from_hour * HOUR, 23 * HOUR)
    weapon, english, arabic = desk.random.choice(weapons)
    by, against = ("Syrian army", "armed opposition") if suffered_by_opposition else ("armed opposition", "Syrian army")
    for voice in voices:
        told = happened_at + desk.about(12)
        precision = desk.random.choices(_PRECISIONS, _PRECISION_WEIGHTS)[0] if weapons is LIGHT else TimePrecision.EXACT
        where = town.arabic if voice.language == "ar" else town.name
        desk.say(
            voice,
            ReportType.VIOLATION,
            max(told, happened_at),
            f"{town.zone}-day{day}",
            kind=Kind.ATTACK,
            weapon=weapon,
            occurred_at=clock(told if precision is TimePrecision.EXACT else told - told % HOUR),
            time_precision=precision,
            location=_place(desk, town, where),
            casualties=casualties if casualties != Casualties() else None,
            by=by,
            against=against,
            text=f"{where}: {arabic if voice.language == 'ar' else english} ({clock(told):{_SHOWN[precision]}} UTC).",
        )


def _place(desk: Desk, town: Town, name: str) -> Location:
    lat = town.lat + desk.random.uniform(-0.006, 0.006)
    lon = town.lon + desk.random.uniform(-0.006, 0.006)
    form = desk.random.randrange(7)
    if form == 0:
        # "Somewhere in the province": it may have been next door, too.
        return Location(admin1=town.province)
    if form <= 2:
        return Location(place=name, admin1=town.province)
    return point(lat, lon, 500) if form <= 4 else point(lat, lon, 1_000, place=name, admin1=town.province)


def _spread(desk: Desk, towns: tuple[Town, ...], count: int) -> list[Town]:
    """Towns for one day, none twice while there are others."""
    chosen: list[Town] = []
    while len(chosen) < count:
        chosen += desk.random.sample(towns, min(len(towns), count - len(chosen)))
    return chosen
