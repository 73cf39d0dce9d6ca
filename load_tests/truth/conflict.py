"""What truly happens: incidents of a made-up conflict, from a seed.

A few towns are struck again and again, often twice a day and on the next day again, because that is what makes matching
hard. The same seed gives the same conflict.
"""

from math import cos, radians
from random import Random
from typing import NamedTuple

from streams.core.gazetteer.extract import extracts
from streams.core.gazetteer.place import Place
from streams.core.terms import DAY, Terms

HOT_TOWNS, HOT_SHARE = 10, 0.6
AGAIN = 0.25
"""Share of incidents that strike where the one before it did, within hours or on the next day."""
WEAPONS = (
    ("mortar", 22),
    ("artillery", 20),
    ("rocket", 12),
    ("airstrike", 22),
    ("small_arms", 12),
    ("tank", 5),
    ("ied_mine", 5),
    ("uav", 2),
)
TARGETS = (
    ("market", "سوق الخضار"),
    ("hospital", "المشفى الميداني"),
    ("school", "المدرسة"),
    ("bakery", "الفرن"),
    ("mosque", "المسجد"),
    ("checkpoint", "الحاجز"),
    ("farmland", "الأراضي الزراعية"),
    ("main road", "الطريق العام"),
    ("northern quarter", "الحي الشمالي"),
    ("old town", "البلدة القديمة"),
    ("bridge", "الجسر"),
    ("water station", "محطة المياه"),
)


class Happening(NamedTuple):
    """One thing that truly happened. Times in seconds since 1970."""

    number: int
    town: Place
    lat: float
    lon: float
    at: int
    weapon: str
    target: tuple[str, str]
    killed: int
    injured: int
    by: str


def towns(terms: Terms) -> list[Place]:
    """Those of the zones, in a fixed order."""
    areas = {area for zone in terms.zones for area in zone.areas}
    places = extracts(terms.truce.countries)[0].places
    return sorted((place for place in places if place.area in areas), key=lambda place: place.id)


def happenings(random: Random, terms: Terms, days: int, a_day: float, first_day: int = 0) -> list[Happening]:
    """Those of some days from D-hour on, in order of time; `a_day` of them on average."""
    everywhere = towns(terms)
    hot = random.sample(everywhere, HOT_TOWNS)
    weapons, weights = zip(*WEAPONS, strict=True)
    start_s = terms.d_hour_s + first_day * DAY
    found: list[Happening] = []
    while len(found) < round(days * a_day):
        before = found[-1] if found and random.random() < AGAIN else None
        if before is not None:
            town = before.town
            at = before.at + random.choice((random.randrange(1_800, 6 * 3_600), random.randrange(18 * 3_600, 30 * 3_600)))
            weapon = before.weapon if random.random() < 0.7 else random.choices(weapons, weights)[0]
        else:
            town = random.choice(hot if random.random() < HOT_SHARE else everywhere)
            at, weapon = start_s + random.randrange(days * DAY), random.choices(weapons, weights)[0]
        if at >= start_s + days * DAY:
            continue
        lat, lon = moved(random, town.lat_e6 / 1e6, town.lon_e6 / 1e6, 1_500)
        killed = 0 if random.random() < 0.55 else 1 + int(random.expovariate(0.35 if random.random() < 0.9 else 0.04))
        injured = 0 if killed == 0 and random.random() < 0.5 else int(random.expovariate(1 / (2 + 2 * killed)))
        by = (
            "opposition forces"
            if weapon in ("mortar", "small_arms", "ied_mine") and random.random() < 0.5
            else "government forces"
        )
        found.append(Happening(len(found), town, lat, lon, at, weapon, random.choice(TARGETS), killed, injured, by))
    return sorted(found, key=lambda happening: happening.at)


def moved(random: Random, lat: float, lon: float, sigma_m: float) -> tuple[float, float]:
    """A point some way off, normally distributed in both directions."""
    north, east = random.gauss(0, sigma_m) / 111_195, random.gauss(0, sigma_m) / 111_195
    return lat + north, lon + east / cos(radians(lat))


__all__ = ["Happening", "happenings", "moved", "towns"]
