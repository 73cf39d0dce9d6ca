"""What the worker counts, and the page that shows it: /metrics, /live, /ready.

One registry of our own, and one function per happening, which counts it and, when it is news, logs one line. Labels
come from closed lists; an id or free text is never one.
"""

from collections.abc import Callable

import msgspec
import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from schemas.facts import Fact

log = structlog.get_logger("truce")

REGISTRY = CollectorRegistry()

RECEIVED = Counter("truce_reports_received", "Messages read from report topics, ticks included.", registry=REGISTRY)
LOCATED = Counter("truce_entries_located", "Entries written to the log.", registry=REGISTRY)
REJECTED = Counter("truce_reports_rejected", "Messages refused.", ["stage", "reason"], registry=REGISTRY)
DECIDED = Counter("truce_log_records_decided", "Records of the log that state has taken in.", registry=REGISTRY)
PUBLISHED = Counter("truce_facts_published", "Facts committed, by topic.", ["topic"], registry=REGISTRY)
TRANSACTIONS = Counter("truce_transactions", "Transactions, by how they ended.", ["outcome"], registry=REGISTRY)
BATCH = Histogram(
    "truce_batch_records",
    "Records taken in one step.",
    ["stage"],
    buckets=(1, 10, 100, 500, 1_000, 2_000, 4_000, 8_000, 16_000),
    registry=REGISTRY,
)
BATCH_SECONDS = Histogram(
    "truce_batch_seconds",
    "Time one step took, from the records to what was written.",
    ["stage"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
    registry=REGISTRY,
)
LAG = Gauge("truce_lag_records", "Records that are there and not taken in yet.", ["stage"], registry=REGISTRY)
PARTITIONS = Gauge("truce_partitions_assigned", "Partitions this process works on.", ["stage"], registry=REGISTRY)
TICK_WRITTEN = Gauge("truce_tick_written_timestamp_seconds", "The last tick written to the report topics.", registry=REGISTRY)
TICKS_FAILED = Counter("truce_ticks_failed", "Partitions that a tick could not be written to.", registry=REGISTRY)
RECOVERY_REMAINING = Gauge(
    "truce_recovery_remaining_records", "Records of the log still to be replayed.", ["partition"], registry=REGISTRY
)
CLOCK = Gauge(
    "truce_clock_timestamp_seconds",
    "The time that the live truce furthest behind has reached, by log partition.",
    ["partition"],
    registry=REGISTRY,
)
HALTED = Counter(
    "truce_truces_halted", "Truces halted because a tick raised, by log partition.", ["partition"], registry=REGISTRY
)
RECOVERIES = Counter("truce_recoveries", "States rebuilt from checkpoint and log.", registry=REGISTRY)


class _Refused(msgspec.Struct):
    """As much of a rejection as is counted."""

    reason: str


def reports_taken(received: int, located: int, seconds: float) -> None:
    RECEIVED.inc(received)
    LOCATED.inc(located)
    BATCH.labels("intake").observe(received)
    BATCH_SECONDS.labels("intake").observe(seconds)


def report_rejected(stage: str, reason: str) -> None:
    REJECTED.labels(stage, reason).inc()


def reason_of(rejection: Fact) -> str:
    """The label for a fact of `truce.rejected`."""
    return msgspec.json.decode(rejection.value, type=_Refused).reason


def report_raised(stage: str, where: str, fault: BaseException) -> None:
    """News: a bug of ours. The report is refused as an internal error, and leaves a marker."""
    log.error("report raised", stage=stage, where=where, exc_info=fault)


def transaction_committed(decided: int, facts: dict[str, int], seconds: float) -> None:
    TRANSACTIONS.labels("committed").inc()
    DECIDED.inc(decided)
    BATCH.labels("monitor").observe(decided)
    BATCH_SECONDS.labels("monitor").observe(seconds)
    for topic, count in facts.items():
        PUBLISHED.labels(topic).inc(count)


def transaction_aborted(partition: int, fault: BaseException) -> None:
    TRANSACTIONS.labels("aborted").inc()
    log.warning("transaction aborted", partition=partition, error=repr(fault))


def recovery_progressed(partition: int, remaining: int) -> None:
    RECOVERY_REMAINING.labels(str(partition)).set(remaining)


def recovery_done(partition: int, replayed: int, next_offset: int, seconds: float) -> None:
    RECOVERIES.inc()
    RECOVERY_REMAINING.labels(str(partition)).set(0)
    if replayed:
        log.info("state rebuilt", partition=partition, replayed=replayed, next_offset=next_offset, seconds=round(seconds, 1))


def gap_filled(partition: int, start: int, end: int) -> None:
    """News: the group delivered from beyond the state's position, so its offset had been moved."""
    log.warning("gap in what the group delivered, read from the log", partition=partition, start=start, end=end)


def clock_moved(partition: int, now_s: int) -> None:
    CLOCK.labels(str(partition)).set(now_s)


def truce_halted(partition: int, truce: str, error: str) -> None:
    """News: nothing more is decided for this truce until the bug is mended and the worker started again."""
    HALTED.labels(str(partition)).inc()
    log.error("truce halted", partition=partition, truce=truce, error=error)


def lag_seen(stage: str, records: int, partitions: int) -> None:
    LAG.labels(stage).set(records)
    PARTITIONS.labels(stage).set(partitions)


def tick_written(at_s: int, failed: int) -> None:
    TICK_WRITTEN.set(at_s)
    TICKS_FAILED.inc(failed)


def tick_failed(topic: str, partition: int, fault: BaseException) -> None:
    log.warning("tick not written", topic=topic, partition=partition, error=repr(fault))


def clock_blind(fault: BaseException) -> None:
    log.warning("clock cannot list the report topics", error=repr(fault))


Judgement = Callable[[], str | None]
"""What is wrong, in one line; None where nothing is."""


async def serve(host: str, port: int, live: Judgement, ready: Judgement) -> tuple[web.AppRunner, int]:
    """Serve the three pages. Returns the server, to be cleaned up, and its port (any free one where `port` is 0)."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def answer(judge: Judgement) -> Callable:
        async def page(_: web.Request) -> web.Response:
            wrong = judge()
            return web.Response(text="ok\n" if wrong is None else f"{wrong}\n", status=200 if wrong is None else 503)

        return page

    pages = web.Application()
    pages.add_routes([web.get("/metrics", metrics), web.get("/live", answer(live)), web.get("/ready", answer(ready))])
    runner = web.AppRunner(pages, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner, runner.addresses[0][1]


__all__ = [
    "REGISTRY",
    "Judgement",
    "clock_blind",
    "clock_moved",
    "gap_filled",
    "lag_seen",
    "reason_of",
    "recovery_done",
    "recovery_progressed",
    "report_raised",
    "report_rejected",
    "reports_taken",
    "serve",
    "tick_failed",
    "tick_written",
    "transaction_aborted",
    "transaction_committed",
    "truce_halted",
]
