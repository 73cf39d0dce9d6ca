"""The README names everything that a user meets: topics, reasons, outcomes, commands, and the fields of the terms."""

import re
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import pytest

from schemas.reasons import Outcome, Phase, Reason, ReportType
from schemas.topics import TOPICS
from streams import settings
from streams.cli import COMMANDS, truce
from streams.core.terms import Terms
from streams.settings import NOT_SETTINGS, PREFIX

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


def test_every_variable_is_one_that_commands_know() -> None:
    """What begins with our prefix and is not known stops the program at its start."""
    named = set(re.findall(r"TRUCE_[A-Z_]+", README))
    assert "TRUCE_NATIVE" in named
    for variable in named:
        assert variable in NOT_SETTINGS or variable.removeprefix(PREFIX).lower() in settings.FIELDS, variable


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_mentioned(command: str) -> None:
    assert f"truce {command}" in README


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there_under_its_name(command: str) -> None:
    found = truce.get_command(click.Context(truce), command)
    assert found is not None
    assert found.name == command


def test_help_names_every_command_on_a_line_and_imports_none_of_them() -> None:
    asking = "from click.testing import CliRunner; from streams.cli import truce; import sys; "
    asking += "print(CliRunner().invoke(truce, ['--help'], terminal_width=80).output); "
    asking += "print(sorted(name for name in sys.modules if name.startswith('streams.')))"
    told = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=True).stdout
    for command, line in COMMANDS.items():
        assert re.search(rf"^  {command} +{re.escape(line)}$", told, re.MULTILINE), told
    assert told.endswith("['streams.cli', 'streams.collecting']\n"), told


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_the_terms_is_described(field: str) -> None:
    table, name = field.split(".")
    assert f"[{table}]" in README
    assert f"`{name}`" in README
