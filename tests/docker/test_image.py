"""The Dockerfile: linted, and its very steps run in a clean folder, since no engine is at hand where this is tested.

What COPY would bring is copied from what is checked in, `RUN` is run, and every path of the image lies below a new folder. Then
the program is started as the image would: another user, a file system that it cannot write to, the image's environment.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "docker" / "Dockerfile"
DEPLOYMENT = (ROOT / "README.md").read_text(encoding="utf-8").split("### Deployment\n")[1].split("\n### ")[0]
NOBODY = "10001"


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest), with continued lines joined."""
    lines = re.sub(r"\\\n\s*", " ", "\n".join(line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")))
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines.splitlines() if line.strip()]


def environment() -> dict[str, str]:
    (given,) = [rest for instruction, rest in instructions() if instruction == "ENV"]
    return dict(entry.split("=", 1) for entry in shlex.split(given))


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """The folder below which the image's files lie, once all steps have run."""
    # Not one of pytest's own: those another run closes to everybody else, and here nobody must be able to read.
    with tempfile.TemporaryDirectory(prefix="truce-image-") as name:
        top = Path(name)
        top.chmod(0o755)
        folder = Path("/")
        for instruction, rest in instructions():
            if instruction == "WORKDIR":
                folder = Path(rest)
                _below(top, folder).mkdir(parents=True)
            elif instruction == "COPY" and "--from" not in rest:
                *sources, target = rest.split()
                for source in sources:
                    _copy(source, _below(top, folder / target))
            elif instruction == "RUN" and not rest.startswith("pip install"):
                # The image's Python is the one at hand, and uv with it; everything else is as it stands there.
                command = re.sub(r"(?<![\w.])/opt/truce", str(top / "opt" / "truce"), rest).replace(" --no-cache", "")
                subprocess.run(["bash", "-euc", command], cwd=_below(top, folder), check=True, timeout=600, env=_clean())
        yield top


def _below(top: Path, path: Path) -> Path:
    return top / str(path).lstrip("/")


def _copy(source: str, target: Path) -> None:
    """What is checked in, as a clean clone has it."""
    files = subprocess.run(["git", "ls-files", source], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert files, f"{source} is not checked in"
    for file in files:
        inside = target / Path(file).relative_to(source) if (ROOT / source).is_dir() else target
        if target.is_dir() and not (ROOT / source).is_dir():
            inside = target / Path(file).name
        inside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, inside)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("TRUCE_", "VIRTUAL_ENV", "PYTHON"))}


def run(image: Path, *command: str, **others: str) -> subprocess.CompletedProcess:
    """As the container would: the image's environment, a user who is nobody."""
    variables = {name: value.replace("/opt/truce", f"{image}/opt/truce") for name, value in environment().items()} | others
    variables["PATH"] = variables["PATH"].replace("$PATH", os.environ["PATH"])
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    return subprocess.run([*as_nobody, *command], cwd="/", env=variables, capture_output=True, text=True, timeout=120)


def test_the_linter_has_nothing_to_say() -> None:
    linted = subprocess.run([Path(sys.executable).parent / "hadolint", DOCKERFILE], capture_output=True, text=True, timeout=60)
    assert linted.returncode == 0, linted.stdout


def test_it_is_pinned_and_runs_as_nobody() -> None:
    entries = instructions()
    bases = [rest.split()[0] for instruction, rest in entries if instruction == "FROM"]
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", bases[0])
    assert ("USER", f"{NOBODY}:{NOBODY}") in entries
    assert any(instruction == "HEALTHCHECK" for instruction, _ in entries)
    pinned = (ROOT / "docker" / "requirements.txt").read_text().splitlines()
    assert all(re.match(r"^[A-Za-z0-9._-]+(\[\w+\])?==\S+", line) for line in pinned if line)


def test_what_the_image_is_made_of_is_what_the_tests_run_against() -> None:
    (command,) = re.findall(r"^uv export .*$", DEPLOYMENT, re.MULTILINE)
    uv = shutil.which("uv")
    assert uv, "these tests are run by uv"
    told = subprocess.run([uv, *command.split()[1 : command.split().index("-o")]], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert (ROOT / "docker" / "requirements.txt").read_text() == told.stdout, f"run {command}"


def test_the_image_holds_every_dependency_that_the_project_names() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    pinned = {line.split(" ;")[0] for line in (ROOT / "docker" / "requirements.txt").read_text().splitlines()}
    assert named
    assert {name.lower() for name in named} <= pinned


def test_the_steps_give_a_program_that_starts_as_nobody(image: Path) -> None:
    said = run(image, "truce", "--version")
    assert said.returncode == 0, said.stderr
    located = run(image, "truce", "locate", "--json", "Aleppo")
    assert located.returncode == 0, located.stderr
    assert json.loads(located.stdout)


def test_it_can_write_nothing_of_the_image(image: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    tried = run(image, "python", "-c", f"open({str(image / 'opt' / 'truce' / 'new')!r}, 'w')")
    assert "PermissionError" in tried.stderr


def test_the_native_part_is_built_on_the_way(image: Path) -> None:
    assert list(image.glob("opt/truce/lib/python*/site-packages/streams/core/native/libtruce-*.so"))


def test_health_of_a_worker_that_is_not_there_is_1(image: Path) -> None:
    asked = run(image, "truce", "health", TRUCE_METRICS_PORT="1")
    assert asked.returncode == 1
    assert "intake: does not answer" in asked.stdout


def test_a_worker_without_a_broker_says_so_in_a_line_and_ends(image: Path) -> None:
    ended = run(image, "truce", "worker", "--only", "intake", TRUCE_BOOTSTRAP="127.0.0.1:1", TRUCE_METRICS_PORT="0")
    assert ended.returncode == 3
    assert "no broker answers" in ended.stderr
