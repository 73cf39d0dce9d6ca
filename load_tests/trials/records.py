"""What happens to offsets, checkpoints, the log and the terms, and to records on which the core raises."""

from functools import partial

import msgspec
import orjson
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata, TopicPartition

from load_tests.bench import wait_until
from load_tests.simulation.story import D_HOUR_S, PARTITIONS, terms_of
from load_tests.trials.trial import LOG_PARTITIONS, TOPIC, Trial
from load_tests.verdict import Verdict
from schemas.facts import Day, PhaseChange
from schemas.topics import CHECKPOINTS, DAYS, LOCATED, PHASES, REJECTED
from streams.core.intake import RECEIVED_AT_HEADER
from streams.core.terms import DAY
from streams.worker.failures import CANNOT_START

RAISING = "load_tests.raising:RaisingPartition"
AT = ((RECEIVED_AT_HEADER, b"%d" % (D_HOUR_S - 1)),)
SECRETS = ("hisper", "36.2345", "37.1598", "forged")
"""What a log must not hold of the reports below."""


def moved_offsets(trial: Trial) -> Verdict:
    """The offsets of the groups are moved while all is stopped: the monitor's to the start and to the end, the intake's to
    the start."""
    for stage, topic, count, at_end in (
        ("monitor", LOCATED, LOG_PARTITIONS, False),
        ("monitor", LOCATED, LOG_PARTITIONS, True),
        ("intake", TOPIC, PARTITIONS, False),
    ):
        _work(trial, 4)
        trial.stop("intake", "monitor")
        trial.tell(1)
        # A member that keeps its place counts as there until its session has run out.
        moving = partial(_move, trial, f"{trial.installation.prefix}-{stage}", topic, count, at_end)
        wait_until(moving, f"{stage}: the group is empty", 60, 1)
        trial.say(f"the {stage}'s group moved to the {'end' if at_end else 'start'}")
    return trial.finish()


def _move(trial: Trial, group: str, topic: str, count: int, at_end: bool) -> bool:
    """False while the group has members."""
    records = trial.installation.read(topic)
    ends = {number: records[number][-1].offset + 1 if at_end and records[number] else 0 for number in range(count)}
    admin = KafkaAdminClient(bootstrap_servers=trial.broker.bootstrap)
    try:
        admin.alter_group_offsets(group, {TopicPartition(topic, n): OffsetAndMetadata(end, "", -1) for n, end in ends.items()})
    except KafkaError:
        return False
    finally:
        admin.close()
    return True


def _work(trial: Trial, pieces: int) -> None:
    """Tell some, and wait until some of it is decided."""
    before = sum(len(records) for records in trial.installation.read(CHECKPOINTS).values())
    trial.keep_running("intake", "monitor")
    trial.tell(pieces)
    wait_until(
        lambda: sum(len(records) for records in trial.installation.read(CHECKPOINTS).values()) > before + 2,
        "some are decided",
        90,
    )


def lost_checkpoint(trial: Trial) -> Verdict:
    """The checkpoints are deleted: everything is rebuilt from the log, and nothing is announced twice."""
    _work(trial, 12)
    wait_until(lambda: any(trial.installation.read(PHASES).values()), "a change of phase", 90)
    trial.stop("intake", "monitor")
    trial.installation.recreate(CHECKPOINTS, LOG_PARTITIONS)
    return trial.finish()


def lost_log_head(trial: Trial) -> Verdict:
    """The head of the log is deleted and there is no base: it does not start, and says what to do. Put back, it goes on."""
    trial.start("intake")
    trial.tell(4)
    wait_until(lambda: len(trial.installation.values(LOCATED, 0)) > 10, "a log", 90)
    trial.stop("intake")
    kept = trial.installation.read(LOCATED)
    trial.installation.truncate(LOCATED, 0, before=5)
    monitor = trial.start("monitor")
    assert monitor.ended(60) == CANNOT_START, monitor.said()
    assert "begins at offset 5, but state needs it from 0" in monitor.said()
    assert not any(trial.installation.read(DAYS).values())
    trial.running.pop("monitor")
    trial.installation.recreate(LOCATED, LOG_PARTITIONS)
    for number, records in kept.items():
        for record in records:
            trial.installation.publish(LOCATED, number, [record.value], key=record.key)
    return trial.finish()


def changed_terms(trial: Trial) -> Verdict:
    """Terms change in mid-flight, plainly and as a correction, while workers are started again one after the other."""
    trial.start("intake")
    trial.start("monitor")
    trial.start("monitor-2")
    trial.tell(8)
    trial.publish_terms(terms_of("first", 0, 1, TOPIC), effective_from_s=D_HOUR_S + 2 * DAY)
    trial.stop("monitor")
    trial.start("monitor")
    trial.tell(4)
    trial.publish_terms(terms_of("second", 1, 4, TOPIC), effective_from_s=D_HOUR_S, correct=True)
    trial.stop("monitor-2")
    trial.start("monitor-2")
    trial.stop("intake")
    trial.tell(2)
    trial.start("intake")
    return trial.finish(names=("intake", "monitor", "monitor-2"))


def raising(trial: Trial) -> Verdict:
    """A report that raises is refused, with a marker and `unknown` days; a truce that raises on a tick is halted, and its
    neighbour on the partition is not. With the bug mended, the halted truce catches up. No word and no place of a report
    is in any line that the workers write."""
    trial.installation.publish_messages(TOPIC, 0, [(value, AT) for value in _secret_reports()])
    intake = trial.start("intake", log_level="debug")
    monitor = trial.start("monitor", state=RAISING, log_level="debug")
    trial.tell(18)
    wait_until(lambda: "truce halted" in monitor.said(), "the third truce is halted", 90)
    wait_until(lambda: _changes(trial, "first"), "its neighbour goes on", 90)
    wait_until(lambda: _changes(trial, "second"), "so does the other partition", 90)
    refused = [record for records in trial.installation.read(REJECTED).values() for record in records]
    internal = [record for record in refused if b'"internal_error"' in record.value]
    assert len(internal) == 3, f"{len(internal)} refusals of the report, one a truce expected"
    wait_until(lambda: _marked(trial), "days that the marker stands for", 90)
    assert all(day.outcome != "quiet" for day in _marked(trial))
    trial.stop("monitor")
    for said in (intake.said(), monitor.said()):
        told = [secret for secret in SECRETS if secret in said]
        assert not told, f"a log holds {told}: {said}"
    trial.start("monitor", log_level="debug")
    verdict = trial.finish()
    told = [secret for secret in SECRETS for worker in trial.installation.workers if secret in worker.said()]
    assert not told, f"a log holds {told}"
    return verdict


def _secret_reports() -> list[bytes]:
    """One on which the core raises, and others of every kind that must not be told of, fit and unfit."""
    words = {"source": "Whisper", "text": "Whisper said it", "links": ["https://whisper.example/"], "via": "Whisper"}
    place = {"lat": 36.2345678, "lon": 37.1598765, "text": "the Whisper house", "place": "Whisperville", "country": "SY"}
    body = words | {"type": "violation", "kind": "attack", "weapon": "mortar", "location": place}
    body |= {"occurred_at": "2016-02-29T20:00:00Z"}
    covers = {"location": place, "from": "2016-02-29T10:00:00Z", "to": "2016-02-29T20:00:00Z"}
    good = orjson.dumps(body | {"report_id": "raise-me"})
    return [
        good,
        orjson.dumps(words | {"report_id": "w1", "type": "nil", "covers": covers}),
        orjson.dumps(body | {"report_id": "w2", "weapon": "Whisper"}),
        orjson.dumps(body | {"report_id": "w3", "location": {"place": "Whisperville", "country": "SY"}}),
        orjson.dumps(body | {"report_id": "w4", "by": "Whisper\n level='error' event='forged'"}),
        good[:-9],
        good.replace(b"Whisper", b"Whisper\xff"),
        good.replace(b"Whisper", b"Whisper\x00\xe2\x80\xae"),
        good + b" Whisper",
        b"Whisper",
    ]


def _marked(trial: Trial) -> list[Day]:
    """Settled days that are not quiet because a report was refused."""
    days = [msgspec.json.decode(r.value, type=Day) for rs in trial.installation.read(DAYS).values() for r in rs if r.value]
    return [day for day in days if "marker_stands" in day.failed]


def _changes(trial: Trial, truce: str) -> list[PhaseChange]:
    found = [msgspec.json.decode(r.value, type=PhaseChange) for rs in trial.installation.read(PHASES).values() for r in rs]
    return [change for change in found if change.truce == truce]


__all__ = ["changed_terms", "lost_checkpoint", "lost_log_head", "moved_offsets", "raising"]
