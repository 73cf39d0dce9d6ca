"""The Faust app as we use it: a group, an agent, an assignment. No tables, no web server, no leader, no producer.

What Faust would write itself it does not write: results go out through producers of our own, which are awaited.
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import faust
from faust.tables.manager import TableManager
from faust.types import TP

from streams.settings import Settings

SESSION_TIMEOUT_S = 10
HEARTBEAT_S = 3
COMMIT_INTERVAL_S = 1
EVENTS_MAX = 4_096
"""Faust counts events, and ours are chunks. The transport is what limits them, per partition; this is never reached."""
NEVER_S = 10_000_000
"""A member is judged by its heartbeats and the process by its progress, not by the time between two polls."""


class ChunkSchema(faust.Schema):
    """Nothing to decode: what the transport delivers is a chunk of records as they came."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> None:
        return None

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return message.value


class NoTables(TableManager):
    """Stock Faust waits a second at every start for tables to be declared."""

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


class ChunkApp(faust.App):
    """`pattern`: what to subscribe to, a regular expression; None for the topics of the agent.

    `client` are the keyword arguments of every aiokafka client. `before_revoked` is awaited when partitions are about
    to be given back, before Faust waits for the agent to finish. `displaced` is
    called when another worker has taken the place that our `instance_id` names.
    """

    client: Mapping[str, Any]
    pattern: str | None
    before_revoked: Callable[[set[TP]], Awaitable[None]]
    displaced: Callable[[], None]

    def _create_directories(self) -> None:
        """There is nothing to keep on disk."""


def make_app(group: str, settings: Settings, pattern: str | None = None) -> ChunkApp:
    app = ChunkApp(
        group,
        broker="truce://kafka",  # names the transport; how to reach the broker is in `client`
        datadir=Path("."),
        autodiscover=False,
        TableManager=NoTables,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=True,
        stream_recovery_delay=0.0,
        stream_buffer_maxsize=EVENTS_MAX,
        broker_session_timeout=SESSION_TIMEOUT_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_rebalance_timeout=60,
        broker_request_timeout=40,
        broker_max_poll_interval=NEVER_S,
        broker_commit_interval=COMMIT_INTERVAL_S,
        consumer_max_fetch_size=4_194_304,
        consumer_metadata_max_age_ms=settings.metadata_max_age_s * 1_000,
        consumer_group_instance_id=settings.instance_id and f"{group}-{settings.instance_id}",
    )
    app.client = settings.aiokafka()
    app.pattern = pattern
    app.before_revoked = _nothing
    app.boot_strategy.enable_kafka_producer = False
    return app


async def _nothing(revoked: set[TP]) -> None:
    return


__all__ = ["ChunkApp", "ChunkSchema", "make_app"]
