"""The short version of the trials on a real broker; all of them: `python load_tests/faults.py`."""

from collections.abc import Iterator

import pytest

from load_tests.faults import attempt
from load_tests.trials import TRIALS
from streams.broker import QUICK_JVM_FLAGS, Broker

QUICK = {name: kind.quick for name, kind in TRIALS.items() if kind.quick is not None}


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """For those that do nothing to it."""
    with Broker(jvm_flags=QUICK_JVM_FLAGS) as running:
        yield running


@pytest.mark.broker
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", QUICK)
def test_the_judge_has_nothing_to_say_after(name: str, broker: Broker) -> None:
    assert attempt(name, 1, QUICK[name], broker=broker) == [], f"python load_tests/faults.py --quick --only {name} --seed 1"
