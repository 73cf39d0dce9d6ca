"""The laws of the core, on small made-up truces: what is published is a function of the reports and of time alone."""

from random import Random

import msgspec
import oracles
import pytest
from core.builders import TERMS, Readers, Story, Told, always, at_ticks, log_of, restored, run, stated, story

from schemas.facts import Circle, Day, Incident, Interval, Level, PhaseChange, TermsRecord
from schemas.reasons import WHOLE, Method
from schemas.topics import DAYS, INCIDENTS, LEVELS
from streams.core.intake import terms_record
from streams.core.partition import LogPartition
from streams.core.terms import DAY, HOUR, parse

SEEDS = range(20)
NORTH = ("outlet", "agency", "ministry")


def agree(one: Readers, other: Readers) -> None:
    assert one.phases == other.phases
    assert one.values == other.values


def shuffled(told: Story, random: Random) -> Story:
    return Story([(random.sample(batch, len(batch)), tick_s) for batch, tick_s in told.batches])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_reports_between_two_ticks_shows_nowhere(seed: int) -> None:
    told, random = story(seed), Random(seed)
    straight, _ = run(log_of(told))
    for _ in range(2):
        log = log_of(shuffled(told, random))
        agree(run(log)[0], straight)
        agree(run(log, always)[0], straight)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_report_delivered_again_changes_nothing(seed: int) -> None:
    told, random = story(seed), Random(seed)
    straight, _ = run(log_of(told))
    batches, before = [], []
    for batch, tick_s in told.batches:
        before += batch
        again = random.sample(before, min(len(before), 4))
        late = [one._replace(received_at=max(one.received_at, tick_s - 1)) for one in again]
        batches.append((batch + late, tick_s))
    agree(run(log_of(Story(batches)))[0], straight)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cut_of_the_batches_shows_nowhere(seed: int) -> None:
    log, random = log_of(story(seed)), Random(seed)
    straight, _ = run(log)
    for flush_after in (always, lambda _: random.random() < 0.3):
        cut, _ = run(log, flush_after)
        agree(cut, straight)


def test_the_cut_shows_nowhere_about_a_tally_of_days_that_are_not_settled_yet() -> None:
    """What it adds to a day that settles hangs on the incidents that are known of the day after."""
    start, batches = TERMS.d_hour_s, []
    for hour in range(0, 30, 6):
        now = start + hour * HOUR
        covers = {"zone": "all", "from": stated(now), "to": stated(now + 6 * HOUR)}
        batch = [{"report_id": f"n{hour}", "source": "watcher", "type": "nil", "covers": covers}]
        if hour == 24:
            period = {"from": stated(start), "to": stated(start + 2 * DAY)}
            covers = {"zone": "all"}
            batch.append({"report_id": "t", "source": "watcher", "type": "tally", "period": period, "count": 6, "covers": covers})
            violation = {"source": "council", "type": "violation", "kind": "attack"}
            batch += [violation | {"report_id": f"v{at}", "occurred_at": stated(now + at * HOUR)} for at in range(3)]
        circle = Circle(36.2, 37.15, 100, 1, Method.COORDINATES, ["SY.09"])
        told = [Told(body, circle if body["type"] == "violation" else None, now + 5 * HOUR) for body in batch]
        batches.append((told, now + 6 * HOUR))
    log = log_of(Story(batches))
    straight, _ = run(log, always)
    (day,) = [day for day in straight.bodies(DAYS, Day).values() if (day.zone, day.day) == (WHOLE, 0)]
    assert (day.outcome, day.measures.incidents.high) == ("quiet", 2), "three of the six would break the threshold"
    for flush_after in (at_ticks, lambda _: False):
        agree(run(log, flush_after)[0], straight)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cut_shows_nowhere_about_days_that_a_baseline_is_measured_behind(seed: int) -> None:
    half = {"threshold": {"mode": "reduction", "metric": "incidents", "value": 0.5, "floor": 1}}
    measured = {"baseline": {"days": 1, "min_watched_days": 1}, "coverage": {"min_lineages": 1, "min_share_of_day": 0.2}}
    log = log_of(story(seed))
    log[0] = terms_record(parse(TERMS.as_mapping() | measured | {"whole": half}))
    straight, _ = run(log, always)
    for flush_after in (at_ticks, lambda _: False):
        agree(run(log, flush_after)[0], straight)


@pytest.mark.parametrize("correct", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_cut_shows_nowhere_about_new_terms_either(seed: int, correct: bool) -> None:
    log, random = log_of(story(seed)), Random(seed)
    told = msgspec.json.decode(log[0], type=TermsRecord)
    told.terms["whole"]["threshold"]["value"] += 2
    log.insert(random.randrange(1, len(log)), terms_record(parse(told.terms), TERMS.d_hour_s, correct))
    straight, _ = run(log)
    for flush_after in (always, lambda _: random.random() < 0.1):
        agree(run(log, flush_after)[0], straight)


@pytest.mark.parametrize("seed", SEEDS)
def test_stopping_anywhere_and_going_on_gives_the_same(seed: int) -> None:
    log, random = log_of(story(seed)), Random(seed)
    straight, _ = run(log, always)
    for stop in random.sample(range(1, len(log)), 3):
        partition, readers = LogPartition(0), Readers()
        for offset in range(stop):
            partition.apply(offset, log[offset])
            readers.see(partition.flush())
        partition = restored(log, {"position/0": partition.position().value or b""})
        assert partition.next_offset == stop
        for offset in range(stop, len(log)):
            partition.apply(offset, log[offset])
            readers.see(partition.flush())
        agree(readers, straight)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_report_is_accounted_for(seed: int) -> None:
    told = story(seed)
    _, partition = run(log_of(told))
    monitor = partition.monitors["laws"]
    assert monitor.counts["taken"] == len(told.reports)
    assert sum(monitor.accounts().values()) == len(told.reports)


@pytest.mark.parametrize("seed", SEEDS)
def test_incidents_days_and_levels_equal_a_recomputation_from_scratch(seed: int) -> None:
    told = story(seed, tallies=False)
    readers, partition = run(log_of(told), always)
    picture = partition.monitors["laws"].pictures[-1][1]
    found = {
        frozenset((account.source_name, account.report_id) for account in incident.first_accounts())
        for incident in picture.incidents.values()
    }
    expected = oracles.incidents(oracles.live_accounts(told.reports, TERMS), TERMS)
    assert found == set(expected)
    centred = oracles.centres(expected.values(), TERMS)
    bodies = [body for body in readers.bodies(INCIDENTS, Incident).values() if body.status == "live"]
    assert {body.id for body in bodies} == set(centred)
    days = readers.bodies(DAYS, Day).values()
    assert len(days) > 10
    for day in days:
        assert sums(day) == oracles.day_sums(bodies, centred, TERMS, day.zone, day.starts), (day.zone, day.day)
    levels = readers.bodies(LEVELS, Level).values()
    assert {level.zone for level in levels} == {"east", "west", WHOLE}
    for level in levels:
        assert sums(level) == oracles.level_sums(bodies, centred, level.zone, level.hour_ends), level.zone


def sums(body: Day | Level) -> list[list[int]]:
    intervals = body.measures.incidents, body.measures.severity, body.measures.killed
    return [[getattr(interval, bound) for interval in intervals] for bound in ("low", "best", "high")]


@pytest.mark.parametrize("seed", SEEDS)
def test_low_is_at_most_best_and_best_at_most_high_everywhere(seed: int) -> None:
    readers, _ = run(log_of(story(seed)), always)
    intervals: list[Interval | None] = []
    for topic, kind in ((DAYS, Day), (LEVELS, Level)):
        for body in readers.bodies(topic, kind).values():
            intervals += [body.measures.incidents, body.measures.severity, body.measures.killed]
    for incident in readers.bodies(INCIDENTS, Incident).values():
        intervals += [incident.killed, incident.injured, incident.severity]
    told = [interval for interval in intervals if interval is not None]
    assert len(told) > 50
    assert all(0 <= one.low <= one.best <= one.high for one in told)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_side_alone_neither_raises_a_low_nor_turns_a_truce_back(seed: int) -> None:
    """What it admits of itself is another matter: here it accuses others, or nobody."""
    told = story(seed, sources=NORTH, others=False)
    for one in told.reports:
        if one.body.get("by") == "northerners":
            one.body["by"] = "southerners"
        if one.body.get("via") in ("council", "watcher"):
            del one.body["via"]
    readers, _ = run(log_of(told))
    for topic, kind in ((DAYS, Day), (LEVELS, Level)):
        for body in readers.bodies(topic, kind).values():
            assert sums(body)[0] == [0, 0, 0]
    assert all(phase.kind != "return" for phase in phases(readers))


@pytest.mark.parametrize("seed", SEEDS)
def test_where_nobody_says_that_he_watched_no_truce_qualifies(seed: int) -> None:
    readers, _ = run(log_of(story(seed, watch=False)))
    assert all(phase.after != "qualified" for phase in phases(readers))


def test_some_of_these_truces_qualify_and_some_are_turned_back() -> None:
    """Or the laws would be tried on nothing."""
    seen = [(phase.kind, phase.after) for seed in SEEDS for phase in phases(run(log_of(story(seed)))[0])]
    assert seen.count(("advance", "qualified")) >= 3
    assert any(kind in ("return", "void") for kind, _ in seen)


def phases(readers: Readers) -> list[PhaseChange]:
    return [msgspec.json.decode(value, type=PhaseChange) for value in readers.phases if value is not None]
