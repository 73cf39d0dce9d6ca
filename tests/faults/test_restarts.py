"""Wherever a log is committed, stopped and started again, readers end up with the same.

Longer: `python load_tests/restarts/run.py --logs 500`. A seed that fails here fails there in the same way.
"""

import time
from random import Random

from load_tests.restarts.logs import log
from load_tests.restarts.run import WAYS, compare, read

LOGS_S = 25
"""How long logs are tried here, whatever the machine."""
LOGS_MIN = 5


def test_no_way_of_reading_a_log_shows_in_what_readers_end_up_with() -> None:
    deadline, seed = time.monotonic() + LOGS_S, 0
    while time.monotonic() < deadline or seed < LOGS_MIN:
        for way, differences in compare(seed):
            assert not differences, "\n".join([f"python load_tests/restarts/run.py --seed {seed}", way, *differences[:5]])
        seed += 1


def test_the_logs_hold_what_could_show() -> None:
    """Amendments, refusals and withdrawals; and restarts from a base, which do not read the whole log."""
    readings = [read(log(seed), WAYS["at every record, with restarts"], Random(seed)) for seed in (6, 15)]
    shown = b"".join(value for readers in readings for value in readers.last.values())
    announced = b"".join(value or b"" for readers in readings for of_truce in readers.phases.values() for value in of_truce)
    assert b'"kind":"void"' in announced
    assert all(word in shown for word in (b'"status":"withdrawn"', b'"reason":"limit_reached"', b'"reason":"too_late"'))
    assert any(readers.spared for readers in readings), "no restart was from a base"
