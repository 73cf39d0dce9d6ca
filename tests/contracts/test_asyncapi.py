"""The AsyncAPI document tells the topics as `schemas/topics.py` has them, and every reference in it leads somewhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from contract import EXAMPLES, FOLDER, VALIDATORS

from schemas.topics import LIVE_REPORTS_CONFIG, REPORTS_PREFIX, SIMULATED_REPORTS_CONFIG, TOPICS, Topic
from streams.core.intake import RECEIVED_AT_HEADER, RETRY_HEADER
from streams.core.terms import SIMULATED_PREFIX
from streams.signing import SIGNATURE_HEADER
from streams.worker.transactions import POSITION_HEADER

PATH = FOLDER.parent / "asyncapi.yaml"
# Through JSON, so that what YAML alone can hold (dates, keys that are no text) would show.
DOCUMENT: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(PATH.read_text("utf-8"))))
CHANNELS: dict[str, Any] = DOCUMENT["channels"]
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
BY_ADDRESS = {channel["address"]: channel for channel in CHANNELS.values()}


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, inner in node.items():
            if key == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def resolved(reference: str) -> Any:
    """What a reference leads to, in this document or in a file beside it."""
    file, _, pointer = reference.partition("#")
    place: Any = json.loads((PATH.parent / file).read_text("utf-8")) if file else DOCUMENT
    for step in filter(None, pointer.split("/")):
        place = place[step]
    return place


def config_of(channel: dict[str, Any]) -> dict[str, str]:
    """A channel's topic configuration as the broker is told it."""
    stated = channel["bindings"]["kafka"]["topicConfiguration"]
    return {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in stated.items()}


def test_it_names_every_topic_and_no_other() -> None:
    reports = {f"{REPORTS_PREFIX}{{feed}}", f"{SIMULATED_PREFIX}{{feed}}"}
    assert set(BY_ADDRESS) == {topic.name for topic in TOPICS} | reports


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_told_as_it_is_created(topic: Topic) -> None:
    channel = BY_ADDRESS[topic.name]
    assert config_of(channel) == topic.config
    assert (channel["bindings"]["kafka"]["partitions"] > 1) == topic.partitioned
    assert channel["x-restricted"] == topic.restricted
    assert channel["tags"] == [{"name": "restricted" if topic.restricted else "public"}]
    for message in channel["messages"].values():
        assert resolved(message["$ref"])["bindings"]["kafka"]["key"]["description"] == topic.key


def test_report_topics_are_told_as_they_are_created() -> None:
    assert config_of(CHANNELS["reports"]) == LIVE_REPORTS_CONFIG
    assert config_of(CHANNELS["reportsSimulated"]) == SIMULATED_REPORTS_CONFIG
    assert CHANNELS["reports"]["x-restricted"]
    assert CHANNELS["reportsSimulated"]["x-restricted"]


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 60
    for reference in found:
        assert resolved(reference), reference


def test_every_schema_and_every_example_is_referred_to() -> None:
    files = {PATH.parent / reference for reference in references(DOCUMENT) if not reference.startswith("#")}
    beside = {*FOLDER.glob("*.json"), *EXAMPLES.glob("*.json")}
    assert {path.resolve() for path in files} == {path.resolve() for path in beside}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_examples_of_a_message_are_valid_for_it(name: str) -> None:
    payload = MESSAGES[name]["payload"]
    for example in MESSAGES[name].get("examples", []):
        value = resolved(example["payload"]["$ref"])
        inner = payload["schema"].get("$ref")
        if inner is None:
            value, inner = value.get("data"), payload["schema"]["properties"]["data"]["$ref"]
        if value is not None:
            VALIDATORS[Path(inner).name.removesuffix(".schema.json")].validate(value)


def test_it_has_the_structure_of_asyncapi_3() -> None:
    assert re.fullmatch(r"3\.0\.\d+", DOCUMENT["asyncapi"])
    assert set(DOCUMENT) == {"asyncapi", "info", "defaultContentType", "servers", "channels", "operations", "components"}
    assert {"title", "version", "description"} <= set(DOCUMENT["info"])
    for server in DOCUMENT["servers"].values():
        assert server["protocol"] == "kafka"
    for name, channel in CHANNELS.items():
        assert channel["messages"], name
        parameters = set(re.findall(r"{(\w+)}", channel["address"]))
        assert set(channel.get("parameters", {})) == parameters
        assert channel["bindings"]["kafka"]["bindingVersion"] == "0.5.0"
    for message in MESSAGES.values():
        assert message["name"] in MESSAGES
        assert {"title", "payload", "bindings"} <= set(message)


def test_every_operation_sends_or_receives_on_a_channel_of_the_document() -> None:
    used: dict[str, set[str]] = {}
    for name, operation in DOCUMENT["operations"].items():
        assert operation["action"] in ("send", "receive"), name
        assert name.startswith(operation["action"]), name
        channel = operation["channel"]["$ref"].removeprefix("#/channels/")
        used.setdefault(channel, set()).add(operation["action"])
        for message in operation.get("messages", []):
            assert message["$ref"].startswith(f"#/channels/{channel}/messages/")
    assert set(used) == set(CHANNELS)


def test_the_headers_are_those_that_the_program_reads_and_writes() -> None:
    headers = {name for message in MESSAGES.values() for name in message.get("headers", {}).get("properties", {})}
    assert {name for name in headers if name.startswith("truce-")} == {
        RECEIVED_AT_HEADER,
        RETRY_HEADER,
        POSITION_HEADER,
        SIGNATURE_HEADER,
    }
    assert MESSAGES["simulatedReport"]["headers"]["required"] == [RECEIVED_AT_HEADER]
