"""`truce topics --acls`: who may do what, read as an administrator reads it."""

from click.testing import CliRunner

from schemas.topics import LOCATED, PHASES, REJECTED, TERMS, TOPICS
from streams.cli import truce


def commands(*arguments: str) -> list[str]:
    done = CliRunner().invoke(truce, ["topics", "--acls", *arguments])
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def test_only_the_program_writes_what_it_decides() -> None:
    writes = [line for line in commands("--reporter", "desk") if f"--topic {PHASES}" in line and "--operation Write" in line]
    assert [line.split("--allow-principal ")[1].split()[0] for line in writes] == ["User:truce"]


def test_a_subscriber_reads_what_is_public_and_nothing_else() -> None:
    allowed = [line for line in commands() if "User:subscriber" in line]
    assert all("Write" not in line for line in allowed)
    topics = {line.split("--topic ")[1] for line in allowed if "--topic" in line}
    assert topics == {topic.name for topic in TOPICS if not topic.restricted}
    assert [line.split("--group ")[1].split()[0] for line in allowed if "--group" in line] == ["truce-notify-"]


def test_an_operator_may_do_what_the_commands_for_operators_do() -> None:
    """`terms publish --backfill` reads report topics, `rejected retry` writes to them, `rejected dismiss` to the log."""
    allowed = [line for line in commands() if "User:truce-operator" in line]
    for topic, operation in (
        ("reports.", "Read"),
        ("reports.", "Write"),
        (LOCATED, "Write"),
        (TERMS, "Write"),
        (REJECTED, "Read"),
    ):
        assert any(f"--topic {topic}" in line and f"--operation {operation}" in line for line in allowed), (topic, operation)
    assert not any(f"--topic {PHASES}" in line and "--operation Write" in line for line in allowed)


def test_a_reporting_body_writes_to_its_own_topics_and_reads_nothing() -> None:
    allowed = [line for line in commands("--reporter", "desk") if "User:desk" in line]
    assert {line.split("--topic ")[1].split()[0] for line in allowed if "--topic" in line} == {"reports.desk", "reports.desk."}
    assert all("Read" not in line for line in allowed)
