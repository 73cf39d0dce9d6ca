"""Formats in which a mapping says which column is what, and those that bring one along."""

from pathlib import Path

import pytest
from adapters.reading import SAMPLES, received, refused, reports, rows
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import CountRange
from streams.adapters import AdapterError, Arrival, arrivals_of, columns, load_mapping
from streams.adapters.mapping import FIELDS, Mapping, reporter
from streams.adapters.rows import Fault
from streams.adapters.wording import kind_of, weapon_of

LOG = load_mapping(SAMPLES / "log.toml")


def test_a_mapping_makes_reports_of_any_table() -> None:
    first = reports(rows("log.csv", "csv", LOG))["1"]
    assert (first.source, first.kind, first.weapon, first.text) == ("North Desk", "attack", "mortar", "Beschuss. Kafr Zita")
    assert first.location is not None and first.casualties is not None
    assert (first.location.lat, first.location.admin1, first.location.country) == (35.3738, "Hama", "SY")
    assert (first.casualties.killed, first.original) == (2, {"Stufe": "B"})
    assert (str(first.occurred_at), first.time_precision) == ("2016-09-13 08:50:00+00:00", None)


def test_a_date_without_a_clock_is_a_day_of_the_place() -> None:
    read = rows("log.csv", "csv", LOG)
    second = reports(read)["2"]
    assert (str(second.occurred_at), second.time_precision) == ("2016-09-13 09:00:00+00:00", "day")
    assert received(read)["log.csv:3"] - received(read)["log.csv:2"] == (24 - 11) * 3_600 - 50 * 60
    assert (second.weapon, second.munition) == ("undetermined", "Kanone")


def test_what_a_mapping_does_not_explain_is_refused_with_its_line() -> None:
    assert refused(rows("log.csv", "csv", LOG)) == [
        ("log.csv:4", "unknown_kind", "kind"),
        ("log.csv:5", "wrong_type", "4 columns; the first line has 11"),
    ]


def test_csv_without_a_mapping_or_without_its_columns_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="--map"):
        rows("log.csv", "csv")
    with pytest.raises(AdapterError, match="no column Nummer or Nr"):
        rows("log.csv", "csv", Mapping(fields={"report_id": ["Nummer", "Nr"]}))
    with pytest.raises(AdapterError, match="needs no mapping"):
        list(arrivals_of([SAMPLES / "ucdp.csv"], "ucdp", mapping=LOG))


# a mapping                              what is said of it
WRONG = [
    ("[fields]\nrepot_id = 'x'\n", "repot_id: not a field of a report"),
    ("[felds]\n", "unknown field `felds`"),
    ("time_zone = 'Nowhere/Else'\n", "Nowhere/Else"),
    ("[fields\n", "map.toml"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_mapping_that_cannot_be_used_is_told_in_a_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(AdapterError, match=said):
        load_mapping(tmp_path / "map.toml")


def test_the_mapping_of_the_readme_can_be_used(tmp_path: Path) -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    block = readme.split("## Formats\n")[1].split("```toml\n")[1].split("```")[0]
    (tmp_path / "map.toml").write_text(block)
    cells = {"No": "1", "Date": "13.09.2016", "Hour": "11:50", "Town": "Kafr Zita", "What": "Shots fired", "Dead": "10+"}
    made = reporter(load_mapping(tmp_path / "map.toml"))(cells | {"GPS": "35.37 36.60", "Grade": "B"})
    assert not isinstance(made, Fault)
    assert (made[1].kind, made[1].original, str(made[1].occurred_at)) == ("attack", {"Grade": "B"}, "2016-09-13 08:50:00+00:00")


# cell             killed
COUNTS = [
    ("2", 2),
    ("2.0", 2),
    ("3-5", CountRange(low=3, high=5)),
    ("3 to 5", CountRange(low=3, high=5)),
    ("10+", CountRange(low=10)),
    ("at least 10", CountRange(low=10)),
    ("Dozens", "dozens"),
    ("n/a", None),
    ("many", "casualties.killed"),
    ("2.5", "casualties.killed"),
]


@pytest.mark.parametrize(("cell", "killed"), COUNTS)
def test_numbers_are_read_as_people_write_them_or_refused(cell: str, killed: object) -> None:
    made = reporter(Mapping(fields={"casualties.killed": "n"}, constants=CONSTANTS))({"n": cell})
    if isinstance(made, Fault):
        assert made.detail.split(":")[0] == killed
    else:
        assert (made[1].casualties and made[1].casualties.killed) == killed


CONSTANTS = {"report_id": "1", "source": "x", "kind": "attack", "occurred_at": "2016-09-13", "location.place": "Kafr Zita"}


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text(max_size=40)))
def test_whatever_the_cells_say_there_is_a_report_or_a_reason(said: dict[str, str]) -> None:
    made = reporter(Mapping(fields={field: field for field in FIELDS}, constants=CONSTANTS))(said)
    assert isinstance(made, Fault) or made[0] >= 0


def test_posts_of_ushahidi_are_of_who_gave_a_contact_and_else_each_of_its_own() -> None:
    read = rows("ushahidi.csv", "ushahidi")
    made = reports(read)
    assert {id: report.source for id, report in made.items()} == {"17": "+963000000001", "18": "ushahidi post 18"}
    assert (made["17"].weapon, made["18"].weapon) == ("artillery", "airstrike")
    assert made["17"].location is not None and made["17"].original is not None
    assert (made["17"].location.lat, made["17"].original["Post Status"]) == (35.3738, "published")
    assert str(made["17"].published_at) == "2016-09-13 10:41:00+00:00"
    assert refused(read) == [("ushahidi.csv:5", "unknown_kind", "kind")]


def test_a_mapping_goes_over_the_one_that_a_format_brings() -> None:
    more = Mapping(constants={"source": "deployment"}, values={"kind": {"water": "other"}}, time_zone="Asia/Damascus")
    made = reports(rows("ushahidi.csv", "ushahidi", more))
    assert (made["19"].kind, made["19"].source, made["17"].source) == ("other", "deployment", "+963000000001")
    assert str(made["17"].occurred_at) == "2016-09-13 06:30:00+00:00"


def test_the_older_ushahidi_is_read_too() -> None:
    made = reports(rows("ushahidi_2.csv", "ushahidi"))["5"]
    assert (made.weapon, made.source) == ("small_arms", "desk@example.org")
    assert made.location is not None and made.original is not None
    assert (made.location.place, made.original["VERIFIED"]) == ("Bustan al-Qasr, Aleppo", "NO")


def test_a_submission_of_a_form_is_of_who_submitted_it() -> None:
    made = reports(rows("kobo.json", "kobo"))
    attack, nil, rejected = made["aa41"], made["aa42"], made["aa43"]
    assert (attack.source, attack.weapon, str(attack.occurred_at)) == ("team-north", "mortar", "2016-09-13 08:50:00+00:00")
    assert attack.location is not None and attack.casualties is not None and attack.original is not None
    assert (attack.location.lat, attack.location.radius_m, attack.location.place) == (35.3738, 1_000, "Kafr Zita")
    assert (attack.casualties.killed, attack.casualties.injured) == (2, CountRange(low=5))
    assert attack.original["_id"] == "41"
    assert nil.covers is not None
    assert (nil.type, nil.covers.zone, str(nil.covers.start)) == ("nil", "hama", "2016-09-12 21:00:00+00:00")
    assert (rejected.status, rejected.source) == ("retracted", "submission aa43")
    assert refused(rows("kobo.json", "kobo")) == [("kobo.json:14", "unknown_kind", "kind")]


def test_an_edited_submission_of_odk_is_a_revision() -> None:
    made = reports(rows("odk.json", "kobo"))["b1"]
    assert (made.revision, made.source, made.weapon) == (2, "team-south", "rocket")
    assert made.location is not None
    assert (made.location.lat, made.location.lon, made.location.place) == (35.3738, 36.6019, "Kafr Zita")


def test_a_feature_of_geojson_is_a_report_and_a_shape_is_the_circle_about_it() -> None:
    read = rows("events.geojson", "geojson")
    made = reports(read)
    point, shape = made["g1"].location, made["2"].location
    assert point is not None and shape is not None and shape.lat is not None
    assert (point.lat, point.lon, point.place, point.radius_m) == (35.3738, 36.6019, "Kafr Zita", None)
    assert (round(shape.lat, 3), shape.radius_m) == (35.38, 1_435)
    assert (made["g1"].weapon, made["g1"].covers, str(made["g1"].occurred_at)) == ("mortar", None, "2016-09-13 11:50:00+00:00")
    assert refused(read) == [
        ("events.geojson:7", "no_usable_time", "occurred_at"),
        ("events.geojson:8", "wrong_type", "not a feature with properties"),
    ]


def test_a_table_with_hxl_tags_needs_no_mapping() -> None:
    read = rows("hxl.csv", "hxl")
    made = reports(read)
    assert (made["h1"].source, made["h1"].weapon, made["h1"].time_precision) == ("North Desk", "mortar", "day")
    assert (made["h2"].source, made["h2"].weapon) == ("River News", "undetermined")
    assert made["h1"].location is not None and made["h2"].casualties is not None and made["h1"].original is not None
    assert (made["h1"].location.precision, made["h1"].location.admin1) == (2, "Hama")
    assert made["h1"].original["#geo+precision"] == "2"
    assert made["h2"].casualties.killed == CountRange(low=3, high=5)
    assert refused(read) == [("hxl.csv:6", "no_usable_time", "occurred_at")]


def test_a_table_without_tags_is_no_hxl(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(AdapterError, match="no row of HXL tags"):
        list(columns.read_hxl(tmp_path / "x.csv"))


def test_tags_are_known_in_any_order_and_spacing() -> None:
    assert columns._columns(("#date",), ["#date+year", "#date+local"]) == ["#date+local"]
    assert columns._columns(("#adm1+name", "#adm1"), ["#adm1+code", "#adm1+ar+name"]) == ["#adm1+ar+name"]
    assert columns.tag("#Geo + lat") == "#geo+lat"


# words                            kind               weapon
WORDS = [
    ("Mortar shelling", "attack", "mortar"),
    ("قصف مدفعي", "attack", "artillery"),
    ("غارة جوية", "attack", "airstrike"),
    ("Arrests", "detention", None),
    ("Aid convoy blocked", "access_denied", None),
    ("Ceasefire", None, None),
    ("Graduates meet", None, None),
    ("Water", None, None),
]


@pytest.mark.parametrize(("words", "kind", "weapon"), WORDS)
def test_a_word_means_what_it_says_or_nothing(words: str, kind: str | None, weapon: str | None) -> None:
    assert (kind_of(words), weapon_of(words)) == (kind, weapon)


@pytest.mark.parametrize("name", ["kobo.json", "events.geojson"])
@given(cut=st.integers(0, 1_200))
def test_a_document_that_breaks_off_is_read_up_to_there(name: str, cut: int, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("cut") / name
    path.write_bytes((SAMPLES / name).read_bytes()[:cut])
    format = "kobo" if name.startswith("kobo") else "geojson"
    try:
        read = list(arrivals_of([path], format))
    except AdapterError:
        return
    whole = {row.value for row in rows(name, format) if isinstance(row, Arrival)}
    assert {row.value for row in read if isinstance(row, Arrival)} <= whole
    assert refused(read)
