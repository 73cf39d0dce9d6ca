"""The compose file and the manifest: right by their schemas, and in step with the rest of the project."""

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from streams.commands.worker import STAGES
from streams.kafka_jars import KAFKA
from streams.settings import load

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
VARIANT = yaml.safe_load((DOCKER / "compose.sasl-ssl.yaml").read_text(encoding="utf-8"))
SCHEMA = "dclint@3.1.0"
MANIFEST = yaml.safe_load((DOCKER / "kubernetes" / "truce.yaml").read_text(encoding="utf-8"))["items"]
KUBERNETES = "1.31"


@pytest.fixture(scope="module")
def compose_schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The specification's own schema, as a linter for such files carries it."""
    if shutil.which("npm") is None:
        pytest.skip("npm, which fetches the schema of Compose, is not installed")
    folder = tmp_path_factory.mktemp("schema")
    fetched = subprocess.run(["npm", "pack", "--silent", SCHEMA], cwd=folder, capture_output=True, text=True, timeout=120)
    if fetched.returncode != 0:
        pytest.skip(f"{SCHEMA} could not be fetched")
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        return json.load(package.extractfile("package/schemas/compose.schema.json"))


@pytest.mark.parametrize("content", [COMPOSE, VARIANT], ids=["compose", "sasl-ssl"])
def test_compose_files_are_right_by_the_schema_of_the_specification(content: dict, compose_schema: dict) -> None:
    jsonschema.validate(content, compose_schema)


def test_kafka_is_the_version_that_the_tests_run_against() -> None:
    assert COMPOSE["services"]["kafka"]["image"] == f"apache/kafka:{KAFKA.rsplit(':')[-1]}"


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_every_service_is_pinned_limited_and_watched(service: str) -> None:
    entry = COMPOSE["services"][service]
    assert re.search(r":v?\d+\.\d+\.\d+$", entry["image"])
    assert "mem_limit" in entry
    assert "healthcheck" in entry
    for port in entry.get("ports", ()):
        assert port.startswith("127.0.0.1:")
    for dependency, how in entry.get("depends_on", {}).items():
        assert how["condition"] in ("service_healthy", "service_completed_successfully")
        waits_for_health = how["condition"] == "service_healthy"
        assert waits_for_health == ("test" in COMPOSE["services"][dependency]["healthcheck"])


@pytest.mark.parametrize("service", ["topics", "worker", "board", "demo"])
def test_ours_can_write_nowhere_and_become_nobody_else(service: str) -> None:
    entry = COMPOSE["services"][service]
    assert entry["read_only"] is True
    assert entry["cap_drop"] == ["ALL"]
    assert entry["security_opt"] == ["no-new-privileges:true"]


def test_workers_can_be_scaled() -> None:
    worker = COMPOSE["services"]["worker"]
    assert "container_name" not in worker
    assert "ports" not in worker
    assert "TRUCE_INSTANCE_ID" not in worker["environment"]  # it would be the same for all


@pytest.mark.parametrize("environment", [COMPOSE["services"]["worker"]["environment"], MANIFEST[0]["data"]])
def test_settings_are_ones_that_there_are(environment: dict[str, str], tmp_path: Path) -> None:
    password = {"TRUCE_SASL_PASSWORD": "x"} if "TRUCE_SASL_USERNAME" in environment else {}
    file = {"TRUCE_SSL_CAFILE": __file__} if "TRUCE_SSL_CAFILE" in environment else {}
    load(environ=environment | password | file)


def test_prometheus_looks_where_the_processes_are() -> None:
    config = yaml.safe_load((DOCKER / "prometheus" / "prometheus.yaml").read_text(encoding="utf-8"))
    found = {(name, entry["port"]) for entry in config["scrape_configs"][0]["dns_sd_configs"] for name in entry["names"]}
    port = load(environ={}).metrics_port
    assert found == {("worker", port + position) for position in range(len(STAGES))}


def test_what_compose_mounts_is_there() -> None:
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (DOCKER / source).exists(), source


@pytest.mark.parametrize("resource", MANIFEST, ids=lambda resource: f"{resource['kind']} {resource['metadata']['name']}")
def test_the_manifest_is_right_by_the_schemas_of_kubernetes(resource: dict) -> None:
    kubernetes_validate.validate(resource, KUBERNETES, strict=True)


@pytest.mark.parametrize(
    "resource", [r for r in MANIFEST if "template" in r.get("spec", {})], ids=lambda r: r["metadata"]["name"]
)
def test_pods_run_as_nobody_with_nothing_to_write_to(resource: dict) -> None:
    pod = resource["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["image"] == COMPOSE["services"]["worker"]["image"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["resources"]["limits"]["memory"]


def test_secrets_are_kept_out_of_the_repository() -> None:
    assert "docker/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert os.access(DOCKER / "make-certificates.sh", os.X_OK)
