"""A tick costs the same in a truce's third year as in its third month: looks at days are counted, and what is kept."""

import msgspec
import pytest
from core.builders import TERMS, TOPIC, stated, tick

from schemas.facts import Circle, LocatedReport, Origin
from schemas.reasons import Method
from streams.core.access import Access
from streams.core.intake import terms_record
from streams.core.measure import ZoneMeasure
from streams.core.partition import LogPartition
from streams.core.settlement import SettledDay
from streams.core.terms import DAY, HOUR, parse

LATE_DAYS = 20
SPAN_DAYS = 40
"""In so many days the story tells the same again."""
VALUES = TERMS.as_mapping()
LONG = parse(
    VALUES
    | {
        "gate": VALUES["gate"] | {"late_days_max": LATE_DAYS},
        "ends": {"ends_by": ["guarantor"], "renewed_by": ["guarantor"], "renewed_every_hours": 48, "collapse_level": 900},
    }
)


def _told(partition: LogPartition, name: str, at_s: int, body: dict, circle: Circle | None = None) -> None:
    raw = msgspec.Raw(msgspec.json.encode({"report_id": name} | body))
    record = LocatedReport("laws", at_s, Origin(TOPIC, 0, partition.next_offset), raw, circle)
    partition.apply(partition.next_offset, msgspec.json.encode(record))


def _violation(at_s: int) -> dict:
    return {"source": "watcher", "type": "violation", "kind": "attack", "occurred_at": stated(at_s)}


class Work:
    """How often a settled day is looked at, words on access are gone through, and changes of weeks are summed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.days = self.words = self.weeks = 0
        failed, ordered, week = SettledDay.failed, Access._ordered, ZoneMeasure.week

        def looked(day: SettledDay):
            self.days += 1
            return failed.__get__(day)

        def gone_through(access: Access, area: str):
            words = ordered(access, area)
            self.words += len(words)
            return words

        def summed(measure: ZoneMeasure, day: int):
            self.weeks += len(measure.week_changes) if measure._week_sums is None else 0
            return week(measure, day)

        monkeypatch.setattr(SettledDay, "failed", property(looked, failed.__set__))
        monkeypatch.setattr(Access, "_ordered", gone_through)
        monkeypatch.setattr(ZoneMeasure, "week", summed)

    def take(self) -> tuple[int, int, int]:
        taken = self.days, self.words, self.weeks
        self.days = self.words = self.weeks = 0
        return taken


def test_a_tick_of_an_old_truce_costs_what_one_of_a_young_truce_does(monkeypatch: pytest.MonkeyPatch) -> None:
    work, by_span = Work(monkeypatch), []
    partition = LogPartition(0)
    partition.apply(0, terms_record(LONG))
    circle = Circle(36.2, 37.15, 500, 1, Method.COORDINATES, ["SY.09"])
    renewal = {"source": "outlet", "type": "declaration", "party": "guarantor", "declares": "extends"}
    for day in range(8 * SPAN_DAYS):
        start_s = LONG.d_hour_s + day * DAY
        if day % 2 == 0:
            _told(partition, f"d{day}", start_s, renewal)
        word = {"area": "road", "state": "open" if day % 4 else "denied"}
        _told(partition, f"o{day}", start_s, {"source": "watcher", "type": "access", "access": word})
        if day % 10 == 0:
            for number in range(3):
                at_s = start_s + number * HOUR
                _told(partition, f"v{day}.{number}", at_s, _violation(at_s), circle)
        for hour in (0, 6, 12, 18):
            _told(partition, f"a{day}.{hour}", start_s + hour * HOUR, {"source": "watcher", "type": "alive"})
            partition.apply(partition.next_offset, tick(start_s + (hour + 1) * HOUR, 0))
            partition.flush()
        if (day + 1) % SPAN_DAYS == 0:
            by_span.append(work.take())
    monitor = partition.monitors["laws"]
    assert monitor.fault is None
    assert monitor.chain.sequence > 50, "the story should keep qualifying and being turned back"
    # From the third span on the horizon is full.
    assert len(set(by_span[2:])) == 1, by_span
    sizes = monitor.sizes()
    assert sizes["access_statements"][0] < 2 * LATE_DAYS + 20
    assert sizes["live_reports"][0] < 8 * (LATE_DAYS + 20)
    assert all(count <= limit for count, limit in sizes.values())
