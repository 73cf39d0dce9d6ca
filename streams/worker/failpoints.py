"""Points at which a test can make a worker fail, between two things that belong together. Nothing is armed by default.

`TRUCE_FAILPOINTS="monitor.sent=kill@3,intake.sent=raise"`: the third time it comes to `monitor.sent` it is killed, and
the first time to `intake.sent` an error is raised there. Whoever runs a worker for real never sets the variable.
"""

import os
import signal
from collections import Counter

from aiokafka.errors import KafkaError

VARIABLE = "TRUCE_FAILPOINTS"
POINTS = (
    "intake.read",  # messages are in hand, nothing is written
    "intake.sent",  # all that comes of them has arrived, nothing is acknowledged
    "intake.acknowledged",  # acknowledged, and not yet committed to the group
    "monitor.read",  # records are in hand, the state has not seen them
    "monitor.decided",  # the state has, and nothing is written
    "monitor.begun",  # the transaction is open, and empty
    "monitor.sent",  # everything is in the transaction
    "monitor.committed",  # committed, and not yet acknowledged
    "monitor.acknowledged",
)


class Forced(KafkaError):
    """What `raise` raises: as if the broker had failed there."""


def reach(point: str) -> None:
    """Fail here, if a test has asked for it."""
    if _ARMED:
        _reached[point] += 1
        action = _ARMED.get((point, _reached[point]))
        if action is not None:
            _ACTIONS[action](point)


def _kill(point: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _pause(point: str) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _raise(point: str) -> None:
    raise Forced(f"forced at {point}")


_ACTIONS = {"kill": _kill, "pause": _pause, "raise": _raise}


def _parse(text: str) -> dict[tuple[str, int], str]:
    armed = {}
    for one in filter(None, text.split(",")):
        point, _, action = one.partition("=")
        action, _, count = action.partition("@")
        if point not in POINTS or action not in _ACTIONS:
            raise ValueError(f"{VARIABLE}: {one!r}: give POINT=ACTION@COUNT with {', '.join(POINTS)} and {', '.join(_ACTIONS)}")
        armed[point, int(count or 1)] = action
    return armed


_ARMED = _parse(os.environ.get(VARIABLE, ""))
_reached: Counter[str] = Counter()

__all__ = ["POINTS", "VARIABLE", "Forced", "reach"]
