"""Whoever reports does not show: not on a public topic, not on the page, not in the report.

A story in which every source, text, link and id of a report is a word that stands nowhere else is told to the core; then
every byte that the public is given is searched for them.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer
from board.world import public

from schemas.facts import Day, Fact
from schemas.topics import DAYS, EVIDENCE, PUBLIC_TERMS
from streams.board.api import ANSWERS
from streams.board.page import PARTS
from streams.board.report import write
from streams.board.server import Board, application
from streams.board.view import View
from streams.core.intake import Arrival
from streams.core.replay import Replay
from streams.core.terms import DAY, HOUR, parse

SOURCES = ("Zaynab of the bakery", "Tower-Nine", "The quiet clinic", "Nobody-you-know")
LISTED = SOURCES[:3]
SALT = "salt-kept-by-nobody-else"
SECRETS = (
    *SOURCES,
    SALT,
    "lineage-of-the-tower",
    "from my window",
    "secret-report-id",
    "secret-link",
    "the bakery's roof",
    "Umm Karim",
)
PLACE = {"place": "Kafr Zita", "admin1": "Hama", "country": "SY", "text": "seen from the bakery's roof"}
TERMS = parse(
    {
        "truce": {
            "id": "protected",
            "name": "A truce of this test",
            "countries": ["SY"],
            "d_hour": "2016-03-01T00:00:00Z",
            "time_zone": "Asia/Damascus",
            "salt": SALT,
            "simulated": True,
            "topics": ["reports.simulated.of-the-clinic"],
        },
        "opposed": ["north", "south"],
        "gate": {"days": 2, "max_span_days": 4, "settle_hours": 6},
        "whole": {"threshold": {"mode": "at_most", "metric": "incidents", "value": 2}},
        "zones": [{"id": "hama", "name": "Hama", "areas": ["SY.10"], "gated": True}],
        "coverage": {"min_lineages": 1},
        "sources": [
            {"id": LISTED[0], "names": ["Zaynab"], "trusted": ["watch", "violence", "finding"], "zones": ["hama", "all"]},
            {"id": LISTED[1], "lineage": "lineage-of-the-tower", "trusted": ["watch"], "zones": ["hama", "all"]},
            {"id": LISTED[2], "side": "north", "zones": ["hama"]},
        ],
    }
)


def arrivals() -> Iterator[Arrival]:
    """Five days: violations, watch, a tally, a finding, a denial, a revision, a retraction; every kind of text in them."""
    start = TERMS.d_hour_s
    for hour in range(5 * 24):
        at_s = start + hour * HOUR
        at = datetime.fromtimestamp(at_s, UTC).isoformat()
        source = SOURCES[hour % len(SOURCES)]
        bodies = [{"type": "alive", "report_id": f"secret-report-id-alive-{hour}", "source": LISTED[hour % 2]}]
        if hour % 5 == 0:
            violation = {
                "type": "violation",
                "kind": "attack",
                "weapon": "mortar",
                "report_id": f"secret-report-id-{hour % 35}",
                "source": source,
                "revision": 1 + hour // 35,
                "occurred_at": at,
                "location": PLACE,
                "by": "Umm Karim",
                "against": "Umm Karim",
                "via": SOURCES[(hour + 1) % len(SOURCES)],
                "casualties": {"killed": 1},
                "munition": "from my window",
                "text": "I saw it from my window, said Umm Karim",
                "links": ["https://example.org/secret-link"],
            }
            bodies.append(violation)
        if hour == 60:
            period = {"from": datetime.fromtimestamp(at_s - DAY, UTC).isoformat(), "to": at}
            bodies.append(
                {"type": "tally", "report_id": "secret-report-id-t", "source": LISTED[0], "count": 9, "period": period}
                | {"covers": {"zone": "hama"}, "text": "from my window"}
            )
            about = {"source": SOURCES[0], "report_id": "secret-report-id-0"}
            bodies.append({"type": "denial", "report_id": "secret-report-id-d", "source": LISTED[2], "about": about})
            bodies.append({"type": "finding", "report_id": "secret-report-id-f", "source": LISTED[0], "about": about})
        for number, body in enumerate(bodies):
            yield Arrival(at_s + 60 + number, msgspec.json.encode(body), "a test")


@pytest.fixture(scope="module")
def published() -> tuple[Fact, ...]:
    return tuple(Replay([TERMS]).facts(arrivals()))


def found_in(*texts: bytes) -> list[str]:
    """Secrets that show, in any case; also where JSON writes them with escapes."""
    whole = b"\n".join(texts).decode("utf-8").casefold()
    return [secret for secret in SECRETS if secret.casefold() in whole]


def test_the_story_would_show_them_if_anything_did(published: tuple[Fact, ...]) -> None:
    restricted = [fact.value for fact in published if fact.topic == EVIDENCE and fact.value]
    assert {*SOURCES, "secret-report-id"} <= set(found_in(*restricted))


def test_no_byte_of_a_public_topic_names_who_reports(published: tuple[Fact, ...]) -> None:
    messages = list(public(published))
    assert {topic for topic, *_ in messages} >= {PUBLIC_TERMS, "truce.days", "truce.phases", "truce.incidents", "truce.levels"}
    assert sum(topic == "truce.incidents" for topic, *_ in messages) > 20
    assert found_in(*(key.encode() for _, key, _ in messages), *(value for *_, value in messages if value)) == []
    assert found_in(*(name.encode() + value for fact in published for name, value in fact.headers)) == []


def test_neither_page_nor_api_names_who_reports(published: tuple[Fact, ...]) -> None:
    async def everything() -> list[bytes]:
        board = Board()
        board.take(public(published))
        truce = board.view.truces["protected"]
        incident = next(iter(truce.incidents))
        paths = [path.format(truce="protected", incident=incident) for path in ANSWERS]
        paths += [f"/{language}/protected?rows=1000" for language in ("en", "ar")]
        paths += [f"/en/protected/part/{part}?rows=1000" for part in PARTS]
        paths += [f"/en/protected/day/{zone}/{number}" for zone, number in truce.days]
        async with TestClient(TestServer(application(board))) as client:
            answers = [await client.get(path) for path in paths]
            assert {answer.status for answer in answers} == {200}
            return [await answer.read() for answer in answers]

    assert found_in(*asyncio.run(everything())) == []


def test_the_report_names_nobody_who_reports(published: tuple[Fact, ...], tmp_path) -> None:
    view = View()
    for message in public(published):
        view.take(*message)
    pages = [path.read_bytes() for language in ("en", "ar") for path in write(view, tmp_path, language) if path.suffix == ".html"]
    assert len(pages) == 2
    assert found_in(*pages) == []


def test_where_nobody_watches_now_is_nobodys_business(published: tuple[Fact, ...]) -> None:
    """Coverage is told of settled days only."""
    days = [msgspec.json.decode(fact.value, type=Day) for fact in published if fact.topic == DAYS and fact.value]
    open_days = [day for day in days if day.outcome in ("pending", "before")]
    assert len(open_days) > 10
    assert all(day.watched is None and day.heard is None for day in open_days)
