"""Mutation goes on where it was cut off: what is noted of the same code is not tried again."""

from pathlib import Path

import pytest

from load_tests import mutate
from load_tests.mutate import Mutant, Notes, mutants

SOURCE = "def is_late(at, end):\n    return at > end\n"


def test_the_same_words_in_two_functions_are_two_changes() -> None:
    twice = SOURCE + SOURCE.replace("is_late", "was_late") + "IS_LATE = at > end\n"
    names = [Mutant("late.py", *one).name for one in mutants(twice)]
    assert sorted(names) == [f"{within}: at > end  →  at >= end" for within in ("", "is_late", "was_late")]


def test_what_was_tried_is_not_tried_again_until_the_code_is_another(tmp_path: Path) -> None:
    [change] = [Mutant("late.py", *one) for one in mutants(SOURCE)]
    Notes(tmp_path / "notes").note(change, survived=True)
    again = Notes(tmp_path / "notes")
    assert again.known(change) is True
    [other] = [Mutant("late.py", *one) for one in mutants(SOURCE + "\n\ndef other(): ...\n")]
    assert again.known(other) is None


def test_a_known_outcome_needs_no_place_to_work_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate, "noticed", None)
    [change] = [Mutant("late.py", *one) for one in mutants(SOURCE)]
    Notes(tmp_path / "notes").note(change, survived=False)
    assert mutate._survives(change, None, Notes(tmp_path / "notes")) is False
