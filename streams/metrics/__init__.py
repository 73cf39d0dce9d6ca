"""What the worker counts, what it shows of where things stand, and the pages that say so.

`families` is the table of what is counted, `happenings` one function per happening (which counts it and, when it is news,
logs one line), `standing` what is read only when somebody looks, `pages` serves /metrics, /live and /ready.
"""

from streams.metrics.families import REGISTRY
from streams.metrics.happenings import (
    checkpoint_lost,
    clock_blind,
    gap_filled,
    log_written,
    reason_of,
    recovery_done,
    report_raised,
    report_rejected,
    reports_gone,
    reports_taken,
    started,
    terms_refused,
    tick_failed,
    tick_written,
    transaction_aborted,
    transaction_committed,
    truce_halted,
    truce_resumed,
)
from streams.metrics.pages import Judgement, announced, serve
from streams.metrics.standing import STANDING, Standing

__all__ = [
    "REGISTRY",
    "STANDING",
    "Judgement",
    "Standing",
    "announced",
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
    "serve",
    "started",
    "terms_refused",
    "tick_failed",
    "tick_written",
    "transaction_aborted",
    "transaction_committed",
    "truce_halted",
    "truce_resumed",
]
