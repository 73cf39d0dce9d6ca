"""`truce rejected`, against a real Kafka."""

import base64
import json
from collections.abc import Callable

import msgspec
import pytest
from commanding import Command, MakeTopic, TermsFile, decode_log, values_of, write

from schemas.facts import Dismissal, Origin, Rejected
from schemas.reasons import Reason
from schemas.topics import LOCATED, REJECTED
from streams.broker import Broker
from streams.core.terms import load
from streams.settings import Settings

Refuse = Callable[..., tuple[str, Rejected]]


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
    id, body = refused(headers=[("truce-received-at", b"1")])
    assert truce("rejected", "retry", id).exit_code == 0
    (record,) = values_of(settings, body.origin.topic)
    assert (record.partition, record.key, record.value) == (1, body.original_key, body.original)
    assert record.headers == [("truce-received-at", b"1"), ("truce-retry-of", id.encode())]


def test_a_retry_of_a_retry_and_its_dismissal_name_the_marker_that_the_first_refusal_left(
    truce: Command, settings: Settings, terms_file: TermsFile, refused: Refuse
):
    file = terms_file()
    truce("terms", "publish", file)
    id, body = refused(truce=load(file).truce.id, headers=[("truce-retry-of", b"reports.field/0/1")])
    assert truce("rejected", "retry", id).exit_code == 0
    (record,) = values_of(settings, body.origin.topic)
    assert record.headers == [("truce-retry-of", b"reports.field/0/1")]
    assert truce("rejected", "dismiss", id).exit_code == 0
    dismissal = decode_log(values_of(settings, LOCATED, load(file).truce.id)[-1].value)
    assert dismissal == Dismissal(load(file).truce.id, "reports.field/0/1")


def test_what_no_truce_could_read_in_the_log_is_dismissed_there_and_never_published_again(
    truce: Command, settings: Settings, terms_file: TermsFile, refused: Refuse
):
    here, elsewhere = terms_file(partition=1), terms_file(partition=0)
    for file in (here, elsewhere):
        truce("terms", "publish", file)
    id, _ = refused(LOCATED)
    assert "a record of the log" in truce("rejected", "retry", id).output
    assert truce("rejected", "dismiss", id).exit_code == 0
    logged = [decode_log(record.value) for record in values_of(settings, LOCATED)]
    dismissed = {record.truce for record in logged if isinstance(record, Dismissal) and record.marker == id}
    assert load(here).truce.id in dismissed
    assert load(elsewhere).truce.id not in dismissed


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
