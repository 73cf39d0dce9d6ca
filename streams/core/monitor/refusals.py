"""The rejection of a report by the monitor, and the name of the marker that it leaves."""

from collections.abc import Iterator

import msgspec

from schemas.facts import Fact, LocatedReport, Rejected, Rejection
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


def marker_of(record: LocatedReport) -> str:
    """A retry that is refused again leaves the marker that stands, so that to mend it once is enough."""
    return record.retry_of or str(record.origin)


def _headers(record: LocatedReport) -> Iterator[tuple[str, bytes]]:
    if record.origin.topic.startswith(SIMULATED_PREFIX):
        yield RECEIVED_AT_HEADER, str(record.received_at).encode()
    if record.retry_of is not None:
        yield RETRY_HEADER, record.retry_of.encode()


__all__ = ["marker_of", "refusal"]
