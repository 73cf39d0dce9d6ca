"""`truce demo` as a user runs it: a real broker, a real worker, both stories, and nothing left behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from board.serving import Watched, chromium, needs_browser
from playwright.sync_api import expect
from rich.console import Console
from scenarios.tell import changes_of, facts_of, last_of_each

from schemas.topics import DAYS
from streams.commands.demo import _stopped_by_a_signal
from streams.demo.staging import Stage

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

DEMO = [sys.executable, "-m", "streams.cli", "demo"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.CompletedProcess, float, Path]]:
    """One run to the end, with its own folder for what is temporary."""
    folder = tmp_path_factory.mktemp("demo")
    began = time.monotonic()
    # A user's own settings must not lead the demo to another broker.
    environ = os.environ | {"TMPDIR": str(folder), "TRUCE_BOOTSTRAP": "127.0.0.1:1"}
    done = subprocess.run([*DEMO, "--json"], capture_output=True, text=True, env=environ, check=False)
    yield done, time.monotonic() - began, folder


def test_both_stories_come_out_as_told_within_ninety_seconds(finished) -> None:
    done, took_s, _ = finished
    assert done.returncode == 0, done.stderr
    truces = json.loads(done.stdout)["truces"]
    happened, agreed = truces["as-it-happened"], truces["as-agreed"]
    assert [change["after"] for change in happened["phases"]] == ["in_force", "in_force", "ended"]
    assert happened["phases"][1]["kind"] == "withdrawn"
    assert [change["after"] for change in agreed["phases"]] == ["in_force", "qualified"]
    assert {name: len(incidents) for name, incidents in happened["incidents"].items()} == {"convoy": 1, "tharda": 1}
    assert happened["rejected"] == agreed["rejected"] == 0
    assert took_s < 90


def test_the_worker_decides_as_the_core_does_in_memory(finished) -> None:
    truces = json.loads(finished[0].stdout)["truces"]
    for scenario, told in truces.items():
        facts = facts_of(scenario, 1)
        assert [change["id"] for change in told["phases"]] == [change.id for change in changes_of(facts)]
        days = last_of_each(facts, DAYS)
        for day in told["days"]:
            assert day == json.loads(days[f"{told['truce']}/{day['zone']}/{day['day']}"])


def test_nothing_is_left_when_it_is_over(finished) -> None:
    done, _, folder = finished
    assert not _listens(_port(done.stderr))
    assert list(folder.iterdir()) == []


def test_ctrl_c_on_the_way_stops_everything(tmp_path: Path) -> None:
    demo = Running([], tmp_path)
    demo.hears("Apache Kafka is running")
    demo.assert_ctrl_c_stops_everything()


def test_an_interrupt_that_the_interpreter_drops_stops_it_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    dropped = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: dropped.append(args.exc_type))
    with pytest.raises(SystemExit) as ended, _stopped_by_a_signal(Console(quiet=True)) as told_to_stop:
        Finalized()
        assert dropped == [KeyboardInterrupt]
        Stage(print, told_to_stop).check()
    assert ended.value.code == 130


@needs_browser
def test_the_board_follows_the_story_to_its_end_and_ctrl_c_stops_everything(tmp_path: Path) -> None:
    """It opens while the story is told, and shows reports as they are published without being loaded again."""
    demo = Running(["--board"], tmp_path)
    try:
        address = next(word for word in demo.hears("http://").split() if word.startswith("http://"))
        # What it says meanwhile is read, so that it never waits for a reader.
        end = demo.hears_later("Ctrl-C stops everything")
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(90_000)
            watched = Watched(page)
            page.goto(address)
            page.get_by_role("link", name="September 2016, as it happened").click()
            page.wait_for_selector("#live.on")
            page.evaluate("window.same = true")
            # More days, an admitted strike, and the end, one after the other.
            expect(page.locator("h1.phase")).to_have_text("In force", timeout=90_000)
            expect(page.locator("#d-all-4.o-violent")).to_have_count(1, timeout=90_000)
            expect(page.locator("h1.phase")).to_have_text("Ended", timeout=90_000)
            expect(page.locator("#changes li").first).to_contain_text("nobody renewed it in time")
            assert page.evaluate("window.same"), "the page was loaded again"
            watched.assert_clean(address.rstrip("/"))
        end.join(60)
        demo.assert_ctrl_c_stops_everything()
    finally:
        demo.process.kill()


class Running:
    """A demo on its way, with its own folder for what is temporary; `said` is all that it has said and somebody has read."""

    def __init__(self, options: list[str], folder: Path) -> None:
        self.said = ""
        self._folder = folder
        environ = os.environ | {"TMPDIR": str(folder), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
        self.process = subprocess.Popen(
            [*DEMO, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ
        )

    def hears(self, words: str) -> str:
        """The line that says it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return line
        raise AssertionError(f"it never said {words!r}: {self.said}")

    def hears_later(self, words: str) -> threading.Thread:
        thread = threading.Thread(target=self.hears, args=[words], daemon=True)
        thread.start()
        return thread

    def assert_ctrl_c_stops_everything(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.said += self.process.communicate(timeout=60)[0]
        assert self.process.returncode == 130, self.said
        assert "Traceback" not in self.said
        assert self.said.rstrip().endswith("nothing is left running")
        assert not _listens(_port(self.said))
        assert list(self._folder.iterdir()) == []


def _port(said: str) -> int:
    found = re.search(r"running on 127\.0\.0\.1:(\d+)", said)
    assert found, said
    return int(found[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
