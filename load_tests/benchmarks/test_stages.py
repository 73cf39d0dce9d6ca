"""What each stage costs a report, on the canonical workload: `uv run pytest load_tests/benchmarks`.

Figures for comparing one change with another on one machine; nothing here passes or fails by the time it takes.
"""

import pytest

from load_tests.generate import TERMS_FILE, messages
from schemas.facts import Fact
from streams.core.check import check
from streams.core.clock import SimulatedTime
from streams.core.envelope import unwrap
from streams.core.intake import RECEIVED_AT_HEADER, Incoming, Intake, terms_record, tick_value
from streams.core.likeness import wording
from streams.core.partition import LogPartition
from streams.core.terms import Terms, load
from streams.worker.sending import Outgoing

REPORTS = 2_000
TOPIC = "reports.simulated.load"


@pytest.fixture(scope="module")
def terms() -> Terms:
    return load(TERMS_FILE)


@pytest.fixture(scope="module")
def incoming() -> list[Incoming]:
    return [
        Incoming(
            TOPIC, 0, number, told.received_at * 1_000, None, told.value, [(RECEIVED_AT_HEADER, str(told.received_at).encode())]
        )
        for number, told in enumerate(messages(REPORTS))
    ]


@pytest.fixture(scope="module")
def intake(terms: Terms, incoming: list[Incoming]) -> Intake:
    """Warm: it has met the names."""
    made = Intake()
    made.follow(terms_record(terms))
    for message in incoming:
        made.take(message)
    return made


@pytest.fixture(scope="module")
def log(terms: Terms, incoming: list[Incoming], intake: Intake) -> list[bytes]:
    """Terms, then reports with a tick every hour."""
    time, records = SimulatedTime([terms]), [terms_record(terms)]
    for message in incoming:
        for at_s in time.until(message.timestamp_ms // 1_000):
            tick = Incoming(TOPIC, 0, 0, at_s * 1_000, None, tick_value(at_s, {TOPIC: 1}), ())
            records += [entry.value for entry in intake.take(tick)]
        taken = intake.take(message)
        if not isinstance(taken, Fact):
            records += [entry.value for entry in taken]
    return records


def test_open_the_envelope(benchmark, incoming: list[Incoming]) -> None:
    benchmark(lambda: [unwrap(message.value, message.headers) for message in incoming])


def test_check(benchmark, incoming: list[Incoming]) -> None:
    benchmark(lambda: [check(message.value, message.timestamp_ms // 1_000) for message in incoming])


def test_the_whole_intake(benchmark, intake: Intake, incoming: list[Incoming]) -> None:
    benchmark(lambda: [intake.take(message) for message in incoming])


def test_the_signature_of_a_text(benchmark, incoming: list[Incoming]) -> None:
    texts = [message.value.decode()[-120:-20] for message in incoming]
    benchmark(lambda: [wording(text) for text in texts])


@pytest.mark.parametrize("flush_every", [100, REPORTS])
def test_the_whole_monitor(benchmark, log: list[bytes], flush_every: int) -> None:
    """All of the log from nothing, with what readers are given every so many records."""

    def run() -> None:
        partition = LogPartition(0)
        for offset, value in enumerate(log):
            partition.apply(offset, value)
            if offset % flush_every == flush_every - 1:
                partition.flush()
        partition.flush()

    benchmark.pedantic(run, rounds=5)


def test_a_batch_for_the_broker(benchmark, log: list[bytes]) -> None:
    from aiokafka.record.default_records import DefaultRecordBatchBuilder

    outgoing = [Outgoing(b"load", value) for value in log]

    def build() -> None:
        builder = DefaultRecordBatchBuilder(2, 3, 0, -1, -1, -1, 64_000_000)
        for offset, record in enumerate(outgoing):
            builder.append(offset, 0, record.key, record.value, [])
        builder.build()

    benchmark(build)


def test_the_log_holds_what_these_figures_are_of(log: list[bytes]) -> None:
    assert sum(b'"record":"report"' in value for value in log) > REPORTS * 0.8
