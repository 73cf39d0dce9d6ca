"""A soak of seconds; an hour of it: `python load_tests/soak.py --write`."""

import pytest

from load_tests.soak import Sample, grown, soak
from streams.broker import QUICK_JVM_FLAGS, Broker


@pytest.mark.broker
def test_memory_handles_and_metric_series_are_flat_while_days_pass() -> None:
    # More than a hundred and fifty days of the simulated truce: the calendar is full behind the warm-up, and what is old goes
    # as fast as new comes.
    with Broker(jvm_flags=QUICK_JVM_FLAGS) as broker:
        soaked = soak(broker, seconds=33, rate=40, day_s=0.2, seed=1, sample_s=1)
    assert soaked.wrong() == []
    assert soaked.reports > 1_000


@pytest.mark.parametrize(
    ("name", "step", "most"),
    [("memory_bytes", 1_000_000, 0), ("handles", 1, 0), ("threads", 1, 0), ("series", 1, 0), ("memory_bytes", 10_000, 1)],
)
def test_what_grows_is_noticed(name: str, step: int, most: int) -> None:
    flat = Sample(0.0, "monitor", 100_000_000, 20, 5, 300)
    samples = [flat._replace(at_s=float(at), **{name: getattr(flat, name) + at * step}) for at in range(30)]
    assert [name in line for line in grown(samples)] == ([] if most else [True])
