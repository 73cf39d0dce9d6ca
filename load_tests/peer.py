"""The program to beat: the Kafka Streams peer, compiled and run on the topic that the worker has read.

Its source lies beside this project (TRUCE_PEER names another place); a JDK with `javac` is needed, and its jars are
fetched as the broker's are.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).resolve().parents[2] / "shared" / "peers" / "KafkaStreamsPeer.java"
LIBRARIES = ("org.apache.kafka:kafka-streams:4.3.1", "com.fasterxml.jackson.core:jackson-databind:2.19.4")


class PeerProblem(RuntimeError):
    """The peer cannot be run here; the message says why."""


class PeerRun(NamedTuple):
    """`rate`: messages a second from the first read to the last deduplicated, by its own account."""

    rate: float
    cpu_s: float
    memory_bytes: int
    lines: list[str]


def run(bootstrap: str, topic: str, messages: int, threads: int) -> PeerRun:
    """Run it once over the whole topic, exactly once. Raises `PeerProblem`."""
    source = Path(os.environ.get("TRUCE_PEER", SOURCE))
    java, javac = shutil.which("java"), shutil.which("javac")
    if java is None or javac is None:
        raise PeerProblem("no JDK here: `javac` is not on the path")
    if not source.exists():
        raise PeerProblem(f"the peer's source is not at {source}; TRUCE_PEER names another place")
    class_path = os.pathsep.join(map(str, _jars()))
    with tempfile.TemporaryDirectory(prefix="truce-peer-") as folder:
        built = subprocess.run([javac, "-cp", class_path, "-d", folder, str(source)], capture_output=True, text=True, check=False)
        if built.returncode:
            raise PeerProblem(f"the peer does not compile: {built.stderr.strip().splitlines()[0]}")
        command = [java, "-Xmx2g", f"-Djava.io.tmpdir={folder}", "-cp", os.pathsep.join((folder, class_path)), source.stem]
        command += [bootstrap, topic, str(messages), str(threads), "exactly_once_v2"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            lines = [line.strip() for line in process.stdout]
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    told = [line for line in lines if "rate=" in line]
    if process.returncode or not told or f"reports={messages} " not in told[-1]:
        raise PeerProblem(f"the peer ended with {process.returncode} before its end: {lines[-1:] or 'it said nothing'}")
    rate = float(told[-1].rpartition("rate=")[2].removesuffix("/s"))
    return PeerRun(rate, used.ru_utime + used.ru_stime, used.ru_maxrss * 1_024, told)


def _jars() -> list[Path]:
    import jgo

    return [jar for library in LIBRARIES for jar in jgo.build(library).all_jars]


__all__ = ["PeerProblem", "PeerRun", "run"]
