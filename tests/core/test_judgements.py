"""Denials, acknowledgements and findings: who can take an incident out of the count, and that nothing said is forgotten."""

from typing import Any

import msgspec
import pytest
from test_incident import PLACE, TERMS

from schemas.facts import Circle, Report
from schemas.reasons import Grade, Method
from streams.core.measure import BEST
from streams.core.picture import Picture, key_of
from streams.core.publish import incident_body
from streams.core.sums import unpack
from streams.core.terms import parse

NEARER = Circle(36.2001, 37.1501, 100, 1, Method.COORDINATES, ["SY.09"])
SHARED = TERMS.as_mapping() | {
    "sources": [
        *TERMS.as_mapping()["sources"],
        {"id": "inquiry", "trusted": ["finding"]},
        {"id": "own_inquiry", "side": "north", "trusted": ["finding"]},
    ]
}
JUDGED = parse(SHARED)


def picture_of(*rows: tuple[Any, ...]) -> Picture:
    """Rows are (fields, circle or None); all of one strike on 13 September."""
    picture = Picture(JUDGED)
    for number, (fields, circle) in enumerate(rows):
        add(picture, number, fields, circle)
    picture.resolve()
    return picture


def add(picture: Picture, number: int, fields: dict[str, Any], circle: Circle | None) -> None:
    values = {"report_id": f"r{number}", "type": "violation", "kind": "attack", "occurred_at": "2016-09-13T10:00:00Z"} | fields
    report = msgspec.convert(values, Report)
    picture.add(key_of(report.source, report.report_id), report, circle, JUDGED.d_hour_s + 200_000 + number)


def body(picture: Picture):
    (incident,) = picture.incidents.values()
    return incident_body(picture, incident)


def counted(picture: Picture) -> int:
    return unpack(picture.measure.zones["all"].day(1))[BEST * 3]


STRIKE = ({"source": "observatory", "by": "government"}, PLACE)
AGAIN = ({"source": "outlet", "by": "government"}, PLACE)


def judged(type: str, source: str, /, **about: str) -> tuple[dict[str, Any], None]:
    return {"type": type, "source": source, "about": about or {"source": "observatory", "report_id": "r0"}}, None


@pytest.mark.parametrize(
    ("type", "source", "counts", "disputed", "discounted"),
    [
        ("denial", "ministry", True, True, False),  # the accused cannot take it out of the count
        ("denial", "inquiry", True, True, False),
        ("finding", "ministry", True, False, False),
        ("finding", "somebody", True, False, False),
        ("finding", "desk", True, False, False),  # trusted for other things
        ("finding", "own_inquiry", True, False, False),  # an inquiry of one side
        ("finding", "inquiry", False, False, True),
    ],
)
def test_only_an_inquiry_that_is_trusted_takes_an_incident_out(type, source, counts, disputed, discounted) -> None:
    picture = picture_of(STRIKE, AGAIN, judged(type, source))
    told = body(picture)
    assert (counted(picture) == 1, told.counted, told.disputed, told.discounted) == (counts, counts, disputed, discounted)
    assert (told.status, told.grade, told.reports) == ("live", Grade.FAIR, 2)  # published with all that was said of it


def test_a_finding_and_a_denial_stand_side_by_side_and_each_can_be_taken_back() -> None:
    picture = picture_of(STRIKE, AGAIN, judged("denial", "ministry"), judged("finding", "inquiry"))
    assert (body(picture).disputed, body(picture).discounted, counted(picture)) == (True, True, 0)
    picture.remove(("inquiry", "r3"))
    picture.resolve()
    assert (body(picture).disputed, body(picture).discounted, counted(picture)) == (True, False, 1)
    picture.remove(("ministry", "r2"))
    picture.resolve()
    assert (body(picture).disputed, body(picture).discounted) == (False, False)


@pytest.mark.parametrize("by_id", [False, True])
def test_what_was_said_of_an_incident_follows_it_when_another_report_becomes_its_anchor(by_id: bool) -> None:
    picture = picture_of(STRIKE)
    (old,) = picture.incidents
    about = {"incident": old} if by_id else {"source": "observatory", "report_id": "r0"}
    for number, row in enumerate((judged("denial", "ministry", **about), judged("finding", "inquiry", **about)), start=1):
        add(picture, number, *row)
    picture.resolve()
    add(picture, 3, {"source": "outlet", "by": "government", "weapon": "mortar", "occurred_at": "2016-09-13T09:59:00Z"}, NEARER)
    picture.resolve()
    told = body(picture)
    assert told.id != old
    assert (told.reports, told.disputed, told.discounted) == (2, True, True)


def test_what_is_said_before_the_report_arrives_waits_for_it() -> None:
    picture = picture_of(judged("finding", "inquiry", source="observatory", report_id="r1"))
    add(picture, 1, *STRIKE)
    picture.resolve()
    assert body(picture).discounted


def test_what_is_said_of_a_report_holds_at_once_where_that_report_repeats_another() -> None:
    """No incident gains or loses a claim by it, and it comes and goes with the report all the same."""
    links = {"links": ["https://observatory.example/strike"]}
    fields = STRIKE[0] | links
    picture = picture_of((fields, PLACE), judged("denial", "ministry", source="observatory", report_id="r2"))
    assert not body(picture).disputed
    add(picture, 2, fields, PLACE)
    picture.resolve()
    assert (body(picture).reports, body(picture).told_by, body(picture).disputed) == (2, {"independent": 1}, True)
    picture.remove(("observatory", "r2"))
    picture.resolve()
    assert (body(picture).reports, body(picture).disputed) == (1, False)


def test_what_is_told_as_one_is_let_go_of_as_one_with_what_was_said_of_it() -> None:
    picture = picture_of(STRIKE, AGAIN)
    first, again, said = key_of("observatory", "r0"), key_of("outlet", "r1"), key_of("radio", "r2")
    add(picture, 2, *judged("denial", "radio", source="outlet", report_id="r1"))
    picture.resolve()
    assert picture.rested_on({first}) == {first}
    assert picture.rested_on({again, said}) == {again, said}
    assert picture.rested_on({said}) == {said}
    assert picture.rested_on({first, again, said}) == set()
    assert picture.rested_on({first, again}) == set(), "who denies it holds nobody"
    (incident,) = picture.incidents
    assert [picture.forget(key) for key in (again, first)] == [None, incident]
    add(picture, 3, *judged("finding", "inquiry", source="outlet", report_id="r1"))
    picture.resolve()
    assert not picture.incidents


WATCHED = parse(SHARED | {"sources": [*SHARED["sources"], {"id": "monitor", "trusted": ["watch"]}]})


@pytest.mark.parametrize(("teller", "rests"), [("somebody", True), ("observatory", False)])
def test_what_nobody_listed_tells_rests_on_the_watch_that_saw_nothing_of_it(teller: str, rests: bool) -> None:
    picture, nil = Picture(WATCHED), key_of("monitor", "r1")
    add(picture, 0, {"source": teller}, PLACE)
    covers = {"zone": "all", "from": "2016-09-13T00:00:00Z", "to": "2016-09-14T00:00:00Z"}
    add(picture, 1, {"source": "monitor", "type": "nil", "covers": covers}, None)
    picture.resolve()
    assert picture.rested_on({nil}) == ({nil} if rests else set())
    assert picture.rested_on({nil, key_of(teller, "r0")}) == set()
