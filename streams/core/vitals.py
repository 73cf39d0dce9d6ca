"""What an operator sees of a truce: phase, run, levels, days, watch, incidents, and the account of every report.

Read from the state of a monitor at a moment, never kept up with it: it costs nothing until somebody looks. Reading changes
nothing. What it names is bounded by the terms: zones, sources, areas, and the days that a calendar shows.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from schemas.facts import Interval
from schemas.reasons import UNLISTED, WHOLE, Grade, Metric, Outcome, Phase, Scope, Side, Trust
from streams.core.gate import in_thousandths, outcome
from streams.core.measure import measures
from streams.core.monitor import RULES, Monitor
from streams.core.picture import Picture
from streams.core.terms import DAY, HOUR, Terms, thousandths

CALENDAR_DAYS = 28
"""Days that a calendar shows: the last ones, today among them."""


class ZoneVitals(NamedTuple):
    """`level` over seven days, `today` since the day began, `limit` of a day: in thousandths of the metric's unit.

    `days`: (number, outcome), the oldest first. `watched_s`: of today, of which `elapsed_s` are over; `ended_watched_s`: of the
    day that ended last, None before the first has.
    """

    zone: str
    gated: bool
    phase: Phase
    streak: int
    metric: Metric
    level: Interval
    today: Interval
    limit: int | None
    days: list[tuple[int, Outcome]]
    watched_s: int
    elapsed_s: int
    ended_watched_s: int | None


class SourceVitals(NamedTuple):
    """A source whose silence matters, when it was last heard (seconds since 1970), and how long it may be silent.

    One that was never heard counts as silent since the truce began to be watched.
    """

    source: str
    heard_at: int
    silence_max_s: int


class TruceVitals(NamedTuple):
    """`accounts`: what became of the reports taken in, which together are `taken`. `sizes`: name, size, limit."""

    truce: str
    name: str
    terms: str
    rules: int
    simulated: bool
    clock_s: int | None
    origins: dict[tuple[str, int], int]
    days_needed: int
    watched_share_min: int
    zones: list[ZoneVitals]
    sources: list[SourceVitals]
    heard: dict[str, int]
    access: dict[str, str]
    access_streaks: dict[str, int]
    incidents: dict[tuple[Grade, Scope], int]
    disputed: int
    one_sided: dict[str, int]
    matched: int
    markers: int
    taken: int
    accounts: dict[str, int]
    sizes: list[tuple[str, int, int]]


def vitals(monitor: Monitor) -> TruceVitals | None:
    """None before the truce has terms, and once it is halted: what it knows is not to be relied upon then."""
    if not monitor.pictures or monitor.fault is not None:
        return None
    terms, picture, now_s = monitor.terms, monitor.present, monitor.time.clock.now_s
    day = None if now_s is None else (now_s - terms.d_hour_s) // DAY
    incidents, disputed, one_sided = _incidents(picture)
    return TruceVitals(
        truce=monitor.truce,
        name=terms.truce.name,
        terms=terms.hash,
        rules=RULES,
        simulated=terms.truce.simulated,
        clock_s=now_s,
        origins=dict(monitor.time.clock.latest),
        days_needed=terms.gate.days,
        watched_share_min=thousandths(terms.coverage.min_share_of_day),
        zones=[_zone(monitor, picture, zone, now_s, day) for zone in terms.zone_ids],
        sources=list(_sources(picture, terms)),
        heard=dict.fromkeys((*terms.opposed, Side.INDEPENDENT, UNLISTED), 0)
        | ({} if day is None else picture.coverage.heard(WHOLE, day)),
        access={} if day is None or now_s is None else _access(picture, terms, now_s),
        access_streaks=monitor.deciding.history.access_streaks(terms),
        incidents=incidents,
        disputed=disputed,
        one_sided=one_sided,
        matched=sum(told.reports for told in picture.incidents.values()) - len(picture.incidents),
        markers=len(monitor.markers),
        taken=monitor.counts["taken"],
        accounts=monitor.accounts(),
        sizes=[(name, size, most) for name, (size, most) in monitor.sizes().items()],
    )


def _zone(monitor: Monitor, picture: Picture, zone: str, now_s: int | None, day: int | None) -> ZoneVitals:
    terms = picture.terms
    threshold, measure = terms.thresholds[zone], picture.measure.zones[zone]
    level = today = Interval(0, 0, 0)
    watched_s = elapsed_s = 0
    ended_watched_s = None
    if now_s is not None and day is not None:
        hour_ends_s = terms.d_hour_s + ((now_s - terms.d_hour_s) // HOUR + 1) * HOUR
        extra = picture.tallies.window_excess(zone, hour_ends_s - 7 * DAY, hour_ends_s, terms.d_hour_s)
        level = _interval(measure.window(), threshold.metric, extra)
        today = _interval(measure.day(day), threshold.metric, picture.tallies.excess(zone, day, terms.d_hour_s))
        begins_s = terms.d_hour_s + day * DAY
        watched_s, elapsed_s = picture.coverage.watched_s(zone, begins_s, now_s), now_s - begins_s
        if day > 0:
            ended_watched_s = picture.coverage.watched_s(zone, begins_s - DAY, begins_s)
    return ZoneVitals(
        zone=zone,
        gated=zone in terms.gated_ids,
        phase=monitor.chain.phase(zone if terms.gate.scope == "each" else WHOLE),
        streak=monitor.deciding.history.streak(zone, terms),
        metric=threshold.metric,
        level=level,
        today=today,
        limit=monitor.days.limit(terms, zone),
        days=[] if day is None else [(number, _outcome(monitor, zone, number)) for number in _calendar(terms, day)],
        watched_s=watched_s,
        elapsed_s=elapsed_s,
        ended_watched_s=ended_watched_s,
    )


def _calendar(terms: Terms, today: int) -> range:
    return range(max(0, today - CALENDAR_DAYS + 1), today + 1)


def _interval(total: int, metric: Metric, extra: tuple[int, int]) -> Interval:
    found = getattr(measures(total, *extra), metric)
    return Interval(*(in_thousandths(metric, amount) for amount in (found.low, found.best, found.high)))


def _sources(picture: Picture, terms: Terms) -> Iterator[SourceVitals]:
    """Those that the terms trust to watch, or that cover zones by being alive: without them no day is watched."""
    gap_s = terms.coverage.alive_gap_max_hours * HOUR
    for source in terms.sources:
        if source.zones or Trust.WATCH in source.trusted:
            # Who only sends nil reports sends one a day.
            yield SourceVitals(
                source.id, picture.heard_from.get(source.id, terms.horizon_start_s), gap_s if source.zones else 2 * DAY
            )


def _access(picture: Picture, terms: Terms, now_s: int) -> dict[str, str]:
    return {area: picture.access.state(area, now_s, now_s + 1) for area in sorted(terms.access.areas)}


def _incidents(picture: Picture) -> tuple[dict[tuple[Grade, Scope], int], int, dict[str, int]]:
    """How many of each grade and scope, how many are disputed, how many are told by one side alone."""
    graded: Counter[tuple[Grade, Scope]] = Counter()
    one_sided: Counter[str] = Counter()
    for derived in picture.derived.values():
        graded[derived.grade, derived.scope] += 1
        if len(derived.told_by) == 1:
            one_sided[next(iter(derived.told_by))] += 1
    return dict(graded), sum(told.denials > 0 for told in picture.incidents.values()), dict(one_sided)


def _outcome(monitor: Monitor, zone: str, day: int) -> Outcome:
    start_s, end_s = monitor.governing.day_span(day)
    end, settled = monitor.deciding.end.end, monitor.days.settled[zone]
    if end is not None and start_s < end.at < end_s:
        return Outcome.VOID
    return outcome(settled[day].failed) if day < len(settled) else Outcome.PENDING


__all__ = ["CALENDAR_DAYS", "SourceVitals", "TruceVitals", "ZoneVitals", "vitals"]
