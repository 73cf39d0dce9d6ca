"""`truce locate`: what the system makes of names, phrases and coordinates."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import orjson

from schemas.facts import Circle, Location, Rejection
from streams import settings
from streams.core import gazetteer, terms
from streams.core.gazetteer import ListedPlaces
from streams.core.locate import Locator
from streams.core.zones import ZoneMap


@click.command()
@click.argument("names", nargs=-1)
@click.option("--country", "countries", multiple=True, metavar="CODE", help="Where names are looked for (ISO code; SY).")
@click.option("--terms", "terms_file", type=click.Path(path_type=Path), help="Use the places of these terms; show their zones.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the terms.")
@click.option("--text", "is_text", is_flag=True, help="Each line is an account in somebody's words: find the places it names.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def locate(
    names: tuple[str, ...],
    countries: tuple[str, ...],
    terms_file: Path | None,
    overrides: tuple[str, ...],
    is_text: bool,
    as_json: bool,
) -> None:
    """Locate NAMES, or the lines of standard input: the method, the circle, and the provinces that it may touch.

    "Kafr Zita", "Kafr Zita, Hama" (with its province), "Douma, Douma, Rif Dimashq" (with district and province),
    "Sukkari quarter, Aleppo", "6 km north-east of Aleppo", "بين عندان وحريتان", "36.2, 37.16", "37S CA 12345 67890". A line
    that begins with { is a location as reports have it: {"lat": 37.16, "lon": 36.2, "admin1": "Aleppo"}. Exits with 1 if any
    is not located.
    """
    truce = terms.load(terms_file, overrides) if terms_file else None
    where = countries or (tuple(truce.truce.countries) if truce else ("SY",))
    locator = _locator(tuple(code.upper() for code in where), truce)
    zones = ZoneMap(truce) if truce else None
    lines = names or (line.decode("utf-8", "replace").strip() for line in click.get_binary_stream("stdin"))
    lost = 0
    for text in lines:
        if not text.strip():
            continue
        found = _locate(text, locator, is_text)
        lost += isinstance(found, Rejection)
        answer = _answer(text, found, zones)
        click.echo(orjson.dumps(answer) if as_json else _readable(answer))
    if lost:
        sys.exit(1)


def _locator(countries: tuple[str, ...], truce: terms.Terms | None) -> Locator:
    if not gazetteer.kept(countries):
        click.echo(f"truce: reading GeoNames for {', '.join(countries)}; this takes some seconds, once", err=True)
    lists: list[ListedPlaces] = [*settings.load().gazetteers, *(truce.gazetteers if truce else ())]
    try:
        return Locator(countries, gazetteer.load(countries, truce.area_names if truce else None, lists))
    except ValueError as fault:
        raise click.ClickException(str(fault)) from None


def _locate(text: str, locator: Locator, is_text: bool) -> Circle | Rejection:
    """The sharpest of the ways to read a line; the fault of the first where none has a place."""
    found = [locator.locate(reading) for reading in ([Location(text=text)] if is_text else _readings(text))]
    located = [circle for circle in found if isinstance(circle, Circle)]
    return min(located, key=lambda circle: circle.precision) if located else found[0]


def _readings(text: str) -> Iterator[Location]:
    if text.startswith("{"):
        try:
            yield msgspec.json.decode(text, type=Location)
        except msgspec.DecodeError as fault:
            raise click.ClickException(f"not a location as reports have it: {fault}") from None
        return
    parts = [part.strip() for part in text.replace("،", ",").split(",") if part.strip()]
    if len(parts) == 2:
        try:
            yield Location(lat=float(parts[0]), lon=float(parts[1]))
            return
        except ValueError:
            pass  # Names then, not numbers.
    yield Location(place=text)
    if len(parts) == 3:
        yield Location(place=parts[0], admin2=parts[1], admin1=parts[2])
        yield Location(quarter=parts[0], place=parts[1], admin1=parts[2])
    elif len(parts) == 2:
        yield Location(place=parts[0], admin1=parts[1])
        yield Location(place=parts[0], country=parts[1])
    else:
        yield Location(admin1=text)
        yield Location(country=text)


def _answer(text: str, found: Circle | Rejection, zones: ZoneMap | None) -> dict[str, Any]:
    if isinstance(found, Rejection):
        return {"name": text, "reason": found.reason, "detail": found.detail}
    answer: dict[str, Any] = {
        "name": text,
        "method": found.method,
        "place": found.place,
        "lat": found.lat,
        "lon": found.lon,
        "radius_m": found.radius_m,
        "precision": found.precision,
        "areas": found.areas,
    }
    answer |= {name: value for name in ("repair", "score", "listed_in") if (value := getattr(found, name)) is not None}
    if zones:
        answer["zones"] = zones.place(found)._asdict()
    return answer


def _readable(answer: dict[str, Any]) -> str:
    if "reason" in answer:
        return f"{answer['name']}: {answer['reason']}: {answer['detail']}"
    parts = [
        f"{answer['name']}: {answer['place'] or (answer['areas'][0] if answer['areas'] else 'a point')}",
        f"{answer['lat']:.5f}, {answer['lon']:.5f} within {answer['radius_m'] / 1000:.3g} km",
        f"precision {answer['precision']}",
        f"by {answer['method'].replace('_', ' ')}",
        f"the name fits to {answer['score']} %" if "score" in answer else "",
        f"mended: {answer['repair']}" if "repair" in answer else "",
        f"listed in {answer['listed_in']}" if "listed_in" in answer else "",
        " ".join(answer["areas"]),
    ]
    if "zones" in answer:
        parts += [f"{how}: {' '.join(ids) or 'none'}" for how, ids in answer["zones"].items()]
    return "; ".join(part for part in parts if part)


__all__ = ["locate"]
