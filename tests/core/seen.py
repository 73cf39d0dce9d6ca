"""Tell a truce's reports by hours from D-hour, and see what readers end up with: for tables of rules."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from core.builders import restored

from schemas.facts import Circle, Day, Level, LocatedReport, LoggedTick, LogRecord, Origin, PhaseChange, Rejected
from schemas.reasons import Method
from schemas.topics import DAYS, LEVELS, PHASES, REJECTED
from streams.core.intake import terms_record
from streams.core.partition import LogPartition
from streams.core.terms import HOUR, Terms, parse

TOPIC = "reports.simulated.rules"
EAST = Circle(36.2, 37.15, 500, 1, Method.COORDINATES, ["SY.09"])


def terms_of(threshold: dict[str, Any], whole_gated: bool = False, west_gated: bool = False, **tables: Any) -> Terms:
    """A truce with an eastern zone that is gated and watched by a trusted monitor, and a western one."""
    return parse(
        {
            "truce": {
                "id": "rules",
                "name": "A truce",
                "countries": ["SY"],
                "d_hour": "2016-09-12T16:00:00Z",
                "time_zone": "UTC",
                "salt": "of incident ids",
                "simulated": True,
                "topics": [TOPIC],
                "watch_days_before": 14,
            },
            "opposed": ["north", "south"],
            "whole": {"gated": whole_gated, "threshold": threshold},
            "zones": [
                {"id": "east", "name": "East", "areas": ["SY.09"], "gated": True},
                {"id": "west", "name": "West", "areas": ["SY.02"], "gated": west_gated},
            ],
            "coverage": {"min_lineages": 1},
            "sources": [
                {"id": "monitor", "trusted": ["watch", "violence"], "zones": ["east"]},
                {"id": "neighbour", "trusted": ["watch"], "zones": ["west"]},
                {"id": "council", "trusted": ["access"]},
                {"id": "usa", "side": "north", "party": "usa"},
                {"id": "russia", "side": "south", "party": "russia"},
            ],
        }
        | tables
    )


D_HOUR_S = terms_of({"mode": "zero"}).d_hour_s
ALWAYS = range(-1, 12 * 24, 4)
SETTLED_7 = 8 * 24
"""Seven days, and a day to settle."""


class Told(NamedTuple):
    """A report by the hour from D-hour at which it is received, or another record of the log."""

    received_hour: int
    report: dict[str, Any]
    circle: Circle | None = EAST
    record: LogRecord | None = None
    retry_of: str | None = None


def time_of(hour: int) -> str:
    return datetime.fromtimestamp(D_HOUR_S + hour * HOUR, UTC).isoformat()


def alive(hours: Iterable[int], source: str = "monitor") -> list[Told]:
    return [Told(hour, {"report_id": f"a{hour}", "source": source, "type": "alive"}) for hour in hours]


def violation(name: str, hour: int, received_hour: int | None = None, revision: int = 1, status: str = "active") -> Told:
    report = {"report_id": name, "source": "monitor", "type": "violation", "revision": revision, "status": status}
    if status == "active":
        report |= {"kind": "attack", "occurred_at": time_of(hour)}
    return Told(hour if received_hour is None else received_hour, report)


class Seen:
    """What readers have: phase changes in order, and the last day and level of each key.

    `restarts`: hours at whose end the state is thrown away and read again, from the last base if there is one.
    """

    def __init__(
        self, terms: Terms, told: Iterable[Told], until_hour: int, from_hour: int = -1, restarts: Iterable[int] = ()
    ) -> None:
        self.changes: list[PhaseChange] = []
        self.days: dict[tuple[str, int], Day] = {}
        self.levels: dict[str, Level] = {}
        self.rejected: list[Rejected] = []
        self.partition = LogPartition(0)
        self._log: list[bytes] = []
        self._checkpoints: dict[str, bytes] = {}
        waiting, restarts = sorted(told, key=lambda t: t.received_hour), set(restarts)
        self._put(terms_record(terms))
        for hour in range(from_hour, until_hour + 1):
            # What is received in an hour is in the log before the tick that ends it.
            while waiting and waiting[0].received_hour < hour:
                self._report(waiting.pop(0))
            at_s = D_HOUR_S + hour * HOUR
            self._put(msgspec.json.encode(LoggedTick(at_s, at_s, Origin(TOPIC, 0, len(self._log)), {TOPIC: 1})))
            self._see()
            if hour in restarts:
                self.restart()

    def restart(self) -> None:
        """Raises `HeadsDiffer` where the log now gives other changes than were announced."""
        self.partition = restored(self._log, self._checkpoints)

    @property
    def read_from(self) -> int:
        """The offset from which a restart would read the log now."""
        return LogPartition.restore(0, self._checkpoints).next_offset

    def _put(self, record: bytes) -> None:
        self._log.append(record)
        self.partition.apply(len(self._log) - 1, record)

    def _report(self, told: Told) -> None:
        located = told.report.get("type") == "violation" and told.report.get("status") != "retracted"
        record = told.record or LocatedReport(
            "rules",
            D_HOUR_S + told.received_hour * HOUR,
            Origin(TOPIC, 0, len(self._log)),
            msgspec.Raw(msgspec.json.encode(told.report)),
            told.circle if located else None,
            None,
            told.retry_of,
        )
        self._put(msgspec.json.encode(record))

    def _see(self) -> None:
        facts = self.partition.flush()
        self._checkpoints |= {fact.key: fact.value for fact in (*self.partition.bases(), self.partition.position())}
        for fact in facts:
            if fact.topic == PHASES:
                self.changes.append(msgspec.json.decode(fact.value, type=PhaseChange))
            elif fact.topic == DAYS:
                day = msgspec.json.decode(fact.value, type=Day)
                self.days[day.zone, day.day] = day
            elif fact.topic == LEVELS and fact.value is None:
                del self.levels[fact.key.split("/")[1]]
            elif fact.topic == LEVELS:
                level = msgspec.json.decode(fact.value, type=Level)
                self.levels[level.zone] = level
            elif fact.topic == REJECTED:
                self.rejected.append(msgspec.json.decode(fact.value, type=Rejected))

    def outcomes(self, zone: str, days: int) -> str:
        return " ".join(self.days[zone, day].outcome for day in range(days))

    def story(self) -> list[str]:
        """Each change as `kind to @hour of effect, decided hour`."""
        return [f"{c.kind} {c.after} @{hour_of(c.effective_at)}, {hour_of(c.decided_at)}" for c in self.changes]


def hour_of(at_s: int) -> int:
    return (at_s - D_HOUR_S) // HOUR


def report(received_hour: int, name: str, source: str, type: str, **fields: Any) -> Told:
    return Told(received_hour, {"report_id": name, "source": source, "type": type} | fields)


def declared(text: str) -> list[Told]:
    """Declarations as "usa extends 47, russia withdraws 60": at this hour."""
    told = []
    for number, words in enumerate(filter(None, text.split(", "))):
        party, declares, hour = words.split()
        told.append(report(int(hour), f"d{number}", party, "declaration", party=party, declares=declares))
    return told
