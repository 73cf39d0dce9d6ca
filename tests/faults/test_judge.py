"""The judge finds what is wrong, and says what and where; and nothing where nothing is."""

import re
from collections.abc import Callable
from copy import deepcopy

import pytest
from faults.memory import Kept, MemoryTopics, told_in_memory

from load_tests.judge import judge
from schemas.topics import DAYS, EVIDENCE, INCIDENTS, LEVELS, LOCATED, PHASES, REJECTED
from streams.scenarios import SCENARIOS, terms_of, topic_of

SCENARIO = "as-agreed"
TOPIC = topic_of(SCENARIO)
NUMBER = terms_of(SCENARIO).truce.partition


@pytest.fixture(scope="module")
def told() -> MemoryTopics:
    return told_in_memory(SCENARIOS[SCENARIO](1), terms_of(SCENARIO), TOPIC, others=[b"no report", b"", b'{"report_id": "1"}'])


@pytest.fixture
def topics(told: MemoryTopics) -> MemoryTopics:
    """A copy to damage."""
    return deepcopy(told)


def first(records: list[Kept], holds: Callable[[bytes], bool]) -> Kept:
    return next(record for record in records if record.value is not None and holds(record.value))


def a_report_in_the_log(topics: MemoryTopics) -> Kept:
    return first(topics.kept[LOCATED][NUMBER], lambda value: b'"record":"report"' in value and b'"violation"' in value)


def lose(topics: MemoryTopics, lost: Kept) -> None:
    topics.kept[lost.topic][lost.partition].remove(lost)


def put(topics: MemoryTopics, record: Kept) -> None:
    records = topics.kept[record.topic][record.partition]
    records[records.index(next(kept for kept in records if kept.offset == record.offset))] = record


def test_an_installation_without_a_fault_is_clean(topics: MemoryTopics) -> None:
    verdict = judge(topics)
    assert verdict.told() == []
    assert verdict.clean
    reports = verdict.rows[0]
    assert reports.expected == reports.found > 100
    assert "3 refused" in reports.note


def lose_a_report(topics: MemoryTopics) -> None:
    lose(topics, a_report_in_the_log(topics))


def lose_a_refusal(topics: MemoryTopics) -> None:
    lose(topics, topics.all_of(REJECTED)[0])


def lose_a_tick(topics: MemoryTopics) -> None:
    lose(topics, first(topics.kept[LOCATED][1 - NUMBER], lambda value: b'"record":"tick"' in value))


def alter_a_report(topics: MemoryTopics) -> None:
    report = a_report_in_the_log(topics)
    put(topics, report._replace(value=report.value.replace(b'"received_at":1', b'"received_at":2')))


def forge_a_report(topics: MemoryTopics) -> None:
    report = a_report_in_the_log(topics)
    forged = re.sub(rb'"origin":\["([^"]+)",\d+,', rb'"origin":["\1",0,9', report.value)
    topics.append(LOCATED, NUMBER, report.key, forged)


def lose_a_change(topics: MemoryTopics) -> None:
    lose(topics, topics.all_of(PHASES)[-1])


def double_a_change(topics: MemoryTopics) -> None:
    change = topics.all_of(PHASES)[-1]
    topics.append(PHASES, change.partition, change.key, change.value)


def alter_a_change(topics: MemoryTopics) -> None:
    change = topics.all_of(PHASES)[-1]
    put(topics, change._replace(value=change.value.replace(b'"qualified"', b'"in_force"')))


def swap_changes(topics: MemoryTopics) -> None:
    one, other = topics.kept[PHASES][NUMBER][:2]
    put(topics, one._replace(value=other.value))
    put(topics, other._replace(value=one.value))


def announce_what_does_not_follow(topics: MemoryTopics) -> None:
    change = topics.all_of(PHASES)[-1]
    topics.append(PHASES, change.partition, change.key, change.value.replace(b'"sequence":1', b'"sequence":2'))


def altered_last_value(topic: str) -> Callable[[MemoryTopics], None]:
    def alter(topics: MemoryTopics) -> None:
        record = [kept for kept in topics.all_of(topic) if kept.value is not None][-1]
        put(topics, record._replace(value=record.value.replace(b"1", b"2")))

    return alter


def lose_the_last_day(topics: MemoryTopics) -> None:
    last = topics.all_of(DAYS)[-1]
    topics.kept[DAYS][last.partition] = [kept for kept in topics.kept[DAYS][last.partition] if kept.key != last.key]


def tell_a_report_twice(topics: MemoryTopics) -> None:
    evidence = topics.all_of(EVIDENCE)[-1]
    body = evidence.value.replace(evidence.key, b"f" * len(evidence.key))
    topics.append(EVIDENCE, evidence.partition, b"f" * len(evidence.key), body)


def stop_before_the_end(topics: MemoryTopics) -> None:
    topics.append(LOCATED, NUMBER, b"tick", topics.kept[LOCATED][NUMBER][-1].value)


def lose_the_head_of_the_log(topics: MemoryTopics) -> None:
    del topics.kept[LOCATED][1 - NUMBER][:1]


@pytest.mark.parametrize(
    ("damage", "told_of"),
    [
        (lose_a_report, "every report accounted for, once: missing: reports.simulated.as-agreed/"),
        (lose_a_refusal, "every report accounted for, once: missing: reports.simulated.as-agreed/0/0: its refusal"),
        (lose_a_tick, "every tick in every partition of the log: missing: reports.simulated.as-agreed/"),
        (alter_a_report, "every report accounted for, once: altered: reports.simulated.as-agreed/"),
        (forge_a_report, "every report accounted for, once: unexpected: reports.simulated.as-agreed/0/9"),
        (lose_a_change, "phase changes equal, byte for byte: missing: truce.phases"),
        (double_a_change, "phase changes equal, byte for byte: doubled: truce.phases"),
        (double_a_change, "phase changes form one chain a truce: altered: truce.phases"),
        (alter_a_change, "phase changes equal, byte for byte: altered: truce.phases"),
        (swap_changes, "phase changes equal, byte for byte: altered: truce.phases"),
        (announce_what_does_not_follow, "phase changes equal, byte for byte: unexpected: truce.phases"),
        (altered_last_value(INCIDENTS), "incidents equal: altered: truce.incidents"),
        (altered_last_value(LEVELS), "levels equal: altered: truce.levels"),
        (altered_last_value(DAYS), "days equal: altered: truce.days"),
        (lose_the_last_day, "days equal: missing: truce.days"),
        (tell_a_report_twice, "no report is in two incidents: doubled"),
        (stop_before_the_end, "the log is whole, and decided up to its end: missing: truce.located"),
        (lose_the_head_of_the_log, "begins at offset 1: what stood before cannot be recomputed"),
    ],
)
def test_damage_is_found_and_named(topics: MemoryTopics, damage: Callable[[MemoryTopics], None], told_of: str) -> None:
    damage(topics)
    verdict = judge(topics)
    assert not verdict.clean
    assert any(told_of in line for line in verdict.told()), verdict.told()


def test_a_lost_report_and_a_doubled_change_are_both_named(topics: MemoryTopics) -> None:
    lost = a_report_in_the_log(topics)
    lose(topics, lost)
    double_a_change(topics)
    verdict = judge(topics)
    assert next(row.what for row in verdict.rows if row.missing) == "every report accounted for, once"
    assert [len(row.doubled) for row in verdict.rows if row.what.startswith("phase changes equal")] == [1]


def test_a_report_written_again_after_a_crash_is_no_fault_where_the_state_took_it_in(told: MemoryTopics) -> None:
    """At least once is what the intake promises; the duplicate has its own fate in the state."""
    topics = deepcopy(told)
    report = a_report_in_the_log(topics)
    topics.append(LOCATED, NUMBER, report.key, report.value)
    lines = judge(topics).told()
    assert all(line.startswith("the log is whole") for line in lines), lines
