"""Whether a road was open on a day, and whose word counts."""

import pytest

from streams.core.access import Access, Statement
from streams.core.terms import DAY, HOUR, Terms, parse

TERMS: Terms = parse(
    {
        "truce": {
            "id": "road",
            "name": "A truce",
            "countries": ["SY"],
            "d_hour": "2016-09-12T00:00:00Z",
            "time_zone": "UTC",
            "salt": "of incident ids",
        },
        "opposed": ["north", "south"],
        "access": {"areas": {"road": "The road"}, "required": ["road"]},
        "sources": [
            {"id": "un", "trusted": ["access"]},
            {"id": "redcross", "trusted": ["access"]},
            {"id": "observatory"},
            {"id": "ministry", "side": "north"},
            {"id": "council", "side": "south"},
        ],
    }
)


def _state(rows: str, day: int = 2) -> str:
    """Statements, written as `source state hour` in hours from the start of day 0, separated by commas."""
    access = Access(TERMS)
    for number, row in enumerate(filter(None, (row.split() for row in rows.split(",")))):
        access.add(number, "road", Statement(int(row[2]) * HOUR, row[0], row[1] == "open"))
    return access.state("road", day * DAY, (day + 1) * DAY)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # day 2 is hours 48 to 72; "open" holds for 48 hours
        ("", "unreported"),
        ("un open 50", "open"),
        ("un open 1", "open"),
        ("un open 0", "unreported"),  # it ran out as the day began
        ("un open 71", "open"),
        ("un open 72", "unreported"),  # that is tomorrow
        ("observatory open 50", "unreported"),  # nobody trusts it for access
        ("ministry open 50, council open 50", "unreported"),
        ("somebody open 50", "unreported"),
        ("un denied 50", "denied"),
        ("un denied 0", "denied"),  # until such a source says open, however long ago
        ("un denied 72", "unreported"),
        ("un denied 0, un open 10", "open"),
        ("un denied 0, redcross open 10", "open"),  # any such source
        ("un denied 0, observatory open 10", "denied"),
        ("un denied 0, un open 48", "open"),  # it ended as the day began
        ("un denied 0, un open 49", "denied"),  # denied wins
        ("un open 50, un denied 60", "denied"),
        ("un open 60, redcross denied 60", "denied"),  # at the same moment the denial stands
        ("observatory denied 50", "unreported"),
        ("ministry denied 50", "unreported"),  # one side alone
        ("ministry denied 50, council denied 60", "denied"),  # both sides
        ("ministry denied 50, observatory denied 60", "unreported"),
        ("un open 40, ministry denied 50, council denied 60", "denied"),
        ("ministry denied 0, council denied 0, un open 10", "open"),
        ("ministry denied 0, ministry open 20, council denied 30", "unreported"),  # never at once
        ("somebody denied 50", "unreported"),
    ],
)
def test_access_is_denied_open_or_not_reported(rows: str, expected: str) -> None:
    assert _state(rows) == expected


def test_words_about_an_area_that_terms_do_not_name_are_left_out() -> None:
    access = Access(TERMS)
    assert not access.add("r", "elsewhere", Statement(0, "un", True))
    assert access.remove("r") is None


def test_a_denial_that_is_taken_back_never_was() -> None:
    access = Access(TERMS)
    access.add("o", "road", Statement(0, "un", True))
    access.add("d", "road", Statement(HOUR, "un", False))
    assert access.state("road", 0, DAY) == "denied"
    access.remove("d")
    assert access.state("road", 0, DAY) == "open"


def test_a_denial_of_the_same_moment_as_an_open_stands_on_later_days() -> None:
    assert _state("un open 60, redcross denied 60", day=3) == "denied"
    assert _state("redcross denied 60, un open 60", day=3) == "denied"
