"""The rejection of a report by the monitor, and the name of the marker that it leaves."""

from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from schemas.facts import Fact, LocatedReport, Marker, Rejected, Rejection
from schemas.reasons import Reason
from schemas.topics import REJECTED
from streams.core.intake import RECEIVED_AT_HEADER, RETRY_HEADER
from streams.core.terms import SIMULATED_PREFIX

_encode = msgspec.json.Encoder().encode


def refusal(record: LocatedReport, rejection: Rejection) -> Fact:
    """With the bytes it came in, and the headers that a retry needs."""
    body = Rejected(
        reason=rejection.reason,
        detail=rejection.detail,
        origin=record.origin,
        stage="monitor",
        original=bytes(record.report),
        truce=record.truce,
        original_headers=list(_headers(record)),
    )
    return Fact(REJECTED, str(record.origin), _encode(body))


def marker_of(record: LocatedReport, reason: Reason, start_s: int | None = None, end_s: int | None = None) -> Marker:
    """The marker that a refusal leaves on the days from `start_s` to `end_s`, or all.

    A retry that is refused again leaves the one that stands, so that to mend it once is enough.
    """
    name = record.retry_of or str(record.origin)
    return Marker(record.truce, name, reason, None, start_s, end_s, digest_of(bytes(record.report)))


def digest_of(report: bytes) -> str:
    """By which a report that is published again is known to be the one that was refused."""
    return blake2b(report, digest_size=16).hexdigest()


def _headers(record: LocatedReport) -> Iterator[tuple[str, bytes]]:
    if record.origin.topic.startswith(SIMULATED_PREFIX):
        yield RECEIVED_AT_HEADER, str(record.received_at).encode()
    if record.retry_of is not None:
        yield RETRY_HEADER, record.retry_of.encode()


__all__ = ["digest_of", "marker_of", "refusal"]
