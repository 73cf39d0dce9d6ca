"""The canonical workload: made-up reports of a made-up truce, from a seed, with the truth beside them.

Everything that is measured is measured on this. Twenty sources in eight lineages on three sides tell of incidents in all
provinces but one, which is quiet; half of the incidents are in one that is violent. Of the messages 10 % repeat an id; of
the incidents 30 % are told by two to six sources, which differ in place, hour and casualties; 60 % of accounts have
coordinates, 30 % the name of a place, 5 % a province, and 5 % cannot be used. Some arrive days late. Two sources say twice
a day that they watched. The same seed and size give the same bytes.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import lru_cache
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from typing import NamedTuple

import click
import orjson

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from streams.core.clock import SimulatedTime
from streams.core.gazetteer.extract import extracts
from streams.core.gazetteer.place import Place
from streams.core.terms import DAY, HOUR, Terms, load

TERMS_FILE = Path(__file__).parent / "canonical.toml"
REPORTS_A_DAY_MAX = 10_000
DAYS_MIN = 10
"""A small workload is spread thin over this many days; a larger one has more days, each as full as the next."""

REPEATED, UNUSABLE, LATE = 0.10, 0.05, 0.05
TOLD_BY_SEVERAL = 0.30
WITH_COORDINATES, WITH_PLACE = 0.60, 0.30
VIOLENT, QUIET = "SY.09", "SY.14"
VIOLENT_SHARE = 0.5
WATCHERS = ("observatory", "network")

WEAPONS = ("mortar", "artillery", "rocket", "small_arms", "airstrike", "tank", "undetermined", "uav")
WORDS = {
    "mortar": "mortar rounds fell",
    "artillery": "shells fell",
    "rocket": "rockets were fired",
    "small_arms": "shots were fired",
    "airstrike": "aircraft struck",
    "tank": "a tank fired",
    "undetermined": "explosions were heard",
    "uav": "a drone dropped a charge",
}


class Message(NamedTuple):
    """A message of the workload and what is true of it. `incident`: its number, None where it tells of none.

    `fate`: `told`, `repeat` (an id that was there before), `nil`, `unusable`.
    """

    received_at: int
    value: bytes
    source: str
    report_id: str
    incident: int | None
    fate: str


class _Happening(NamedTuple):
    """What truly happened."""

    number: int
    place: Place
    lat: float
    lon: float
    at: int
    weapon: str
    killed: int
    injured: int
    by: str


def messages(reports: int, seed: int = 1, terms: Terms | None = None) -> Iterator[Message]:
    """Exactly so many messages, in order of receipt. Ticks are not among them: see `with_ticks`."""
    return iter(_Telling(reports, seed, terms or load(TERMS_FILE)).messages())


def truces(count: int) -> list[Terms]:
    """Terms of so many truces, each with a topic of its own; of one alone, those of the file."""
    if count == 1:
        return [load(TERMS_FILE)]
    return [
        load(
            TERMS_FILE,
            [f"truce.id=load-{number}", f"truce.partition={number}", f'truce.topics=["reports.simulated.load-{number}"]'],
        )
        for number in range(count)
    ]


def messages_of(number: int, count: int, reports: int, seed: int) -> Iterator[Message]:
    """Those of one truce of several, which share so many messages: the same whether it is written to a file or to a topic."""
    return messages(reports // count, seed + number)


def with_ticks(told: Iterable[Message], truces: Sequence[Terms]) -> Iterator[Message | int]:
    """The messages with the ticks that a simulated topic carries between them, seconds since 1970."""
    time = SimulatedTime(truces)
    for message in told:
        yield from time.until(message.received_at)
        yield message
    yield from time.to_the_end()


class _Telling:
    """One pass over the days of the workload."""

    def __init__(self, reports: int, seed: int, terms: Terms) -> None:
        self._reports = reports
        self._random = Random(seed)
        self._start_s = terms.d_hour_s
        self._days = max(DAYS_MIN, -(-reports // REPORTS_A_DAY_MAX))
        self._sources = [source.id for source in terms.sources]
        provinces = [zone.areas[0] for zone in terms.zones if zone.areas[0] not in (VIOLENT, QUIET)]
        places = [place for place in extracts(terms.truce.countries)[0].places if place.country in terms.truce.countries]
        self._violent = [place for place in places if place.area == VIOLENT]
        self._others = [place for place in places if place.area in provinces]
        self._province_names = {zone.areas[0]: zone.name for zone in terms.zones}
        self._waiting: list[tuple[int, int, Message]] = []
        self._made = self._happened = self._written = self._waited = 0
        self._recent: list[Message] = []

    def messages(self) -> Iterator[Message]:
        given = 0
        for day in range(self._days + 1):
            # What is late comes on later days; the last day brings in whatever is missing.
            wanted = self._reports * (day + 1) // self._days
            while self._made < min(wanted, self._reports):
                self._happen(self._start_s + min(day, self._days - 1) * DAY + self._random.randrange(DAY))
            if day < self._days:
                self._watch(self._start_s + day * DAY)
            end_s = self._start_s + (day + 1) * DAY if day < self._days else None
            while self._waiting and (end_s is None or self._waiting[0][0] < end_s):
                if given == self._reports:
                    return
                message = heappop(self._waiting)[2]
                given += 1
                yield message

    def _happen(self, at: int) -> None:
        """One incident, and what is said of it."""
        random = self._random
        place = random.choice(self._violent if random.random() < VIOLENT_SHARE else self._others)
        weapon = random.choice(WEAPONS)
        deadly = random.random() < 0.3
        happening = _Happening(
            self._happened,
            place,
            place.lat_e6 / 1e6 + random.uniform(-0.04, 0.04),
            place.lon_e6 / 1e6 + random.uniform(-0.04, 0.04),
            at,
            weapon,
            min(int(random.expovariate(0.4)) + 1, 40) if deadly else 0,
            min(int(random.expovariate(0.2)), 80) if deadly else 0,
            random.choice(("government forces", "opposition forces", "")),
        )
        self._happened += 1
        tellers = random.randrange(2, 7) if random.random() < TOLD_BY_SEVERAL else 1
        for source in random.sample(self._sources, tellers):
            self._tell(happening, source)

    def _tell(self, happening: _Happening, source: str) -> None:
        random = self._random
        self._made += 1
        delay_s = int(random.expovariate(1 / 1_800)) + 60
        if random.random() < LATE:
            delay_s += random.randrange(DAY, 10 * DAY)
        received_at = happening.at + delay_s
        if self._recent and random.random() < REPEATED:
            earlier = random.choice(self._recent)
            self._wait(earlier._replace(received_at=max(received_at, earlier.received_at + 60), incident=None, fate="repeat"))
            return
        report_id = f"{source}-{self._made}"
        drawn = random.random()
        if drawn < UNUSABLE:
            self._wait(Message(received_at, self._unusable(source, report_id, received_at), source, report_id, None, "unusable"))
            return
        value = self._account(happening, source, report_id, received_at, drawn - UNUSABLE)
        message = Message(received_at, value, source, report_id, happening.number, "told")
        self._wait(message)
        if len(self._recent) < 1_000:
            self._recent.append(message)
        else:
            self._recent[self._made % 1_000] = message

    def _account(self, happening: _Happening, source: str, report_id: str, received_at: int, drawn: float) -> bytes:
        """One source's word on it: a little off in place, hour and number."""
        random = self._random
        off_s = random.choice((0, 0, 0, 300, -300, 900, -1_200))
        at = happening.at + off_s
        weapon = happening.weapon if random.random() < 0.9 else "undetermined"
        named = happening.place.names[0] if happening.place.names else happening.place.name
        province = self._province_names[happening.place.area]
        report = {
            "report_id": report_id,
            "source": source,
            "type": "violation",
            "kind": "attack",
            "weapon": weapon,
            "occurred_at": _stated(at),
            "time_precision": "exact" if random.random() < 0.8 else "hour",
            "published_at": _stated(received_at),
        }
        if drawn < WITH_COORDINATES:
            lat, lon = happening.lat + random.uniform(-0.008, 0.008), happening.lon + random.uniform(-0.008, 0.008)
            report["location"] = {"lat": round(lat, 4), "lon": round(lon, 4), "country": "SY"}
        elif drawn < WITH_COORDINATES + WITH_PLACE:
            report["location"] = {"place": named, "admin1": province, "country": "SY"}
        else:
            report["location"] = {"admin1": province, "country": "SY"}
        if happening.killed or random.random() < 0.3:
            killed = max(0, happening.killed + random.choice((0, 0, 0, 1, -1, 2)) * (happening.killed > 0))
            injured = max(0, happening.injured + random.choice((0, 0, 1, -1, 3)) * (happening.injured > 0))
            report["casualties"] = {"killed": killed, "injured": injured}
        if happening.by and random.random() < 0.7:
            report["by"] = happening.by
        report["text"] = f"Item {report_id}: {WORDS[weapon]} near {named} ({province}) at about {_stated(at)[11:16]}"
        report["language"] = "en"
        return orjson.dumps(report)

    def _unusable(self, source: str, report_id: str, received_at: int) -> bytes:
        """In one of the ways in which reports are."""
        report = {"report_id": report_id, "source": source, "type": "violation", "kind": "attack", "weapon": "mortar"}
        report |= {"published_at": _stated(received_at), "text": f"Item {report_id}: shells fell, it is said, in the east"}
        where = {"lat": 36.2, "lon": 37.1}
        self._written += 1
        if self._written % 5 == 0:
            return orjson.dumps(report | {"location": where})
        report["occurred_at"] = _stated(received_at - HOUR)
        if self._written % 5 == 1:
            return orjson.dumps(report)
        if self._written % 5 == 2:
            return orjson.dumps(report | {"location": {"place": "Nowhere-upon-Sea", "country": "SY"}})
        if self._written % 5 == 3:
            return orjson.dumps(report | {"location": where, "kind": "rumour"})
        return orjson.dumps(report | {"location": where})[:-1]

    def _watch(self, day_s: int) -> None:
        """Two that are trusted to watch say that they did, but for what they report."""
        for source in WATCHERS:
            for half in range(2):
                start, end = day_s + half * DAY // 2, day_s + (half + 1) * DAY // 2
                report_id = f"{source}-nil-{start}"
                covers = {"zone": "tartus", "from": _stated(start), "to": _stated(end)}
                report = {"report_id": report_id, "source": source, "type": "nil", "covers": covers, "published_at": _stated(end)}
                self._made += 1
                self._wait(Message(end, orjson.dumps(report), source, report_id, None, "nil"))

    def _wait(self, message: Message) -> None:
        self._waited += 1
        heappush(self._waiting, (message.received_at, self._waited, message))


@lru_cache(maxsize=100_000)
def _stated(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@click.command()
@click.option("--reports", default=10_000, type=click.IntRange(min=1), help="How many messages, of all truces together.")
@click.option("--truces", "count", default=1, type=click.IntRange(1, 64), help="With several, a file for each: NAME-0.jsonl, …")
@click.option("--seed", default=1, help="Another seed, another workload.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="JSON Lines, as `truce replay` reads them.")
@click.option("--truth", type=click.Path(path_type=Path), help="JSON Lines, one a message: what is true of it.")
def main(reports: int, count: int, seed: int, out: Path, truth: Path | None) -> None:
    """Write the canonical workload to a file; its terms are in canonical.toml."""
    for number in range(count):
        with ExitStack() as files:
            told = files.enter_context(_numbered(out, number, count).open("wb"))
            true = files.enter_context(_numbered(truth, number, count).open("wb")) if truth else None
            for message in messages_of(number, count, reports, seed):
                told.write(message.value + b"\n")
                if true:
                    fact = {"source": message.source, "report_id": message.report_id}
                    true.write(orjson.dumps(fact | {"fate": message.fate, "incident": message.incident}) + b"\n")


def _numbered(path: Path, number: int, count: int) -> Path:
    return path if count == 1 else path.with_stem(f"{path.stem}-{number}")


if __name__ == "__main__":
    main()
