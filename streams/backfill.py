"""Bring the past of a new truce into the log: what was on the report topics before its terms were published.

The intake follows terms to their end before it routes a message. So whatever is appended after terms were published it
routes by them itself, and the ends of the report topics, taken after that, are as far as this must read. Reports that
both of them bring are known by their id.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from schemas.topics import LOCATED, REPORTS_PREFIX
from streams import clients
from streams.core.intake import Incoming, Intake, terms_record
from streams.core.terms import Terms, TermsError
from streams.settings import Settings


class Backfilled(Struct):
    """Messages read, reports of them written to the log, and messages refused."""

    messages: int = 0
    reports: int = 0
    refused: int = 0


def bring_in_the_past(settings: Settings, terms: Terms, watch: Callable[[Backfilled], None] = lambda counts: None) -> Backfilled:
    """Call it after publishing the terms. `watch` is given the counts after every message.

    Refused messages are only counted: the intake has recorded them or will. Raises `BrokerProblem`, and `TermsError`
    for terms that cannot be used.
    """
    intake = Intake(settings.source_topics, settings.clock_skew_max_s, settings.gazetteers)
    refused = intake.follow(terms_record(terms))
    if refused is not None:
        raise TermsError(refused.detail)
    with clients.consumer(settings) as client:
        topics = sorted(name for name in client.topics() if name.startswith(REPORTS_PREFIX) and terms.takes_topic(name))
    counts = Backfilled()
    key = terms.truce.id.encode()
    with clients.producer(settings) as client:
        sending = clients.Sending(client, LOCATED)
        for record in clients.read(settings, topics):
            counts.messages += 1
            taken = intake.take(_incoming(record))
            if not isinstance(taken, list):
                counts.refused += 1
                taken = []
            # Ticks are left out: the log has the time already.
            for entry in taken:
                if entry.key == key:
                    sending.send(entry.value, key=entry.key, partition=entry.partition)
                    counts.reports += 1
            watch(counts)
        sending.settle()
    return counts


def _incoming(record: Any) -> Incoming:
    headers = tuple(record.headers)
    return Incoming(record.topic, record.partition, record.offset, record.timestamp, record.key, record.value, headers)


__all__ = ["Backfilled", "bring_in_the_past"]
