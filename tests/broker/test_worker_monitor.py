"""The monitor as a process, with a state in the core's place that makes every loss, double and reordering visible."""

from collections.abc import Callable, Iterator

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.structs import OffsetAndMetadata, TopicPartition
from worker.fake_core import RAISES, RAISES_IN_FLUSH, TOO_BIG, chain
from worker.harness import Installation, Worker, wait_until

from schemas.topics import CHECKPOINTS, LEVELS, LOCATED, PHASES, REJECTED
from streams.broker import Broker
from streams.worker.failures import CANNOT_START, FAILED, FENCED

LOG = 0
"""The log partition that most tests use."""


@pytest.fixture
def truce(broker: Broker) -> Iterator[Installation]:
    installation = Installation(broker.bootstrap)
    yield installation
    installation.close()


def values(first: int, last: int) -> list[bytes]:
    return [b"record %d" % n for n in range(first, last)]


def heads(truce: Installation, partition: int = LOG) -> list[str]:
    return [orjson.loads(value)["head"] for value in truce.values(PHASES, partition)]


def wait_for_heads(truce: Installation, expected: list[str], partition: int = LOG) -> None:
    wait_until(lambda: len(heads(truce, partition)) >= len(expected), f"{len(expected)} facts")
    assert heads(truce, partition) == expected


def wait_for_position(truce: Installation, next_offset: int, partition: int = LOG) -> None:
    def position() -> int:
        found = truce.values(CHECKPOINTS, partition)
        return orjson.loads(found[-1])["next_offset"] if found else 0

    wait_until(lambda: position() >= next_offset, f"position {next_offset}")


def test_every_record_of_the_log_becomes_a_fact_once_on_its_own_partition(truce: Installation) -> None:
    truce.publish(LOCATED, 0, values(0, 100))
    worker = truce.worker("--only", "monitor")
    wait_for_heads(truce, chain(values(0, 100)))
    truce.publish(LOCATED, 0, values(100, 110))
    truce.publish(LOCATED, 1, values(0, 3))
    wait_for_heads(truce, chain(values(0, 110)))
    wait_for_heads(truce, chain(values(0, 3)), partition=1)
    record = truce.read(PHASES)[0][7]
    headers = dict(record.headers)
    assert (record.key, headers["log-offset"]) == (b"fake-0", b"7")
    assert headers["truce-position"].startswith(f"{LOCATED}/{LOG}/".encode())
    assert worker.stop() == 0


def test_a_worker_killed_again_and_again_loses_nothing_and_doubles_nothing(truce: Installation) -> None:
    # A member that keeps its place is not missed for the ten seconds of a session.
    settings = {"instance_id": "one"}
    sent = 0
    for kill_after_facts in (1, 6_000, 12_000):
        truce.publish(LOCATED, LOG, values(sent, sent + 8_000))
        sent += 8_000
        worker = truce.worker("--only", "monitor", **settings)
        wait_until(lambda least=kill_after_facts: len(heads(truce)) >= least, "some facts", pause_s=0.01)
        worker.kill()
    truce.worker("--only", "monitor", **settings)
    wait_for_heads(truce, chain(values(0, sent)))


def test_a_worker_whose_partition_was_taken_over_ends_and_writes_nothing(truce: Installation) -> None:
    truce.publish(LOCATED, LOG, values(0, 10))
    worker = truce.worker("--only", "monitor")
    wait_for_heads(truce, chain(values(0, 10)))
    take_over(truce)
    truce.publish(LOCATED, LOG, values(10, 20))
    assert worker.ended() == FENCED
    assert "another worker has taken over log partition 0" in worker.said()
    assert heads(truce) == chain(values(0, 10))
    truce.worker("--only", "monitor")
    wait_for_heads(truce, chain(values(0, 20)))


def test_workers_that_come_and_go_share_the_partitions_and_double_nothing(truce: Installation) -> None:
    def publish(first: int, last: int) -> None:
        for partition in (0, 1):
            truce.publish(LOCATED, partition, values(first, last))

    def wait_for_both(last: int) -> None:
        for partition in (0, 1):
            wait_for_heads(truce, chain(values(0, last)), partition)

    publish(0, 2_000)
    first = truce.worker("--only", "monitor")
    wait_for_both(2_000)
    publish(2_000, 4_000)
    second = truce.worker("--only", "monitor")
    for start in range(4_000, 6_000, 100):
        publish(start, start + 100)
    wait_until(lambda: second.said().count("state rebuilt") > 0, "the second worker has a partition")
    publish(6_000, 7_000)
    wait_for_both(7_000)
    assert first.stop() == 0
    publish(7_000, 7_100)
    wait_for_both(7_100)
    assert second.stop() == 0


def take_over(truce: Installation) -> None:
    import asyncio

    async def initialise() -> None:
        async with AIOKafkaProducer(bootstrap_servers=truce.bootstrap, transactional_id=f"{truce.prefix}-monitor-{LOG}"):
            return

    asyncio.run(initialise())


def test_a_send_that_fails_takes_the_whole_batch_with_it(truce: Installation) -> None:
    truce.publish(LOCATED, LOG, [*values(0, 50), TOO_BIG, *values(51, 100)])
    worker = truce.worker("--only", "monitor")
    assert worker.ended() == FAILED
    assert heads(truce) == []
    assert truce.values(CHECKPOINTS, LOG) == []
    assert truce.values(LEVELS, LOG) == []
    assert worker.said().count("transaction aborted") == 3


@pytest.mark.parametrize("moved_to", [0, 120])
def test_the_offset_of_the_group_is_only_a_hint(truce: Installation, moved_to: int) -> None:
    truce.publish(LOCATED, LOG, values(0, 100))
    worker = truce.worker("--only", "monitor")
    wait_for_heads(truce, chain(values(0, 100)))
    assert worker.stop() == 0
    truce.publish(LOCATED, LOG, values(100, 120))
    move_group(truce, moved_to)
    truce.worker("--only", "monitor")
    wait_for_heads(truce, chain(values(0, 120)))
    truce.publish(LOCATED, LOG, values(120, 130))
    wait_for_heads(truce, chain(values(0, 130)))


def move_group(truce: Installation, offset: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=truce.bootstrap)
    group = f"{truce.prefix}-monitor"
    try:
        at = {TopicPartition(LOCATED, LOG): OffsetAndMetadata(offset, "", -1)}
        admin.alter_group_offsets(group, at)
    finally:
        admin.close()


def test_the_group_can_see_how_far_the_transactions_are(truce: Installation) -> None:
    truce.publish(LOCATED, LOG, values(0, 100))
    truce.worker("--only", "monitor")
    wait_for_heads(truce, chain(values(0, 100)))
    admin = KafkaAdminClient(bootstrap_servers=truce.bootstrap)
    try:
        group = f"{truce.prefix}-monitor"
        wait_until(lambda: "100" in str(admin.list_group_offsets(group)), "the group's offset follows")
    finally:
        admin.close()


@pytest.mark.parametrize("offender", [RAISES, RAISES_IN_FLUSH])
def test_a_record_that_raises_is_refused_with_a_marker_and_the_rest_goes_on(truce: Installation, offender: bytes) -> None:
    others = values(0, 50) + values(51, 100)
    truce.publish(LOCATED, LOG, [*values(0, 50), offender, *values(51, 100)])
    worker = truce.worker("--only", "monitor")
    # The marker comes back through the log, behind all that was there, as a record like any other.
    marker = b"marker of 50"
    wait_for_heads(truce, chain([*others, marker]))
    assert truce.values(LOCATED, LOG)[-1] == marker
    [rejection] = truce.read(REJECTED)[LOG]
    assert rejection.key == b"truce.located/0/50"
    assert orjson.loads(rejection.value)["original"] == offender.decode()
    # The next state knows that it was skipped.
    assert worker.stop() == 0
    truce.publish(LOCATED, LOG, values(200, 210))
    truce.worker("--only", "monitor")
    wait_for_heads(truce, chain([*others, marker, *values(200, 210)]))
    assert len(truce.read(REJECTED)[LOG]) == 1


def test_several_that_raise_are_each_refused(truce: Installation) -> None:
    truce.publish(LOCATED, LOG, [RAISES, b"a", RAISES, RAISES_IN_FLUSH, b"b", RAISES])
    truce.worker("--only", "monitor")
    wait_for_heads(truce, chain([b"a", b"b", *(b"marker of %d" % offset for offset in (0, 2, 3, 5))]))
    assert len(truce.read(REJECTED)[LOG]) == 4


def run_and_stop(truce: Installation) -> None:
    truce.publish(LOCATED, LOG, values(0, 20))
    worker = truce.worker("--only", "monitor")
    wait_for_heads(truce, chain(values(0, 20)))
    assert worker.stop() == 0


def test_a_lost_checkpoint_has_nothing_announced_twice(truce: Installation) -> None:
    run_and_stop(truce)
    truce.recreate(CHECKPOINTS)
    worker = truce.worker("--only", "monitor")
    wait_for_position(truce, 20)
    assert "checkpoint lost" in worker.said()
    truce.publish(LOCATED, LOG, values(20, 30))
    wait_for_heads(truce, chain(values(0, 30)))


def lose_the_end_of_the_log(truce: Installation) -> None:
    run_and_stop(truce)
    truce.recreate(LOCATED)


def lose_the_head_of_the_log(truce: Installation) -> None:
    truce.publish(LOCATED, LOG, values(0, 20))
    truce.truncate(LOCATED, LOG, before=5)


def lose_the_head_under_a_checkpoint(truce: Installation) -> None:
    run_and_stop(truce)
    truce.truncate(LOCATED, LOG, before=5)


def lose_a_topic(truce: Installation) -> None:
    truce.delete(CHECKPOINTS)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lose_the_end_of_the_log, "the checkpoint of truce.located/0 is at offset 20, but the log ends at 0"),
        (lose_the_head_of_the_log, "truce.located/0 begins at offset 5, but state needs it from 0"),
        (lose_the_head_under_a_checkpoint, "truce.located/0 begins at offset 5, but state needs it from 0"),
        (lose_a_topic, "there is no topic truce.checkpoints: create the topics with `truce topics`"),
    ],
)
def test_it_does_not_start_on_a_log_that_is_not_whole(
    truce: Installation, damage: Callable[[Installation], None], told: str
) -> None:
    damage(truce)
    before = heads(truce)
    worker: Worker = truce.worker("--only", "monitor")
    assert worker.ended() == CANNOT_START
    assert told in worker.said()
    assert "Traceback" not in worker.said()
    assert heads(truce) == before


def test_another_chain_head_than_the_recorded_one_stops_it_loudly(truce: Installation) -> None:
    truce.publish(LOCATED, LOG, values(0, 20))
    forged = orjson.dumps({"next_offset": 10, "head": "other", "skipped": []})
    truce.publish(CHECKPOINTS, LOG, [forged], key=b"position/0")
    worker = truce.worker("--only", "monitor")
    assert worker.ended() == FAILED
    assert "HeadsDiffer" in worker.said()
    assert heads(truce) == []
