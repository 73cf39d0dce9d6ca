"""Logs of made-up truces, drawn from a seed: dense, so that what is rare meets.

One to three truces share a partition. Their terms forget within days and change on the way; reports are late, revised,
retracted, repeated and judged; limits are reached; markers come and go. Circles are given, so nothing needs a gazetteer.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec

from schemas.facts import Circle, Dismissal, LocatedReport, LoggedTick, Marker, Origin
from schemas.reasons import Method, Reason
from streams.core.intake import terms_record
from streams.core.terms import DAY, HOUR, TermsError, parse

TOPIC = "reports.simulated.restarts"
FIRST_DAY_S = 1_456_790_400
"""2016-03-01, the day of D-hour."""
SOURCES = ("watcher", "Council", "council", "archive", "outlet", "agency", "ministry", "radio", "somebody", "passer-by")
EAST, WEST = "SY.09", "SY.02"
PLACES = ((36.20, 37.15, EAST), (36.21, 37.16, EAST), (36.25, 37.15, EAST), (36.20, 37.30, WEST))
CIRCLES = ((100, 1), (100, 1), (500, 1), (3_000, 2), (10_000, 3), (90_000, 4), (300_000, 6))
"""Radius in metres, and precision."""
TRUST: tuple[list[str], ...] = ([], ["violence"], ["watch", "violence", "access", "finding"], ["watch"])
AGAIN_DAYS = 10
"""A source uses its ids again, but not after so many days: what is forgotten by then nobody knows any more."""


def log(seed: int) -> list[bytes]:
    """The records of a partition of `truce.located`, in order."""
    return Maker(seed).log()


class Maker:
    """One log. What is drawn at the beginning holds throughout: how often, how late and about what is told."""

    def __init__(self, seed: int) -> None:
        self._random = random = Random(seed)
        names = ("alpha", "beta", "gamma")[: random.choice([1, 1, 1, 2, 3])]
        late_days = random.choice([2, 3, 4, 100])
        self._terms = {name: self._first_terms(name, late_days) for name in names}
        self._days = 8 if late_days == 100 else random.choice([8, 20, 34])
        self._step_h = random.choice([1, 3, 6, 6, 12])
        self._rate = random.choice([0.5, 1, 2, 4]) * self._step_h / (12 if self._days > 20 else 6)
        self._ids = random.randrange(8, 60)
        self._judging = random.choice([0.05, 0.3, 0.6]) * min(self._step_h, 6) / 6
        self._tallying = random.choice([0, 0.1, 0.4]) * self._step_h / 6
        self._watching = random.choice([0.5, 0.95])
        calm = random.choice([0.2, 0.7])
        self._calm = {day for day in range(-8, self._days + 3) if random.random() < calm}
        self._told = [("watcher", "0.1")]
        self._read = 0

    def log(self) -> list[bytes]:
        records = [self._terms_record(name) for name in self._terms]
        for hour in range(-8 * 24, self._days * 24, self._step_h):
            now_s = FIRST_DAY_S + hour * HOUR
            said = [record for body, circle, at_s in self._step(now_s) for record in self._logged(body, circle, at_s)]
            others = list(self._no_reports(now_s))
            records += [*others, *said] if self._random.random() < 0.5 else [*said, *others]
            then_s = now_s + self._step_h * HOUR
            records.append(msgspec.json.encode(LoggedTick(then_s, then_s, self._origin(), {TOPIC: 1})))
        return records

    # -- what is told ----------------------------------------------------------------------------------------------------

    def _step(self, now_s: int) -> Iterator[tuple[dict[str, Any], Circle | None, int]]:
        """Bodies between two ticks, with circle and time of receipt."""
        random, step_s = self._random, self._step_h * HOUR
        rate = self._rate * (0.1 if (now_s - FIRST_DAY_S) // DAY in self._calm else 1)
        while random.random() < rate / (1 + rate):
            body, circle = self._violation(now_s)
            yield body, circle, now_s + random.randrange(step_s)
            if random.random() < 0.1:
                yield body, circle, now_s + random.randrange(step_s)
            if random.random() < 0.15:
                yield body | {"report_id": body["report_id"] + "r"}, circle, now_s + random.randrange(step_s)
        if random.random() < self._watching:
            yield self._nil(now_s), None, now_s + step_s - 1
            alive = {"report_id": f"a{now_s}", "source": random.choice(["watcher", "council"]), "type": "alive"}
            yield alive, None, now_s + step_s - 1
        if random.random() < self._tallying:
            yield self._tally(now_s), None, now_s + 60
        while random.random() < self._judging:
            yield self._judgement(), None, now_s + random.randrange(step_s)

    def _violation(self, now_s: int) -> tuple[dict[str, Any], Circle | None]:
        random = self._random
        body: dict[str, Any] = {
            "report_id": f"{(now_s - FIRST_DAY_S) // DAY // AGAIN_DAYS}.{random.randrange(self._ids)}",
            "source": random.choice(SOURCES),
            "type": "violation",
            "revision": random.choice([1, 1, 1, 2, 3, 4, 5]),
            "kind": random.choice(["attack", "attack", "attack", "disproportionate_force", "monitor_restricted", "detention"]),
            "weapon": random.choice(["mortar", "artillery", "small_arms", "undetermined", "airstrike"]),
            **self._occurrence(now_s),
        }
        body |= particulars(random, "Around dawn several mortar rounds hit houses beside the bakery, said witness", 3, 0.4)
        self._told.append((body["source"], body["report_id"]))
        if random.random() < 0.12:
            return body | {"status": "retracted"}, None
        return body, self._circle()

    def _occurrence(self, now_s: int) -> dict[str, str]:
        random = self._random
        at_s = now_s - random.choice([0, 0, HOUR, 5 * HOUR, 26 * HOUR, 50 * HOUR, 4 * DAY, 8 * DAY])
        at_s -= at_s % random.choice([60, 600, HOUR, DAY])
        if random.random() < 0.8:
            precision = random.choice(["exact", "exact", "hour", "part_of_day", "day", "week"])
            return {"occurred_at": _stated(at_s), "time_precision": precision}
        first_s, last_s = at_s - random.choice([HOUR, 10 * HOUR, 30 * HOUR]), at_s + random.choice([0, 60, 5 * HOUR])
        return {"occurred_from": _stated(first_s), "occurred_to": _stated(last_s)}

    def _circle(self) -> Circle:
        random = self._random
        lat, lon, area = random.choice(PLACES)
        radius_m, precision = random.choice(CIRCLES)
        areas = [EAST, WEST] if precision >= 3 and random.random() < 0.5 else [area]
        if random.random() < 0.03:
            areas = ["IQ.01"]
        return Circle(lat, lon, radius_m, precision, Method.COORDINATES, areas, place=random.choice([None, "Aleppo"]))

    def _nil(self, now_s: int) -> dict[str, Any]:
        random = self._random
        since_s = now_s - random.choice([0, 0, 6 * HOUR, 30 * HOUR])
        covers = {"zone": random.choice(["all", "all", "east"]), "from": _stated(since_s)}
        body = {
            "report_id": f"n{random.choice([now_s, now_s, random.randrange(6)])}",
            "source": random.choice(["watcher", "watcher", "council", "radio"]),
            "type": "nil",
            "revision": random.choice([1, 1, 2]),
            "covers": covers | {"to": _stated(now_s + self._step_h * HOUR)},
        }
        return body | ({"status": "retracted"} if random.random() < 0.1 else {})

    def _tally(self, now_s: int) -> dict[str, Any]:
        random = self._random
        end_s = now_s - random.choice([0, 0, 24, 5]) * HOUR
        body = {
            "report_id": f"t{random.randrange(5)}",
            "source": random.choice(["watcher", "archive", "council", "radio", "somebody"]),
            "type": "tally",
            "revision": random.choice([1, 2, 3]),
            "period": {"from": _stated(end_s - random.choice([12, 24, 48, 72, 170]) * HOUR), "to": _stated(end_s)},
            "count": random.randrange(12),
            "covers": {"zone": random.choice(["all", "east"])},
        }
        return body | ({"status": "retracted"} if random.random() < 0.15 else {})

    def _judgement(self) -> dict[str, Any]:
        """Of what was told lately, of the way, of the truce."""
        random = self._random
        source, report_id = random.choice(self._told[-30:])
        about = {"about": {"source": source, "report_id": report_id}}
        kind = random.choice(["access", "denial", "denial", "acknowledgement", "finding", "finding"])
        body: dict[str, Any] = {"type": kind, **about}
        if kind == "access":
            body = {"type": kind, "access": {"area": "road", "state": random.choice(["open", "open", "denied"])}}
        if random.random() < 0.02:
            body = {"type": "declaration", "party": "guarantor", "declares": random.choice(["accepts", "withdraws"])}
        teller = random.choice(SOURCES)
        if body["type"] in ("access", "finding") and random.random() < 0.5:
            teller = "watcher"
        body |= {"report_id": f"o{random.randrange(12)}", "source": teller, "revision": random.randrange(1, 4)}
        return body | ({"status": "retracted"} if random.random() < 0.2 else {})

    # -- what is no report -----------------------------------------------------------------------------------------------

    def _no_reports(self, now_s: int) -> Iterator[bytes]:
        random = self._random
        if random.random() < 0.01 * self._step_h and now_s > FIRST_DAY_S - 3 * DAY:
            name = random.choice(list(self._terms))
            changed = self._changed(self._terms[name])
            try:
                parse(changed)
                self._terms[name] = changed
            except TermsError:
                pass  # the old ones, once more
            effective_s = random.choice([None, now_s, now_s - 3 * DAY, now_s + 2 * DAY])
            yield self._terms_record(name, effective_s, random.random() < 0.5)
        for made in (Marker, Dismissal):
            if random.random() < 0.003 * self._step_h:
                reason = (Reason.INTERNAL_ERROR,) if made is Marker else ()
                yield msgspec.json.encode(made(random.choice(list(self._terms)), f"m{random.randrange(3)}", *reason))

    def _logged(self, body: dict[str, Any], circle: Circle | None, at_s: int) -> Iterator[bytes]:
        """By truce, though not every one hears of everything."""
        raw, origin = msgspec.Raw(msgspec.json.encode(body)), self._origin()
        for name in self._terms:
            if len(self._terms) == 1 or self._random.random() < 0.9:
                yield msgspec.json.encode(LocatedReport(name, at_s, origin, raw, circle))

    def _origin(self) -> Origin:
        self._read += 1
        return Origin(TOPIC, 0, self._read)

    def _terms_record(self, name: str, effective_s: int | None = None, correct: bool = False) -> bytes:
        return terms_record(parse(self._terms[name]), effective_s, correct)

    def _first_terms(self, name: str, late_days: int) -> dict[str, Any]:
        random = self._random
        metric = random.choice(["incidents", "incidents", "severity", "killed"])
        threshold = random.choice(
            [
                {"mode": "at_most", "metric": metric, "value": random.choice([0, 1, 2, 5])},
                {"mode": "zero"},
                {"mode": "reduction", "metric": metric, "value": 0.5, "floor": 1},
            ]
        )
        terms: dict[str, Any] = {
            "truce": {
                "id": name,
                "name": f"The truce {name}",
                "countries": ["SY"],
                "d_hour": _stated(FIRST_DAY_S + random.choice([0, 0, 16 * HOUR])),
                "time_zone": random.choice(["Asia/Damascus", "UTC"]),
                "salt": f"salt of {name}",
                "simulated": True,
                "topics": [TOPIC],
                "watch_days_before": random.choice([7, 10]),
            },
            "opposed": ["north", "south"],
            "gate": {
                "days": random.choice([2, 3]),
                "max_span_days": random.choice([4, 5]),
                "settle_hours": random.choice([6, 12, 24]),
                "tick_gap_max_hours": 24,
                "late_days_max": late_days,
                "after_days": random.choice([3, 30]),
                "scope": random.choice(["all", "each"]),
                "max_unknown": random.choice([1, 3]),
            },
            "whole": {"threshold": threshold},
            "zones": [
                {"id": "east", "name": "East", "areas": [EAST], "gated": True},
                {"id": "west", "name": "West", "areas": [WEST], "gated": random.random() < 0.3},
            ],
            "coverage": {"min_lineages": 1, "min_share_of_day": random.choice([0.1, 0.5])},
            "baseline": {"days": 7, "min_watched_days": 2},
            "access": {"areas": {"road": "The road"}, "required": random.choice([[], [], ["road"]])},
            "ends": {"ends_by": ["guarantor"]},
            "sources": [
                {"id": "watcher", "trusted": ["watch", "violence", "access", "finding"], "zones": ["east", "west", "all"]},
                {"id": "council"},
                {"id": "archive", "trusted": random.choice([[], ["violence"]])},
                {"id": "outlet", "side": "north", "party": "guarantor"},
                {"id": "agency", "side": "north", "lineage": "outlet"},
                {"id": "ministry", "side": "north"},
                {"id": "radio", "side": "south"},
            ],
            "actors": [
                {"id": "northerners", "side": "north", "party": "guarantor"},
                {"id": "southerners", "side": "south"},
                {"id": "outlaws", "excluded": True},
            ],
            "match": random.choice([{}, {}, {"one_a_day": True}]),
        }
        if random.random() < 0.2:
            terms["ends"] |= {"collapse_level": random.choice([5, 20]), "collapse_days": 2}
        if random.random() < 0.25:
            terms["limits"] = {"live_reports_per_lineage_max": random.choice([20, 60])}
        if random.random() < 0.15:
            terms["coverage"]["assume_alive"] = ["watcher"]
        return terms

    def _changed(self, terms: dict[str, Any]) -> dict[str, Any]:
        """Some terms, changed in one to three ways; not all such terms can be used."""
        random = self._random
        changed: dict[str, Any] = json.loads(json.dumps(terms))
        zones, sources = changed["zones"], changed["sources"]
        for way in random.choices(range(8), k=random.randrange(1, 4)):
            if way == 0 and len(zones) > 1:
                zones.pop(random.randrange(len(zones)))
            elif way == 1 and all(zone["id"] != "both" for zone in zones):
                zones.append({"id": "both", "name": "Both", "areas": [EAST, WEST], "gated": random.random() < 0.5})
            elif way == 2:
                random.choice(sources)["trusted"] = random.choice(TRUST)
            elif way == 3:
                random.choice(sources)["lineage"] = random.choice(["outlet", "council", "fresh"])
            elif way == 4 and all(source["id"] != "somebody" for source in sources):
                sources.append({"id": "somebody"})
            elif way == 5:
                metric = random.choice(["incidents", "severity"])
                changed["whole"]["threshold"] = {"mode": "at_most", "metric": metric, "value": random.choice([0, 2, 4, 9])}
            elif way == 6:
                changed["severity"] = {"killed": random.choice([1, 5]), "cap": random.choice([3, 50])}
            elif way == 7:
                changed["gate"] |= {"days": random.choice([2, 3]), "late_days_max": random.choice([2, 3, 4, 100])}
                changed["match"] = {"distance_m": random.choice([1_000, 8_000])}
        known = {zone["id"] for zone in zones} | {"all"}
        for source in sources:
            if "zones" in source:
                source["zones"] = [zone for zone in source["zones"] if zone in known]
        return changed


def particulars(random: Random, words: str, witnesses: int, worded: float) -> dict[str, Any]:
    """What a violation may say besides: who was hurt, who did it, whom it quotes, and in what words. A share of them is
    `worded`, each by one of so many witnesses."""
    said: dict[str, Any] = {}
    if random.random() < 0.5:
        killed = random.choice([0, 1, 2, 7, {"low": 1, "high": 4}, "tens"])
        said["casualties"] = {"killed": killed, "injured": random.randrange(9)}
    if random.random() < 0.3:
        said["by"] = random.choice(["northerners", "southerners", "outlaws"])
    if random.random() < 0.2:
        said["via"] = random.choice(["council", "outlet", "watcher"])
    if random.random() < worded:
        said["text"] = f"{words} {random.randrange(witnesses)}"
    if random.random() < 0.2:
        said["links"] = [f"https://example.org/{random.randrange(3)}"]
    return said


def _stated(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["log", "particulars"]
