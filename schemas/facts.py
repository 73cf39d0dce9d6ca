"""The types of the published language: what comes in, what the log holds, what goes out.

One family; there is no second domain model. Wire types are msgspec structs, so that decoding, checking and the JSON
Schemas come from one place. What there is of for every report is not looked through for cycles (`gc`): it is decoded, and
holds nothing that could hold it. Unknown fields are let pass. Times on the wire are RFC 3339 with an offset; everything that
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

_RFC_3339 = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])$"
)
# The patterns stand in the JSON Schema only. The decoder has a parser of its own for times, and `check` looks for
# control characters faster than a regular expression would.
Time = Annotated[datetime, Meta(tz=True, description="RFC 3339, with an offset", extra_json_schema={"pattern": _RFC_3339})]
Id = Annotated[str, Meta(min_length=1, max_length=200, extra_json_schema={"pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"})]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=65_536)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Vague = Literal["tens", "dozens", "hundreds"]


class CountRange(Struct, frozen=True, omit_defaults=True, gc=False):
    """A number that is not sure, with low <= best <= high: any of the three may be left out."""

    low: Count | None = None
    best: Count | None = None
    high: Count | None = None


class Casualties(Struct, frozen=True, omit_defaults=True, gc=False):
    """As reported and unverified. A number, a range, or a vague word."""

    killed: Count | CountRange | Vague | None = None
    injured: Count | CountRange | Vague | None = None
    who: Literal["civilian", "combatant", "unknown"] = "unknown"


class Location(Struct, frozen=True, omit_defaults=True, gc=False):
    """Where, in any of the ways people say it. Give all that you know; names in any language or transliteration."""

    lat: Annotated[float | None, Meta(description="WGS 84 degrees, north, and only together with lon")] = None
    lon: Annotated[float | None, Meta(description="WGS 84 degrees, east, and only together with lat")] = None
    radius_m: Annotated[
        Annotated[int, Meta(ge=0, le=20_000_000)] | None, Meta(description="How far off the coordinates may be, in metres")
    ] = None
    mgrs: Annotated[Name | None, Meta(description="Military grid reference")] = None
    place: Annotated[
        Annotated[str, Meta(max_length=500)] | None,
        Meta(description='A town or village, or a phrase such as "6 km north-east of Aleppo"'),
    ] = None
    quarter: Annotated[Annotated[str, Meta(max_length=500)] | None, Meta(description="A quarter of the place")] = None
    admin2: Annotated[Annotated[str, Meta(max_length=500)] | None, Meta(description="District")] = None
    admin1: Annotated[Annotated[str, Meta(max_length=500)] | None, Meta(description="Province")] = None
    country: Annotated[Annotated[str, Meta(max_length=200)] | None, Meta(description="Name, or code of ISO 3166-1")] = None
    text: Annotated[Text | None, Meta(description="Whatever else is said of the place; it is searched for names")] = None
    precision: Annotated[
        Annotated[int, Meta(ge=1, le=7)] | None,
        Meta(
            description="UCDP scale, as the source states it: 1 exact, 2 near, 3 district, 4 province, 5 vague, 6 country, 7 sea"
        ),
    ] = None


class Covers(Struct, frozen=True, omit_defaults=True, rename={"start": "from", "end": "to"}):
    """What a nil report watched: a zone of the truce by its id ("all" is the whole), or an area. Or what a tally counts."""

    zone: Name | None = None
    location: Location | None = None
    start: Annotated[Time | None, Meta(description="Watched from")] = None
    end: Annotated[Time | None, Meta(description="Watched to, and not beyond the time of receipt")] = None


class Access(Struct, frozen=True, omit_defaults=True):
    """Whether an access area (a road, a quarter) named in the terms is open."""

    area: Name
    state: Literal["open", "denied"]


class Period(Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """The time that a tally counts: half-open, `from` before `to`."""

    start: Time
    end: Time


class About(Struct, frozen=True, omit_defaults=True):
    """The report (by source and report_id) or incident (by id) that is judged, denied or acknowledged."""

    source: Id | None = None
    report_id: Id | None = None
    incident: Id | None = None


class Report(Struct, frozen=True, omit_defaults=True, gc=False):
    """One observer's account, at one revision. Version 1 of the contract. Unknown fields are let pass."""

    report_id: Annotated[Id, Meta(description="The source's own id of the report; the same in every revision of it")]
    source: Annotated[Id, Meta(description="Who reports")]
    type: Annotated[ReportType, Meta(description="What kind of report it is; it decides which other fields are required")]
    revision: Annotated[int, Meta(ge=1, le=1_000_000, description="A higher revision replaces the whole of a lower one")] = 1
    status: Annotated[
        Literal["active", "retracted"],
        Meta(description="A retraction needs report_id, source and type only; a later revision may undo it"),
    ] = "active"
    kind: Annotated[Kind | None, Meta(description="What a violation consists in")] = None
    weapon: Weapon = Weapon.UNDETERMINED
    munition: Annotated[Name | None, Meta(description="In the source's words")] = None
    occurred_at: Annotated[Time | None, Meta(description="When it happened")] = None
    occurred_from: Annotated[
        Time | None, Meta(description="Where no single time is known: the earliest that it can have happened")
    ] = None
    occurred_to: Annotated[Time | None, Meta(description="And the latest; not before occurred_from")] = None
    time_precision: Annotated[
        TimePrecision | None, Meta(description="How sharp the time is; an hour, a day, … is the one that holds occurred_at")
    ] = None
    location: Location | None = None
    casualties: Casualties | None = None
    by: Annotated[Name | None, Meta(description="Who is said to have done it")] = None
    against: Annotated[Name | None, Meta(description="To whom")] = None
    via: Annotated[Name | None, Meta(description="The source that this one quotes; the two count once")] = None
    covers: Covers | None = None
    access: Access | None = None
    count: Annotated[Count | None, Meta(description="How many incidents a tally counts")] = None
    period: Period | None = None
    party: Annotated[Name | None, Meta(description="The party that declares, as the terms name it")] = None
    declares: Annotated[
        Literal["accepts", "extends", "withdraws", "ends", "waives"] | None,
        Meta(
            description='"waives": an authority that the terms name for it lets the next phase begin, whatever the days came to'
        ),
    ] = None
    until: Annotated[Time | None, Meta(description="To when a declaration extends the truce")] = None
    about: About | None = None
    links: Annotated[list[Annotated[str, Meta(max_length=2_000)]], Meta(max_length=50)] = []
    text: Annotated[Text | None, Meta(description="The account in the source's words")] = None
    language: Annotated[Annotated[str, Meta(max_length=35)] | None, Meta(description="Of the text: a tag of BCP 47")] = None
    published_at: Annotated[Time | None, Meta(description="When the source published this revision")] = None
    original: Annotated[
        Annotated[dict[str, Annotated[str, Meta(max_length=2_000)]], Meta(max_length=50)] | None,
        Meta(description="Codes of the format that it was read from, as they stand there; they decide nothing"),
    ] = None


class Tick(Struct, frozen=True):
    """A clock record on a `reports.*` topic. `tick` is the first key of the object: that is how it is told from a report."""

    tick: Time
    origins: Annotated[
        dict[str, int], Meta(description="Every report topic of this kind (live or simulated) with its number of partitions")
    ]


class Origin(Struct, frozen=True, array_like=True, gc=False):
    """Where on the source topics a log record comes from."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Circle(Struct, frozen=True, omit_defaults=True, gc=False):
    """Where a report points: a centre, an uncertainty radius, and the areas that it may touch.

    `precision` is on the UCDP scale (1 exact, 2 near, 3 district, 4 province, 5 vague, 6 country, 7 sea or air).
    `areas` are codes of GeoNames, country and province ("SY.02"), that of the centre first; `stated_area` is the area
    that the report itself names, where that is all it says. `repair` says which slip in the coordinates was undone, `score`
    how well the name fits where its spelling is another (per cent), `listed_in` who lists the place, unless GeoNames.
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
    score: int | None = None
    listed_in: str | None = None


class LocatedReport(Struct, frozen=True, omit_defaults=True, gc=False, tag_field="record", tag="report"):
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


class PublicTerms(Struct, frozen=True, omit_defaults=True):
    """Terms as readers see them: without the names of sources, their topics and zones, and without the salt of the ids.

    `hash` is that of the whole terms, as changes of phase state it. `effective_from`: seconds since 1970; with `correct`
    they govern every day that was open when they came.
    """

    truce: str
    hash: str
    terms: dict[str, Any]
    effective_from: int
    correct: bool = False


class Marker(Struct, frozen=True, omit_defaults=True, tag_field="record", tag="marker"):
    """A report was refused through no fault of its own: the days and zones it may concern are at most `unknown`.

    `marker` is the origin of the refused report ("topic/partition/offset"). Without zones or times it concerns all. `digest`:
    of the refused report (`digest_of`), so that no other one lifts it; without it any that claims to be that one again does.
    """

    truce: str
    marker: str
    reason: Reason
    zones: list[str] | None = None
    start: int | None = None
    end: int | None = None
    digest: str | None = None


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
    `told_by` counts lineages per side. `certain` and `possible` are zones. `disputed`: somebody denies it, which changes
    nothing else; `discounted`: an inquiry that terms trust judged it, and it counts nowhere. A withdrawn incident points to
    its successor.
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
    discounted: bool = False
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


class Between(Struct, frozen=True):
    """Two lineages, by the pseudonyms of the public terms: incidents that both tell of, and each alone.

    `index`: the share of them that only one tells of, in thousandths.
    """

    one: str
    other: str
    both: int
    one_only: int
    other_only: int
    index: int


class Bulletin(Struct, frozen=True):
    """A count that a lineage (by its pseudonym; `unlisted` is everybody whom terms do not list) states for a period."""

    by: str
    starts: int
    ends: int
    count: int


class Disagreement(Struct, frozen=True, omit_defaults=True):
    """How far those who watched a zone differ, matched by incident: over the seven days that end with `last_day`, the last
    that is settled. `index` pools all pairs, in thousandths; null with fewer than two lineages. `pairs` are those with most
    to tell; `count` is of all.

    `bulletins` are counts stated for times within that week, the latest first; they are no incidents and enter no index.
    `bulletin_count` is of all.
    """

    last_day: int
    index: int | None
    count: int
    pairs: list[Between]
    bulletin_count: int = 0
    bulletins: list[Bulletin] = []


class Level(Struct, frozen=True, omit_defaults=True):
    """Violence in a zone over the 168 hours that end at `hour_ends` (seconds since 1970).

    `head`: the id of the truce's last change of phase. Every change is followed by new levels, so whoever misses the last
    change sees that it is missing.
    """

    truce: str
    zone: str
    hour_ends: int
    measures: Measures
    metric: Metric
    phase: Phase
    streak: int
    access_streaks: dict[str, int] = {}
    assumed: int = 0
    disagreement: Disagreement | None = None
    head: str | None = None


class Cut(Struct, frozen=True):
    """A list of ids cut at a first N in canonical order; count and digest are of the whole list."""

    count: int
    digest: str
    first: list[str]


class Day(Struct, frozen=True, omit_defaults=True):
    """A day of a zone: 24 hours from D-hour, day 0 first. Times in seconds since 1970.

    `failed`: every condition for a quiet day that failed, in the order of the outcomes. `limit`: what the threshold
    allows, in thousandths of the metric's unit; null where there is no baseline. `watched`: share of the day, thousandths.
    `heard`: lineages per side that spoke of the zone. `blocked_by`: incidents that break the threshold in the high only.
    `week`: the rolling level at the end of the day, over the 168 hours that end with it. `disagreement`: the index of the
    seven days that end with it.
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
    tallied: list[int] = []
    assumed: int = 0
    week: Measures | None = None
    disagreement: int | None = None


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
    """The body of a refused message on `truce.rejected`. Restricted: it holds the original bytes, base64.

    `cut`: bytes of message, key and headers that are left out here, because it was too large; they stand at its origin only.
    """

    reason: Reason
    detail: str
    origin: Origin
    stage: Literal["intake", "monitor"]
    original: bytes
    truce: str | None = None
    original_key: bytes | None = None
    original_headers: list[tuple[str, bytes]] = []
    cut: int = 0


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
