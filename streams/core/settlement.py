"""Settled days: which conditions are in force on each, and for how long something better must stand.

A day is settled when `settle_hours` of ticked time have passed since its end. From then on what makes it worse applies
at the next tick; what makes it better (a retraction, a late nil report) only after it has stood for another
`settle_hours`, or pressure on one monitor would open a gate.
"""

from typing import NamedTuple

from schemas.reasons import Condition
from streams.core.gate import Conditions, End


class DayView(NamedTuple):
    """A day of a zone as it is known now. `limit` and `watched` in thousandths; `access` by area of the terms."""

    failed: Conditions
    limit: int | None
    watched: int
    heard: dict[str, int]
    access: dict[str, str]


class SettledDay:
    """A day with the conditions in force (`failed`): those that fail now, and those that only just ceased to (`lingering`,
    with the ticked time since when)."""

    __slots__ = ("failed", "lingering", "view")

    def __init__(self, view: DayView, lingering: dict[Condition, int] | None = None) -> None:
        self.view = view
        self.lingering = lingering or {}
        self._hold()

    def _hold(self) -> None:
        self.failed: Conditions = self.view.failed | self.lingering.keys() if self.lingering else self.view.failed

    def restate(self, view: DayView, ticked_s: int) -> None:
        """`ticked_s`: the sum of the steps of the clock so far."""
        for condition in self.view.failed - view.failed:
            self.lingering.setdefault(condition, ticked_s)
        for condition in view.failed & self.lingering.keys():
            del self.lingering[condition]
        self.view = view
        self._hold()

    def relent(self, ticked_s: int, settle_s: int) -> bool:
        """Let go of what has been better for long enough. Whether anything was."""
        over = [condition for condition, since in self.lingering.items() if ticked_s - since >= settle_s]
        for condition in over:
            del self.lingering[condition]
        self._hold()
        return bool(over)


class StandingEnd:
    """The end in force. A worse one (earlier, or the first) applies at once; a better one must stand."""

    __slots__ = ("better", "end", "since")

    def __init__(self) -> None:
        self.end: End | None = None
        self.better: End | None = None
        self.since: int | None = None

    def restate(self, found: End | None, ticked_s: int, settle_s: int) -> None:
        if found == self.end:
            self.since = None
        elif self.end is None or (found is not None and found.at <= self.end.at):
            self.end, self.since = found, None
        elif self.since is None or found != self.better:
            self.better, self.since = found, ticked_s
        elif ticked_s - self.since >= settle_s:
            self.end, self.since = found, None


__all__ = ["DayView", "SettledDay", "StandingEnd"]
