"""The grouping of reports is a function of the set of those that live, in crowded cells too."""

from random import Random
from typing import Any

import msgspec
import oracles
import pytest

from schemas.facts import Circle, Report
from schemas.reasons import Method
from streams.core.claims import Account, Reading
from streams.core.deduplicate import Deduplicator
from streams.core.repeats import Repeats
from streams.core.terms import Terms, parse

NEWS = (
    "Shells fell on the vegetable market of the old town shortly before noon",
    "Shells fell on the vegetable market in the old town shortly before noon",
    "An aircraft dropped two bombs on the road that leads to the hospital",
)
LISTED = ("watcher", "council", "ministry")
OTHERS = ("somebody", "passer-by", "neighbour")


def terms_with(**match: Any) -> Terms:
    return parse(
        {
            "truce": {
                "id": "crowded",
                "name": "A truce",
                "countries": ["SY"],
                "d_hour": "2016-09-12T00:00:00Z",
                "time_zone": "UTC",
                "salt": "of incident ids",
            },
            "opposed": ["north", "south"],
            "sources": [{"id": "watcher"}, {"id": "council"}, {"id": "ministry", "side": "north"}],
            "match": match,
        }
    )


def account(random: Random, number: int, terms: Terms, sources: tuple[str, ...] = LISTED + OTHERS) -> Account:
    """In a small town, over two days, seldom weeks later: circles and spans of every breadth and length."""
    radius_m, precision = random.choice([(100, 1), (500, 1), (2_500, 2), (10_000, 3), (80_000, 4), (300_000, 6)])
    lat, lon = random.choice([(36.2, 37.1), (36.21, 37.11), (36.2 + random.random() / 10, 37.1 + random.random() / 10)])
    circle = Circle(lat, lon, radius_m, precision, Method.COORDINATES, [])
    day = random.choice([13, 13, 13, 14, 14, 14, 29])
    body = {
        "report_id": str(number),
        "source": random.choice(sources),
        "type": "violation",
        "kind": random.choice(["attack", "attack", "disproportionate_force", "territory"]),
        "weapon": random.choice(["mortar", "artillery", "undetermined", "airstrike"]),
        "occurred_at": f"2016-09-{day}T{random.randrange(24):02}:{random.randrange(60):02}:00Z",
        "time_precision": random.choice(["exact", "exact", "hour", "part_of_day", "day", "week", "month"]),
    }
    if random.random() < 0.3:
        body["text"] = random.choice(NEWS)
    if random.random() < 0.3:
        body["links"] = [f"https://example.org/{random.randrange(4)}"]
    return Account(msgspec.convert(body, Report), circle, 0, Reading(terms))


def grouped(deduplicator: Deduplicator, accounts: list[Account]) -> dict[Any, Account]:
    """By the ids of its reports, each incident's anchor."""
    deduplicator.resolve()
    groups: dict[int, tuple[Account, set]] = {}
    for one in accounts:
        anchor = one.anchor.claim.anchor
        groups.setdefault(id(anchor), (anchor.account, set()))[1].add((one.source_name, one.report_id))
    return {frozenset(ids): anchor for anchor, ids in groups.values()}


@pytest.mark.parametrize("one_a_day", [False, True])
@pytest.mark.parametrize("neighbours_max", [1, 2, 64])
@pytest.mark.parametrize("seed", range(6))
def test_groups_equal_a_recomputation_whatever_came_and_went(seed: int, neighbours_max: int, one_a_day: bool) -> None:
    terms, random = terms_with(neighbours_max=neighbours_max, one_a_day=one_a_day, threshold=1.0), Random(seed)
    deduplicator, live = Deduplicator(terms), []
    for number in range(240):
        if live and random.random() < 0.3:
            deduplicator.remove(live.pop(random.randrange(len(live))))
        else:
            live.append(account(random, number, terms))
            deduplicator.add(live[-1])
        if random.random() < 0.2:
            deduplicator.resolve()
    assert grouped(deduplicator, live) == oracles.incidents(live, terms)


@pytest.mark.parametrize("seed", range(6))
def test_what_anybody_says_moves_no_incident_that_known_sources_place(seed: int) -> None:
    terms, random = terms_with(), Random(seed)
    known = [account(random, number, terms, LISTED) for number in range(80)]
    known = [one for one in known if one.circle.precision < 3]
    flood = [account(random, number, terms, OTHERS) for number in range(400)]
    alone, flooded = Deduplicator(terms), Deduplicator(terms)
    for one in known:
        alone.add(one)
    before = {ids: anchor.report_id for ids, anchor in grouped(alone, known).items()}
    again = [account_again(one, terms) for one in known]
    for one in random.sample(again + flood, len(again) + len(flood)):
        flooded.add(one)
    flooded.resolve()
    after = {ids: anchor.report_id for ids, anchor in grouped(flooded, again).items()}
    assert after == before


def account_again(one: Account, terms: Terms) -> Account:
    """The same account, in no group yet."""
    fresh = Account.__new__(Account)
    for name in Account.__slots__:
        setattr(fresh, name, getattr(one, name))
    fresh.anchor = fresh.handle = fresh.claim = None
    return fresh


@pytest.mark.parametrize("fields", [{"text": NEWS[0]}, {"links": ["https://example.org/updated-daily"]}])
def test_a_source_that_has_used_the_same_words_for_long_is_still_known_to_repeat_itself(fields: dict[str, Any]) -> None:
    """However often it did: what is old takes no room from what is new."""
    terms = terms_with(neighbours_max=2)
    deduplicator, live = Deduplicator(terms), []
    for number, on in enumerate(["01T08", "05T08", "09T08", "13T08", "17T08", "17T10", "21T08", "21T09"]):
        body = {"report_id": str(number), "source": "watcher", "type": "violation", "kind": "attack", "weapon": "mortar"}
        body |= {"occurred_at": f"2016-09-{on}:00:00Z", **fields}
        circle = Circle(36.2, 37.1, 100, 1, Method.COORDINATES, [])
        live.append(Account(msgspec.convert(body, Report), circle, 0, Reading(terms)))
        deduplicator.add(live[-1])
    told = [{report_id for _, report_id in ids} for ids in grouped(deduplicator, live)]
    assert sorted(map(sorted, told)) == [["0"], ["1"], ["2"], ["3"], ["4", "5"], ["6", "7"]]


def test_a_report_of_centuries_is_looked_for_in_no_more_slots_than_there_are_reports_in() -> None:
    terms = terms_with()
    index = Repeats(terms.match)
    circle = Circle(36.2, 37.1, 100, 1, Method.COORDINATES, [])
    body = {"source": "watcher", "type": "violation", "kind": "attack", "links": ["https://example.org"]}
    spans = [("2016-09-01", "2016-09-01"), ("2016-09-09", "2016-09-09"), ("0001-01-02", "9998-12-30")]
    for number, (start, end) in enumerate(spans):
        span = {"occurred_from": f"{start}T08:00:00Z", "occurred_to": f"{end}T09:00:00Z"}
        report = msgspec.convert(body | span | {"report_id": str(number)}, Report)
        index.add(Account(report, circle, 0, Reading(terms)))
    account = Account(report, circle, 0, Reading(terms))
    around = list(index._around(account, index._said(account)))
    assert sum(length == 0 for _, length, _ in around) == 5, "of two days each"
    assert len(list(index.near(account, index._keys(account)))) == 3
