"""Truces of the made-up conflict whose right outcome is known: does the gate open when it should, and only then?

Each is three weeks of one zone with a course of its own: calm throughout, a strike now and then, a lull that breaks, or no
calm at all. It truly qualifies on the day that ends seven days in a row (in the span that terms allow) with no more
violence than the threshold, watched or not.
"""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import msgspec
import orjson

from load_tests.truth.conflict import Happening, happenings, towns
from load_tests.truth.tellers import TELLERS, Tellers, Telling, stated
from schemas.facts import Day, PhaseChange
from schemas.reasons import WHOLE, Phase, Trust
from schemas.topics import DAYS, PHASES
from streams.core.intake import Arrival
from streams.core.replay import Replay
from streams.core.terms import DAY, HOUR, Source, Terms, thousandths

ZONE, AREA = "aleppo", "SY.09"
MONITORS, FURTHER = ("observatory", "network"), "mission"
"""The independent sources that watch, and the name of further ones, each with the habits of the second."""
TRUCE_DAYS = 16
WATCHED_DAYS = TRUCE_DAYS + 1
"""Nothing happens on the last of them. What would qualify only after it should not open: nobody watches any more."""
COURSES: dict[str, tuple[float, ...]] = {
    # Incidents in the zone on each day, on average.
    "calm": (0.2,) * TRUCE_DAYS,
    "uneasy": (0.8,) * TRUCE_DAYS,
    "breaks": (0.2,) * 5 + (6.0,) * 2 + (0.2,) * 9,
    "fades": (6.0, 5.0, 4.0, 3.0, 2.0, 1.0) + (0.2,) * 10,
    "violent": (5.0,) * TRUCE_DAYS,
}


class Verdict(NamedTuple):
    """Days are counted from D-hour, None where it never qualifies. `causes`: outcomes of the days of a run that was blocked.

    `seed` and `course` repeat it. `truly_told`: as `truly`, were there no strikes but those that anybody told of.
    """

    seed: int
    course: str
    truly: int | None
    truly_told: int | None
    found: int | None
    causes: Counter[str]
    days_held: int
    days: int

    @property
    def false_open(self) -> bool:
        """The gate opened although it never should have, or before."""
        return _too_early(self.found, self.truly)

    @property
    def untold(self) -> bool:
        """It is a false-open, and by all that anybody told it was none."""
        return self.false_open and not _too_early(self.found, self.truly_told)

    @property
    def false_block(self) -> bool:
        """It should have opened, and never did."""
        return self.truly is not None and self.found is None

    @property
    def days_late(self) -> int | None:
        """By how much it opened after the day on which it truly qualified."""
        return self.found - self.truly if self.found is not None and self.truly is not None and self.found >= self.truly else None


def _too_early(found: int | None, truly: int | None) -> bool:
    return found is not None and (truly is None or found < truly)


class Setting(NamedTuple):
    """What comes on top: a flood of anonymous inventions, and reports of an honest monitor that it saw nothing."""

    flood: bool = False
    nil: bool = False


SETTINGS = {"honest": Setting(), "flooded": Setting(flood=True), "flooded, and a monitor says nil": Setting(flood=True, nil=True)}


def with_monitors(terms: Terms, count: int) -> Terms:
    """The same terms with so many independent monitors in the field, the two that they list among them."""
    watch = {"zones": list(terms.zone_ids), "trusted": [Trust.WATCH]}
    further = [Source(id=f"{FURTHER}-{number}", **watch) for number in range(len(MONITORS) + 1, count + 1)]
    return msgspec.structs.replace(terms, sources=[*terms.sources, *further])


def judge(seed: int, course: str, terms: Terms, setting: Setting = SETTINGS["honest"], agreed: Terms | None = None) -> Verdict:
    """One truce from beginning to end. `agreed`: how many days and how quiet, where the gate asks for something else."""
    random, agreed = Random(f"{seed} {course}"), agreed or terms
    found = _course(random, COURSES[course], terms)
    told = Tellers(random, terms).tell(found)
    for monitor in MONITORS:
        told += _watch(random, terms, monitor, setting.nil and monitor == MONITORS[0])
    for source in terms.sources:
        if source.id.startswith(FURTHER):
            # By lots of its own: what the others say is the same with it and without.
            own = Random(f"{seed} {course} {source.id}")
            told += Tellers(own, terms, tellers={source.id: TELLERS[MONITORS[1]]}, crowd=False).tell(found)
            told += _watch(own, terms, source.id)
    numbers = {telling.happening for telling in told}
    heard_of = [one for one in found if one.number in numbers]
    if setting.flood:
        told += _flood(random, terms)
    arrivals = (
        Arrival(telling.received_at, telling.value, f"truth:{number}")
        for number, telling in enumerate(sorted(told, key=lambda telling: telling.received_at), start=1)
    )
    violence = _violence(found, terms)
    opened, days = None, {}
    for fact in Replay([terms]).facts(arrivals, terms.d_hour_s + (WATCHED_DAYS + 1) * DAY + terms.gate.settle_hours * HOUR):
        if fact.topic == PHASES and fact.value is not None and opened is None:
            change = msgspec.json.decode(fact.value, type=PhaseChange)
            if change.after == Phase.QUALIFIED:
                opened = (change.effective_at - terms.d_hour_s) // DAY - 1
        elif fact.topic == DAYS and fact.value is not None:
            day = msgspec.json.decode(fact.value, type=Day)
            if day.zone == ZONE and 0 <= day.day < TRUCE_DAYS:
                days[day.day] = day
    held = sum(day.measures.severity.low <= violence[number] <= day.measures.severity.high for number, day in days.items())
    causes = Counter(str(day.outcome) for day in days.values()) if opened is None else Counter[str]()
    truly_told = _truly(_violence(heard_of, terms), agreed)
    return Verdict(seed, course, _truly(violence, agreed), truly_told, opened, causes, held, len(days))


def _course(random: Random, rates: tuple[float, ...], terms: Terms) -> list[Happening]:
    found: list[Happening] = []
    for day, rate in enumerate(rates):
        count = sum(random.random() < rate / 20 for _ in range(20))
        # More than are wanted, because those elsewhere are left out; they come in order of time, and any hour is as good.
        pool = [one for one in happenings(random, terms, 1, 60, day) if one.town.area == AREA]
        some = random.sample(pool, min(count, len(pool)))
        found += [one._replace(number=len(found) + number) for number, one in enumerate(some)]
    return sorted(found, key=lambda happening: happening.at)


def _flood(random: Random, terms: Terms) -> Iterator[Telling]:
    """Three strikes a day that never were, each told by ten accounts that nobody knows."""
    places = [town for town in towns(terms) if town.area == AREA]
    for number in range(TRUCE_DAYS * 3):
        town, at = random.choice(places), terms.d_hour_s + number // 3 * DAY + random.randrange(DAY)
        for account in range(10):
            source, report_id = f"account-{random.random()}", f"flood-{number}-{account}"
            body = {
                "report_id": report_id,
                "source": source,
                "type": "violation",
                "kind": "attack",
                "weapon": "airstrike",
                "occurred_at": stated(at + account),
                "location": {"lat": town.lat_e6 / 1e6, "lon": town.lon_e6 / 1e6, "country": "SY"},
                "casualties": {"killed": 4, "injured": 6},
                "by": "government forces",
            }
            yield Telling(at + 1_800 + account, orjson.dumps(body), source, report_id, None)


def _watch(random: Random, terms: Terms, source: str, nil: bool = False) -> Iterator[Telling]:
    """A source says every four hours that it is there; now and then it is not for a day.

    With `nil` it says of those hours, too, that nothing more was to be seen than it tells.
    """
    for hour in range(0, WATCHED_DAYS * 24, 4):
        if hour % 24 == 0:
            away = random.random() < 0.03
        if away:
            continue
        at = terms.d_hour_s + hour * HOUR
        report_id = f"{source}-alive-{hour}"
        yield Telling(at, orjson.dumps({"report_id": report_id, "source": source, "type": "alive"}), source, report_id, None)
        if nil:
            covers = {"zone": WHOLE, "from": stated(at - 4 * HOUR), "to": stated(at)}
            body = {"report_id": f"nil-{hour}", "source": source, "type": "nil", "covers": covers}
            yield Telling(at, orjson.dumps(body), source, f"nil-{hour}", None)


def _violence(found: list[Happening], terms: Terms) -> list[int]:
    """By day, the true severity in thousandths."""
    days = [0] * WATCHED_DAYS
    for one in found:
        severity = terms.weight("attack", one.weapon)
        severity += thousandths(terms.severity.killed) * one.killed + thousandths(terms.severity.injured) * one.injured
        day = (one.at - terms.d_hour_s) // DAY
        if day < len(days):
            days[day] += min(severity, thousandths(terms.severity.cap))
    return days


def _truly(violence: list[int], agreed: Terms) -> int | None:
    """The first day that ends enough quiet days in a row."""
    limit, run = thousandths(agreed.thresholds[ZONE].value), 0
    for day, amount in enumerate(violence):
        run = run + 1 if amount <= limit else 0
        if run == agreed.gate.days:
            return day
    return None


__all__ = ["COURSES", "MONITORS", "SETTINGS", "Setting", "Verdict", "judge", "with_monitors"]
