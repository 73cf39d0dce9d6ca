"""A second opinion: recompute outcomes, runs and phases from what is published, with the standard library alone.

    python -m schemas.verifier DIR

It shares no code with the program that decided. It reads four public files (or the topics of the same names), knows the
contract and the rules of the gate, and says where what was announced does not follow. Four steps: the chain of changes is
unbroken; every settled day comes to its outcome; runs of days give the phases; levels say the same, and name the last change,
so that a chain cut off at its end is noticed. What only the log can
show (that the days themselves are right, that a party did declare) `truce verify` shows, which reads the log.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

DAY_S = 86_400
WORST_FIRST = ("violent", "denied", "contested")
UNKNOWN = {"not_watched", "access_not_reported", "marker_stands", "no_baseline"}


FIELDS: dict[str, dict[str, type]] = {
    "phases": dict.fromkeys(("id", "truce", "zone", "kind", "before", "after", "terms"), str)
    | dict.fromkeys(("sequence", "effective_at"), int),
    "days": {"truce": str, "zone": str, "day": int, "measures": dict, "metric": str, "outcome": str},
    "levels": {"truce": str, "zone": str, "phase": str, "streak": int},
    "terms": {"truce": str, "hash": str, "terms": dict, "effective_from": int},
}
"""What every record has, and of which kind; the rest may be left out."""


class Verifier:
    """Takes the lines of phases (in order), days, levels and terms. `faults` is empty where everything follows."""

    def __init__(self, phases: Iterable[bytes], days: Iterable[bytes], levels: Iterable[bytes], terms: Iterable[bytes]) -> None:
        self.faults: list[str] = []
        self.counts = {"changes": 0, "days": 0, "levels": 0}
        self._raw = [(line, change) for line, change in self._objects(phases, "phases")]
        self._days: dict[str, dict[str, dict[int, dict]]] = {}
        for _, day in self._objects(days, "days"):
            self._days.setdefault(day["truce"], {}).setdefault(day["zone"], {})[day["day"]] = day
        self._levels = [level for _, level in self._objects(levels, "levels")]
        self._heads: dict[str, str] = {}
        self._terms: dict[str, dict] = {}
        self._hashes: set[str] = set()
        for _, published in sorted(self._objects(terms, "terms"), key=lambda found: found[1]["effective_from"]):
            self._terms[published["truce"]] = published["terms"]  # the newest governs the gate
            self._hashes.add(published["hash"])

    def check(self) -> None:
        standing = self._check_chain()
        for truce, terms in self._terms.items():
            changes = [change for change in standing if change["truce"] == truce]
            try:
                failed = {zone: self._check_days(truce, zone, terms) for zone in self._days.get(truce, {})}
                self._check_gate(truce, terms, failed, changes)
                self._check_levels(truce, terms, failed, changes)
            except (KeyError, TypeError, ValueError) as fault:
                # A value that the contract says is there, in the terms or in a day, is not.
                self.faults.append(f"{truce}: cannot be judged: {type(fault).__name__} {fault}")
        self.faults += [
            f"{truce}: there are no terms for it" for truce in sorted({c["truce"] for c in standing} - self._terms.keys())
        ]

    # -- 1: each change is bound to the one before it by the digest of its bytes

    def _check_chain(self) -> list[dict]:
        """Changes that stand, in order: those announced, less those that a later one supersedes."""
        heads: dict[str, tuple[int, str | None]] = {}
        announced: dict[str, dict] = {}
        for raw, change in self._raw:
            self.counts["changes"] += 1
            sequence, head = heads.get(change["truce"], (0, None))
            name = _name(change)
            if change["id"] in announced:
                self.faults.append(f"{name} is there twice")
                continue
            blank = re.sub(rb'^\{"id":"[0-9a-f]*"', b'{"id":""', raw)
            if sha256(blank).hexdigest()[:32] != change["id"]:
                self.faults.append(f"{name} was altered: its id is not the digest of its bytes")
            if change["sequence"] != sequence or change.get("previous") != head:
                self.faults.append(f"{name} does not follow on no. {sequence - 1}: one is missing, or out of order")
            if change["terms"] not in self._hashes:
                self.faults.append(f"{name} was decided by terms that are not published ({change['terms']})")
            heads[change["truce"]] = change["sequence"] + 1, change["id"]
            self._heads[change["truce"]] = change["id"]
            announced[change["id"]] = change
            undone = change.get("supersedes")
            if change["kind"] == "void" and announced.pop(undone, None) is None:
                self.faults.append(f"{name} takes back {undone}, which does not stand")
        return sorted((c for c in announced.values() if c["kind"] != "void"), key=lambda change: change["effective_at"])

    # -- 2: what a day came to

    def _check_days(self, truce: str, zone: str, terms: dict) -> list[set[str]]:
        """By settled day, from D-hour on: the conditions that failed."""
        days = self._days[truce][zone]
        failed: list[set[str]] = []
        while (day := days.get(len(failed))) is not None and day.get("watched") is not None:
            self.counts["days"] += 1
            said = set(day.get("failed", ()))
            is_void = day["outcome"] == "void"
            found = set(_conditions(day, terms))
            # More than follows now may stand: what makes a day better must hold for a while. Never less.
            if not is_void and not found <= said:
                self.faults.append(f"{truce}: day {day['day']} of {zone} does not say that it was {', '.join(found - said)}")
            worst = next((word for word in WORST_FIRST if word in said), "unknown" if said else "quiet")
            if not is_void and day["outcome"] != worst:
                self.faults.append(f"{truce}: day {day['day']} of {zone} is called {day['outcome']}, but comes to {worst}")
            failed.append(said)
        return failed

    # -- 3: runs of days, and the phases that follow

    def _check_gate(self, truce: str, terms: dict, failed: dict[str, list[set[str]]], standing: list[dict]) -> None:
        gated = _gated(terms)
        for subject in ["all"] if terms["gate"]["scope"] == "all" else gated:
            changes = [change for change in standing if change["zone"] == subject]
            zones = gated if subject == "all" and terms["gate"]["scope"] == "all" else [subject]
            expected = list(self._timeline(terms, [failed.get(zone, []) for zone in zones], changes))
            announced = [_identity(change) for change in changes]
            for identity in announced:
                if identity not in expected:
                    self.faults.append(f"{truce}: nothing that is published leads to {_said(subject, identity)}")
            for identity in expected:
                if identity not in announced:
                    self.faults.append(f"{truce}: {_said(subject, identity)} follows from the days, but was not announced")

    def _timeline(self, terms: dict, zones: list[list[set[str]]], announced: list[dict]) -> Iterator[tuple]:
        """(kind, before, after, effective_at) in order. Only words of parties are taken from what was announced."""
        gate, start_s, phase, since_s = terms["gate"], _seconds(terms["truce"]["d_hour"]), "announced", 0
        end_s = next((change["effective_at"] for change in announced if change["kind"] == "end"), None)
        words = [change for change in announced if change["kind"] in ("withdrawn", "waiver")]

        def spoken_before(at_s: float) -> Iterator[tuple]:
            nonlocal phase, since_s
            while words and words[0]["effective_at"] < at_s:
                word = words.pop(0)
                before, phase = phase, "qualified" if word["kind"] == "waiver" and phase == "in_force" else phase
                since_s = word["effective_at"] if before != phase else since_s
                yield word["kind"], before, phase, word["effective_at"]

        yield from spoken_before(start_s)
        if announced and (end_s is None or end_s > start_s):
            yield "advance", phase, "in_force", start_s
            phase = "in_force"
        for day in range(min((len(days) for days in zones), default=0)):
            day_ends_s = start_s + (day + 1) * DAY_S
            if end_s is not None and day_ends_s > end_s:
                break
            yield from spoken_before(day_ends_s)
            if phase == "in_force" and all(_run_ends_on(days, day, gate) for days in zones):
                yield "advance", phase, "qualified", day_ends_s
                phase, since_s = "qualified", day_ends_s
            elif phase == "qualified" and gate["requalify"] and day_ends_s - DAY_S >= since_s and _any_violent(zones, day):
                yield "return", phase, "in_force", day_ends_s
                phase = "in_force"
        yield from spoken_before(float("inf"))
        if end_s is not None:
            yield "end", phase, "ended", end_s

    # -- 4: levels say what days and phases say

    def _check_levels(self, truce: str, terms: dict, failed: dict[str, list[set[str]]], standing: list[dict]) -> None:
        for level in self._levels:
            if level["truce"] != truce:
                continue
            self.counts["levels"] += 1
            zone, days = level["zone"], failed.get(level["zone"], [])
            if zone != "all" and zone not in [known["id"] for known in terms["zones"]]:
                continue  # terms have changed since, and nothing more is said of it
            if level.get("head") != (head := self._heads.get(truce)):
                self.faults.append(
                    f"{truce}: the level of {zone} was published after the change of phase {level.get('head')}, but the last "
                    f"one here is {head}: the end of the chain is missing, or the level is old"
                )
                continue
            subject = "all" if terms["gate"]["scope"] == "all" else zone
            phase = next((c["after"] for c in reversed(standing) if c["zone"] == subject), "announced")
            if level["phase"] != phase:
                self.faults.append(f"{truce}: the level of {zone} says {level['phase']}, but {phase} was announced")
            if any(day["outcome"] == "void" for day in self._days.get(truce, {}).get(zone, {}).values()):
                continue  # of a day that was cut short nothing is published that a run could be counted by
            first = max(0, len(days) - terms["gate"]["max_span_days"])
            streak = max((_quiet_days(days[start:], terms["gate"]) for start in range(first, len(days))), default=0)
            if level["streak"] != streak:
                self.faults.append(f"{truce}: the level of {zone} says a run of {level['streak']}, but the days give {streak}")

    def _objects(self, lines: Iterable[bytes], file: str) -> Iterator[tuple[bytes, dict]]:
        """Records that have what is looked at here; what is altered beyond reading is a fault by itself."""
        for number, line in enumerate(lines, 1):
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            if isinstance(found, dict) and all(isinstance(found.get(name), kind) for name, kind in FIELDS[file].items()):
                yield line, found
            else:
                self.faults.append(f"{file}: record {number} is not what the contract says")


def _conditions(day: dict, terms: dict) -> Iterator[str]:
    """What kept a day from being quiet, by its own numbers."""
    interval = day["measures"][day["metric"]]
    unit = 1 if day["metric"] == "severity" else 1_000  # limits, and severity, are in thousandths
    if day["limit"] is None:
        yield "no_baseline"
    elif interval["low"] * unit > day["limit"]:
        yield "violent"
    elif interval["high"] * unit > day["limit"]:
        yield "contested"
    if day["watched"] < round(terms["coverage"]["min_share_of_day"] * 1_000):
        yield "not_watched"
    if day["zone"] in _gated(terms):
        states = [day.get("access", {}).get(area) for area in terms["access"]["required"]]
        if "denied" in states:
            yield "denied"
        if "unreported" in states:
            yield "access_not_reported"


def _gated(terms: dict) -> list[str]:
    return [zone["id"] for zone in terms["zones"] if zone["gated"]] + (["all"] if terms["whole"]["gated"] else [])


def _run_ends_on(days: list[set[str]], last: int, gate: dict) -> bool:
    shortest, longest = gate["days"], gate["max_span_days"]
    starts = range(max(0, last + 1 - longest), last + 2 - shortest)
    return any(_quiet_days(days[start : last + 1], gate) >= shortest for start in starts)


def _quiet_days(window: list[set[str]], gate: dict) -> int:
    """Quiet days of a window, or 0 where it cannot be part of a run."""
    if not window or window[0] or len(window) > gate["max_span_days"]:
        return 0
    if any(failed & {"violent", "denied"} for failed in window):
        return 0
    if sum("contested" in failed for failed in window) > gate["max_contested"]:
        return 0
    if sum(bool(failed & UNKNOWN) for failed in window) > gate["max_unknown"]:
        return 0
    return sum(not failed for failed in window)


def _any_violent(zones: list[list[set[str]]], day: int) -> bool:
    return any("violent" in days[day] for days in zones)


def _identity(change: dict) -> tuple:
    return change["kind"], change["before"], change["after"], change["effective_at"]


def _name(change: dict) -> str:
    return f"change no. {change['sequence']} of {change['truce']} ({_said(change['zone'], _identity(change))})"


def _said(zone: str, identity: tuple) -> str:
    kind, before, after, at_s = identity
    return f"{kind} of {zone}, {before} to {after} at {datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M}Z"


def _seconds(time: str | datetime) -> int:
    return int(datetime.fromisoformat(time).timestamp())


def main() -> int:
    folder = Path(sys.argv[1])
    names = ("phases", "days", "levels", "terms")
    verifier = Verifier(*((folder / f"{name}.jsonl").read_bytes().splitlines() for name in names))
    verifier.check()
    for fault in verifier.faults:
        print(f"BROKEN: {fault}")
    print(", ".join(f"{count} {what}" for what, count in verifier.counts.items()), "checked;", len(verifier.faults), "faults")
    return 1 if verifier.faults else 0


if __name__ == "__main__":
    sys.exit(main())
