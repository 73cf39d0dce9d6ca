"""What `truce topics --acls` prints, given to a broker that asks who may: everybody can do their part, and no more."""

import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from commanding import TERMS_TEXT, a_file, a_report
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ACLResourcePatternType, ResourcePattern, ResourceType
from kafka.errors import TopicAuthorizationFailedError
from test_subscribing import SECRET, Receiver
from two_doors import TwoDoors
from worker.harness import Worker, wait_until

from schemas.topics import CHECKPOINTS, EVIDENCE, LOCATED, PHASES, REJECTED, TERMS, TOPICS
from streams import clients
from streams.cli import truce as program
from streams.settings import Settings, load

USERS = ("truce", "truce-operator", "subscriber", "desk", "nobody")
TOPIC = "reports.desk.field"
PROPERTIES = {
    "listener.security.protocol.map": "LOCAL:PLAINTEXT,CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "LOCAL",
    "listener.name.client.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.client.plain.sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule required "
    + " ".join(f'user_{user}="password of {user}"' for user in USERS)
    + ";",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    # Who comes in by the open door: the broker itself, and the administrator of these tests.
    "super.users": "User:ANONYMOUS",
}
RESOURCES = {
    "--topic": ResourceType.TOPIC,
    "--group": ResourceType.GROUP,
    "--transactional-id": ResourceType.TRANSACTIONAL_ID,
}
OPERATIONS = {
    "Read": ACLOperation.READ,
    "Write": ACLOperation.WRITE,
    "Describe": ACLOperation.DESCRIBE,
    "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
    "IdempotentWrite": ACLOperation.IDEMPOTENT_WRITE,
}


def rights_of(command: str) -> Iterator[ACL]:
    """What a line of `kafka-acls` asks for."""
    words = shlex.split(command)
    given = {word: words[at + 1] for at, word in enumerate(words[:-1]) if word.startswith("--")}
    kind, name = ResourceType.CLUSTER, "kafka-cluster"
    for option in RESOURCES.keys() & given.keys():
        kind, name = RESOURCES[option], given[option]
    prefixed = given.get("--resource-pattern-type") == "prefixed"
    pattern = ResourcePattern(kind, name, ACLResourcePatternType.PREFIXED if prefixed else ACLResourcePatternType.LITERAL)
    for at, word in enumerate(words):
        if word == "--operation":
            yield ACL(given["--allow-principal"], "*", OPERATIONS[words[at + 1]], ACLPermissionType.ALLOW, pattern)


@pytest.fixture(scope="module")
def guarded() -> Iterator[TwoDoors]:
    with TwoDoors(PROPERTIES) as broker:
        administrator = {"TRUCE_BOOTSTRAP": broker.bootstrap}
        made = CliRunner().invoke(program, ["topics", "--create", "--reports", f"{TOPIC}:2"], env=administrator)
        assert made.exit_code == 0, made.output
        told = CliRunner().invoke(program, ["topics", "--acls", "--reporter", "desk"], env=administrator)
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        granted = admin.create_acls([right for line in told.output.splitlines() for right in rights_of(line)])
        admin.close()
        assert granted["succeeded"] and not granted["failed"]
        # A broker hears a little later what its controller has granted.
        shown = ["terms", "show"]
        operator = variables(broker, "truce-operator")
        wait_until(lambda: CliRunner().invoke(program, shown, env=operator).exit_code == 0, "the rights are in force")
        yield broker


def variables(broker: TwoDoors, user: str) -> dict[str, str]:
    return {
        "TRUCE_BOOTSTRAP": broker.client_bootstrap,
        "TRUCE_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "TRUCE_SASL_MECHANISM": "PLAIN",
        "TRUCE_SASL_USERNAME": user,
        "TRUCE_SASL_PASSWORD": f"password of {user}",
    }


@pytest.fixture(scope="module")
def by(guarded: TwoDoors) -> Callable[..., Result]:
    """`by("desk", "publish", …)`: a command as a principal runs it."""

    def run(user: str, *command: Any) -> Result:
        return CliRunner().invoke(program, [str(part) for part in command], env=variables(guarded, user))

    return run


@pytest.fixture(scope="module")
def told(guarded: TwoDoors, by: Callable[..., Result], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The id of a refusal, of a truce that is in force: terms by the operator, reports by the desk, decided by the program."""
    folder = tmp_path_factory.mktemp("told")
    text = TERMS_TEXT.format(id="guarded", partition=0, simulated="false", topic=TOPIC)
    d_hour = datetime.now(UTC) - timedelta(hours=2)
    file = folder / "guarded.toml"
    file.write_text(text.replace("2016-09-12T16:30:00Z", f"{d_hour:%Y-%m-%dT%H:%M:00Z}"))
    at = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    reports = a_file(folder / "reports.jsonl", [a_report(1, at), a_report(2, at, kind="no such kind")])
    worker = Worker(["worker"], variables(guarded, "truce") | {"TRUCE_METRICS_PORT": "0", "TRUCE_TICK_S": "1"})
    try:
        for user, *command in (
            ("truce-operator", "terms", "publish", file, "--backfill"),
            ("desk", "publish", "--format", "reports", "--topic", TOPIC, reports),
        ):
            done = by(user, *command)
            assert done.exit_code == 0, (command, done.output, worker.said())
        everything = Settings(bootstrap=guarded.bootstrap)
        for topic in (EVIDENCE, PHASES, CHECKPOINTS):
            wait_until(lambda topic=topic: list(clients.read(everything, [topic])), f"something on {topic}")
        (refused,) = wait_until(lambda: list(clients.read(everything, [REJECTED])), "a refusal")
        yield refused.key.decode()
        assert worker.stop() == 0
    finally:
        worker.kill()


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("subscriber", "tail phases --from-start -n 1"),
        ("subscriber", "tail levels --from-start -n 1"),
        ("subscriber", "verify --public"),
        ("subscriber", "export geojson --out {folder}"),
        ("subscriber", "explain guarded/all/0 --public"),
        ("truce-operator", "terms show"),
        ("truce-operator", "verify"),
        ("truce-operator", "upgrade"),
        ("truce-operator", "report --out {folder}"),
        ("truce-operator", "explain guarded/all/0"),
        ("truce-operator", "rejected list"),
        ("truce-operator", "rejected show {refused}"),
        ("truce-operator", "rejected retry {refused}"),
        ("truce-operator", "rejected dismiss {refused}"),
    ],
)
def test_everybody_can_do_their_part(told: str, by: Callable[..., Result], tmp_path: Path, user: str, command: str) -> None:
    done = by(user, *command.format(folder=tmp_path, refused=told).split())
    assert done.exit_code == 0, done.output + str(done.exception)


def test_a_subscriber_is_notified(told: str, guarded: TwoDoors, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"whsec_{SECRET}\n")
    with Receiver() as receiver:
        notifier = Worker(["notify", receiver.url, "--secret", str(secret)], variables(guarded, "subscriber"))
        try:
            assert receiver.wait_for(1), notifier.said()
        finally:
            notifier.kill()


PROGRAM_READS = {topic.name for topic in TOPICS} | {TOPIC, "reports.other"}
PUBLIC = {topic.name for topic in TOPICS if not topic.restricted}
MAY_READ = {"truce": PROGRAM_READS, "truce-operator": PROGRAM_READS, "subscriber": PUBLIC, "desk": set(), "nobody": set()}
MAY_WRITE = {
    "truce": PROGRAM_READS - {TERMS},
    "truce-operator": {LOCATED, TERMS, TOPIC, "reports.other"},
    "subscriber": set(),
    "desk": {TOPIC},
    "nobody": set(),
}


@pytest.fixture(scope="module")
def other_topic(guarded: TwoDoors) -> str:
    done = CliRunner().invoke(
        program, ["topics", "--create", "--reports", "reports.other:1"], env={"TRUCE_BOOTSTRAP": guarded.bootstrap}
    )
    assert done.exit_code == 0, done.output
    return "reports.other"


@pytest.mark.parametrize("user", USERS)
def test_nobody_can_do_more(told: str, guarded: TwoDoors, other_topic: str, user: str) -> None:
    """Tried on every topic, and held against what the README says of a safe deployment."""
    settings = load(environ=variables(guarded, user))
    assert {topic for topic in PROGRAM_READS if _can_read(settings, topic)} == MAY_READ[user]
    assert {topic for topic in PROGRAM_READS if _can_write(settings, topic)} == MAY_WRITE[user]


def _can_read(settings: Settings, topic: str) -> bool:
    try:
        list(clients.read(settings, [topic]))
    except (TopicAuthorizationFailedError, clients.BrokerProblem):
        return False
    return True


def _can_write(settings: Settings, topic: str) -> bool:
    producer = KafkaProducer(**settings.kafka_python(), enable_idempotence=False, max_block_ms=5_000)
    try:
        producer.send(topic, b"tried", key=b"tried", partition=0).get(timeout=10)
    except TopicAuthorizationFailedError:
        return False
    finally:
        producer.close()
    return True
