"""Explanations in plain words, for somebody who knows nothing of the program: an incident, a day, a change of phase.

Each gives lines of text. Whatever "would have been" is said was worked out again without the reports in question.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from schemas.facts import Day, PhaseChange
from schemas.reasons import WHOLE, ChangeKind, ChangeReason, Condition, Grade, Outcome
from streams import words
from streams.core.gate import UNKNOWNS, Declaration, outcome, run_start, runs_out
from streams.core.incident import Incident
from streams.core.monitor import Monitor
from streams.core.picture import Key
from streams.core.terms import DAY, HOUR, Terms
from streams.core.whatif import DayInQuestion, Decisive, Share
from streams.proof.state import OfChange, OfDay
from streams.proof.telling_missing import TellerOfMissing

SHOWN_MAX = 8
"""Incidents and reports that are listed one by one; of the others their number is said."""

DIFFERING_MAX = 4

CAME_TO = {
    Outcome.VIOLENT: "was violent: even what is sure is more than the truce allows, and the count of quiet days starts again",
    Outcome.DENIED: "was one on which aid was kept out: the count of quiet days starts again",
    Outcome.CONTESTED: "is contested: what is sure keeps the limit, but what is possible does not; it is not counted as quiet, "
    "and only so many such days are tolerated",
    Outcome.UNKNOWN: "is unknown: nobody can vouch for it, and silence is not peace; it is not counted as quiet",
    Outcome.QUIET: "was quiet, and counts towards the {days} that the next phase needs",
    Outcome.VOID: "was cut short by the end of the truce, and counts for nothing",
    Outcome.PENDING: "is not decided yet: late news may still come",
    Outcome.BEFORE: "lies before the truce took effect, and counts for nothing but the level to compare with",
}
GRADES = {
    Grade.WEAK: "told by one side or one source only, so it counts in what is possible, not in what is sure",
    Grade.FAIR: "told by sources that do not depend on each other",
    Grade.CONFIRMED: "admitted by the side that did it",
}


class Teller:
    """What is common to all explanations of a truce: its terms, its own time, its names."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.terms: Terms = monitor.terms
        self.zones = words.zone_names(self.terms)
        self.teller_of_missing = TellerOfMissing(self.terms, self.when)

    def when(self, at_s: int) -> str:
        return f"{datetime.fromtimestamp(at_s, UTC).astimezone(self.terms.zone_of_time):%a %d %b %Y %H:%M}"

    def date(self, at_s: int) -> str:
        return f"{datetime.fromtimestamp(at_s, UTC).astimezone(self.terms.zone_of_time):%a %d %b}"

    def incident(self, incident: Incident) -> str:
        """ "air strike at Urum al-Kubra on Mon 19 Sep, killed 14 to 36 (1f3a…)"."""
        picture = self.monitor.governing.of_day(self.monitor.governing.day_of(incident.anchor.start))
        derived = picture.derived[incident.id]
        weapon = {"undetermined": "attack", "airstrike": "air strike"}.get(derived.weapon, f"{derived.weapon} attack")
        what = weapon.replace("_", " ") if incident.anchor.kind == "attack" else incident.anchor.kind.replace("_", " ")
        place = f"at {incident.anchor.circle.place}" if incident.anchor.circle.place else self._somewhere(incident)
        killed = f", {self.people(derived.killed, brief=True)} killed" if derived.killed[2] else ""
        return f"{what} {place} on {self.date(incident.anchor.start)}{killed} (incident {incident.id[:8]})"

    def people(self, bounds: tuple[int, int, int], brief: bool = False) -> str:
        """Where somebody said "dozens" the high is the limit of the terms, and no number that anybody stated."""
        low, best, high = bounds
        if low == high:
            return str(low)
        up_to = f"{low} or more" if high == self.terms.limits.casualties_max else f"{low} to {high}"
        return up_to if brief else f"{up_to}, likeliest {best}"

    def _somewhere(self, incident: Incident) -> str:
        """Without the name of a place: the zones that it lies in, or may lie in."""
        certain = [self.zones[zone] for zone in incident.placement.certain if zone != WHOLE]
        possible = [self.zones[zone] for zone in incident.placement.possible if zone != WHOLE]
        if certain:
            return f"in {words.listed(certain, 'or')}"
        return f"perhaps in {words.listed(possible, 'or')}" if possible else "somewhere"

    def lineage(self, name: str) -> str:
        """With the sources that are behind a name that is none of theirs."""
        behind = [source.id for source in self.terms.sources if source.lineage == name and source.id != name]
        return f"{name} ({words.listed(behind[:3], 'and')})" if behind else name

    def party(self, name: str) -> str:
        """ "usa" is USA, "russia" Russia: terms know parties by short names."""
        return name.upper() if len(name) <= 3 else name.replace("_", " ").title()

    def reports(self, keys: Sequence[Key]) -> Iterator[str]:
        for key in keys[:SHOWN_MAX]:
            report, live = self.monitor.reports.told(key)
            yield f"    report {report.report_id} of {report.source}, received {self.when(live.received_at)}"
        if len(keys) > SHOWN_MAX:
            yield f"    and {len(keys) - SHOWN_MAX} more"

    # -- a day -----------------------------------------------------------------------------------------------------------

    def day(self, day: Day) -> Iterator[str]:
        yield f"{self.terms.truce.name}."
        zone, amount = self.zones.get(day.zone, day.zone), getattr(day.measures, day.metric)
        came_to = CAME_TO[day.outcome].format(days=words.counted(self.terms.gate.days))
        span = f"{self.when(day.starts)} to {self.when(day.ends)} (local time)"
        yield f"Day {day.day + 1} of the truce in {zone}, {span}, {came_to}."
        metric = {"severity": "Violence", "incidents": "Incidents", "killed": "People killed"}[day.metric]
        low, best, high = (words.number(value, day.metric) for value in (amount.low, amount.best, amount.high))
        allowed = (
            f"a day may hold at most {day.limit / 1_000:g}"
            if day.limit is not None
            else "there is no limit yet, for too few days before the truce were watched to compare with"
        )
        weighed = " (each incident weighed by weapon and casualties)" if day.metric == "severity" else ""
        yield f"{metric}{weighed}: {low} for sure, {best} likely, {high} at most; {allowed}."
        if day.watched is not None:
            heard = words.by_side(day.heard or {})
            yield f"Watched by enough people to vouch for it: {day.watched / 10:g} % of the time. Heard from: {heard}."
            if day.assumed:
                number = words.counted(day.assumed)
                yield f"That rests on the assumption that {number} sources watched throughout, which they never said."
        for area, state in day.access.items():
            name = self.terms.access.areas.get(area, area)
            yield f"Access, {name}: {'nobody says' if state == 'unreported' else state}."
        if day.zone not in self.terms.gated_ids:
            shown = f"{zone[0].upper()}{zone[1:]} is watched and shown, but decides nothing"
            yield f"{shown}; access is asked of the zones that decide."
        reasons = words.why([day], self.terms, {day.zone: zone})
        if reasons:
            yield f"What kept it from being quiet: {reasons}."
        if day.outcome not in (Outcome.PENDING, Outcome.BEFORE, Outcome.VOID):
            asked = DayInQuestion(self.monitor, day.zone, day.day)
            yield from self.margin(asked, day)
            yield from self._differing(asked)

    def _differing(self, asked: DayInQuestion) -> Iterator[str]:
        """How far those who watched differ, matched by incident."""
        week = asked.picture.week_of_disagreement(asked.zone, asked.day)
        if week.index is None:
            return
        differ = f"those who watched differ by {week.index / 10:g} % over the week up to this day"
        yield f"How far sources agree: {differ}: of what either of two tells, that share only one of them tells."
        most = sorted(week.pairs, key=lambda pair: (-(pair.both + pair.one_only + pair.other_only), pair.one, pair.other))
        for pair in most[:DIFFERING_MAX]:
            alone = f"{pair.one_only} by the first alone, {pair.other_only} by the other"
            yield f"    {self.lineage(pair.one)} and {self.lineage(pair.other)}: {pair.both} told by both, {alone}"

    def margin(self, asked: DayInQuestion, day: Day) -> Iterator[str]:
        """The incidents, and what would have changed the outcome: worked out again, not guessed."""
        was = outcome(asked.failed)
        shares = asked.shares()
        if shares:
            yield "What happened, that which counts most first (for sure / likely / at most):"
            yield from (self._share(share, day) for share in shares[:SHOWN_MAX])
            if len(shares) > SHOWN_MAX:
                yield f"    and {words.several(len(shares) - SHOWN_MAX, 'more incident')}"
        alone = 0
        for share in shares[:SHOWN_MAX] if was in (Outcome.VIOLENT, Outcome.CONTESTED) else []:
            failed = asked.without(asked.reports_of(share.incident))
            if outcome(failed) is not was:
                alone += 1
                yield f"Without the {self.incident(share.incident)} it would have been {outcome(failed)}."
        if was in (Outcome.VIOLENT, Outcome.CONTESTED) and not alone:
            yield f"No single incident decided it: without any one of them it would still have been {was}."
        decisive = asked.decisive()
        if decisive is not None:
            yield from self.decisive(decisive, was)
        if asked.failed & UNKNOWNS:
            yield from self.teller_of_missing.tell(asked, was)

    def decisive(self, decisive: Decisive, was: Outcome) -> Iterator[str]:
        count = words.counted(len(decisive.reports))
        reports = "report" if len(decisive.reports) == 1 else "reports"
        if decisive.smallest:
            yield f"It would have been {decisive.outcome} if {count} {reports} had not come in, or told of another place or day:"
        else:
            yield (
                f"What decided it: had these {count} {reports} not come in, it would have been {decisive.outcome}; with any one "
                f"of them back it is {was} again:"
            )
        yield from self.reports(decisive.reports)

    def _share(self, share: Share, day: Day) -> str:
        amounts = " / ".join(words.number(value, day.metric) for value in (share.low, share.best, share.high))
        return f"    {amounts:>14}  {self.incident(share.incident)}"

    # -- a change of phase -----------------------------------------------------------------------------------------------

    def change(self, change: PhaseChange) -> Iterator[str]:
        yield f"{self.terms.truce.name}."
        subject = "The truce" if change.zone == WHOLE else f"The truce in {self.zones.get(change.zone, change.zone)}"
        when = f"with effect from {self.when(change.effective_at)} (local time)"
        if change.before == change.after:
            yield f"{subject} stays {change.after_name}; something is put on record, {when}."
        else:
            yield f"{subject} goes from {change.before_name} to {change.after_name}, {when}."
        yield from self._why(change)
        if change.decided_at > change.effective_at:
            late = ", so that late news could still come in" if change.ledger else ""
            hours = _hours(change.decided_at - change.effective_at)
            yield f"This was decided {hours} later, {self.when(change.decided_at)}{late}."
        if change.assumed_alive:
            yield f"It rests on the assumption that {change.assumed_alive} sources watched throughout, which they never said."
        yield f"It is a computation, and late news may undo it until {self.when(change.revisable_until)}."

    def _why(self, change: PhaseChange) -> Iterator[str]:
        if change.reason is ChangeReason.D_HOUR:
            yield "Why: the hour has come that the parties agreed on. No report decides this."
        elif change.reason is ChangeReason.RUN_COMPLETE:
            yield from self._run(change)
        elif change.reason is ChangeReason.VIOLENT_DAY:
            yield "Why: a day of a zone that counts was violent, and the terms say that the phase then has to be earned again."
            for day in change.ledger:
                if Condition.VIOLENT in day.failed:
                    yield from self.day(day)
        elif change.reason is ChangeReason.EXPIRED:
            yield from self._expired(change)
        elif change.reason is ChangeReason.ENDED_BY_PARTY:
            parties = words.listed([self.party(party) for party in self.terms.ends.ends_by], "or")
            yield f"Why: {change.detail}, and by the terms the word of {parties} ends the truce."
            yield from self._words_of(change, ("ends", "withdraws"))
        elif change.reason is ChangeReason.COLLAPSED:
            ends = self.terms.ends
            sure = f"even what is sure was above {ends.collapse_level:g} ({ends.collapse_metric}) in the whole truce"
            yield f"Why: {change.detail}: {sure} on each of them, and the terms call that a collapse."
        elif change.kind is ChangeKind.WITHDRAWN:
            yield f"Why: {_sentence(change.detail)}. By the terms its word alone does not end the truce: it is put on record."
            yield from self._words_of(change, ("withdraws",))
        elif change.kind is ChangeKind.WAIVER:
            yield f"Why: {_sentence(change.detail)}. The terms give it that right; days and count are as they were."
            yield from self._words_of(change, ("waives",))
        elif change.kind is ChangeKind.VOID:
            why = {
                ChangeReason.LATE_NEWS: "reports that came later, or were taken back, change what it rested on",
                ChangeReason.TERMS_CHANGED: "the terms were changed",
                ChangeReason.RULES_CHANGED: "the rules of the program were changed",
            }[change.reason]
            yield f"Why: a change that was announced ({change.supersedes}) no longer holds, for {why}: {change.detail}."
        else:
            yield f"Why: {change.detail}."

    def _run(self, change: PhaseChange) -> Iterator[str]:
        gate, zones = self.terms.gate, list(dict.fromkeys(day.zone for day in change.ledger))
        where = words.listed([self.zones.get(zone, zone) for zone in zones], "and")
        within = f"within at most {words.counted(gate.max_span_days)} days there were {words.counted(gate.days)} quiet ones"
        yield f"Why: {within}, none violent and none on which aid was kept out, in {where}."
        yield "The days that it rests on:"
        for day in change.ledger:
            of = words.amount(getattr(day.measures, day.metric), day.metric)
            limit = "" if day.limit is None else f" of {day.limit / 1_000:g}"
            watched = f"watched {(day.watched or 0) / 10:g} %"
            yield f"    {self.date(day.starts)}  {self.zones.get(day.zone, day.zone)}: {day.outcome}, {of}{limit}, {watched}"
        quiet = [day for day in change.ledger if day.outcome is Outcome.QUIET and day.limit is not None]
        if quiet:
            tightest = min(quiet, key=lambda day: (_room(day), day.day, day.zone))
            yield (
                f"The closest call: {self.date(tightest.starts)} in {self.zones.get(tightest.zone, tightest.zone)}, with "
                f"{_room(tightest) / 1_000:g} to spare."
            )
            yield from self._without_watch(change, tightest)

    def _without_watch(self, change: PhaseChange, day: Day) -> Iterator[str]:
        """Whose word the day rests on, and whether the run would hold without it."""
        decisive = DayInQuestion(self.monitor, day.zone, day.day).decisive()
        if decisive is None:
            yield "No report that is left out would make that day anything but quiet: it rests on the assumption of watch."
            return
        failed = list(self.monitor.deciding.history.failed(day.zone))
        failed[day.day] = DayInQuestion(self.monitor, day.zone, day.day).without(decisive.reports)
        last = (change.effective_at - self.terms.d_hour_s) // DAY - 1
        holds = run_start(failed, last, self.terms.gate) is not None
        then = "the run would be complete all the same" if holds else "the run would not be complete"
        these = "this report" if len(decisive.reports) == 1 else f"these {words.counted(len(decisive.reports))} reports"
        yield f"Without {these} that day would have been {decisive.outcome}, and {then}:"
        yield from self.reports(decisive.reports)

    def _expired(self, change: PhaseChange) -> Iterator[str]:
        ends = self.terms.ends
        assert ends.renewed_every_hours is not None
        ran_out_s = change.effective_at - ends.renewal_grace_hours * HOUR
        parties = words.listed([self.party(party) for party in ends.renewed_by], "and")
        yield f"Why: it held for {ends.renewed_every_hours} hours at a time, and then had to be renewed by {parties}."
        grace = f"the {ends.renewal_grace_hours} hours of grace that followed"
        yield f"It ran out on {self.when(ran_out_s)}, and was not renewed in {grace}. What was said of it last:"
        told = sorted(self.monitor.present.declarations.values(), key=lambda d: (d.at, d.party, d.declares, d.until or 0))
        last = [d for d in told if d.declares == "extends"]
        for declaration in last[-4:]:
            yield f"    {self.when(declaration.at)}  {self.party(declaration.party)} extended it"
        if not last:
            yield "    Nobody ever extended it."
        missing = [Declaration(ran_out_s, party, "extends", None) for party in ends.renewed_by]
        had = runs_out(ends, self.terms.d_hour_s, sorted([*told, *missing], key=lambda d: d.at))
        if had is not None and had > change.effective_at:
            yield (
                f"What decided it is a silence, and no report. Had {parties} renewed it by {self.when(change.effective_at)}, "
                f"it would have gone on until {self.when(had)} at least."
            )
            for party in ends.renewed_by if len(ends.renewed_by) > 1 else ():
                alone = [Declaration(ran_out_s, party, "extends", None)]
                until = runs_out(ends, self.terms.d_hour_s, sorted([*told, *alone], key=lambda d: d.at))
                if until == change.effective_at:
                    yield f"    The word of {self.party(party)} alone would not have been enough."

    def _words_of(self, change: PhaseChange, declared: tuple[str, ...]) -> Iterator[str]:
        """The reports of the declaration that it rests on; without them it would not be."""
        picture = self.monitor.present
        keys = [
            key
            for key, said in sorted(picture.declarations.items())
            if said.declares in declared and said.at == change.effective_at
        ]
        if keys:
            word = "this report is" if len(keys) == 1 else f"these {len(keys)} reports are"
            yield f"What decided it: {word} the declaration, and without it there would be no such change."
            yield from self.reports(keys)


def _room(day: Day) -> int:
    """How much more the day could have held, in thousandths."""
    assert day.limit is not None
    high = getattr(day.measures, day.metric).high
    return day.limit - (high if day.metric == "severity" else high * 1_000)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _hours(seconds: int) -> str:
    return "an hour" if seconds == HOUR else f"{seconds // HOUR} hours" if seconds >= HOUR else f"{seconds // 60} minutes"


def tell(found: OfChange | OfDay) -> Iterator[str]:
    """Of a change of phase or a day whose state is at hand."""
    assert found.monitor is not None
    teller = Teller(found.monitor)
    return teller.change(found.change) if isinstance(found, OfChange) else teller.day(found.day)


__all__ = ["Teller", "tell"]
