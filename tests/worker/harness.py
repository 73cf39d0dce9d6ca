"""The bench of the trials, with a state in the core's place by which every loss, double and reordering shows."""

from typing import Any

from load_tests import bench
from load_tests.bench import Worker, wait_until

FAKE_CORE = "worker.fake_core:ChainPartition"


class Installation(bench.Installation):
    """Its workers have the core's place taken by `FAKE_CORE`, unless a test gives another `state`."""

    def worker(self, *arguments: str, state: str = FAKE_CORE, **settings: Any) -> Worker:
        return super().worker(*arguments, state=state, **settings)


__all__ = ["FAKE_CORE", "Installation", "Worker", "wait_until"]
