"""Groups with many claims of one source: a place that becomes free in one is taken by the next of that source.

Held to the naive recomputation after every change, in Python and in C.
"""

from random import Random

import msgspec
import oracles
import pytest
from core.builders import TERMS, stated

from schemas.facts import Circle, Report
from schemas.reasons import Method
from streams.core import deduplicate
from streams.core.claims import Account, Reading
from streams.core.deduplicate import Deduplicator
from streams.core.terms import HOUR

SOURCES = ("watcher", "council", "archive")
READING = Reading(TERMS)


def _account(random: Random, number: int) -> Account:
    """Few sources, one town, some hours: nearly everything fits nearly everything, and rivals abound."""
    body = {
        "report_id": f"r{number}",
        "source": random.choice(SOURCES),
        "type": "violation",
        "kind": "attack",
        "weapon": random.choice(["mortar", "artillery", "undetermined"]),
        "occurred_at": stated(TERMS.d_hour_s + random.randrange(8) * HOUR),
    }
    lat, lon = 36.2 + random.randrange(4) / 200, 37.15 + random.randrange(4) / 200
    circle = Circle(lat, lon, random.choice([100, 2_000]), random.choice([1, 2]), Method.COORDINATES, ["SY.09"])
    return Account(msgspec.convert(body, Report), circle, TERMS.d_hour_s, READING)


@pytest.mark.parametrize("in_python", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_what_one_claim_leaves_free_the_next_of_its_source_takes(seed: int, in_python: bool, monkeypatch) -> None:
    if in_python:
        monkeypatch.setattr(deduplicate, "LIBRARY", None)
    random = Random(seed)
    deduplicator, live, incident_of, crowded = Deduplicator(TERMS), {}, {}, 0
    for number in range(160):
        if live and random.random() < 0.4:
            deduplicator.remove(live.pop(random.choice(sorted(live))))
        else:
            live[number] = _account(random, number)
            deduplicator.add(live[number])
        _, changes = deduplicator.resolve()
        for anchor, claim, joined in changes:
            if joined:
                incident_of[claim] = anchor
            elif incident_of.get(claim) is anchor:
                del incident_of[claim]
        groups: dict[object, set[tuple[str, str]]] = {}
        for claim, anchor in incident_of.items():
            groups.setdefault(id(anchor), set()).update((a.source_name, a.report_id) for a in claim.told)
        found = {frozenset(told) for told in groups.values()}
        assert found == set(oracles.incidents(live.values(), TERMS)), number
        crowded += any(len(told) == len(SOURCES) for told in found)
    assert crowded > 50, "groups should be full most of the time"
