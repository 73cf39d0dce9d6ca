"""ACLED, as table and as document: codes are kept, actors and deaths carried over, and every kind of event has its kind."""

import pytest
from adapters.reading import received, refused, reports, rows

from schemas.reasons import Kind, Weapon
from streams.adapters import AdapterError, acled
from streams.adapters.rows import Fault

ROW = {"event_id_cnty": "X1", "event_date": "2016-09-13", "event_type": "Battles", "country": "Syria", "admin1": "Hama"}


def test_a_row_is_a_report_of_the_first_source_that_it_names() -> None:
    made = reports(rows("acled.csv", "acled"))["SYR900001"]
    assert (made.source, made.by, made.against, made.kind) == ("North Desk", "Force A", "Civilians (Syria)", "attack")
    assert made.casualties is not None and made.original is not None
    assert (made.casualties.killed, made.casualties.who) == (3, "civilian")
    assert made.text is not None and made.text.startswith("On 13 September")
    assert made.original["source"] == "North Desk; River News"
    assert (made.original["time_precision"], made.original["geo_precision"]) == ("1", "1")


# id           date as told               precision   place        UCDP scale   radius
PRECISIONS = [
    ("SYR900001", "2016-09-13 12:00", "day", "Kafr Zeita", 1, 2_500),
    ("SYR900002", "2016-09-14 12:00", "week", None, 3, 30_000),
    ("SYR900003", "2016-09-15 12:00", "month", None, 4, 100_000),
]


@pytest.mark.parametrize(("id", "at", "precision", "place", "scale", "radius_m"), PRECISIONS)
def test_a_report_is_as_sharp_as_its_codes(
    id: str, at: str, precision: str, place: str | None, scale: int, radius_m: int
) -> None:
    made = reports(rows("acled.csv", "acled"))[id]
    assert (str(made.occurred_at)[:16], made.time_precision) == (at, precision)
    assert made.location is not None
    assert (made.location.place, made.location.precision, made.location.radius_m) == (place, scale, radius_m)
    assert made.location.country == "SY"


def test_a_row_is_received_when_its_day_is_over_and_not_when_the_data_set_was_revised() -> None:
    assert received(rows("acled.csv", "acled"))["acled.csv:2"] == 1_473_811_200


# type                          sub-type                                   notes                    kind, weapon
EVENTS = [
    ("Battles", "Armed clash", "", Kind.ATTACK, Weapon.UNDETERMINED),
    ("Battles", "Government regains territory", "", Kind.TERRITORY, Weapon.UNDETERMINED),
    ("Explosions/Remote violence", "Air/drone strike", "", Kind.ATTACK, Weapon.AIRSTRIKE),
    ("Explosions/Remote violence", "Air/drone strike", "A drone of B", Kind.ATTACK, Weapon.UAV),
    ("Explosions/Remote violence", "Shelling/artillery/missile attack", "", Kind.ATTACK, Weapon.ARTILLERY),
    ("Explosions/Remote violence", "Shelling/artillery/missile attack", "Three rockets", Kind.ATTACK, Weapon.ROCKET),
    ("Explosions/Remote violence", "Shelling/artillery/missile attack", "after a drone was seen", Kind.ATTACK, Weapon.ARTILLERY),
    ("Explosions/Remote violence", "Remote explosive/landmine/IED", "a tank was hit", Kind.ATTACK, Weapon.IED_MINE),
    ("Explosions/Remote violence", "Suicide bomb", "", Kind.ATTACK, Weapon.IED_MINE),
    ("Violence against civilians", "Abduction/forced disappearance", "", Kind.DETENTION, Weapon.UNDETERMINED),
    ("Violence against civilians", "Attack", "", Kind.ATTACK, Weapon.UNDETERMINED),
    ("Protests", "Excessive force against protesters", "", Kind.DISPROPORTIONATE_FORCE, Weapon.UNDETERMINED),
    ("Protests", "Peaceful protest", "", Kind.OTHER, Weapon.UNDETERMINED),
    ("Strategic developments", "Agreement", "", Kind.OTHER, Weapon.UNDETERMINED),
    ("Strategic developments", "Non-violent transfer of territory", "", Kind.TERRITORY, Weapon.UNDETERMINED),
]


@pytest.mark.parametrize(("event", "sub", "notes", "kind", "weapon"), EVENTS)
def test_every_type_of_event_has_a_kind_and_its_weapon(event: str, sub: str, notes: str, kind: Kind, weapon: Weapon) -> None:
    made = acled._report(ROW | {"event_type": event, "sub_event_type": sub, "notes": notes})
    assert not isinstance(made, Fault)
    assert (made[1].kind, made[1].weapon) == (kind, weapon)


def test_no_deaths_in_the_table_is_not_a_claim_that_nobody_died() -> None:
    assert reports(rows("acled.csv", "acled"))["SYR900002"].casualties is None


def test_what_cannot_be_read_is_refused_with_its_line_and_spoils_no_other() -> None:
    assert refused(rows("acled.csv", "acled")) == [("acled.csv:6", "no_usable_time", "event_date")]
    read = rows("acled.json", "acled")
    assert list(reports(read)) == ["SYR900001", "SYR900007"]
    assert refused(read) == [
        ("acled.json:8", "unknown_kind", "event_type"),
        ("acled.json:10", "not_json", "not a JSON object"),
        ("acled.json:12", "not_json", "not JSON, and what comes after it is lost"),
    ]


def test_the_document_and_the_table_tell_the_same() -> None:
    table, document = (reports(rows(name, "acled"))["SYR900001"] for name in ("acled.csv", "acled.json"))
    assert (table.source, table.weapon, table.occurred_at) == (document.source, document.weapon, document.occurred_at)
    assert table.location is not None and document.location is not None
    assert (table.location.lat, table.location.precision) == (document.location.lat, document.location.precision)


def test_another_file_is_refused_whole(tmp_path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(AdapterError, match="no column event_id_cnty"):
        list(acled.read(tmp_path / "x.csv"))
    with pytest.raises(AdapterError, match="no such file"):
        list(acled.read(tmp_path / "none.csv"))
