"""Markers that stand: what was refused through no fault of its own keeps the days that it may concern from being quiet."""

from typing import Any

import msgspec

from schemas.facts import Marker
from schemas.reasons import Reason


class Markers:
    """By name. No more than a limit are told apart: the one that reaches it stands for all days and all that follow it."""

    def __init__(self) -> None:
        self._standing: dict[str, Marker] = {}
        self._overflow: str | None = None

    def __len__(self) -> int:
        return len(self._standing)

    def put(self, marker: Marker, most: int) -> bool:
        """Whether it is new."""
        if marker.marker in self._standing or self._overflow is not None:
            return False
        if len(self._standing) + 1 >= most:
            marker = Marker(marker.truce, marker.marker, marker.reason)
            self._overflow = marker.marker
        self._standing[marker.marker] = marker
        return True

    def lift(self, name: str) -> bool:
        """Whether it stood."""
        if name == self._overflow:
            self._overflow = None
        return self._standing.pop(name, None) is not None

    def lift_all(self, reason: Reason) -> bool:
        """Those that stand for this reason. Whether there were any."""
        names = [name for name, marker in self._standing.items() if marker.reason is reason]
        return any([self.lift(name) for name in names])

    def stands(self, zone: str, start_s: int, end_s: int) -> bool:
        """Whether one may concern a zone at some time in [start, end)."""
        return any(
            (marker.zones is None or zone in marker.zones)
            and (marker.start is None or marker.start < end_s)
            and (marker.end is None or marker.end > start_s)
            for marker in self._standing.values()
        )

    def kept(self) -> dict[str, Any]:
        """For a base; `restore` takes it back."""
        standing = [msgspec.to_builtins(self._standing[name]) for name in sorted(self._standing)]
        return {"standing": standing, "overflow": self._overflow}

    def restore(self, kept: dict[str, Any]) -> None:
        self._standing = {marker.marker: marker for marker in msgspec.convert(kept["standing"], list[Marker])}
        self._overflow = kept["overflow"]


__all__ = ["Markers"]
