"""The short version of the trials on a real broker; all of them: `python load_tests/faults.py`."""

import pytest

from load_tests.faults import attempt
from load_tests.trials import TRIALS

QUICK = {name: kind.quick for name, kind in TRIALS.items() if kind.quick is not None}


@pytest.mark.broker
@pytest.mark.parametrize("name", QUICK)
def test_the_judge_has_nothing_to_say_after(name: str) -> None:
    assert attempt(name, 1, QUICK[name]) == [], f"python load_tests/faults.py --quick --only {name} --seed 1"
