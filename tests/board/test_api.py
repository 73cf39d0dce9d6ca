"""The JSON behind the page: what the topics hold, as the OpenAPI document says."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from board.world import facts, public
from jsonschema import Draft202012Validator

from schemas.topics import DAYS, INCIDENTS, PHASES
from streams.board.api import ANSWERS, OPENAPI
from streams.board.server import Board, application

TRUCE = "demo-as-it-happened"


def asked(ask: Callable[[TestClient], Awaitable[Any]], scenario: str = "as-it-happened") -> Any:
    """What `ask` finds out from a board that has read a story."""

    async def run() -> Any:
        board = Board()
        board.take(public(facts(scenario)))
        board.ready = True
        async with TestClient(TestServer(application(board))) as client:
            return await ask(client)

    return asyncio.run(run())


def get(path: str) -> Any:
    async def ask(client: TestClient) -> Any:
        answer = await client.get(path)
        assert answer.status == 200, path
        return await answer.json()

    return asked(ask)


def last(topic: str) -> list[Any]:
    values = {fact.key: fact.value for fact in facts() if fact.topic == topic}
    return [json.loads(value) for value in values.values() if value is not None]


def schema_of(path: str) -> Draft202012Validator:
    body = OPENAPI["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return Draft202012Validator(body | {"components": OPENAPI["components"]})


@pytest.mark.parametrize("path", ANSWERS)
def test_an_answer_is_as_the_document_says(path: str) -> None:
    incident = last(INCIDENTS)[0]["id"]
    schema_of(path).validate(get(path.format(truce=TRUCE, incident=incident)))


def test_every_path_is_described_and_no_other() -> None:
    assert set(OPENAPI["paths"]) == {*ANSWERS, "/api/events"}
    assert get("/api/openapi.json") == OPENAPI


def test_bodies_are_those_of_the_topics_field_for_field() -> None:
    assert get(f"/api/truces/{TRUCE}/phases")["changes"] == [json.loads(f.value) for f in facts() if f.topic == PHASES]
    days = get(f"/api/truces/{TRUCE}/days")["days"]
    assert sorted(days, key=lambda d: (d["zone"], d["day"])) == sorted(last(DAYS), key=lambda d: (d["zone"], d["day"]))


def test_incidents_come_in_pages_without_gap_or_double() -> None:
    async def ask(client: TestClient) -> list[Any]:
        found, after = [], ""
        while after is not None:
            page = await (await client.get(f"/api/truces/{TRUCE}/incidents", params={"limit": "7", "after": after})).json()
            found += page["incidents"]
            after = page["next"]
        return found

    found = asked(ask)
    assert len({incident["id"] for incident in found}) == len(found)
    assert sorted(found, key=lambda i: i["id"]) == sorted(last(INCIDENTS), key=lambda i: i["id"])


def test_incidents_can_be_asked_for_by_zone_grade_and_state() -> None:
    found = get(f"/api/truces/{TRUCE}/incidents?zone=aleppo&grade=confirmed&status=live&limit=1000")["incidents"]
    expected = [
        incident
        for incident in last(INCIDENTS)
        if incident["status"] == "live" and incident["grade"] == "confirmed" and "aleppo" in incident["possible"]
    ]
    assert sorted(found, key=lambda i: i["id"]) == sorted(expected, key=lambda i: i["id"])


@pytest.mark.parametrize(
    "path",
    [
        "/api/truces/no-such",
        "/api/truces/no-such/days",
        f"/api/truces/{TRUCE}/incidents/none",
        "/en/no-such",
        f"/en/{TRUCE}/part/x",
    ],
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    async def ask(client: TestClient) -> int:
        return (await client.get(path)).status

    assert asked(ask) == 404


def test_a_listener_hears_what_changed_and_which_parts_show_it() -> None:
    async def run() -> Any:
        board = Board()
        messages = list(public(facts()))
        board.take(messages[:-1])
        async with TestClient(TestServer(application(board))) as client:
            stream = await client.get("/api/events", params={"truce": TRUCE})
            assert (await stream.content.readline()) == b"retry: 1000\n"
            await stream.content.readline()
            while not board._listeners:
                await asyncio.sleep(0.01)
            board.take([next(message for message in messages if message[0] == DAYS)])
            assert (await asyncio.wait_for(stream.content.readline(), 5)) == b"event: changed\n"
            return json.loads((await stream.content.readline()).removeprefix(b"data: "))

    said = asyncio.run(run())
    assert (said["truce"], said["topics"]) == (TRUCE, ["days"])
    assert {"days", "levels", "map", "heard", "phase"} == set(said["parts"])
