"""What the core makes of the two tellings: golden files, run straight, stopped half way, and in other batches.

After a change of the rules: `TRUCE_WRITE_GOLDEN=1 pytest tests/scenarios`, and read the difference before committing it.
"""

import os
from pathlib import Path

import pytest
from scenarios.tell import Run, changes_of, facts_of, log_of, stopped, straight, text_of

from schemas.facts import Fact
from schemas.reasons import ChangeKind, Phase
from schemas.topics import PHASES
from streams.core.terms import DAY
from streams.scenarios import SCENARIOS
from streams.scenarios.desk import D_HOUR_S

GOLDEN = Path(__file__).parent / "golden"
SEED = 1

RUNS: dict[str, Run] = {
    "record by record": lambda log: straight(log, batch=1),
    "in one batch": lambda log: straight(log, batch=len(log)),
    "in batches of seven": lambda log: straight(log, batch=7),
    "stopped half way": lambda log: stopped(log, len(log) // 2),
    "stopped near the end": lambda log: stopped(log, len(log) - 30),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_days_and_phases_are_those_of_the_golden_file(scenario: str) -> None:
    path, text = GOLDEN / f"{scenario}.txt", text_of(scenario, facts_of(scenario, SEED))
    if "TRUCE_WRITE_GOLDEN" in os.environ:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_stops_and_batches_change_nothing(scenario: str, run: Run) -> None:
    other = run(log_of(scenario, SEED))
    assert text_of(scenario, other) == text_of(scenario, facts_of(scenario, SEED))
    assert _phases(other) == _phases(facts_of(scenario, SEED)), "the same bytes"


def _phases(facts: list[Fact]) -> list[bytes | None]:
    return [fact.value for fact in facts if fact.topic == PHASES]


@pytest.mark.parametrize("seed", [1, 2, 14])
def test_the_seed_does_not_move_the_story(seed: int) -> None:
    happened = [(change.kind, change.after) for change in changes_of(facts_of("as-it-happened", seed))]
    assert happened == [
        (ChangeKind.ADVANCE, Phase.IN_FORCE),
        (ChangeKind.WITHDRAWN, Phase.IN_FORCE),
        (ChangeKind.END, Phase.ENDED),
    ]
    agreed = changes_of(facts_of("as-agreed", seed))
    assert [change.after for change in agreed] == [Phase.IN_FORCE, Phase.QUALIFIED]
    assert (agreed[1].effective_at, agreed[1].decided_at) == (D_HOUR_S + 7 * DAY, D_HOUR_S + 8 * DAY)


@pytest.mark.parametrize("seed", [1, 2, 14])
def test_the_convoy_is_one_incident_however_it_is_told(seed: int) -> None:
    stories = text_of("as-it-happened", facts_of("as-it-happened", seed)).splitlines()
    assert sum(line.startswith("  convoy: 16 reports") for line in stories) == 1
    assert sum(line.startswith("  convoy:") for line in stories) == 1
    assert sum(line.startswith("  tharda:") and line.endswith("confirmed") for line in stories) == 1
