"""Dated results in load_tests/results/: where they lie, and on what they were measured."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from streams.kafka_jars import KAFKA

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("faust-streaming", "aiokafka", "kafka-python")


def keep(name: str, title: str, lines: Iterable[str]) -> Path:
    """Write a result of today; an earlier one of the same day is replaced."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}-{today}.md"
    path.write_text("\n".join([f"# {title}, {today}", "", *lines]).rstrip() + "\n", encoding="utf-8")
    return path


def machine() -> str:
    """The machine and the versions, in a sentence."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), platform.machine())
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}, {KAFKA.rpartition(':')[2]}, {packages}."


__all__ = ["keep", "machine"]
