"""Hostile reporting: what a party that lies, floods, copies and calls its strikes something else can reach, and what not."""

from typing import Any

import msgspec
import pytest
from test_incident import OWN, TERMS, WIRE

from schemas.facts import Circle, Report
from schemas.reasons import Grade, Method, Scope
from streams.core.measure import BEST, HIGH, LOW
from streams.core.picture import Picture, key_of
from streams.core.sums import unpack
from streams.core.terms import parse
from streams.core.testimony import Derived

HOSTILE = parse(
    TERMS.as_mapping()
    | {
        "sources": [*TERMS.as_mapping()["sources"], {"id": "watcher", "trusted": ["watch"], "zones": ["east", "all"]}],
        "zones": [{"id": "east", "name": "East", "areas": ["SY.09"]}, {"id": "west", "name": "West", "areas": ["SY.12"]}],
    }
)
HERE = Circle(36.2, 37.15, 2_000, 2, Method.COORDINATES, ["SY.09"])
BESIDE = Circle(36.22, 37.15, 100, 1, Method.COORDINATES, ["SY.12"])


def after(*rows: dict[str, Any]) -> Picture:
    """What is known after reports on one strike of 13 September; `circle` where another than HERE."""
    picture = Picture(HOSTILE)
    for number, row in enumerate(rows):
        fields = {"report_id": f"r{number}", "type": "violation", "kind": "attack", "occurred_at": "2016-09-13T10:00:00Z"} | row
        circle = fields.pop("circle", HERE if fields["type"] == "violation" else None)
        report = msgspec.convert(fields, Report)
        picture.add(key_of(report.source, report.report_id), report, circle, HOSTILE.d_hour_s + 200_000 + number)
    picture.resolve()
    return picture


def only(picture: Picture) -> Derived:
    (derived,) = picture.derived.values()
    return derived


def incidents(picture: Picture, zone: str, bound: int) -> int:
    return unpack(picture.measure.zones[zone].day(1))[bound * 3]


TRUE = (
    {"source": "observatory", "by": "government", "casualties": {"killed": 9}, "text": WIRE},
    {"source": "outlet", "by": "government", "casualties": {"killed": 7}, "text": OWN},
)
CROWD = [{"source": f"account {number}", "weapon": "mortar", "circle": BESIDE} for number in range(40)]


def test_a_flood_of_anonymous_claims_raises_no_low_and_where_somebody_watched_nothing_at_all() -> None:
    flooded = after(*CROWD)
    assert incidents(flooded, "all", LOW) == 0
    assert incidents(flooded, "all", HIGH) == 1  # ten accounts or forty: one thing, in doubt
    covers = {"zone": "all", "from": "2016-09-13T00:00:00Z", "to": "2016-09-14T00:00:00Z"}
    watched = after(*CROWD, {"source": "watcher", "type": "nil", "covers": covers})
    assert [incidents(watched, "all", bound) for bound in (LOW, BEST, HIGH)] == [0, 0, 0]


@pytest.mark.parametrize(("zones", "high"), [((), 1), (("east",), 1), (("all",), 0), (("east", "west"), 1)])
def test_a_flood_at_the_border_is_nothing_where_all_that_it_may_be_in_was_watched(zones: tuple[str, ...], high: int) -> None:
    """Its circle may reach abroad, and so it is certainly in no zone; wherever it is within them, nothing was to be seen."""
    border = Circle(36.2, 37.15, 2_000, 2, Method.COORDINATES, ["SY.09", "SY.12", "TR.31"])
    flood = [row | {"circle": border} for row in CROWD]
    span = {"from": "2016-09-13T00:00:00Z", "to": "2016-09-14T00:00:00Z"}
    watched = after(*flood, *({"source": "watcher", "type": "nil", "covers": {"zone": zone, **span}} for zone in zones))
    assert [incidents(watched, "all", bound) for bound in (LOW, HIGH)] == [0, high]


def test_nobody_moves_an_incident_that_known_sources_place_out_of_its_zone() -> None:
    alone, flooded = after(*TRUE), after(*TRUE, *CROWD)
    for zone in ("east", "west"):
        for bound in (LOW, BEST, HIGH):
            assert incidents(flooded, zone, bound) >= incidents(alone, zone, bound)
    assert incidents(flooded, "east", LOW) == incidents(alone, "east", LOW) == 1
    precise = {"source": "ministry", "circle": BESIDE, "by": "brigades", "weapon": "mortar", "casualties": {"killed": 8}}
    assert incidents(after(*TRUE, precise), "east", LOW) == 1  # nor does the accused with an exact place


@pytest.mark.parametrize("accounts", [1, 10])
def test_who_quotes_itself_through_many_accounts_is_one_voice(accounts: int) -> None:
    voices = [{"source": f"account {number}", "via": "ministry", "text": WIRE} for number in range(accounts)]
    assert only(after({"source": "ministry", "by": "brigades"}, *voices)).grade is Grade.WEAK


def test_the_accused_makes_no_single_witness_of_two_by_copying_both() -> None:
    copies = ({"source": "ministry", "text": WIRE}, {"source": "army", "text": OWN})
    tied = after(*TRUE, *({**copy, "links": ["https://example.org/both"]} for copy in copies))
    assert only(tied).grade is Grade.FAIR
    assert only(after(*TRUE)).grade is Grade.FAIR


def test_the_accused_lowers_no_toll_by_copying_who_reports_it() -> None:
    for text in (WIRE, OWN):
        lowered = after(*TRUE, {"source": "ministry", "text": text, "casualties": {"killed": 6}})
        assert only(lowered).killed == only(after(*TRUE)).killed == (7, 7, 9)


def test_an_attacker_that_calls_its_strike_out_of_scope_changes_nothing() -> None:
    scoped = after(*TRUE, {"source": "ministry", "by": "government", "against": "daesh", "casualties": {"killed": 8}})
    assert only(scoped).scope is Scope.DISPUTED
    assert incidents(scoped, "all", LOW) == 1


def test_an_invention_of_one_side_is_in_doubt_and_never_in_the_low() -> None:
    lies = after(
        *({"source": source, "by": "brigades", "casualties": {"killed": 50}} for source in ("ministry", "agency", "army"))
    )
    assert only(lies).grade is Grade.WEAK
    assert incidents(lies, "all", LOW) == 0


def test_one_who_is_made_to_retract_takes_only_his_own_word_back() -> None:
    picture = after(*TRUE, {"source": "council", "by": "government", "casualties": {"killed": 8}})
    picture.remove(("observatory", "r0"))
    picture.resolve()
    assert only(picture).grade is Grade.FAIR
    assert incidents(picture, "all", LOW) == 1


def test_a_watch_that_nobody_vouches_for_covers_nothing_and_hides_nothing() -> None:
    covers = {"zone": "all", "from": "2016-09-13T00:00:00Z", "to": "2016-09-14T00:00:00Z"}
    claimed = after(*CROWD, *({"source": source, "type": "nil", "covers": covers} for source in ("account 1", "ministry")))
    assert incidents(claimed, "all", HIGH) == 1
