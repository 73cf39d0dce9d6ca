"""The types of the published language: what comes in, what the log holds, what goes out.

One family; there is no second domain model. Wire types are msgspec structs, so that decoding, checking and the JSON
Schemas come from one place. Unknown fields are let pass. Times on the wire are RFC 3339 with an offset; everything that
is computed is in whole seconds since 1970, metres, and thousandths.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Raw, Struct

from schemas.reasons import (
    ChangeKind,
    ChangeReason,
    Condition,
    Grade,
    Kind,
    Method,
    Metric,
    Outcome,
    Phase,
    Reason,
    ReportType,
    Scope,
    TimePrecision,
    Weapon,
)

Time = Annotated[datetime, Meta(tz=True, description="RFC 3339, with an offset")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=65_536)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Vague = Literal["tens", "dozens", "hundreds"]


class CountRange(Struct, frozen=True, omit_defaults=True):
    """A number that is not sure: any of the three may be left out."""

    low: Count | None = None
    best: Count | None = None
    high: Count | None = None


class Casualties(Struct, frozen=True, omit_defaults=True):
    """As reported and unverified. A number, a range, or a vague word."""

    killed: Count | CountRange | Vague | None = None
    injured: Count | CountRange | Vague | None = None
    who: Literal["civilian", "combatant", "unknown"] = "unknown"


class Location(Struct, frozen=True, omit_defaults=True):
    """Where, in any of the ways people say it. Coordinates are WGS 84 degrees."""

    lat: Annotated[float, Meta(description="WGS 84 degrees, north")] | None = None
    lon: Annotated[float, Meta(description="WGS 84 degrees, east")] | None = None
    radius_m: Annotated[int, Meta(ge=0, le=20_000_000)] | None = None
    mgrs: Name | None = None
    place: Annotated[str, Meta(max_length=500)] | None = None
    quarter: Annotated[str, Meta(max_length=500)] | None = None
    admin2: Annotated[str, Meta(max_length=500)] | None = None
    admin1: Annotated[str, Meta(max_length=500)] | None = None
    country: Annotated[str, Meta(max_length=200)] | None = None
    text: Text | None = None
    precision: Annotated[int, Meta(ge=1, le=7, description="UCDP scale, as the source states it")] | None = None


class Covers(Struct, frozen=True, omit_defaults=True, rename={"start": "from", "end": "to"}):
    """What a nil report watched: a zone of the truce by its id ("all" is the whole), or an area. Or what a tally counts."""

    zone: Name | None = None
    location: Location | None = None
    start: Time | None = None
    end: Time | None = None


class Access(Struct, frozen=True, omit_defaults=True):
    """Whether an access area (a road, a quarter) named in the terms is open."""

    area: Name
    state: Literal["open", "denied"]


class Period(Struct, frozen=True, rename={"start": "from", "end": "to"}):
    start: Time
    end: Time


class About(Struct, frozen=True, omit_defaults=True):
    """The report (by source and report_id) or incident (by id) that is judged, denied or acknowledged."""

    source: Name | None = None
    report_id: Name | None = None
    incident: Name | None = None


class Report(Struct, frozen=True, omit_defaults=True):
    """One observer's account, at one revision. Version 1 of the contract."""

    report_id: Name
    source: Name
    type: ReportType
    revision: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    status: Literal["active", "retracted"] = "active"
    kind: Kind | None = None
    weapon: Weapon = Weapon.UNDETERMINED
    munition: Name | None = None
    occurred_at: Time | None = None
    occurred_from: Time | None = None
    occurred_to: Time | None = None
    time_precision: TimePrecision | None = None
    location: Location | None = None
    casualties: Casualties | None = None
    by: Name | None = None
    against: Name | None = None
    via: Name | None = None
    covers: Covers | None = None
    access: Access | None = None
    count: Count | None = None
    period: Period | None = None
    party: Name | None = None
    declares: Literal["accepts", "extends", "withdraws", "ends"] | None = None
    until: Time | None = None
    about: About | None = None
    links: Annotated[list[Annotated[str, Meta(max_length=2_000)]], Meta(max_length=50)] = []
    text: Text | None = None
    language: Annotated[str, Meta(max_length=35)] | None = None
    published_at: Time | None = None


class Tick(Struct, frozen=True):
    """A clock record on a `reports.*` topic. `tick` is the first key of the object: that is how it is told from a report."""

    tick: Time
    origins: dict[str, int]
    """Every topic of this kind (live or simulated) with its number of partitions."""


class Origin(Struct, frozen=True, array_like=True):
    """Where on the source topics a log record comes from."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Circle(Struct, frozen=True, omit_defaults=True):
    """Where a report points: a centre, an uncertainty radius, and the areas that it may touch.

    `precision` is on the UCDP scale (1 exact, 2 near, 3 district, 4 province, 5 vague, 6 country, 7 sea or air).
    `areas` are codes of GeoNames, country and province ("SY.02"), that of the centre first; `stated_area` is the area
    that the report itself names, where that is all it says.
    """

    lat: float
    lon: float
    radius_m: int
    precision: int
    method: Method
    areas: list[str] = []
    stated_area: str | None = None
    place: str | None = None
    repair: str | None = None


class LocatedReport(Struct, frozen=True, omit_defaults=True, tag_field="record", tag="report"):
    """A checked report in the log of one truce, as received, with its circle. `received_at`: seconds since 1970."""

    truce: str
    received_at: int
    origin: Origin
    report: Raw
    circle: Circle | None = None
    gazetteer: str | None = None
    retry_of: str | None = None


class LoggedTick(Struct, frozen=True, tag_field="record", tag="tick"):
    """A tick, passed on by the intake in order with the reports of its origin. `at`: seconds since 1970."""

    at: int
    appended_at: int
    origin: Origin
    origins: dict[str, int]


class TermsRecord(Struct, frozen=True, omit_defaults=True, tag_field="record", tag="terms"):
    """Terms, as published into the log and on `truce.terms`. `effective_from`: seconds since 1970."""

    truce: str
    hash: str
    terms: dict[str, Any]
    effective_from: int
    correct: bool = False


class Marker(Struct, frozen=True, omit_defaults=True, tag_field="record", tag="marker"):
    """A report was refused through no fault of its own: the days and zones it may concern are at most `unknown`.

    `marker` is the origin of the refused report ("topic/partition/offset"). Without zones or times it concerns all.
    """

    truce: str
    marker: str
    reason: Reason
    zones: list[str] | None = None
    start: int | None = None
    end: int | None = None


class Dismissal(Struct, frozen=True, tag_field="record", tag="dismissal"):
    """An operator dismisses a marker."""

    truce: str
    marker: str


LogRecord = LocatedReport | LoggedTick | TermsRecord | Marker | Dismissal


class Interval(Struct, frozen=True):
    """low <= best <= high. Counts of incidents and people are whole; severity is in thousandths."""

    low: int
    best: int
    high: int


class Measures(Struct, frozen=True):
    """One interval for each metric that a threshold may name."""

    incidents: Interval
    severity: Interval
    killed: Interval


class Incident(Struct, frozen=True, omit_defaults=True):
    """One thing that happened, told by one or more reports. Reported and unverified. Names nobody who reports.

    `starts` and `ends` bound when it happened, seconds since 1970, half-open; an exact time has both equal.
    `told_by` counts lineages per side. `certain` and `possible` are zones. A withdrawn incident points to its successor.
    """

    id: str
    truce: str
    status: Literal["live", "withdrawn"]
    superseded_by: str | None = None
    kind: Kind | None = None
    weapon: Weapon | None = None
    starts: int | None = None
    ends: int | None = None
    time_precision: TimePrecision | None = None
    lat: float | None = None
    lon: float | None = None
    radius_m: int | None = None
    precision: int | None = None
    method: Method | None = None
    place: str | None = None
    certain: list[str] = []
    possible: list[str] = []
    killed: Interval | None = None
    injured: Interval | None = None
    who: list[str] = []
    severity: Interval | None = None
    grade: Grade | None = None
    scope: Scope | None = None
    counted: bool | None = None
    disputed: bool = False
    by: list[str] = []
    told_by: dict[str, int] = {}
    reports: int = 0
    reports_digest: str | None = None


class EvidenceReport(Struct, frozen=True):
    source: str
    report_id: str


class Evidence(Struct, frozen=True):
    """Which reports make up an incident. Restricted. Cut at a first N; `count` and `digest` are of all."""

    id: str
    truce: str
    count: int
    digest: str
    reports: list[EvidenceReport]


class Level(Struct, frozen=True, omit_defaults=True):
    """Violence in a zone over the 168 hours that end at `hour_ends` (seconds since 1970)."""

    truce: str
    zone: str
    hour_ends: int
    measures: Measures
    metric: Metric
    phase: Phase
    streak: int
    access_streaks: dict[str, int] = {}
    assumed: list[str] = []


class Cut(Struct, frozen=True):
    """A list of ids cut at a first N in canonical order; count and digest are of the whole list."""

    count: int
    digest: str
    first: list[str]


class Day(Struct, frozen=True, omit_defaults=True):
    """A day of a zone: 24 hours from D-hour, day 0 first. Times in seconds since 1970.

    `failed`: every condition for a quiet day that failed, in the order of the outcomes. `limit`: what the threshold
    allows, in the unit of `metric`; absent where there is no baseline. `watched`: share of the day, thousandths.
    `heard`: lineages per side. `blocked_by`: incidents that break the threshold in the high only.
    """

    truce: str
    zone: str
    day: int
    starts: int
    ends: int
    measures: Measures
    metric: Metric
    limit: int | None
    outcome: Outcome
    failed: list[Condition] = []
    watched: int | None = None
    heard: dict[str, int] | None = None
    access: dict[str, str] = {}
    incidents: Cut | None = None
    blocked_by: Cut | None = None
    tallied: dict[str, int] = {}
    assumed: int = 0


class PhaseChange(Struct, frozen=True, omit_defaults=True):
    """A change of phase, with its evidence. It is a computation, not a determination by anyone.

    `id` is the digest of the body with `previous`, so that a truce's changes are a chain.
    """

    id: str
    truce: str
    zone: str
    sequence: int
    previous: str | None
    kind: ChangeKind
    before: Phase
    after: Phase
    before_name: str
    after_name: str
    reason: ChangeReason
    detail: str
    effective_at: int
    decided_at: int
    supersedes: str | None
    streaks: dict[str, int]
    access_streaks: dict[str, int]
    ledger: list[Day]
    blocked_by: Cut
    terms: str
    rules: int
    gazetteers: list[str]
    revisable_until: int
    assumptions: list[str]
    assumed_alive: int = 0
    status: Literal["computed"] = "computed"


class Rejected(Struct, frozen=True, omit_defaults=True):
    """The body of a refused message on `truce.rejected`. Restricted: it holds the original bytes, base64."""

    reason: Reason
    detail: str
    origin: Origin
    stage: Literal["intake", "monitor"]
    original: bytes
    truce: str | None = None
    original_key: bytes | None = None
    original_headers: list[tuple[str, bytes]] = []


class Rejection(NamedTuple):
    """A refused message. `detail` names the field and is safe to show to the reporting system."""

    reason: Reason
    detail: str


class Fact(NamedTuple):
    """Something to publish: a topic's short name, a key, and a body (None deletes the key on a compacted topic)."""

    topic: str
    key: str
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
