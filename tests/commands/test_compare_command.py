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


def under(policy: str, folder: Path) -> Path:
    """`as-agreed` under other terms."""
    run, results = Replay([load(terms_path("as-agreed"), [policy])]), Results(folder)
    for fact in run.facts(SCENARIOS["as-agreed"](1)):
        results.add(fact)
    results.close()
    results.discard()
    return folder


@pytest.fixture(scope="module")
def looser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Had five days been enough."""
    return under("gate.days=5", tmp_path_factory.mktemp("five") / "looser")


@pytest.fixture(scope="module")
def unwatched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Had more sources had to watch at once than there are."""
    return under("coverage.min_lineages=9", tmp_path_factory.mktemp("nine") / "unwatched")


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


def test_days_are_counted_by_outcome_and_those_that_differ_alike_share_a_row(unwatched: Path) -> None:
    text = ask(told("as-agreed"), unwatched)
    assert "demo-as-agreed/aleppo: in as-agreed 10 days quiet; in unwatched 10 days unknown" in text
    rows = [line.split("  ")[0] for line in text.splitlines() if "aleppo" in line and line[0].isdigit()]
    numbers = [number for row in rows for number in range(int(row.split()[0]), int(row.split()[-1]) + 1)]
    assert numbers == list(range(1, 11)), "every day is in one row"
    assert len(rows) < len(numbers)
    assert "Behind each outcome violence, from what is sure to what is possible" in " ".join(text.split())


def test_a_program_reads_every_difference(looser: Path) -> None:
    found = orjson.loads(ask(told("as-agreed"), looser, "--json", "--all"))
    assert found["terms"] == [{"truce": "demo-as-agreed", "key": "gate.days", "one": 7, "other": 5}]
    assert [len(found["phases"][side]) for side in ("only_one", "only_other")] == [1, 1]
    assert found["days"] == []


def test_other_reports_give_other_days() -> None:
    found = orjson.loads(ask(told("as-agreed"), told("as-it-happened"), "--json"))
    assert {day["truce"] for day in found["days"]} == {"demo-as-agreed", "demo-as-it-happened"}
