"""What a long file leaves behind: the history of its days, and nothing of reports beyond the horizon."""

import gc
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import msgspec

from streams.core.intake import Arrival
from streams.core.monitor.reports import FORGET_DAYS
from streams.core.replay import Replay
from streams.core.terms import DAY, parse

TERMS = parse(
    {
        "truce": {
            "id": "long",
            "name": "A long truce",
            "countries": ["SY"],
            "d_hour": "2016-03-01T00:00:00Z",
            "time_zone": "UTC",
            "salt": "of incident ids",
        },
        "opposed": ["north", "south"],
        "gate": {"days": 3, "settle_hours": 6, "late_days_max": 3},
        "zones": [{"id": "east", "name": "East", "areas": ["SY.09"]}],
        "sources": [{"id": "watcher", "trusted": ["watch"], "zones": ["east", "all"]}, {"id": "council"}],
    }
)
REPORTS_A_DAY = 12
MARKS = (18, 24, 30)
"""Days of the truce; the horizon is `late_days_max` and `FORGET_DAYS`."""


def told(days: int) -> Iterator[Arrival]:
    random = Random(1)
    for day in range(days):
        for number in range(REPORTS_A_DAY):
            at_s = TERMS.d_hour_s + day * DAY + number * DAY // REPORTS_A_DAY
            body = {
                "report_id": f"{day}/{number}",
                "source": random.choice(["watcher", "council", "somebody"]),
                "type": "violation",
                "kind": "attack",
                "occurred_at": datetime.fromtimestamp(at_s, UTC).isoformat(),
                "location": {"lat": 36 + number / 20, "lon": 37.0, "country": "SY"},
            }
            if number % 10 == 0:
                body = {"report_id": f"{day}/{number}", "source": "watcher", "type": "alive"}
            yield Arrival(at_s, msgspec.json.encode(body), "")


def test_memory_follows_the_horizon_and_not_the_file() -> None:
    parted = []
    run, held = Replay([TERMS], lambda fact: parted.append(fact.key)), []
    marks = [TERMS.d_hour_s + day * DAY for day in MARKS]

    def watched() -> Iterator[Arrival]:
        for arrival in told(MARKS[-1] + 1):
            if marks and arrival.received_at >= marks[0]:
                marks.pop(0)
                parted.clear()
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
            yield arrival

    tracemalloc.start()
    try:
        for _ in run.facts(watched()):
            pass
    finally:
        tracemalloc.stop()
    days = MARKS[1] - MARKS[0]
    a_day = (held[2] - held[1]) // days
    # A settled day of two zones leaves some hundred bytes of history, which the phases rest on, and its hours a place each in
    # what is remembered of where incidents count, of which there are so many at most; its reports would be 60,000.
    assert a_day < 20_000, f"{a_day} bytes more a day"
    (picture,) = (picture for _, picture in run.partitions[0].monitors["long"].pictures)
    horizon = TERMS.gate.late_days_max + FORGET_DAYS + 3
    assert len(picture.incidents) <= horizon * REPORTS_A_DAY


def test_evidence_of_what_is_let_go_of_is_given_whole() -> None:
    parted: dict[str, bytes] = {}
    run = Replay([TERMS], lambda fact: parted.update({fact.key: fact.value or b""}))
    for _ in run.facts(told(30)):
        pass
    kept = {fact.key for fact in run.evidence()}
    assert parted.keys().isdisjoint(kept)
    reports = [report for value in parted.values() for report in msgspec.json.decode(value)["reports"]]
    assert len(reports) > 5 * REPORTS_A_DAY
    assert len({(report["source"], report["report_id"]) for report in reports}) == len(reports)
