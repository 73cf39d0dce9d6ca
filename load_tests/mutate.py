"""Turn each comparison of the deciding and committing code into another, one at a time, and see whether a test notices.

    python load_tests/mutate.py                            # all; what survives is named
    python load_tests/mutate.py --only streams/core/gate.py
    python load_tests/mutate.py --write                    # and keep the result in load_tests/results/

Works on a copy of the project. A change that no test notices is a bound that nobody holds. The exit code is 1 then.
"""

import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

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
RULES = ("gate", "measure", "settlement", "monitor_rules", "coverage", "laws", "bases", "tallies", "terms")
CORE = [[sys.executable, "-m", "pytest", "-q", "-x", "-W", "ignore", *(f"tests/core/test_{name}.py" for name in RULES)]]
CORE[0] = [word for word in CORE[0] if not word.startswith("tests/") or (ROOT / word).exists()]
CORE[0] += ["tests/scenarios/test_outcomes.py"]
SHELL = [
    [sys.executable, "-m", "pytest", "-q", "-x", "-W", "ignore", "tests/worker"],
    [sys.executable, "load_tests/simulate.py", "--first", "3", "--minutes", "0.4"],
]
TARGETS: dict[str, list[list[str]]] = {
    "streams/core/gate.py": CORE,
    "streams/core/measure.py": CORE,
    "streams/core/settlement.py": CORE,
    "streams/core/monitor/days.py": CORE,
    "streams/core/monitor/time.py": CORE,
    "streams/worker/partition_owner.py": SHELL,
    "streams/worker/transactions.py": SHELL,
    "streams/worker/reading.py": SHELL,
    "streams/worker/chunks.py": SHELL,
}
TIMEOUT_S = 240
"""A change that makes a test hang is noticed too."""


@click.command()
@click.option("--only", "paths", multiple=True, type=click.Choice(list(TARGETS)), help="Only this module; may be given again.")
@click.option("--write", is_flag=True, help="Keep the result in load_tests/results/.")
def main(paths: tuple[str, ...], write: bool) -> None:
    """Mutate comparisons and see what the tests notice."""
    survived, counts = [], {}
    with tempfile.TemporaryDirectory(prefix="truce-mutants-") as folder:
        place = Path(folder) / "project"
        shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(".git", ".venv", "*cache*", "results"))
        for path in paths or TARGETS:
            source = (ROOT / path).read_text(encoding="utf-8")
            counts[path] = 0
            for line, what, text in mutants(source):
                counts[path] += 1
                (place / path).write_text(text, encoding="utf-8")
                if not noticed(TARGETS[path], place):
                    survived.append(f"{path}:{line}: {what}")
                    click.echo(f"survived  {survived[-1]}")
            (place / path).write_text(source, encoding="utf-8")
            click.echo(f"{path}: {counts[path]} changes, {sum(one.startswith(path) for one in survived)} survived")
    if write:
        click.echo(f"kept in {_keep(counts, survived)}")
    sys.exit(1 if survived else 0)


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Line, what was changed, and the whole module with it. Assertions are left alone: they are what notices."""
    tree = ast.parse(source)
    asserted = {id(node) for one in ast.walk(tree) if isinstance(one, ast.Assert) for node in ast.walk(one)}
    for number, node in enumerate(ast.walk(tree)):
        if not isinstance(node, ast.Compare) or id(node) in asserted:
            continue
        for position, operator in enumerate(node.ops):
            changed = copy.deepcopy(tree)
            other = list(ast.walk(changed))[number]
            before = ast.unparse(other)
            other.ops[position] = OTHER[type(operator)]()
            yield node.lineno, f"{before}  →  {ast.unparse(other)}", ast.unparse(changed)


def noticed(commands: Sequence[Sequence[str]], place: Path) -> bool:
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    for command in commands:
        try:
            if subprocess.run(command, cwd=place, env=environment, capture_output=True, timeout=TIMEOUT_S).returncode:
                return True
        except subprocess.TimeoutExpired:
            return True
    return False


def _keep(counts: dict[str, int], survived: list[str]) -> Path:
    now = datetime.now(UTC)
    lines = [f"# Mutation, {now:%Y-%m-%d}", "", "`python load_tests/mutate.py`: each comparison turned, one at a time.", ""]
    lines += ["| module | changes | survived |", "|---|---|---|"]
    lines += [f"| `{path}` | {count} | {sum(one.startswith(path) for one in survived)} |" for path, count in counts.items()]
    lines += ["", *(f"- `{one}`" for one in survived)]
    path = ROOT / "load_tests" / "results" / f"mutation-{now:%Y-%m-%d}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()


__all__ = ["mutants", "noticed"]
