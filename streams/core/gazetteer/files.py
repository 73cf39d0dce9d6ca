"""Read lists of places that users give: GeoNames dumps, CSV, GeoJSON, and lists of objects in JSON.

`ListedPlaces` says which file, and what its columns mean; settings and terms hold some of them. What is read is plain
places, without codes of provinces yet: `merge` gives them theirs. Raises `ValueError` with the file and what is wrong in it.
"""

import csv
import hashlib
import io
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import orjson
from msgspec import Meta, Struct

from streams.core.gazetteer.place import Place, PlaceKind, bare
from streams.core.geometry import distance_m, microdegrees

Column = Annotated[str, Meta(min_length=1)]


class ListedPlaces(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One list. `columns` says in which column (or under which key: `centroid.latitude`, `aliases[].value`) a value is.

    The values are name, names (a list of columns), lat, lon, id, province, country, population, radius_m, area_km2 and kind.
    `kind` and `country` hold for all rows that do not say theirs; `source` is what the list is called where a place is shown.
    `places` is what the file held: terms carry it, so that whoever reads the terms has the places.
    """

    file: str
    format: Literal["geonames", "csv", "geojson", "json"] | None = None
    kind: PlaceKind = PlaceKind.PLACE
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    source: str | None = None
    columns: dict[str, Column | list[Column]] = {}
    places: list[Place] | None = None


VALUES = frozenset(("name", "names", "lat", "lon", "id", "province", "country", "population", "radius_m", "area_km2", "kind"))
_FORMATS = {".txt": "geonames", ".csv": "csv", ".geojson": "geojson", ".json": "json"}

# GeoNames' codes of features that reports name: what people live in, the areas they are governed by, and what is fought for.
_GEONAMES_KINDS = {
    "PCLI": PlaceKind.COUNTRY,
    "ADM1": PlaceKind.PROVINCE,
    "PPLX": PlaceKind.QUARTER,
} | dict.fromkeys(("ADM2", "ADM3", "ADM4"), PlaceKind.DISTRICT) | dict.fromkeys(
    ("AIRP", "AIRB", "AIRF", "INSM", "RGN", "CMPRF", "DAM", "BDG", "PASS"), PlaceKind.LOCALITY
)  # fmt: skip
_GEONAMES_DESERTED = frozenset(("PPLQ", "PPLW", "PPLH", "PPLCH"))
_REGION_RADIUS_M = 15_000


def read(listed: ListedPlaces, folder: Path) -> list[Place]:
    """The places of a list; those it carries, or those of its file, which is looked for in the folder."""
    if listed.places is not None:
        return [bare(place) for place in listed.places]
    path = folder / listed.file
    form = listed.format or _FORMATS.get(path.suffix.lower())
    if form is None:
        raise ValueError(f"{path}: say what it is written in: format = one of {', '.join(sorted(set(_FORMATS.values())))}")
    unknown = sorted(set(listed.columns) - VALUES)
    if unknown:
        raise ValueError(f"{path}: columns: {unknown[0]!r} is none of {', '.join(sorted(VALUES))}")
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise ValueError(f"{path}: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not UTF-8") from None
    source = listed.source or path.stem
    places = []
    for number, row in _ROWS[form](content, path, listed.columns):
        place = row if isinstance(row, Place) else _place(row, listed, source, f"{path}: entry {number}")
        if place is not None:
            places.append(msgspec.structs.replace(place, source=source))
    if not places:
        raise ValueError(f"{path}: no place in it")
    return places


def digest(listed: ListedPlaces, folder: Path) -> str:
    """Of the file and what is made of it, so that a changed one is read again. Raises `OSError`."""
    told = msgspec.msgpack.encode(msgspec.structs.replace(listed, places=None))
    content = msgspec.msgpack.encode(listed.places) if listed.places is not None else (folder / listed.file).read_bytes()
    return hashlib.sha256(told + content).hexdigest()[:24]


def _geonames(content: str, path: Path, columns: Mapping[str, Any]) -> Iterator[tuple[int, Place]]:
    """A dump of a country: 19 columns with tabs between, without a heading."""
    for number, line in enumerate(content.splitlines(), 1):
        cells = line.split("\t")
        if len(cells) != 19:
            raise ValueError(f"{path}: line {number}: {len(cells)} columns with tabs between where GeoNames has 19")
        (number_, name, plain, others, lat, lon, feature, code, country, _, province, *_) = cells
        kind = _GEONAMES_KINDS.get(code) or (PlaceKind.PLACE if feature == "P" and code not in _GEONAMES_DESERTED else None)
        if kind is None or not country:
            continue
        spellings = tuple(dict.fromkeys(spelling for spelling in (name, plain, *others.split(",")) if spelling))
        try:
            place = Place(
                int(number_), name, microdegrees(float(lat)), microdegrees(float(lon)), country,
                # "00" is what GeoNames writes where it does not know.
                "" if province == "00" else province, int(cells[14] or 0), spellings, kind,
                _REGION_RADIUS_M if code == "RGN" else 0,
            )  # fmt: skip
        except ValueError:
            raise ValueError(f"{path}: line {number}: id, latitude, longitude or population is no number") from None
        yield number, place


def _csv(content: str, path: Path, columns: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(content, newline=""))
    wanted = [name for value in columns.values() for name in ([value] if isinstance(value, str) else value)]
    for name in wanted:
        if name not in (reader.fieldnames or ()):
            raise ValueError(f"{path}: there is no column {name!r}; there are {', '.join(reader.fieldnames or ('none',))}")
    for row in reader:
        yield reader.line_num, {what: _cells(row, name) for what, name in columns.items()}


def _cells(row: Mapping[str, Any], name: str | list[str]) -> Any:
    return row[name] if isinstance(name, str) else [row[each] for each in name]


def _json(content: str, path: Path, columns: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """A list of objects, or an object that holds one and nothing else that is a list."""
    document = _decoded(content, path)
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        document = lists[0] if len(lists) == 1 else None
    if not isinstance(document, list):
        raise ValueError(f"{path}: not a list of objects")
    for number, entry in enumerate(document, 1):
        yield number, {what: _under(entry, name) for what, name in columns.items()}


def _geojson(content: str, path: Path, columns: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    document = _decoded(content, path)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise ValueError(f"{path}: not a GeoJSON FeatureCollection")
    for number, feature in enumerate(features, 1):
        corners = list(_corners((feature.get("geometry") or {}).get("coordinates")))
        row = {what: _under(feature.get("properties") or {}, name) for what, name in columns.items()}
        if corners:
            lats, lons = [lat for lat, _ in corners], [lon for _, lon in corners]
            row["lat"], row["lon"] = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
            middle = microdegrees(row["lat"]), microdegrees(row["lon"])
            row.setdefault("radius_m", max(distance_m(*middle, microdegrees(lat), microdegrees(lon)) for lat, lon in corners))
        yield number, row


def _corners(coordinates: Any) -> Iterator[tuple[float, float]]:
    """Every position of a geometry as (lat, lon), however deep its lists go."""
    if isinstance(coordinates, list) and len(coordinates) >= 2 and all(isinstance(part, int | float) for part in coordinates[:2]):
        yield coordinates[1], coordinates[0]
    elif isinstance(coordinates, list):
        for part in coordinates:
            yield from _corners(part)


def _decoded(content: str, path: Path) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise ValueError(f"{path}: not JSON: {fault}") from None


def _under(entry: Any, name: str | list[str]) -> Any:
    """What is under a dotted key; `aliases[].value` is that of every entry of a list."""
    if isinstance(name, list):
        found = [_under(entry, each) for each in name]
        return [value for part in found for value in (part if isinstance(part, list) else [part])]
    key, _, rest = name.partition(".")
    is_list = key.endswith("[]")
    value = entry.get(key.removesuffix("[]")) if isinstance(entry, dict) else None
    if is_list:
        return [_under(each, rest) if rest else each for each in value or ()]
    return _under(value, rest) if rest and value is not None else value


def _place(row: Mapping[str, Any], listed: ListedPlaces, source: str, where: str) -> Place | None:
    """A row as a place; none where it has no name or no point."""
    told = row.get("names") or ()
    others = [told] if isinstance(told, str) else told
    spellings = tuple(dict.fromkeys(name for other in (row.get("name"), *others) if (name := str(other or "").strip())))
    country = str(row.get("country") or listed.country or "").upper()
    if not spellings or row.get("lat") in (None, "") or row.get("lon") in (None, ""):
        return None
    if not country:
        raise ValueError(f"{where}: no country; give columns.country or country")
    try:
        lat_e6, lon_e6 = microdegrees(float(row["lat"])), microdegrees(float(row["lon"]))
        population = int(float(row.get("population") or 0))
        radius_m = int(float(row.get("radius_m") or 0))
        area_km2 = float(row.get("area_km2") or 0)
        kind = PlaceKind(str(row["kind"]).casefold()) if row.get("kind") else listed.kind
    except (TypeError, ValueError, OverflowError):
        what = "lat, lon, population, radius_m or area_km2 is no number, or kind no kind"
        raise ValueError(f"{where} ({spellings[0]}): {what}") from None
    if abs(lat_e6) > 90_000_000 or abs(lon_e6) > 180_000_000:
        raise ValueError(f"{where} ({spellings[0]}): {row['lat']}, {row['lon']} is not on the Earth")
    if area_km2 > 0 and not radius_m:
        # Twice the circle of the same area: areas are seldom round, and a point in them may be anywhere.
        radius_m = math.isqrt(int(area_km2 * 1_000_000 / math.pi * 4))
    identifier = f"{source}/{row.get('id') or ''}/{spellings[0]}/{lat_e6}/{lon_e6}"
    # Below zero, where GeoNames has no numbers, and the same whenever the list is read.
    number = -int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:6], "big") - 1
    province = str(row.get("province") or "").strip()
    return Place(number, spellings[0], lat_e6, lon_e6, country, province, population, spellings, kind, radius_m, source)


_ROWS: dict[str, Callable[[str, Path, Mapping[str, Any]], Iterator[tuple[int, Any]]]] = {
    "geonames": _geonames,
    "csv": _csv,
    "json": _json,
    "geojson": _geojson,
}

__all__ = ["VALUES", "ListedPlaces", "digest", "read"]
