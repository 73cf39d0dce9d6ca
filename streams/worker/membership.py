"""Who holds the place in a group that an `instance_id` names. Two live workers of one name would take it from each other.

The broker gives the place to whoever asked last, and tells the one before that it knows no such member. The client would
ask for the place anew, and so on, at every heartbeat. Here the one that lost it stops asking, and its process ends.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

from aiokafka.errors import CommitFailedError, UnknownMemberIdError

FENCED_INSTANCE_ID = 82
"""A code of the broker that aiokafka does not know: another member has the place."""
OFFSET_COMMIT, JOIN_GROUP, HEARTBEAT, SYNC_GROUP = 8, 11, 12, 14


def hold_place(coordinator: Any, session_s: float, displaced: Callable[[], None]) -> None:
    """Watch what the broker answers a member whose place has a name; call `displaced` once another has taken it.

    A member that was silent for a session (it was frozen, or cut off) lost its place by that, and may ask for it again.
    """
    ask, known_at, lost = coordinator._send_req, time.monotonic(), False

    async def watched(request: Any) -> Any:
        nonlocal known_at, lost
        asked_at = time.monotonic()
        if not lost:
            answer = await ask(request)
            codes = set(_codes(answer))
            known_at = asked_at if codes == {0} else known_at
            forgotten = UnknownMemberIdError.errno in codes and time.monotonic() - known_at < session_s
            if not forgotten and FENCED_INSTANCE_ID not in codes:
                return answer
            lost = True
            displaced()
        if request.API_KEY != OFFSET_COMMIT:
            await asyncio.shield(coordinator._closing)  # not to ask again, whatever the client does about it
        raise CommitFailedError("Another member has the place, and the group has already rebalanced")

    coordinator._send_req = watched


def _codes(answer: Any) -> Iterator[int]:
    """The error codes of an answer in which the broker says whether it knows the member."""
    if answer.API_KEY == OFFSET_COMMIT:
        yield from (code for _, partitions in answer.topics for _, code in partitions)
    elif answer.API_KEY in (JOIN_GROUP, HEARTBEAT, SYNC_GROUP):
        yield answer.error_code


__all__ = ["hold_place"]
