"""The intake as a process: what goes in on report topics, what comes out in the log and on the topic of rejections."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from worker.harness import Installation, wait_until
from worker.terms_of_test import a_report, record_of, some_terms

from schemas.topics import LOCATED, REJECTED, TERMS
from streams.broker import Broker
from streams.core.intake import RECEIVED_AT_HEADER, Incoming, Intake
from streams.settings import Settings
from streams.worker.failures import CANNOT_START
from streams.worker.intake_app import IntakeShell

FIELD = "reports.field"
SIMULATED = "reports.simulated.drill"
NEVER = 86_400
"""Seconds between ticks where a test wants none but the first."""


@pytest.fixture
def truce(broker: Broker) -> Iterator[Installation]:
    installation = Installation(broker.bootstrap, reports={FIELD: 2})
    installation.publish(TERMS, 0, [record_of(some_terms())], key=b"test")
    yield installation
    installation.close()


def log_of(truce: Installation, partition: int = 0, record: str = "report") -> list[dict]:
    found = [orjson.loads(value) for value in truce.values(LOCATED, partition)]
    return [body for body in found if body["record"] == record]


def origins(truce: Installation, partition: int = 0) -> list[tuple[str, int, int]]:
    return [tuple(body["origin"]) for body in log_of(truce, partition)]


def committed(truce: Installation) -> dict[tuple[str, int], int]:
    admin = KafkaAdminClient(bootstrap_servers=truce.bootstrap)
    try:
        offsets = admin.list_group_offsets(f"{truce.prefix}-intake")
        by_group = offsets.get(f"{truce.prefix}-intake", offsets)
        return {(tp.topic, tp.partition): found.offset for tp, found in by_group.items() if found.offset > 0}
    finally:
        admin.close()


def test_a_report_goes_to_the_log_of_its_truce_and_what_is_none_is_refused(truce: Installation) -> None:
    truce.publish(FIELD, 0, [a_report(1), b"not a report"])
    truce.publish(FIELD, 1, [a_report(2)])
    worker = truce.worker("--only", "intake")
    wait_until(lambda: len(log_of(truce)) == 2 and any(truce.read(REJECTED).values()), "two reports and a rejection")
    assert sorted(origins(truce)) == [(FIELD, 0, 0), (FIELD, 1, 0)]
    assert log_of(truce, partition=1) == []
    [rejection] = truce.read(REJECTED)[0]
    assert rejection.key == b"reports.field/0/1"
    assert orjson.loads(rejection.value)["reason"] == "not_json"
    assert worker.stop() == 0
    assert committed(truce)[FIELD, 0] >= 2


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
def test_every_compression_can_be_read(compression: str, truce: Installation) -> None:
    truce.publish(FIELD, 0, [a_report(number) for number in range(50)], compression=compression)
    truce.worker("--only", "intake", tick_s=NEVER)
    wait_until(lambda: len(log_of(truce)) >= 50, "fifty reports")
    assert origins(truce) == [(FIELD, 0, offset) for offset in range(50)]


@pytest.mark.parametrize("compression", ["gzip", "lz4", "zstd"])
def test_a_batch_that_unpacks_to_much_is_refused_and_costs_little_memory(compression: str, truce: Installation) -> None:
    async def publish_batch(*values: bytes) -> None:
        options = {"compression_type": compression, "max_batch_size": 2**30, "max_request_size": 2**30}
        async with AIOKafkaProducer(bootstrap_servers=truce.bootstrap, **options) as producer:
            batch = producer.create_batch()
            for value in values:
                assert batch.append(key=None, value=value, timestamp=None) is not None
            await (await producer.send_batch(batch, FIELD, partition=0))

    asyncio.run(publish_batch(a_report(1), b" " * 200_000_000, a_report(2), *[b" " * 200_000] * 60, a_report(3)))
    worker = truce.worker("--only", "intake", tick_s=NEVER)
    wait_until(lambda: len(log_of(truce)) == 3 and len(truce.read(REJECTED)[0]) == 61, "all of them", timeout_s=60)
    assert origins(truce) == [(FIELD, 0, 0), (FIELD, 0, 2), (FIELD, 0, 63)]
    refused = [orjson.loads(record.value) for record in truce.read(REJECTED)[0]]
    assert [body["origin"][2] for body in refused] == [1, *range(3, 63)]
    assert [body["reason"] for body in refused] == ["too_large", *["not_json"] * 60]
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1_024
    assert peak < 350 * 1_024**2, f"{peak:,} bytes"


def test_reports_published_after_terms_are_routed_by_those_terms(truce: Installation) -> None:
    truce.publish(FIELD, 0, [a_report(1)])
    truce.worker("--only", "intake", tick_s=NEVER)
    wait_until(lambda: origins(truce), "the first report")
    truce.publish(TERMS, 0, [record_of(some_terms("other", partition=1))], key=b"other")
    truce.publish(FIELD, 0, [a_report(2)])
    wait_until(lambda: len(origins(truce)) == 2, "the second report")
    assert [body["report"]["report_id"] for body in log_of(truce, partition=1)] == ["r2"]  # the terms came before it


def test_a_new_topic_is_picked_up_from_its_first_report(truce: Installation) -> None:
    truce.worker("--only", "intake")
    wait_until(lambda: log_of(truce, record="tick"), "it works")
    truce.create_reports("reports.desk", 1)
    truce.publish("reports.desk", 0, [a_report(1), a_report(2)])
    wait_until(lambda: len(origins(truce)) >= 2, "the reports of the new topic")
    assert set(origins(truce)) == {("reports.desk", 0, 0), ("reports.desk", 0, 1)}
    wait_until(lambda: any("reports.desk" in tick["origins"] for tick in log_of(truce, record="tick")), "ticks that list it")


def test_a_topic_that_came_while_a_worker_was_away_is_read_by_the_next_of_its_name(truce: Installation) -> None:
    # It does not look for topics by itself, so that it does not see the new one.
    first = truce.worker("--only", "intake", instance_id="one", metadata_max_age_s=300)
    wait_until(lambda: log_of(truce, record="tick"), "it works", timeout_s=60)
    truce.create_reports("reports.desk", 1)
    truce.publish("reports.desk", 0, [a_report(1)])
    # At once, so that the group gives it the place of the first as it was.
    second = truce.worker("--only", "intake", instance_id="one")
    wait_until(second.metrics_url, "the second has started", timeout_s=60, pause_s=0.01)
    first.kill()
    wait_until(lambda: ("reports.desk", 0, 0) in origins(truce), "the report on the new topic", timeout_s=60)


def test_ticks_enter_every_partition_of_live_topics_and_come_out_on_every_partition_of_the_log(truce: Installation) -> None:
    truce.create_reports(SIMULATED, 1)
    truce.worker("--only", "intake")
    wait_until(lambda: len(log_of(truce, record="tick")) >= 4, "two rounds of ticks")
    for partition in (0, 1):
        tick = log_of(truce, partition, "tick")[0]
        assert tick["origins"] == {FIELD: 2}
        assert {tuple(body["origin"][:2]) for body in log_of(truce, partition, "tick")} == {(FIELD, 0), (FIELD, 1)}
    assert truce.values(SIMULATED, 0) == []


def test_a_tick_stays_behind_the_reports_that_came_before_it(truce: Installation) -> None:
    truce.worker("--only", "intake")
    for number in range(200):
        truce.publish(FIELD, 0, [a_report(number)])

    def of_first() -> list[int]:
        in_log = [tuple(orjson.loads(value)["origin"]) for value in truce.values(LOCATED, 0)]
        return [offset for topic, partition, offset in in_log if (topic, partition) == (FIELD, 0)]

    wait_until(lambda: len(origins(truce)) >= 200 and len(of_first()) > 200, "all reports, and ticks among them")
    assert of_first() == sorted(of_first())


def test_simulated_topics_are_read_too_and_only_for_simulated_truces(truce: Installation) -> None:
    truce.create_reports(SIMULATED, 1)
    drill = some_terms("drill", partition=1, simulated=True, topics=[SIMULATED])
    truce.publish(TERMS, 0, [record_of(drill)], key=b"drill")
    truce.publish(SIMULATED, 0, [a_report(1)], headers=[(RECEIVED_AT_HEADER, b"1795520000")])
    truce.worker("--only", "intake")
    wait_until(lambda: log_of(truce, partition=1), "the simulated report")
    assert log_of(truce, partition=1)[0]["received_at"] == 1_795_520_000
    assert log_of(truce, partition=0) == []


def test_partitions_are_read_to_their_ends_together(truce: Installation) -> None:
    for partition, count in enumerate((24_000, 8_000)):
        truce.publish(FIELD, partition, [a_report(number) for number in range(count)], compression="lz4")
    truce.worker("--only", "intake", tick_s=NEVER)
    wait_until(lambda: len(log_of(truce)) == 32_000, "all of them")
    first_half = Counter(partition for _, partition, _ in origins(truce)[:16_000])
    assert 10_000 <= first_half[0] <= 14_000


def test_an_intake_killed_in_the_middle_leaves_no_report_out(truce: Installation) -> None:
    truce.publish(FIELD, 0, [a_report(number) for number in range(12_000)])
    for least in (1, 4_000):
        worker = truce.worker("--only", "intake", tick_s=NEVER, instance_id="one")
        wait_until(lambda least=least: len(truce.values(LOCATED, 0)) >= least, "some of them", pause_s=0.01)
        worker.kill()
    truce.worker("--only", "intake", tick_s=NEVER, instance_id="one")
    wait_until(lambda: len(set(origins(truce))) >= 12_000, "all of them")


def test_terms_that_name_a_partition_that_is_not_there_stop_it_and_nothing_is_acknowledged(truce: Installation) -> None:
    truce.publish(TERMS, 0, [record_of(some_terms("far", partition=7))], key=b"far")
    truce.publish(FIELD, 0, [a_report(1)])
    worker = truce.worker("--only", "intake")
    assert worker.ended() == CANNOT_START
    assert "the terms of far name partition 7 of truce.located, which has 2" in worker.said()
    assert (FIELD, 0) not in committed(truce)


class RaisingIntake(Intake):
    """Raises on report r13."""

    def take(self, message: Incoming) -> object:
        if b'"r13"' in (message.value or b""):
            raise ValueError("as the test asked")
        return super().take(message)


def test_a_report_that_raises_is_refused_with_a_marker_for_every_truce_it_may_concern(truce: Installation) -> None:
    elsewhere = some_terms("elsewhere", partition=1)
    drill = some_terms("drill", partition=1, simulated=True, topics=[SIMULATED])
    truce.publish(TERMS, 0, [record_of(elsewhere)], key=b"elsewhere")
    truce.publish(TERMS, 0, [record_of(drill)], key=b"drill")
    truce.publish(FIELD, 0, [a_report(number) for number in range(20)])

    async def run() -> None:
        settings = Settings(bootstrap=truce.bootstrap, prefix=truce.prefix, tick_s=NEVER)
        shell = IntakeShell(settings, RaisingIntake())
        await shell.start()
        await asyncio.to_thread(wait_until, lambda: len(log_of(truce)) >= 19, "the others")
        await shell.stop()

    asyncio.run(run())
    assert [offset for _, _, offset in origins(truce)] == [n for n in range(20) if n != 13]
    [rejection] = [record for records in truce.read(REJECTED).values() for record in records]
    assert orjson.loads(rejection.value)["reason"] == "internal_error"
    for partition, name in ((0, "test"), (1, "elsewhere")):
        [marker] = log_of(truce, partition, "marker")
        assert (marker["truce"], marker["marker"]) == (name, "reports.field/0/13")


def refusals(truce: Installation) -> list[dict]:
    return [orjson.loads(record.value) for records in truce.read(REJECTED).values() for record in records]


def test_what_retention_took_before_it_was_read_leaves_a_marker_and_is_told(truce: Installation) -> None:
    truce.publish(FIELD, 0, [a_report(number) for number in range(5)])
    first = truce.worker("--only", "intake", tick_s=NEVER, instance_id="one")
    wait_until(lambda: committed(truce).get((FIELD, 0), 0) >= 5, "the first reports, committed")
    start = committed(truce)[FIELD, 0]
    # While it stands still, and then while it is not there.
    first.process.send_signal(signal.SIGSTOP)
    truce.publish(FIELD, 0, [a_report(number) for number in range(10, 15)])
    truce.truncate(FIELD, 0, before=start + 3)
    first.process.send_signal(signal.SIGCONT)
    wait_until(lambda: (FIELD, 0, start + 4) in origins(truce), "what was left")
    wait_until(lambda: committed(truce)[FIELD, 0] == start + 5, "it is committed")
    assert first.stop() == 0
    truce.publish(FIELD, 0, [a_report(number) for number in range(20, 25)])
    truce.truncate(FIELD, 0, before=start + 7)
    second = truce.worker("--only", "intake", tick_s=NEVER, instance_id="one")
    wait_until(lambda: (FIELD, 0, start + 9) in origins(truce), "the last report")
    taken = [offset for topic, partition, offset in origins(truce) if (topic, partition) == (FIELD, 0)]
    known = {(body["origin"][2], body["detail"]) for body in refusals(truce)}
    gone = [end for end in (start, start + 5) if end not in taken]
    assert start + 5 in gone, "the second time there is nothing to read it from"
    assert {offset for offset, _ in known} == set(gone), "what the client had in hand already is not gone"
    assert (start + 5, f"the offsets from {start + 5} to {start + 6} were deleted from {FIELD}/0 before they were read") in known
    assert [body["marker"] for body in log_of(truce, record="marker")] == [f"{FIELD}/0/{offset}" for offset in gone]
    assert "messages deleted before they were read" in second.said()
    assert second.stop() == 0
