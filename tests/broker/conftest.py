"""A real broker, started once, and topics made on it. Every test takes names of its own (`fresh`)."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from commanding import TERMS_TEXT, Command, TermsFile, run
from kafka import KafkaAdminClient

from streams.broker import QUICK_JVM_FLAGS, Broker
from streams.settings import Settings

LOG_PARTITIONS = 4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/broker/" in item.path.as_posix():
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """One for all tests: never stop or kill it. Tests of faults start a `Broker` of their own."""
    with Broker(jvm_flags=QUICK_JVM_FLAGS) as running:
        yield running


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """`fresh("reports.field")`: a name that no other test has."""
    suffix = secrets.token_hex(4)
    return lambda name: f"{name}.{suffix}"


@pytest.fixture
def make_topic(broker: Broker) -> Callable[..., str]:
    """`make_topic(name, partitions=1, config={})` on the session's broker; gives the name back."""

    def make(name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        try:
            admin.create_topics(
                {name: {"num_partitions": partitions, "replication_factor": 1, "configs": dict(config or {})}},
                wait_for_metadata=True,
            )
        finally:
            admin.close()
        return name

    return make


@pytest.fixture(scope="module")
def settings(broker: Broker) -> Iterator[Settings]:
    """A broker with the topics of this program, new, and nothing else of ours."""
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    old = [name for name in admin.list_topics() if name.startswith(("truce.", "reports."))]
    if old:
        admin.delete_topics(old)
        while set(old) & set(admin.list_topics()):
            time.sleep(0.05)
    admin.close()
    made = run(broker, "topics", "--create")
    assert made.exit_code == 0, made.output
    yield Settings(bootstrap=broker.bootstrap, log_partitions=LOG_PARTITIONS)


@pytest.fixture
def truce(broker: Broker, settings: Settings) -> Command:
    """Runs a command as a user would: `truce("terms", "show")`."""
    return lambda *command, **environ: run(broker, *command, **environ)


@pytest.fixture
def terms_file(tmp_path: Path, fresh: Callable[[str], str]) -> TermsFile:
    def write(partition: int = 1, simulated: bool = True, topic: str = "reports.simulated.none") -> Path:
        id = fresh(f"t{len(list(tmp_path.iterdir()))}").replace(".", "-")
        path = tmp_path / f"{id}.toml"
        path.write_text(TERMS_TEXT.format(id=id, partition=partition, simulated=str(simulated).lower(), topic=topic))
        return path

    return write


@pytest.fixture
def report_topic(truce: Command, fresh: Callable[[str], str]) -> Callable[..., str]:
    def make(kind: str = "reports.simulated.feed", partitions: int = 3) -> str:
        topic = fresh(kind)
        made = truce("topics", "--create", "--reports", f"{topic}:{partitions}")
        assert made.exit_code == 0, made.output
        return topic

    return make
