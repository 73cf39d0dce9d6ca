"""One city on one day, told by tens of thousands: what a report costs, by attention, by density and by a flood.

    uv run python load_tests/truth/dense.py

Costs are counted, in comparisons for each report, because a busy machine counts as well as an idle one. Prints Markdown.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

import click
import msgspec

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from load_tests.truth.write import TERMS_FILE
from schemas.facts import Circle, Report
from schemas.reasons import Method
from streams.core.picture import Picture, key_of
from streams.core.terms import DAY, HOUR, Terms, load

CITY = (36.2, 37.15)
STRIKES = 60
"""As many in one city on one day as the fullest bulletins counted in the whole of a country (55)."""
A_STRIKE = 25
"""Reports of each strike, where the city is struck the more often the more there is to tell."""
WORDS = ("market", "hospital", "school", "bakery", "mosque", "checkpoint", "road", "quarter", "bridge", "station")
WEAPONS = ("mortar", "artillery", "rocket", "airstrike", "small_arms")
COPIED = "planes struck the market of the town and killed many people"

Located = tuple[Report, Circle]


class Cost(NamedTuple):
    """For each report: neighbours gone through, pairs compared in full, microseconds; and the incidents there are."""

    looked: float
    compared: float
    incidents: int
    micros: float


def attention(count: int, random: Random, terms: Terms) -> Iterator[Located]:
    """Some dozens of strikes: every source of the terms tells of most, and thousands of accounts of any."""
    return _told(count, random, terms, STRIKES)


def density(count: int, random: Random, terms: Terms) -> Iterator[Located]:
    """The more is told, the more is struck: hundreds of strikes, that nobody could tell apart any more."""
    return _told(count, random, terms, max(count // A_STRIKE, 1))


def copies(count: int, random: Random, terms: Terms) -> Iterator[Located]:
    """One strike told in almost the same words by as many accounts as there are reports."""
    for number in range(count):
        at = terms.d_hour_s + 12 * HOUR + random.randrange(HOUR)
        yield _report(f"account-{random.random()}", number, at, text=f"{COPIED} {number}")


def earlier(count: int, random: Random, terms: Terms) -> Iterator[Located]:
    """The same, each account dating it before all that were there, so that it would come first."""
    for number in range(count):
        at = terms.d_hour_s + 12 * HOUR - number // 20
        yield _report(f"account-{random.random()}", number, at, text=COPIED)


def rivals(count: int, random: Random, terms: Terms) -> Iterator[Located]:
    """Accounts of which each tells of something else, and dates it before all that were there."""
    for number in range(count):
        at = terms.d_hour_s + 12 * HOUR - number // 20
        yield _unlike(f"account-{random.random()}", number, at, random, by=f"force {number}")


def one_party(count: int, random: Random, terms: Terms) -> Iterator[Located]:
    """A party that terms list says the same again and again, each time dated earlier."""
    for number in range(count):
        yield _report("ministry", number, terms.d_hour_s + 12 * HOUR - number // 20, text=COPIED)


def one_party_amid(count: int, random: Random, terms: Terms) -> Iterator[Located]:
    """Half is told of some dozens of strikes; half is what a listed party invents meanwhile, each dated earlier."""
    for number, located in enumerate(attention(count - count // 2, random, terms)):
        yield located
        if number < count // 2:
            yield _unlike("ministry", count + number, terms.d_hour_s + 12 * HOUR - number // 20, random)


STORIES: dict[str, Callable[[int, Random, Terms], Iterator[Located]]] = {
    "attention": attention,
    "density": density,
    "copies": copies,
    "earlier": earlier,
    "rivals": rivals,
    "one party": one_party,
    "one party amid": one_party_amid,
}


def cost(told: Iterable[Located], terms: Terms, batch: int = 100) -> Cost:
    """Of the second half of some reports, and so of the dearest; up to date after every `batch`."""
    reports, picture = list(told), Picture(terms)
    half, began, before = len(reports) // 2, 0.0, picture.work()
    for number, (report, circle) in enumerate(reports):
        if number == half:
            picture.resolve()
            began, before = time.perf_counter(), picture.work()
        picture.add(key_of(report.source, report.report_id), report, circle, terms.d_hour_s + DAY)
        if (number + 1) % batch == 0:
            picture.resolve()
    picture.resolve()
    seconds, after, count = time.perf_counter() - began, picture.work(), len(reports) - half
    looked, compared = after.looked - before.looked, after.compared - before.compared
    return Cost(looked / count, compared / count, len(picture.incidents), seconds / count * 1e6)


def _told(count: int, random: Random, terms: Terms, strikes: int) -> Iterator[Located]:
    """In the order of receipt, hours after the fact."""
    lat, lon = CITY
    struck = [
        (
            *(random.gauss(lat, 0.02), random.gauss(lon, 0.02), terms.d_hour_s + random.randrange(DAY)),
            *(random.choice(WEAPONS), random.randrange(6), random.choice(WORDS)),
        )
        for _ in range(strikes)
    ]
    tellings = [(source.id, strike) for strike in struck for source in terms.sources if random.random() < 0.7][:count]
    while len(tellings) < count:
        tellings.append((f"account-{random.randrange(max(count // 3, 1))}", random.choice(struck)))
    arrivals = sorted((strike[2] + random.expovariate(1 / (2 * HOUR)), number) for number, (_, strike) in enumerate(tellings))
    for _, number in arrivals:
        source, (at_lat, at_lon, at, weapon, killed, word) = tellings[number]
        yield _report(
            source,
            number,
            round(at + random.gauss(0, 900)),
            at_lat + random.gauss(0, 0.003),
            at_lon + random.gauss(0, 0.003),
            weapon=weapon if random.random() < 0.75 else "undetermined",
            killed=killed,
            time_precision=random.choice(["exact", "exact", "hour", "part_of_day", "day"]),
            text=f"{weapon} near the {word}, {random.randrange(10**6)} {random.choice(WORDS)} {random.choice(WORDS)}",
        )


def _unlike(source: str, number: int, at: int, random: Random, **more: object) -> Located:
    text = " ".join(str(random.random()) for _ in range(4))
    lat, lon = CITY[0] + random.gauss(0, 0.01), CITY[1] + random.gauss(0, 0.01)
    return _report(source, number, at, lat, lon, killed=number * 37 % 900, text=text, **more)


def _report(
    source: str,
    number: int,
    at: int,
    lat: float = CITY[0],
    lon: float = CITY[1],
    *,
    weapon: str = "airstrike",
    killed: int = 3,
    **more: object,
) -> Located:
    body = {
        "report_id": f"r{number}",
        "source": source,
        "type": "violation",
        "kind": "attack",
        "weapon": weapon,
        "occurred_at": datetime.fromtimestamp(at, UTC),
        "casualties": {"killed": killed},
        **more,
    }
    return msgspec.convert(body, Report), Circle(lat, lon, 300, 1, Method.COORDINATES, ["SY.09"])


@click.command()
@click.option("--reports", "counts", multiple=True, type=int, default=(5_000, 20_000, 50_000), help="May be given again.")
@click.option("--story", "stories", multiple=True, type=click.Choice(list(STORIES)), help="May be given again; all if not.")
@click.option("--batch", default=100, help="How many reports are read between two looks at what they come to.")
def main(counts: tuple[int, ...], stories: tuple[str, ...], batch: int) -> None:
    """Print what a report costs, by how many there are."""
    terms = load(TERMS_FILE)
    click.echo("| story | reports | incidents | neighbours a report | comparisons | µs |\n|---|---|---|---|---|---|")
    for name in stories or STORIES:
        for count in counts:
            of = cost(STORIES[name](count, Random(count), terms), terms, batch)
            click.echo(f"| {name} | {count:,} | {of.incidents:,} | {of.looked:,.0f} | {of.compared:,.0f} | {of.micros:,.0f} |")


if __name__ == "__main__":
    main()
