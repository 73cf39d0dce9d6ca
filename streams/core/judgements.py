"""What is said of incidents afterwards: acknowledgements, denials, and findings of a body that looked into it.

None of them is ever forgotten while its report is live, whatever becomes of the grouping: each follows the report it
speaks of to wherever that is told now. A denial only marks: the accused cannot take an incident out of the count. Only a
finding can, and only of an independent source that terms trust for it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from schemas.facts import Report
from schemas.reasons import ReportType, Side, Trust
from streams.core.incident import Incident
from streams.core.terms import Source, Terms

Key = tuple[str, str]
"""Source as received (case folded) and report id."""


class Judgement(NamedTuple):
    """Somebody acknowledges, denies or judges an incident, named by one of its reports or by its id."""

    type: ReportType
    lineage: str
    side: str
    party: str | None
    trusted: bool
    about: Key | str


class Said(NamedTuple):
    """What stands of one incident: admissions by lineage of the side that did it, and how many denials and findings."""

    admissions: tuple[tuple[str, int], ...] = ()
    denials: int = 0
    findings: int = 0


class Judgements:
    """Those that are live, and what they come to."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._all: dict[Key, Judgement] = {}
        self._said: dict[str, Said] = {}
        self.moved = False
        """Whether one came or went since they were last attached."""

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, key: Key, report: Report, lineage: str, side: str, known: Source | None, about: Key | str) -> None:
        trusted = known is not None and Trust.FINDING in known.trusted and known.side == Side.INDEPENDENT
        self._all[key] = Judgement(report.type, lineage, side, None if known is None else known.party, trusted, about)
        self.moved = True

    def remove(self, key: Key) -> None:
        if self._all.pop(key, None) is not None:
            self.moved = True

    def forget(self, key: Key) -> None:
        """Let go of one that speaks of a closed day: what it came to stays."""
        self._all.pop(key, None)

    def about(self, key: Key) -> Key | str | None:
        """What a report speaks of, if it is one of them."""
        judgement = self._all.get(key)
        return None if judgement is None else judgement.about

    def attach(self, spoken_of: Callable[[Key | str], Incident | None], incidents: dict[str, Incident]) -> Iterable[Incident]:
        """Tell every incident what stands of it now; gives those for which that is news."""
        self.moved = False
        told: dict[str, list[Judgement]] = {}
        for key in sorted(self._all):
            incident = spoken_of(self._all[key].about)
            if incident is not None:
                told.setdefault(incident.id, []).append(self._all[key])
        said = {incident_id: self._sum(judgements, incidents[incident_id]) for incident_id, judgements in told.items()}
        before, self._said = self._said, said
        for incident_id in before.keys() | said.keys():
            incident = incidents.get(incident_id)
            now = said.get(incident_id, Said())
            if incident is not None and (incident.admissions, incident.denials, incident.findings) != now:
                incident.admissions, incident.denials, incident.findings = now
                yield incident

    def of(self, incident_id: str, spoken_of: Callable[[Key | str], Incident | None]) -> list[Key]:
        """Keys of those that speak of an incident."""
        told = ((key, spoken_of(judgement.about)) for key, judgement in self._all.items())
        return sorted(key for key, incident in told if incident is not None and incident.id == incident_id)

    def _sum(self, judgements: list[Judgement], incident: Incident) -> Said:
        admissions = Counter(
            one.lineage for one in judgements if one.type is ReportType.ACKNOWLEDGEMENT and self._did_it(one, incident)
        )
        return Said(
            tuple(sorted(admissions.items())),
            sum(one.type is ReportType.DENIAL for one in judgements),
            sum(one.type is ReportType.FINDING and one.trusted for one in judgements),
        )

    def _did_it(self, judgement: Judgement, incident: Incident) -> bool:
        """Only who did it can admit it: the side of an attacker that is named, or the party that answers for it."""
        for name in incident.testimony.by:
            actor = self._terms.actor_by_id.get(name)
            if actor is None:
                continue
            if judgement.party is not None and actor.party == judgement.party:
                return True
            if actor.side == judgement.side and judgement.side in self._terms.opposed:
                return True
        return False


__all__ = ["Judgements", "Key"]
