"""The core is pure: it loads nothing that talks to a broker, and reads no clock and no chance."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import streams.core

CORE = Path(streams.core.__file__).parent
# What builds the native part runs before there is a core.
MODULES = sorted(path for path in CORE.rglob("*.py") if path.relative_to(CORE) != Path("native/build.py"))
SHELL = ("faust", "kafka", "aiokafka", "prometheus_client", "structlog", "logging.config", "aiohttp")
IMPURE = ("time", "random", "secrets", "uuid", "logging", "socket", "threading", "asyncio")
NOW = ("now", "utcnow", "today", "urandom")


def _module(path: Path) -> str:
    return ".".join(("streams", "core", *path.relative_to(CORE).with_suffix("").parts))


def test_importing_the_core_loads_no_part_of_the_shell() -> None:
    names = [_module(path) for path in MODULES if path.stem != "__init__"]
    code = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    loaded = set(ran.stdout.split())
    assert set(names) <= loaded
    assert [name for name in SHELL if name in loaded] == []


def _faults(source: str) -> list[str]:
    """What a module imports or calls that would make its results depend on more than what it is given."""
    faults = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            names = []
            if isinstance(node, ast.Attribute) and node.attr in NOW:
                faults.append(f"line {node.lineno}: .{node.attr}")
        faults += [f"line {node.lineno}: {name}" for name in names if name.split(".")[0] in IMPURE]
    return faults


@pytest.mark.parametrize("path", MODULES, ids=_module)
def test_a_module_of_the_core_reads_no_clock_and_no_chance(path: Path) -> None:
    assert _faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from time import monotonic",
        "import os, random",
        "from datetime import datetime\ndatetime.now()",
        "import datetime as d\nread = d.datetime.utcnow",
        "import logging.config",
    ],
)
def test_a_module_that_reads_a_clock_or_chance_would_be_found(source: str) -> None:
    assert _faults(source)
