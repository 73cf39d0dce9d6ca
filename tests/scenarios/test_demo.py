"""`truce demo` as a user runs it: a real broker, a real worker, both stories, and nothing left behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scenarios.tell import changes_of, last_of_each, log_of, straight

from schemas.topics import DAYS

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
        facts = straight(log_of(scenario, seed=1))
        assert [change["id"] for change in told["phases"]] == [change.id for change in changes_of(facts)]
        days = last_of_each(facts, DAYS)
        for day in told["days"]:
            assert day == json.loads(days[f"{told['truce']}/{day['zone']}/{day['day']}"])


def test_nothing_is_left_when_it_is_over(finished) -> None:
    done, _, folder = finished
    assert not _listens(_port(done.stderr))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "when"),
    [
        ([], "Apache Kafka is running"),
        (["--keep"], "Ctrl-C stops everything"),
    ],
)
def test_ctrl_c_stops_everything(options: list[str], when: str, tmp_path: Path) -> None:
    environ = os.environ | {"TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    demo = subprocess.Popen([*DEMO, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ)
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if when in line:
            break
    assert when in said
    demo.send_signal(signal.SIGINT)
    said += demo.communicate(timeout=60)[0]
    assert demo.returncode == 130, said
    assert "Traceback" not in said
    assert said.rstrip().endswith("nothing is left running")
    assert not _listens(_port(said))
    assert list(tmp_path.iterdir()) == []


def _port(said: str) -> int:
    found = re.search(r"running on 127\.0\.0\.1:(\d+)", said)
    assert found, said
    return int(found[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
