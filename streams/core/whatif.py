"""What a day would have come to had some of its reports not been there.

Nothing is guessed: the reports are taken out of the picture, everything is worked out again by the functions that
decided, and they are put back. The state is a function of the set of reports, so it is as it was afterwards.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from schemas.reasons import Condition, Outcome
from streams.core.gate import UNKNOWNS, Conditions, outcome
from streams.core.incident import Incident
from streams.core.measure import BEST, HIGH, LOW, METRICS
from streams.core.missing import MissingWatch, missing_watch
from streams.core.monitor import Monitor
from streams.core.picture import Key, key_of
from streams.core.terms import HOUR

SINGLES_MAX = 400
PAIRS_MAX = 30
"""Reports among which every pair is tried."""


class Share(NamedTuple):
    """What an incident adds to a day of a zone, in the unit of its metric: for sure, likeliest, at most."""

    incident: Incident
    low: int
    best: int
    high: int


class Decisive(NamedTuple):
    """Reports without which a day has another outcome. `smallest`: no smaller set does it; else none can be left out."""

    reports: tuple[Key, ...]
    outcome: Outcome
    smallest: bool


class DayInQuestion:
    """A settled day of a zone, in the state that a monitor is in."""

    def __init__(self, monitor: Monitor, zone: str, day: int) -> None:
        self.zone, self.day = zone, day
        self.picture = monitor.governing.of_day(day)
        self.start_s, self.end_s = monitor.governing.day_span(day)
        self._monitor = monitor
        self.failed = self._view()
        self.access = monitor.days.view(zone, day).access
        self._metric = self.picture.terms.thresholds[zone].metric

    def without(self, keys: Iterable[Key]) -> Conditions:
        """The conditions that would fail had these reports not been there."""
        picture, taken = self.picture, list(keys)
        told = [(key, *self._monitor.reports.told(key)) for key in taken]
        for key in taken:
            picture.remove(key)
        picture.resolve()
        failed = self._view()
        for key, report, live in told:
            picture.add(key, report, live.circle, live.received_at)
        picture.resolve()
        return failed

    def shares(self) -> list[Share]:
        """The incidents of the day, those that add most first."""
        index = METRICS.index(self._metric)
        found: dict[str, list[int]] = {}
        measure = self.picture.measure.zones[self.zone]
        for bound in (LOW, BEST, HIGH):
            for incident_id in measure.incidents(bound, self.day):
                amounts = self.picture.incidents[incident_id].adds[bound]
                assert amounts is not None
                found.setdefault(incident_id, [0, 0, 0])[bound] = amounts[index]
        shares = [Share(self.picture.incidents[incident_id], *amounts) for incident_id, amounts in found.items()]
        return sorted(shares, key=lambda share: (-share.low, -share.high, -share.best, share.incident.id))

    def reports_of(self, incident: Incident) -> list[Key]:
        """Those that tell of it and are still held; admissions of it are reports too."""
        told = [key_of(account.source_name, account.report_id) for account in incident.first_accounts()]
        return [key for key in told if self._monitor.reports.holds(key)] + self.picture.admissions_of(incident.id)

    def decisive(self) -> Decisive | None:
        """The smallest set of reports without which the day has another outcome."""
        was = outcome(self.failed)
        if was in (Outcome.VIOLENT, Outcome.CONTESTED):
            bound = 1 if was is Outcome.VIOLENT else 3
            shares = sorted((s for s in self.shares() if s[bound]), key=lambda s: (-s[bound], s.incident.id))
            groups = [self.reports_of(share.incident) for share in shares] + [[key] for key in self.picture.tallies_of(self.zone)]
        elif was is Outcome.DENIED:
            groups = [[key] for key, area, said in self.picture.access.statements() if self._denies(area, said)]
        elif was is Outcome.QUIET:
            groups = [[key] for key in self._watching()]
        else:
            return None
        return self._search(groups, lambda keys: outcome(self.without(keys)), was)

    def missing_watch(self) -> MissingWatch:
        """Whose watch the day lacked."""
        return missing_watch(self.picture.coverage, self.picture.terms, self.zone, self.start_s)

    def had_been_vouched_for(self) -> Outcome | None:
        """What it would have come to with all that it lacked, all else as it was told; None without a limit to tell by."""
        return None if Condition.NO_BASELINE in self.failed else outcome(self.failed - UNKNOWNS)

    def _view(self) -> Conditions:
        return self._monitor.days.view(self.zone, self.day).failed

    def _denies(self, area: str, said: object) -> bool:
        required = self.picture.terms.access.required
        return area in required and not said.open and said.at < self.end_s  # type: ignore[attr-defined]

    def _watching(self) -> list[Key]:
        """Reports of watch, and of open access, that bear on the day."""
        hold_s = self.picture.terms.access.valid_hours * HOUR
        opened = [
            key
            for key, area, said in self.picture.access.statements()
            if area in self.picture.terms.access.required and said.open and self.start_s - hold_s < said.at < self.end_s
        ]
        return self.picture.coverage.watchers(self.zone, self.start_s, self.end_s) + opened

    def _search(
        self, groups: Sequence[Sequence[Key]], outcome_without: Callable[[Sequence[Key]], Outcome], was: Outcome
    ) -> Decisive | None:
        candidates = list(dict.fromkeys(key for group in groups for key in group))
        tried_all = len(candidates) <= SINGLES_MAX
        for key in candidates[:SINGLES_MAX]:
            if (found := outcome_without([key])) is not was:
                return Decisive((key,), found, True)
        if len(candidates) <= PAIRS_MAX:
            for pair in combinations(candidates, 2):
                if (found := outcome_without(pair)) is not was:
                    return Decisive(pair, found, True)
        # Incident by incident, the weightiest first, until it turns; then put back whatever is not needed.
        taken: list[Key] = []
        for group in groups:
            taken += [key for key in group if key not in taken]
            if outcome_without(taken) is not was:
                break
        else:
            return None
        for key in list(taken):
            fewer = [other for other in taken if other != key]
            if outcome_without(fewer) is not was:
                taken = fewer
        return Decisive(tuple(taken), outcome_without(taken), tried_all and len(taken) == 3 and len(candidates) <= PAIRS_MAX)


__all__ = ["DayInQuestion", "Decisive", "Share"]
