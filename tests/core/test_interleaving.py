"""Simulated topics of several partitions: however one is read ahead of another, the same is decided and shown.

partition 0   tick 1   a        tick 2   c            a is received after tick 1, so it waits until partition 1 has
partition 1                     tick 1   b   tick 2   carried it too; only then has the truce's clock come that far
"""

from random import Random
from zlib import crc32

import msgspec
import pytest
from core.builders import TERMS, TOPIC, Readers, Told, always, at_ticks, located, log_of, restored, run, story
from test_bases import long_log, stopped_and_started

from schemas.facts import LocatedReport, LoggedTick, LogRecord, Origin, Rejected
from schemas.reasons import Reason
from schemas.topics import REJECTED
from streams.core.intake import terms_record
from streams.core.partition import LogPartition
from streams.core.terms import HOUR, parse

PARTITIONS = 3
SEEDS = range(12)

_decode = msgspec.json.Decoder(LogRecord).decode


def partitions_of(log: list[bytes]) -> list[list[bytes]]:
    """What each partition of the topic would have brought into a log: the reports of its sources, and every tick."""
    partitions: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for value in log[1:]:
        record = _decode(value)
        if isinstance(record, LoggedTick):
            numbers, change = range(PARTITIONS), {"origins": {topic: PARTITIONS for topic in record.origins}}
        else:
            numbers, change = [crc32(msgspec.json.decode(record.report)["source"].encode()) % PARTITIONS], {}
        for number in numbers:
            origin = Origin(record.origin.topic, number, len(partitions[number]))
            partitions[number].append(msgspec.json.encode(msgspec.structs.replace(record, origin=origin, **change)))
    return partitions


def interleaved(straight: list[bytes], random: Random, ahead: int) -> list[bytes]:
    """The same log from several partitions, each in its own order and at most so many records ahead of the slowest."""
    streams = partitions_of(straight)
    log, read = [straight[0]], [0] * len(streams)
    while any(position < len(stream) for position, stream in zip(read, streams, strict=True)):
        slowest = min(position for position, stream in zip(read, streams, strict=True) if position < len(stream))
        may = [n for n, stream in enumerate(streams) if read[n] < len(stream) and read[n] <= slowest + ahead]
        number = random.choice(may)
        log.append(streams[number][read[number]])
        read[number] += 1
    return log


def agree(one: Readers, other: Readers) -> None:
    """In everything but where a refused report came from."""
    assert one.phases == other.phases
    assert [_without_refusals(readers) for readers in (one, other)] == [_without_refusals(other)] * 2


def _without_refusals(readers: Readers) -> dict[tuple[str, str], bytes]:
    return {key: value for key, value in readers.values.items() if key[0] != REJECTED}


@pytest.mark.parametrize("ahead", [1, 20, 10_000])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_shown_does_not_depend_on_which_partition_was_read_first(seed: int, ahead: int) -> None:
    plain = log_of(story(seed))
    straight, _ = run(plain)
    log = interleaved(plain, Random(seed), ahead)
    agree(run(log, at_ticks)[0], straight)
    agree(run(log, always)[0], straight)


def test_some_of_these_reports_have_to_wait() -> None:
    log = interleaved(log_of(story(3)), Random(3), 10_000)
    partition, most = LogPartition(0), 0
    for offset, record in enumerate(log):
        partition.apply(offset, record)
        most = max(most, partition.monitors["laws"].sizes()["held_back"][0])
        accounts = partition.monitors["laws"].accounts()
        assert sum(accounts.values()) == partition.monitors["laws"].counts["taken"]
    assert most > 5
    assert partition.monitors["laws"].sizes()["held_back"][0] == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stop_while_reports_wait_changes_nothing(seed: int) -> None:
    random = Random(seed)
    log = interleaved(log_of(story(seed)), random, 10_000)
    straight, _ = run(log, always)
    for stop in random.sample(range(1, len(log)), 3):
        partition, readers = LogPartition(0), Readers()
        for offset in range(stop):
            partition.apply(offset, log[offset])
            readers.see(partition.flush())
        partition = restored(log, {"position/0": partition.position().value or b""})
        for offset in range(stop, len(log)):
            partition.apply(offset, log[offset])
            readers.see(partition.flush())
        agree(readers, straight)


@pytest.mark.parametrize("seed", range(3))
def test_a_base_taken_while_reports_wait_spares_none_of_them(seed: int) -> None:
    random, plain = Random(seed), long_log(seed)
    log = interleaved(plain, random, 60)
    straight, _ = stopped_and_started(log, set())
    stops = {random.randrange(len(log) // 2, len(log)) for _ in range(5)} | {len(log) - 5}
    again, read_from = stopped_and_started(log, stops)
    assert read_from > 0
    agree(again, straight)
    agree(straight, stopped_and_started(plain, set())[0])


def test_a_report_of_a_live_truce_is_shown_at_once_whatever_its_clock_says() -> None:
    values = TERMS.as_mapping()
    live = parse(values | {"truce": values["truce"] | {"simulated": False, "topics": ["reports.live"]}})
    partition = LogPartition(0)
    partition.apply(0, terms_record(live))
    for offset, number in enumerate((0, 1, 0), start=1):
        at_s = live.d_hour_s + offset * HOUR
        tick = LoggedTick(at_s, at_s, Origin("reports.live", number, offset), {"reports.live": 2})
        partition.apply(offset, msgspec.json.encode(tick))
    told = next(one for one in story(1).reports if one.body["type"] == "violation" and one.circle is not None)
    raw = msgspec.Raw(msgspec.json.encode(told.body))
    record = LocatedReport("laws", live.d_hour_s + HOUR, Origin("reports.live", 0, 9), raw, told.circle)
    partition.apply(4, msgspec.json.encode(record))
    assert partition.monitors["laws"].sizes()["held_back"][0] == 0
    assert partition.monitors["laws"].counts["taken"] == partition.monitors["laws"].counts["kept"] == 1


def test_more_than_may_wait_are_refused_with_a_marker() -> None:
    values = TERMS.as_mapping()
    strict = parse(values | {"limits": values["limits"] | {"held_back_max": 2}})
    partition = LogPartition(0)
    partition.apply(0, terms_record(strict))
    tick = LoggedTick(strict.d_hour_s, strict.d_hour_s, Origin(TOPIC, 0, 0), {TOPIC: 2})
    partition.apply(1, msgspec.json.encode(tick))
    for number, source in enumerate(["watcher", "council", "watcher", "somebody"]):
        body = {"report_id": f"{number}", "source": source, "type": "alive"}
        partition.apply(number + 2, located(Told(body, None, strict.d_hour_s + 9), number))
    rejected = [msgspec.json.decode(fact.value, type=Rejected) for fact in partition.flush() if fact.topic == REJECTED]
    assert [body.reason for body in rejected] == [Reason.LIMIT_REACHED] * 2
    assert rejected[0].detail == "report: too many wait for the clock (limits.held_back_max)"
    # Of what terms do not list there is no marker: a flood of it could block.
    assert partition.monitors["laws"].sizes()["markers"][0] == 1
