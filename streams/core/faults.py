"""How a fault of this program is told: by its type and its places in the code.

Never by what it says: that may hold the words of a report, and a line in a log has more readers than a report has.
"""

import traceback
from pathlib import Path

PLACES_MAX = 5
"""The innermost ones, which come first."""


def places_of(fault: BaseException) -> str:
    """`gate.py:101 decide < monitor.py:330 _tick`: where it was raised, and who had called."""
    frames = traceback.extract_tb(fault.__traceback__)[-PLACES_MAX:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))


def told(fault: BaseException) -> str:
    """Type and places in one text."""
    return f"{type(fault).__name__} at {places_of(fault)}"


__all__ = ["PLACES_MAX", "places_of", "told"]
