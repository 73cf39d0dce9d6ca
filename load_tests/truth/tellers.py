"""Who tells of it and how: territories, delays, outages, copying, exaggeration, misplacement, vague words, lies.

A teller never sees the truth but through its own habits. What it publishes is a report of the contract; which happening
it tells of is kept beside it (None for an invention, a negative number).
"""

from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

import orjson

from load_tests.truth.conflict import Happening, moved, towns
from streams.core.gazetteer.place import Place
from streams.core.terms import DAY, HOUR, Terms


class Habits(NamedTuple):
    """How a source tells. Shares are of its reports; `sees` of the happenings in its territory.

    `toll`: by what it multiplies the dead of its own side's doing and of the other's. `delay_h`: on average.
    """

    zones: tuple[str, ...] = ("SY.09", "SY.12", "SY.10")
    sees: float = 0.3
    accuses: str | None = None
    places: tuple[float, float, float, float] = (0.55, 0.3, 0.1, 0.05)
    """Shares of coordinates, a town's name, a phrase or district, a province only."""
    off_m: float = 400
    times: tuple[float, float, float, float] = (0.45, 0.3, 0.15, 0.1)
    """Shares of an exact time, an hour, a part of the day, a day."""
    off_s: float = 600
    knows_weapon: float = 0.75
    toll: float = 1.0
    vague: float = 0.05
    delay_h: float = 2.0
    outage: float = 0.05
    arabic: float = 0.2
    links: float = 0.2
    lies: float = 0.0


TELLERS: dict[str, Habits] = {
    "observatory": Habits(sees=0.75, off_m=300, knows_weapon=0.9, vague=0.02, delay_h=4, outage=0.02),
    "network": Habits(sees=0.45, off_m=500, delay_h=3, arabic=0.5),
    "wire": Habits(sees=0.3, places=(0.2, 0.6, 0.15, 0.05), delay_h=3, arabic=0.0),
    "aleppo-desk": Habits(zones=("SY.09",), sees=0.55, delay_h=1, arabic=0.8, links=0.5),
    "idlib-desk": Habits(zones=("SY.12",), sees=0.55, delay_h=1, arabic=0.8, links=0.5),
    "hama-desk": Habits(zones=("SY.10",), sees=0.55, delay_h=1, arabic=0.8, links=0.5),
    "ministry": Habits(sees=0.35, accuses="opposition forces", toll=1.1, places=(0.3, 0.5, 0.1, 0.1), delay_h=6, lies=0.04),
    "council": Habits(sees=0.4, accuses="government forces", toll=1.4, places=(0.3, 0.5, 0.15, 0.05), delay_h=2, lies=0.04),
    "radio": Habits(sees=0.25, accuses="government forces", toll=1.6, vague=0.15, places=(0.1, 0.6, 0.2, 0.1), arabic=0.9),
}
COPIERS = {"evening-paper": ("wire", 0.5), "morning-paper": ("wire", 0.4), "agency": ("ministry", 0.6)}
"""Who copies whom, and how much of it."""
CROWD, CROWD_SHARE = 40, 0.35
"""Accounts that nobody knows, and the share of happenings that one or two of them tell of."""
CROWD_HABITS = Habits(off_m=1_200, off_s=2_400, knows_weapon=0.5, vague=0.2, toll=1.2, delay_h=1, arabic=0.6, outage=0.0)
WRONG_TOWN, WRONG_DIGIT, AGAIN, MISSTATED_DAY = 0.03, 0.005, 0.08, 0.01
CONFUSED = {
    "mortar": ("artillery", "rocket"), "artillery": ("mortar", "tank", "rocket"), "rocket": ("artillery", "mortar"),
    "tank": ("artillery",), "airstrike": ("uav",), "uav": ("airstrike",),
}  # fmt: skip
CONFUSED_SHARE, EARLY = 0.08, 0.08
NOUNS = {
    "mortar": "mortar fire", "artillery": "artillery shelling", "rocket": "rocket fire", "airstrike": "an air raid",
    "small_arms": "gunfire", "tank": "tank fire", "ied_mine": "a mine", "uav": "a drone", "undetermined": "shelling",
}  # fmt: skip
ARABIC = {
    "mortar": "قصف بقذائف الهاون", "artillery": "قصف مدفعي", "rocket": "قصف صاروخي", "airstrike": "غارة جوية",
    "small_arms": "إطلاق نار", "tank": "قصف بالدبابات", "ied_mine": "انفجار لغم", "uav": "طائرة مسيرة", "undetermined": "قصف",
}  # fmt: skip
SENTENCES = (
    "{noun} hit the {target} of {town}{toll}, our correspondent reports",
    "Residents of {town} say that {noun} struck near the {target}{toll}",
    "{town}: the {target} was the target of {noun} today{toll}; rescue teams are on their way",
    "In another breach of the truce {noun} reached {town} and damaged the {target}{toll}",
    "First pictures from {town} after {noun} on the {target}{toll}",
    "Our observers in {town} recorded {noun} in the area of the {target}{toll}",
)
ARABIC_SENTENCES = (
    "{noun} استهدف {target} في {town}{toll} بحسب مراسلنا في المنطقة",
    "أفاد الأهالي في {town} بأن {noun} طال محيط {target}{toll}",
    "{town}: {noun} على {target} اليوم{toll} وفرق الدفاع المدني تتوجه إلى المكان",
    "خرق جديد للهدنة في {town} حيث سجل {noun} قرب {target}{toll}",
)


class Telling(NamedTuple):
    """A message, when it is received (seconds since 1970), and the number of the happening it tells of."""

    received_at: int
    value: bytes
    source: str
    report_id: str
    happening: int | None


class Tellers:
    """All that is said of some happenings. `coordinates`: every account gives them. `crowd`: those whom nobody knows tell too."""

    def __init__(
        self, random: Random, terms: Terms, coordinates: bool = False, tellers: dict[str, Habits] = TELLERS, crowd: bool = True
    ) -> None:
        self._random = random
        self._terms = terms
        self._coordinates = coordinates
        self._tellers = tellers
        self._crowd = crowd
        self._towns = towns(terms)
        self._zone_names = {area: zone.name for zone in terms.zones for area in zone.areas}
        self._told = self._invented = 0
        self._outages = {(source, day) for source in tellers for day in range(60) if random.random() < tellers[source].outage}

    def tell(self, found: list[Happening]) -> list[Telling]:
        """In order of receipt."""
        told: list[Telling] = []
        for happening in found:
            told += self._of(happening)
        return sorted(told, key=lambda telling: (telling.received_at, telling.source, telling.report_id))

    def _of(self, happening: Happening) -> list[Telling]:
        random, told = self._random, []
        day = (happening.at - self._terms.d_hour_s) // DAY
        # What killed many is told by many.
        loud = min(1.6, 0.75 + happening.killed / 8)
        for source, habits in self._tellers.items():
            away = happening.town.area not in habits.zones or (source, day) in self._outages
            if away or random.random() > habits.sees * loud:
                continue
            if habits.accuses not in (None, happening.by) and random.random() < 0.8:
                continue
            told += self._account(happening, source, habits)
            if random.random() < habits.lies:
                told += self._lie(happening, source, habits)
        if self._crowd and random.random() < CROWD_SHARE * loud:
            for _ in range(random.choice((1, 1, 2))):
                told += self._account(happening, f"account-{random.randrange(CROWD)}", CROWD_HABITS)
        return told

    def _account(self, happening: Happening, source: str, habits: Habits) -> list[Telling]:
        random = self._random
        body, received_at = self._body(happening, source, habits)
        told = [self._publish(body, received_at, happening.number)]
        if random.random() < AGAIN:
            # The same once more, a little later and under another id.
            again = body | {"report_id": self._id(source)}
            told.append(self._publish(again, received_at + random.randrange(600, 4 * HOUR), happening.number))
        for copier, (copied, share) in COPIERS.items():
            if copied == source and random.random() < share:
                copy = body | {"report_id": self._id(copier), "source": copier}
                if random.random() < 0.5:
                    copy["via"] = source
                told.append(self._publish(copy, received_at + random.randrange(1_200, 6 * HOUR), happening.number))
        return told

    def _lie(self, happening: Happening, source: str, habits: Habits) -> list[Telling]:
        """Something that did not happen, somewhere else, by the other side."""
        random = self._random
        self._invented += 1
        town = random.choice(self._towns)
        invention = happening._replace(
            number=-self._invented,
            town=town,
            lat=town.lat_e6 / 1e6,
            lon=town.lon_e6 / 1e6,
            at=happening.at + random.randrange(-6 * HOUR, 6 * HOUR),
            killed=random.randrange(6),
            by=habits.accuses or happening.by,
        )
        return self._account(invention, source, habits._replace(lies=0.0))

    def _body(self, happening: Happening, source: str, habits: Habits) -> tuple[dict, int]:
        random = self._random
        at = happening.at + round(random.gauss(0, habits.off_s))
        received_at = max(at, happening.at) + 300 + int(random.expovariate(1 / (habits.delay_h * HOUR)))
        if random.random() < MISSTATED_DAY:
            at -= DAY
        precision = random.choices(("exact", "hour", "part_of_day", "day"), habits.times)[0]
        weapon = happening.weapon if random.random() < habits.knows_weapon else "undetermined"
        if happening.weapon == "small_arms":
            weapon = "small_arms"
        elif weapon in CONFUSED and random.random() < CONFUSED_SHARE:
            weapon = random.choice(CONFUSED[weapon])
        killed, injured = self._toll(happening.killed, habits), self._toll(happening.injured, habits)
        body = {
            "report_id": self._id(source),
            "source": source,
            "type": "violation",
            "kind": "attack",
            "weapon": weapon,
            "occurred_at": stated(at),
            "time_precision": precision,
            "location": self._place(happening, habits),
            "published_at": stated(received_at),
        }
        if happening.killed or happening.injured or random.random() < 0.3:
            body["casualties"] = {"killed": killed, "injured": injured}
        if random.random() < 0.6:
            body["by"] = habits.accuses or happening.by
        body["text"], body["language"] = self._text(happening, weapon, killed, source, habits)
        if random.random() < habits.links:
            body["links"] = [f"https://example.org/{source}/{self._told}"]
        return body, received_at

    def _toll(self, true: int, habits: Habits) -> int | str:
        random = self._random
        if true >= 10 and random.random() < habits.vague:
            return "tens" if true < 60 else "hundreds" if true >= 100 else "dozens"
        # The first count is often of those who were found by then.
        known = random.random() if random.random() < EARLY else 1.0
        return round(true * known * habits.toll * random.lognormvariate(0, 0.15))

    def _place(self, happening: Happening, habits: Habits) -> dict:
        random = self._random
        town = happening.town
        lat, lon = moved(random, happening.lat, happening.lon, habits.off_m)
        style = 0 if self._coordinates else random.choices(range(4), habits.places)[0]
        # A name is easily taken for another; coordinates come from a map or a device, and go wrong with a digit.
        if style and random.random() < WRONG_TOWN:
            town = random.choice(self._towns)
        province = self._zone_names[town.area]
        if style == 0:
            if random.random() < WRONG_DIGIT:
                lat += random.choice((-1, 1)) * random.choice((1, 0.1))
            return {"lat": round(lat, 4), "lon": round(lon, 4), "country": "SY"}
        if style == 1:
            return {"place": _name(town), "admin1": province, "country": "SY"}
        if style == 2:
            return {"place": _phrase(lat, lon, town), "admin1": province, "country": "SY"}
        return {"admin1": province, "country": "SY"}

    def _text(self, happening: Happening, weapon: str, killed: int | str, source: str, habits: Habits) -> tuple[str, str]:
        """Everybody has two ways of putting it."""
        random = self._random
        way = sum(source.encode()) + random.randrange(2)
        arabic = random.random() < habits.arabic
        if arabic:
            toll = f" ومقتل {killed}" if killed else ""
            sentence, noun, target = ARABIC_SENTENCES[way % len(ARABIC_SENTENCES)], ARABIC[weapon], happening.target[1]
        else:
            toll = f", killing {killed}" if killed else ""
            sentence, noun, target = SENTENCES[way % len(SENTENCES)], NOUNS[weapon], happening.target[0]
        return sentence.format(noun=noun, target=target, town=_name(happening.town), toll=toll), "ar" if arabic else "en"

    def _publish(self, body: dict, received_at: int, happening: int) -> Telling:
        value = orjson.dumps(body | {"published_at": stated(received_at)})
        return Telling(received_at, value, body["source"], body["report_id"], happening)

    def _id(self, source: str) -> str:
        self._told += 1
        return f"{source}-{self._told}"


def _phrase(lat: float, lon: float, town: Place) -> str:
    """Some kilometres in one of eight directions from a town."""
    north_km, east_km = (lat - town.lat_e6 / 1e6) * 111, (lon - town.lon_e6 / 1e6) * 90
    ways = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
    way = max(
        range(8),
        key=lambda number: (
            north_km,
            (north_km + east_km) * 0.71,
            east_km,
            (east_km - north_km) * 0.71,
            -north_km,
            -(north_km + east_km) * 0.71,
            -east_km,
            (north_km - east_km) * 0.71,
        )[number],
    )
    return f"{max(1, round((north_km**2 + east_km**2) ** 0.5))} km {ways[way]} of {_name(town)}"


def _name(town: Place) -> str:
    return town.name


def stated(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["COPIERS", "TELLERS", "Tellers", "Telling", "stated"]
