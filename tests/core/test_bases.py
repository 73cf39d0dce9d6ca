"""A base spares reading the log from its beginning, and shows nowhere.

The log of a truce that outlives its closed days is read straight, and again from the last checkpoint before each of
several stops; what readers end up with is the same.
"""

from datetime import UTC, datetime
from random import Random

import msgspec
import pytest
from core.builders import Readers, always, at_ticks, restored, run

from schemas.facts import Circle, Fact, LocatedReport, LoggedTick, Origin
from schemas.reasons import Method
from schemas.topics import CHECKPOINTS, PHASES, REJECTED
from streams.core.intake import terms_record
from streams.core.partition import LogPartition
from streams.core.terms import DAY, HOUR, parse

TOPIC = "reports.simulated.bases"
TERMS = parse(
    {
        "truce": {
            "id": "long",
            "name": "A truce that outlives its closed days",
            "countries": ["SY"],
            "d_hour": "2016-01-01T00:00:00Z",
            "time_zone": "UTC",
            "salt": "of incident ids",
            "simulated": True,
            "topics": [TOPIC],
            "watch_days_before": 14,
        },
        "opposed": ["north", "south"],
        "gate": {"late_days_max": 4, "days": 3, "max_span_days": 5, "settle_hours": 6},
        "whole": {"threshold": {"mode": "at_most", "value": 2}},
        "zones": [{"id": "east", "name": "East", "areas": ["SY.09"], "gated": True}],
        "coverage": {"min_lineages": 1},
        "sources": [
            {"id": "watcher", "trusted": ["watch", "violence"], "zones": ["east", "all"]},
            {"id": "outlet", "side": "north"},
            {"id": "observatory"},
        ],
    }
)


def long_log(seed: int, days: int = 40, tallies: bool = False) -> list[bytes]:
    random = Random(seed)
    start = TERMS.d_hour_s - 2 * DAY
    records: list[bytes] = [terms_record(TERMS)]

    def append(report: dict, received_at: int, located: bool) -> None:
        circle = None
        if located:
            lat, lon = 36.0 + random.randrange(4) / 50, 37.0 + random.randrange(4) / 50
            circle = Circle(lat, lon, 500, 1, Method.COORDINATES, ["SY.09"])
        raw = msgspec.Raw(msgspec.json.encode(report))
        origin = Origin(TOPIC, 0, len(records))
        records.append(msgspec.json.encode(LocatedReport("long", received_at, origin, raw, circle)))

    for hour in range(days * 24):
        now = start + hour * HOUR
        if hour % 4 == 0:
            append({"report_id": f"a{hour}", "source": "watcher", "type": "alive"}, now, False)
        # Violence comes in spells, some of it told days later and some revised or taken back.
        if random.random() < (0.5 if hour // 96 % 2 else 0.03):
            source = random.choice(["watcher", "outlet", "observatory", "somebody"])
            happened = now - random.choice([0, HOUR, 30 * HOUR, 80 * HOUR, 200 * HOUR])
            report = {
                "report_id": f"v{random.randrange(60)}",
                "source": source,
                "type": "violation",
                "kind": "attack",
                "revision": random.randrange(1, 4),
                "status": random.choice(["active", "active", "retracted"]),
                "occurred_at": datetime.fromtimestamp(happened, UTC),
                "casualties": {"killed": random.randrange(3)},
            }
            append(report, now, True)
        if tallies and hour % 24 == 12:
            since = now - random.choice([1, 3, 7]) * DAY
            period = {"from": datetime.fromtimestamp(since, UTC), "to": datetime.fromtimestamp(now, UTC)}
            bulletin = {"report_id": f"t{hour}", "source": "watcher", "type": "tally", "period": period}
            append(bulletin | {"count": random.randrange(20), "covers": {"zone": "all"}}, now, False)
        origin = Origin(TOPIC, 0, len(records))
        records.append(msgspec.json.encode(LoggedTick(now + 1, now + 1, origin, {TOPIC: 1})))
    return records


def stopped_and_started(log: list[bytes], stops: set[int]) -> tuple[Readers, int]:
    partition, readers, checkpoints, read_from = LogPartition(0), Readers(), {}, 0
    for offset, value in enumerate(log):
        partition.apply(offset, value)
        readers.see(partition.flush())
        for fact in [*partition.bases(), partition.position()]:
            checkpoints[fact.key] = fact.value
        if offset in stops:
            read_from = LogPartition.restore(0, checkpoints).next_offset
            partition = restored(log, checkpoints)
    return readers, read_from


@pytest.mark.parametrize("seed", range(4))
def test_a_restart_from_a_base_changes_nothing(seed: int) -> None:
    log = long_log(seed)
    straight, _ = stopped_and_started(log, set())
    random = Random(seed)
    stopped, read_from = stopped_and_started(log, {random.randrange(len(log) // 2, len(log)) for _ in range(5)} | {len(log) - 5})
    assert read_from > 0, "the last restart read the whole log: no base was used"
    assert stopped.phases == straight.phases
    assert len(straight.phases) > 1
    assert stopped.values == straight.values


def test_what_readers_have_seen_is_not_kept_to_be_told_while_the_log_is_read_again() -> None:
    """Or the memory of a start would grow with the log. Whoever reads it to compare, and not to go on, is told everything."""
    log = long_log(0)
    told, straight = run(log)
    position = straight.position()
    waiting = {}
    for again_told in (True, False):
        partition = LogPartition.restore(0, {position.key: position.value}, told=again_told)
        for offset, record in enumerate(log):
            partition.apply(offset, record)
        waiting[again_told] = list(partition.monitors["long"]._outbox)
        if again_told:
            partition.recovered()
            assert partition.flush(publish=False) == partition.flush() == []
        else:
            readers = Readers()
            readers.see(partition.flush())
            assert readers.values == told.values
            assert readers.phases == told.phases
    assert len(waiting[True]) < 5 < 100 < len(waiting[False])


def test_a_restart_from_a_base_of_a_time_of_silence_takes_in_what_comes_next() -> None:
    """Nothing was live, so that nothing before the base is read again: the next record is of the time after it."""
    start, log = TERMS.d_hour_s, [terms_record(TERMS)]
    for hour in range(30 * 24):
        origin, now = Origin(TOPIC, 0, len(log)), start + hour * HOUR
        log.append(msgspec.json.encode(LoggedTick(now, now, origin, {TOPIC: 1})))
        if hour % 96 == 95:
            told = {"report_id": f"r{hour}", "source": "observatory", "type": "violation", "kind": "attack"}
            raw = msgspec.Raw(msgspec.json.encode(told | {"occurred_at": datetime.fromtimestamp(now, UTC)}))
            circle = Circle(36.0, 37.0, 500, 1, Method.COORDINATES, ["SY.09"])
            log.append(msgspec.json.encode(LocatedReport("long", now, Origin(TOPIC, 0, len(log)), raw, circle)))
    straight, _ = stopped_and_started(log, set())
    for stops in (range(0, len(log), 2), range(1, len(log), 2), range(len(log))):
        stopped, _ = stopped_and_started(log, set(stops))
        assert stopped.phases == straight.phases
        assert stopped.values == straight.values


@pytest.mark.parametrize("seed", range(2))
def test_days_of_which_much_is_forgotten_stay_as_they_were_told(seed: int) -> None:
    """A tally of theirs, or a report of a span that reaches there, would have them told again by what is left."""
    log, random = long_log(seed, tallies=True), Random(seed)
    straight, _ = run(log, always)
    for flush_after in (at_ticks, lambda _: random.random() < 0.01, lambda _: False):
        cut, _ = run(log, flush_after)
        assert cut.phases == straight.phases
        assert cut.values == straight.values


def bases_taken(log: list[bytes], batch: int) -> dict[int, list[bytes]]:
    """By the offset of its tick: the parts of each base that is written, with so many records in a batch."""
    partition, taken = LogPartition(0), {}
    for offset, value in enumerate(log):
        partition.apply(offset, value)
        if offset % batch == 0:
            partition.flush()
            parts = [fact.value or b"" for fact in partition.bases()]
            taken |= {msgspec.json.decode(parts[0])["at"]: parts} if parts else {}
    return taken


@pytest.mark.parametrize("seed", range(4))
def test_a_base_is_the_same_whatever_comes_after_it_in_its_batch(seed: int) -> None:
    log = long_log(seed)
    at_once = bases_taken(log, 1)
    for batch in (10, 97, 500):
        later = bases_taken(log, batch)
        assert later
        assert later == {at: parts for at, parts in at_once.items() if at in later}


@pytest.mark.parametrize("seed", range(4))
def test_a_restart_from_a_base_taken_in_mid_batch_counts_nothing_twice(seed: int) -> None:
    log, random = long_log(seed), Random(seed)
    straight, going_on = LogPartition(0), LogPartition(0)
    checkpoints: dict[str, bytes | None] = {}
    commit_at = random.randrange(100)
    for offset, value in enumerate(log):
        straight.apply(offset, value)
        going_on.apply(offset, value)
        if offset == commit_at:
            going_on.flush()
            checkpoints |= {fact.key: fact.value for fact in [*going_on.bases(), going_on.position()]}
            going_on = restored(log, checkpoints)
            commit_at += random.randrange(1, 300)
            then, now = straight.monitors["long"], going_on.monitors["long"]
            assert now.accounts() == then.accounts()
            assert now.counts == then.counts
            assert now.days.too_violent == then.days.too_violent
    assert LogPartition.restore(0, checkpoints).next_offset > 0, "no base was used"


def with_a_report_that_raised(log: list[bytes]) -> tuple[int, LogPartition, list[Fact]]:
    """Its offset, the partition at the end of the log, and all that was published."""
    refused = next(n for n, value in enumerate(log) if b'"violation"' in value)
    partition, facts = LogPartition(0), []
    for offset, value in enumerate(log):
        if offset == refused:
            facts += partition.refuse(offset, value, ValueError("a bug"))[0]
        else:
            partition.apply(offset, value)
        facts += [*partition.flush(), *partition.bases(), partition.position()]
    return refused, partition, facts


def test_a_refused_report_is_known_behind_a_base_that_lies_after_it() -> None:
    """Else a later start without that base, or anybody who recomputes, would take it in."""
    log = long_log(0)
    refused, partition, facts = with_a_report_that_raised(log)
    checkpoints = {fact.key: fact.value for fact in facts if fact.topic == CHECKPOINTS}
    assert LogPartition.restore(0, checkpoints).next_offset > refused
    again = restored(log, checkpoints)
    assert again.position() == partition.position()
    kept = {again.position().key: again.position().value or b""}
    assert restored(log, kept).position() == partition.position()


def test_where_the_checkpoint_is_lost_the_refusals_say_what_to_step_over() -> None:
    """A report that raises would else stop the rebuild, and its neighbours with it, at every start."""
    log = long_log(0)
    _, partition, facts = with_a_report_that_raised(log)
    changes, rejected = ([fact.value for fact in facts if fact.topic == topic] for topic in (PHASES, REJECTED))
    told = LogPartition.announced(changes, rejected, len(log))
    again = restored(log, {"position/0": told})
    assert again.position() == partition.position()
