"""What this process says on standard error: a line for what is news, of ours and of the libraries that it uses."""

import asyncio
import logging
import sys
import threading
import time
from typing import Any

import structlog

from streams.core.faults import places_of, told

SAME_WORDS_S = 30.0
KINDS_MAX = 1_000
"""Of lines, that are told apart."""

log = structlog.get_logger("truce")


def quieten(level: str) -> None:
    """Libraries speak up when something is wrong; what we say is one line each, on standard error.

    A fault is told by its type and its places in the code: what it says may hold the words of a report. What a library says
    again and again, of a broker that is gone for one, it says twice a minute.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Seldom())
    handler.setFormatter(_Discreet("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    threading.excepthook = _tell_thread
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _place_of_fault,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class _Seldom(logging.Filter):
    """Lets what is said in the same words by the same logger through once in half a minute, with how often it was meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key, now = (record.name, str(record.msg)), time.monotonic()
        since, count = self._said.get(key, (now - SAME_WORDS_S, 0))
        if now - since < SAME_WORDS_S:
            self._said[key] = since, count + 1
            return False
        if len(self._said) >= KINDS_MAX:
            self._said.clear()
        self._said[key] = now, 0
        if count:
            record.msg = f"{record.msg} (and {count} times since the last line of it)"
        return True


class _Discreet(logging.Formatter):
    """For what libraries say of a fault that passed through them: it may be one of ours."""

    def formatException(self, ei: Any) -> str:
        return told(ei[1])


def _tell_thread(ended: threading.ExceptHookArgs) -> None:
    """A thread of a client that is told to stop while it waits for a broker ends by being cancelled: no news."""
    if not issubclass(ended.exc_type, asyncio.CancelledError):
        log.error("a thread ended", thread=getattr(ended.thread, "name", None), exc_info=ended.exc_value)


def tell_unheard(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a task raised that nobody waited for. The loop's own words would hold the words of the fault."""
    log.error("nobody waited for this", what=context["message"], exc_info=context.get("exception"))


def _place_of_fault(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    fault = event.pop("exc_info", None)
    if isinstance(fault, BaseException):
        event["fault"], event["at"] = type(fault).__name__, places_of(fault)
    return event


__all__ = ["quieten", "tell_unheard"]
