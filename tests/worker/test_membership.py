"""A place with a name: who loses it to another stops asking; who lost it by silence asks again."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import CommitFailedError

from streams.worker import membership
from streams.worker.membership import FENCED_INSTANCE_ID, HEARTBEAT, OFFSET_COMMIT, hold_place

SESSION_S = 10.0
UNKNOWN_MEMBER = 25


class Coordinator:
    """Answers with the codes it is given, one a request, and keeps what it was asked."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.asked: list[int] = []
        self._closing = asyncio.get_running_loop().create_future()

    async def _send_req(self, request: SimpleNamespace) -> SimpleNamespace:
        self.asked.append(request.API_KEY)
        code = self.codes.pop(0)
        return SimpleNamespace(API_KEY=request.API_KEY, error_code=code, topics=[("topic", [(0, code)])])


def ask(api_key: int) -> SimpleNamespace:
    return SimpleNamespace(API_KEY=api_key)


@pytest.mark.parametrize(
    ("codes", "silent_s", "displaced"),
    [
        ((0, 0), 3, 0),
        ((0, 16), 3, 0),  # the coordinator has moved
        ((0, 22), 3, 0),  # the group has a newer generation
        ((0, UNKNOWN_MEMBER), 3, 1),
        ((0, UNKNOWN_MEMBER), SESSION_S, 0),  # it was silent for a session: the place was free
        ((0, FENCED_INSTANCE_ID), SESSION_S, 1),
    ],
)
@pytest.mark.parametrize("api_key", [HEARTBEAT, OFFSET_COMMIT])
def test_only_a_place_that_another_has_taken_counts_as_lost(
    monkeypatch: pytest.MonkeyPatch, api_key: int, codes: tuple[int, ...], silent_s: float, displaced: int
) -> None:
    now, told = [100.0], []
    monkeypatch.setattr(membership.time, "monotonic", lambda: now[0])

    async def run() -> None:
        coordinator = Coordinator(*codes)
        hold_place(coordinator, SESSION_S, lambda: told.append("displaced"))
        assert (await coordinator._send_req(ask(api_key))).error_code == 0
        now[0] += silent_s
        coordinator._closing.set_result(None)
        try:
            assert (await coordinator._send_req(ask(api_key))).error_code == codes[1]
        except CommitFailedError:
            assert displaced

    asyncio.run(run())
    assert len(told) == displaced


def test_who_has_lost_its_place_asks_for_nothing_more() -> None:
    async def run() -> Coordinator:
        coordinator = Coordinator(UNKNOWN_MEMBER)
        hold_place(coordinator, SESSION_S, lambda: None)
        waits = asyncio.create_task(coordinator._send_req(ask(HEARTBEAT)))
        await asyncio.sleep(0)
        with pytest.raises(CommitFailedError, match="already rebalanced"):
            await coordinator._send_req(ask(OFFSET_COMMIT))
        assert not waits.done()
        waits.cancel()
        await asyncio.sleep(0)
        assert not coordinator._closing.done(), "who waits for the end must not make it"
        return coordinator

    assert asyncio.run(run()).asked == [HEARTBEAT]
