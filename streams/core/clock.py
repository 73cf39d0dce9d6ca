"""The hours at which simulated time is told.

A live clock ticks once a minute. Simulated topics and files have no wall clock, so whoever publishes or replays them
writes a tick for every hour, and for every hour counted from a truce's D-hour: days end and settle on those.
"""

from collections.abc import Iterator, Sequence

from streams.core.terms import DAY, HOUR, Terms


def tick_times(first_s: int, last_s: int, truces: Sequence[Terms]) -> Iterator[int]:
    """Ascending times from the hour that holds `first_s` up to `last_s`, in seconds since 1970, no time twice."""
    phases = sorted({0, *(terms.d_hour_s % HOUR for terms in truces)})
    start = first_s - first_s % HOUR
    while start <= last_s:
        for phase in phases:
            if start + phase <= last_s:
                yield start + phase
        start += HOUR


def settled_at(last_report_s: int, truces: Sequence[Terms]) -> int:
    """When the day that holds the last report is settled in every truce (the first day, where it came before D-hour)."""
    return max(
        terms.d_hour_s + (max(0, (last_report_s - terms.d_hour_s) // DAY) + 1) * DAY + terms.gate.settle_hours * HOUR
        for terms in truces
    )


__all__ = ["settled_at", "tick_times"]
