"""What the demo prints, without a broker: narrow enough to read, and a word for everything that can occur."""

import io
from functools import cache

import msgspec
import pytest
from rich.console import Console
from scenarios.tell import changes_of, facts_of, last_of_each

from schemas.facts import Day, Incident
from schemas.reasons import Condition, Grade, Outcome
from schemas.topics import DAYS, INCIDENTS
from streams import words as table
from streams.scenarios import SCENARIOS, terms_of

TERMS = terms_of("as-it-happened")


@cache
def decided(scenario: str) -> tuple[list[Day], list[Incident]]:
    facts = facts_of(scenario, 1)
    days = [msgspec.json.decode(value, type=Day) for value in last_of_each(facts, DAYS).values()]
    incidents = [msgspec.json.decode(value, type=Incident) for value in last_of_each(facts, INCIDENTS).values()]
    return days, [incident for incident in incidents if incident.status == "live"]


def shown(*things: object) -> list[str]:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    for thing in things:
        console.print(thing)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_row_for_each_day_of_the_story_in_eighty_columns(scenario: str) -> None:
    lines = shown(table.day_table(decided(scenario)[0], TERMS))
    assert max(map(len, lines)) <= 80
    days = [int(line[:3]) for line in lines if line[:3].strip().isdigit()]
    assert days == list(range(1, 10 if scenario == "as-it-happened" else 11))


def test_a_day_that_was_not_quiet_says_why() -> None:
    text = " ".join(" ".join(shown(table.day_table(decided("as-it-happened")[0], TERMS))).split())
    assert "no aid let in; too much violence in all Syria" in text, "a zone is named where the others did better"
    assert "too much violence; no aid let in" in text
    assert not any("let in" in line for line in shown(table.day_table(decided("as-agreed")[0], TERMS)))


def test_the_legend_explains_the_outcomes_that_occur_and_no_others() -> None:
    days = [day for day in decided("as-agreed")[0] if day.zone in TERMS.gated_ids]
    lines = [line.split()[0] for line in shown(table.legend(days, TERMS)) if line[0] != " "]
    assert lines == ["quiet", "violence"]
    assert table.MEANINGS.keys() == table.COLOURS.keys() == set(Outcome) - {Outcome.BEFORE, Outcome.PENDING}


@pytest.mark.parametrize("condition", Condition)
def test_there_are_words_for_every_condition(condition: Condition) -> None:
    day = decided("as-it-happened")[0][-1]
    failed = msgspec.structs.replace(day, failed=[condition], watched=250, access={"castello_road": "denied"})
    words = table.why([failed], TERMS, {failed.zone: "there"})
    assert words and condition not in words
    if condition is Condition.DENIED:
        assert words == "no aid let in (Castello road)"
    if condition is Condition.NOT_WATCHED:
        assert words == "watched for 25 % of the day only"


@pytest.mark.parametrize("grade", Grade)
def test_an_incident_is_told_in_one_sentence(grade: Grade) -> None:
    incident = msgspec.structs.replace(decided("as-it-happened")[1][0], grade=grade, disputed=True)
    text = " ".join(" ".join(shown(table.incident_line(incident, "A convoy", 20, TERMS))).split())
    assert "A convoy: 20 messages → 1 incident" in text
    assert text.endswith(f"{table.GRADES[grade]}, denied by the accused")


def test_a_change_says_when_it_holds_and_when_it_was_decided_if_that_was_later() -> None:
    in_force, qualified = changes_of(facts_of("as-agreed", 1))
    first, second = (" ".join(" ".join(shown(table.change_line("x", change, TERMS))).split()) for change in (in_force, qualified))
    assert first == "x Mon 12 Sep 19:00 Announced → In force: the agreed hour has come"
    assert second.startswith(
        "x Mon 19 Sep 19:00 In force → Joint Implementation Centre: seven quiet days are complete (decided Tue"
    )
