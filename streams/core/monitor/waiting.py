"""Reports of a simulated truce that are ahead of its clock.

On a simulated topic every report lies between two ticks of its own partition, and that is when it is received. Whoever
reads several partitions may have one of them further than another: a report waits until the truce's clock has reached the
tick that came before it in its own partition. So it makes no difference how partitions were interleaved.

A live topic's reports are received when they are appended and are shown at once: there, the log itself says what was
known when.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from schemas.facts import LocatedReport
from streams.core.monitor.reports import Mark


class Held(NamedTuple):
    """In canonical order: the tick to wait for, when it was received, its bytes, its place in the log."""

    tick_s: int
    received_at: int
    raw: bytes
    offset: int
    located: LocatedReport
    mark: Mark


class Waiting:
    """Reports held back, to be let in as the clock moves."""

    def __init__(self) -> None:
        self._held: list[Held] = []

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, tick_s: int, located: LocatedReport, offset: int, mark: Mark) -> None:
        heappush(self._held, Held(tick_s, located.received_at, bytes(located.report), offset, located, mark))

    def due(self, now_s: int) -> list[Held]:
        """Those that may come in now, in canonical order."""
        due = []
        while self._held and self._held[0].tick_s <= now_s:
            due.append(heappop(self._held))
        return due

    def marks(self) -> Iterator[Mark]:
        """From where the log tells each of them again."""
        return (held.mark for held in self._held)


__all__ = ["Held", "Waiting"]
