"""Commands that set things up, against a real Kafka: topics and terms; and how every command fails."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commanding import Command, MakeTopic, TermsFile, a_file, a_report, decode_log, run, values_of
from kafka import KafkaAdminClient

from schemas.facts import TermsRecord
from schemas.topics import LOCATED, TERMS, TOPICS
from streams import clients
from streams.backfill import bring_in_the_past
from streams.broker import Broker
from streams.commands.tail import VIEWS
from streams.core.intake import Incoming, Intake, terms_record
from streams.core.terms import Terms, load
from streams.settings import Settings


def test_what_was_created_is_found_right(truce: Command):
    checked = truce("topics", "--json")
    states = {line["topic"]: line["state"] for line in map(json.loads, checked.output.splitlines())}
    assert {topic.name: "right" for topic in TOPICS}.items() <= states.items()
    assert checked.exit_code == 0


def test_report_topics_are_set_up_by_their_kind(broker: Broker, report_topic: MakeTopic):
    from kafka.admin import ConfigResource

    live, simulated = report_topic("reports.field"), report_topic("reports.simulated.feed")
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    told = admin.describe_configs([ConfigResource("TOPIC", name) for name in (live, simulated)], config_filter="all")["topic"]
    admin.close()
    assert told[live]["message.timestamp.type"]["value"] == "LogAppendTime"
    assert told[simulated]["message.timestamp.type"]["value"] == "CreateTime"
    assert told[simulated]["retention.ms"]["value"] == "-1"


def test_a_wrong_topic_is_told_with_its_remedy_and_mended(truce: Command, make_topic: MakeTopic, fresh: Callable[[str], str]):
    topic = make_topic(fresh("reports.simulated.wrong"), 1, {"retention.ms": "1000"})
    checked = truce("topics", "--reports", f"{topic}:2")
    line = next(line for line in checked.output.splitlines() if topic in line)
    assert checked.exit_code == 1
    assert "1 partitions, not 2" in line
    assert "retention.ms is 1000, not -1" in line
    assert "`truce topics --mend`" in line
    mended = truce("topics", "--mend")
    assert f"{topic:<32} mended" in mended.output
    assert mended.exit_code == 0
    assert truce("topics", "--reports", f"{topic}:1").exit_code == 0


def test_a_log_with_other_partitions_than_the_settings_say_is_told(truce: Command):
    checked = truce("topics", TRUCE_LOG_PARTITIONS="8")
    assert checked.exit_code == 1
    assert "4 partitions, not 8: set TRUCE_LOG_PARTITIONS=4 if every topic of the log has that many" in checked.output


def test_terms_go_into_the_log_on_their_own_partition_and_where_the_intake_looks(
    truce: Command, settings: Settings, terms_file: TermsFile
):
    file = terms_file(partition=3)
    terms = load(file)
    assert truce("terms", "publish", file).exit_code == 0
    (logged,), (routed,) = values_of(settings, LOCATED, terms.truce.id), values_of(settings, TERMS, terms.truce.id)
    assert (logged.partition, logged.value) == (3, routed.value)
    assert decode_log(logged.value) == TermsRecord(terms.truce.id, terms.hash, terms.as_mapping(), terms.horizon_start_s)


def test_publishing_the_same_terms_again_writes_nothing(truce: Command, settings: Settings, terms_file: TermsFile):
    file = terms_file()
    truce("terms", "publish", file)
    again = truce("terms", "publish", file)
    assert again.exit_code == 0
    assert "published already" in again.output
    assert len(values_of(settings, LOCATED, load(file).truce.id)) == 1


def test_changed_terms_of_a_live_truce_hold_from_its_next_day_on(truce: Command, settings: Settings, terms_file: TermsFile):
    file = terms_file(simulated=False, topic="reports.none")
    terms = load(file)
    before = int(time.time())
    truce("terms", "publish", file)
    truce("terms", "publish", file, "--set", "gate.days=5")
    record = clients.published_terms(settings)[terms.truce.id]
    assert record.terms["gate"]["days"] == 5
    assert (record.effective_from - terms.d_hour_s) % 86_400 == 0
    assert before <= record.effective_from <= time.time() + 86_400


def test_changed_terms_of_a_simulated_truce_must_say_from_when(truce: Command, settings: Settings, terms_file: TermsFile):
    file = terms_file()
    id = load(file).truce.id
    truce("terms", "publish", file)
    refused = truce("terms", "publish", file, "--set", "gate.days=5")
    assert refused.exit_code == 2
    assert "say --effective-from, or --correct" in refused.output
    assert truce("terms", "publish", file, "--set", "gate.days=5", "--effective-from", "2016-09-20T16:30:00Z").exit_code == 0
    assert truce("terms", "publish", file, "--set", "gate.days=6", "--correct").exit_code == 0
    records = [decode_log(record.value) for record in values_of(settings, LOCATED, id)]
    assert [(record.terms["gate"]["days"], record.correct) for record in records] == [(7, False), (5, False), (6, True)]
    assert [record.effective_from for record in records[1:]] == [1474389000, load(file).d_hour_s]


@pytest.mark.parametrize(("partition", "told"), [(2, "lives on partition 1 and cannot move"), (1, None)])
def test_a_truce_never_moves_to_another_partition(truce: Command, terms_file: TermsFile, partition: int, told: str | None):
    file = terms_file(partition=1)
    truce("terms", "publish", file)
    moved = truce("terms", "publish", file, "--correct", "--set", f"truce.partition={partition}")
    assert (moved.exit_code == 0) is (told is None)
    assert told is None or told in str(moved.exception)


def test_terms_on_a_partition_that_the_log_does_not_have_are_refused(truce: Command, settings: Settings, terms_file: TermsFile):
    file = terms_file(partition=9)
    refused = truce("terms", "publish", file)
    assert "truce.located has partitions 0 to 3, and no 9" in str(refused.exception)
    assert load(file).truce.id not in clients.published_terms(settings)


def test_published_terms_can_be_shown(truce: Command, terms_file: TermsFile):
    file = terms_file()
    terms = load(file)
    truce("terms", "publish", file)
    assert json.loads(truce("terms", "show", terms.truce.id, "--json").output)["terms"] == terms.as_mapping()
    assert f"{terms.truce.id}: A truce of a test (simulated" in truce("terms", "show", terms.truce.id).output
    assert terms.truce.id in truce("terms", "show").output
    assert truce("terms", "show", "nowhere").exit_code == 1


def test_unusable_terms_are_told_in_a_line(truce: Command, terms_file: TermsFile):
    checked = truce("terms", "check", terms_file(), "--set", "gate.days=9", "--set", "gate.max_span_days=2")
    assert checked.exit_code != 0
    assert "gate.max_span_days: no window of fewer days" in str(checked.exception)


def test_the_past_of_a_new_truce_is_brought_in(
    truce: Command,
    settings: Settings,
    terms_file: TermsFile,
    report_topic: MakeTopic,
    tmp_path: Path,
):
    topic = report_topic()
    file = terms_file(partition=2, topic=topic)
    terms = load(file)
    reports = [a_report(n, f"2016-09-13T{n:02}:00:00Z", f"Desk {n % 5}") for n in range(20)]
    broken = a_report(20, "2016-09-13T21:00:00Z") | {"kind": "rumour"}
    published = truce(
        "publish", a_file(tmp_path / "r", [*reports, broken]), "--format", "reports", "--topic", topic, "--terms", file
    )
    assert published.exit_code == 0, published.output
    done = truce("terms", "publish", file, "--backfill")
    assert done.exit_code == 0
    assert "20 reports brought in" in done.output
    assert "1 were refused" in done.output
    records = values_of(settings, LOCATED, terms.truce.id)
    assert {record.partition for record in records} == {2}
    assert sorted(record.value for record in records[1:]) == sorted(expected_entries(settings, topic, terms))
    again = bring_in_the_past(settings, terms)
    assert (again.reports, again.refused) == (20, 1)


def expected_entries(settings: Settings, topic: str, terms: Terms) -> list[bytes]:
    intake = Intake()
    intake.follow(terms_record(terms))
    entries = []
    for record in clients.read(settings, [topic]):
        taken = intake.take(
            Incoming(record.topic, record.partition, record.offset, record.timestamp, record.key, record.value, record.headers)
        )
        entries += [entry.value for entry in taken if entry.key != b"tick"] if isinstance(taken, list) else []
    return entries


@pytest.mark.parametrize(
    ("command", "environ", "told"),
    [
        (["topics"], {"TRUCE_BOOTSTRAP": "127.0.0.1:1"}, "no Kafka broker answers at 127.0.0.1:1; start one with `truce broker`"),
        (["topics"], {"TRUCE_BOOTSTRAP": "here"}, "TRUCE_BOOTSTRAP: 'here' will not do; give host:port"),
        (["terms", "check", "nowhere.toml"], {}, "nowhere.toml: there is no such file"),
    ],
)
def test_a_failure_is_one_line_and_no_traceback(
    command: list[str], environ: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    from streams.cli import main

    monkeypatch.setattr(clients, "BOOTSTRAP_TIMEOUT_MS", 300)
    monkeypatch.setattr(sys, "argv", ["truce", *command])
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert told in errors
    assert errors.count("\n") == 1


def test_without_its_topics_a_command_says_how_to_get_them(broker: Broker, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(VIEWS, "phases", VIEWS["phases"]._replace(topic="truce.none"))
    done = run(broker, "tail", "phases")
    assert "there is no topic truce.none; `truce topics --create`" in str(done.exception)
