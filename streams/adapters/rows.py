"""What a reader of files gives: reports as they would have arrived, and rows that no report could be made of."""

from collections.abc import Callable
from typing import NamedTuple

from schemas.reasons import Reason
from streams.core.intake import Arrival


class AdapterError(ValueError):
    """The file as a whole is unusable; the message names it and says what is wrong, in one line."""


class Unreadable(NamedTuple):
    """A row that is not a report in any form: where it stands ("file:line"), why, and its bytes as they are in the file."""

    where: str
    detail: str
    original: bytes
    reason: Reason = Reason.WRONG_TYPE


def nobody(count: int) -> None:
    """For whoever does not care how many bytes have been read."""


Took = Callable[[int], None]
"""Is called with the number of bytes of every line that is read of a file."""

Row = Arrival | Unreadable

__all__ = ["AdapterError", "Arrival", "Row", "Took", "Unreadable", "nobody"]
