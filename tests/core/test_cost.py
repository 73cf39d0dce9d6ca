"""One more report costs the same whether a thousand or ten thousand are there, honest or not: comparisons are counted."""

from random import Random

import msgspec
import pytest

from load_tests.truth.dense import STORIES, cost
from load_tests.truth.write import TERMS_FILE
from schemas.facts import Circle, LocatedReport, LoggedTick, Origin
from schemas.reasons import Method
from streams.core import deduplicate
from streams.core.intake import terms_record
from streams.core.partition import LogPartition
from streams.core.terms import HOUR, load, parse

TOPIC = "reports.strike"
TERMS = parse(
    {
        "truce": {
            "id": "strike",
            "name": "One strike",
            "countries": ["SY"],
            "d_hour": "2016-01-01T00:00:00Z",
            "time_zone": "UTC",
            "salt": "of incident ids",
        },
        "opposed": ["north", "south"],
    }
)
BATCH = 250


def _comparisons(count: int) -> list[int]:
    """How many pairs were compared in each batch of reports of one strike, each by another source."""
    random, partition, batches, before = Random(count), LogPartition(0), [], 0
    now = TERMS.d_hour_s + HOUR
    partition.apply(0, terms_record(TERMS))
    partition.apply(1, msgspec.json.encode(LoggedTick(now, now, Origin(TOPIC, 0, 0), {TOPIC: 1})))
    circle = Circle(36.2, 37.1, 500, 1, Method.COORDINATES, ["SY.09"])
    for number in range(count):
        report = {
            "report_id": str(number),
            "source": f"outlet {random.random()}",
            "type": "violation",
            "kind": "attack",
            "occurred_at": f"2016-01-01T00:{random.randrange(60):02}:00Z",
            "casualties": {"killed": random.randrange(5)},
        }
        origin = Origin(TOPIC, 0, number + 1)
        partition.apply(number + 2, msgspec.json.encode(LocatedReport("strike", now, origin, _raw(report), circle)))
        if (number + 1) % BATCH == 0:
            partition.flush()
            compared = partition.monitors["strike"].pictures[0][1].work().compared
            batches.append(compared - before)
            before = compared
    assert len(partition.monitors["strike"].pictures[0][1].incidents) == 1
    return batches


def _raw(report: dict) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(report))


@pytest.mark.parametrize("in_python", [False, True])
def test_a_report_of_a_much_told_strike_costs_no_more_than_the_first(in_python: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if in_python:
        monkeypatch.setattr(deduplicate, "LIBRARY", None)
    batches = _comparisons(5_000 if in_python else 10_000)
    # A batch whose earliest report becomes the new anchor compares all members once more; that is rare and becomes rarer.
    plain = [compared for compared in batches if BATCH // 2 <= compared <= 2 * BATCH]
    assert len(plain) >= len(batches) * 3 // 4


@pytest.mark.parametrize("story", ["copies", "earlier", "rivals", "one party"])
def test_a_flood_costs_no_more_for_each_report_the_longer_it_lasts(story: str) -> None:
    """Whoever floods may date each report before all that are there: so it would be the anchor of everything again and again."""
    terms = load(TERMS_FILE)
    for count in (2_000, 8_000):
        of = cost(STORIES[story](count, Random(count), terms), terms)
        assert of.looked <= 60, (count, of)


@pytest.mark.skipif(deduplicate.LIBRARY is None, reason="the native part is not built here, and Python takes minutes for this")
def test_tens_of_thousands_may_tell_of_what_befell_one_city() -> None:
    terms = load(TERMS_FILE)
    few, many = (cost(STORIES["attention"](count, Random(count), terms), terms).looked for count in (4_000, 16_000))
    assert many <= 1.5 * few
