"""Folders as `truce replay --out` writes them, of the demo's stories, made once for all tests that look into one."""

from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from board.world import story

from streams.results import Results

_kept: list[TemporaryDirectory] = []


@cache
def told(scenario: str) -> Path:
    """To be read only; `copied` gives one to alter."""
    _kept.append(TemporaryDirectory(prefix="truce-test-"))
    folder = Path(_kept[-1].name) / scenario
    published, evidence = story(scenario)
    results = Results(folder)
    for fact in (*published, *evidence):
        results.add(fact)
    results.close()
    results.discard()
    return folder


def copied(scenario: str, to: Path) -> Path:
    return Path(copytree(told(scenario), to / scenario))


__all__ = ["copied", "told"]
