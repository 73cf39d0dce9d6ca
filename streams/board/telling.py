"""What a message means, in sentences: for the page, the report, and whoever listens to the page."""

from datetime import datetime

from schemas.facts import Bulletin, Day, Disagreement, Incident, Interval, Level, PhaseChange
from schemas.reasons import WHOLE, ChangeKind, Condition, Metric, Phase, Scope
from streams.board.figures import Times, amount, clean, interval, thousandths
from streams.board.view import TruceView
from streams.board.words import Words

KM = 1_000
ZONES_NAMED_MAX = 3
DAY_S = 86_400


class Telling:
    """One truce in one language."""

    def __init__(self, truce: TruceView, words: Words) -> None:
        self.truce = truce
        self.words = words
        self.times = Times(truce.time_zone, words)
        self.zone_names = {id: self._zone_name(zone) for id, zone in truce.zones.items()}
        self.areas = {area: clean(name) for area, name in truce.values.get("access", {}).get("areas", {}).items()}
        self.gate = truce.values.get("gate", {})

    @property
    def d_hour_s(self) -> int:
        stated = self.truce.values.get("truce", {}).get("d_hour")
        return 0 if stated is None else int(datetime.fromisoformat(stated).timestamp())

    @property
    def day_numbers(self) -> list[int]:
        """Days from D-hour on, of any zone."""
        return sorted({number for _, number in self.truce.days if number >= 0})

    @property
    def settled_numbers(self) -> list[int]:
        return sorted({number for (_, number), day in self.truce.days.items() if number >= 0 and day.watched is not None})

    @property
    def assumed(self) -> int:
        """How many sources are taken to have watched throughout."""
        return max((level.assumed for level in self.truce.levels.values()), default=0)

    @property
    def disagreements(self) -> list[tuple[str, Disagreement]]:
        """By zone, those first that disagree most; zones in which nobody can be compared last."""
        told = [(zone, level.disagreement) for zone, level in self.truce.levels.items() if level.disagreement is not None]
        return sorted(told, key=lambda entry: (-1 if entry[1].index is None else entry[1].index, entry[0]), reverse=True)

    def bulletins(self, week: Disagreement) -> list[tuple[str, list[Bulletin], float | None]]:
        """Counts stated for one period, side by side, and how far they differ at the least: of two counts the incidents that
        both tell of are no more than the smaller one. Per cent; None for one that stands alone."""
        periods: dict[tuple[int, int], list[Bulletin]] = {}
        for bulletin in week.bulletins:
            periods.setdefault((bulletin.starts, bulletin.ends), []).append(bulletin)
        found = []
        for (starts, ends), told in periods.items():
            most, least = max(b.count for b in told), min(b.count for b in told)
            rivals = len({b.by for b in told}) > 1
            apart = (1_000 * (most - least) // most if most else 0) / 10 if rivals else None
            found.append((self.words("to", self.times.local(starts), self.times.local(ends)), told, apart))
        return found

    def last_change(self, zone: str) -> PhaseChange | None:
        """The one that put a zone, or the whole, where it stands."""
        return next((change for change in reversed(self.truce.standing) if change.zone in (zone, WHOLE)), None)

    def changes_on(self, number: int) -> list[PhaseChange]:
        """Changes that hold and take effect on a day."""
        starts = self.d_hour_s + number * DAY_S
        return [change for change in self.truce.standing if starts <= change.effective_at < starts + DAY_S]

    def level(self, level: Level) -> Interval:
        """In the metric of the zone's threshold."""
        return getattr(level.measures, level.metric)

    def actors(self, incident: Incident) -> str:
        return self.words.joined([self._actor(by) for by in incident.by])

    def heard(self, day: Day) -> str:
        """ "Aleppo, day 3: 62 % of the day; independent 2"."""
        enough = self.words("not_enough" if Condition.NOT_WATCHED in day.failed else "enough")
        where = f"{self.zone_name(day.zone)}, {self.words('day_number', day.day + 1)}"
        return self.words.joined([where, f"{self.watched(day)} ({enough})", self.sides(day.heard or {}) or self.words("nobody")])

    def zone_name(self, zone: str) -> str:
        return self.zone_names.get(zone, zone)

    def phase_name(self, phase: Phase | str) -> str:
        """As the agreement calls it, where the terms say so; that name is not ours to translate."""
        own = self.truce.values.get("truce", {}).get("phase_names", {}).get(phase)
        ordinary = own is None or own.replace(" ", "_").casefold() == phase
        return self.words.of("phase", phase) if ordinary else clean(own)

    def why(self, day: Day) -> str:
        """Everything that kept a day from being quiet."""
        return self.words.joined([self._condition(condition, day) for condition in day.failed])

    def violence(self, day: Day) -> str:
        metric = self.words(f"metric_{day.metric}")
        return f"{interval(getattr(day.measures, day.metric), day.metric, self.words)} ({metric})"

    def people(self, found: Interval | None) -> str:
        """Killed or injured. Where somebody said "dozens" the high is the limit of the terms, and nobody's number."""
        if found is None:
            return self.words("not_known")
        if found.low < found.high == self.truce.values.get("limits", {}).get("casualties_max"):
            return self.words("or_more", amount(found.low, Metric.KILLED), amount(found.best, Metric.KILLED))
        return interval(found, Metric.KILLED, self.words)

    def limit(self, day: Day) -> str:
        return self.words("no_limit") if day.limit is None else thousandths(day.limit)

    def watched(self, day: Day) -> str:
        """ "62 % of the day", to a tenth."""
        return self.words("percent_of_day", f"{(day.watched or 0) / 10:g}")

    def sides(self, counts: dict[str, int]) -> str:
        """ "independent 2, government 1", as the message has it."""
        return self.words.listed(f"{self.words.of('side', side)} {count}" for side, count in sorted(counts.items()))

    def access(self, day: Day) -> str:
        states = [f"{self.areas.get(area, area)}: {self.words.of('state', state)}" for area, state in sorted(day.access.items())]
        return self.words.joined(states)

    def amended(self, day: Day) -> str | None:
        before = self.truce.outcomes_before.get((day.zone, day.day))
        return None if before is None else self.words("amended", self.words.of("outcome", before))

    def day(self, day: Day) -> str:
        """The whole of a day in one line, for those who hear the page, and for a page without a server."""
        words = self.words
        said = [
            f"{self.zone_name(day.zone)}, {words('day_number', day.day + 1)}, {self.times.local(day.starts)}",
            words.of("outcome", day.outcome) + (f" ({self.why(day)})" if day.failed else ""),
            f"{words('measure')}: {self.violence(day)}",
            f"{words('limit')}: {self.limit(day)}",
        ]
        if day.watched is not None:
            said.append(f"{words('watched_share')}: {self.watched(day)}")
        if day.heard is not None:
            said.append(f"{words('heard_from')}: {self.sides(day.heard) or words('nobody')}")
        if day.access:
            said.append(self.access(day))
        if day.tallied:
            said.append(f"{words('bulletins')}: {words.listed(map(str, day.tallied))}")
        amended = self.amended(day)
        return words.joined(said + ([amended] if amended else []))

    def change(self, change: PhaseChange) -> str:
        """ "In force → Ended: nobody renewed it in time"."""
        words = self.words
        before, after = self.phase_name(change.before), self.phase_name(change.after)
        if change.kind is ChangeKind.WITHDRAWN:
            moved = words("withdrew")
        elif change.kind is ChangeKind.VOID:
            # A void goes back: what it takes back went from its `after` to its `before`.
            moved = words("takes_back", after, before)
        elif change.kind is ChangeKind.WAIVER:
            moved = f"{words('waived')}: {words('moves', before, after)}"
        else:
            moved = words("moves", before, after)
        zone = "" if change.zone == WHOLE else f"{self.zone_name(change.zone)}: "
        reason = "" if change.kind is ChangeKind.WITHDRAWN else f": {words.of('reason', change.reason)}"
        return f"{zone}{moved}{reason}"

    def what(self, incident: Incident) -> str:
        """ "attack, mortar"."""
        kind = self.words.of("kind", incident.kind)
        if incident.weapon is None or (incident.weapon == "undetermined" and incident.kind != "attack"):
            return kind
        return self.words.listed([kind, self.words.of("weapon", incident.weapon)])

    def where(self, incident: Incident) -> str:
        """ "Urum al-Kubra, Aleppo": the place, and the zone or zones that it may be in."""
        certain, possible = ([z for z in zones if z != WHOLE] for zones in (incident.certain, incident.possible))
        zones = [self.zone_name(zone) for zone in (certain or possible)[:ZONES_NAMED_MAX]]
        named = self.words.listed(filter(None, (clean(incident.place or ""), f" {self.words('or')} ".join(zones))))
        return named or self.words("whole")

    def located(self, incident: Incident) -> str:
        """ "from a place and its province, within 3 km"."""
        radius_m = incident.radius_m or 0
        within = self.words("within_m", radius_m) if radius_m < KM else self.words("within", f"{radius_m / KM:.3g}")
        return self.words.listed([self.words.of("method", incident.method), within])

    def when(self, incident: Incident) -> str:
        starts, ends = incident.starts or 0, incident.ends or 0
        if starts == ends:
            return self.times.both(starts)
        return self.words("to", self.times.local(starts), self.times.local(ends))

    def told_by(self, incident: Incident) -> str:
        return self.words("sources_count", sum(incident.told_by.values()), self.sides(incident.told_by), incident.reports)

    def notes(self, incident: Incident) -> list[str]:
        """What a reader must know before quoting it."""
        words = self.words
        notes = [words("disputed")] if incident.disputed else []
        if incident.scope is Scope.OUT_OF_SCOPE:
            notes.append(words("out_of_scope"))
        elif incident.scope is Scope.DISPUTED:
            notes.append(words("scope_disputed"))
        return notes + ([words("not_counted")] if incident.counted is False else [])

    def _condition(self, condition: Condition, day: Day) -> str:
        said = self.words.of("condition", condition)
        state = {Condition.DENIED: "denied", Condition.ACCESS_NOT_REPORTED: "unreported"}.get(condition)
        areas = [self.areas.get(area, area) for area, is_ in sorted(day.access.items()) if is_ == state]
        return f"{said} ({self.words.listed(areas)})" if areas else said

    def _actor(self, id: str) -> str:
        known = next((actor for actor in self.truce.values.get("actors", []) if actor["id"] == id), {})
        arabic = next((name for name in known.get("names", ()) if is_arabic(name)), None)
        return clean(arabic if arabic is not None and self.words.language == "ar" else id.replace("_", " "))

    def _zone_name(self, zone: dict) -> str:
        if zone["id"] == WHOLE:
            return self.words("whole")
        if self.words.language == "ar":
            return next((clean(name) for name in zone.get("names", ()) if is_arabic(name)), clean(zone["name"]))
        return clean(zone["name"])


def is_arabic(text: str) -> bool:
    return any("\u0600" <= letter <= "\u06ff" for letter in text)


__all__ = ["Telling"]
