"""What is said of a truce: the bodies of days, levels and changes of phase, and which of them are due."""

from collections.abc import Iterator

from msgspec import Raw

from schemas.facts import Day, Fact, PhaseChange
from schemas.reasons import WHOLE, Condition
from schemas.topics import LEVELS
from streams.core import publish
from streams.core.chain import Chain
from streams.core.disagreement import WEEK_DAYS, Week
from streams.core.gate import End, Wanted
from streams.core.measure import BEST, HIGH, LOW, measures
from streams.core.monitor.days import Days
from streams.core.monitor.governing import Governing, hour_of
from streams.core.monitor.history import History
from streams.core.monitor.present import RULES
from streams.core.picture import Picture
from streams.core.public_terms import assumptions
from streams.core.tallies import Tally
from streams.core.terms import DAY, HOUR


class Announcing:
    """Reads the state and changes nothing of it but what is due.

    `told_from`: of days before it much is forgotten, and they stay as they were told; None as long as nothing is.
    """

    def __init__(self, truce: str, governing: Governing, days: Days, history: History, chain: Chain) -> None:
        self.levels_due = False
        self._truce = truce
        self._governing = governing
        self._days = days
        self._history = history
        self._chain = chain
        # By zone, what was last shown of disagreement and what it was made from: most levels move without it.
        self._shown: dict[str, tuple[Week, list[Tally], Raw]] = {}
        # By day and zone, its incidents and what was last shown of the list: most days change in something else.
        self._cuts: dict[int, dict[str, tuple[list[str], int, Raw]]] = {}
        # Zones that have a level.
        self._zones: frozenset[str] = frozenset()
        self.told_from: int | None = None

    def change(
        self, wanted: Wanted, supersedes: str | None, listed: int, now_s: int, end: End | None, gazetteers: set[str]
    ) -> PhaseChange:
        """A phase change without its place in the chain. `listed`: how many entries a list may have."""
        picture = self._governing.at(now_s)
        terms = picture.terms
        zones = terms.gated_ids if wanted.zone == WHOLE and terms.gate.scope == "all" else (wanted.zone,)
        listed = min(listed, terms.limits.listed_max)
        settled = self._days.settled
        # Of zones that were gated side by side one may have come later, with new terms.
        run = [(z, d) for z in zones for d in wanted.days if z in self._governing.of_day(d).terms.thresholds]
        contested = [(z, d) for z, d in run if Condition.CONTESTED in settled[z][d].failed]
        blocked = sorted({incident for zone, day in contested for incident in self._blocking(zone, day)})
        names = terms.truce.phase_names
        return PhaseChange(
            id="",
            truce=self._truce,
            zone=wanted.zone,
            sequence=0,
            previous=None,
            kind=wanted.kind,
            before=wanted.before,
            after=wanted.after,
            before_name=names.get(wanted.before, wanted.before.replace("_", " ")),
            after_name=names.get(wanted.after, wanted.after.replace("_", " ")),
            reason=wanted.reason,
            detail=wanted.detail,
            effective_at=wanted.effective_at,
            decided_at=now_s,
            supersedes=supersedes,
            streaks=self._history.streaks(terms),
            access_streaks=self._history.access_streaks(terms),
            ledger=[self.day(zone, day, listed, end) for zone, day in run],
            blocked_by=publish.cut(blocked, listed),
            terms=terms.hash,
            rules=RULES,
            gazetteers=sorted(gazetteers),
            revisable_until=wanted.effective_at + terms.gate.late_days_max * DAY,
            assumptions=assumptions(terms),
            assumed_alive=picture.coverage.assumed,
        )

    def day(self, zone: str, day: int, listed: int, end: End | None) -> Day:
        """The published body of a day."""
        picture, days = self._governing.of_day(day), self._days.settled[zone]
        terms, tallies = picture.terms, picture.tallies
        settled = days[day] if 0 <= day < len(days) else None
        start_s, end_s = self._governing.day_span(day)
        of_week = tallies.window_excess(zone, end_s - 7 * DAY, end_s, terms.d_hour_s)
        return publish.day(
            terms,
            zone,
            day,
            (start_s, end_s),
            self._days.measures(picture, zone, day),
            self._days.limit(terms, zone),
            settled,
            end is not None and start_s < end.at < end_s,
            self._incidents(picture, zone, day, listed) if settled is not None else None,
            self._blocking(zone, day) if settled is not None and Condition.CONTESTED in settled.failed else None,
            tallies.stated(zone, start_s, end_s),
            picture.coverage.assumed,
            listed,
            measures(picture.measure.zones[zone].week(day), *of_week),
            picture.index_of_disagreement(zone, day) if settled is not None else None,
        )

    def _incidents(self, picture: Picture, zone: str, day: int, listed: int) -> Raw:
        """Those of a day, as a list of this length at most. As long as none comes or goes, `measure` gives the same list."""
        ids, cuts = picture.measure.zones[zone].incidents(BEST, day), self._cuts.setdefault(day, {})
        known = cuts.get(zone)
        if known is None or known[0] is not ids or known[1] != listed:
            known = cuts[zone] = ids, listed, publish.written(publish.cut(ids, listed))
        return known[2]

    def forgets(self, before_day: int) -> bool:
        """Whether it would let go of any days that it tells of now."""
        return self.told_from is None or before_day > self.told_from

    def forget_days(self, before_day: int) -> None:
        """Let go of what was shown of days that nothing open can touch, and tell of them no more."""
        self.told_from = before_day if self.told_from is None else max(self.told_from, before_day)
        for day in [day for day in self._cuts if day < self.told_from]:
            del self._cuts[day]

    def _blocking(self, zone: str, day: int) -> list[str]:
        """Incidents that are in the high of a day and not in its low."""
        measure = self._governing.of_day(day).measure.zones[zone]
        certain = set(measure.incidents(LOW, day))
        return [incident for incident in measure.incidents(HIGH, day) if incident not in certain]

    def days(self, now_s: int | None, settled: int, end: End | None) -> Iterator[Fact]:
        """Those that changed and have begun."""
        governing = self._governing
        for zone, day in self._take_changed(now_s, settled):
            if self.told_from is not None and day < self.told_from:
                continue
            terms = governing.of_day(day).terms
            if zone in terms.thresholds and governing.day_span(day)[0] > terms.horizon_start_s - DAY:
                yield publish.day_as_fact(self.day(zone, day, terms.limits.listed_max, end))

    def pass_over_days(self, now_s: int | None, settled: int) -> None:
        """Readers have seen those that changed and have begun."""
        self._take_changed(now_s, settled)

    def _take_changed(self, now_s: int | None, settled: int) -> list[tuple[str, int]]:
        changed, governing = self._days.changed, self._governing
        for picture in governing.pictures:
            stale = governing.governed(picture, picture.take_stale_days())
            changed.update(stale)
            # A settled day is looked at again at the next tick.
            self._days.again.update([of_zone for of_zone in stale if 0 <= of_zone[1] < settled])
            changed.update(governing.governed(picture, picture.take_stale_weeks()))
        if now_s is None:
            return []
        today = governing.day_of(now_s)
        due = sorted([of_zone for of_zone in changed if of_zone[1] <= today])
        changed.difference_update(due)
        return due

    def levels(self, now_s: int | None) -> Iterator[Fact]:
        """Of each zone whose level, streak or phase changed. A zone that the terms know no more has none."""
        if now_s is None:
            return
        picture = self._governing.at(now_s)
        terms = picture.terms
        access_streaks: dict[str, int] | None = None
        phase = self._chain.phase(WHOLE)
        for zone in sorted(self._zones - set(terms.zone_ids)):
            yield Fact(LEVELS, publish.level_key(terms, zone), None)
        self._zones = frozenset(terms.zone_ids)
        hour_ends_s = terms.d_hour_s + (hour_of(now_s, terms) + 1) * HOUR
        for zone in terms.zone_ids:
            measure = picture.measure.zones[zone]
            if not measure.level_dirty and not self.levels_due:
                continue
            measure.level_dirty = False
            if access_streaks is None:
                access_streaks = self._history.access_streaks(terms)
            extra = picture.tallies.window_excess(zone, hour_ends_s - 7 * DAY, hour_ends_s, terms.d_hour_s)
            yield publish.level_as_fact(
                terms,
                zone,
                hour_ends_s,
                measures(measure.window(), *extra),
                self._chain.phase(zone) if terms.gate.scope == "each" else phase,
                self._history.streak(zone, terms),
                access_streaks,
                picture.coverage.assumed,
                self._week_of_disagreement(zone),
                self._chain.head,
            )
        self.levels_due = False

    def _week_of_disagreement(self, zone: str) -> Raw | None:
        """Up to the last settled day: who watches now is nobody's business."""
        last = len(self._days.settled[zone]) - 1
        picture = self._governing.of_day(max(last, 0))
        if last < 0 or zone not in picture.measure.zones:
            return None
        end_s = self._governing.day_span(last)[1]
        rivals = picture.tallies.rivals(zone, end_s - WEEK_DAYS * DAY, end_s)
        week, shown = picture.week_of_disagreement(zone, last), self._shown.get(zone)
        if shown is None or shown[0] is not week or shown[1] != rivals:
            shown = self._shown[zone] = week, rivals, publish.written(publish.disagreement(week, rivals, picture.terms))
        return shown[2]


__all__ = ["Announcing"]
