"""The README names everything that a user meets: topics, reasons, outcomes, commands, and the fields of the terms."""

from pathlib import Path

import msgspec
import pytest

from schemas.reasons import Outcome, Phase, Reason, ReportType
from schemas.topics import TOPICS
from streams.cli import COMMANDS
from streams.core.terms import Terms

README = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")

FIELDS = [
    f"{table.name}.{field.name}"
    for table in msgspec.structs.fields(Terms)
    if isinstance(table.type, type) and issubclass(table.type, msgspec.Struct)
    for field in msgspec.structs.fields(table.type)
]


@pytest.mark.parametrize("word", [*Reason, *Outcome, *Phase, *ReportType])
def test_every_word_of_the_closed_lists_is_explained(word: str) -> None:
    assert f"`{word}`" in README


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_every_topic_is_listed(topic: str) -> None:
    assert f"`{topic}`" in README


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_mentioned(command: str) -> None:
    assert f"truce {command}" in README


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_the_terms_is_described(field: str) -> None:
    table, name = field.split(".")
    assert f"[{table}]" in README
    assert f"`{name}`" in README
