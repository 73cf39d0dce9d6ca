"""UCDP's table, in full and as an extract of a few columns."""

import os
from pathlib import Path

import pytest
from adapters.reading import refused, reports, rows

from schemas.facts import CountRange, Report
from streams.adapters import AdapterError, Arrival, Unreadable, ucdp
from streams.core.check import check

EXTRACT = {
    "id": "7",
    "conflict_id": "299",
    "latitude": "35.5",
    "longitude": "36.5",
    "date": "2016-09-13",
    "type_of_violence": "1",
    "best": "4",
    "civilian_deaths": "4",
    "combatant_deaths": "0",
    "country": "Syria",
}
FULL = {
    "id": "8",
    "latitude": "35.5",
    "longitude": "36.5",
    "date_start": "2016-09-13 00:00:00.000",
    "date_end": "2016-09-13 00:00:00.000",
    "date_prec": "1",
    "where_prec": "2",
    "type_of_violence": "3",
    "side_a": "One",
    "side_b": "Two",
    "best": "4",
    "low": "3",
    "high": "9",
    "deaths_civilians": "2",
    "adm_1": "Idlib governorate",
    "country": "Syria",
    "source_office": "A Wire;Another",
    "source_original": "residents",
    "source_article": "A Wire 2016-09-14 Four killed",
}


def row(tmp_path: Path, cells: dict[str, str]) -> Arrival | Unreadable:
    path = tmp_path / "ged.csv"
    path.write_text("\n".join(",".join(part) for part in (cells.keys(), cells.values())), encoding="utf-8")
    (made,) = ucdp.read(path)
    return made


def report(tmp_path: Path, cells: dict[str, str]) -> Report:
    arrival = row(tmp_path, cells)
    assert isinstance(arrival, Arrival), arrival
    checked = check(arrival.value, arrival.received_at)
    assert isinstance(checked, Report), checked
    return checked


def test_an_extract_row_is_a_report_of_a_day_by_ucdp(tmp_path: Path) -> None:
    made = report(tmp_path, EXTRACT)
    assert (made.report_id, made.source, made.kind, made.weapon) == ("7", "ucdp", "attack", "undetermined")
    assert (str(made.occurred_at), made.time_precision) == ("2016-09-13 12:00:00+00:00", "day")
    assert made.location is not None and made.casualties is not None
    assert (made.location.lat, made.location.country, made.location.precision) == (35.5, "SY", ucdp.UNSTATED_PRECISION)
    assert (made.casualties.killed, made.casualties.who) == (4, "civilian")


def test_a_row_is_received_when_its_last_day_is_over(tmp_path: Path) -> None:
    arrival = row(tmp_path, EXTRACT | {"date": "1970-01-02"})
    assert isinstance(arrival, Arrival)
    assert arrival.received_at == 2 * 86_400


def test_a_full_row_says_who_whom_from_whom_and_how_sure(tmp_path: Path) -> None:
    made = report(tmp_path, FULL)
    assert (made.source, made.via, made.by, made.against) == ("A Wire", "residents", "One", "Two")
    assert made.location is not None and made.casualties is not None
    assert (made.location.admin1, made.location.precision) == ("Idlib governorate", 2)
    assert (made.casualties.killed, made.casualties.who) == (CountRange(3, 4, 9), "unknown")


# date_prec   first         last          precision   is a span
SPANS = [
    ("1", "2016-09-13", "2016-09-13", "day", False),
    ("2", "2016-09-12", "2016-09-15", "week", True),
    ("3", "2016-09-12", "2016-09-18", "week", True),
    ("4", "2016-09-01", "2016-09-30", "month", True),
    ("5", "2016-06-01", "2016-09-30", "month", True),
    ("", "2016-09-13", "2016-09-13", "day", False),
]


@pytest.mark.parametrize(("date_prec", "first", "last", "precision", "is_span"), SPANS)
def test_dates_are_as_blunt_as_they_are_stated(
    tmp_path: Path, date_prec: str, first: str, last: str, precision: str, is_span: bool
) -> None:
    made = report(tmp_path, FULL | {"date_prec": date_prec, "date_start": first, "date_end": last})
    assert (made.time_precision, made.occurred_from is not None) == (precision, is_span)
    if is_span:
        assert (str(made.occurred_from)[:10], made.occurred_at) == (first, None)


# civilians   combatants   best   who
WHO = [("4", "0", "4", "civilian"), ("0", "4", "4", "combatant"), ("1", "3", "4", "unknown"), ("0", "0", "0", "unknown")]


@pytest.mark.parametrize(("civilians", "combatants", "best", "who"), WHO)
def test_who_died_is_said_only_where_all_are_of_one_kind(
    tmp_path: Path, civilians: str, combatants: str, best: str, who: str
) -> None:
    made = report(tmp_path, EXTRACT | {"civilian_deaths": civilians, "combatant_deaths": combatants, "best": best})
    assert made.casualties is not None
    assert made.casualties.who == who


def test_deaths_that_contradict_each_other_are_their_best_estimate(tmp_path: Path) -> None:
    made = report(tmp_path, FULL | {"low": "5"})
    assert made.casualties is not None
    assert made.casualties.killed == 4


COUNTRIES = [
    ("Syria", "SY"),
    ("Yemen (North Yemen)", "YE"),
    ("Russia (Soviet Union)", "RU"),
    ("DR Congo (Zaire)", "CD"),
    ("Myanmar (Burma)", "MM"),
    ("Atlantis", "Atlantis"),
]


@pytest.mark.parametrize(("name", "code"), COUNTRIES)
def test_a_country_is_told_by_its_code(tmp_path: Path, name: str, code: str) -> None:
    where = report(tmp_path, EXTRACT | {"country": name}).location
    assert where is not None
    assert where.country == code


def test_every_row_of_the_real_extract_is_a_report_that_passes_the_check() -> None:
    folder = Path(os.environ.get("TRUCE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = folder / "ucdp_ged25_1_sample_syria.csv"
    if not path.exists():
        pytest.skip(f"the real data is not in {folder}")
    read = list(ucdp.read(path))
    made = [check(row.value, row.received_at) for row in read if isinstance(row, Arrival)]
    assert len(read) == len(made) == 1_289
    assert all(isinstance(report, Report) for report in made)


# where_prec   radius    precision   place
SHARPNESS = [
    ("1", 2_500, 1, "Kafr Zita town"),
    ("2", 25_000, 2, "Kafr Zita town"),
    ("3", None, 3, None),
    ("4", None, 4, None),
    ("7", None, 7, None),
    ("", None, ucdp.UNSTATED_PRECISION, None),
]


@pytest.mark.parametrize(("where_prec", "radius_m", "precision", "place"), SHARPNESS)
def test_a_place_is_as_sharp_as_its_code(
    tmp_path: Path, where_prec: str, radius_m: int | None, precision: int, place: str | None
) -> None:
    where = report(tmp_path, FULL | {"where_prec": where_prec, "where_coordinates": "Kafr Zita town"}).location
    assert where is not None
    assert (where.radius_m, where.precision, where.place) == (radius_m, precision, place)


def test_all_columns_of_the_data_set_are_read_and_its_codes_kept() -> None:
    read = rows("ucdp.csv", "ucdp")
    made = reports(read)
    assert list(made) == ["910001", "910002", "910003"]
    assert made["910001"].original is not None and made["910003"].original is not None
    assert (made["910001"].original["where_prec"], made["910001"].original["date_prec"]) == ("1", "1")
    assert (made["910003"].original["where_prec"], made["910003"].original["date_prec"]) == ("6", "5")
    assert (made["910001"].via, made["910002"].time_precision) == ("residents", "week")
    assert refused(read) == [("ucdp.csv:5", "wrong_type", "date")]


BAD = [({"id": ""}, "id"), ({"date": "13.9.2016"}, "date"), ({"date": ""}, "date"), ({"date": "0016-09-13"}, "date")]


@pytest.mark.parametrize(("cells", "detail"), BAD)
def test_a_bad_row_is_handed_on_with_its_line(tmp_path: Path, cells: dict[str, str], detail: str) -> None:
    unreadable = row(tmp_path, EXTRACT | cells)
    assert isinstance(unreadable, Unreadable)
    assert (unreadable.where, unreadable.detail.startswith(detail)) == ("ged.csv:2", True)


def test_a_missing_column_is_named_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match=r"ged\.csv: no column best, date or date_start in the first line"):
        row(tmp_path, {name: value for name, value in EXTRACT.items() if name not in ("best", "date")})
