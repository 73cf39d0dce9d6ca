"""Decide: what a day came to, whether a run is complete, and how the phase changes.

Pure functions over settled days. `timeline` restates the whole history of a truce from what is known now; whoever holds
the changes already announced compares the two and amends.
"""

from collections import deque
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
    return max((quiet_days(days[start:], gate) for start in range(first, len(days)) if not days[start]), default=0)


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
    def identity(self) -> tuple[ChangeKind, str, Phase, Phase, int, str]:
        """A change announced earlier still holds if this is the same. Of what a party says, who says it, too."""
        said = self.detail if self.kind in (ChangeKind.WITHDRAWN, ChangeKind.WAIVER) else ""
        return self.kind, self.zone, self.before, self.after, self.effective_at, said


class Reached(NamedTuple):
    """How far the history of a subject was worked out: every change that took effect before a day began."""

    day: int
    phase: Phase
    changes: tuple[Wanted, ...]


BEGINNING = Reached(0, Phase.ANNOUNCED, ())


def timeline(
    terms: Terms,
    now_s: int,
    settled: Mapping[str, Sequence[Conditions]],
    end: End | None,
    on_record: Sequence[Declaration],
    reached: Mapping[str, Reached] | None = None,
) -> list[Wanted]:
    """Every change of phase up to now, in order of effect. `settled`: by gated zone, days from D-hour on.

    `reached`: by subject, what `reach` gave, where the days up to there are as they were then.
    """
    changes = []
    for subject, zones in _subjects(terms).items():
        history = _History(subject, [settled[zone] for zone in zones], terms, end, on_record, (reached or {}).get(subject))
        changes += history.until(now_s)
    changes.sort(key=lambda change: change.effective_at)
    return changes


def reach(
    terms: Terms,
    settled: Mapping[str, Sequence[Conditions]],
    end: End | None,
    on_record: Sequence[Declaration],
    reached: Mapping[str, Reached],
    day: int,
) -> dict[str, Reached]:
    """The history of each subject up to the beginning of a settled day that comes before the end."""
    found = {}
    for subject, zones in _subjects(terms).items():
        history = _History(subject, [settled[zone] for zone in zones], terms, end, on_record, reached.get(subject))
        found[subject] = history.up_to(day)
    return found


def _subjects(terms: Terms) -> dict[str, tuple[str, ...]]:
    """What has a phase of its own, and the zones that decide it."""
    return {WHOLE: terms.gated_ids} if terms.gate.scope == "all" else {zone: (zone,) for zone in terms.gated_ids}


class _History:
    """The phases of one subject, from where they were worked out before."""

    def __init__(
        self,
        subject: str,
        zones: Sequence[Sequence[Conditions]],
        terms: Terms,
        end: End | None,
        on_record: Sequence[Declaration],
        reached: Reached | None,
    ) -> None:
        reached = reached or BEGINNING
        self._subject, self._zones, self._terms, self._end = subject, zones, terms, end
        self._day, self._phase, self._changes = reached.day, reached.phase, list(reached.changes)
        from_s = terms.d_hour_s + reached.day * DAY
        self._pending = [w for w in sorted(on_record) if (reached.day == 0 or w.at >= from_s) and (end is None or w.at <= end.at)]

    def until(self, now_s: int) -> list[Wanted]:
        d_hour_s, end = self._terms.d_hour_s, self._end
        if now_s < d_hour_s:
            return []
        self._begin()
        for day in range(self._day, min(len(days) for days in self._zones)):
            if end is not None and d_hour_s + (day + 1) * DAY > end.at:
                break
            self._judge(day)
        self._speak_until(now_s + 1)
        if end is not None:
            self._change(ChangeKind.END, Phase.ENDED, end.at, end.reason, end.detail)
        return self._changes

    def up_to(self, day: int) -> Reached:
        self._begin()
        for each in range(self._day, day):
            self._judge(each)
        self._speak_until(self._terms.d_hour_s + day * DAY)
        return Reached(day, self._phase, tuple(self._changes))

    def _begin(self) -> None:
        d_hour_s = self._terms.d_hour_s
        if self._day > 0:
            return
        self._speak_until(d_hour_s)
        if self._end is None or self._end.at > d_hour_s:
            self._change(ChangeKind.ADVANCE, Phase.IN_FORCE, d_hour_s, ChangeReason.D_HOUR, "the truce took effect")

    def _judge(self, day: int) -> None:
        gate, day_ends_s = self._terms.gate, self._terms.d_hour_s + (day + 1) * DAY
        self._speak_until(day_ends_s)
        if self._phase is Phase.IN_FORCE:
            starts = [run_start(days, day, gate) for days in self._zones]
            if None not in starts:
                run = range(min(start for start in starts if start is not None), day + 1)
                detail = f"{gate.days} quiet days in every gated zone" if self._subject == WHOLE else f"{gate.days} quiet days"
                self._change(ChangeKind.ADVANCE, Phase.QUALIFIED, day_ends_s, ChangeReason.RUN_COMPLETE, detail, run)
        elif self._may_return(day) and any(Condition.VIOLENT in days[day] for days in self._zones):
            broken = range(day, day + 1)
            self._change(ChangeKind.RETURN, Phase.IN_FORCE, day_ends_s, ChangeReason.VIOLENT_DAY, "a violent day", broken)

    def _may_return(self, day: int) -> bool:
        """Violence of a day on which a waiver came is older than the waiver, or was known to who gave it."""
        since_s = next((change.effective_at for change in reversed(self._changes) if change.before is not change.after), 0)
        begins_s = self._terms.d_hour_s + day * DAY
        return self._phase is Phase.QUALIFIED and self._terms.gate.requalify and begins_s >= since_s

    def _speak_until(self, at_s: int) -> None:
        while self._pending and self._pending[0].at < at_s:
            said = self._pending.pop(0)
            if said.declares == "waives":
                # Its word opens the next phase only from the one before it; what days came to, and streaks, are as they are.
                after = Phase.QUALIFIED if self._phase is Phase.IN_FORCE else self._phase
                self._change(
                    ChangeKind.WAIVER, after, said.at, ChangeReason.WAIVED, f"{said.party} waived what was still missing"
                )
            else:
                detail = f"{said.party} withdrew"
                self._change(ChangeKind.WITHDRAWN, self._phase, said.at, ChangeReason.WITHDRAWAL_DECLARED, detail)

    def _change(
        self, kind: ChangeKind, after: Phase, at_s: int, reason: ChangeReason, detail: str, days: range = range(0)
    ) -> None:
        self._changes.append(Wanted(kind, self._subject, self._phase, after, at_s, reason, detail, days))
        self._phase = after


def ended(
    ends: Ends, now_s: int, declared: Sequence[Declaration], runs_out_s: int | None, collapsed_at: int | None
) -> End | None:
    """The earliest end that has come by now: declared, expired (`runs_out`), or collapsed."""
    ends_found = [
        End(d.at, ChangeReason.ENDED_BY_PARTY, f"{d.party} {d.declares}") for d in declared if is_end(d, ends) and d.at <= now_s
    ]
    if runs_out_s is not None and runs_out_s <= now_s:
        ends_found.append(End(runs_out_s, ChangeReason.EXPIRED, "nobody renewed it in time"))
    if collapsed_at is not None:
        detail = f"too much violence for {ends.collapse_days} days in a row"
        ends_found.append(End(collapsed_at, ChangeReason.COLLAPSED, detail))
    return min(ends_found, default=None)


def is_end(declaration: Declaration, ends: Ends) -> bool:
    """Whether it ends the truce."""
    return declaration.declares in ("ends", "withdraws") and declaration.party in ends.ends_by


def runs_out(ends: Ends, d_hour_s: int, declared: Sequence[Declaration]) -> int | None:
    """When the truce runs out as things stand: its term plus the grace, extended as often as every renewing party has
    extended it. None where terms set no term. `declared`: in order of time.
    """
    if ends.renewed_every_hours is None:
        return None
    every_s, grace_s = ends.renewed_every_hours * HOUR, ends.renewal_grace_hours * HOUR
    extensions = [_Extensions(declared, party) for party in ends.renewed_by]
    valid_until = d_hour_s + every_s
    while True:
        reached = min(of_party.reach(valid_until, every_s, grace_s) for of_party in extensions)
        if reached <= valid_until:
            return valid_until + grace_s
        valid_until = reached


class _Extensions:
    """One party's extensions, read on as the term that they extend moves on."""

    def __init__(self, declared: Sequence[Declaration], party: str) -> None:
        self._waiting = deque(d for d in declared if d.party == party and d.declares == "extends")
        self._plain: deque[int] = deque()
        self._until = -(1 << 62)

    def reach(self, valid_until: int, every_s: int, grace_s: int) -> int:
        """How far the party has extended a term that runs out at `valid_until`. Ask with later and later terms."""
        while self._waiting and self._waiting[0].at <= valid_until + grace_s:
            declaration = self._waiting.popleft()
            if declaration.until is not None:
                self._until = max(self._until, declaration.until)
            else:
                self._plain.append(declaration.at)
        while self._plain and self._until <= valid_until:
            # A word extends one term: said in the grace of one it is not a word for the next.
            if self._plain.popleft() > valid_until - every_s:
                self._until = valid_until + every_s
        return max(valid_until, self._until)


__all__ = [
    "BEGINNING",
    "Conditions",
    "Declaration",
    "End",
    "Reached",
    "Wanted",
    "ended",
    "failed_conditions",
    "in_thousandths",
    "is_end",
    "limit",
    "outcome",
    "quiet_days",
    "reach",
    "run_start",
    "runs_out",
    "streak",
    "timeline",
]
