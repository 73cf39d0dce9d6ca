"""What a reader of files gives: reports as they would have arrived, and rows that no report could be made of."""

from typing import NamedTuple

from streams.core.intake import Arrival


class AdapterError(ValueError):
    """The file as a whole is unusable; the message names it and says what is wrong, in one line."""


class Unreadable(NamedTuple):
    """A row that is not a report in any form: where it stands ("file:line"), why, and its bytes as they are in the file."""

    where: str
    detail: str
    original: bytes


Row = Arrival | Unreadable

__all__ = ["AdapterError", "Arrival", "Row", "Unreadable"]
