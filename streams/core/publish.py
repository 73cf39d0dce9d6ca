"""What readers are shown: bodies of incidents, days and levels, and the bookkeeping of what they have seen.

Public bodies carry counts of lineages per side and never a source's name or a report's id; those stand in the restricted
evidence.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import takewhile
from operator import itemgetter

import msgspec
from msgspec import Raw, Struct

from schemas.facts import Between, Bulletin, Cut, Day, Disagreement, Evidence, EvidenceReport, Fact, Level, Measures
from schemas.facts import Incident as IncidentBody
from schemas.facts import Interval as IntervalBody
from schemas.reasons import UNLISTED, Condition, Outcome, Phase
from schemas.topics import DAYS, EVIDENCE, INCIDENTS, LEVELS, PUBLIC_TERMS
from streams.core.chain import BODY_MAX
from streams.core.claims import Account
from streams.core.disagreement import Week
from streams.core.gate import outcome
from streams.core.incident import Incident
from streams.core.picture import Picture
from streams.core.public_terms import pseudonym, public_terms
from streams.core.settlement import SettledDay
from streams.core.tallies import Tally
from streams.core.terms import Terms

_encode = msgspec.json.Encoder().encode
_CONDITIONS = list(Condition)
_LAST = itemgetter(-1)
PAIRS_MAX = BULLETINS_MAX = 20
"""Pairs of lineages, and counts of bulletins, that a level lists."""


class Readers:
    """What readers of incidents have seen, so that what is no more is withdrawn, with a pointer to its successor.

    An incident that was there at a tick is withdrawn by a value that stays; one that came and went between two ticks is
    deleted, or withdrawn as it was before, so that neither the order of reports between ticks nor the cut of the batches
    shows anywhere.
    """

    def __init__(self, truce: str) -> None:
        self._truce = truce
        self._due: dict[str, Picture] = {}
        self._gone: dict[str, tuple[Picture, Account]] = {}
        # Of those that are gone: by the incident that each was seen to lead to (None: to none), and those to look at again.
        self._leading: dict[str | None, set[str]] = {}
        self._moved: set[str] = set()
        self._fresh: set[str] = set()
        self._stood: set[str] = set()
        self._published: set[str] = set()
        self._pointers: dict[str, str | None] = {}
        # Withdrawn for good: those that readers have still to be told of, and those since the last tick.
        self._final: dict[str, str | None] = {}
        self._ended: dict[str, str | None] = {}
        # In the order of the ticks since which they are, so that the oldest are found without a look at all.
        self._withdrawn: dict[str, tuple[str | None, int]] = {}

    def tell_anew(self, pictures: Sequence[Picture], governs: Callable[[Picture, Account], bool]) -> None:
        """Terms changed: every incident is compared, before a report changes what the new picture makes of it."""
        self._absorb(pictures, governs)
        self._compare(pictures, governs)

    def tick(self, pictures: Sequence[Picture], governs: Callable[[Picture, Account], bool], now_s: int) -> None:
        """What is there now has stood at a tick; what is gone has its successor for good."""
        self._absorb(pictures, governs)
        self._stood |= self._fresh
        for incident in self._fresh:
            self._withdrawn.pop(incident, None)
        self._fresh.clear()
        for incident in [incident for incident in self._gone if incident in self._stood]:
            self._let_go(incident, _successor(*self._gone.pop(incident)))
        self._leading.clear()
        for incident, successor in self._ended.items():
            self._withdrawn.pop(incident, None)
            self._withdrawn[incident] = successor, now_s
        self._ended.clear()

    def incidents(self, pictures: Sequence[Picture], governs: Callable[[Picture, Account], bool]) -> Iterator[Fact]:
        """New values of incidents and of their evidence."""
        for incident, told in self._take_news(pictures, governs):
            if isinstance(told, Picture):
                yield Fact(INCIDENTS, incident, _encode(incident_body(told, told.incidents[incident])))
                yield _evidence_as_fact(told, incident)
            else:
                yield Fact(INCIDENTS, incident, None if told is None else _encode(told))
                yield Fact(EVIDENCE, incident, None)

    def pass_over(self, pictures: Sequence[Picture], governs: Callable[[Picture, Account], bool]) -> None:
        """Readers have seen all that is new."""
        for _ in self._take_news(pictures, governs):
            pass

    def _take_news(
        self, pictures: Sequence[Picture], governs: Callable[[Picture, Account], bool]
    ) -> Iterator[tuple[str, Picture | IncidentBody | None]]:
        """Incidents that are other than readers know them: of those that live the picture, of those withdrawn the body; None for
        those that are to be deleted."""
        self._absorb(pictures, governs)
        due, self._due = self._due, {}
        for incident in sorted(due):
            self._published.add(incident)
            self._pointers.pop(incident, None)
            yield incident, due[incident]
        final, self._final = self._final, {}
        for incident in sorted(final):
            yield from self._withdraw(incident, final[incident])
            # It will not point anywhere else, so nothing of it need be remembered.
            self._pointers.pop(incident, None)
        moved, self._moved = self._moved | self._leading.pop(None, set()), set()
        for incident in sorted(moved & self._gone.keys()):
            if incident in self._stood:
                successor = _successor(*self._gone[incident])
                self._leading.setdefault(successor, set()).add(incident)
                yield from self._withdraw(incident, successor)
                continue
            del self._gone[incident]
            if incident in self._withdrawn:
                yield from self._withdraw(incident, self._withdrawn[incident][0])
            elif incident in self._published:
                self._published.discard(incident)
                yield incident, None

    def withdrawn(self) -> list[tuple[str, str | None, int]]:
        """For a base: what is withdrawn for good, its successor, and the tick since which it is."""
        return [(incident, *self._withdrawn[incident]) for incident in sorted(self._withdrawn)]

    def restore(self, withdrawn: Iterable[tuple[str, str | None, int]]) -> None:
        self._withdrawn = {incident: (successor, at_s) for incident, successor, at_s in sorted(withdrawn, key=_LAST)}
        self._pointers = {incident: successor for incident, (successor, _) in self._withdrawn.items()}

    def forget(self, incidents: Iterable[str], before_s: int) -> None:
        """These can no longer change, and nothing that was withdrawn before comes back."""
        old = [incident for incident, _ in takewhile(lambda one: one[1][1] < before_s, self._withdrawn.items())]
        for incident in old:
            del self._withdrawn[incident]
        for incident in [*incidents, *old]:
            self._fresh.discard(incident)
            self._stood.discard(incident)
            self._published.discard(incident)
            self._pointers.pop(incident, None)

    def _withdraw(self, incident: str, successor: str | None) -> Iterator[tuple[str, IncidentBody]]:
        if incident in self._pointers and self._pointers[incident] == successor:
            return
        self._pointers[incident] = successor
        self._published.discard(incident)
        yield incident, IncidentBody(incident, self._truce, "withdrawn", superseded_by=successor)

    def _absorb(self, pictures: Sequence[Picture], governs: Callable[[Picture, Account], bool]) -> None:
        for picture in pictures:
            changed, gone = picture.take_changes()
            # Who told of something that is gone is told in an incident that is other than before, and leaves one that is.
            for incident in self._leading.keys() & (changed | gone.keys()):
                self._moved |= self._leading.pop(incident)
            for incident, anchor in gone.items():
                if governs(picture, anchor) and self._due.get(incident, picture) is picture:
                    self._let_vanish(incident, picture, anchor)
            for incident in changed:
                anchor = picture.incidents[incident].anchor
                if governs(picture, anchor):
                    self._show(incident, picture)
                    continue
                # A revision may have moved it to a day that others govern, who know it by another id, or in another incident.
                other = next((one for one in pictures if governs(one, anchor)), None)
                if other is not None and incident not in other.incidents:
                    self._let_vanish(incident, other, anchor)

    def _let_vanish(self, incident: str, picture: Picture, anchor: Account) -> None:
        """It is no more. `picture`: of which it is asked where its anchor is told now."""
        self._due.pop(incident, None)
        self._fresh.discard(incident)
        self._gone[incident] = picture, anchor
        self._moved.add(incident)

    def _show(self, incident: str, picture: Picture) -> None:
        self._due[incident] = picture
        self._gone.pop(incident, None)
        self._final.pop(incident, None)
        self._ended.pop(incident, None)
        if incident not in self._stood:
            self._fresh.add(incident)

    def _compare(self, pictures: Sequence[Picture], governs: Callable[[Picture, Account], bool]) -> None:
        shown: set[str] = set()
        for picture in pictures:
            for incident, told in picture.incidents.items():
                if governs(picture, told.anchor):
                    shown.add(incident)
                    self._show(incident, picture)
        # What is gone has its own way out, and perhaps a successor.
        for incident in (self._published | self._stood | self._fresh) - shown - self._gone.keys():
            self._due.pop(incident, None)
            self._fresh.discard(incident)
            self._let_go(incident, None)

    def _let_go(self, incident: str, successor: str | None) -> None:
        self._final[incident] = self._ended[incident] = successor
        self._stood.discard(incident)


def _successor(picture: Picture, anchor: Account) -> str | None:
    """The incident in which the withdrawn one's anchor is told now."""
    told = picture.successor_of(anchor)
    return None if told is None else told.id


def incident_body(picture: Picture, incident: Incident) -> IncidentBody:
    """The public body of a live incident."""
    derived, anchor, circle = picture.derived[incident.id], incident.anchor, incident.anchor.circle
    return IncidentBody(
        id=incident.id,
        truce=picture.terms.truce.id,
        status="live",
        kind=anchor.kind,
        weapon=derived.weapon,
        starts=anchor.start,
        ends=anchor.end,
        time_precision=anchor.time_precision,
        lat=circle.lat,
        lon=circle.lon,
        radius_m=circle.radius_m,
        precision=circle.precision,
        method=circle.method,
        place=circle.place,
        certain=list(incident.placement.certain),
        possible=list(incident.placement.possible),
        killed=IntervalBody(*derived.killed),
        injured=IntervalBody(*derived.injured),
        who=derived.who,
        severity=IntervalBody(*derived.severity),
        grade=derived.grade,
        scope=derived.scope,
        counted=incident.counted,
        disputed=incident.denials > 0,
        discounted=incident.findings > 0,
        by=[actor for actor in derived.by if actor in picture.terms.actor_by_id],
        told_by=derived.told_by,
        reports=incident.reports,
        reports_digest=f"{incident.reports_digest:032x}",
    )


def evidence(picture: Picture, incident_id: str, listed_max: int | None) -> Evidence:
    """Which reports make up an incident: the first in canonical order, or (None) all."""
    incident = picture.incidents[incident_id]
    return Evidence(
        id=incident_id,
        truce=picture.terms.truce.id,
        count=incident.reports,
        digest=f"{incident.reports_digest:032x}",
        reports=[EvidenceReport(a.source_name, a.report_id) for a in incident.first_accounts(listed_max)],
    )


def _evidence_as_fact(picture: Picture, incident_id: str) -> Fact:
    """As many reports as terms list and a message may hold: whoever reports chooses how long their names are."""
    listed = picture.terms.limits.listed_max
    while len(body := _encode(evidence(picture, incident_id, listed))) > BODY_MAX:
        listed //= 2
    return Fact(EVIDENCE, incident_id, body)


def written(part: Struct) -> Raw:
    """A part that many bodies have alike, written out once."""
    return Raw(_encode(part))


def cut(ids: Sequence[str], listed: int) -> Cut:
    """The first of a list, with count and digest of the whole."""
    return Cut(len(ids), blake2b("\n".join(ids).encode(), digest_size=16).hexdigest(), list(ids[:listed]))


def day(
    terms: Terms,
    zone: str,
    number: int,
    span: tuple[int, int],
    measures: Measures,
    limit: int | None,
    settled: SettledDay | None,
    is_void: bool,
    incidents: Raw | None,
    blocking: Sequence[str] | None,
    tallied: Sequence[int],
    assumed: int,
    listed: int,
    week: Measures,
    disagreement: int | None,
) -> Day:
    """The public body of a day. Coverage is shown for settled days only: where nobody watches now is nobody's business.

    `incidents`: a cut list of them, `written`.
    """
    if number < 0:
        result = Outcome.BEFORE
    elif is_void:
        result = Outcome.VOID
    elif settled is None:
        result = Outcome.PENDING
    else:
        result = outcome(settled.failed)
    failed = settled.failed if settled is not None and not is_void else frozenset()
    return Day(
        truce=terms.truce.id,
        zone=zone,
        day=number,
        starts=span[0],
        ends=span[1],
        measures=measures,
        metric=terms.thresholds[zone].metric,
        limit=limit,
        outcome=result,
        failed=[condition for condition in _CONDITIONS if condition in failed] if failed else [],
        watched=settled.view.watched if settled is not None else None,
        heard=settled.view.heard if settled is not None else None,
        access=settled.view.access if settled is not None else {},
        incidents=incidents,
        blocked_by=cut(blocking, listed) if blocking is not None else None,
        tallied=list(tallied)[:listed],
        assumed=assumed,
        week=week,
        disagreement=disagreement,
    )


def terms_as_fact(terms: Terms, effective_from_s: int, correct: bool) -> Fact:
    """Terms as readers may see them. Every version stays under a key of its own: changes of phase name it by its hash."""
    return Fact(PUBLIC_TERMS, f"{terms.truce.id}/{terms.hash}", _encode(public_terms(terms, effective_from_s, correct)))


def day_as_fact(body: Day) -> Fact:
    return Fact(DAYS, f"{body.truce}/{body.zone}/{body.day}", _encode(body))


def disagreement(week: Week, rivals: Sequence[Tally], terms: Terms) -> Disagreement:
    """A week of disagreement with pseudonyms in the place of lineages, those pairs first that have most to tell."""
    names = {name: pseudonym(name, terms.truce.salt) for pair in week.pairs for name in pair[:2]}
    ranked = []
    for pair in week.pairs:
        one, other, both, one_only, other_only = pair
        one, other = names[one], names[other]
        if one > other:
            one, other, one_only, other_only = other, one, other_only, one_only
        ranked.append((-(both + one_only + other_only), one, other, both, one_only, other_only, pair))
    ranked.sort()
    pairs = [Between(*shown, pair.index) for _, *shown, pair in ranked[:PAIRS_MAX]]
    bulletins = [Bulletin(_pseudonym(t.lineage, terms), t.start, t.end, t.count) for t in rivals[:BULLETINS_MAX]]
    return Disagreement(week.last_day, week.index, len(ranked), pairs, len(rivals), bulletins)


def _pseudonym(lineage: str, terms: Terms) -> str:
    return lineage if lineage == UNLISTED else pseudonym(lineage, terms.truce.salt)


def level_as_fact(
    terms: Terms,
    zone: str,
    hour_ends_s: int,
    measures: Measures,
    phase: Phase,
    streak: int,
    access_streaks: dict[str, int],
    assumed: int,
    week: Raw | None,
    head: str | None,
) -> Fact:
    """The rolling level of a zone. `week`: of disagreement, up to the last settled day, `written`. `head`: of the chain of
    changes."""
    body = Level(
        truce=terms.truce.id,
        zone=zone,
        hour_ends=hour_ends_s,
        measures=measures,
        metric=terms.thresholds[zone].metric,
        phase=phase,
        streak=streak,
        access_streaks=access_streaks,
        assumed=assumed,
        disagreement=week,
        head=head,
    )
    return Fact(LEVELS, level_key(terms, zone), _encode(body))


def level_key(terms: Terms, zone: str) -> str:
    return f"{terms.truce.id}/{zone}"


__all__ = ["Readers", "cut", "day", "day_as_fact", "evidence", "incident_body", "level_as_fact", "level_key", "terms_as_fact"]
