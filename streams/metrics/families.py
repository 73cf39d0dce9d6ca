"""The table of what is counted, in a registry of our own: the default one of the library is left as it is.

Labels come from closed lists; an id or free text is never one. What can be counted later is there from the start with
zero, so that a first refusal is an increase and not a new series.
"""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.registry import Collector

from schemas.reasons import Reason
from schemas.topics import TOPICS
from streams.metrics.ages import AgeHistogram

STAGES = ("intake", "monitor")
STEPS = {"intake": ("judge", "write"), "monitor": ("decide", "flush", "commit")}
SOURCE_CLASSES = ("independent", "side", "unlisted", "unreadable")
"""Who sent a refused report: an independent source of the terms, one of a side, any other, nobody that can be made out."""

AGE_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600)
STEP_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

COMMON: list[Collector] = []
OF_STAGE: dict[str, list[Collector]] = {"intake": [], "monitor": []}
"""A process shows only what its stage counts: a zero for what is counted elsewhere would be read as a fact."""


def _counted(stage: str | None, collector: Any) -> Any:
    (COMMON if stage is None else OF_STAGE[stage]).append(collector)
    return collector


def _counter(stage: str | None, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
    return _counted(stage, Counter(name, text, labels, registry=None))


def _gauge(stage: str | None, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
    return _counted(stage, Gauge(name, text, labels, registry=None))


def _histogram(name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
    return _counted(None, Histogram(name, text, labels, buckets=buckets, registry=None))


RECEIVED = _counter("intake", "truce_reports_received", "Reports read from the report topics.")
ROUTED = _counter("intake", "truce_reports_routed", "Reports that went into the log of at least one truce.")
OUTSIDE = _counter("intake", "truce_reports_outside", "Reports that concern no truce.")
LOCATED = _counter(
    "intake", "truce_reports_located", "Places found, by method and precision (UCDP scale).", ("method", "precision")
)
REJECTED = _counter(
    None, "truce_reports_rejected", "Reports refused, by stage, reason and class of source.", ("stage", "reason", "source_class")
)
TICKS_READ = _counter("intake", "truce_ticks_read", "Clock records read from the report topics.")
TICKS_WRITTEN = _counter("intake", "truce_ticks_written", "Clock records written into the report topics.")
TICKS_FAILED = _counter("intake", "truce_ticks_failed", "Clock records that could not be written.")
LAST_TICK = _gauge("intake", "truce_tick_written_timestamp_seconds", "The last tick written into the report topics.")
LOG_WRITTEN = _counter("intake", "truce_log_records_written", "Records that the intake wrote into the log.")
DECIDED = _counter("monitor", "truce_log_records_decided", "Records of the log that state has taken in.")
PUBLISHED = _counter("monitor", "truce_facts_published", "Facts committed, by topic.", ("topic",))
TRANSACTIONS = _counter("monitor", "truce_transactions", "Transactions, by how they ended.", ("outcome",))
RECOVERIES = _counter("monitor", "truce_recoveries", "States rebuilt from checkpoint and log.")
GAPS = _counter("monitor", "truce_gaps_filled", "Times that the group delivered from beyond the state's position.")
BATCH = _histogram(
    "truce_batch_records", "Records taken in one batch.", ("stage",), (1, 10, 100, 500, 1_000, 2_000, 4_000, 8_000, 16_000)
)
STEP_SECONDS = _histogram("truce_step_seconds", "Time of one step of a batch.", ("stage", "step"), STEP_BUCKETS_S)
AGES = _counted(
    None,
    AgeHistogram(
        "truce_report_age_seconds",
        "Age of reports when a stage is through with them: published to in the log, published to committed.",
        STAGES,
        AGE_BUCKETS_S,
    ),
)
BUILD = _gauge(None, "truce_build_info", "What runs here; always 1.", ("version", "rules", "stage"))
STARTED = _gauge(None, "truce_started_timestamp_seconds", "When this process started.", ("stage",))
TICK_INTERVAL = _gauge(None, "truce_tick_interval_seconds", "The setting tick_s.")
STUCK_AFTER = _gauge(None, "truce_stuck_after_seconds", "The setting stuck_after_s: who gets nowhere so long, ends.")


def register(stage: str) -> None:
    """Show what this stage may count, with zero."""
    for collector in (*COMMON, *OF_STAGE[stage]):
        REGISTRY.register(collector)
    for reason in Reason:
        for source_class in SOURCE_CLASSES:
            REJECTED.labels(stage, reason, source_class)
    for step in STEPS[stage]:
        STEP_SECONDS.labels(stage, step)
    BATCH.labels(stage)
    if stage == "monitor":
        for outcome in ("committed", "aborted"):
            TRANSACTIONS.labels(outcome)
        for topic in TOPICS:
            PUBLISHED.labels(topic.name)


__all__ = ["COMMON", "OF_STAGE", "REGISTRY", "SOURCE_CLASSES", "STAGES", "STEPS", "register"]
