"""Decide: what a day came to, whether a run is complete, and how the phase changes.

Pure functions over settled days. `timeline` restates the whole history of a truce from what is known now; whoever holds
the changes already announced compares the two and amends.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.reasons import WHOLE, ChangeKind, ChangeReason, Condition, Metric, Outcome, Phase, ThresholdMode
from streams.core.terms import DAY, HOUR, Ends, Gate, Terms, Threshold, thousandths

Conditions = frozenset[Condition]

UNKNOWNS = frozenset({Condition.NOT_WATCHED, Condition.ACCESS_NOT_REPORTED, Condition.MARKER_STANDS, Condition.NO_BASELINE})
BREAKS = frozenset({Condition.VIOLENT, Condition.DENIED})


def outcome(failed: Conditions) -> Outcome:
    """The first that applies, from the worst."""
    if Condition.VIOLENT in failed:
        return Outcome.VIOLENT
    if Condition.DENIED in failed:
        return Outcome.DENIED
    if Condition.CONTESTED in failed:
        return Outcome.CONTESTED
    return Outcome.UNKNOWN if failed else Outcome.QUIET


def limit(threshold: Threshold, baseline: int | None) -> int | None:
    """The most that a day may hold, in thousandths of the metric's unit; None where there is no baseline to reduce.

    `baseline`: mean per day, in thousandths.
    """
    if threshold.mode is ThresholdMode.ZERO:
        return 0
    if threshold.mode is ThresholdMode.AT_MOST:
        return thousandths(threshold.value)
    if threshold.baseline is not None:
        baseline = thousandths(threshold.baseline)
    if baseline is None:
        return None
    return max(thousandths(threshold.floor), baseline * thousandths(threshold.value) // 1_000)


def in_thousandths(metric: Metric, amount: int) -> int:
    """Severity is kept in thousandths already; incidents and people are whole."""
    return amount if metric is Metric.SEVERITY else amount * 1_000


def failed_conditions(
    metric: Metric,
    low: int,
    high: int,
    limit_thousandths: int | None,
    watched: bool,
    access: Sequence[str],
    marker_stands: bool,
) -> Conditions:
    """Every condition for a quiet day that failed. `access`: states of the required areas, where any is required."""
    failed = set()
    if limit_thousandths is None:
        failed.add(Condition.NO_BASELINE)
    elif in_thousandths(metric, low) > limit_thousandths:
        failed.add(Condition.VIOLENT)
    elif in_thousandths(metric, high) > limit_thousandths:
        failed.add(Condition.CONTESTED)
    if "denied" in access:
        failed.add(Condition.DENIED)
    if "unreported" in access:
        failed.add(Condition.ACCESS_NOT_REPORTED)
    if not watched:
        failed.add(Condition.NOT_WATCHED)
    if marker_stands:
        failed.add(Condition.MARKER_STANDS)
    return frozenset(failed)


def quiet_days(window: Sequence[Conditions], gate: Gate) -> int:
    """Quiet days of a window, or 0 where it cannot be (part of) a run."""
    if not window or len(window) > gate.max_span_days or window[0]:
        return 0
    if any(failed & BREAKS for failed in window):
        return 0
    if sum(Condition.CONTESTED in failed for failed in window) > gate.max_contested:
        return 0
    if sum(bool(failed & UNKNOWNS) for failed in window) > gate.max_unknown:
        return 0
    return sum(not failed for failed in window)


def streak(days: Sequence[Conditions], gate: Gate) -> int:
    """The most quiet days in any window that ends on the last settled day."""
    first = max(0, len(days) - gate.max_span_days)
    return max((quiet_days(days[start:], gate) for start in range(first, len(days))), default=0)


def run_start(days: Sequence[Conditions], last: int, gate: Gate) -> int | None:
    """The first day of the shortest complete run that ends on day `last`; None where there is none."""
    for start in range(last - gate.days + 1, last - gate.max_span_days, -1):
        if start >= 0 and quiet_days(days[start : last + 1], gate) >= gate.days:
            return start
    return None


class End(NamedTuple):
    """When and why the truce ended. `at`: seconds since 1970."""

    at: int
    reason: ChangeReason
    detail: str


class Declaration(NamedTuple):
    """A party declares. `until` only with an extension."""

    at: int
    party: str
    declares: str
    until: int | None


class Wanted(NamedTuple):
    """A change of phase that follows from what is known now. `days`: those of the run, or the one that broke it."""

    kind: ChangeKind
    zone: str
    before: Phase
    after: Phase
    effective_at: int
    reason: ChangeReason
    detail: str
    days: range

    @property
    def identity(self) -> tuple[ChangeKind, str, Phase, Phase, int]:
        """A change announced earlier still holds if this is the same."""
        return self.kind, self.zone, self.before, self.after, self.effective_at


def timeline(
    terms: Terms,
    now_s: int,
    settled: Mapping[str, Sequence[Conditions]],
    end: End | None,
    withdrawals: Sequence[Declaration],
) -> list[Wanted]:
    """Every change of phase up to now, in order of effect. `settled`: by gated zone, days from D-hour on."""
    subjects = {WHOLE: terms.gated_ids} if terms.gate.scope == "all" else {zone: (zone,) for zone in terms.gated_ids}
    changes = []
    for subject, zones in subjects.items():
        changes += _of_subject(subject, [settled[zone] for zone in zones], terms, now_s, end, withdrawals)
    changes.sort(key=lambda change: change.effective_at)
    return changes


def _of_subject(
    subject: str,
    zones: Sequence[Sequence[Conditions]],
    terms: Terms,
    now_s: int,
    end: End | None,
    withdrawals: Sequence[Declaration],
) -> list[Wanted]:
    gate, d_hour_s = terms.gate, terms.d_hour_s
    if now_s < d_hour_s:
        return []
    phase = Phase.ANNOUNCED
    changes: list[Wanted] = []

    def change(kind: ChangeKind, after: Phase, at_s: int, reason: ChangeReason, detail: str, days: range = range(0)) -> None:
        nonlocal phase
        changes.append(Wanted(kind, subject, phase, after, at_s, reason, detail, days))
        phase = after

    pending = [w for w in sorted(withdrawals) if end is None or w.at <= end.at]

    def withdraw_until(at_s: int) -> None:
        while pending and pending[0].at < at_s:
            party = pending.pop(0)
            change(ChangeKind.WITHDRAWN, phase, party.at, ChangeReason.WITHDRAWAL_DECLARED, f"{party.party} withdrew")

    withdraw_until(d_hour_s)
    if end is None or end.at > d_hour_s:
        change(ChangeKind.ADVANCE, Phase.IN_FORCE, d_hour_s, ChangeReason.D_HOUR, "the truce took effect")
    for day in range(min(len(days) for days in zones)):
        day_ends_s = d_hour_s + (day + 1) * DAY
        if end is not None and day_ends_s > end.at:
            break
        if phase is Phase.IN_FORCE:
            starts = [run_start(days, day, gate) for days in zones]
            if None not in starts:
                withdraw_until(day_ends_s)
                first = min(start for start in starts if start is not None)
                detail = f"{gate.days} quiet days in every gated zone" if subject == WHOLE else f"{gate.days} quiet days"
                run = range(first, day + 1)
                change(ChangeKind.ADVANCE, Phase.QUALIFIED, day_ends_s, ChangeReason.RUN_COMPLETE, detail, run)
        elif phase is Phase.QUALIFIED and gate.requalify and any(Condition.VIOLENT in days[day] for days in zones):
            withdraw_until(day_ends_s)
            detail = "a violent day"
            change(ChangeKind.RETURN, Phase.IN_FORCE, day_ends_s, ChangeReason.VIOLENT_DAY, detail, range(day, day + 1))
    withdraw_until(now_s + 1)
    if end is not None:
        change(ChangeKind.END, Phase.ENDED, end.at, end.reason, end.detail)
    return changes


def ended(ends: Ends, d_hour_s: int, now_s: int, declared: Sequence[Declaration], collapsed_at: int | None) -> End | None:
    """The earliest end that has come by now: declared, expired, or collapsed."""
    ends_found = [
        End(d.at, ChangeReason.ENDED_BY_PARTY, f"{d.party} {d.declares}")
        for d in declared
        if d.declares in ("ends", "withdraws") and d.party in ends.ends_by and d.at <= now_s
    ]
    lapse = _lapse(ends, d_hour_s, now_s, declared)
    if lapse is not None:
        ends_found.append(End(lapse, ChangeReason.EXPIRED, "nobody renewed it in time"))
    if collapsed_at is not None:
        detail = f"too much violence for {ends.collapse_days} days in a row"
        ends_found.append(End(collapsed_at, ChangeReason.COLLAPSED, detail))
    return min(ends_found, default=None)


def _lapse(ends: Ends, d_hour_s: int, now_s: int, declared: Sequence[Declaration]) -> int | None:
    """When the truce ran out, if it has: its term plus the grace, extended as often as every renewing party extended it."""
    if ends.renewed_every_hours is None:
        return None
    every_s, grace_s = ends.renewed_every_hours * HOUR, ends.renewal_grace_hours * HOUR
    valid_until = d_hour_s + every_s
    while valid_until + grace_s <= now_s:
        reached = min(_reach(party, valid_until, every_s, grace_s, declared) for party in ends.renewed_by)
        if reached <= valid_until:
            return valid_until + grace_s
        valid_until = reached
    return None


def _reach(party: str, valid_until: int, every_s: int, grace_s: int, declared: Sequence[Declaration]) -> int:
    """How far a party has extended a term that runs out at `valid_until`."""
    reach = valid_until
    for declaration in declared:
        if declaration.party != party or declaration.declares != "extends" or declaration.at > valid_until + grace_s:
            continue
        if declaration.until is not None:
            reach = max(reach, declaration.until)
        elif declaration.at > valid_until - every_s:
            reach = max(reach, valid_until + every_s)
    return reach


__all__ = [
    "Conditions",
    "Declaration",
    "End",
    "Wanted",
    "ended",
    "failed_conditions",
    "in_thousandths",
    "limit",
    "outcome",
    "quiet_days",
    "run_start",
    "streak",
    "timeline",
]
