"""The commands that talk to Kafka, against a real one: what they write where, what they say, how they fail."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from kafka import KafkaAdminClient, KafkaProducer

from schemas.facts import Dismissal, LogRecord, Origin, Rejected, TermsRecord
from schemas.reasons import Reason
from schemas.topics import INCIDENTS, LOCATED, PHASES, REJECTED, TERMS, TOPICS
from streams import clients
from streams.backfill import bring_in_the_past
from streams.broker import Broker
from streams.cli import truce as program
from streams.commands.tail import VIEWS
from streams.core.clock import settled_at, tick_times
from streams.core.intake import Incoming, Intake, terms_record
from streams.core.terms import Terms, load
from streams.settings import Settings

EXAMPLES = Path(__file__).parents[2] / "schemas" / "v1" / "examples"
LOG_PARTITIONS = 4
Command = Callable[..., Result]
TermsFile = Callable[..., Path]
MakeTopic = Callable[..., str]
Refuse = Callable[..., tuple[str, Rejected]]
decode_log = msgspec.json.Decoder(LogRecord).decode

TERMS_TEXT = """
opposed = ["north", "south"]
[truce]
id = "{id}"
name = "A truce of a test"
countries = ["SY"]
d_hour = 2016-09-12T16:30:00Z
time_zone = "Asia/Damascus"
salt = "salt-of-{id}"
partition = {partition}
simulated = {simulated}
topics = ["{topic}"]
"""


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


def run(broker: Broker, *command: Any, **environ: str) -> Result:
    return CliRunner().invoke(program, [str(part) for part in command], env={"TRUCE_BOOTSTRAP": broker.bootstrap} | environ)


def outside(broker: Broker, *command: str, **options: Any) -> subprocess.Popen:
    """The program as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "streams.cli", *command],
        env=os.environ | {"TRUCE_BOOTSTRAP": broker.bootstrap, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


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


def values_of(settings: Settings, topic: str, key: str | None = None) -> list[Any]:
    wanted = None if key is None else key.encode()
    return [record for record in clients.read(settings, [topic]) if wanted is None or record.key == wanted]


def a_report(number: int, at: str, source: str = "Field desk", **fields: Any) -> dict[str, Any]:
    place = {"lat": 36.2, "lon": 37.16}
    basis = {"report_id": f"r{number}", "source": source, "type": "violation", "kind": "attack", "location": place}
    return basis | {"occurred_at": at, "published_at": at} | fields


def a_file(path: Path, reports: list[dict[str, Any]], *lines: str) -> Path:
    path.write_text("".join(json.dumps(report) + "\n" for report in reports) + "".join(line + "\n" for line in lines))
    return path


# -- topics --------------------------------------------------------------------------------------------------------------


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


# -- terms ---------------------------------------------------------------------------------------------------------------


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


# -- publish -------------------------------------------------------------------------------------------------------------


def test_on_a_simulated_topic_each_tick_comes_after_every_report_before_its_time(
    truce: Command,
    settings: Settings,
    terms_file: TermsFile,
    report_topic: MakeTopic,
    tmp_path: Path,
):
    topic = report_topic(partitions=3)
    terms = load(terms_file(topic=topic))
    truce("terms", "publish", tmp_path / f"{terms.truce.id}.toml")
    hours = [f"2016-09-{12 + n // 24}T{n % 24:02}:{n * 7 % 60:02}:00Z" for n in range(16, 60)]
    reports = [a_report(n, at, f"Desk {n % 7}") for n, at in enumerate(hours)]
    done = truce("publish", a_file(tmp_path / "r", reports), "--format", "reports", "--topic", topic, "--json")
    assert done.exit_code == 0, done.output
    partitions = [[record for record in values_of(settings, topic) if record.partition == n] for n in range(3)]
    ticks = [[told_at(record) for record in records if is_tick(record)] for records in partitions]
    received = sorted(told_at(record) for records in partitions for record in records if not is_tick(record))
    assert len(received) == len(reports)
    expected = list(tick_times(received[0], settled_at(received[-1], [terms]), [terms]))
    assert ticks == [expected] * 3
    assert expected[-1] == settled_at(received[-1], [terms])
    for records in partitions:
        now = 0
        for record in records:
            assert told_at(record) >= now
            assert record.timestamp == told_at(record) * 1_000
            now = told_at(record) if is_tick(record) else now
    assert json.loads(done.output) == {"reports": len(reports), "ticks": len(expected), "unreadable": 0}


def test_the_reports_of_a_source_keep_their_order(truce: Command, settings: Settings, report_topic: MakeTopic, tmp_path: Path):
    topic = report_topic("reports.field", partitions=3)
    reports = [a_report(n, "2016-09-13T10:00:00Z", f"Desk {n % 5}") for n in range(50)]
    arguments = ("--format", "reports", "--topic", topic, "--as-fast")
    assert truce("publish", a_file(tmp_path / "r", reports), *arguments).exit_code == 0
    seen: dict[str, list[tuple[int, int]]] = {}
    for record in values_of(settings, topic):
        report = json.loads(record.value)
        seen.setdefault(report["source"], []).append((record.partition, int(report["report_id"][1:])))
    assert len(seen) == 5
    for places in seen.values():
        assert len({partition for partition, _ in places}) == 1
        assert places == sorted(places)
    assert len({places[0][0] for places in seen.values()}) > 1
    assert not any(is_tick(record) for record in values_of(settings, topic))


def test_on_a_live_topic_reports_come_at_the_speed_asked_for(truce: Command, report_topic: MakeTopic, tmp_path: Path):
    topic = report_topic("reports.field", partitions=1)
    reports = [a_report(n, f"2016-09-13T10:00:{n:02}Z") for n in (0, 10, 20)]
    begun = time.monotonic()
    done = truce("publish", a_file(tmp_path / "r", reports), "--format", "reports", "--topic", topic, "--speed", "20")
    assert done.exit_code == 0
    assert 1.0 <= time.monotonic() - begun < 3.0


def test_rows_that_are_no_reports_are_told_and_counted(
    truce: Command, settings: Settings, report_topic: MakeTopic, tmp_path: Path
):
    topic = report_topic("reports.field", partitions=1)
    reports = [a_report(1, "2016-09-13T10:00:00Z"), a_report(2, "2016-09-13T10:00:01Z", text="x" * 1_100_000)]
    done = truce("publish", a_file(tmp_path / "r", reports), "--format", "reports", "--topic", topic, "--as-fast")
    assert done.exit_code == 1
    assert "r:2: not a report: larger than a message may be" in done.output
    assert "1 reports, 1 rows that are no reports" in done.output
    assert len(values_of(settings, topic)) == 1


def test_a_feed_without_a_report_still_tells_the_first_day(
    truce: Command,
    settings: Settings,
    terms_file: TermsFile,
    report_topic: MakeTopic,
    tmp_path: Path,
):
    topic = report_topic(partitions=1)
    file = terms_file(topic=topic)
    empty = a_file(tmp_path / "r", [])
    assert truce("publish", empty, "--format", "reports", "--topic", topic, "--terms", file).exit_code == 0
    told = [told_at(record) for record in values_of(settings, topic)]
    d_hour_s = load(file).d_hour_s
    assert told[-1] == settled_at(d_hour_s, [load(file)])
    assert d_hour_s in told


@pytest.mark.parametrize(
    ("topic", "options", "told"),
    [
        ("reports.nowhere", (), "there is no report topic reports.nowhere; `truce topics --create --reports"),
        ("truce.located", (), "there is no report topic truce.located"),
        ("reports.field", ("--simulated",), "reports.field is a live topic"),
        ("reports.field", ("--speed", "2", "--as-fast"), "not both"),
    ],
)
def test_where_nothing_can_be_published_a_line_says_so(
    truce: Command, tmp_path: Path, topic: str, options: tuple[str, ...], told: str
):
    done = truce("publish", a_file(tmp_path / "r", []), "--format", "reports", "--topic", topic, *options)
    assert done.exit_code != 0
    assert told in done.output


def test_a_simulated_topic_that_no_truce_takes_is_refused(truce: Command, report_topic: MakeTopic, tmp_path: Path):
    topic = report_topic()
    done = truce("publish", a_file(tmp_path / "r", []), "--format", "reports", "--topic", topic)
    assert done.exit_code == 1
    assert f"no truce takes {topic}" in done.output


def test_a_topic_that_would_lose_its_messages_is_refused(
    truce: Command, make_topic: MakeTopic, fresh: Callable[[str], str], tmp_path: Path
):
    topic = make_topic(fresh("reports.simulated.wrong"))
    done = truce("publish", a_file(tmp_path / "r", []), "--format", "reports", "--topic", topic)
    assert done.exit_code == 1
    assert "retention.ms is 604800000, not -1" in done.output
    assert truce("topics", "--mend").exit_code == 0


def is_tick(record: Any) -> bool:
    return record.value.startswith(b'{"tick"')


def told_at(record: Any) -> int:
    """The time of a tick, or the time of receipt of a report, in seconds since 1970."""
    if is_tick(record):
        return int(msgspec.convert(json.loads(record.value)["tick"], datetime).timestamp())
    return int(dict(record.headers)["truce-received-at"])


# -- tail ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "example", "told"),
    [
        ("phases", "phase_change.qualified", "syria-2016-09/all"),
        ("phases", "phase_change.void", "void"),
        ("incidents", "incident.live", "syria-2016-09"),
        ("incidents", "incident.withdrawn", "withdrawn, now "),
        ("levels", "level.zone", "run of "),
        ("days", "day.contested", "contested"),
        ("days", "day.no-baseline", "no baseline"),
        ("rejected", "rejection.monitor", "reports.field/1/90210  syria-2016-09  too_late"),
        ("rejected", "rejection.intake", "(intake)"),
    ],
)
def test_what_is_published_reads_as_a_line_or_as_it_is(broker: Broker, truce: Command, what: str, example: str, told: str):
    value = json.loads((EXAMPLES / f"{example}.json").read_text())
    write(broker, VIEWS[what].topic, json.dumps(value).encode(), key=b"tail")
    readable = truce("tail", what, "--from-start", "-n", count(broker, VIEWS[what].topic)).output.splitlines()
    exact = truce("tail", what, "--from-start", "--json", "-n", count(broker, VIEWS[what].topic)).output.splitlines()
    assert any(told in line for line in readable)
    assert value in [json.loads(line) for line in exact]


def test_a_new_phase_is_shown_within_a_second_and_ctrl_c_ends_quietly(broker: Broker, settings: Settings):
    following = outside(broker, "tail", "phases", "--truce", "followed")
    value = json.loads((EXAMPLES / "phase_change.qualified.json").read_text()) | {"truce": "followed"}
    other = value | {"truce": "another"}
    shown: list[float] = []
    # It may not be at the end yet when the first is written; of the later ones each must come at once.
    for _ in range(20):
        write(broker, PHASES, json.dumps(other).encode(), key=b"another")
        write(broker, PHASES, json.dumps(value).encode(), key=b"followed")
        written = time.monotonic()
        if readable_within(following.stdout, 1.0):
            assert "followed/all" in following.stdout.readline()
            shown.append(time.monotonic() - written)
        if len(shown) == 3:
            break
    following.send_signal(signal.SIGINT)
    rest, errors = following.communicate(timeout=10)
    assert len(shown) == 3
    assert "another" not in rest
    assert (following.returncode, errors) == (0, "")


def test_records_of_an_aborted_transaction_are_not_shown(broker: Broker, truce: Command):
    value = json.loads((EXAMPLES / "incident.live.json").read_text())
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id="test-of-tail")
    producer.init_transactions()
    for id, ends_well in (("unsaid", False), ("said", True)):
        producer.begin_transaction()
        producer.send(INCIDENTS, json.dumps(value | {"id": id}).encode(), key=id.encode(), partition=0)
        if ends_well:
            producer.commit_transaction()
        else:
            producer.flush()
            producer.abort_transaction()
    producer.close()
    told = truce("tail", "incidents", "--from-start", "-n", count(broker, INCIDENTS))
    assert "  said  " in told.output
    assert "unsaid" not in told.output


def readable_within(stream: Any, seconds: float) -> bool:
    import select

    return bool(select.select([stream], [], [], seconds)[0])


def write(broker: Broker, topic: str, value: bytes, **options: Any) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    producer.send(topic, value, **options).get(timeout=20)
    producer.close()


def count(broker: Broker, topic: str) -> int:
    """Records that can be read, told apart from the markers of transactions by reading them."""
    return len(values_of(Settings(bootstrap=broker.bootstrap), topic))


# -- rejected ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def refused(broker: Broker, settings: Settings, report_topic: MakeTopic) -> Refuse:
    """`refused(truce=None, headers=[])`: a refusal on `truce.rejected`, and its id."""

    def make(topic: str | None = None, truce: str | None = None, headers: list[tuple[str, bytes]] | None = None):
        origin = Origin(topic or report_topic("reports.field", partitions=2), 1, 7)
        body = Rejected(
            reason=Reason.INTERNAL_ERROR,
            detail="raised ZeroDivisionError",
            origin=origin,
            stage="intake" if truce is None else "monitor",
            original=b'{"report_id": "r1"}\xff',
            truce=truce,
            original_key=b"Field desk",
            original_headers=headers or [],
        )
        write(broker, REJECTED, msgspec.json.encode(body), key=str(origin).encode())
        return str(origin), body

    return make


def test_refusals_are_listed_and_shown_whole(truce: Command, refused: Refuse):
    id, body = refused(headers=[("content-type", b"application/json")])
    line = next(line for line in truce("rejected", "list").output.splitlines() if line.startswith(id))
    assert "internal_error" in line
    assert "raised ZeroDivisionError" in line
    shown = truce("rejected", "show", id)
    assert 'original 20 bytes\n{"report_id": "r1"}\\xff' in shown.output
    assert "content-type: application/json" in shown.output
    told = json.loads(truce("rejected", "show", id, "--json").output)
    assert base64.b64decode(told["original"]) == body.original
    assert id not in truce("rejected", "list", "--reason", "not_json").output


def test_a_retry_is_the_same_message_on_the_same_partition_with_where_it_was_refused(
    truce: Command, settings: Settings, refused: Refuse
):
    id, body = refused(headers=[("truce-received-at", b"1"), ("truce-retry-of", b"reports.field/0/1")])
    assert truce("rejected", "retry", id).exit_code == 0
    (record,) = values_of(settings, body.origin.topic)
    assert (record.partition, record.key, record.value) == (1, body.original_key, body.original)
    assert record.headers == [("truce-received-at", b"1"), ("truce-retry-of", id.encode())]


def test_a_dismissal_goes_into_the_log_of_the_truce(
    truce: Command,
    settings: Settings,
    terms_file: TermsFile,
    refused: Refuse,
):
    file = terms_file(partition=3)
    terms = load(file)
    truce("terms", "publish", file)
    id, _ = refused(truce=terms.truce.id)
    assert truce("rejected", "dismiss", id).exit_code == 0
    record = values_of(settings, LOCATED, terms.truce.id)[-1]
    assert record.partition == 3
    assert decode_log(record.value) == Dismissal(terms.truce.id, id)


def test_what_the_intake_refused_is_dismissed_for_every_truce_that_takes_the_topic(
    truce: Command,
    settings: Settings,
    terms_file: TermsFile,
    report_topic: MakeTopic,
    refused: Refuse,
):
    topic = report_topic("reports.field", partitions=2)
    files = [terms_file(simulated=False, topic=topic, partition=n) for n in (0, 1)]
    files.append(terms_file(simulated=False, topic="reports.other"))
    for file in files:
        truce("terms", "publish", file)
    id, _ = refused(topic)
    assert truce("rejected", "dismiss", id).exit_code == 0
    logged = [decode_log(record.value) for record in values_of(settings, LOCATED)]
    dismissed = {record.truce for record in logged if isinstance(record, Dismissal) and record.marker == id}
    assert dismissed == {load(file).truce.id for file in files[:2]}


@pytest.mark.parametrize("command", ["show", "retry", "dismiss"])
def test_an_id_that_was_never_refused_is_said(truce: Command, command: str):
    done = truce("rejected", command, "reports.field/0/999")
    assert done.exit_code == 1
    assert "nothing was refused with the id reports.field/0/999" in done.output


# -- failures ------------------------------------------------------------------------------------------------------------


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
