"""`truce explain`: what it says of the demo's stories is true, and can be read aloud."""

import re
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from commands.folders import told

from streams.commands.explain import explain
from streams.core.intake import Arrival
from streams.core.replay import Replay
from streams.core.terms import DAY, HOUR
from streams.results import Results
from streams.scenarios import SCENARIOS, terms_of


def ask(name: str, scenario: str = "as-it-happened", *arguments: str) -> Result:
    return CliRunner().invoke(explain, [name, str(told(scenario)), *arguments])


def said(result: Result) -> str:
    """As one line, however it was wrapped."""
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def published(scenario: str, name: str) -> list[dict]:
    return [orjson.loads(line) for line in (told(scenario) / name).read_bytes().splitlines()]


def change(scenario: str, reason: str) -> str:
    return next(c["id"] for c in published(scenario, "phases.jsonl") if c["reason"] == reason)


def convoy() -> str:
    evidence = published("as-it-happened", "evidence.jsonl")
    return next(e["id"] for e in evidence if sum("/convoy/" in report["report_id"] for report in e["reports"]) > 5)


def test_the_convoy_is_one_incident_and_each_report_says_what_it_adds() -> None:
    text = said(ask(convoy()))
    assert "Air strike" in text and "killed" in text
    assert "Why these are taken for one" in text and re.search(r"place same spot \+[0-9]", text)
    assert "Killed, as reported and unverified: 14 to 36, likeliest 20." in text
    assert "Injured, as reported and unverified: 8 or more, likeliest 10." in text
    assert text.index("How sure") < text.index("Why these are taken for one"), "what it is comes before how that was found out"
    assert "A denial is shown, and changes neither what counts nor how sure it is." in text
    assert "What was near, and is another incident all the same" in text


def test_the_end_is_the_silence_of_those_who_had_to_renew() -> None:
    text = said(ask(change("as-it-happened", "expired")))
    assert "goes from In force to Ended" in text
    assert "had to be renewed by USA and Russia" in text
    assert "What decided it is a silence, and no report." in text
    assert "The word of Russia alone would not have been enough." in text


def test_a_withdrawal_names_the_report_that_declared_it() -> None:
    text = said(ask(change("as-it-happened", "withdrawal_declared")))
    assert "stays In force; something is put on record" in text
    assert "report sy-army/withdraws/1 of Syrian Army General Command" in text


def test_a_run_says_what_it_rests_on_and_what_would_have_broken_it() -> None:
    text = said(ask(change("as-agreed", "run_complete"), "as-agreed"))
    assert "seven quiet ones" in text
    assert "The closest call:" in text and "to spare" in text
    assert "that day would have been unknown, and the run would not be complete" in text


def test_a_violent_day_names_what_decided_it() -> None:
    text = said(ask("aleppo/7"))
    assert "was violent: even what is sure is more than the truce allows" in text
    assert "No single incident decided it" in text
    assert "had these" in text and "it would have been denied" in text


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As agreed, but that on the third day none of those who vouch for it say anything, nor that aid got in."""
    terms, folder = terms_of("as-agreed"), tmp_path_factory.mktemp("silent") / "results"
    start_s = terms.d_hour_s + 2 * DAY
    words = (b'"alive"', b'"nil"', b'"access"')

    def is_silent(arrival: Arrival) -> bool:
        return start_s - 2 * DAY <= arrival.received_at < start_s + DAY + 6 * HOUR and any(w in arrival.value for w in words)

    run, results = Replay([terms]), Results(folder)
    for fact in run.facts(arrival for arrival in SCENARIOS["as-agreed"](1) if not is_silent(arrival)):
        results.add(fact)
    results.close()
    results.discard()
    return folder


def test_an_unknown_day_says_who_fell_silent_and_the_least_that_would_have_been_enough(silent: Path) -> None:
    text = said(CliRunner().invoke(explain, ["aleppo/2", str(silent)]))
    assert "is unknown: nobody can vouch for it" in text
    assert "What it lacked is watch: 0 hours of it were watched and 12 are needed" in text
    assert "Grey Heron Observatory: Wed 14 Sep 2016 19:00 to Thu 15 Sep 2016 19:00 (24 hours)" in text
    assert "the word of Grey Heron Observatory and North Well Observatory" in text
    assert "What it lacked is a word that Castello road was open: one by UN OCHA or ICRC" in text
    assert "With what it lacked, and nothing told beyond what was told, it would have been quiet." in text


def test_a_date_is_the_days_that_begin_on_it_in_the_zones_that_decide() -> None:
    assert [one["body"]["zone"] for one in orjson.loads(ask("2016-09-19", "as-it-happened", "--json").stdout)] == [
        "aleppo",
        "all",
    ]
    (one,) = orjson.loads(ask("idlib/2016-09-19", "as-it-happened", "--json").stdout)
    assert (one["kind"], one["body"]["day"]) == ("day", 7)


def test_a_contested_day_names_the_few_reports_that_kept_it_from_being_quiet() -> None:
    text = said(ask("idlib/7"))
    assert "is contested: what is sure keeps the limit, but what is possible does not" in text
    assert "Idlib is watched and shown, but decides nothing" in text
    assert "Without the artillery attack perhaps in Aleppo or Idlib on Tue 20 Sep" in text
    assert "It would have been quiet if three reports had not come in, or told of another place or day:" in text
    assert "report fourth-bridge/aleppo-day7/1 of Fourth Bridge Post, received Tue 20 Sep 2016" in text


@pytest.mark.parametrize("name", ["aleppo/7", "2016-09-15", "CONVOY", "EXPIRED"])
def test_from_what_is_public_nobody_is_named_and_nothing_is_guessed(name: str) -> None:
    name = {"CONVOY": convoy(), "EXPIRED": change("as-it-happened", "expired")}.get(name, name)
    text = said(ask(name, "as-it-happened", "--public"))
    assert "nothing was worked out again" in text
    assert "would have been" not in text.replace("what would have changed it", "")
    for source in ("Grey Heron", "UN OCHA", "Syrian Army", "grey-heron"):
        assert source not in text


# asked                what the one line must say
FAULTS = [
    ("nothing", "no change of phase, no day and no incident has this name"),
    ("aleppo/99", "there is no such day"),
    ("2020-01-01", "there is no such day"),
]


@pytest.mark.parametrize(("name", "told_of"), FAULTS)
def test_what_is_not_there_is_said_in_one_line(name: str, told_of: str) -> None:
    result = ask(name)
    assert result.exit_code == 1
    assert told_of in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "no phases.jsonl in it" in CliRunner().invoke(explain, ["aleppo/1", str(tmp_path)]).output
