"""The whole pipeline in simulation: whatever happens to processes and network, the judge has nothing to say.

Longer: `python load_tests/simulate.py --minutes 60`. A seed that fails here fails there in the same way.
"""

import asyncio
import os
import subprocess
import sys
import time
from random import Random

import pytest
from aiokafka.structs import TopicPartition

from load_tests.simulation.app import Group, SimulatedApp
from load_tests.simulation.broker import Broker
from load_tests.simulation.clients import Network
from load_tests.simulation.loop import PROCESS, Deadlock, SimulatedLoop
from load_tests.simulation.world import Faults, Outcome, run
from schemas.topics import CHECKPOINTS
from streams.worker import failpoints, partition_owner, recovery, transactions

RUNS_S = 110
"""How long seeds are tried here, whatever the machine."""
RUNS_MIN = 8


def told(seed: int, outcome: Outcome) -> str:
    return "\n".join([f"python load_tests/simulate.py --seed {seed}", *outcome.problems, *outcome.verdict.told()])


def test_runs_with_faults_are_judged_clean() -> None:
    deadline, seed = time.monotonic() + RUNS_S, 0
    while time.monotonic() < deadline or seed < RUNS_MIN:
        outcome = run(seed)
        assert outcome.clean, told(seed, outcome)
        seed += 1


def test_a_run_without_faults_decides_something() -> None:
    outcome = run(0, Faults())
    assert outcome.clean, told(0, outcome)
    assert not outcome.ends
    assert all(row.found for row in outcome.verdict.rows if "refusals" not in row.what), outcome.verdict.rows


@pytest.mark.parametrize("seed", range(6))
def test_where_checkpoints_are_lost_again_and_again_nothing_told_is_told_again_and_nothing_is_missing(seed: int) -> None:
    """In pairs, so that the second comes while the first is being made up for; and a kill between two."""
    losses = [step + 700 * seed + more for step in range(1_500, 12_000, 3_000) for more in (0, 120 + 60 * seed)]
    outcome = run(seed, Faults(losses=losses, kills=[4_000 + 900 * seed]))
    assert outcome.clean, told(seed, outcome)
    assert outcome.ends["killed"] > 4


def test_a_seed_repeats_a_run_step_by_step() -> None:
    """In another process too, where sets and dictionaries of strings come in another order."""
    code = "from load_tests.simulation.world import run; [print(o.steps, o.trace) for o in (run(2, wider=True), run(3))]"
    told = []
    for order in ("0", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": order}
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, env=environment)
        told.append(ran.stdout.split())
    outcomes = run(2, wider=True), run(3)
    told.append([str(number) for outcome in outcomes for number in (outcome.steps, outcome.trace)])
    assert told[0] == told[1] == told[2], ran.stderr
    assert all(outcome.ends for outcome in outcomes), "nothing happened to them"


# -- could it fail? What the shell does for a reason is left out, and the judge must notice. ---------------------------


def unclean(tries: int = 12) -> bool:
    return any(not run(seed).clean for seed in range(tries))


def test_a_commit_that_does_not_wait_for_what_was_sent_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def careless(producer, records) -> int:
        for tp, outgoing in records.items():
            batch = producer.create_batch()
            for key, value, headers, timestamp_ms in outgoing:
                batch.append(key=key, value=value, headers=headers, timestamp=timestamp_ms)
            await producer.send_batch(batch, tp.topic, partition=tp.partition)
        return 0

    monkeypatch.setattr(transactions, "send_all", careless)
    assert unclean()


def test_a_commit_tried_again_without_knowing_how_it_ended_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def again(self) -> None:
        await self._producer.commit_transaction()

    monkeypatch.setattr(transactions.PartitionWriter, "_commit", again)
    assert unclean()


def test_a_state_that_goes_on_after_an_abort_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    rebuild = partition_owner.PartitionOwner._rebuild

    async def once(self) -> None:
        if self._state is None:
            await rebuild(self)

    monkeypatch.setattr(partition_owner.PartitionOwner, "_rebuild", once)
    assert unclean()


def test_a_state_that_is_rebuilt_from_a_checkpoint_before_its_own_last_commit_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(self, committed_offset: int) -> object:
        values = await recovery.last_values(self._client, CHECKPOINTS, self._number)
        return self._state_type.restore(self._number, values)

    monkeypatch.setattr(recovery.Recovery, "_restored", at_once)
    fail_as_transactions_begin(monkeypatch)
    assert unclean()


def test_a_transaction_that_fails_as_it_begins_loses_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_as_transactions_begin(monkeypatch)
    for seed in range(3):
        outcome = run(seed)
        assert outcome.clean, (outcome.problems, outcome.verdict.told())


def fail_as_transactions_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in ten, at once: while the one before is still being made visible on one partition after the other."""
    random = Random(1)

    def reach(point: str) -> None:
        if point == "monitor.begun" and random.random() < 0.1:
            raise failpoints.Forced(point)

    monkeypatch.setattr(failpoints, "reach", reach)


# -- the loop itself ---------------------------------------------------------------------------------------------------


def test_time_is_virtual_and_a_process_that_is_killed_makes_no_further_step() -> None:
    loop, seen = SimulatedLoop(Random(1)), []

    async def count() -> None:
        try:
            for number in range(10):
                seen.append((PROCESS.get(), number))
                await asyncio.sleep(60)
        finally:
            seen.append("its end")

    async def main() -> None:
        loop.run_as("one", count())
        await asyncio.sleep(150)
        loop.kill("one")
        await asyncio.sleep(86_400)

    started = time.monotonic()
    loop.run_until_complete(main())
    assert time.monotonic() - started < 5
    assert seen == [("one", 0), ("one", 1), ("one", 2), "its end"]
    assert loop.time() == 150 + 86_400


def test_a_process_that_is_paused_goes_on_where_it_was() -> None:
    loop, seen = SimulatedLoop(Random(1)), []

    async def count() -> None:
        for _ in range(3):
            seen.append(loop.time())
            await asyncio.sleep(1)

    async def main() -> None:
        loop.run_as("one", count())
        await asyncio.sleep(0.5)
        loop.pause("one")
        await asyncio.sleep(100)
        loop.resume("one")
        await asyncio.sleep(10)

    loop.run_until_complete(main())
    assert seen == [0.0, 100.5, 101.5]


def test_a_group_does_not_keep_a_member_that_asked_to_join_and_ended_before_it_was_heard() -> None:
    loop = SimulatedLoop(Random(1))
    broker = Broker(loop, Random(1), 0.0)
    broker.create("topic", 1)
    network = Network(loop, broker, Random(1))
    group = Group("group", lambda: [TopicPartition("topic", 0)], loop, broker)

    async def live() -> None:
        app = SimulatedApp(group, network, Random(1))
        app.agent("topic", "agent")(lambda chunks: asyncio.sleep(0))
        await app.start()

    async def main() -> None:
        loop.run_as("ended", live())
        await asyncio.sleep(0.0001)  # it has asked, and is not heard yet: a request takes longer
        loop.kill("ended")
        loop.run_as("alive", live())
        await asyncio.sleep(60)
        loop.kill("alive")

    loop.run_until_complete(main())
    assert [(member.process, member.consumer.assigned) for member in group.members] == [("alive", {TopicPartition("topic", 0)})]


def test_a_world_in_which_nothing_can_happen_says_so() -> None:
    loop = SimulatedLoop(Random(1))
    with pytest.raises(Deadlock):
        loop.run_until_complete(loop.create_future())
