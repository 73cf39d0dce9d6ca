import pytest

from streams.worker.progress import Progress


class SettableClock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


# seconds since work moved, seconds since the lag was learned, records waiting -> whether it is stuck (after 60 s)
CASES = [
    (0, 0, 5, False),
    (59, 0, 5, False),
    (61, 0, 5, True),
    (61, 0, 0, False),  # nothing to do is not stuck
    (61, 61, 0, True),  # not to know is not to be idle
    (0, 61, 5, False),
]


@pytest.mark.parametrize(("still_s", "blind_s", "lag", "stuck"), CASES)
def test_a_worker_with_work_and_no_progress_is_stuck(still_s: int, blind_s: int, lag: int, stuck: bool) -> None:
    clock = SettableClock()
    progress = Progress(60, clock)
    clock.now = 1_000.0 - still_s
    progress.moved()
    clock.now = 1_000.0 - blind_s
    progress.looked(lag)
    clock.now = 1_000.0
    assert (progress.stuck() is not None) == stuck
