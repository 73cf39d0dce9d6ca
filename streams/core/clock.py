"""Time, as ticks tell it.

A truce's clock is the smallest latest tick over all its origins, so that a partition that lags holds time back.

A live clock ticks once a minute. Simulated topics and files have no wall clock, so whoever publishes or replays them
writes a tick for every hour, and for every hour counted from a truce's D-hour: days end and settle on those.
"""

from collections.abc import Iterator, Mapping, Sequence

from schemas.facts import LoggedTick
from streams.core.terms import DAY, HOUR, Terms

FAR_S = 253_370_764_800
"""The year 9999: ticks are drawn one by one, up to the last report and its settling."""

Partition = tuple[str, int]
"""A topic and the number of a partition of it."""

ORIGINS_MAX = 10_000
"""Partitions that a tick may list: it is a few bytes that say how many to keep, and anybody who reports can write one."""


class Clock:
    """The time of one truce: only ticks move it, and the slowest origin holds it.

    `latest`: the last tick of each origin. A new list of origins applies once every origin of the old and of the new list
    has carried it.
    """

    def __init__(self) -> None:
        self.now_s: int | None = None
        self.latest: dict[Partition, int] = {}
        self._lists: dict[Partition, frozenset[Partition]] = {}
        self._origins: frozenset[Partition] = frozenset()

    def tell(self, tick: LoggedTick, topics: Mapping[str, int]) -> bool:
        """Take a tick; `topics` are those of its list that concern the truce, with their partitions. Whether time moved."""
        if not lists_few(topics):
            return False  # the intake refuses these; one that a log has from before is nothing
        origin = tick.origin.topic, tick.origin.partition
        if tick.at <= self.latest.get(origin, tick.at - 1):
            return False
        self.latest[origin] = tick.at
        told = frozenset((topic, number) for topic, count in topics.items() for number in range(count))
        self._lists[origin] = told
        if told != self._origins and all(self._lists.get(one) == told for one in self._origins | told):
            self._origins = told
            self.latest = {one: at for one, at in self.latest.items() if one in told}
            self._lists = {one: self._lists[one] for one in told}
        if not self._origins:
            return False
        now_s = min(self.latest[one] for one in self._origins)
        if self.now_s is not None and now_s <= self.now_s:
            return False
        self.now_s = now_s
        return True

    def snapshot(self) -> dict:
        """What a checkpoint keeps; `restore` takes it back."""
        return {
            "now": self.now_s,
            "latest": sorted([*one, at] for one, at in self.latest.items()),
            "lists": sorted([*one, sorted(told)] for one, told in self._lists.items()),
            "origins": sorted(self._origins),
        }

    @classmethod
    def restore(cls, kept: Mapping) -> "Clock":
        clock = cls()
        clock.now_s = kept["now"]
        clock.latest = {(topic, number): at for topic, number, at in kept["latest"]}
        clock._lists = {(topic, number): frozenset((t, n) for t, n in told) for topic, number, told in kept["lists"]}
        clock._origins = frozenset((topic, number) for topic, number in kept["origins"])
        return clock


def lists_few(topics: Mapping[str, int]) -> bool:
    """Whether a tick's list of topics with their partitions is one that can be kept."""
    return all(count >= 0 for count in topics.values()) and sum(topics.values()) <= ORIGINS_MAX


def tick_times(first_s: int, last_s: int, truces: Sequence[Terms]) -> Iterator[int]:
    """Ascending times from the hour that holds `first_s` up to `last_s`, in seconds since 1970, no time twice.

    Before the first of the truces keeps anything there is nothing to tell.
    """
    phases = sorted({0, *(terms.d_hour_s % HOUR for terms in truces)})
    first_s = max(first_s, min(terms.horizon_start_s for terms in truces))
    start = first_s - first_s % HOUR
    while start <= last_s:
        for phase in phases:
            if start + phase <= last_s:
                yield start + phase
        start += HOUR


class SimulatedTime:
    """The ticks among reports that come in order of receipt: from the hour of the first report until the day of the last
    one is settled. Whoever replays and whoever publishes tells time by this, so that both decide alike."""

    def __init__(self, truces: Sequence[Terms]) -> None:
        self._truces = truces
        self._times: Iterator[int] | None = None
        self._next_s = self._last_s = 0

    def until(self, received_s: int) -> Iterator[int]:
        """The ticks that come before a report received then."""
        if self._times is None:
            self._start(received_s)
        self._last_s = max(self._last_s, received_s)
        yield from self._take(received_s)

    def to_the_end(self, until_s: int | None = None) -> Iterator[int]:
        """The ticks after the last report: until its day is settled, or up to `until_s`."""
        if self._times is None:
            # Not one report: the truce is told from its D-hour on, in silence.
            self._start(min(terms.d_hour_s for terms in self._truces) - HOUR)
        yield from self._take(settled_at(self._last_s, self._truces) if until_s is None else until_s)

    def _start(self, first_s: int) -> None:
        self._times = tick_times(first_s, FAR_S, self._truces)
        self._next_s, self._last_s = next(self._times), first_s

    def _take(self, limit_s: int) -> Iterator[int]:
        assert self._times is not None
        while self._next_s <= limit_s:
            yield self._next_s
            self._next_s = next(self._times)


def settled_at(last_report_s: int, truces: Sequence[Terms]) -> int:
    """When the day that holds the last report is settled in every truce (the first day, where it came before D-hour)."""
    return max(
        terms.d_hour_s + (max(0, (last_report_s - terms.d_hour_s) // DAY) + 1) * DAY + terms.gate.settle_hours * HOUR
        for terms in truces
    )


__all__ = ["ORIGINS_MAX", "Clock", "SimulatedTime", "lists_few", "settled_at", "tick_times"]
