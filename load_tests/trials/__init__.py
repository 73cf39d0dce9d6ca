"""Every trial by its name: what it does to the pipeline on a real broker before the judge comes."""

from collections.abc import Callable
from typing import NamedTuple

from load_tests.trials import brokers, input, processes, records, reports
from load_tests.verdict import Verdict


class Kind(NamedTuple):
    """`quick`: what is left out or made short for a version that takes seconds; None where it takes too long for that.
    `own_broker`: it does something to the broker itself."""

    run: Callable[..., Verdict]
    quick: dict | None = None
    own_broker: bool = False


TRIALS: dict[str, Kind] = {
    "killed-at-random": Kind(processes.killed_at_random, {"rounds": 4}),
    "killed-between": Kind(processes.killed_between, {"points": ("intake.sent", "monitor.sent", "monitor.committed")}),
    "failing-between": Kind(processes.failing_between, {}),
    "frozen": Kind(processes.frozen),
    "coming-and-going": Kind(processes.coming_and_going),
    "broker-stopped": Kind(brokers.stopped, own_broker=True),
    "broker-killed": Kind(brokers.killed, {"times": 1}, own_broker=True),
    "broker-paused": Kind(brokers.paused, own_broker=True),
    "bad-network": Kind(brokers.bad_network, own_broker=True),
    "refusing": Kind(brokers.refusing, own_broker=True),
    "disk-full": Kind(brokers.disk_full, own_broker=True),
    "no-handles": Kind(brokers.no_handles, own_broker=True),
    "stuck": Kind(reports.stuck, {}),
    "told-again": Kind(reports.told_again),
    "wrong-clocks": Kind(reports.wrong_clocks),
    "bad-ticks": Kind(reports.bad_ticks, {}),
    "silence": Kind(reports.silence),
    "falling-silent": Kind(reports.falling_silent),
    "bad-input": Kind(input.bad_input, {"names": 2_000}),
    "unpacking": Kind(input.unpacking),
    "moved-offsets": Kind(records.moved_offsets),
    "lost-checkpoint": Kind(records.lost_checkpoint, {}),
    "lost-log-head": Kind(records.lost_log_head),
    "changed-terms": Kind(records.changed_terms),
    "raising": Kind(records.raising, {}),
}

__all__ = ["TRIALS", "Kind"]
