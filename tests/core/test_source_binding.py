"""A source that is bound to topics says nothing anywhere else."""

import msgspec
import pytest
from core.builders import TERMS, TOPIC, stated

from schemas.facts import Rejected
from streams.core.intake import RECEIVED_AT_HEADER, Incoming, Intake, terms_record
from streams.core.terms import parse

AT_S = TERMS.d_hour_s
_SOURCES = [
    source | ({"names": ["The Watcher"]} if source["id"] == "watcher" else {}) for source in TERMS.as_mapping()["sources"]
]
NAMED = parse(TERMS.as_mapping() | {"sources": _SOURCES})


@pytest.mark.parametrize(
    ("source", "bound", "taken"),
    [
        ("watcher", {"watcher": [TOPIC]}, True),
        ("watcher", {"watcher": ["reports.simulated.*"]}, True),
        ("watcher", {"watcher": ["reports.field"]}, False),
        ("Watcher", {"watcher": ["reports.field"]}, False),
        ("watcher ", {"watcher": ["reports.field"]}, False),
        ("\u00a0watcher", {"Watcher ": ["reports.field"]}, False),
        ("watcher\u200f", {"watcher": ["reports.field"]}, False),
        ("ｗatcher", {"watcher": ["reports.field"]}, False),
        ("The Watcher", {"watcher": ["reports.field"]}, False),  # another of its names in the terms
        ("watcher", {"the watcher": ["reports.field"]}, False),
        ("watcher", {"council": ["reports.field"]}, True),
        ("watcher", {"watcher": []}, False),
    ],
)
def test_a_report_of_anothers_source_is_refused(source: str, bound: dict[str, list[str]], taken: bool) -> None:
    intake = Intake(bound)
    intake.follow(terms_record(NAMED))
    body = {"report_id": "1", "source": source, "type": "alive", "published_at": stated(AT_S)}
    outcome = intake.take(Incoming(TOPIC, 0, 0, 0, None, msgspec.json.encode(body), ((RECEIVED_AT_HEADER, b"%d" % AT_S),)))
    assert isinstance(outcome, list) == taken
    if not taken:
        assert msgspec.json.decode(outcome.value, type=Rejected).reason == "source_not_allowed"
