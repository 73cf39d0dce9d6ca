"""What people give by mistake, and hostile senders on purpose: one readable line, and nothing on a terminal that acts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from schemas.facts import Day, Interval, Measures
from schemas.reasons import Metric, Outcome, Reason
from streams.cli import truce
from streams.commands.notify import _is_address
from streams.commands.rejected import _harmless, list_
from streams.commands.tail import _day
from streams.core.terms import TermsError, load
from streams.topics import is_report_topic


def run(*arguments: str, given: bytes = b"", **environ: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "streams.cli", *arguments]
    return subprocess.run(command, input=given, capture_output=True, timeout=60, env=os.environ | environ, check=False)


def test_a_folder_is_no_terms(tmp_path: Path) -> None:
    with pytest.raises(TermsError, match="Is a directory"):
        load(tmp_path)


def test_a_line_that_is_not_utf_8_does_not_end_the_others() -> None:
    done = run("locate", given=b"Aleppo\n" + "Alépo\n".encode("latin-1") + b"Homs\n")
    assert done.stderr == b""
    lines = done.stdout.decode().splitlines()
    assert any("Aleppo" in line for line in lines) and any("Homs" in line for line in lines)


def test_what_a_terminal_cannot_show_does_not_fail_a_run() -> None:
    show = "from streams import cli; cli.truce = lambda: print('in force → qualified'); cli.main()"
    environ = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, env=environ, check=False)
    assert (done.returncode, done.stdout) == (0, "in force \\u2192 qualified\n")


def test_a_key_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"no key")
    done = run("worker", "--only", "monitor", TRUCE_SIGNING_KEY_FILE=str(key), TRUCE_BOOTSTRAP="127.0.0.1:1")
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_pipe_is_told_to_be_one(tmp_path: Path) -> None:
    shipped = Path(sys.modules["streams"].__path__[0]) / "truces" / "syria-2016-02.toml"
    options = ["--terms", str(shipped), "--format", "acled", "--out", str(tmp_path / "out")]
    done = run("replay", *options, "/dev/stdin", given=b"event_id,event_date\n")
    assert done.returncode == 1
    assert b"/dev/stdin: a pipe" in done.stderr


def test_a_damaged_line_of_results_is_named(tmp_path: Path) -> None:
    for name in ("incidents", "days", "levels", "phases"):
        (tmp_path / f"{name}.jsonl").write_text("" if name != "incidents" else '{"id": "a"\n')
    for name in ("terms", "evidence", "rejected"):
        (tmp_path / f"{name}.jsonl").touch()
    done = CliRunner().invoke(truce, ["report", str(tmp_path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert f"{tmp_path / 'incidents.jsonl'}:1 is damaged" in done.output


def test_nothing_that_acts_on_a_terminal_is_shown() -> None:
    assert _harmless("raw \x1b[31mred\x07\u202e\r\nanother line قرية") == "raw \\x1b[31mred\\x07\\u202e\\r\nanother line قرية"


def test_reasons_are_asked_for_by_the_words_that_are_shown() -> None:
    asked = next(parameter for parameter in list_.params if parameter.name == "reason")
    assert [str(choice) for choice in asked.type.choices] == [reason.value for reason in Reason]


def test_a_limit_is_shown_in_the_unit_of_its_metric() -> None:
    none = Measures(Interval(0, 0, 0), Interval(0, 0, 0), Interval(0, 0, 0))
    pending = {"watched": None, "heard": None, "access": {}, "incidents": None, "blocked_by": None, "disagreement": None}
    for metric in (Metric.INCIDENTS, Metric.SEVERITY):
        day = Day(
            **{"truce": "t", "zone": "all", "day": 2, "starts": 0, "ends": 86_400, "outcome": Outcome.PENDING, "failed": []},
            **{"measures": none, "week": none, "metric": metric, "limit": 3_000, "tallied": [], "assumed": 0},
            **pending,
        )
        assert _day(day).endswith(f"{metric} at most 3")


@pytest.mark.parametrize(
    ("name", "fits"),
    [("reports.field", True), ("reports.a b", False), ("reports.é", False), ("truce.located", False), ("reports.", False)],
)
def test_what_a_report_topic_may_be_called(name: str, fits: bool) -> None:
    assert is_report_topic(name) is fits


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://example.org/hook", True),
        ("http://127.0.0.1:8080/x", True),
        ("http://127.0.0.1:99999/x", False),
        ("http://user:pass@[::1/x", False),
        ("https://", False),
        ("ftp://example.org", False),
        ("https://example.org/a b", False),
    ],
)
def test_what_is_an_address(url: str, fits: bool) -> None:
    assert _is_address(url) is fits
