"""One function per happening, which counts it and, when it is news, logs one line.

Running normally is quiet: no line for a report, a batch or a tick that went well. A line says where in the log something
is, never what a report says or who sent it.
"""

import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import msgspec
import structlog

from schemas.facts import Fact
from streams.core.monitor import RULES
from streams.core.native import LIBRARY
from streams.metrics import families as counted

log = structlog.get_logger("truce")


class _Refused(msgspec.Struct):
    """As much of a rejection as is counted."""

    reason: str


def started(stage: str, metrics_url: str, tick_s: int, stuck_after_s: int) -> None:
    """News: a process begins."""
    counted.register(stage)
    counted.BUILD.labels(version("truce-monitor"), str(RULES), stage).set(1)
    counted.STARTED.labels(stage).set_to_current_time()
    counted.TICK_INTERVAL.set(tick_s)
    counted.STUCK_AFTER.set(stuck_after_s)
    log.info("started", stage=stage, metrics=metrics_url)
    if LIBRARY is None:
        log.warning("without the native part", why="not built for these sources, or TRUCE_NATIVE=0", slower="ten times")


# -- intake ------------------------------------------------------------------------------------------------------------


def reports_taken(received: int, ticks: int, routed: int, outside: int, located: Mapping[tuple[str, int], int]) -> None:
    """A chunk of a report topic is through; refusals are counted one by one."""
    counted.RECEIVED.inc(received)
    counted.TICKS_READ.inc(ticks)
    counted.ROUTED.inc(routed)
    counted.OUTSIDE.inc(outside)
    for (method, precision), count in located.items():
        counted.LOCATED.labels(method, str(precision)).inc(count)
    counted.BATCH.labels("intake").observe(received + ticks)


def log_written(records: int, judge_s: float, write_s: float, live_timestamps_ms: Sequence[int]) -> None:
    """Everything that came of the chunk has arrived."""
    counted.LOG_WRITTEN.inc(records)
    counted.STEP_SECONDS.labels("intake", "judge").observe(judge_s)
    counted.STEP_SECONDS.labels("intake", "write").observe(write_s)
    if live_timestamps_ms:
        counted.AGES.observe("intake", live_timestamps_ms, time.time())


def report_rejected(stage: str, reason: str, source_class: str) -> None:
    counted.REJECTED.labels(stage, reason, source_class).inc()


def reason_of(rejection: Fact) -> str:
    """The label for a fact of `truce.rejected`."""
    return msgspec.json.decode(rejection.value, type=_Refused).reason


def terms_refused(detail: str) -> None:
    """News: terms cannot be used; reports are routed by those before them, if there are any."""
    log.error("terms refused", detail=detail)


def report_raised(stage: str, where: str, fault: BaseException) -> None:
    """News: a bug of ours. The report is refused as an internal error, and leaves a marker."""
    log.error("report raised", stage=stage, where=where, exc_info=fault)


def reports_gone(topic: str, partition: int, start: int, end: int) -> None:
    """News: retention took messages before they were read. One marker stands for them."""
    log.error("messages deleted before they were read", topic=topic, partition=partition, start=start, end=end)


# -- monitor -----------------------------------------------------------------------------------------------------------


def transaction_committed(
    decided: int, facts: Mapping[str, int], steps_s: Mapping[str, float], live_timestamps_ms: Sequence[int]
) -> None:
    counted.TRANSACTIONS.labels("committed").inc()
    counted.DECIDED.inc(decided)
    counted.BATCH.labels("monitor").observe(decided)
    for step, seconds in steps_s.items():
        counted.STEP_SECONDS.labels("monitor", step).observe(seconds)
    for topic, count in facts.items():
        counted.PUBLISHED.labels(topic).inc(count)
    if live_timestamps_ms:
        counted.AGES.observe("monitor", live_timestamps_ms, time.time())


def transaction_aborted(partition: int, fault: BaseException) -> None:
    """News: the partition's state is discarded and rebuilt."""
    counted.TRANSACTIONS.labels("aborted").inc()
    log.warning("transaction aborted", partition=partition, error=repr(fault))


def recovery_done(partition: int, replayed: int, next_offset: int, seconds: float) -> None:
    """News where there was something to replay."""
    counted.RECOVERIES.inc()
    if replayed:
        log.info("state rebuilt", partition=partition, replayed=replayed, next_offset=next_offset, seconds=round(seconds, 1))


def gap_filled(partition: int, start: int, end: int) -> None:
    """News: the group delivered from beyond the state's position, so its offset had been moved."""
    counted.GAPS.inc()
    log.warning("gap in what the group delivered, read from the log", partition=partition, start=start, end=end)


def checkpoint_lost(partition: int, next_offset: int) -> None:
    """News: there is no position, but something was announced or refused; the state is rebuilt up to the last of that."""
    log.warning("checkpoint lost, rebuilt from the log and what was announced", partition=partition, next_offset=next_offset)


def truce_halted(partition: int, truce: str, why: str) -> None:
    """News: nothing more is decided for this truce until the bug is mended and the worker started again.

    `why`: type and places of the fault, or what is wrong with its terms; nothing that a report says.
    """
    log.error("truce halted", partition=partition, truce=truce, why=why)


def truce_resumed(partition: int, truce: str) -> None:
    """News: it was without usable terms, and has some now."""
    log.info("truce goes on", partition=partition, truce=truce)


# -- clock -------------------------------------------------------------------------------------------------------------


def tick_written(at_s: int, written: int, failed: int) -> None:
    """A tick has gone where it could."""
    if written:
        counted.LAST_TICK.set(at_s)
    counted.TICKS_WRITTEN.inc(written)
    counted.TICKS_FAILED.inc(failed)


def tick_failed(topic: str, partition: int, fault: BaseException) -> None:
    """News: this partition holds the time of its truces back."""
    log.warning("tick not written", topic=topic, partition=partition, error=repr(fault))


def clock_blind(fault: BaseException) -> None:
    """News: no tick was written at all."""
    counted.TICKS_FAILED.inc()
    log.warning("clock cannot list the report topics", error=repr(fault))


__all__ = [
    "checkpoint_lost",
    "clock_blind",
    "gap_filled",
    "log_written",
    "reason_of",
    "recovery_done",
    "report_raised",
    "report_rejected",
    "reports_gone",
    "reports_taken",
    "started",
    "terms_refused",
    "tick_failed",
    "tick_written",
    "transaction_aborted",
    "transaction_committed",
    "truce_halted",
    "truce_resumed",
]
