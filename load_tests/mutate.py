"""Turn each comparison of the deciding and committing code into another, one at a time, and see whether a test notices.

    python load_tests/mutate.py                            # all; what survives is named
    python load_tests/mutate.py --only streams/core/gate.py
    python load_tests/mutate.py --write                    # and keep the result in load_tests/results/
    python load_tests/mutate.py --noted FILE               # note each as it is tried, and try none that is noted there

Works on copies of the project. First the tests run on the project as it is: what fails there notices nothing. A change is
tried by the nearest tests first, and only what they let pass by the wider ones. One that nobody notices is a bound that
nobody holds; `EQUIVALENT` names those that change nothing, and why. The exit code is 1 where another survived.
"""

import ast
import copy
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import click
import msgspec

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from load_tests.keeping import keep, machine

ROOT = Path(__file__).parent.parent
OTHER = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
PYTEST = [sys.executable, "-m", "pytest", "-q", "-x", "-W", "ignore", "-p", "no:cacheprovider", "--timeout", "90"]


def _tests(*names: str) -> list[str]:
    return [*PYTEST, *(f"tests/core/test_{name}.py" for name in names)]


# The nearest first: most changes are noticed within seconds.
RULES = [
    _tests("monitor_rules", "truce_rules", "waivers"),
    [*PYTEST, "tests/scenarios/test_outcomes.py"],
    _tests("weeks", "laws", "bases"),
]
SIMULATED = [sys.executable, "load_tests/simulate.py", "--runs", "12"]
LOST = [*PYTEST, "tests/faults/test_simulation.py", "-k", "lost"]
SHELL = [[*PYTEST, "tests/worker"], SIMULATED, LOST]
TARGETS: dict[str, list[list[str]]] = {
    "streams/core/gate.py": [_tests("gate"), *RULES],
    "streams/core/measure.py": [_tests("measure"), *RULES],
    "streams/core/settlement.py": [_tests("settlement"), *RULES],
    "streams/core/coverage.py": [_tests("coverage"), *RULES],
    "streams/core/monitor/days.py": RULES,
    "streams/core/monitor/time.py": [_tests("settlement"), *RULES],
    "streams/worker/chunks.py": SHELL,
    "streams/worker/partition_owner.py": SHELL,
    "streams/worker/reading.py": [[*PYTEST, "tests/broker/test_reading.py"], *SHELL],
    "streams/worker/recovery.py": SHELL,
    "streams/worker/sending.py": SHELL,
    "streams/worker/state.py": SHELL,
    "streams/worker/transactions.py": SHELL,
}
AT_ONE_MOMENT = "no clock is read twice at one moment, and nothing hangs on it"
FIRST_OPEN_DAY = "what changes on the first open day counts from that day on, on either side"
EQUIVALENT: dict[str, dict[str, str]] = {
    "streams/core/measure.py": {
        "_interval: best > low  →  best >= low": "of two that are equal either is the larger",
        "_interval: high > best  →  high >= best": "of two that are equal either is the larger",
        "advance: hour <= before  →  hour < before": "to move to the hour that it is moves nothing",
        "advance: hour - before < len(changes)  →  hour - before <= len(changes)": "two ways to find the same that is due",
        "restate: day < closed  →  day <= closed": FIRST_OPEN_DAY,
        "forget: at < before_day  →  at <= before_day": FIRST_OPEN_DAY,
    },
    "streams/core/coverage.py": {
        "watched_s: at > since  →  at >= since": "between two edges at one moment lies no time, and none is added",
        "_merge: start <= merged[-1][1]  →  start < merged[-1][1]": "two spans that touch cover the same time, joined or not",
    },
    "streams/worker/partition_owner.py": {
        "_collect: started >= self._collect_due_at  →  started > self._collect_due_at": AT_ONE_MOMENT,
        "_look_at_vitals: started < self._vitals_due_at  →  started <= self._vitals_due_at": AT_ONE_MOMENT,
        "_take_in: time.monotonic() - self._taken_since > BATCH_S_MAX  →  time.monotonic() - self._taken_since >= BATCH_S_MAX": (
            AT_ONE_MOMENT
        ),
    },
    "streams/worker/state.py": {
        "step_over: offset > state.next_offset  →  offset >= state.next_offset": "to where it is it need not step",
    },
}
"""By module, `function: change`, and the reason why nothing differs by it."""

TIMEOUT_S = 400
"""A change that makes a test hang is noticed too."""


class Mutant(NamedTuple):
    """`within`: the function, because the same words may stand in two."""

    path: str
    line: int
    within: str
    what: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.within}: {self.what}"

    @property
    def equivalent(self) -> str | None:
        """Why nothing differs by it, where that is so."""
        return EQUIVALENT.get(self.path, {}).get(self.name)

    @property
    def digest(self) -> str:
        """Of the module as changed: it stands for this change of this very code."""
        return hashlib.blake2b(self.text.encode(), digest_size=16).hexdigest()


class Note(msgspec.Struct, frozen=True):
    """A line of the file of `--noted`."""

    name: str
    digest: str
    survived: bool


class Notes:
    """What was tried before, and is not tried again; every outcome is written down as it comes. Without a file, nothing is."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        known = path.read_bytes().splitlines() if path is not None and path.exists() else []
        self._survived = {note.digest: note.survived for note in (msgspec.json.decode(line, type=Note) for line in known)}

    def known(self, mutant: Mutant) -> bool | None:
        """Whether it survived, where that is known."""
        return self._survived.get(mutant.digest)

    def note(self, mutant: Mutant, survived: bool) -> None:
        if self._path is not None:
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode(Note(f"{mutant.path} {mutant.name}", mutant.digest, survived)) + b"\n")


@click.command()
@click.option("--only", "paths", multiple=True, type=click.Choice(list(TARGETS)), help="Only this module; may be given again.")
@click.option("--noted", type=click.Path(dir_okay=False, path_type=Path), help="Note every outcome here; go on from it.")
@click.option("--at-once", default=2, show_default=True, help="So many changes are tried side by side.")
@click.option("--write", is_flag=True, help="Keep the result in load_tests/results/.")
def main(paths: tuple[str, ...], noted: Path | None, at_once: int, write: bool) -> None:
    """Mutate comparisons and see what the tests notice."""
    chosen = {path: TARGETS[path] for path in paths or TARGETS}
    notes = Notes(noted)
    found = [Mutant(path, *one) for path in chosen for one in mutants((ROOT / path).read_text(encoding="utf-8"))]
    untried = {one.path: TARGETS[one.path] for one in found if notes.known(one) is None}
    with tempfile.TemporaryDirectory(prefix="truce-mutants-") as folder:
        places = _places(Path(folder), at_once)
        failing = _baseline(untried, places)
        if failing:
            raise click.ClickException(f"fails on the project as it is, and would notice everything: {failing}")
        with ThreadPoolExecutor(at_once) as pool:
            outcomes = pool.map(lambda one: _survives(one, places, notes), found)
            survived = [one for one, survives in zip(found, outcomes, strict=True) if survives]
    left = [one for one in survived if one.equivalent is None]
    survivors = {(one.path, one.name) for one in survived}
    stale = [(path, name) for path in chosen for name in EQUIVALENT.get(path, ()) if (path, name) not in survivors]
    for path, name in stale:
        click.echo(f"listed as equivalent, and noticed or gone: {path}: {name}")
    noticed_count, equivalent = len(found) - len(survived), len(survived) - len(left)
    click.echo(f"{len(found)} changes: {noticed_count} noticed, {equivalent} equivalent, {len(left)} survived")
    if write:
        click.echo(f"kept in {_keep(chosen, found, survived)}")
    sys.exit(1 if left or stale else 0)


def _places(folder: Path, count: int) -> SimpleQueue[Path]:
    """Copies to work in, one for each that works."""
    places: SimpleQueue[Path] = SimpleQueue()
    for number in range(count):
        place = folder / str(number)
        shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(".git", ".venv", "*cache*", "results"))
        places.put(place)
    return places


def _baseline(chosen: dict[str, list[list[str]]], places: SimpleQueue[Path]) -> str | None:
    """The first command that fails as things are."""
    commands = {tuple(command): command for stages in chosen.values() for command in stages}
    place = places.get()
    failing = next((" ".join(command[1:]) for command in commands.values() if noticed([command], place)), None)
    places.put(place)
    return failing


def _survives(mutant: Mutant, places: SimpleQueue[Path], notes: Notes) -> bool:
    known = notes.known(mutant)
    if known is not None:
        return known
    place = places.get()
    path = place / mutant.path
    try:
        path.write_text(mutant.text, encoding="utf-8")
        survives = not noticed(TARGETS[mutant.path], place)
    finally:
        path.write_text((ROOT / mutant.path).read_text(encoding="utf-8"), encoding="utf-8")
        places.put(place)
    notes.note(mutant, survives)
    if survives:
        click.echo(f"{'equivalent' if mutant.equivalent else 'SURVIVED'}  {mutant.path}:{mutant.line}: {mutant.name}")
    return survives


def mutants(source: str) -> Iterator[tuple[int, str, str, str]]:
    """Line, the function (empty outside of all), what was changed, and the whole module with it. Assertions are left alone:
    they are what notices."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    within = {id(node): function.name for function in functions for node in ast.walk(function)}  # the innermost comes last
    asserted = {id(node) for one in ast.walk(tree) if isinstance(one, ast.Assert) for node in ast.walk(one)}
    for number, node in enumerate(ast.walk(tree)):
        if not isinstance(node, ast.Compare) or id(node) in asserted:
            continue
        for position, operator in enumerate(node.ops):
            changed = copy.deepcopy(tree)
            other = list(ast.walk(changed))[number]
            before = ast.unparse(other)
            other.ops[position] = OTHER[type(operator)]()
            yield node.lineno, within.get(id(node), ""), f"{before}  →  {ast.unparse(other)}", ast.unparse(changed)


def noticed(commands: Sequence[Sequence[str]], place: Path) -> bool:
    environment = {**os.environ, "PYTHONPATH": f"{place}{os.pathsep}{place / 'tests'}", "PYTHONDONTWRITEBYTECODE": "1"}
    for command in commands:
        try:
            if subprocess.run(command, cwd=place, env=environment, capture_output=True, timeout=TIMEOUT_S).returncode:
                return True
        except subprocess.TimeoutExpired:
            return True
    return False


def _keep(chosen: Sequence[str], found: Sequence[Mutant], survived: Sequence[Mutant]) -> Path:
    lines = ["`python load_tests/mutate.py`: each comparison turned, one at a time.", "", machine(), ""]
    lines += ["| module | changes | noticed | equivalent | survived |", "|---|---:|---:|---:|---:|"]
    for path in chosen:
        count = sum(one.path == path for one in found)
        left = [one for one in survived if one.path == path]
        equivalent = sum(one.equivalent is not None for one in left)
        lines.append(f"| `{path}` | {count} | {count - len(left)} | {equivalent} | {len(left) - equivalent} |")
    lines.append("")
    lines += [f"- `{one.path}:{one.line}: {one.name}`: {one.equivalent or 'survived'}" for one in survived]
    return keep("mutation", "Mutation", lines)


if __name__ == "__main__":
    main()


__all__ = ["mutants", "noticed"]
