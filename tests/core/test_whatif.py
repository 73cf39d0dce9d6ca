"""What a day would have come to without some reports: as if they had never been, and nothing is different afterwards."""

from random import Random

import pytest
from core.builders import TERMS, log_of, story

from streams.core.gate import outcome
from streams.core.monitor import Monitor
from streams.core.partition import LogPartition
from streams.core.whatif import DayInQuestion

SEEDS = range(8)


def told(records: list[bytes]) -> Monitor:
    partition = LogPartition(0)
    for offset, record in enumerate(records):
        partition.apply(offset, record)
        partition.flush()
    return partition.monitors["laws"]


@pytest.mark.parametrize("seed", SEEDS)
def test_without_reports_a_day_is_what_it_is_in_a_log_that_never_held_them(seed: int) -> None:
    records = log_of(story(seed, tallies=False, others=False))
    monitor, random = told(records), Random(seed)
    day = DayInQuestion(monitor, random.choice(["east", "all"]), random.randrange(4))
    candidates = sorted({key for share in day.shares() for key in day.reports_of(share.incident)})
    gone = random.sample(candidates, min(len(candidates), 3))
    before = day.failed
    without = day.without(gone)
    names = [f'"report_id":"{report_id}"'.encode() for _, report_id in gone]
    sources = [source for source, _ in gone]
    kept = [
        record
        for record in records
        if not any(name in record and source.encode() in record for name, source in zip(names, sources, strict=True))
    ]
    assert without == DayInQuestion(told(kept), day.zone, day.day).failed
    assert DayInQuestion(monitor, day.zone, day.day).failed == before


@pytest.mark.parametrize("seed", SEEDS)
def test_a_smallest_set_turns_the_outcome_and_no_part_of_it_does(seed: int) -> None:
    monitor = told(log_of(story(seed)))
    for number in range(4):
        for zone in TERMS.zone_ids:
            day = DayInQuestion(monitor, zone, number)
            decisive = day.decisive()
            if decisive is None:
                continue
            assert outcome(day.without(decisive.reports)) is decisive.outcome is not outcome(day.failed)
            for one in decisive.reports if len(decisive.reports) > 1 else ():
                fewer = [key for key in decisive.reports if key != one]
                assert outcome(day.without(fewer)) is outcome(day.failed)
