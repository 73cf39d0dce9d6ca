"""`truce places`: lists of places for locating."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import orjson

from schemas.facts import Circle, Location, Report
from schemas.reasons import Method
from streams import settings
from streams.adapters import AdapterError, Arrival, Row
from streams.commands.formats import Files, reading
from streams.commands.progress import Bar
from streams.core import gazetteer
from streams.core.check import check
from streams.core.envelope import unwrap
from streams.core.gazetteer.learned import AGREE_M, Learned, LearnedPlace, Told, learn
from streams.core.geometry import microdegrees
from streams.core.locate import Locator
from streams.core.names import says_district
from streams.words import several

COLUMNS = ("name", "lat", "lon", "province", "radius_m", "reports")
AS_LISTED = {column: column for column in COLUMNS if column != "reports"}
"""What the entry of such a list says of its columns."""


@click.group()
def places() -> None:
    """Lists of places for locating."""


@places.command("learn")
@reading
@click.option("--country", required=True, metavar="CODE", help="The country of the reports (ISO code; SY).")
@click.option("--least", default=2, show_default=True, type=click.IntRange(1), help="Reports that must agree on a place.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the list to this file (CSV).")
@click.option("--json", "as_json", is_flag=True, help="What was learned as one JSON object.")
def learn_(
    files: tuple[Path, ...], format: str, map_file: Path | None, country: str, least: int, out: Path | None, as_json: bool
) -> None:
    """Learn a list of places from the reports in FILE... that give both coordinates and a name.

    Villages that no gazetteer has are found by it later, when a report has only the name. Look through the list: it is as
    right as the reports are. It locates nothing until terms or settings name it under [[gazetteers]].
    """
    country = country.upper()
    try:
        locator = Locator([country], gazetteer.load([country], None, settings.load().gazetteers))
        with Bar() as bar:
            rows = Files(files, format, map_file).rows_under(bar)
            learned = learn(told_by(reports_of(rows), locator), least)
        if out is not None:
            write(out, learned.places)
    except (AdapterError, ValueError) as fault:
        raise click.ClickException(str(fault)) from None
    except OSError as fault:
        raise click.ClickException(f"{fault.filename}: {fault.strerror}") from None
    if as_json:
        body = {"places": [place._asdict() for place in learned.places], "contradicted": learned.contradicted}
        click.echo(orjson.dumps(body | {"seldom": learned.seldom}))
    else:
        click.echo(_readable(learned, least))
        if out is not None:
            click.echo(f"\nlist: {out}; in terms or settings:\n\n{_entry(out, country)}")


def reports_of(rows: Iterable[Row]) -> Iterator[Report]:
    """Those that the intake would take."""
    for row in rows:
        value = unwrap(row.value) if isinstance(row, Arrival) else None
        report = check(value, row.received_at) if isinstance(value, bytes) and isinstance(row, Arrival) else None
        if isinstance(report, Report):
            yield report


def told_by(reports: Iterable[Report], locator: Locator) -> Iterator[Told]:
    """Of reports that give a sound point of their own and a name for it. A point that had to be mended, that is coarse, or
    that stands for a whole province or country teaches nothing."""
    for report in reports:
        said = report.location
        if said is None or said.lat is None or not said.place or said.quarter or says_district(said.place):
            continue
        found = locator.locate(_without_radius(said))
        if isinstance(found, Circle) and found.method is Method.COORDINATES and not found.repair and found.radius_m <= AGREE_M:
            lat_e6, lon_e6 = microdegrees(found.lat), microdegrees(found.lon)
            area = locator.gazetteer.areas(lat_e6, lon_e6, 0)[0]
            yield Told(said.place, lat_e6, lon_e6, area)


def _without_radius(said: Location) -> Location:
    """By its digits alone: a radius that is stated is that of the account, not of the point of the place."""
    return Location(lat=said.lat, lon=said.lon, place=said.place, admin1=said.admin1, country=said.country)


def write(path: Path, found: Iterable[LearnedPlace]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows((p.name, p.lat_e6 / 1e6, p.lon_e6 / 1e6, p.area, p.radius_m, p.reports) for p in found)


def _readable(learned: Learned, least: int) -> str:
    """The places with the most reports, and what was left out and why."""
    most = sorted(learned.places, key=lambda place: (-place.reports, place.name))[:10]
    agreeing = sum(place.reports for place in learned.places)
    lines = [
        f"{several(len(learned.places), 'place')} on which {several(agreeing, 'report')} agree",
        f"{several(learned.seldom, 'name')} left out: fewer than {several(least, 'report')} give it",
        f"{several(len(learned.contradicted), 'name')} left out: reports put it more than {AGREE_M // 1_000} km apart",
    ]
    lines[2] += f" ({', '.join(learned.contradicted[:5])}…)" if learned.contradicted else ""
    lines += ["", f"{'reports':>7}  {'place':<32} {'province':<9} {'lat, lon':<22} radius, km"] if most else []
    for place in most:
        point = f"{place.lat_e6 / 1e6:.5f}, {place.lon_e6 / 1e6:.5f}"
        lines.append(f"{place.reports:>7}  {place.name[:32]:<32} {place.area:<9} {point:<22} {place.radius_m / 1_000:.1f}")
    return "\n".join(lines)


def _entry(path: Path, country: str) -> str:
    told = "\n".join(f'{name} = "{column}"' for name, column in AS_LISTED.items())
    return f'[[gazetteers]]\nfile = "{path}"\ncountry = "{country}"\nsource = "learned"\n\n[gazetteers.columns]\n{told}'


__all__ = ["AS_LISTED", "places", "reports_of", "told_by", "write"]
