"""The core as one version before might have been: for a worker that is to be upgraded.

To its rules every settled day was quiet, and its bases have the format before this one. Imported by a process of its own.
"""

from streams.core import partition, snapshot
from streams.core.monitor import announcing, days

partition.RULES -= 1
announcing.RULES -= 1
snapshot.FORMAT -= 1
days.failed_conditions = lambda *given: frozenset()

OlderPartition = partition.LogPartition

__all__ = ["OlderPartition"]
