"""The intake follows terms; those that cannot be used leave it with what it had, and say why."""

import msgspec
import pytest
from core.builders import TERMS

from schemas.facts import TermsRecord
from streams.core.intake import Intake, terms_record
from streams.core.terms import parse

VALUES = TERMS.as_mapping()
LINE = {"type": "LineString", "coordinates": [[36, 36], [37, 37]]}


def _record(name: str = "laws", **changes: object) -> bytes:
    return msgspec.json.encode(TermsRecord(name, "", VALUES | changes, 0))


NOWHERE = VALUES["truce"] | {"countries": ["ZZ"]}
LINES = [{"id": "east", "name": "East", "polygons": LINE, "gated": True}]
UNUSABLE = [
    # a value of truce.terms        what is said of it
    (b"garbage", "terms: not a record of terms: "),
    (b"\xff", "terms: not a record of terms: "),
    (_record(opposed=["north"]), "terms of laws: "),
    (_record("other"), "terms of other: truce.id: 'laws', in a record of 'other'"),
    (_record(truce=NOWHERE), "terms of laws: truce.countries: ZZ: the gazetteer has no places"),
    (_record(zones=LINES), "terms of laws: zones.east: polygons: 'LineString' is"),
]


@pytest.mark.parametrize(("value", "said"), UNUSABLE)
def test_terms_that_cannot_be_used_leave_the_intake_with_what_it_had(value: bytes, said: str) -> None:
    intake = Intake()
    assert intake.follow(terms_record(TERMS)) is None
    refused = intake.follow(value)
    assert refused is not None
    assert refused.detail.startswith(said)
    assert intake.truces == {"laws": TERMS}


def test_usable_terms_replace_those_before_them() -> None:
    intake = Intake()
    intake.follow(terms_record(TERMS))
    other = parse(VALUES | {"opposed": ["north", "south"], "gate": VALUES["gate"] | {"days": 3}})
    assert intake.follow(terms_record(other)) is None
    assert intake.truces["laws"].gate.days == 3
