"""The compose file's variant with TLS and a password, tried on the broker of the tests: its settings, our clients."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from two_doors import TwoDoors

from streams.cli import truce as program

DOCKER = Path(__file__).parents[2] / "docker"
PASSWORD = "a password of this test"
VARIANT = yaml.safe_load((DOCKER / "compose.sasl-ssl.yaml").read_text(encoding="utf-8"))["services"]

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def properties() -> dict[str, str]:
    """Kafka's own names, as its image makes them of variables: KAFKA_SSL_KEYSTORE_TYPE is ssl.keystore.type."""
    variables = VARIANT["kafka"]["environment"]
    return {name.removeprefix("KAFKA_").lower().replace("_", "."): value for name, value in variables.items()}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    subprocess.run([DOCKER / "make-certificates.sh", folder], check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def locked(secrets: Path) -> Iterator[TwoDoors]:
    """What the variant sets, but for addresses, which are free ones here."""
    ours = properties()
    del ours["controller.quorum.voters"]
    ours["ssl.keystore.location"] = str(secrets / "kafka.pem")
    jaas = "listener.name.client.plain.sasl.jaas.config"
    ours[jaas] = ours[jaas].replace("${TRUCE_PASSWORD:?set TRUCE_PASSWORD}", PASSWORD)
    with TwoDoors(ours) as running:
        yield running


def client(secrets: Path, locked: TwoDoors, **others: str) -> dict[str, str]:
    """The variables of the variant's clients, with this broker's address and file in their place."""
    variables = VARIANT["worker"]["environment"]
    assert variables == VARIANT["board"]["environment"] == VARIANT["topics"]["environment"]
    return (
        variables
        | {
            "TRUCE_BOOTSTRAP": locked.client_bootstrap,
            "TRUCE_SASL_PASSWORD": PASSWORD,
            "TRUCE_SSL_CAFILE": str(secrets / "ca.pem"),
        }
        | others
    )


def test_who_has_the_password_gets_in(secrets: Path, locked: TwoDoors) -> None:
    made = CliRunner().invoke(program, ["topics", "--create", "--reports", "reports.field:1"], env=client(secrets, locked))
    assert made.exit_code == 0, made.output
    assert "reports.field" in made.output


def test_who_has_another_does_not_and_is_told_in_a_line(secrets: Path, locked: TwoDoors) -> None:
    refused = CliRunner().invoke(program, ["topics"], env=client(secrets, locked, TRUCE_SASL_PASSWORD="another"))
    assert refused.exit_code != 0
    assert refused.exception is not None


def test_nobody_gets_in_without_encryption(secrets: Path, locked: TwoDoors) -> None:
    plain = client(secrets, locked, TRUCE_SECURITY_PROTOCOL="SASL_PLAINTEXT")
    del plain["TRUCE_SSL_CAFILE"]
    assert CliRunner().invoke(program, ["topics"], env=plain).exit_code != 0


def test_a_worker_reads_and_writes_through_it(secrets: Path, locked: TwoDoors) -> None:
    from worker.harness import Worker, wait_until

    worker = Worker(["worker"], client(secrets, locked) | {"TRUCE_METRICS_PORT": "0", "TRUCE_TICK_S": "1"})
    try:
        wait_until(lambda: worker.said().count("started") == 2, "both started")
        url = wait_until(lambda: _url(worker.said(), "intake"), "the intake serves")
        wait_until(lambda: _counter(url, "truce_ticks_read_total") > 0, "a tick went in and came out", 60)
        assert worker.stop() == 0
    finally:
        worker.kill()


def _url(said: str, stage: str) -> str | None:
    lines = [line for line in said.splitlines() if f"stage='{stage}'" in line]
    return lines[0].split("metrics='")[1].rstrip("'") if lines else None


def _counter(url: str, name: str) -> float:
    import urllib.request

    page = urllib.request.urlopen(url, timeout=5).read().decode()
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(name))
