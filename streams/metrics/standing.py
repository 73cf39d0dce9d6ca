"""What is read only when somebody looks: where partitions stand, and what the truces on them have come to.

Nothing here is kept up to date along the way. A partition that is given back, a truce that is no more and a zone that new
terms dropped are simply not there the next time, so no series outlives what it speaks of.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from schemas.reasons import Grade, Outcome, Phase, Scope
from streams.core.terms import DAY
from streams.core.vitals import TruceVitals, ZoneVitals
from streams.metrics.families import REGISTRY

OUTCOME_CODES = {
    Outcome.PENDING: 0,
    Outcome.QUIET: 1,
    Outcome.UNKNOWN: 2,
    Outcome.CONTESTED: 3,
    Outcome.DENIED: 4,
    Outcome.VIOLENT: 5,
    Outcome.VOID: 6,
}
"""The value of `truce_day_outcome`: from pending over quiet to the worse ones."""
ACCESS_CODES = {"unreported": 0, "open": 1, "denied": 2}

FAMILIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "truce_progress_age_seconds": ("Time since work last moved.", ("stage",)),
    "truce_waiting_records": ("Records that wait, all partitions together, as last learned.", ("stage",)),
    "truce_lag_known_age_seconds": ("Time since the broker last said how much waits.", ("stage",)),
    "truce_partitions_assigned": ("Partitions that this process works on.", ("stage",)),
    "truce_lag_records": ("Records that are there and not taken in yet.", ("stage", "topic", "partition")),
    "truce_lag_seconds": ("How long the first of them has waited.", ("stage", "topic", "partition")),
    "truce_partition_ready": ("1 when its state is rebuilt and it decides.", ("partition",)),
    "truce_recovery_remaining_records": ("Records of the log still to be replayed.", ("partition",)),
    "truce_recovery_records": ("Records of the log that the last recovery had to replay.", ("partition",)),
    "truce_recovery_seconds": ("Duration of the last recovery, so far where it goes on.", ("partition",)),
    "truce_terms_info": ("The terms that govern a truce; always 1.", ("truce", "terms", "kind")),
    "truce_halted": ("1 for a truce for which nothing is decided: it raised, or never had terms that can be used.", ("truce",)),
    "truce_clock_timestamp_seconds": ("The time that the truce has reached.", ("truce", "kind")),
    "truce_clock_origin_timestamp_seconds": (
        "The last tick that came through a partition of reports; the earliest of them is the truce's time.",
        ("truce", "kind", "topic", "partition"),
    ),
    "truce_phase": ("1 for the phase that stands.", ("truce", "zone", "phase")),
    "truce_zone_gated": ("1 for a zone that the gate waits for, 0 for one that is watched only.", ("truce", "zone")),
    "truce_streak": ("Quiet days of the best run that ends on the last settled day.", ("truce", "zone")),
    "truce_streak_needed": ("Quiet days that a run needs.", ("truce",)),
    "truce_level": ("Violence of the last seven days, in the threshold's metric.", ("truce", "zone", "metric", "bound")),
    "truce_day_level": ("Violence of today so far, in the threshold's metric.", ("truce", "zone", "metric", "bound")),
    "truce_day_limit": ("The most that a day may hold, in the threshold's metric.", ("truce", "zone", "metric")),
    "truce_day_outcomes": ("Settled days that a calendar shows, by outcome.", ("truce", "zone", "outcome")),
    "truce_day_outcome": (
        "Outcome of a day: 0 pending, 1 quiet, 2 unknown, 3 contested, 4 denied, 5 violent, 6 void.",
        ("truce", "zone", "day"),
    ),
    "truce_day_watched_ratio": ("Share of the whole of today that was watched so far.", ("truce", "zone")),
    "truce_ended_day_watched_ratio": ("Share of the day that ended last that was watched.", ("truce", "zone")),
    "truce_day_elapsed_ratio": ("Share of today that is over.", ("truce",)),
    "truce_day_watched_min_ratio": ("Share of a day that must be watched.", ("truce",)),
    "truce_lineages_heard": ("Lineages that spoke of today, by side.", ("truce", "side")),
    "truce_source_silence_seconds": ("Time of the truce since a source that must watch was heard.", ("truce", "kind", "source")),
    "truce_source_silence_max_seconds": ("How long it may be silent.", ("truce", "kind", "source")),
    "truce_access": ("State of an access area: 0 unreported, 1 open, 2 denied.", ("truce", "area")),
    "truce_access_streak": ("Settled days in a row on which it was open.", ("truce", "area")),
    "truce_incidents": ("Incidents that can still change, by grade and scope.", ("truce", "grade", "scope")),
    "truce_incidents_disputed": ("Those that somebody denies.", ("truce",)),
    "truce_incidents_one_sided": ("Those that one side alone tells.", ("truce", "side")),
    "truce_reports_matched": ("Live reports that tell of an incident which another told first.", ("truce",)),
    "truce_markers": ("Markers that stand: days that can be no better than unknown.", ("truce",)),
    "truce_reports_taken": ("Reports of the log that the truce has taken in since its beginning.", ("truce",)),
    "truce_reports_accounted": ("What became of them; together they are those taken.", ("truce", "account")),
    "truce_state_size": ("How much of something there is.", ("truce", "what")),
    "truce_state_limit": ("How much of it there may be.", ("truce", "what")),
}


class Lag(NamedTuple):
    records: int
    seconds: float


class Owner(Protocol):
    """A partition of the log in the hands of this process."""

    number: int
    ready: bool

    def recovery(self) -> tuple[int, int, float]:
        """(records that remain, records in all, seconds so far) of the last recovery."""

    def vitals(self) -> list[TruceVitals]:
        """What the truces on it have come to, as of the last commit, but for those that are halted."""

    def halted(self) -> Collection[str]:
        """Truces for which nothing is decided."""


class Progressing(Protocol):
    def ages(self) -> tuple[float, float, int]:
        """(seconds since work moved, seconds since the lag was learned, records that wait)."""


class Standing(Collector):
    """Set by the one shell of the process, asked by the registry."""

    def __init__(self) -> None:
        self.stage: str | None = None
        self.progress: Progressing | None = None
        self.lags: Mapping[tuple[str, int], Lag] = {}
        self.owners: Callable[[], Iterable[Owner]] = tuple

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(_families().values())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families = _families()

        def tell(name: str, labels: tuple[object, ...], value: float) -> None:
            families[name].add_metric([str(label) for label in labels], value)

        if self.stage is not None and self.progress is not None:
            still_s, blind_s, waiting = self.progress.ages()
            tell("truce_progress_age_seconds", (self.stage,), still_s)
            tell("truce_lag_known_age_seconds", (self.stage,), blind_s)
            tell("truce_waiting_records", (self.stage,), waiting)
            tell("truce_partitions_assigned", (self.stage,), len(self.lags))
            for (topic, partition), lag in self.lags.items():
                tell("truce_lag_records", (self.stage, topic, partition), lag.records)
                tell("truce_lag_seconds", (self.stage, topic, partition), lag.seconds)
        for owner in self.owners():
            remaining, total, seconds = owner.recovery()
            tell("truce_partition_ready", (owner.number,), owner.ready)
            tell("truce_recovery_remaining_records", (owner.number,), remaining)
            tell("truce_recovery_records", (owner.number,), total)
            tell("truce_recovery_seconds", (owner.number,), seconds)
            halted = owner.halted()
            for truce in halted:
                tell("truce_halted", (truce,), 1)
            for seen in owner.vitals():
                if seen.truce not in halted:  # it was, when that was looked at
                    _tell_truce(tell, seen)
        yield from families.values()


Tell = Callable[[str, tuple[object, ...], float], None]


def _tell_truce(tell: Tell, seen: TruceVitals) -> None:
    truce, kind = seen.truce, "simulated" if seen.simulated else "live"
    tell("truce_terms_info", (truce, seen.terms[:12], kind), 1)
    tell("truce_halted", (truce,), 0)
    tell("truce_streak_needed", (truce,), seen.days_needed)
    tell("truce_day_watched_min_ratio", (truce,), seen.watched_share_min / 1_000)
    tell("truce_markers", (truce,), seen.markers)
    tell("truce_reports_taken", (truce,), seen.taken)
    tell("truce_reports_matched", (truce,), seen.matched)
    tell("truce_incidents_disputed", (truce,), seen.disputed)
    for account, count in seen.accounts.items():
        tell("truce_reports_accounted", (truce, account), count)
    for grade in Grade:
        for scope in Scope:
            tell("truce_incidents", (truce, grade, scope), seen.incidents.get((grade, scope), 0))
    for side, count in seen.one_sided.items():
        tell("truce_incidents_one_sided", (truce, side), count)
    for what, size, limit in seen.sizes:
        tell("truce_state_size", (truce, what), size)
        tell("truce_state_limit", (truce, what), limit)
    for zone in seen.zones:
        _tell_zone(tell, truce, zone)
    if seen.clock_s is None:
        return
    tell("truce_clock_timestamp_seconds", (truce, kind), seen.clock_s)
    for (topic, partition), at_s in seen.origins.items():
        tell("truce_clock_origin_timestamp_seconds", (truce, kind, topic, partition), at_s)
    for zone in seen.zones[:1]:
        tell("truce_day_elapsed_ratio", (truce,), zone.elapsed_s / DAY)
    for side, count in seen.heard.items():
        tell("truce_lineages_heard", (truce, side), count)
    for area, state in seen.access.items():
        tell("truce_access", (truce, area), ACCESS_CODES[state])
        tell("truce_access_streak", (truce, area), seen.access_streaks[area])
    for source in seen.sources:
        tell("truce_source_silence_seconds", (truce, kind, source.source), max(0, seen.clock_s - source.heard_at))
        tell("truce_source_silence_max_seconds", (truce, kind, source.source), source.silence_max_s)


def _tell_zone(tell: Tell, truce: str, zone: ZoneVitals) -> None:
    of, metric = (truce, zone.zone), zone.metric
    for phase in Phase:
        tell("truce_phase", (*of, phase), phase is zone.phase)
    tell("truce_zone_gated", of, zone.gated)
    tell("truce_streak", of, zone.streak)
    for bound in ("low", "best", "high"):
        tell("truce_level", (*of, metric, bound), getattr(zone.level, bound) / 1_000)
        tell("truce_day_level", (*of, metric, bound), getattr(zone.today, bound) / 1_000)
    if zone.limit is not None:
        tell("truce_day_limit", (*of, metric), zone.limit / 1_000)
    tell("truce_day_watched_ratio", of, zone.watched_s / DAY)
    if zone.ended_watched_s is not None:
        tell("truce_ended_day_watched_ratio", of, zone.ended_watched_s / DAY)
    counts = dict.fromkeys((outcome for outcome in OUTCOME_CODES if outcome is not Outcome.PENDING), 0)
    for day, outcome in zone.days:
        tell("truce_day_outcome", (*of, f"{day:03d}"), OUTCOME_CODES[outcome])
        if outcome in counts:
            counts[outcome] += 1
    for outcome, count in counts.items():
        tell("truce_day_outcomes", (*of, outcome), count)


def _families() -> dict[str, GaugeMetricFamily]:
    return {name: GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in FAMILIES.items()}


STANDING = Standing()
REGISTRY.register(STANDING)

__all__ = ["ACCESS_CODES", "FAMILIES", "OUTCOME_CODES", "STANDING", "Lag", "Owner", "Standing"]
