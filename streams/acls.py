"""Who may do what on the broker, as the commands of Kafka's own `kafka-acls` that say so.

Only the program writes what it decides; a reporting body writes to its own topics and reads nothing; a subscriber reads
what is public, and the restricted topics are for the program and its operators. An operator reads report topics to bring in
the past of a new truce, and writes to them what was refused, again.
"""

from collections.abc import Iterator, Sequence

from schemas.topics import CHECKPOINTS, LOCATED, REPORTS_PREFIX, TERMS, TOPICS

PROGRAM, OPERATOR, SUBSCRIBER = "User:truce", "User:truce-operator", "User:subscriber"
PREFIXED = "--resource-pattern-type prefixed"
READ, WRITE = "--operation Read --operation Describe", "--operation Write --operation Describe"
SEE = "--operation DescribeConfigs"
"""Who publishes looks first whether the topic stamps messages with the broker's own time."""


def acl_commands(bootstrap: str, prefix: str, reporters: Sequence[str] = ()) -> Iterator[str]:
    """One command a line. `reporters`: principals of reporting bodies; each may write to topics that begin with
    `reports.<name>.` or are called so."""
    base = f"kafka-acls --bootstrap-server {bootstrap} --command-config admin.properties --add"
    program = f"{base} --allow-principal {PROGRAM}"
    both = "--operation Read --operation Write --operation Describe"
    yield f"{program} {both} --topic {REPORTS_PREFIX} {PREFIXED}"
    for topic in TOPICS:
        yield f"{program} {both if topic.name != TERMS else READ} --topic {topic.name}"
    yield f"{program} {READ} --group {prefix}- {PREFIXED}"
    yield f"{program} {WRITE} --transactional-id {prefix}-monitor- {PREFIXED}"
    yield f"{program} --operation IdempotentWrite --cluster"
    for topic in (LOCATED, TERMS):
        yield f"{base} --allow-principal {OPERATOR} {WRITE} --topic {topic}"
    yield f"{base} --allow-principal {OPERATOR} {both} {SEE} --topic {REPORTS_PREFIX} {PREFIXED}"
    for topic in TOPICS:
        yield f"{base} --allow-principal {OPERATOR} {READ} --topic {topic.name}"
    for topic in TOPICS:
        if not topic.restricted and topic.name != CHECKPOINTS:
            yield f"{base} --allow-principal {SUBSCRIBER} {READ} --topic {topic.name}"
    yield f"{base} --allow-principal {SUBSCRIBER} {READ} --group {prefix}-notify- {PREFIXED}"
    for reporter in reporters:
        name = reporter.removeprefix("User:")
        yield f"{base} --allow-principal User:{name} {WRITE} {SEE} --topic {REPORTS_PREFIX}{name}"
        yield f"{base} --allow-principal User:{name} {WRITE} {SEE} --topic {REPORTS_PREFIX}{name}. {PREFIXED}"
        yield f"{base} --allow-principal User:{name} --operation IdempotentWrite --cluster"


__all__ = ["acl_commands"]
