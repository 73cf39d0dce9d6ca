"""`truce compare`: the same reports under other terms."""

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from commands.folders import told

from streams.commands.compare import compare
from streams.core.replay import Replay
from streams.core.terms import load
from streams.results import Results
from streams.scenarios import SCENARIOS, terms_path


@pytest.fixture(scope="module")
def looser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`as-agreed`, had five days been enough."""
    folder = tmp_path_factory.mktemp("looser") / "out"
    run, results = Replay([load(terms_path("as-agreed"), ["gate.days=5"])]), Results(folder)
    for fact in run.facts(SCENARIOS["as-agreed"](1)):
        results.add(fact)
    results.close()
    results.discard()
    return folder


def ask(*arguments: object) -> str:
    result = CliRunner().invoke(compare, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_what_is_the_same_is_said_to_be() -> None:
    assert ask(told("as-agreed"), told("as-agreed")) == "The same phases, and the same days in the zones that decide.\n"


def test_another_policy_says_which_terms_phases_and_since_when(looser: Path) -> None:
    text = " ".join(ask(told("as-agreed"), looser).split())
    assert "demo-as-agreed: gate.days is 7 in" in text
    assert "They differ since 2016-09-17 16:00Z." in text
    assert "5 quiet days in every gated zone" in text and "7 quiet days in every gated zone" in text
    assert "The days are the same." in text


def test_a_program_reads_every_difference(looser: Path) -> None:
    found = orjson.loads(ask(told("as-agreed"), looser, "--json", "--all"))
    assert found["terms"] == [{"truce": "demo-as-agreed", "key": "gate.days", "one": 7, "other": 5}]
    assert [len(found["phases"][side]) for side in ("only_one", "only_other")] == [1, 1]
    assert found["days"] == []


def test_other_reports_give_other_days() -> None:
    found = orjson.loads(ask(told("as-agreed"), told("as-it-happened"), "--json"))
    assert {day["truce"] for day in found["days"]} == {"demo-as-agreed", "demo-as-it-happened"}
