"""The topics: their names, keys, partitions and retention, in one table.

`truce topics` creates and checks them from here; the AsyncAPI document is held to it by a test.
"""

from typing import NamedTuple

LOCATED = "truce.located"
TERMS = "truce.terms"
PUBLIC_TERMS = "truce.terms.public"
REJECTED = "truce.rejected"
INCIDENTS = "truce.incidents"
EVIDENCE = "truce.evidence"
LEVELS = "truce.levels"
DAYS = "truce.days"
PHASES = "truce.phases"
CHECKPOINTS = "truce.checkpoints"

REPORTS_PREFIX = "reports."
FOR_EVER = "-1"


class Topic(NamedTuple):
    """`partitioned`: has as many partitions as the log; otherwise one. `config` is what the broker is told."""

    name: str
    key: str
    partitioned: bool
    restricted: bool
    config: dict[str, str]


_COMPACTED = {"cleanup.policy": "compact", "retention.ms": FOR_EVER}
_KEPT = {"cleanup.policy": "delete", "retention.ms": FOR_EVER, "retention.bytes": FOR_EVER}

TOPICS: tuple[Topic, ...] = (
    Topic(LOCATED, "truce id", True, True, _KEPT),
    Topic(TERMS, "truce id", False, True, _COMPACTED),
    Topic(PUBLIC_TERMS, "truce/hash of the terms", True, False, _COMPACTED),
    Topic(REJECTED, "topic/partition/offset of the refused message", True, True, _KEPT),
    Topic(INCIDENTS, "incident id", True, False, _COMPACTED),
    Topic(EVIDENCE, "incident id", True, True, _COMPACTED),
    Topic(LEVELS, "truce/zone", True, False, _COMPACTED),
    Topic(DAYS, "truce/zone/day", True, False, _COMPACTED),
    Topic(PHASES, "truce id", True, False, _KEPT),
    Topic(CHECKPOINTS, "position/partition or base/truce", True, True, _COMPACTED | {"segment.bytes": "1048576"}),
)

LIVE_REPORTS_CONFIG = {"cleanup.policy": "delete", "message.timestamp.type": "LogAppendTime"}
"""Live report topics: no source stamps its own time of receipt."""

SIMULATED_REPORTS_CONFIG = _KEPT | {"message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": str(2**63 - 1)}
"""Simulated report topics: records of long ago, so no retention by time; or of days to come."""
