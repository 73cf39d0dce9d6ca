"""A real broker, started once, and topics made on it. Every test takes names of its own (`fresh`)."""

import secrets
from collections.abc import Callable, Iterator, Mapping

import pytest

from streams.broker import QUICK_JVM_FLAGS, Broker


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
    from kafka import KafkaAdminClient

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
