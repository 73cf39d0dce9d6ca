"""Which column of a table is which field of a report, written down in TOML (`--map`), and the report that comes of it.

Fields are named as in the contract, with dots into inner objects ("location.admin1", "casualties.killed"). What a cell says is
taken over where it can be read, and is refused with the name of the field where it cannot: nothing is guessed
but the kind and the weapon, from words that mean only one thing.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from schemas.facts import CountRange, Report
from schemas.reasons import Kind, Reason, ReportType, TimePrecision, Weapon
from streams.adapters.rows import AdapterError, Fault, Made
from streams.adapters.table import Cells, given
from streams.adapters.times import Moment, moment
from streams.adapters.wording import kind_of, weapon_of

Columns = str | Annotated[list[str], Meta(min_length=1)]

POINT = "location.point"
"""Latitude, longitude and, where given, height and accuracy in metres, in one cell: as forms give the place of a phone."""
PHONE_RADIUS_M = 1_000
"""Where somebody stood is not where it fell: no such point is sharper than this."""
CLOCK = "occurred_clock"
"""The time of day of `occurred_at`, where the date stands in a column of its own."""

_TIMES = ("occurred_from", "occurred_to", "published_at", "until", "covers.from", "covers.to", "period.from", "period.to")
_COUNTS = ("casualties.killed", "casualties.injured")
_DECIMALS = ("lat", "lon")
_WHOLE = ("revision", "count", "radius_m", "precision", "low", "best", "high")
"""By the last part of their names."""
_RECEIVED_AT = ("published_at", "occurred_to", "occurred_at", "covers.to", "period.to")
"""In files a report is received when it was published, or else when what it tells of was over."""

_NUMBER = r"\d{1,7}(?:\.0+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|–|to)\s*({_NUMBER})")
_AT_LEAST = re.compile(rf"(?:at least|over|more than|>=?)\s*({_NUMBER})|({_NUMBER})\s*\+")


class Mapping(Struct, frozen=True, forbid_unknown_fields=True):
    """`fields`: the column of each field, or several: the first that says something counts, and a text has all of them.
    `constants`: of every row, unless a column says otherwise. `values`: by field, what its words stand for; "*" any other word.
    `keep`: columns to carry along as they are. Times without an offset are of `time_zone`; `time_formats` as in `strptime`.
    """

    fields: dict[str, Columns] = {}
    constants: dict[str, str | int | float] = {}
    values: dict[str, dict[str, str]] = {}
    keep: list[str] = []
    time_zone: str = "UTC"
    time_formats: list[str] = []

    def over(self, other: "Mapping") -> "Mapping":
        """This one, and what it leaves out from another."""
        return Mapping(
            other.fields | self.fields,
            other.constants | self.constants,
            other.values | self.values,
            [*other.keep, *self.keep],
            self.time_zone if self.time_zone != "UTC" else other.time_zone,
            [*self.time_formats, *other.time_formats],
        )

    def columns(self) -> list[list[str]]:
        """Those of each field."""
        return [listed(columns) for columns in self.fields.values()]


def load(path: Path) -> Mapping:
    """Raises `AdapterError`, with all that is wrong in one line, for a file that is no mapping."""
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Mapping)
        ZoneInfo(mapping.time_zone)
    except FileNotFoundError:
        raise AdapterError(f"{path}: there is no such file") from None
    except OSError as error:
        raise AdapterError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as fault:
        raise AdapterError(f"{path}: {fault}") from None
    except (ZoneInfoNotFoundError, ValueError):
        raise AdapterError(f"{path}: time_zone: {mapping.time_zone!r} is not a time zone (IANA)") from None
    unknown = [name for name in (*mapping.fields, *mapping.constants, *mapping.values) if name not in FIELDS]
    if unknown:
        raise AdapterError(f"{path}: {', '.join(unknown)}: not a field of a report; there are {', '.join(sorted(FIELDS))}")
    return mapping


def reporter(mapping: Mapping, anonymous: str | None = None) -> Callable[[Cells], Made]:
    """Makes reports of cells. `anonymous`: before the id, it is the source of a row that names none, so that those who
    give no name are not taken for one person."""
    zone = ZoneInfo(mapping.time_zone)

    def to_report(cells: Cells) -> Made:
        said = {field: _said(mapping, field, cells) for field in (*mapping.fields, *mapping.constants)}
        try:
            values = dict(_values({field: text for field, text in said.items() if text is not None}, mapping, zone))
            values["original"] = {column: text[:2_000] for column in mapping.keep if (text := given(cells, column))} or None
            if "source" not in values and anonymous is not None and "report_id" in values:
                values["source"] = f"{anonymous} {values['report_id']}"[:200]
            received_at = _received_at(values)
            report = msgspec.convert(_nested(values), Report)
        except _Unusable as fault:
            return fault.fault
        except msgspec.ValidationError as fault:
            reason = Reason.MISSING_FIELD if "missing required field" in str(fault) else Reason.WRONG_TYPE
            return Fault(str(fault).replace(" - at `$.", ": at `").replace("Object missing", "missing"), reason)
        return received_at, report

    return to_report


class _Unusable(Exception):
    """A cell that cannot be read. Carries the fault from where it is found to where the row is judged."""

    def __init__(self, detail: str, reason: Reason = Reason.WRONG_TYPE) -> None:
        self.fault = Fault(detail, reason)


def _said(mapping: Mapping, field: str, cells: Cells) -> str | None:
    texts = [text for column in listed(mapping.fields.get(field, [])) if (text := given(cells, column)) is not None]
    if not texts:
        constant = mapping.constants.get(field)
        return None if constant is None else str(constant)
    text = ". ".join(dict.fromkeys(texts)) if field == "text" else texts[0]
    words = {word.casefold(): meaning for word, meaning in mapping.values.get(field, {}).items()}
    return words.get(text.casefold(), words.get("*", text))


def _values(said: dict[str, str], mapping: Mapping, zone: ZoneInfo) -> Iterator[tuple[str, Any]]:
    """Every field with its value; those that say the time of an occurrence know the day's end for `_received_at`."""
    clock, point = said.pop(CLOCK, None), said.pop(POINT, None)
    yield "type", said.pop("type", ReportType.VIOLATION)
    if point is not None and "location.lat" not in said:
        yield from _point(point)
    kind, named = said.pop("kind", None), said.pop("weapon", None)
    if kind is not None:
        yield "kind", _kind(kind)
    weapon = _word(Weapon, named) or weapon_of(named) if named is not None else weapon_of(kind or "")
    yield "weapon", weapon or Weapon.UNDETERMINED
    if weapon is None and named is not None and "munition" not in said:
        yield "munition", named[:200]
    at = said.pop("occurred_at", None)
    if at is not None:
        when = _time("occurred_at", at if clock is None else f"{at} {clock}", mapping, zone)
        yield "occurred_at", when
        if "time_precision" not in said and when.is_day:
            yield "time_precision", TimePrecision.DAY
    for field, text in said.items():
        if field in _TIMES:
            yield field, _time(field, text, mapping, zone)
        elif field in _COUNTS:
            yield field, _count(field, text)
        elif (last := field.rpartition(".")[2]) in (*_DECIMALS, *_WHOLE):
            yield field, _number(field, text, float if last in _DECIMALS else int)
        elif field == "links":
            yield field, re.split(r"[\s;]+", text)[:50]
        elif field == "source":
            # Where several are named, the first: that the others told of it too is the word of whoever put them together.
            yield field, text.partition(";")[0].strip()
        else:
            yield field, text


def _received_at(values: dict[str, Any]) -> int:
    """And turns moments into times: a day that was published before it was over was told at its publication at the latest."""
    when = {field: value for field, value in values.items() if isinstance(value, Moment)}
    stated = next((when[field] for field in _RECEIVED_AT if field in when), None)
    if stated is None:
        raise _Unusable("occurred_at: no column says a time", Reason.NO_USABLE_TIME)
    received = stated.at if "published_at" in when and not stated.is_day else stated.ends
    for field, value in when.items():
        if not value.is_day:
            values[field] = value.at
        elif field.endswith("from"):
            values[field] = value.starts
        elif field == "until":
            values[field] = value.ends
        else:
            values[field] = min(value.ends if field.endswith("to") else value.at, received)
    return int(received.timestamp())


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    report: dict[str, Any] = {}
    # A range comes after the number that it takes the place of.
    for field in sorted(values, key=lambda field: field.count(".")):
        *path, name = field.split(".")
        inner = report
        for step in path:
            within = inner.get(step)
            inner[step] = within if isinstance(within, dict) else {}
            inner = inner[step]
        inner[name] = values[field]
    return report


def _kind(text: str) -> Kind:
    kind = _word(Kind, text) or kind_of(text)
    if kind is None:
        raise _Unusable(f"kind: {text[:60]!r} is not known; a mapping can say what it means: [values.kind]", Reason.UNKNOWN_KIND)
    return kind


def _word(words: type[Kind] | type[Weapon], text: str) -> Any:
    plain = re.sub(r"[\s/-]+", "_", text.strip().casefold())
    return next((word for word in words if word == plain), None)


def _time(field: str, text: str, mapping: Mapping, zone: ZoneInfo) -> Moment:
    found = moment(text, zone, mapping.time_formats)
    if found is None:
        raise _Unusable(f"{field}: {text[:40]!r} is no time as in ISO 8601, and none of `time_formats`", Reason.NO_USABLE_TIME)
    return found


def _count(field: str, text: str) -> Any:
    if text.casefold() in ("tens", "dozens", "hundreds"):
        return text.casefold()
    if span := _RANGE.fullmatch(text):
        return {"low": int(float(span[1])), "high": int(float(span[2]))}
    if least := _AT_LEAST.fullmatch(text.casefold()):
        return {"low": int(float(least[1] or least[2]))}
    return _number(field, text, int)


def _number(field: str, text: str, type: type[int] | type[float]) -> Any:
    try:
        value = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e12 or (type is int and value != int(value)):
        raise _Unusable(f"{field}: {text[:40]!r} is no {'whole ' if type is int else ''}number")
    return type(value)


def _point(text: str) -> Iterator[tuple[str, Any]]:
    parts = re.split(r"[\s,;]+", text.strip("[]() "))
    if len(parts) < 2:
        raise _Unusable(f"{POINT}: {text[:40]!r} is not latitude and longitude")
    yield "location.lat", _number(POINT, parts[0], float)
    yield "location.lon", _number(POINT, parts[1], float)
    accuracy_m = int(_number(POINT, parts[3], float)) if len(parts) >= 4 else 0
    yield "location.radius_m", max(PHONE_RADIUS_M, accuracy_m)


def listed(columns: Columns) -> list[str]:
    return [columns] if isinstance(columns, str) else columns


def _paths(struct: type[Struct], prefix: str = "") -> Iterator[str]:
    """The fields of a report and of what is in it, by the names on the wire."""
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        inside = list(_structs(hints[field.name]))
        if not inside or CountRange in inside:
            yield f"{prefix}{field.encode_name}"
        for inner in inside:
            yield from _paths(inner, f"{prefix}{field.encode_name}.")


def _structs(hint: Any) -> Iterator[type[Struct]]:
    if get_origin(hint) is Annotated:
        yield from _structs(get_args(hint)[0])
    elif isinstance(hint, UnionType) or get_origin(hint) is not None:
        for one in get_args(hint):
            yield from _structs(one)
    elif isinstance(hint, type) and issubclass(hint, Struct):
        yield hint


FIELDS = frozenset(_paths(Report)) - {"original"} | {POINT, CLOCK}
"""What a mapping may speak of."""

__all__ = ["CLOCK", "FIELDS", "POINT", "Mapping", "listed", "load", "reporter"]
