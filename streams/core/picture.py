"""What is known of a truce under one set of terms: incidents, measures, coverage, access, declarations.

Reports go in and out; `resolve` brings everything up to date and remembers what changed. A picture knows nothing of
phases and of what was announced: it is a function of the live reports and the terms.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence

from schemas.facts import Circle, Covers, Report
from schemas.reasons import UNLISTED, WHOLE, Kind, ReportType, Trust
from streams.core.access import Access, Statement
from streams.core.anchoring import Work
from streams.core.check import seconds
from streams.core.claims import Account, Reading, stated_at
from streams.core.coverage import Coverage, Watch
from streams.core.deduplicate import Claim, Deduplicator
from streams.core.disagreement import WEEK_DAYS, Disagreement, Week
from streams.core.gate import Declaration
from streams.core.incident import NOTHING, Adds, Incident, incident_id
from streams.core.judgements import Judgements, Key
from streams.core.measure import Measure, contribution
from streams.core.reach import BEST, Reach, forget_reaches
from streams.core.sums import unpack
from streams.core.tallies import Tallies, Tally
from streams.core.terms import DAY, HOUR, Source, Terms, folded
from streams.core.testimony import Derived
from streams.core.zones import ZoneMap

ALONE_MAX = 65_536
"""Kinds of incident with one claim of which it is remembered what follows from them."""

NO_LINEAGES: frozenset[str] = frozenset()

Heard = tuple[tuple[str, str], int, tuple[str, ...]]
"""A lineage and its side, the time that they spoke of, and the zones."""


def key_of(source: str, report_id: str) -> Key:
    """How a report is known, however its source is written."""
    return folded(source), report_id


class Picture:
    """The live reports of a truce as its terms see them."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.zone_map = ZoneMap(terms)
        self.reading = Reading(terms)
        self.coverage = Coverage(terms)
        self.access = Access(terms)
        self.measure = Measure(terms.zone_ids)
        self.tallies = Tallies(self.measure)
        self.declarations: dict[Key, Declaration] = {}
        self.incidents: dict[str, Incident] = {}
        self.derived: dict[str, Derived] = {}
        self.changed: set[str] = set()
        self.gone: dict[str, Account] = {}
        self.heard_from: dict[str, int] = {}
        self.stale_days: set[tuple[str, int]] = set()
        self.settled_days = 0
        """So many days from D-hour on are settled: what is said of those rests on who watched them."""
        self._moved: set[Reach] = set()
        self._stale_weeks_from: set[tuple[str, int]] = set()
        self._accounts: dict[Key, Account] = {}
        self._deduplicator = Deduplicator(terms)
        self._heard_at: dict[Key, Heard] = {}
        self._judgements = Judgements(terms)
        self._anchored: dict[str, Key] | None = None
        self._unlisted_by_day: dict[int, set[str]] = {}
        # What is to be restated, and of that what can wait: nobody asks yet for days from `_waits_from_s` on.
        self._dirty: dict[str, Incident] = {}
        self._waiting: dict[str, Incident] = {}
        self._waits_from_s: int | None = None
        self._derived_alone: dict[Hashable, Derived] = {}
        self.disagreement = Disagreement(terms.zone_ids, self._watching_on)
        self.parting: Callable[[str], None] = _unheard
        """Is told of every incident that is let go of, while it can still be asked."""
        self._declared = False

    # -- reports in and out -----------------------------------------------------------------------------------------

    def add(self, key: Key, report: Report, circle: Circle | None, received_at: int) -> None:
        """Take a live report in."""
        teller = self.reading.teller(report.source)
        source, known, speaker = teller.id, teller.known, teller.speaker
        at_s = received_at
        if report.type is ReportType.VIOLATION:
            assert circle is not None
            at_s = self._add_violation(key, report, circle, received_at, source)
        elif report.type is ReportType.NIL:
            at_s = self._add_nil(key, report, circle, received_at, source)
        elif report.type is ReportType.ALIVE:
            at_s = stated_at(report, received_at)
            self.coverage.add_alive(key, source, at_s)
            if known is not None:
                self._stale(*self.coverage.touched_by_alive(source, at_s))
        elif report.type is ReportType.ACCESS:
            at_s = stated_at(report, received_at)
            assert report.access is not None
            if self.access.add(key, report.access.area, Statement(at_s, source, report.access.state == "open")):
                self._stale(self.terms.zone_ids, at_s, received_at + DAY)
        elif report.type is ReportType.TALLY:
            self._add_tally(key, report, circle, known)
        elif report.type is ReportType.DECLARATION:
            at_s = stated_at(report, received_at)
            if known is not None and known.party is not None and known.party == report.party:
                until = None if report.until is None else seconds(report.until)
                assert report.declares is not None
                self.declare(key, Declaration(at_s, report.party, report.declares, until))
        elif report.about is not None:
            about = report.about
            named = about.incident or key_of(about.source or "", about.report_id or "")
            self._judgements.add(key, report, *speaker, known, named)
        zones = self._spoken_of_zones(report, circle, known)
        news = self.coverage.hear(speaker, at_s, zones)
        if news:
            self._stale(news, at_s, at_s)
        if known is not None:
            self.heard_from[known.id] = max(received_at, self.heard_from.get(known.id, received_at))
        if report.type is not ReportType.VIOLATION or report.covers is not None:
            self._heard_at[key] = speaker, at_s, zones

    def _take_heard(self, key: Key) -> Heard:
        """Who was heard, of when and where, by a report that goes. An account tells that itself."""
        heard = self._heard_at.pop(key, None)
        if heard is not None:
            return heard
        account = self._accounts[key]
        return account.teller.speaker, account.start, self.zone_map.place(account.circle).spoken_of

    def _spoken_of_zones(self, report: Report, circle: Circle | None, known: Source | None) -> tuple[str, ...]:
        """Of which zones a report says anything: where it may have happened, what is watched; the truce as a whole, always."""
        if report.type is ReportType.ALIVE and known is not None:
            zones = known.zones
        elif report.covers is not None and report.covers.zone is not None:
            named = report.covers.zone
            zones = self.terms.zone_ids if named == WHOLE else (named,) if named in self.measure.zones else ()
        elif circle is not None:
            return self.zone_map.place(circle).spoken_of
        else:
            zones = ()
        return tuple(zones) if WHOLE in zones else (*zones, WHOLE)

    def remove(self, key: Key) -> None:
        """Take a report out again, whatever it was."""
        speaker, at_s, zones = self._take_heard(key)
        self._stale(self.coverage.hear(speaker, at_s, zones, -1), at_s, at_s)
        account = self._accounts.pop(key, None)
        if account is not None:
            self._deduplicator.remove(account)
            if self._anchored is not None:
                self._anchored.pop(self._id_of(account), None)
            restriction = self.coverage.remove_restriction(key)
            if restriction is not None:
                self._stale(restriction.zones, restriction.start, restriction.end)
            return
        watch = self.coverage.remove_watch(key)
        if watch is not None:
            self._watch_changed(watch)
        alive = self.coverage.remove_alive(key)
        if alive is not None:
            self._stale(*self.coverage.touched_by_alive(*alive))
        statement = self.access.remove(key)
        if statement is not None:
            # A denial that is taken back may have held for as long as anybody may take it back: it closes with its day.
            self._stale(self.terms.zone_ids, statement.at, statement.at + (self.terms.gate.late_days_max + 2) * DAY)
        self._stale_tally(self.tallies.remove(key))
        if self.declarations.pop(key, None) is not None:
            self._declared = True
        self._judgements.remove(key)

    def declare(self, key: Key, declaration: Declaration) -> None:
        self.declarations[key] = declaration
        self._declared = True

    def take_declared(self) -> bool:
        """Whether declarations changed since somebody last asked."""
        declared, self._declared = self._declared, False
        return declared

    def _add_violation(self, key: Key, report: Report, circle: Circle, received_at: int, source: str) -> int:
        account = Account(report, circle, received_at, self.reading)
        self._accounts[key] = account
        self._deduplicator.add(account)
        if self._anchored is not None:
            self._anchored[self._id_of(account)] = key
        if account.kind is Kind.MONITOR_RESTRICTED:
            end = max(account.end, account.start + HOUR)
            restriction = Watch(source, self.zone_map.place(circle).possible, account.start, end)
            self.coverage.add_restriction(key, restriction)
            self._stale(restriction.zones, restriction.start, restriction.end)
        return account.start

    def _add_nil(self, key: Key, report: Report, circle: Circle | None, received_at: int, source: str) -> int:
        covers = report.covers
        assert covers is not None and covers.start is not None and covers.end is not None
        if covers.zone == WHOLE:
            zones = self.terms.zone_ids
        elif covers.zone is not None:
            zones = (covers.zone,) if covers.zone in self.measure.zones else ()
        else:
            zones = () if circle is None else self.zone_map.covered_by(circle, _radius(covers))
        start = max(seconds(covers.start), self.terms.horizon_start_s)
        watch = Watch(source, zones, start, min(seconds(covers.end), received_at))
        self.coverage.add_watch(key, watch)
        self._watch_changed(watch)
        return start

    def _add_tally(self, key: Key, report: Report, circle: Circle | None, known: Source | None) -> None:
        assert report.period is not None and report.count is not None
        zones: tuple[str, ...] = (WHOLE,)
        if report.covers is not None and report.covers.zone is not None:
            zones = (report.covers.zone,) if report.covers.zone in self.measure.zones else ()
        elif circle is not None:
            zones = self.zone_map.covered_by(circle, _radius(report.covers))
        counts = known is not None and Trust.VIOLENCE in known.trusted
        lineage = UNLISTED if known is None else known.lineage or known.id
        tally = Tally(zones, seconds(report.period.start), seconds(report.period.end), report.count, counts, lineage)
        self.tallies.add(key, tally)
        self._stale_tally(tally)

    # -- what changed ------------------------------------------------------------------------------------------------

    def resolve(self, before_s: int | None = None) -> None:
        """Bring incidents and measures up to date with the reports.

        With `before_s` (seconds since 1970) the measures of days that end by then: what is anchored later, and in no tally of
        such a day, is grouped, and restated only when more is asked for, once for all that came to it meanwhile.
        """
        retold, changes = self._deduplicator.resolve()
        for claim, accounts in retold:
            if claim.incident is not None:
                claim.incident.retell(claim, accounts)
                self._dirty[claim.incident.id] = claim.incident
        for anchor, claim, joined in changes:
            self._regroup(anchor, claim, joined)
        if self._judgements.moved or ((changes or retold) and self._judgements):
            for incident in self._judgements.attach(self._spoken_of, self.incidents):
                self._dirty[incident.id] = incident
        due, self._dirty = self._dirty, {}
        if before_s is not None:
            before_s = self.tallies.asks_before(before_s)
        if before_s != self._waits_from_s:
            due |= self._waiting
            self._waiting, self._waits_from_s = {}, before_s
        for incident in due.values():
            if self.incidents.get(incident.id) is not incident:
                continue
            if before_s is None or incident.anchor.start < before_s:
                self._restate(incident)
            else:
                self._waiting[incident.id] = incident
                self.changed.add(incident.id)

    def work(self) -> Work:
        """How many comparisons its incidents have cost so far."""
        return self._deduplicator.work()

    def advance(self, hour: int) -> None:
        """Move the rolling levels to end with this hour, counted from D-hour."""
        self.measure.advance(hour)

    def successor_of(self, anchor: Account) -> Incident | None:
        """Where the report of an anchor that is no more is told now, in whatever revision."""
        live = self._accounts.get(key_of(anchor.source_name, anchor.report_id))
        return None if live is None else self.incident_of(live)

    def incident_of(self, account: Account) -> Incident | None:
        """Where a report's account is told now; None for one that is no longer live."""
        head = account.anchor
        claim = None if head is None else head.claim
        return claim.incident if isinstance(claim, Claim) else None

    def best_of_day(self, zone: str, day: int, metric: int, trusted_only: bool) -> int:
        """The best of a metric on a day; with `trusted_only` of incidents that a source trusted for violence tells. Tallies
        count by such a source only."""
        total = self.tallies.excess(zone, day, self.terms.d_hour_s)[0] if metric == 0 else 0
        if not trusted_only:
            return total + unpack(self.measure.zones[zone].day(day))[BEST * 3 + metric]
        for told in self.measure.zones[zone].incidents(BEST, day):
            amounts = self.incidents[told].adds[BEST]
            if amounts is not None and self.derived[told].trusted:
                total += amounts[metric]
        return total

    def take_changes(self) -> tuple[set[str], dict[str, Account]]:
        """(ids of incidents that are new or other than before, anchors of those that are no more), and forget them."""
        changed, gone = self.changed, self.gone
        self.changed, self.gone = set(), {}
        return changed, gone

    def _regroup(self, anchor: Claim, claim: Claim, joined: bool) -> None:
        if anchor is claim and joined:
            incident = Incident(anchor, self.terms, self.zone_map.place(anchor.account.circle))
            self.incidents[incident.id] = incident
            self.gone.pop(incident.id, None)
        else:
            incident = anchor.incident
        if joined:
            claim.incident = incident
            incident.add(claim)
            self._dirty[incident.id] = incident
            return
        incident.remove(claim)
        claim.incident = None
        if anchor is claim:
            self._withdraw(incident)
        else:
            self._dirty[incident.id] = incident

    def _withdraw(self, incident: Incident) -> None:
        if self.incidents.get(incident.id) is incident:
            del self.incidents[incident.id]
        self._dirty.pop(incident.id, None)
        self._waiting.pop(incident.id, None)
        derived = self.derived.pop(incident.id, None)
        if derived is not None:
            self._unlist(incident, derived)
            self._count(incident, NOTHING, derived, derived)
        self.changed.discard(incident.id)
        self.gone[incident.id] = incident.anchor

    def _restate(self, incident: Incident) -> None:
        before, derived = self.derived.get(incident.id), self._derive(incident)
        if before is not None:
            self._unlist(incident, before)
        covered = False
        if derived.unlisted_only:
            for day in _days(incident.anchor.start, incident.anchor.end):
                self._unlisted_by_day.setdefault(day, set()).add(incident.id)
            covered = self.coverage.seen_as_nothing(incident.placement, incident.anchor.start, incident.anchor.end)
        self._count(incident, contribution(incident, derived, not covered), before or derived, derived)
        self.derived[incident.id] = derived
        self.changed.add(incident.id)

    def _count(self, incident: Incident, adds: Adds, before: Derived, after: Derived) -> None:
        """It adds this now; and who tells of it may be others. A week is shown with each of the days that it ends with."""
        told = before.lineages if incident.adds[BEST] is not None else NO_LINEAGES
        self.measure.restate(incident, adds)
        tell = after.lineages if adds[BEST] is not None else NO_LINEAGES
        if told != tell:
            at = incident.reaches[BEST]
            self.disagreement.restate(at.zones, at.days[0], told, tell)
            for zone in at.zones:
                self.measure.zones[zone].level_dirty = True
                self._stale_weeks_from.add((zone, at.days[0]))

    def _derive(self, incident: Incident) -> Derived:
        """Most incidents are told by one claim, and most of those are alike in all that counts."""
        alone = incident.alone
        if alone is None:
            return incident.derive()
        derived = self._derived_alone.get(alone)
        if derived is None:
            if len(self._derived_alone) >= ALONE_MAX:
                self._derived_alone.clear()
            derived = self._derived_alone[alone] = incident.derive()
        return derived

    def week_of_disagreement(self, zone: str, last_day: int) -> Week:
        """How far lineages differ on the seven days that end with a day of a zone."""
        return self.disagreement.week(zone, last_day)

    def index_of_disagreement(self, zone: str, last_day: int) -> int | None:
        """The same, pooled into one number: a day says that much."""
        return self.disagreement.index(zone, last_day)

    def _watching_on(self, zone: str, day: int) -> frozenset[str]:
        """Lineages that said that they watched a zone on a day."""
        start_s = self.terms.d_hour_s + day * DAY
        return self.coverage.lineages(zone, start_s, start_s + DAY)

    def _unlist(self, incident: Incident, derived: Derived) -> None:
        if not derived.unlisted_only:
            return
        for day in _days(incident.anchor.start, incident.anchor.end):
            ids = self._unlisted_by_day.get(day)
            if ids is not None:
                ids.discard(incident.id)
                if not ids:
                    del self._unlisted_by_day[day]

    def _spoken_of(self, about: Key | str) -> Incident | None:
        if isinstance(about, str):
            standing = self.incidents.get(about)
            key = None if standing is not None else self._anchor_of(about)
            if key is None:
                return standing
            about = key
        account = self._accounts.get(about)
        incident = None if account is None else self.incident_of(account)
        return incident

    def _anchor_of(self, incident: str) -> Key | None:
        """The live report that would give this id to an incident: a judgement follows it when it is no anchor any more."""
        if self._anchored is None:
            self._anchored = {self._id_of(account): key for key, account in self._accounts.items()}
        return self._anchored.get(incident)

    def _id_of(self, account: Account) -> str:
        return incident_id(account.source_name, account.report_id, self.terms.truce.id, self.terms.truce.salt)

    def forget(self, key: Key) -> str | None:
        """Let go of a report that nothing open can touch; its days keep their sums. The id of the incident it anchored.

        Declarations and words on access stay: a denial holds until it is taken back.
        """
        self.coverage.hear(*self._take_heard(key), -1)
        self.coverage.remove_watch(key)
        self.coverage.remove_alive(key)
        self.coverage.remove_restriction(key)
        self.tallies.remove(key)
        self.access.close(key)
        self._judgements.forget(key)
        account = self._accounts.pop(key, None)
        if account is None:
            return None
        if self._anchored is not None:
            self._anchored.pop(self._id_of(account), None)
        claim = self._deduplicator.forget(account)
        incident = None if claim is None or claim.anchor is not claim else claim.incident
        if incident is None or self.incidents.get(incident.id) is not incident:
            return None
        self.parting(incident.id)
        derived = self.derived[incident.id]
        self._unlist(incident, derived)
        self.measure.forget(incident)
        if incident.adds[BEST] is not None:
            at = incident.reaches[BEST]
            self.disagreement.restate(at.zones, at.days[0], derived.lineages, NO_LINEAGES)
        self.changed.discard(incident.id)
        del self.incidents[incident.id], self.derived[incident.id]
        return incident.id

    def rested_on(self, leaving: Collection[Key]) -> set[Key]:
        """Of reports that are to be let go of together, those that something rests on which stays: all of an incident of
        which one stays, what is said of such an incident, and the watch that saw nothing of it."""
        told: dict[Incident, list[Key]] = {}
        for key in leaving:
            account = self._accounts.get(key)
            incident = None if account is None else self.incident_of(account)
            if incident is not None:
                told.setdefault(incident, []).append(key)
        gone = {incident for incident, keys in told.items() if incident.reports == len(keys)}
        found = {key for incident, keys in told.items() if incident not in gone for key in keys}
        unlisted = {
            day for day, ids in self._unlisted_by_day.items() if any(self.incidents[incident] not in gone for incident in ids)
        }
        for key in leaving:
            about = self._judgements.about(key)
            incident = None if about is None else self._spoken_of(about)
            if (incident is not None and incident not in gone) or not unlisted.isdisjoint(self.coverage.days_seen(key)):
                found.add(key)
        return found

    def admissions_of(self, incident_id: str) -> list[Key]:
        """Acknowledgements, denials and findings that speak of an incident."""
        return self._judgements.of(incident_id, self._spoken_of)

    def tallies_of(self, zone: str) -> list[Key]:
        """Tallies of a zone that count."""
        return self.tallies.keys_of(zone)

    def forget_days(self, before_s: int) -> None:
        """Let go of the lists of incidents of days that end before this."""
        self.access.forget(before_s)
        day = self.days_of(before_s, before_s)[0]
        for zone in self.measure.zones.values():
            zone.forget(day)
        self.disagreement.forget_days(day)
        forget_reaches()

    # -- days whose outcome may be another now -------------------------------------------------------------------------

    def take_stale_days(self) -> set[tuple[str, int]]:
        """(zone, day) whose measures, coverage or access changed, and forget them."""
        stale, self.stale_days = self.stale_days, set()
        touched = self.measure.take_touched()
        self._moved |= touched
        moved = {(zone, day) for reach in touched for zone in reach.zones for day in reach.days}
        stale |= moved
        for zone in {zone for zone, _ in moved}:
            for day in self._tallied_days(zone):
                stale.add((zone, day))
                self._stale_weeks_from.add((zone, day))
        return stale

    def take_stale_weeks(self) -> set[tuple[str, int]]:
        """(zone, day) at whose end the level of the last seven days is another, and forget them."""
        stale = {(zone, day) for reach in self._moved for zone in reach.zones for day in reach.weeks}
        for zone, day in self._stale_weeks_from:
            stale.update([(zone, later) for later in range(day, day + WEEK_DAYS)])
        self._moved, self._stale_weeks_from = set(), set()
        return stale

    def _tallied_days(self, zone: str) -> Iterable[int]:
        """An incident of one day may change what a tally adds to another."""
        for tally in self.tallies.of(zone):
            yield from self.days_of(tally.start, tally.end)

    def _stale_tally(self, tally: Tally | None) -> None:
        """It may stand where another did, or no more: then that one's days are others too."""
        if tally is None:
            return
        for zone in tally.zones:
            self.measure.zones[zone].level_dirty = True
            for day in {*self.days_of(tally.start, tally.end), *self._tallied_days(zone)}:
                self.stale_days.add((zone, day))
                self._stale_weeks_from.add((zone, day))

    def _watch_changed(self, watch: Watch) -> None:
        self._stale(watch.zones, watch.start, watch.end)
        known = self.terms.source_by_name.get(folded(watch.source))
        if known is not None and Trust.WATCH in known.trusted:
            for day in _days(watch.start, watch.end):
                for incident_id in self._unlisted_by_day.get(day, ()):
                    self._dirty[incident_id] = self.incidents[incident_id]

    def _stale(self, zones: Sequence[str], start_s: int, end_s: int) -> None:
        for zone in zones:
            for day in self.days_of(start_s, end_s):
                self.stale_days.add((zone, day))
                self.disagreement.forget_watching(zone, day)
                if day < self.settled_days:
                    self.measure.zones[zone].level_dirty = True
                    self._stale_weeks_from.add((zone, day))

    def days_of(self, start_s: int, end_s: int) -> range:
        """Days of the truce that a span touches."""
        d_hour_s = self.terms.d_hour_s
        return range((start_s - d_hour_s) // DAY, max(start_s - d_hour_s, end_s - d_hour_s - 1) // DAY + 1)


def _unheard(incident_id: str) -> None:
    """Nobody asks for the last word on an incident."""


def _radius(covers: Covers | None) -> int | None:
    """How far a source says that it watched, about the place it names."""
    return None if covers is None or covers.location is None else covers.location.radius_m


def _days(start_s: int, end_s: int) -> range:
    return range(start_s // DAY, max(start_s, end_s - 1) // DAY + 1)


__all__ = ["Key", "Picture", "key_of"]
