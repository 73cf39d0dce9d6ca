"""Places learned from reports that give coordinates and a name."""

import csv
import json
from itertools import chain
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import Location
from streams.commands.places import AS_LISTED, places
from streams.core import gazetteer
from streams.core.gazetteer import ListedPlaces
from streams.core.gazetteer.learned import AGREE_M, Told, learn
from streams.core.geometry import distance_m
from streams.core.locate import Locator

VILLAGE = (36_250_000, 37_080_000)
FAR_E6 = 200_000


def told(name: str, count: int, area: str = "SY.09", at: tuple[int, int] = VILLAGE, step_e6: int = 1_000) -> list[Told]:
    return [Told(name, at[0] + number * step_e6, at[1], area) for number in range(count)]


@pytest.mark.parametrize(
    ("reports", "names", "contradicted", "seldom"),
    [
        (told("Kafr Hamra", 2), ["Kafr Hamra"], [], 0),
        (told("Kafr Hamra", 1), [], [], 1),
        (told("Kafr Hamra", 2) + told("kafr al-hamra", 1), ["Kafr Hamra"], [], 0),
        (told("Kafr Hamra", 2) + told("Kafr Hamra", 2, "SY.11"), ["Kafr Hamra", "Kafr Hamra"], [], 0),
        (told("Kafr Hamra", 2, step_e6=FAR_E6), [], ["Kafr Hamra"], 0),
        (told("Kafr Hamra", 9) + told("Kafr Hamra", 1, at=(36_900_000, 37_080_000)), ["Kafr Hamra"], [], 0),
        (told("Kafr Hamra", 6) + told("Kafr Hamra", 4, at=(36_900_000, 37_080_000)), [], ["Kafr Hamra"], 0),
        (told("!!", 3), [], [], 0),
    ],
    ids=["two agree", "one alone", "spelled otherwise", "two provinces", "far apart", "one astray", "two places", "no name"],
)
def test_a_name_is_learned_where_enough_reports_agree(
    reports: list[Told], names: list[str], contradicted: list[str], seldom: int
) -> None:
    learned = learn(reports, 2)
    assert [place.name for place in learned.places] == names
    assert (learned.contradicted, learned.seldom) == (contradicted, seldom)


ROWS = st.tuples(
    st.sampled_from(["Anadan", "anadan", "Hayyan"]), st.integers(-90_000, 90_000), st.sampled_from(["SY.09", "SY.12"])
)


@given(st.lists(ROWS, max_size=30), st.integers(0, 2**32))
def test_the_order_of_the_reports_is_nothing_and_every_circle_holds_what_agreed(rows: list[tuple], seed: int) -> None:
    reports = [Told(name, VILLAGE[0] + offset, VILLAGE[1], area) for name, offset, area in rows]
    shuffled = reports.copy()
    Random(seed).shuffle(shuffled)
    learned = learn(reports, 2)
    assert learn(shuffled, 2) == learned
    for place in learned.places:
        same = [one for one in reports if one.area == place.area and one.name.casefold() == place.name.casefold()]
        away_m = [distance_m(place.lat_e6, place.lon_e6, one.lat_e6, one.lon_e6) for one in same]
        assert sum(metres <= place.radius_m for metres in away_m) >= place.reports >= 2
        assert place.reports == sum(metres <= AGREE_M for metres in away_m)


def a_report(number: int, **location: object) -> dict:
    said = {"report_id": f"r{number}", "source": "council", "type": "violation", "kind": "attack", "weapon": "mortar"}
    return said | {"occurred_at": "2016-03-02T10:00:00Z", "published_at": "2016-03-02T12:00:00Z", "location": location}


def test_a_village_that_only_the_reports_know_is_found_by_its_name_afterwards(tmp_path: Path) -> None:
    village = {"place": "Qarya Majhula", "admin1": "Aleppo"}
    reports = chain(
        (a_report(n, lat=36.2533 + n / 1_000, lon=37.0874, **village) for n in range(3)),
        [
            a_report(10, lat=37.0874, lon=36.2533, **village),  # swapped, so it is mended, and teaches nothing
            a_report(11, lat=36.0, lon=37.0, place="To a degree"),
            a_report(12, lat=36.0, lon=37.0, place="To a degree"),
            a_report(13, lat=36.2533, lon=37.0874, place="Somewhere sub-district", admin1="Aleppo"),
            a_report(14, **village),
            {"report_id": "not one"},
        ],
    )
    file, out = tmp_path / "reports.jsonl", tmp_path / "learned.csv"
    file.write_text("\n".join(map(json.dumps, reports)))
    done = CliRunner().invoke(places, ["learn", str(file), "--format", "reports", "--country", "sy", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "1 place on which 3 reports agree" in done.output
    [row] = csv.DictReader(out.open())
    assert (row["name"], row["province"], row["reports"]) == ("Qarya Majhula", "SY.09", "3")
    taught = gazetteer.load(["SY"], None, [ListedPlaces(file=str(out), country="SY", source="learned", columns=AS_LISTED)])
    before, after = (Locator(["SY"], land).locate(Location(**village)) for land in (gazetteer.load(["SY"]), taught))
    assert before.method == "province"
    assert (after.method, after.listed_in, after.place) == ("place_in_province", "learned", "Qarya Majhula")
    assert distance_m(round(after.lat * 1e6), round(after.lon * 1e6), 36_254_300, 37_087_400) < 10


@pytest.mark.parametrize(("country", "said"), [("SY", "there is no such file"), ("XX", "XX")])
def test_what_cannot_be_used_is_said_in_one_line(country: str, said: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(places, ["learn", str(tmp_path / "none.jsonl"), "--format", "reports", "--country", country])
    assert done.exit_code == 1
    assert said in done.output
    assert len(done.output.splitlines()) == 1
