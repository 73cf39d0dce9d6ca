"""Let go of a client of Kafka. Nothing depends on how its connections end, so nobody waits long for that.

The end of a TLS connection may take half a minute (tried): a partition that is given back would hold up its group, and a
process that is told to stop would be killed.
"""

import asyncio
from typing import Any, Protocol

CLOSE_S_MAX = 2.0


class Client(Protocol):
    async def stop(self) -> Any: ...


async def close(client: Client) -> None:
    """Stop it; what is not done in time goes on behind us. Raises what stopping raised."""
    closing = asyncio.ensure_future(client.stop())
    await asyncio.wait([closing], timeout=CLOSE_S_MAX)
    if closing.done():
        closing.result()


__all__ = ["close"]
