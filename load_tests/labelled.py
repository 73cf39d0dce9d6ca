"""Places and phrases whose true place is known, made afresh from real lists each time: nothing of them is kept here.

The lists are those of `TRUCE_SHARED_DATA`: quarters and provinces (OCHA), districts and sub-districts (OpenSyria), and the
localities of the Syrian Archive. One seed gives the same cases. The coordinates are hidden: a case is what a report would
say, and the truth beside it.
"""

import csv
import json
import math
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import mgrs
import utm
from msgspec.structs import replace
from openlocationcode import openlocationcode

from schemas.facts import Location
from streams.core import names
from streams.core.gazetteer import ListedPlaces, PlaceKind
from streams.core.geometry import distance_m, microdegrees
from streams.core.polygons import Shape

SHARED = Path(os.environ.get("TRUCE_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
ARCHIVE = "syrian_archive_2015-10_2016-05.csv"
QUARTERS = "ocha_syr_city_neighbourhoods.csv"
OSCE = "osce_relative_phrases.csv"
NEEDED = (
    ARCHIVE,
    QUARTERS,
    OSCE,
    "ocha_syr_admin1.geojson",
    *(f"opensyria_{part}.json" for part in ("governorates", "districts", "subdistricts")),
)

_OPEN_SYRIA = {
    "name": "name.en",
    "names": ["name.ar", "aliases[].value"],
    "lat": "centroid.latitude",
    "lon": "centroid.longitude",
    "id": "id",
    "area_km2": "area.value",
}
LISTS = (
    ListedPlaces(
        file="ocha_syr_admin1.geojson",
        kind=PlaceKind.PROVINCE,
        country="SY",
        source="OCHA provinces",
        columns={"name": "NAME_EN", "names": ["NAM_EN_REF", "NAME_AR"], "id": "PCODE"},
    ),
    *(
        ListedPlaces(file=f"opensyria_{part}.json", kind=kind, country="SY", source="OpenSyria", columns=_OPEN_SYRIA)
        for part, kind in (
            ("governorates", PlaceKind.PROVINCE),
            ("districts", PlaceKind.DISTRICT),
            ("subdistricts", PlaceKind.DISTRICT),
        )
    ),
    ListedPlaces(
        file=QUARTERS,
        kind=PlaceKind.QUARTER,
        country="SY",
        source="OCHA quarters",
        columns={
            "name": "NAME_EN",
            "names": ["NAM_EN_REF", "NAME_AR", "NAM_AR_REF"],
            "lat": "LATITUDE",
            "lon": "LONGITUDE",
            "id": "PCODE",
            "province": "ADM1_EN",
        },
    ),
)
"""The lists of the shared data as terms or settings would name them; their paths are made whole by `lists`."""


BORDER_M = 10_000
CONTRADICTION_M = 15_000
PROVINCES_OF = {
    "DAMASCUS": ("Damascus", "Rural Damascus"),
    "DEIR EZZOR": ("Deir-ez-Zor",),
    "LATTAKIA": ("Lattakia",),
    "DARAA": ("Dar'a",),
    "IDLIB": ("Idleb",),
}
"""What the archive calls a province, where the list of provinces writes it in another way."""


class Case(NamedTuple):
    """What a report says, and where that is (microdegrees). `kind` is the row of the table."""

    kind: str
    location: Location
    lat_e6: int
    lon_e6: int


class Spot(NamedTuple):
    name: str
    province: str
    lat: float
    lon: float


def missing() -> str | None:
    """Why the real lists cannot be used, if so."""
    absent = [name for name in NEEDED if not (SHARED / name).is_file()]
    return f"no real data: {SHARED / absent[0]} is absent (set TRUCE_SHARED_DATA)" if absent else None


def lists() -> list[ListedPlaces]:
    return [replace(listed, file=str(SHARED / listed.file)) for listed in LISTS]


def cases(seed: int) -> list[Case]:
    """Some 500, of every kind; the same for the same seed and lists."""
    chance = random.Random(seed)
    made: list[Case] = []
    for make in (_quarters, _areas, _localities, _phrases, _numbers, _damaged, _texts):
        made += make(chance)
    return made


def _quarters(chance: random.Random) -> Iterator[Case]:
    rows = _csv(QUARTERS)
    for row in chance.sample(rows, 50):
        yield _case("quarter", Location(quarter=row["NAME_EN"], place=row["ADM4_EN"], admin1=row["ADM1_EN"]), *_at(row))
    for row in chance.sample(rows, 40):
        yield _case("quarter, as a phrase", Location(place=f"{row['NAM_EN_REF']} neighborhood, {row['ADM4_EN']}"), *_at(row))
    for row in chance.sample(rows, 40):
        yield _case("quarter, Arabic", Location(place=f"حي {row['NAME_AR']}، {row['ADM4_AR']}"), *_at(row))
    for row in chance.sample([row for row in rows if len(row["NAME_EN"]) >= 6], 40):
        spelled = misspelt(row["NAME_EN"], chance)
        yield _case("quarter, misspelt", Location(quarter=spelled, place=row["ADM4_EN"], admin1=row["ADM1_EN"]), *_at(row))


def _areas(chance: random.Random) -> Iterator[Case]:
    provinces = {each["id"]: each["name"] for each in _json("opensyria_governorates.json")}
    small = [each for each in _json("opensyria_subdistricts.json") if each.get("centroid")]
    for each in chance.sample(small, 40):
        province = provinces[each["governorateId"]]
        yield _case("sub-district", Location(admin2=each["name"]["en"], admin1=province["en"]), *_centroid(each))
    for each in chance.sample(small, 40):
        province = provinces[each["governorateId"]]
        yield _case(
            "sub-district, Arabic", Location(place=f"ناحية {each['name']['ar']}", admin1=province["ar"]), *_centroid(each)
        )
    for each in chance.sample([each for each in small if len(each["name"]["en"]) >= 6], 30):
        spelled = misspelt(each["name"]["en"], chance)
        province = provinces[each["governorateId"]]
        yield _case("sub-district, misspelt", Location(admin2=spelled, admin1=province["en"]), *_centroid(each))
    for each in chance.sample([each for each in _json("opensyria_districts.json") if each.get("centroid")], 30):
        province = provinces[each["governorateId"]]
        yield _case("district", Location(admin2=each["name"]["en"], admin1=province["en"]), *_centroid(each))


def _localities(chance: random.Random) -> Iterator[Case]:
    spots = archive_spots()
    for spot in chance.sample(spots, 60):
        yield _case("locality", Location(place=spot.name, admin1=spot.province), spot.lat, spot.lon)
    for spot in chance.sample([spot for spot in spots if len(spot.name) >= 6], 30):
        yield _case("locality, misspelt", Location(place=misspelt(spot.name, chance), admin1=spot.province), spot.lat, spot.lon)


def _phrases(chance: random.Random) -> Iterator[Case]:
    """From real pairs: the place that is meant and the one it is told from, both with coordinates of their own."""
    spots = archive_spots()
    pairs = [(one, other) for one in spots for other in spots if one is not other and 4_000 <= _apart_m(one, other) <= 60_000]
    for said in (_offset_en, _offset_short, _offset_ar):
        for ref, meant in chance.sample(pairs, 30):
            province = meant.province if said is not _offset_short else None
            yield _case("distance and direction", Location(place=said(ref, meant), admin1=province), meant.lat, meant.lon)
    near = [(one, other) for one in spots for other in spots if one is not other and _apart_m(one, other) <= 5_000]
    for ref, meant in chance.sample(near, 25):
        yield _case(
            "near",
            Location(place=chance.choice(("near {}", "outskirts of {}", "بالقرب من {}")).format(ref.name), admin1=meant.province),
            meant.lat,
            meant.lon,
        )
    some = chance.sample(pairs, 400)
    between = [(one, other, meant) for one, other in some for meant in spots if _is_between(meant, one, other)]
    for one, other, meant in chance.sample(between, 30):
        said = chance.choice(("between {} and {}", "on the {}–{} road", "بين {} و{}")).format(one.name, other.name)
        yield _case("between", Location(place=said, admin1=meant.province), meant.lat, meant.lon)
    for ref, meant in chance.sample([pair for pair in pairs if _apart_m(*pair) <= 20_000], 20):
        words, _ = _compass(ref, meant, 8)
        yield _case("direction alone", Location(place=f"{words} of {ref.name}"), meant.lat, meant.lon)


def _numbers(chance: random.Random) -> Iterator[Case]:
    written = (_as_mgrs, _as_utm, _as_minutes, _as_decimals, _as_geo, _as_plus_code)
    for row, write in zip(chance.sample(_csv(QUARTERS), 42), written * 7, strict=True):
        lat, lon = _at(row)
        yield _case("grid or degrees", Location(place=write(lat, lon)), lat, lon)


def _damaged(chance: random.Random) -> Iterator[Case]:
    """Coordinates with one slip, and the province that shows it."""
    damages = (
        lambda lat, lon: (lon, lat),
        lambda lat, lon: (-lat, lon),
        lambda lat, lon: (lat, -lon),
        lambda lat, lon: (lat * 10 ** chance.choice((1, 2, 4)), lon),
        lambda lat, lon: (lat, lon * 100),
    )
    for spot, damage in zip(chance.sample(archive_spots(), 40), damages * 8, strict=True):
        lat, lon = damage(spot.lat, spot.lon)
        yield _case("coordinates, damaged", Location(lat=lat, lon=lon, admin1=spot.province), spot.lat, spot.lon)


def _texts(chance: random.Random) -> Iterator[Case]:
    told = (
        "Barrel bombs fell on the town of {} this morning and wounded several people.",
        "Residents of {} in the countryside of {} say that shells hit the market.",
        "سقطت عدة قذائف على بلدة {} في ريف {} صباح اليوم",
    )
    for spot, words in zip(chance.sample(archive_spots(), 30), told * 10, strict=True):
        yield _case("free text", Location(text=words.format(spot.name, spot.province.title())), spot.lat, spot.lon)


@cache
def archive_spots() -> list[Spot]:
    """The localities of the archive, once each, where its rows agree about the point to 3 km.

    Left out are those about which the real lists contradict each other, for then there is no truth to measure against: the
    point is not in the province that the row names, or a sub-district of the name in that province is elsewhere.
    """
    areas = _named_areas()
    provinces = {names.strict(name): Shape(each["geometry"]) for each in _provinces() for name in _spellings(each)}
    points: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for row in filter(names_locality, archive_rows()):
        points[row["City"], row["Neighborhood"]].append((float(row["Latitude"]), float(row["Longitude"])))
    spots = []
    for (province, name), at in sorted(points.items()):
        lat, lon = median(lat for lat, _ in at), median(lon for _, lon in at)
        shapes = [provinces[names.strict(each)] for each in PROVINCES_OF.get(province, (province,))]
        is_there = any(shape.touch(microdegrees(lat), microdegrees(lon), BORDER_M).touches for shape in shapes)
        is_contradicted = any(_m(lat, lon, *point) > CONTRADICTION_M for point in areas.get(names.strict(name), ()))
        if is_there and not is_contradicted and all(_m(lat, lon, *point) <= 3_000 for point in at):
            spots.append(Spot(name, province, lat, lon))
    return spots


def _named_areas() -> dict[str, list[tuple[float, float]]]:
    """Middles of districts and sub-districts by the keys of their names."""
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for each in _json("opensyria_subdistricts.json"):
        for name in (each["name"]["en"], each["name"]["ar"], *(alias["value"] for alias in each["aliases"])):
            if each.get("centroid"):
                points[names.strict(name)].append(_centroid(each))
    return points


def _provinces() -> list[dict[str, Any]]:
    return json.loads((SHARED / "ocha_syr_admin1.geojson").read_text(encoding="utf-8"))["features"]


def _spellings(province: dict[str, Any]) -> tuple[str, ...]:
    return province["properties"]["NAME_EN"], province["properties"]["NAM_EN_REF"]


def archive_rows() -> list[dict[str, str]]:
    """The rows that have coordinates."""
    return [row for row in _csv(ARCHIVE) if row["Latitude"] not in ("", "NA")]


def names_locality(row: dict[str, str]) -> bool:
    return "NA" not in (row["City"], row["Neighborhood"])


def misspelt(name: str, chance: random.Random) -> str:
    """One slip of the pen: a letter left out, doubled, put for another, or two in the wrong order; never the first."""
    at = chance.choice([n for n in range(1, len(name) - 1) if name[n].isalpha() and name[n + 1].isalpha()])
    match chance.randrange(4):
        case 0:
            return name[:at] + name[at + 1 :]
        case 1:
            return name[:at] + name[at] + name[at:]
        case 2:
            return name[:at] + chance.choice("aeioulmnrst") + name[at + 1 :]
        case _:
            return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def _offset_en(ref: Spot, meant: Spot) -> str:
    words, _ = _compass(ref, meant, 8)
    return f"{round(_apart_m(ref, meant) / 1_000)} km {words} of {ref.name}"


def _offset_short(ref: Spot, meant: Spot) -> str:
    _, letters = _compass(ref, meant, 16)
    return f"{_apart_m(ref, meant) / 1_609:.0f} miles {letters} of {ref.name}"


def _offset_ar(ref: Spot, meant: Spot) -> str:
    words, _ = _compass(ref, meant, 8)
    arabic = {"north": "شمال", "south": "جنوب", "east": "شرق", "west": "غرب"}
    return f"على بعد {round(_apart_m(ref, meant) / 1_000)} كم {' '.join(arabic[word] for word in words.split('-'))} {ref.name}"


def _compass(ref: Spot, meant: Spot, points: int) -> tuple[str, str]:
    """The nearest of 8 or 16 directions in words and in letters."""
    north = meant.lat - ref.lat
    east = (meant.lon - ref.lon) * math.cos(math.radians(ref.lat))
    step = round(math.degrees(math.atan2(east, north)) / (360 / points)) % points * (16 // points)
    letters = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"][step]
    words = {"N": "north", "E": "east", "S": "south", "W": "west"}
    return "-".join(words[letter] for letter in letters), letters


def _is_between(meant: Spot, one: Spot, other: Spot) -> bool:
    """No detour of more than a tenth leads through it, and it is neither of the two."""
    if meant in (one, other):
        return False
    through = _apart_m(one, meant) + _apart_m(meant, other)
    return through <= _apart_m(one, other) * 11 // 10


def _as_mgrs(lat: float, lon: float) -> str:
    code = mgrs.MGRS().toMGRS(lat, lon, MGRSPrecision=4)
    return f"{code[:3]} {code[3:5]} {code[5:9]} {code[9:]}"


def _as_utm(lat: float, lon: float) -> str:
    east, north, zone, band = utm.from_latlon(lat, lon)
    return f"{zone}{band} {east:.0f} {north:.0f}"


def _as_minutes(lat: float, lon: float) -> str:
    def sixtieths(value: float) -> str:
        seconds = round(value * 3_600)
        return f"{seconds // 3_600}°{seconds // 60 % 60}'{seconds % 60}\""

    return f"{sixtieths(lat)}N {sixtieths(lon)}E"


def _as_decimals(lat: float, lon: float) -> str:
    return f"{lat:.4f} {lon:.4f}".replace(".", ",")


def _as_geo(lat: float, lon: float) -> str:
    return f"geo:{lat:.4f},{lon:.4f}"


def _as_plus_code(lat: float, lon: float) -> str:
    return openlocationcode.encode(lat, lon)


def _case(kind: str, location: Location, lat: float, lon: float) -> Case:
    return Case(kind, location, microdegrees(lat), microdegrees(lon))


def _at(row: dict[str, str]) -> tuple[float, float]:
    return float(row["LATITUDE"]), float(row["LONGITUDE"])


def _centroid(each: dict[str, Any]) -> tuple[float, float]:
    return each["centroid"]["latitude"], each["centroid"]["longitude"]


def _apart_m(one: Spot, other: Spot) -> int:
    return _m(one.lat, one.lon, other.lat, other.lon)


def _m(lat1: float, lon1: float, lat2: float, lon2: float) -> int:
    return distance_m(microdegrees(lat1), microdegrees(lon1), microdegrees(lat2), microdegrees(lon2))


def _csv(name: str) -> list[dict[str, str]]:
    with (SHARED / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _json(name: str) -> list[dict[str, Any]]:
    return json.loads((SHARED / name).read_text(encoding="utf-8"))


def osce_rows() -> list[dict[str, str]]:
    return _csv(OSCE)


__all__ = ["Case", "archive_rows", "cases", "lists", "missing", "misspelt", "names_locality", "osce_rows"]
