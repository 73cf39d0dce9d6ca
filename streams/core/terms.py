"""A truce written down: zones, sources, weights, thresholds, limits.

`load` reads a TOML file, `parse` a mapping (what a terms record in the log carries); both give the same `Terms` or raise
`TermsError` with every fault in one readable message. Nothing else in the core has numbers of its own: whoever wants to
know why a decision fell finds the figure here, under its name.

Durations keep the unit of their name. Weights, shares and levels are given as decimals in the file and held as integers
in thousandths.
"""

import hashlib
import tomllib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path
from sys import intern
from typing import Annotated, Any, Literal
from unicodedata import category, normalize
from zoneinfo import ZoneInfo

import msgspec
import orjson
from msgspec import Meta, Struct

from schemas.reasons import UNLISTED, WHOLE, Kind, Metric, Phase, Side, ThresholdMode, Trust, Weapon
from streams.core.check import has_controls
from streams.core.gazetteer import ListedPlaces, bare, is_sound, listed_places
from streams.core.ladder import NUMBER
from streams.core.polygons import Shape

HOUR = 3_600
DAY = 86_400
SIMULATED_PREFIX = "reports.simulated."
"""Topics of this name are simulated: their ticks and times of receipt are stated, not taken from the broker."""

Identifier = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Decimal = Annotated[float, Meta(ge=0, le=1_000_000)]
Bits = Annotated[float, Meta(ge=-100, le=100)]
Hours = Annotated[int, Meta(ge=0, le=24 * 366)]


PLACES_BYTES_MAX = 200_000
"""What the lists of places may add to terms, as JSON."""


@lru_cache(maxsize=4_096)
def folded(name: str) -> str:
    """How a source, a lineage or an actor is known, however it is written: without regard to case, to blanks around it, to how
    its letters are composed, and to marks that nobody sees. One object for all."""
    plain = name if name.isascii() else "".join(one for one in normalize("NFKC", name) if category(one) != "Cf")
    return intern(plain.strip().casefold())


class TermsError(ValueError):
    """The terms are unusable; the message lists every fault, one a line, each with the name of the value."""


def thousandths(value: float) -> int:
    """The integer in thousandths that is nearest to a decimal of the terms."""
    return round(value * 1_000)


class Truce(Struct, frozen=True, forbid_unknown_fields=True):
    id: Identifier
    name: str
    countries: Annotated[list[Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]], Meta(min_length=1)]
    d_hour: Annotated[datetime, Meta(tz=True)]
    time_zone: str
    salt: Annotated[str, Meta(min_length=8)]
    basis: Literal["agreement", "illustrative"] = "illustrative"
    partition: Annotated[int, Meta(ge=0)] = 0
    simulated: bool = False
    topics: Annotated[list[str], Meta(min_length=1)] = msgspec.field(default_factory=lambda: ["reports.*"])
    watch_days_before: Annotated[int, Meta(ge=7, le=366)] = 30
    effective_from: Annotated[datetime, Meta(tz=True)] | None = None
    phase_names: dict[str, str] = {}
    assumptions: list[str] = []


class Gate(Struct, frozen=True, forbid_unknown_fields=True):
    days: Annotated[int, Meta(ge=1, le=366)] = 7
    max_span_days: Annotated[int, Meta(ge=1, le=366)] = 9
    max_contested: Annotated[int, Meta(ge=0)] = 2
    max_unknown: Annotated[int, Meta(ge=0)] = 1
    settle_hours: Hours = 24
    scope: Literal["all", "each"] = "all"
    requalify: bool = True
    late_days_max: Annotated[int, Meta(ge=1, le=1_000)] = 100
    after_days: Annotated[int, Meta(ge=0, le=1_000)] = 30
    tick_gap_max_hours: Annotated[int, Meta(ge=1, le=24)] = 1
    waivers_by: list[str] = []


class Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    """`value`: for `at_most` the most a day may hold; for `reduction` the share of the baseline, with `floor`."""

    mode: ThresholdMode = ThresholdMode.ZERO
    metric: Metric = Metric.INCIDENTS
    value: Decimal = 0.0
    floor: Decimal = 0.0
    baseline: Decimal | None = None


class Baseline(Struct, frozen=True, forbid_unknown_fields=True):
    days: Annotated[int, Meta(ge=1, le=366)] = 14
    min_watched_days: Annotated[int, Meta(ge=1, le=366)] = 10


class Zone(Struct, frozen=True, forbid_unknown_fields=True):
    """An area with its own count: `areas` (GeoNames codes such as "SY.02"), or `polygons` (GeoJSON geometry or file).

    `names` are other spellings of a zone that is a single area: the gazetteer knows areas by code only.
    """

    id: Identifier
    name: str
    names: list[str] = []
    gated: bool = False
    areas: list[Annotated[str, Meta(pattern=r"^[A-Z]{2}(\.[A-Za-z0-9]{1,20})?$")]] = []
    polygons: str | dict[str, Any] | None = None
    threshold: Threshold | None = None


class Whole(Struct, frozen=True, forbid_unknown_fields=True):
    """The truce as a whole."""

    gated: bool = True
    threshold: Threshold = Threshold()


class Severity(Struct, frozen=True, forbid_unknown_fields=True):
    """Weights. Territory, withdrawal breaches, and whatever is not an attack weigh by kind, attacks by weapon."""

    cap: Decimal = 50.0
    killed: Decimal = 3.0
    injured: Decimal = 1.0
    weapons: dict[Weapon, Decimal] = {}
    kinds: dict[Kind, Decimal] = {}


WEAPON_WEIGHTS: dict[Weapon, float] = {
    Weapon.SMALL_ARMS: 1.0,
    Weapon.MORTAR: 2.0,
    Weapon.UAV: 2.0,
    Weapon.UNDETERMINED: 2.0,
    Weapon.ROCKET: 3.0,
    Weapon.ARTILLERY: 3.0,
    Weapon.TANK: 3.0,
    Weapon.ATGM: 3.0,
    Weapon.IED_MINE: 3.0,
    Weapon.AIRSTRIKE: 5.0,
}
KIND_WEIGHTS: dict[Kind, float] = {
    Kind.TERRITORY: 5.0,
    Kind.WITHDRAWAL_BREACH: 2.0,
    Kind.ACCESS_DENIED: 0.0,
    Kind.MONITOR_RESTRICTED: 0.0,
    Kind.DETENTION: 0.0,
    Kind.OTHER: 0.0,
}


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A source that terms know. `names` are other spellings; `zones` those it covers by being alive; `party` it speaks for."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    names: list[str] = []
    side: str = Side.INDEPENDENT
    lineage: str | None = None
    zones: list[str] = []
    trusted: list[Trust] = []
    party: str | None = None
    topics: list[str] = []


class Actor(Struct, frozen=True, forbid_unknown_fields=True):
    """Someone who attacks or is attacked, with the side it fights for and the party that answers for it.

    `excluded`: the truce does not protect or bind it.
    """

    id: str
    names: list[str] = []
    side: str | None = None
    party: str | None = None
    excluded: bool = False


class Coverage(Struct, frozen=True, forbid_unknown_fields=True):
    min_lineages: Annotated[int, Meta(ge=1)] = 2
    min_share_of_day: Annotated[float, Meta(ge=0, le=1)] = 0.5
    alive_gap_max_hours: Annotated[int, Meta(ge=1, le=72)] = 6
    assume_alive: list[str] = []


class AccessTerms(Struct, frozen=True, forbid_unknown_fields=True):
    """Access areas by id, with a name to show; those in `required` must be reported open for a gated zone's quiet day."""

    areas: dict[Identifier, str] = {}
    required: list[Identifier] = []
    valid_hours: Hours = 48


class Ends(Struct, frozen=True, forbid_unknown_fields=True):
    """How the truce ends: by a party in `ends_by`; by expiry, where `renewed_every_hours` is set; by collapse."""

    ends_by: list[str] = []
    renewed_by: list[str] = []
    renewed_every_hours: Annotated[int, Meta(ge=1)] | None = None
    renewal_grace_hours: Hours = 0
    collapse_level: Decimal | None = None
    collapse_metric: Metric = Metric.SEVERITY
    collapse_days: Annotated[int, Meta(ge=1)] = 2


class Match(Struct, frozen=True, forbid_unknown_fields=True):
    """When two claims can tell of one incident, before place and time precision widen it.

    `one_a_day`: what one source says of one town and only dates to the day is one claim, as for those who upload several
    videos of a strike; a monitor that lists attacks one by one means each. A claim joins a group where its
    mean score reaches `threshold`. `weights`, by comparison and level, are those that ship unless said here.
    """

    distance_m: Annotated[int, Meta(ge=1, le=100_000)] = 5_000
    window_hours: Annotated[int, Meta(ge=1, le=168)] = 24
    neighbours_max: Annotated[int, Meta(ge=1)] = 64
    one_a_day: bool = False
    threshold: Bits = 0.5
    weights: dict[str, dict[str, Bits]] = {}


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What may grow, and how far. Reaching one refuses the report and leaves a marker."""

    live_reports_max: Annotated[int, Meta(ge=1)] = 2_000_000
    live_reports_per_lineage_max: Annotated[int, Meta(ge=1)] = 500_000
    held_back_max: Annotated[int, Meta(ge=1)] = 500_000
    tallies_per_lineage_max: Annotated[int, Meta(ge=1)] = 10_000
    judgements_per_lineage_max: Annotated[int, Meta(ge=1)] = 10_000
    declarations_max: Annotated[int, Meta(ge=1)] = 10_000
    access_statements_max: Annotated[int, Meta(ge=1)] = 50_000
    markers_max: Annotated[int, Meta(ge=1)] = 1_000
    passed_over_max: Annotated[int, Meta(ge=0)] = 100_000
    casualties_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_000
    claim_spread: Annotated[float, Meta(ge=0, le=1)] = 0.5
    listed_max: Annotated[int, Meta(ge=1, le=5_000)] = 100


class Terms(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The whole file. Lookups that the core needs often are computed once and kept."""

    truce: Truce
    opposed: Annotated[list[str], Meta(min_length=2, max_length=2)]
    gate: Gate = Gate()
    whole: Whole = Whole()
    zones: list[Zone] = []
    baseline: Baseline = Baseline()
    severity: Severity = Severity()
    coverage: Coverage = Coverage()
    access: AccessTerms = AccessTerms()
    ends: Ends = Ends()
    match: Match = Match()
    limits: Limits = Limits()
    sources: list[Source] = []
    actors: list[Actor] = []
    gazetteers: list[ListedPlaces] = []

    @cached_property
    def hash(self) -> str:
        """Digest of the values that are not defaults, 32 hexadecimal digits: the same terms have the same hash, however the
        file was written, and keep it when a later version knows more values."""
        return hashlib.sha256(orjson.dumps(_stated(self), option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]

    def as_mapping(self) -> dict[str, Any]:
        """The terms as plain values, as a terms record carries them; `parse` takes it back."""
        return msgspec.to_builtins(self)

    @cached_property
    def d_hour_s(self) -> int:
        return int(self.truce.d_hour.timestamp())

    @cached_property
    def zone_of_time(self) -> ZoneInfo:
        return ZoneInfo(self.truce.time_zone)

    @cached_property
    def horizon_start_s(self) -> int:
        """Before this nothing is kept: seconds since 1970."""
        return self.d_hour_s - self.truce.watch_days_before * DAY

    @cached_property
    def zone_ids(self) -> tuple[str, ...]:
        """Every zone that has a level, the whole last."""
        return (*(zone.id for zone in self.zones), WHOLE)

    @cached_property
    def gated_ids(self) -> tuple[str, ...]:
        return (*(zone.id for zone in self.zones if zone.gated), *((WHOLE,) if self.whole.gated else ()))

    @cached_property
    def area_names(self) -> dict[str, tuple[str, ...]]:
        """What the terms call an area, by its GeoNames code: from zones that are one area and nothing else."""
        return {zone.areas[0]: (zone.name, *zone.names) for zone in self.zones if len(zone.areas) == 1}

    @cached_property
    def thresholds(self) -> dict[str, Threshold]:
        """By zone; a zone that states none has that of the whole."""
        own = {zone.id: zone.threshold or self.whole.threshold for zone in self.zones}
        return own | {WHOLE: self.whole.threshold}

    @cached_property
    def source_by_name(self) -> dict[str, Source]:
        return {folded(name): source for source in self.sources for name in (source.id, *source.names)}

    @cached_property
    def actor_by_name(self) -> dict[str, Actor]:
        return {folded(name): actor for actor in self.actors for name in (actor.id, *actor.names)}

    @cached_property
    def actor_by_id(self) -> dict[str, Actor]:
        return {actor.id: actor for actor in self.actors}

    def lineage(self, source: str) -> str:
        """The lineage of a source by any of its names; `unlisted` for one that terms do not know."""
        known = self.source_by_name.get(folded(source))
        return UNLISTED if known is None else known.lineage or known.id

    @cached_property
    def weapon_weights(self) -> dict[str, int]:
        return {weapon: thousandths(weight) for weapon, weight in (WEAPON_WEIGHTS | self.severity.weapons).items()}

    @cached_property
    def kind_weights(self) -> dict[str, int]:
        return {kind: thousandths(weight) for kind, weight in (KIND_WEIGHTS | self.severity.kinds).items()}

    @cached_property
    def hurt_weights(self) -> tuple[int, int, int]:
        """Thousandths: what one killed weighs, what one injured does, and the most that an incident can."""
        return thousandths(self.severity.killed), thousandths(self.severity.injured), thousandths(self.severity.cap)

    @cached_property
    def claim_spread(self) -> int:
        """Thousandths."""
        return thousandths(self.limits.claim_spread)

    def weight(self, kind: str, weapon: str) -> int:
        """Thousandths. Attacks and disproportionate force weigh by weapon unless terms weigh the kind."""
        by_kind = self.kind_weights.get(kind)
        return self.weapon_weights[weapon] if by_kind is None else by_kind

    def takes_topic(self, topic: str) -> bool:
        """Whether reports and ticks of a source topic are for this truce."""
        if topic.startswith(SIMULATED_PREFIX) != self.truce.simulated:
            return False
        return any(fnmatchcase(topic, pattern) for pattern in self.truce.topics)


def load(path: str | Path, overrides: Iterable[str] = ()) -> Terms:
    """Read terms from a TOML file, with `key.path=value` overrides (values in TOML, or bare words).

    Polygons and lists of places named by file are read from beside it and carried inline from then on. Raises `TermsError`.
    """
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TermsError(f"{path}: there is no such file") from None
    except OSError as fault:
        raise TermsError(f"{path}: {fault.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise TermsError(f"{path}: not TOML: {fault}") from None
    for override in overrides:
        _override(values, override)
    for zone in values.get("zones", []):
        if isinstance(zone, dict) and isinstance(zone.get("polygons"), str):
            zone["polygons"] = _geometry(path.parent / zone["polygons"])
    try:
        return parse(_with_places(values, path.parent))
    except TermsError as fault:
        raise TermsError(f"{path}: {fault}") from None


def parse(values: dict[str, Any]) -> Terms:
    """Check a mapping and give terms. Raises `TermsError` naming what is wrong."""
    try:
        terms = msgspec.convert(values, Terms)
    except msgspec.ValidationError as fault:
        raise TermsError(str(fault).replace("`$.", "`")) from None
    faults = [fault for check in CHECKS for fault in check(terms)]
    if faults:
        raise TermsError("; ".join(faults))
    return terms


def _stated(value: Any) -> Any:
    """Plain values, without those that are the defaults of their field."""
    if isinstance(value, Struct):
        fields = [(field, getattr(value, field.name)) for field in msgspec.structs.fields(value)]
        return {field.encode_name: _stated(held) for field, held in fields if held != _default(field)}
    if isinstance(value, list):
        return [_stated(one) for one in value]
    return msgspec.to_builtins(value)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _override(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals:
        raise TermsError(f"--set {override}: write it as key.path=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.strip().split(".")
    place: Any = values
    for name in parents:
        place = _step(place, name, override)
    if isinstance(place, list):
        raise TermsError(f"--set {override}: {'.'.join(parents)} is a list; name one by its id")
    place[last] = value


def _step(place: Any, name: str, override: str) -> Any:
    """Into a table by its key, or into a list of tables (zones, sources) by their id."""
    if isinstance(place, list):
        for entry in place:
            if entry.get("id") == name:
                return entry
        raise TermsError(f"--set {override}: nothing has the id {name!r}")
    inner = place.setdefault(name, {})
    if not isinstance(inner, dict | list):
        raise TermsError(f"--set {override}: {name} is not a table")
    return inner


def _geometry(path: Path) -> dict[str, Any]:
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as fault:
        raise TermsError(f"polygons {path}: {fault}") from None


def _with_places(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The lists of places with what their files hold, so that whoever has the terms has the places."""
    try:
        lists = msgspec.convert(values.get("gazetteers", []), list[ListedPlaces])
        carried = [msgspec.structs.replace(each, places=[bare(p) for p in listed_places([each], folder)]) for each in lists]
    except msgspec.ValidationError as fault:
        raise TermsError(f"gazetteers: {fault}") from None
    except ValueError as fault:
        raise TermsError(f"gazetteers: {fault}") from None
    return values | {"gazetteers": msgspec.to_builtins(carried)} if carried else values


def _check_places(terms: Terms) -> Iterable[str]:
    """Terms are one message of the log, and hold their places: a file that it named would be another on every machine."""
    for number, listed in enumerate(terms.gazetteers):
        if listed.places is None:
            yield f"gazetteers.{number}: the places of {listed.file!r} were not read; load the terms from their file"
        elif not all(is_sound(place) for place in listed.places):
            yield f"gazetteers.{number}: a place is not on the Earth, or has no name, or less than nobody in it"
    size = len(orjson.dumps(msgspec.to_builtins(terms.gazetteers)))
    if size > PLACES_BYTES_MAX:
        yield (
            f"gazetteers: the places take {size} bytes, and terms carry at most {PLACES_BYTES_MAX}; "
            "name large files in the settings (gazetteers), of every worker alike"
        )


def _check_time(terms: Terms) -> Iterable[str]:
    try:
        terms.zone_of_time  # noqa: B018
    except (KeyError, ValueError, OSError):
        yield f"truce.time_zone: {terms.truce.time_zone!r} is not an IANA time zone"
    if terms.truce.d_hour.astimezone(UTC).microsecond:
        yield "truce.d_hour: give whole seconds"
    if terms.gate.max_span_days < terms.gate.days:
        yield "gate.max_span_days: no window of fewer days than gate.days can hold a run"
    if terms.baseline.min_watched_days > terms.baseline.days:
        yield "baseline.min_watched_days: more than baseline.days"
    if terms.truce.watch_days_before < terms.baseline.days:
        yield "truce.watch_days_before: the baseline reaches further back"


def _check_zones(terms: Terms) -> Iterable[str]:
    seen: set[str] = {WHOLE}
    for zone in terms.zones:
        if zone.id in seen:
            yield f"zones.{zone.id}: the id is taken"
        seen.add(zone.id)
        if bool(zone.areas) == bool(zone.polygons):
            yield f"zones.{zone.id}: give either areas or polygons"
        if isinstance(zone.polygons, dict) and zone.polygons:
            try:
                Shape(zone.polygons)
            except ValueError as fault:
                yield f"zones.{zone.id}: polygons: {fault}"
        if zone.names and len(zone.areas) != 1:
            yield f"zones.{zone.id}: names are those of one area; this zone is not one"
    if not terms.gated_ids:
        yield "zones: none is gated, and whole.gated is false: nothing could ever qualify"
    for zone_id, threshold in terms.thresholds.items():
        if threshold.mode is ThresholdMode.REDUCTION and threshold.value > 1:
            yield f"threshold of {zone_id}: a reduction's value is a share of the baseline, from 0 to 1"


def _check_sources(terms: Terms) -> Iterable[str]:
    sides = {*terms.opposed, Side.INDEPENDENT.value}
    if len(set(terms.opposed)) != 2 or Side.INDEPENDENT in terms.opposed:
        yield "opposed: name two sides, neither of them independent"
    names: dict[str, str] = {}
    for source in terms.sources:
        if source.side not in sides:
            yield f"sources.{source.id}: side {source.side!r} is none of {sorted(sides)}"
        if (source.lineage or source.id) == UNLISTED:
            yield f"sources.{source.id}: the lineage {UNLISTED!r} is that of sources terms do not list"
        yield from (f"sources.{source.id}: there is no zone {z!r}" for z in source.zones if z not in terms.zone_ids)
        for name in (source.id, *source.names):
            if has_controls(name):
                yield f"sources.{source.id!r}: the name {name!r} has control characters in it"
            if names.setdefault(folded(name), source.id) != source.id:
                yield f"sources.{source.id}: the name {name!r} is also one of {names[folded(name)]}"
    for actor in terms.actors:
        if actor.side is not None and actor.side not in sides:
            yield f"actors.{actor.id}: side {actor.side!r} is none of {sorted(sides)}"
    for name in terms.coverage.assume_alive:
        if folded(name) not in terms.source_by_name:
            yield f"coverage.assume_alive: there is no source {name!r}"


def _check_ends(terms: Terms) -> Iterable[str]:
    parties = {source.party for source in terms.sources if source.party}
    for party in (*terms.ends.ends_by, *terms.ends.renewed_by):
        if party not in parties:
            yield f"ends: no source speaks for the party {party!r}, so it could never declare anything"
    for party in terms.gate.waivers_by:
        if party not in parties:
            yield f"gate.waivers_by: no source speaks for the party {party!r}, so it could never declare anything"
    if terms.ends.renewed_every_hours and not terms.ends.renewed_by:
        yield "ends.renewed_by: with renewed_every_hours somebody must be able to renew"
    yield from (f"access.required: no area {a!r}" for a in terms.access.required if a not in terms.access.areas)


def _check_words(terms: Terms) -> Iterable[str]:
    """Keys that are words of ours: phases, and the values that `truce.assumptions` points at."""
    phases = [phase.value for phase in Phase]
    yield from (f"truce.phase_names: {name!r} is none of {phases}" for name in terms.truce.phase_names if name not in phases)
    for comparison, levels in terms.match.weights.items():
        yield from (
            f"match.weights.{comparison}.{level}: there is no such level" for level in levels if (comparison, level) not in NUMBER
        )
    values = terms.as_mapping()
    yield from (f"truce.assumptions: there is no value {key!r}" for key in terms.truce.assumptions if not _has(values, key))


def _has(values: Any, key: str) -> bool:
    """Whether a dotted key names a value or a table; lists of tables go by id, as overrides do."""
    for name in key.split("."):
        if isinstance(values, list):
            values = {entry["id"]: entry for entry in values if isinstance(entry, dict) and "id" in entry}
        if not isinstance(values, dict) or name not in values:
            return False
        values = values[name]
    return True


CHECKS: tuple[Callable[[Terms], Iterable[str]], ...] = (
    _check_time,
    _check_zones,
    _check_sources,
    _check_ends,
    _check_words,
    _check_places,
)

__all__ = ["DAY", "HOUR", "SIMULATED_PREFIX", "Terms", "TermsError", "folded", "load", "parse", "thousandths"]
