"""The report is one file that asks nobody for anything, and its numbers are those of the topics."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from board.world import facts, told
from click.testing import CliRunner

from schemas.topics import DAYS, INCIDENTS, PHASES
from streams.board.files import NothingToWrite
from streams.board.report import drawings, picture, write
from streams.cli import truce as program
from streams.results import Results

TRUCE = "demo-as-it-happened"


class Page(HTMLParser):
    """Elements by tag with their attributes, and the text inside each element that has an id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.tags.append((tag, found))
        if tag not in ("meta", "link"):
            self._open.append((tag, found.get("id")))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        # Some elements need no end of their own.
        while self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, id in self._open:
            if id is not None:
                self.texts[id] = self.texts.get(id, "") + data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `truce replay --out` would leave behind."""
    made = tmp_path_factory.mktemp("results")
    results = Results(made)
    for fact in facts():
        results.add(fact)
    results.close()
    results.discard()
    return made


@pytest.fixture(scope="module")
def written(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    ran = CliRunner().invoke(program, ["report", str(folder), "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    assert sorted(ran.output.split()) == sorted(str(path) for path in out.iterdir())
    return out


def last(topic: str) -> list[Any]:
    values = {fact.key: fact.value for fact in facts() if fact.topic == topic}
    return [json.loads(value) for value in values.values() if value is not None]


def shown(interval: dict[str, int], unit: int) -> str:
    low, best, high = (f"{interval[bound] / unit:,.3f}".rstrip("0").rstrip(".") for bound in ("low", "best", "high"))
    return best if low == high else f"{low} to {high}, likeliest {best}"


def people(interval: dict[str, int]) -> str:
    """Somebody said "dozens": the high is the limit of the terms, and no number of theirs."""
    if interval["low"] < interval["high"] == 1_000:
        return f"{interval['low']} or more, likeliest {interval['best']}"
    return shown(interval, 1)


def unit_of(metric: str) -> int:
    return 1_000 if metric == "severity" else 1


def test_days_levels_changes_and_incidents_of_the_report_are_those_of_the_topics(written: Path) -> None:
    page = Page((written / f"{TRUCE}.en.html").read_text("utf-8"))
    labels = {a["id"]: a["aria-label"] or "" for tag, a in page.tags if tag == "button" and "day" in (a.get("class") or "")}
    days = [day for day in last(DAYS) if day["day"] >= 0]
    assert len(labels) == len(days) > 100
    for day in days:
        label = labels[f"d-{day['zone']}-{day['day']}"]
        said = shown(day["measures"][day["metric"]], unit_of(day["metric"]))
        assert f"Violence: {said} ({day['metric']})" in label
        assert f"Limit: {day['limit'] / 1_000:g}" in label
        assert (f"Watched: {day['watched'] / 10:g} %" if "watched" in day else "") in label
        assert ("Watched" in label) == ("watched" in day)
    for day in days:
        if day["zone"] in ("aleppo", "all"):
            week = day["week"][day["metric"]]
            cells = [f"{week[bound] / unit_of(day['metric']):,.3f}".rstrip("0").rstrip(".") for bound in ("low", "best", "high")]
            assert "".join(cells) in page.texts["levels"]
    changes = [json.loads(fact.value) for fact in facts() if fact.topic == PHASES]
    assert all(f"c-{change['id']}" in page.texts for change in changes)
    live = [incident for incident in last(INCIDENTS) if incident["status"] == "live"]
    assert any("or more" in people(incident["injured"]) for incident in live)
    for incident in live:
        text = page.texts[f"i-{incident['id']}"]
        assert f"Killed{people(incident['killed'])}\n" in text
        assert f"Injured{people(incident['injured'])}\n" in text
        assert f"{sum(incident['told_by'].values())} (" in text
        assert f"reports: {incident['reports']}" in text
        assert f"Severity{shown(incident['severity'], 1_000)}\n" in text


def test_the_report_asks_nobody_for_anything(written: Path) -> None:
    text = (written / f"{TRUCE}.en.html").read_text("utf-8")
    page = Page(text)
    for tag, attributes in page.tags:
        for name in ("href", "src", "srcset", "action", "xlink:href"):
            value = attributes.get(name) or ""
            assert not re.match(r"(https?:)?//|/", value), (tag, name, value)
    assert not re.search(r"url\((?!#)|@import", text)
    policy = next(a["content"] or "" for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "connect-src" not in policy


def test_its_charts_are_pictures(written: Path) -> None:
    pictures = sorted(written.glob("*.png"))
    assert [path.name.removeprefix(f"{TRUCE}.en.") for path in pictures] == [
        "days.png",
        "level-aleppo.png",
        "level-all.png",
        "map.png",
    ]
    for path in pictures:
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG\r\n")
        assert len(content) > 5_000
    assert picture(drawings(told().truces[TRUCE], "en")["map"]) == (written / f"{TRUCE}.en.map.png").read_bytes()


def test_a_report_of_a_truce_that_is_not_there_says_which_are(folder: Path, tmp_path: Path) -> None:
    ran = CliRunner().invoke(program, ["report", str(folder), "--out", str(tmp_path / "none"), "--truce", "other"])
    assert ran.exit_code == 1
    assert f"there is no truce 'other'; there are: {TRUCE}" in ran.output
    with pytest.raises(NothingToWrite, match="no truce has been published"):
        write(type(told())(), tmp_path, "en")


def test_in_arabic_it_reads_from_right_to_left(folder: Path, tmp_path: Path) -> None:
    ran = CliRunner().invoke(program, ["report", str(folder), "--out", str(tmp_path), "--language", "ar"])
    assert ran.exit_code == 0, ran.output
    text = (tmp_path / f"{TRUCE}.ar.html").read_text("utf-8")
    assert '<html lang="ar" dir="rtl">' in text
    assert "حلب" in text
