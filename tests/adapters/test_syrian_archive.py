"""The archive's table: what a row says is carried over, what it does not say is not made up, dirt spoils only its row."""

import os
from pathlib import Path

import msgspec
import pytest

from schemas.facts import Report
from schemas.reasons import TimePrecision, Weapon
from streams.adapters import AdapterError, Arrival, Unreadable, syrian_archive
from streams.core.check import check

HEADER = (
    "Reference_Code,Database_ID,Description,City,Neighborhood,Latitude,Longitude,Violation_Type,"
    "Recording_Date,Recording_Hour,Recording_Minute,Source,Weapons_Used,Youtube_ID"
)
ROW = {
    "Reference_Code": "X_1",
    "Database_ID": "1",
    "Description": "A market was hit",
    "City": "IDLIB",
    "Neighborhood": "Village One",
    "Latitude": "35.5",
    "Longitude": "36.5",
    "Violation_Type": "Unlawful attacks",
    "Recording_Date": "2016-02-10",
    "Recording_Hour": "14.0",
    "Recording_Minute": "5.0",
    "Source": "An Outlet",
    "Weapons_Used": "NA",
    "Youtube_ID": "https://www.youtube.com/watch?v=abc",
}


def rows(tmp_path: Path, *lines: str | bytes, header: str = HEADER) -> list[Arrival | Unreadable]:
    path = tmp_path / "archive.csv"
    path.write_bytes(b"\r\n".join(line if isinstance(line, bytes) else line.encode() for line in (header, *lines)))
    return list(syrian_archive.read(path))


def line(**cells: str) -> str:
    return ",".join((ROW | cells)[column] for column in HEADER.split(","))


def report(tmp_path: Path, **cells: str) -> Report:
    (arrival,) = rows(tmp_path, line(**cells))
    assert isinstance(arrival, Arrival), arrival
    checked = check(arrival.value, arrival.received_at)
    assert isinstance(checked, Report), checked
    return checked


def test_a_row_becomes_a_report_of_the_uploader_and_not_of_the_archive(tmp_path: Path) -> None:
    made = report(tmp_path)
    assert (made.report_id, made.source, made.type, made.kind) == ("X_1", "An Outlet", "violation", "attack")
    assert (made.text, made.language, made.links) == ("A market was hit", "en", ["https://www.youtube.com/watch?v=abc"])
    assert made.munition is None
    assert made.by is None


# date        hour    minute   UTC (Damascus was +2 in winter, +3 in summer)
CLOCKS = [
    ("2016-02-10", "14.0", "5.0", "2016-02-10T12:05:00Z"),
    ("2016-02-10", "14", "5", "2016-02-10T12:05:00Z"),
    ("2015-10-01", "23.0", "0.0", "2015-10-01T20:00:00Z"),
    ("2016-02-27", "0.0", "0.0", "2016-02-26T22:00:00Z"),
    ("2016-02-10", "NA", "NA", "2016-02-10T21:59:59Z"),
    ("2016-02-10", "", "", "2016-02-10T21:59:59Z"),
    ("2016-02-10", "25.0", "0.0", "2016-02-10T21:59:59Z"),
    ("2016-02-10", "14.0", "NA", "2016-02-10T12:59:59Z"),
    ("2016-03-25", "0.0", "30.0", "2016-03-24T22:30:00Z"),  # an hour that the clocks skipped
]


@pytest.mark.parametrize(("day", "hour", "minute", "utc"), CLOCKS)
def test_the_local_time_of_upload_is_told_in_utc(tmp_path: Path, day: str, hour: str, minute: str, utc: str) -> None:
    (arrival,) = rows(tmp_path, line(Recording_Date=day, Recording_Hour=hour, Recording_Minute=minute))
    assert isinstance(arrival, Arrival)
    made = msgspec.json.decode(arrival.value)
    assert (made["published_at"], made["time_precision"]) == (utc, TimePrecision.DAY)
    assert msgspec.json.decode(arrival.value, type=Report).published_at.timestamp() == arrival.received_at


# description                                             what fell
WEAPONS = [
    ("Russian warplanes target the town", Weapon.AIRSTRIKE),
    ("Russian warplans shell the town", Weapon.AIRSTRIKE),
    ("After an aistrike on the camp", Weapon.AIRSTRIKE),
    ("Air strikes on the city", Weapon.AIRSTRIKE),
    ("air forces bombing the market", Weapon.AIRSTRIKE),
    ("Two raids on the bridge", Weapon.AIRSTRIKE),
    ("A barrel bomb fell", Weapon.AIRSTRIKE),
    ("Burnt houses after aviation struck", Weapon.AIRSTRIKE),
    ("Shelling of the town by Russia", Weapon.UNDETERMINED),
    ("Ballistic missiles from warships", Weapon.UNDETERMINED),
    ("The airstrip was shelled", Weapon.UNDETERMINED),
    ("An anti-aircraft gun", Weapon.UNDETERMINED),
    ("People fled in despair over the stairs", Weapon.UNDETERMINED),
]


@pytest.mark.parametrize(("description", "weapon"), WEAPONS)
def test_it_is_an_airstrike_only_where_the_text_says_so(tmp_path: Path, description: str, weapon: Weapon) -> None:
    violation = "Alleged civilian casualties from Russian attacks"
    assert report(tmp_path, Description=description, Violation_Type=violation).weapon is weapon


def test_the_attacker_is_the_one_that_the_violation_type_names(tmp_path: Path) -> None:
    assert report(tmp_path, Violation_Type="Alleged civilian casualties from Russian attacks").by == "Russian forces"


def test_a_munition_is_not_a_weapon(tmp_path: Path) -> None:
    made = report(tmp_path, Weapons_Used="Cluster Munition")
    assert (made.munition, made.weapon) == ("Cluster Munition", Weapon.UNDETERMINED)


# city      locality      lat           lon       point    place    province
PLACES = [
    ("IDLIB", "Village", "35.5", "36.5", True, "Village", "IDLIB"),
    ("IDLIB", "Village", "NA", "NA", False, "Village", "IDLIB"),
    ("IDLIB", "Village", "35.5", "NA", False, "Village", "IDLIB"),
    ("IDLIB", "Village", "4239.00416", "36.5", False, "Village", "IDLIB"),
    ("IDLIB", "Village", "inf", "36.5", False, "Village", "IDLIB"),
    ("NA", "NA", "35.5", "36.5", True, None, None),
    ("IDLIB", "NA", "35.5", "36.5", False, None, "IDLIB"),  # the middle of the province is not where it was
]


@pytest.mark.parametrize(("city", "locality", "lat", "lon", "has_point", "place", "province"), PLACES)
def test_a_place_is_as_sharp_as_the_row_knows_it(
    tmp_path: Path, city: str, locality: str, lat: str, lon: str, has_point: bool, place: str | None, province: str | None
) -> None:
    where = report(tmp_path, City=city, Neighborhood=locality, Latitude=lat, Longitude=lon).location
    assert where is not None
    assert (where.lat is not None, where.place, where.admin1, where.country) == (has_point, place, province, "SY")
    assert where.radius_m == (syrian_archive.PLACE_RADIUS_M if has_point else None)


def test_numbers_that_are_no_degrees_stay_to_be_seen(tmp_path: Path) -> None:
    where = report(tmp_path, Latitude="4239.00416").location
    assert where is not None and where.text is not None
    assert "4239.00416" in where.text


def test_the_page_of_a_channel_is_not_the_link_of_a_video(tmp_path: Path) -> None:
    assert report(tmp_path, Youtube_ID="https://www.youtube.com/channel/abc").links == []
    assert report(tmp_path, Youtube_ID="NA").links == []


def test_a_name_is_the_same_with_and_without_stray_quotes(tmp_path: Path) -> None:
    assert report(tmp_path, Source='"""An  Outlet """').source == "An Outlet"


def test_quotes_and_line_breaks_inside_a_cell_do_not_end_the_row(tmp_path: Path) -> None:
    broken, after = rows(tmp_path, line(Description='"One, ""two""\r\nthree"'), line(Reference_Code="X_2"))
    assert isinstance(broken, Arrival) and isinstance(after, Arrival)
    assert msgspec.json.decode(broken.value)["text"] == 'One, "two" three'
    assert (broken.where, after.where) == ("archive.csv:2", "archive.csv:4")


# a bad row                                       what is said of it
BAD = [
    (line(Recording_Date="10/02/2016").encode(), "Recording_Date"),
    (line(Recording_Date="NA").encode(), "Recording_Date"),
    (line(Recording_Date="0001-01-01").encode(), "Recording_Date"),
    (line(Source="NA").encode(), "Source"),
    (line(Reference_Code="").encode(), "Reference_Code"),
    (b"X_9,9,too short", "3 columns; the first line has 14"),
    (line(Source="Outlet").replace("Outlet", "caf\xe9").encode("latin-1"), "not UTF-8"),
    (line(Description="x" * 140_000).encode(), "field larger than"),
]


@pytest.mark.parametrize(("bad", "detail"), BAD, ids=[detail for _, detail in BAD])
def test_a_bad_row_is_handed_on_with_its_line_and_bytes_and_spoils_no_other(tmp_path: Path, bad: bytes, detail: str) -> None:
    before, unreadable, after = rows(tmp_path, line(), bad, line(Reference_Code="X_3"))
    assert isinstance(before, Arrival) and isinstance(after, Arrival)
    assert isinstance(unreadable, Unreadable)
    assert detail in unreadable.detail
    assert (unreadable.where, unreadable.original) == ("archive.csv:3", bad)


def test_a_missing_column_is_named_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match=r"archive\.csv: no column Source, Youtube_ID in the first line"):
        rows(tmp_path, header=HEADER.replace(",Source", "").replace(",Youtube_ID", ""))


def test_an_empty_file_and_a_missing_file_are_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(AdapterError, match="empty"):
        list(syrian_archive.read(tmp_path / "empty.csv"))
    with pytest.raises(AdapterError, match="no such file"):
        list(syrian_archive.read(tmp_path / "none.csv"))


def test_a_byte_order_mark_and_empty_lines_do_not_matter(tmp_path: Path) -> None:
    assert len(rows(tmp_path, "", line(), "", header="\ufeff" + HEADER)) == 1


def test_every_row_of_the_real_file_is_a_report_that_passes_the_check() -> None:
    folder = Path(os.environ.get("TRUCE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = folder / "syrian_archive_2015-10_2016-05.csv"
    if not path.exists():
        pytest.skip(f"the real data is not in {folder}")
    read = list(syrian_archive.read(path))
    reports = [check(row.value, row.received_at) for row in read if isinstance(row, Arrival)]
    assert len(read) == len(reports) == 1_551
    assert all(isinstance(made, Report) for made in reports)
    assert len({made.report_id for made in reports if isinstance(made, Report)}) == 1_551
