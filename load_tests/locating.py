"""How well places are found, on real lists and real reports: the tables of the README, and the chart of honest radii.

    uv run python load_tests/locating.py                 # all tables
    uv run python load_tests/locating.py --chart FILE    # and the chart, as SVG

Needs the lists of `TRUCE_SHARED_DATA`. The labelled set is made from them with a seed, measured with the lists as
gazetteers and with GeoNames alone; the Syrian Archive's rows are located by province and locality alone; the relative
phrases are those that an observer mission published.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from load_tests import labelled
from load_tests.charting import chart
from schemas.facts import Circle, Location
from streams.commands.formats import Files
from streams.commands.places import AS_LISTED, reports_of, told_by, write
from streams.core import gazetteer
from streams.core.gazetteer import Gazetteer, ListedPlaces
from streams.core.gazetteer.learned import learn
from streams.core.geometry import distance_m, microdegrees
from streams.core.locate import Locator

NEAR_M = 5_000
SURE_M = 10_000
"""A circle under this claims to know the place."""
WRONG_M = 50_000
BINS_KM = (1, 5, 10, 25, 50)
NOTHING_SAID = "the row names neither province nor locality; the country is the answer"
PROVINCE_SAID = "the row names no locality; the province is the answer"
TAUGHT = "with the lists and what other months teach"
UNLISTED = "no list has the name; the province is the answer"


class Measured(NamedTuple):
    """A case and what was made of it. `error_m` is from the centre to the truth; without a circle nothing was located."""

    kind: str
    circle: Circle | None
    error_m: int

    @property
    def is_near(self) -> bool:
        return self.circle is not None and self.error_m <= NEAR_M

    @property
    def is_held(self) -> bool:
        return self.circle is not None and self.error_m <= self.circle.radius_m

    @property
    def is_badly_wrong(self) -> bool:
        return self.circle is not None and self.error_m > WRONG_M and self.circle.radius_m < SURE_M


@click.command()
@click.option("--seed", default=1, help="Of the labelled set.")
@click.option("--chart", "chart_file", type=click.Path(path_type=Path), help="Write the chart of honest radii here, as SVG.")
def main(seed: int, chart_file: Path | None) -> None:
    absent = labelled.missing()
    if absent:
        raise click.ClickException(absent)
    with_lists, alone = (gazetteer.load(["SY"], None, lists) for lists in (labelled.lists(), ()))
    found = {"with the lists": on_labelled(with_lists, seed), "GeoNames alone": on_labelled(alone, seed)}
    for name, measured in found.items():
        click.echo(f"\nLabelled set, seed {seed}, {name}\n")
        click.echo(by_kind_table(measured))
    click.echo("\nSyrian Archive, by City and Neighborhood alone\n")
    rows = {
        TAUGHT: on_archive_taught(),
        "with the lists": on_archive(with_lists),
        "GeoNames alone": on_archive(alone),
    }
    click.echo(archive_table(rows))
    for name, measured in rows.items():
        click.echo(f"\nFurther than 5 km, by cause, {name}\n")
        click.echo(causes_table(measured))
    click.echo("\nRelative phrases with a known place\n")
    click.echo(phrases_table(on_phrases()))
    by_method = methods([one for measured in found.values() for one in measured] + [one for _, one in on_phrases()])
    click.echo("\nHonest radius: how many circles hold the truth, by method\n")
    click.echo(methods_table(by_method))
    if chart_file is not None:
        chart_file.parent.mkdir(parents=True, exist_ok=True)
        chart_file.write_text(chart(by_method), encoding="utf-8")
        click.echo(f"\nchart in {chart_file}")


def on_labelled(land: Gazetteer, seed: int) -> list[Measured]:
    locator = Locator(["SY"], land)
    return [_measured(locator, case.kind, case.location, case.lat_e6, case.lon_e6) for case in labelled.cases(seed)]


def on_archive_taught() -> list[Measured]:
    """The same, with the lists and a list that is learned from the rows of all other months (`truce places learn`)."""
    locator, by_month = Locator(["SY"], gazetteer.load(["SY"])), defaultdict(list)
    for report in reports_of(Files([labelled.SHARED / labelled.ARCHIVE], "syrian-archive").rows()):
        by_month[f"{report.published_at:%Y-%m}"] += told_by([report], locator)
    measured = []
    with TemporaryDirectory() as folder:
        for month, rows in groupby(sorted(labelled.archive_rows(), key=_month), _month):
            taught = Path(folder) / f"{month}.csv"
            write(taught, learn((one for other, told in by_month.items() if other != month for one in told), 2).places)
            lists = [*labelled.lists(), ListedPlaces(file=str(taught), country="SY", columns=AS_LISTED)]
            measured += on_archive(gazetteer.load(["SY"], None, lists), rows)
    return measured


def _month(row: dict[str, str]) -> str:
    return row["Recording_Date"][:7]


def on_archive(land: Gazetteer, rows: Iterable[dict[str, str]] | None = None) -> list[Measured]:
    """Every row with coordinates, or some of them. The kind is the cause, where the answer is further than 5 km."""
    locator = Locator(["SY"], land)
    measured = []
    for row in labelled.archive_rows() if rows is None else rows:
        place, province = (None if row[column] == "NA" else row[column] for column in ("Neighborhood", "City"))
        # The country is what the reader of the archive says for every row.
        said = Location(place=place, admin1=province, country="SY")
        lat_e6, lon_e6 = microdegrees(float(row["Latitude"])), microdegrees(float(row["Longitude"]))
        one = _measured(locator, "", said, lat_e6, lon_e6)
        measured.append(one._replace(kind="" if one.is_near else _cause(one, said, lat_e6, lon_e6, land)))
    return measured


def named_localities(measured: Iterable[Measured]) -> list[Measured]:
    """Of the archive's rows those that say more than a province."""
    return [one for one in measured if one.kind not in (NOTHING_SAID, PROVINCE_SAID)]


def on_phrases() -> list[tuple[str, Measured]]:
    """Each phrase as it was published, with its place in front, and the bare phrase, which must find it by itself."""
    locator = Locator(["UA"], gazetteer.load(["UA"]))
    found = []
    for row in labelled.osce_rows():
        if not row["geonames_lat"]:
            continue
        lat_e6, lon_e6 = microdegrees(float(row["geonames_lat"])), microdegrees(float(row["geonames_lon"]))
        bare = row["phrase"].partition("(")[2].rstrip(")")
        for phrase in (row["phrase"], bare):
            found.append((phrase, _measured(locator, "phrase", Location(place=phrase), lat_e6, lon_e6)))
    return found


def methods(measured: Iterable[Measured]) -> dict[str, list[float]]:
    """By method, the errors as shares of the radius."""
    shares: dict[str, list[float]] = defaultdict(list)
    for one in measured:
        if one.circle is not None:
            shares[one.circle.method].append(one.error_m / one.circle.radius_m)
    return dict(sorted(shares.items()))


def _measured(locator: Locator, kind: str, location: Location, lat_e6: int, lon_e6: int) -> Measured:
    found = locator.locate(location)
    if not isinstance(found, Circle):
        return Measured(kind, None, 0)
    return Measured(kind, found, distance_m(microdegrees(found.lat), microdegrees(found.lon), lat_e6, lon_e6))


def _cause(one: Measured, said: Location, lat_e6: int, lon_e6: int, land: Gazetteer) -> str:
    if said.admin1 is None and said.place is None:
        return NOTHING_SAID
    if said.place is None:
        return PROVINCE_SAID
    if set(land.provinces(said.admin1, "SY")).isdisjoint(land.areas(lat_e6, lon_e6, 0)):
        return "the row's point is not in the province that it names"
    if one.circle.precision >= 4:
        return UNLISTED
    if land.named(said.place, "SY"):
        return "the place of the name that the lists have is another, or the row's point is"
    return "taken for a place with a similar name"


def by_kind_table(measured: Sequence[Measured]) -> str:
    kinds = dict.fromkeys(one.kind for one in measured)
    rows = [_kind_row(kind, [one for one in measured if one.kind == kind]) for kind in kinds]
    return _table(
        ("kind", "cases", "located", "within 5 km", "circle holds it", "either", "over 50 km wrong and sure"),
        [*rows, _kind_row("all", measured)],
    )


def _kind_row(kind: str, measured: Sequence[Measured]) -> tuple[str, ...]:
    located = [one for one in measured if one.circle is not None]
    tests: tuple[Callable[[Measured], bool], ...] = (
        lambda one: one.is_near,
        lambda one: one.is_held,
        lambda one: one.is_near or one.is_held,
    )
    shares = [_percent(sum(map(test, located)), len(located)) for test in tests]
    return kind, str(len(measured)), str(len(located)), *shares, str(sum(one.is_badly_wrong for one in located))


def archive_table(rows: dict[str, list[Measured]]) -> str:
    lines = []
    by_locality = {f"{name}, rows with a locality": named_localities(measured) for name, measured in rows.items()}
    for name, measured in (by_locality | {f"{name}, all rows": measured for name, measured in rows.items()}).items():
        located = [one for one in measured if one.circle is not None]
        within = [_percent(sum(one.error_m <= km * 1_000 for one in located), len(measured)) for km in BINS_KM]
        lines.append((name, str(len(measured)), *within, _percent(sum(one.is_held for one in measured), len(measured))))
    return _table(("gazetteer", "rows", *(f"≤ {km} km" for km in BINS_KM), "circle holds it"), lines)


def causes_table(measured: Sequence[Measured]) -> str:
    far = Counter(one.kind for one in measured if one.kind)
    held = Counter(one.kind for one in measured if one.kind and one.is_held)
    return _table(("cause", "rows", "circle holds it"), [(kind, str(n), str(held[kind])) for kind, n in far.most_common()])


def phrases_table(found: Sequence[tuple[str, Measured]]) -> str:
    lines = []
    for phrase, one in found:
        radius = f"{one.circle.radius_m / 1_000:.1f}" if one.circle else "not located"
        lines.append((phrase, one.circle.method if one.circle else "", f"{one.error_m / 1_000:.1f}", radius, _yes(one.is_held)))
    return _table(("phrase", "method", "error, km", "radius, km", "held"), lines)


def methods_table(by_method: dict[str, list[float]]) -> str:
    lines = [
        (method.replace("_", " "), str(len(shares)), _percent(sum(share <= 1 for share in shares), len(shares)))
        for method, shares in by_method.items()
    ]
    return _table(("method", "cases", "circle holds the truth"), lines)


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


if __name__ == "__main__":
    main()
