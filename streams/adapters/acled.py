"""The Armed Conflict Location & Event Data (ACLED), one row an event, as CSV or as the JSON of its interface.

The data set is compiled from others: the source of a report is the first that the row names, and the others are kept beside
it, because that they told of it independently is the compiler's word alone. `timestamp` is when the row was last changed in
the data set, often years later; a row is received when its day is over.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from schemas.facts import Casualties, Location, Report
from schemas.reasons import Kind, Reason, ReportType, TimePrecision, Weapon
from streams.adapters import documents, table
from streams.adapters.countries import iso_code
from streams.adapters.rows import Fault, Made, Row, Took, nobody, row_of
from streams.adapters.table import Cells, given, kept, number, whole
from streams.adapters.times import moment
from streams.adapters.wording import weapon_of

COLUMNS = ("event_id_cnty", "event_date", "event_type", "country", "latitude", "longitude", "fatalities")
CODES = (
    *("event_id_cnty", "time_precision", "geo_precision", "event_type", "sub_event_type", "interaction", "civilian_targeting"),
    *("assoc_actor_1", "assoc_actor_2", "source", "source_scale", "timestamp"),
)
"""What is kept as it stands."""

# ACLED's time_precision: 1 the day, 2 within the week, 3 within the month.
_TIME_PRECISION = {1: TimePrecision.DAY, 2: TimePrecision.WEEK, 3: TimePrecision.MONTH}

# ACLED's geo_precision on the UCDP scale, with the radius of what the point stands for: 1 a town, 2 a town that stands for
# the part of a region about it, 3 the capital of a province that stands for the province.
_PRECISION = {1: (1, 2_500), 2: (3, 30_000), 3: (4, 100_000)}
_UNSTATED = 2
_NAMED_PLACE = 1

_KINDS = {
    "agreement": Kind.OTHER,
    "arrests": Kind.DETENTION,
    "abduction/forced disappearance": Kind.DETENTION,
    "government regains territory": Kind.TERRITORY,
    "non-state actor overtakes territory": Kind.TERRITORY,
    "non-violent transfer of territory": Kind.TERRITORY,
    "excessive force against protesters": Kind.DISPROPORTIONATE_FORCE,
}
_KINDS_BY_TYPE = {
    "battles": Kind.ATTACK,
    "explosions/remote violence": Kind.ATTACK,
    "violence against civilians": Kind.ATTACK,
    "protests": Kind.OTHER,
    "riots": Kind.OTHER,
    "strategic developments": Kind.OTHER,
}
_WEAPONS = {
    "air/drone strike": Weapon.AIRSTRIKE,
    "grenade": Weapon.SMALL_ARMS,
    "remote explosive/landmine/ied": Weapon.IED_MINE,
    "shelling/artillery/missile attack": Weapon.ARTILLERY,
    "suicide bomb": Weapon.IED_MINE,
}
# What the notes may sharpen: a type that names several weapons.
_SHARPER = {
    "air/drone strike": (Weapon.UAV,),
    "shelling/artillery/missile attack": (Weapon.MORTAR, Weapon.ROCKET, Weapon.TANK, Weapon.ATGM),
}
_CIVILIANS = ("7", "civilians")


def read(path: Path, took: Took = nobody) -> Iterator[Row]:
    """Reports of the file, in its order. Raises `AdapterError` where it is not such a table or document."""
    if not _is_json(path):
        yield from table.read(path, COLUMNS, _report, took=took)
        return
    for element in documents.elements(path, ("data",), took):
        value = element.value
        made = Fault(value, Reason.NOT_JSON) if isinstance(value, str) else _report(documents.flat(value))
        yield row_of(element.where, element.original, made)


def _is_json(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(1_000).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _report(cells: Cells) -> Made:
    identifier = given(cells, "event_id_cnty")
    if identifier is None:
        return Fault("event_id_cnty: empty")
    date = given(cells, "event_date") or ""
    day = moment(date, ZoneInfo("UTC"), ("%d/%m/%Y",))
    if day is None:
        return Fault(f"event_date: {date[:40]!r} is not a date (YYYY-MM-DD)", Reason.NO_USABLE_TIME)
    event, sub = (given(cells, "event_type") or "").casefold(), (given(cells, "sub_event_type") or "").casefold()
    kind = _KINDS.get(sub) or _KINDS_BY_TYPE.get(event)
    if kind is None:
        return Fault(f"event_type: {event[:60]!r} is no type of ACLED's", Reason.UNKNOWN_KIND)
    notes = given(cells, "notes")
    report = Report(
        report_id=identifier,
        source=(given(cells, "source") or "").split(";")[0].strip()[:200] or "acled",
        type=ReportType.VIOLATION,
        kind=kind,
        weapon=_weapon(sub, notes or ""),
        munition="chemical" if sub == "chemical weapon" else None,
        occurred_at=day.at,
        time_precision=_TIME_PRECISION.get(whole(cells, "time_precision") or 1, TimePrecision.MONTH),
        location=_location(cells),
        casualties=_casualties(cells),
        # In a battle the order of the two says nothing of who began; who was in it decides whether the truce is concerned.
        by=given(cells, "actor1"),
        against=given(cells, "actor2"),
        text=notes,
        language="en" if notes else None,
        original=kept(cells, CODES),
    )
    return int((day.at + timedelta(hours=12)).timestamp()), report


def _weapon(sub: str, notes: str) -> Weapon:
    named = weapon_of(notes)
    return named if named in _SHARPER.get(sub, ()) else _WEAPONS.get(sub, Weapon.UNDETERMINED)


def _location(cells: Cells) -> Location:
    code = whole(cells, "geo_precision")
    precision, radius_m = _PRECISION.get(code or _UNSTATED, _PRECISION[max(_PRECISION)])
    lat, lon = number(cells, "latitude"), number(cells, "longitude")
    has_point = lat is not None and lon is not None
    # From 2 on the town named is not where it was, but what stands for where it was.
    place = given(cells, "location") if code == _NAMED_PLACE or not has_point else None
    return Location(
        lat=lat if has_point else None,
        lon=lon if has_point else None,
        radius_m=radius_m if has_point else None,
        place=place,
        admin2=given(cells, "admin2"),
        admin1=given(cells, "admin1"),
        country=iso_code(given(cells, "country") or given(cells, "iso") or ""),
        precision=precision,
    )


def _casualties(cells: Cells) -> Casualties | None:
    """The estimate of deaths. 0 is also what stands where nobody said anything of deaths: then nothing is said here."""
    killed = whole(cells, "fatalities")
    if not killed or killed < 0:
        return None
    are_civilians = (given(cells, "inter2") or "").casefold() in _CIVILIANS
    return Casualties(killed=killed, who="civilian" if are_civilians else "unknown")


__all__ = ["CODES", "COLUMNS", "read"]
