"""What the public topics say, folded into one picture per truce.

Pure: messages in, picture out; no Kafka and no clock. A message that this version cannot read is counted and never
guessed at. Each fold says which part of which truce is another now, so that readers are told what to look at again.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from schemas.facts import Day, Incident, Level, PhaseChange, PublicTerms
from schemas.reasons import WHOLE, ChangeKind, Outcome, Phase
from schemas.topics import DAYS, INCIDENTS, LEVELS, PHASES, PUBLIC_TERMS

TYPES: dict[str, Any] = {PUBLIC_TERMS: PublicTerms, PHASES: PhaseChange, DAYS: Day, LEVELS: Level, INCIDENTS: Incident}
"""The public topics and what they hold. Nothing else is ever read here."""

SETTLED = frozenset({Outcome.VIOLENT, Outcome.DENIED, Outcome.CONTESTED, Outcome.UNKNOWN, Outcome.QUIET})

_decoders = {topic: msgspec.json.Decoder(type).decode for topic, type in TYPES.items()}


class Change(NamedTuple):
    """A part of a truce's picture that is another now; `part` is the topic's last name: terms, phases, days, …"""

    truce: str
    part: str


class TruceView:
    """One truce as readers see it. `terms` are those in force at its clock."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.version = 0
        self.versions_of_terms: dict[str, PublicTerms] = {}
        self.changes: list[PhaseChange] = []
        self.days: dict[tuple[str, int], Day] = {}
        self.levels: dict[str, Level] = {}
        self.incidents: dict[str, Incident] = {}
        # In order once somebody has asked for it.
        self._by_time: list[tuple[int, str]] | None = None
        self.outcomes_before: dict[tuple[str, int], Outcome] = {}
        """By zone and day: a settled outcome that readers were once told and that holds no longer."""

    @property
    def clock_s(self) -> int | None:
        """The end of the hour that the truce's clock is in."""
        return max((level.hour_ends for level in self.levels.values()), default=None)

    @property
    def terms(self) -> PublicTerms | None:
        """Those that govern the present; before any do, the first."""
        ordered = sorted(self.versions_of_terms.values(), key=lambda terms: (terms.correct, terms.effective_from))
        clock = self.clock_s
        governing = [terms for terms in ordered if clock is not None and terms.effective_from <= clock]
        return next(iter((*reversed(governing), *ordered)), None)

    @property
    def values(self) -> dict[str, Any]:
        """The terms as plain values; empty before there are any."""
        return {} if self.terms is None else self.terms.terms

    @property
    def name(self) -> str:
        return self.values.get("truce", {}).get("name", self.id)

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.values.get("truce", {}).get("time_zone", "UTC"))

    @property
    def zones(self) -> dict[str, dict[str, Any]]:
        """Terms of each zone by id: first the gated ones, the whole last of its kind."""
        listed = [*self.values.get("zones", []), {"id": WHOLE, "name": WHOLE, **self.values.get("whole", {})}]
        return {zone["id"]: zone for zone in sorted(listed, key=lambda zone: not zone.get("gated"))}

    @property
    def gated(self) -> list[str]:
        return [id for id, zone in self.zones.items() if zone.get("gated")]

    @property
    def voided(self) -> dict[str, str]:
        """Ids of changes of phase that no longer hold, each with the id of the one that says so."""
        return {change.supersedes: change.id for change in self.changes if change.supersedes is not None}

    @property
    def standing(self) -> list[PhaseChange]:
        """The changes of phase that hold, in the order of their effect."""
        voided = self.voided
        holding = [c for c in self.changes if c.kind is not ChangeKind.VOID and c.id not in voided]
        return sorted(holding, key=lambda change: (change.effective_at, change.sequence))

    def phase(self, zone: str = WHOLE) -> Phase:
        of_zone = [change.after for change in self.standing if change.zone in (zone, WHOLE)]
        return of_zone[-1] if of_zone else Phase.ANNOUNCED

    def days_of(self, zone: str) -> list[Day]:
        """From the first to the last."""
        return [self.days[key] for key in sorted(key for key in self.days if key[0] == zone)]

    def last_settled(self, zone: str) -> Day | None:
        return next((day for day in reversed(self.days_of(zone)) if day.outcome in SETTLED), None)

    def newest(self) -> Iterator[Incident]:
        """Incidents, newest first; those withdrawn, which have no time any more, last."""
        return (self.incidents[id] for _, id in self._in_time())

    def since(self, at_s: int) -> Iterator[Incident]:
        """Those that began at this time or later, newest first."""
        ordered = self._in_time()
        return (self.incidents[id] for _, id in ordered[: bisect_right(ordered, (-at_s, "\uffff"))])

    def _in_time(self) -> list[tuple[int, str]]:
        if self._by_time is None:
            self._by_time = sorted(map(_newest_first, self.incidents.values()))
        return self._by_time

    def take(self, topic: str, key: str, value: Any) -> None:
        """A decoded message; None deletes what stands under its key."""
        if topic == PHASES:
            if value.id not in {change.id for change in self.changes}:
                self.changes.append(value)
                for day in value.ledger:
                    self._told(day)
        elif topic == PUBLIC_TERMS:
            self.versions_of_terms[value.hash] = value
        elif topic == LEVELS:
            self.levels[value.zone] = value
        elif topic == INCIDENTS:
            before = self.incidents.pop(key, None)
            if before is not None and self._by_time is not None:
                del self._by_time[bisect_left(self._by_time, _newest_first(before))]
            if value is not None:
                self.incidents[key] = value
                if self._by_time is not None:
                    insort(self._by_time, _newest_first(value))
        elif value is not None:
            before = self.days.get((value.zone, value.day))
            self.days[value.zone, value.day] = value
            if before is not None:
                self._told(before)
            else:
                for change in self.changes:
                    for day in change.ledger:
                        self._told(day)

    def _told(self, earlier: Day) -> None:
        """Note an outcome that was told before, where the day has another now."""
        key = earlier.zone, earlier.day
        now = self.days.get(key)
        if now is None or earlier.outcome not in SETTLED:
            return
        if now.outcome is not earlier.outcome:
            self.outcomes_before[key] = earlier.outcome
        elif self.outcomes_before.get(key) is now.outcome:
            del self.outcomes_before[key]


def _newest_first(incident: Incident) -> tuple[int, str]:
    return (1 if incident.starts is None else -incident.starts, incident.id)


class View:
    """All truces. `unreadable` counts messages that this version cannot read."""

    def __init__(self) -> None:
        self.truces: dict[str, TruceView] = {}
        self.unreadable = 0
        self.version = 0
        self._truce_of: dict[str, str] = {}

    def take(self, topic: str, key: str, value: bytes | None) -> Change | None:
        """Fold one message of a public topic. What is another now; None where nothing is."""
        try:
            body = None if value is None else _decoders[topic](value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.unreadable += 1
            return None
        if body is None:
            # Only incidents are ever deleted: one that came and went between two ticks.
            truce = self._truce_of.pop(key, None)
        else:
            truce = body.truce
            if topic == INCIDENTS:
                self._truce_of[key] = truce
        if truce is None:
            return None
        view = self.truces.get(truce)
        if view is None:
            view = self.truces[truce] = TruceView(truce)
        self.version += 1
        view.take(topic, key, body)
        view.version = self.version
        return Change(truce, "terms" if topic == PUBLIC_TERMS else topic.rpartition(".")[2])

    def take_all(self, messages: Iterable[tuple[str, str, bytes | None]]) -> Iterator[Change]:
        for topic, key, value in messages:
            change = self.take(topic, key, value)
            if change is not None:
                yield change

    def listed(self) -> list[TruceView]:
        """Those whose terms are known, newest first; a truce without terms has no name and no limits yet."""
        known = [truce for truce in self.truces.values() if truce.terms is not None]
        return sorted(known, key=lambda truce: (-(truce.clock_s or 0), truce.id))


__all__ = ["SETTLED", "TYPES", "Change", "TruceView", "View"]
