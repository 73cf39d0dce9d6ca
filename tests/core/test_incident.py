"""What is known of one incident: how many were hurt, how sure it is, whether it counts."""

from random import Random
from typing import Any

import msgspec
import pytest

from schemas.facts import Casualties, Circle, CountRange, Report
from schemas.reasons import UNLISTED, Grade, Method, Scope, TimePrecision, Weapon
from streams.core.claims import Reading, bounds
from streams.core.measure import BEST, HIGH, LOW
from streams.core.picture import Picture
from streams.core.sums import unpack
from streams.core.terms import Terms, parse
from streams.core.testimony import Derived, together

TERMS: Terms = parse(
    {
        "truce": {
            "id": "known",
            "name": "A truce",
            "countries": ["SY"],
            "d_hour": "2016-09-12T00:00:00Z",
            "time_zone": "UTC",
            "salt": "of incident ids",
        },
        "opposed": ["north", "south"],
        "limits": {"claim_spread": 0},
        "sources": [
            {"id": "desk", "trusted": ["violence"]},
            {"id": "observatory"},
            {"id": "outlet"},
            {"id": "ministry", "side": "north"},
            {"id": "agency", "side": "north", "lineage": "ministry"},
            {"id": "army", "side": "north"},
            {"id": "army_desk", "side": "north", "trusted": ["violence"]},
            {"id": "council", "side": "south"},
        ],
        "actors": [
            {"id": "government", "names": ["the army"], "side": "north", "party": "syria"},
            {"id": "brigades", "side": "south"},
            {"id": "daesh", "excluded": True},
        ],
    }
)
LIMIT = 1_000
PLACE = Circle(36.2, 37.15, 500, 1, Method.COORDINATES, ["SY.09"])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # as reported                     low, best, high
        (None, None),
        (0, (0, 0, 0)),
        (7, (7, 7, 7)),
        (5_000, (1_000, 1_000, 1_000)),  # no number is beyond the limit
        ("tens", (10, 10, LIMIT)),
        ("dozens", (12, 12, LIMIT)),
        ("hundreds", (100, 100, LIMIT)),
        (CountRange(2, 3, 5), (2, 3, 5)),
        (CountRange(low=3), (3, 3, LIMIT)),  # at least three
        (CountRange(best=3), (3, 3, 3)),
        (CountRange(high=5), (0, 2, 5)),  # up to five
        (CountRange(low=2, high=5), (2, 2, 5)),
        (CountRange(best=3, high=5), (0, 3, 5)),
        (CountRange(), None),
    ],
)
def test_a_count_is_an_interval(said: Any, expected: Any) -> None:
    assert bounds(said, LIMIT) == expected


@pytest.mark.parametrize(
    ("of", "share", "expected"),
    [
        ((10, 10, 10), 0.5, (5, 10, 15)),
        ((3, 3, 3), 0.5, (2, 3, 5)),  # outwards
        ((1, 1, 1), 0.5, (1, 1, 2)),
        ((0, 0, 0), 0.5, (0, 0, 0)),
        ((2, 3, 5), 0.5, (2, 3, 5)),  # it is an interval already
        ((10, 10, 10), 0, (10, 10, 10)),
        ((10, 10, 10), 1, (0, 10, 20)),
        ((900, 900, 900), 0.5, (450, 900, LIMIT)),
    ],
)
def test_a_single_claim_is_not_that_sure(of, share, expected) -> None:
    assert together((of,), round(share * 1_000), LIMIT) == expected


@pytest.mark.parametrize(
    ("stated", "share", "expected"),
    [
        ([10, 10], 0.5, (7, 10, 13)),  # a quarter falls to each, rounded outwards
        ([10] * 5, 0.5, (9, 10, 11)),
        ([4, 6], 0.5, (3, 4, 6)),
        ([4, 9, 6], 0.5, (4, 6, 9)),  # what they differ by is wider already
        ([1, 1], 0.5, (1, 1, 2)),  # both say that somebody died
        ([0, 2], 0.5, (0, 0, 2)),
        ([0, 0, 0], 0.5, (0, 0, 0)),
        ([900, 990], 0.5, (675, 900, LIMIT)),
        ([10, 10], 0, (10, 10, 10)),
        ([(10, 10, LIMIT), (12, 12, LIMIT)], 0.5, (10, 10, LIMIT)),  # at least ten, say both: they gave a range themselves
    ],
)
def test_nor_are_several_lineages_that_agree(stated, share, expected) -> None:
    bounds = [one if isinstance(one, tuple) else (one, one, one) for one in stated]
    assert together(tuple(bounds), round(share * 1_000), LIMIT) == expected


def _told(rows: str, killed: list[Any] | None = None, extra: str = "") -> Derived:
    """One incident, told by `source [by=…] [against=…] [via=…]`, separated by commas; `extra`: `type source` about it."""
    picture = Picture(TERMS)
    for number, row in enumerate(row.split() for row in rows.split(",")):
        fields = dict(field.split("=") for field in row[1:])
        toll = None if killed is None else Casualties(killed=killed[number])
        _add(picture, number, {"source": row[0], "type": "violation", "kind": "attack", **fields}, toll)
    for row in filter(None, (row.split() for row in extra.split(","))):
        about = {"source": rows.split()[0].rstrip(","), "report_id": "r0"}
        _add(picture, f"{row[0]}{row[1]}", {"source": row[1], "type": row[0], "about": about})
    picture.resolve()
    assert len(picture.derived) == 1, "the rows of a case tell of one incident"
    return next(iter(picture.derived.values()))


def _add(
    picture: Picture, number: object, fields: dict[str, Any], casualties: Casualties | None = None, circle: Circle | None = None
) -> None:
    values = {"report_id": f"r{number}", "occurred_at": "2016-09-13T10:00:00Z", **fields}
    report = msgspec.structs.replace(msgspec.convert(values, Report), casualties=casualties)
    received_at = TERMS.d_hour_s + 200_000 + len(picture._accounts)
    where = (circle or PLACE) if fields["type"] == "violation" else None
    picture.add((report.source, report.report_id), report, where, received_at)


@pytest.mark.parametrize(
    ("rows", "killed", "expected"),
    [
        # who tells                                           killed           low, best, high
        ("observatory", [4], (4, 4, 4)),
        ("observatory, outlet", [4, 6], (4, 4, 6)),  # the lower median
        ("observatory, outlet, council", [4, 9, 6], (4, 6, 9)),
        ("observatory, outlet", [CountRange(1, 5, 8), 6], (1, 5, 8)),
        ("ministry, agency", [4, 9], (9, 9, 9)),  # one lineage: its latest
        ("agency, ministry", [9, 4], (4, 4, 4)),
        ("observatory, outlet", [4, None], (4, 4, 4)),  # unsaid is not nobody
        ("observatory, outlet", [None, None], (0, 0, 0)),
        # The accused bounds nothing unless it says more.
        ("observatory by=government, ministry", [6, 1], (6, 6, 6)),
        ("observatory by=government, ministry", [6, 9], (6, 6, 9)),
        ("observatory by=government, outlet, ministry", [6, 8, 0], (6, 6, 8)),
        ("observatory by=government, ministry", [None, 2], (2, 2, 2)),  # it alone says anything
        ("observatory by=government, council", [6, 1], (1, 1, 6)),  # not the accused
        ("observatory by=government, ministry", [8, CountRange(0, 0, 13)], (8, 8, 13)),  # only its high is higher
        ("observatory by=government, outlet, ministry", [8, 8, CountRange(0, 0, 9)], (8, 8, 9)),
        ("observatory by=government, outlet, ministry via=observatory", [None, 8, 0], (8, 8, 8)),  # by whom it quotes, too
        ("observatory, ministry, somebody by=government", [8, 3, None], (3, 3, 8)),  # anybody may accuse
    ],
)
def test_the_toll_is_bounded_by_one_claim_a_lineage(rows: str, killed: list[Any], expected: Any) -> None:
    assert _told(rows, killed).killed == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("observatory", Grade.WEAK),
        ("desk", Grade.FAIR),  # trusted for violence
        ("observatory, outlet", Grade.FAIR),
        ("observatory, ministry", Grade.FAIR),
        ("ministry, council", Grade.FAIR),
        ("ministry, army", Grade.WEAK),  # two lineages of one side
        ("ministry, agency", Grade.WEAK),  # one lineage
        ("somebody", Grade.WEAK),
        ("somebody, someone, anyone", Grade.WEAK),  # all that terms do not list is one lineage
        ("somebody, observatory", Grade.WEAK),  # and does not count
        ("observatory, outlet via=observatory", Grade.WEAK),  # it quotes the other: the two count once
        ("observatory, council via=observatory", Grade.WEAK),
        ("observatory, council, outlet via=observatory", Grade.FAIR),
        ("observatory, council, ministry via=observatory, agency via=council", Grade.FAIR),  # nobody makes one of two others
        ("observatory, outlet, ministry via=observatory, agency via=outlet", Grade.FAIR),
        ("observatory, council via=ELSEWHERE, ministry via=Elsewhere", Grade.FAIR),  # terms know nobody of that name
        ("outlet via=MINISTRY, council via=ministry", Grade.WEAK),
        ("observatory, outlet via=elsewhere", Grade.FAIR),
        ("ministry by=government", Grade.CONFIRMED),  # its own report
        ("ministry by=brigades", Grade.WEAK),
        ("council by=government", Grade.WEAK),
        ("observatory by=government", Grade.WEAK),
    ],
)
def test_how_sure_an_incident_is(rows: str, expected: Grade) -> None:
    assert _told(rows).grade is expected


@pytest.mark.parametrize(
    ("via", "lineage"),
    [("sana", "SANA"), (" Sana ", "SANA"), ("desk", "SANA"), ("outlet", "outlet"), ("elsewhere", UNLISTED), (" ", None)],
)
def test_a_lineage_is_quoted_however_it_is_written(via: str, lineage: str | None) -> None:
    reading = Reading(parse(TERMS.as_mapping() | {"sources": [{"id": "desk", "lineage": "SANA"}, {"id": "outlet"}]}))
    act = reading.act(None, Weapon.UNDETERMINED, None, None, via, TimePrecision.EXACT, False)
    assert act.via_lineage == lineage


WIRE = "Shells fell on the vegetable market of the old town shortly before noon, and three people died in the stalls"
OWN = "Our reporter counted three dead at the market, which was hit a little before twelve by rounds from the east"


@pytest.mark.parametrize(
    ("texts", "links", "expected"),
    [
        ([WIRE, OWN], [[], []], Grade.FAIR),
        ([WIRE, WIRE.upper()], [[], []], Grade.WEAK),  # a wire copy is no second witness
        ([WIRE, WIRE.replace("noon", "midday")], [[], []], Grade.WEAK),
        ([WIRE[:40], WIRE[:40]], [[], []], Grade.FAIR),  # few words may agree by chance
        ([None, None], [["https://example.org/v1"], ["https://example.org/v1"]], Grade.WEAK),
        ([None, None], [["https://example.org/v1"], ["https://example.org/v2"]], Grade.FAIR),
        ([WIRE, WIRE, OWN], [[], [], []], Grade.FAIR),
        ([OWN, None, None], [["https://example.org/v1"], [], ["https://example.org/v1"]], Grade.FAIR),
        ([WIRE, WIRE, WIRE], [[], [], []], Grade.WEAK),
    ],
)
def test_copies_do_not_corroborate_each_other(texts: list[str | None], links: list[list[str]], expected: Grade) -> None:
    picture = Picture(TERMS)
    for number, (source, text, of) in enumerate(zip(("observatory", "outlet", "council"), texts, links, strict=False)):
        _add(picture, number, {"source": source, "type": "violation", "kind": "attack", "text": text, "links": of})
    picture.resolve()
    assert [derived.grade for derived in picture.derived.values()] == [expected]


def test_copies_have_one_casualty_claim_between_them() -> None:
    picture = Picture(TERMS)
    for number, (source, text, killed) in enumerate((("observatory", WIRE, 9), ("outlet", WIRE, 3), ("council", OWN, 4))):
        fields = {"source": source, "type": "violation", "kind": "attack", "text": text}
        _add(picture, number, fields, Casualties(killed=killed))
    picture.resolve()
    assert [derived.killed for derived in picture.derived.values()] == [(3, 3, 4)]


@pytest.mark.parametrize(
    ("rows", "extra", "expected"),
    [
        ("observatory by=government", "acknowledgement ministry", Grade.CONFIRMED),
        ("observatory by=government", "acknowledgement council", Grade.WEAK),  # it did not do it
        ("observatory", "acknowledgement ministry", Grade.WEAK),  # nobody is said to have
        ("observatory by=government, outlet", "denial ministry", Grade.FAIR),  # a denial changes no grade
    ],
)
def test_who_did_it_can_admit_it_and_denying_it_changes_no_grade(rows: str, extra: str, expected: Grade) -> None:
    assert _told(rows, extra=extra).grade is expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("observatory", Scope.IN_SCOPE),  # unknown actors are in scope
        ("observatory by=government", Scope.IN_SCOPE),
        ("desk by=government against=daesh", Scope.OUT_OF_SCOPE),  # trusted and independent
        ("desk by=daesh", Scope.OUT_OF_SCOPE),
        ("ministry by=government against=daesh", Scope.DISPUTED),  # the attacker's word alone
        ("army_desk by=government against=daesh", Scope.DISPUTED),  # trust is for independent sources
        ("ministry against=daesh, council against=daesh", Scope.OUT_OF_SCOPE),  # both sides
        ("ministry against=daesh, council", Scope.DISPUTED),
        ("somebody against=daesh", Scope.IN_SCOPE),  # nobody vouches for it
    ],
)
def test_what_the_truce_does_not_protect_is_out_of_scope(rows: str, expected: Scope) -> None:
    assert _told(rows).scope is expected


def test_severity_is_capped_so_that_one_exaggeration_closes_no_gate_for_ever() -> None:
    assert _told("observatory weapon=airstrike", [2]).severity == (11_000, 11_000, 11_000)
    assert _told("observatory weapon=airstrike", [900]).severity == (50_000, 50_000, 50_000)


def test_weapons_that_differ_make_an_interval() -> None:
    assert _told("observatory weapon=mortar, outlet weapon=rocket").severity == (2_000, 2_000, 3_000)


def test_a_total_over_a_week_is_in_doubt_and_never_one_more_of_the_incidents_it_contains() -> None:
    """ "140 killed across the province this week" joins no incident, and neither low nor best of any day has it."""
    picture = Picture(TERMS)
    for number, source in enumerate(("observatory", "outlet")):
        _add(picture, number, {"source": source, "type": "violation", "kind": "attack"}, Casualties(killed=3))
    week = {"source": "council", "type": "violation", "kind": "attack", "time_precision": "week"}
    _add(picture, 2, week, Casualties(killed=140))
    picture.resolve()
    assert sorted(incident.reports for incident in picture.incidents.values()) == [1, 2]
    for bound in (LOW, BEST):
        counted = [unpack(picture.measure.zones["all"].day(day))[bound * 3 + 2] for day in range(7)]
        assert counted == [0, 3, 0, 0, 0, 0, 0]
    assert [unpack(picture.measure.zones["all"].day(day))[HIGH * 3] for day in (0, 1, 2)] == [1, 2, 1]


PROVINCE = Circle(36.2, 37.5, 70_000, 4, Method.COORDINATES, ["SY.09"])
SOMEWHERE = Circle(35.8, 37.5, 150_000, 5, Method.COORDINATES, ["SY.09", "SY.10"])


@pytest.mark.parametrize(
    ("circle", "text", "is_total"),
    [
        (PROVINCE, "Six people were killed in shelling across the province on Tuesday", True),
        (PROVINCE, "Six people were killed in several towns of Aleppo", True),
        (PROVINCE, "مقتل ستة أشخاص في عموم المحافظة", True),
        (PROVINCE, "قصف على عدة بلدات في ريف حلب", True),
        (PROVINCE, "A total of six people were killed across from the mosque", False),  # of people, and of one street
        (PROVINCE, None, False),
        (PLACE, "Six people were killed in several towns, among them this one", False),  # the place says which
        (SOMEWHERE, None, True),  # a place that is no one place
    ],
)
def test_a_total_over_several_places_joins_none_of_the_incidents_it_contains(
    circle: Circle, text: str | None, is_total: bool
) -> None:
    picture = Picture(TERMS)
    for number, source in enumerate(("observatory", "outlet")):
        _add(picture, number, {"source": source, "type": "violation", "kind": "attack"}, Casualties(killed=6))
    more = {"source": "council", "type": "violation", "kind": "attack"} | ({} if text is None else {"text": text})
    _add(picture, 2, more, Casualties(killed=6), circle)
    picture.resolve()
    assert sorted(incident.reports for incident in picture.incidents.values()) == ([1, 2] if is_total else [3])
    day = unpack(picture.measure.zones["all"].day(1))
    assert [day[bound * 3] for bound in (LOW, BEST)] == [1, 1]
    assert day[HIGH * 3] == (2 if is_total else 1)


@pytest.mark.parametrize("seed", range(4))
def test_who_tells_of_it_is_told_in_canonical_order_however_many_came_and_went(seed: int) -> None:
    """Few reports are put in order when they are asked for, many as they come: the list, the count and the digest are those
    of the reports that are there."""
    picture, random = Picture(TERMS), Random(seed)
    sources = ["observatory", "outlet", "council", "ministry", "army", "desk", *(f"somebody {number}" for number in range(4))]
    most = 0
    for number in range(120):
        source = random.choice(sources)
        # What one source says again in the same words is one claim, told by several reports.
        told = {"source": source, "type": "violation", "kind": "attack", "text": f"{WIRE}, says {source}"}
        _add(picture, number, told)
        while random.random() < (0.25 if number < 80 else 0.6) and picture._accounts:
            picture.remove(random.choice(list(picture._accounts)))
        if random.random() < 0.5:
            picture.resolve()
            for incident in picture.incidents.values():
                there = [one for one in picture._accounts.values() if picture.incident_of(one) is incident]
                there.sort(key=lambda account: account.order)
                assert incident.first_accounts() == there
                assert incident.first_accounts(2) == there[:2]
                assert incident.reports == len(there)
                assert incident.reports_digest == sum(account.report_digest for account in there) % (1 << 128)
                most = max(most, len(there))
    assert most > 12
