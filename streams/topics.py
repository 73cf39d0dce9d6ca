"""Compare the topics that a broker has with those of `schemas.topics`, and create what is missing.

A topic with the wrong retention loses the log silently, and one with another number of partitions breaks the rule that
one partition of the log writes to the same partition of every output; so both are told before they do harm.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from schemas.topics import LIVE_REPORTS_CONFIG, REPORTS_PREFIX, SIMULATED_REPORTS_CONFIG, TOPICS
from streams.clients import BrokerProblem
from streams.core.terms import SIMULATED_PREFIX

State = Literal["right", "created", "mended", "missing", "differs"]


class Wanted(NamedTuple):
    """`partitions` None: any number will do."""

    name: str
    partitions: int | None
    config: Mapping[str, str]


class Finding(NamedTuple):
    """What became of a topic, what is wrong with it, and how to mend that; both empty where all is right."""

    topic: str
    state: State
    partitions: int
    differences: list[str]
    remedies: list[str]

    @property
    def is_wrong(self) -> bool:
        return self.state in ("missing", "differs")


class Present(NamedTuple):
    partitions: int
    config: Mapping[str, str]


def is_report_topic(name: str) -> bool:
    """Whether a topic may be called so, and is one for reports."""
    return re.fullmatch(re.escape(REPORTS_PREFIX) + r"[A-Za-z0-9._-]{1,200}", name) is not None


def check_topics(
    client: KafkaAdminClient,
    log_partitions: int,
    reports: Mapping[str, int] | None = None,
    replication_factor: int = -1,
    create: bool = False,
    mend: bool = False,
) -> list[Finding]:
    """One finding a topic. `reports`: report topics that must be there, with their partitions.

    Report topics that are there without being named are checked too. `create` makes what is missing; `mend` sets
    configuration that differs. The number of partitions of a topic that exists is never changed from here. Raises
    `BrokerProblem` where the broker does not show how a topic is set up.
    """
    names = set(client.list_topics())
    wanted = _wanted(log_partitions, reports or {}, names)
    missing = [topic for topic in wanted if topic.name not in names]
    if create and missing:
        client.create_topics(
            {
                topic.name: {
                    "num_partitions": topic.partitions,
                    "replication_factor": replication_factor,
                    "configs": dict(topic.config),
                }
                for topic in missing
            },
            wait_for_metadata=True,
        )
    present = _present(client, [topic.name for topic in wanted if create or topic.name in names])
    made = {topic.name for topic in missing} if create else set()
    findings = [_compare(topic, present.get(topic.name), topic.name in made) for topic in wanted]
    if mend:
        findings = [_mend(client, topic, finding, present) for topic, finding in zip(wanted, findings, strict=True)]
    return findings


def report_config(topic: str) -> dict[str, str]:
    """How a report topic must be set up, by its name."""
    return SIMULATED_REPORTS_CONFIG if topic.startswith(SIMULATED_PREFIX) else LIVE_REPORTS_CONFIG


def _wanted(log_partitions: int, reports: Mapping[str, int], names: Iterable[str]) -> list[Wanted]:
    ours = [Wanted(topic.name, log_partitions if topic.partitioned else 1, topic.config) for topic in TOPICS]
    others = sorted(name for name in names if name.startswith(REPORTS_PREFIX) and name not in reports)
    return [
        *ours,
        *(Wanted(name, count, report_config(name)) for name, count in reports.items()),
        *(Wanted(name, None, report_config(name)) for name in others),
    ]


def _present(client: KafkaAdminClient, names: list[str]) -> dict[str, Present]:
    if not names:
        return {}
    counts = {topic["name"]: len(topic["partitions"]) for topic in client.describe_topics(names)}
    described: dict[str, Any] = client.describe_configs([ConfigResource("TOPIC", name) for name in names], config_filter="all")
    hidden = [name for name in names if not described["topic"].get(name)]
    if hidden:
        raise BrokerProblem(f"whoever this is may not see how {', '.join(hidden)} is set up: that is Kafka's DescribeConfigs")
    return {
        name: Present(counts[name], {key: entry["value"] for key, entry in described["topic"][name].items()}) for name in names
    }


def _compare(topic: Wanted, present: Present | None, made: bool) -> Finding:
    if present is None:
        return Finding(topic.name, "missing", 0, ["missing"], ["`truce topics --create` creates it"])
    differences, remedies = [], []
    if topic.partitions is not None and present.partitions != topic.partitions:
        differences.append(f"{present.partitions} partitions, not {topic.partitions}")
        remedies.append(_partitions_remedy(topic, present))
    changes = _config_changes(topic, present)
    if changes:
        differences += [f"{key} is {present.config.get(key)}, not {value}" for key, value in changes.items()]
        remedies.append("`truce topics --mend` sets the configuration")
    state: State = "differs" if differences else "created" if made else "right"
    return Finding(topic.name, state, present.partitions, differences, remedies)


def _config_changes(topic: Wanted, present: Present) -> dict[str, str]:
    return {key: value for key, value in topic.config.items() if present.config.get(key) != value}


def _partitions_remedy(topic: Wanted, present: Present) -> str:
    if topic.name.startswith(REPORTS_PREFIX):
        return f"name it with {present.partitions} partitions, or change it with Kafka's own kafka-topics"
    if topic.partitions == 1:
        return "stop the workers, delete it, and create it anew"
    return f"set TRUCE_LOG_PARTITIONS={present.partitions} if every topic of the log has that many, or create it anew"


def _mend(client: KafkaAdminClient, topic: Wanted, finding: Finding, present: Mapping[str, Present]) -> Finding:
    if topic.name not in present:
        return finding
    changes = _config_changes(topic, present[topic.name])
    if not changes:
        return finding
    client.alter_configs([ConfigResource("TOPIC", topic.name, changes)])
    after = _compare(topic, Present(finding.partitions, present[topic.name].config | changes), made=False)
    return after if after.is_wrong else after._replace(state="mended")


__all__ = ["Finding", "check_topics", "report_config"]
