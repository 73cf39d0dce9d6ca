"""Time as one truce knows it: ticks move it, days end in it, and settle when enough of it has passed.

Ticked time is the sum of the steps of the clock, each counted up to a limit: a gap between ticks lengthens settling by
its length.
"""

from typing import Any

from schemas.facts import LoggedTick
from streams.core.clock import Clock
from streams.core.terms import DAY, HOUR, Terms


class Time:
    """`now_s`: seconds since 1970, None before the first tick. `next_day`: the first that is not settled."""

    def __init__(self, first_day: int = -1) -> None:
        self.clock = Clock()
        self.now_s: int | None = None
        self.ticked_s = 0
        self.next_day = first_day
        self._ended: dict[int, int] = {}

    def tell(self, tick: LoggedTick, terms: Terms) -> bool:
        """Whether the clock moved; `step` moves the time of the truce to it."""
        if not terms.takes_topic(tick.origin.topic):
            return False
        return self.clock.tell(tick, {topic: count for topic, count in tick.origins.items() if terms.takes_topic(topic)})

    def step(self, now_s: int, terms: Terms) -> list[int]:
        """Move on to `now_s`. Days that are settled by it, in order: ended, and long enough ago in ticked time."""
        before_s, self.now_s = self.now_s, now_s
        gap_max_s, settle_s = terms.gate.tick_gap_max_hours * HOUR, terms.gate.settle_hours * HOUR
        if before_s is not None:
            self.ticked_s += min(now_s - before_s, gap_max_s)
        day = max(self._ended, default=self.next_day - 1) + 1
        while terms.d_hour_s + (day + 1) * DAY <= now_s:
            since_s = now_s - max(terms.d_hour_s + (day + 1) * DAY, before_s if before_s is not None else now_s)
            self._ended[day] = self.ticked_s - min(since_s, gap_max_s)
            day += 1
        settled = []
        while self.next_day in self._ended and self.ticked_s - self._ended[self.next_day] >= settle_s:
            del self._ended[self.next_day]
            settled.append(self.next_day)
            self.next_day += 1
        return settled

    def kept(self) -> dict[str, Any]:
        """For a base; `restore` takes it back."""
        return {
            "clock": self.clock.snapshot(),
            "now": self.now_s,
            "ticked": self.ticked_s,
            "ended": sorted(self._ended.items()),
            "next_day": self.next_day,
        }

    @classmethod
    def restore(cls, kept: dict[str, Any]) -> "Time":
        time = cls(kept["next_day"])
        time.clock, time.now_s, time.ticked_s = Clock.restore(kept["clock"]), kept["now"], kept["ticked"]
        time._ended = {day: ticked for day, ticked in kept["ended"]}
        return time


__all__ = ["Time"]
