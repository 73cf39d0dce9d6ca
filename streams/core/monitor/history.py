"""What follows from settled days: streaks, a collapse, and the whole history of phases.

The past of a truce can be restated at every tick, because late news amends it. But most of it is closed: what led up to
the first day that may still change is worked out once and kept, so that a tick costs the same in a truce's third year as in
its third month.
"""

from collections.abc import Mapping, Sequence

from schemas.reasons import WHOLE
from streams.core.gate import Conditions, Declaration, End, Reached, Wanted, reach, streak, timeline
from streams.core.monitor.days import Days
from streams.core.settlement import SettledDay
from streams.core.terms import DAY, Ends, Terms


class FailedDays(Sequence[Conditions]):
    """The conditions in force on each settled day of a zone, looked at one by one."""

    def __init__(self, settled: Sequence[SettledDay]) -> None:
        self._settled = settled

    def __len__(self) -> int:
        return len(self._settled)

    def __getitem__(self, at):
        if isinstance(at, slice):
            return [settled.failed for settled in self._settled[at]]
        return self._settled[at].failed


class History:
    """`close` is told which days can no longer change."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._terms: Terms | None = None
        self.reset()

    def reset(self) -> None:
        """The past is to be judged by other terms."""
        self._reached: Mapping[str, Reached] = {}
        self._day = 0
        self._row, self._collapse_day = 0, -1
        self._open_rows: dict[str, int] = {}

    def close(self, first_open: int, terms: Terms, end: End | None, on_record: Sequence[Declaration]) -> None:
        """Days before `first_open` are as they are. What lingers is not, nor is what comes after the end."""
        if terms is not self._terms or (end is not None and end.at < terms.d_hour_s + self._day * DAY):
            self._terms = terms
            self.reset()
        bounds = [first_open, len(self._days.settled[WHOLE]), *(day for _, day in self._days.lingering)]
        if end is not None:
            bounds.append((end.at - terms.d_hour_s) // DAY)
        day = min(bounds)
        if day <= self._day:
            return
        self._reached = reach(terms, self._gated(terms), end, on_record, self._reached, day)
        for closed in range(self._day, day):
            self._row, self._collapse_day = self._collapse_from(closed, terms)
            for area in terms.access.areas:
                is_open = self._days.settled[WHOLE][closed].view.access.get(area) == "open"
                self._open_rows[area] = self._open_rows.get(area, 0) + 1 if is_open else 0
        self._day = day

    def wanted(self, terms: Terms, now_s: int, end: End | None, on_record: Sequence[Declaration]) -> list[Wanted]:
        """Every change of phase up to now."""
        return timeline(terms, now_s, self._gated(terms), end, on_record, self._reached)

    def streak(self, zone: str, terms: Terms) -> int:
        last = self._days.settled[zone][-terms.gate.max_span_days :]
        return streak([settled.failed for settled in last], terms.gate)

    def streaks(self, terms: Terms) -> dict[str, int]:
        return {zone: self.streak(zone, terms) for zone in terms.gated_ids}

    def access_streaks(self, terms: Terms) -> dict[str, int]:
        """By area: settled days in a row, up to the last, on which it was open and not denied."""
        return {area: self._access_streak(area) for area in sorted(terms.access.areas)}

    def judge_collapse(self, first_open: int, ends: Ends) -> None:
        """Other terms judge the days that are open by them."""
        self._days.restate_collapse(max(0, first_open), ends)

    def collapse_day(self, terms: Terms) -> int | None:
        """The last of the first row of days that were too violent for the truce to stand."""
        if self._collapse_day >= 0:
            return self._collapse_day
        row = self._row
        for day in range(self._day, len(self._days.too_violent)):
            row = row + 1 if self._days.too_violent[day] else 0
            if row == terms.ends.collapse_days:
                return day
        return None

    def failed(self, zone: str) -> FailedDays:
        return FailedDays(self._days.settled[zone])

    def _gated(self, terms: Terms) -> dict[str, FailedDays]:
        return {zone: self.failed(zone) for zone in terms.gated_ids}

    def _collapse_from(self, day: int, terms: Terms) -> tuple[int, int]:
        """Days in a row up to this one, and the day of the first collapse up to it (-1 for none)."""
        row = self._row + 1 if self._days.too_violent[day] else 0
        return row, day if self._collapse_day < 0 and row == terms.ends.collapse_days else self._collapse_day

    def _access_streak(self, area: str) -> int:
        days, count = self._days.settled[WHOLE], 0
        for day in range(len(days) - 1, self._day - 1, -1):
            if days[day].view.access.get(area) != "open":
                return count
            count += 1
        return count + self._open_rows.get(area, 0)


__all__ = ["FailedDays", "History"]
