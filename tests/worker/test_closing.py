"""A client that takes its time to close holds up nobody; one that cannot close says so."""

import asyncio

import pytest

from streams.worker import closing


class Slow:
    ended = False

    async def stop(self) -> None:
        await asyncio.sleep(0.2)
        self.ended = True


class Failing:
    async def stop(self) -> None:
        raise OSError("the connection is gone")


def test_an_end_that_takes_long_goes_on_behind_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "CLOSE_S_MAX", 0.01)

    async def told() -> tuple[bool, bool]:
        slow = Slow()
        await closing.close(slow)
        at_once = slow.ended
        await asyncio.sleep(0.4)
        return at_once, slow.ended

    assert asyncio.run(told()) == (False, True)


def test_what_stopping_raises_is_raised() -> None:
    with pytest.raises(OSError, match="gone"):
        asyncio.run(closing.close(Failing()))
