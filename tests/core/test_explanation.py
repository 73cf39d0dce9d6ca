"""What `explain` says of an incident is what decided it."""

from typing import Any

import msgspec
from test_incident import TERMS, WIRE

from schemas.facts import Circle, Report
from schemas.reasons import Grade, Method
from streams.core.explanation import Explanation, ReportOf, explain_incident
from streams.core.picture import Picture


def explained(anchor: str, *rows: dict[str, Any]) -> Explanation:
    """Of the incident that the report `anchor` anchors, after rows of fields of reports, each with metres north."""
    picture = Picture(TERMS)
    for number, row in enumerate(rows):
        fields = {"type": "violation", "kind": "attack", "occurred_at": "2016-09-13T10:00:00Z"} | row
        north_m = fields.pop("north_m", 0)
        report = msgspec.convert(fields, Report)
        circle = Circle(36.2 + north_m / 111_195, 37.15, 500, 1, Method.COORDINATES, ["SY.09"])
        picture.add((report.source, report.report_id), report, circle, TERMS.d_hour_s + 200_000 + number)
    picture.resolve()
    incident = next(found for found in picture.incidents.values() if found.anchor.report_id == anchor)
    explanation = explain_incident(picture, incident.id)
    assert explanation is not None
    return explanation


def test_a_link_is_a_waterfall_that_reaches_the_threshold() -> None:
    found = explained("a", {"source": "observatory", "report_id": "a"}, {"source": "outlet", "report_id": "b", "north_m": 300})
    anchor, link = found.links
    assert (anchor.report, anchor.score, anchor.levels) == (ReportOf("observatory", "a"), None, [])
    assert link.score is not None and link.score >= found.threshold
    assert link.score == sum(level.weight for level in link.levels)
    assert ("place", "same_point") in [level[:2] for level in link.levels]


def test_a_link_is_averaged_over_what_known_sources_said_before() -> None:
    found = explained(
        "a",
        {"source": "observatory", "report_id": "a"},
        {"source": "outlet", "report_id": "b", "north_m": 300},
        {"source": "somebody", "report_id": "c", "north_m": 100},
        {"source": "council", "report_id": "d", "north_m": 2_600, "occurred_at": "2016-09-13T10:04:00Z"},
    )
    link = next(link for link in found.links if link.report.report_id == "d")
    assert [voice.report.report_id for voice in link.voices] == ["b"], "what anybody says has no voice"
    assert link.score == (sum(level.weight for level in link.levels) + link.voices[0].score) // 2
    assert link.score >= found.threshold


def test_neighbours_come_with_what_keeps_them_apart() -> None:
    found = explained(
        "a",
        {"source": "observatory", "report_id": "a"},
        {"source": "outlet", "report_id": "far", "north_m": 9_000},
        {"source": "council", "report_id": "late", "occurred_at": "2016-09-14T20:00:00Z"},
        {"source": "desk", "report_id": "shots", "weapon": "small_arms"},
        {"source": "observatory", "report_id": "again"},
        {"source": "ministry", "report_id": "weak", "north_m": 4_500, "occurred_at": "2016-09-13T19:00:00Z"},
    )
    reasons = {apart.report.report_id: apart.reason for apart in found.apart}
    assert reasons == {
        "far": "place rules it out",
        "late": "time rules it out",
        "shots": "weapon rules it out",
        "again": "observatory tells of both, as two things",
        "weak": "it scores below the threshold",
    }


def test_the_casualty_interval_comes_with_the_claims_behind_it() -> None:
    found = explained(
        "a",
        {"source": "observatory", "report_id": "a", "by": "government", "casualties": {"killed": 6}},
        {"source": "council", "report_id": "b", "casualties": {"killed": 9}},
        {"source": "ministry", "report_id": "c", "casualties": {"killed": 0}},
        {"source": "outlet", "report_id": "d"},
    )
    assert found.killed == (6, 6, 9)
    roles = {witness.lineages[0]: (witness.bounds, witness.role) for witness in found.killed_by}
    assert roles == {
        "observatory": ((6, 6, 6), "counts"),
        "council": ((9, 9, 9), "counts"),
        "ministry": ((0, 0, 0), "is accused of it, so its number counts only where it is higher"),
        "outlet": (None, "says nothing of it"),
    }
    assert found.grade is Grade.FAIR
    assert found.grade_reason.startswith("two lineages")


def test_copies_are_named() -> None:
    found = explained(
        "a", {"source": "observatory", "report_id": "a", "text": WIRE}, {"source": "outlet", "report_id": "b", "text": WIRE}
    )
    assert found.copies == [("observatory", "outlet")]
    assert found.grade is Grade.WEAK
    assert found.grade_reason == "one lineage that terms know tells of it; what quotes or copies it counts with it"


def test_an_incident_that_does_not_stand_has_no_explanation() -> None:
    assert explain_incident(Picture(TERMS), "none") is None
