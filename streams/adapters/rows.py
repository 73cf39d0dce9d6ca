"""What a reader of files gives: reports as they would have arrived, and rows that no report could be made of."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from schemas.facts import Report
from schemas.reasons import Reason
from streams.core.intake import Arrival

_encode = msgspec.json.Encoder().encode


class AdapterError(ValueError):
    """The file as a whole is unusable; the message names it and says what is wrong, in one line."""


class Unreadable(NamedTuple):
    """A row that is not a report in any form: where it stands ("file:line"), why, and its bytes as they are in the file."""

    where: str
    detail: str
    original: bytes
    reason: Reason = Reason.WRONG_TYPE


class Fault(NamedTuple):
    """Why no report can be made of a row. `detail` names the column."""

    detail: str
    reason: Reason = Reason.WRONG_TYPE


Made = tuple[int, Report] | Fault
"""(time of receipt in seconds since 1970, report), or why there is none."""


def row_of(where: str, original: bytes, made: Made) -> "Row":
    if isinstance(made, Fault):
        return Unreadable(where, made.detail, original, made.reason)
    return Arrival(made[0], _encode(made[1]), where)


def nobody(count: int) -> None:
    """For whoever does not care how many bytes have been read."""


Took = Callable[[int], None]
"""Is called with the number of bytes of every line that is read of a file."""

Row = Arrival | Unreadable

__all__ = ["AdapterError", "Arrival", "Fault", "Made", "Row", "Took", "Unreadable", "nobody", "row_of"]
