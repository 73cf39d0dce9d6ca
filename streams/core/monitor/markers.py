"""Markers that stand: what was refused through no fault of its own keeps the days that it may concern from being quiet."""

from typing import Any

import msgspec

from schemas.facts import Marker
from schemas.reasons import Reason


class Markers:
    """By name. No more than a limit are told apart: of others only the names are kept, and as long as there are any, no zone
    and no day is without one."""

    def __init__(self) -> None:
        self._standing: dict[str, Marker] = {}
        self._beyond: dict[str, tuple[Reason, str | None]] = {}

    def __len__(self) -> int:
        return len(self._standing) + len(self._beyond)

    def put(self, marker: Marker, most: int) -> bool:
        """Whether days may be other by it: one beyond the limit stands for all of them, and more of those change nothing."""
        if marker.marker in self._standing or marker.marker in self._beyond:
            return False
        if not self._beyond and len(self._standing) + 1 < most:
            self._standing[marker.marker] = marker
            return True
        self._beyond[marker.marker] = marker.reason, marker.digest
        return len(self._beyond) == 1

    def lift(self, name: str, digest: str | None = None) -> bool:
        """Whether it stood. With the digest of what was published again, only the marker of that very report."""
        marker = self._standing.get(name)
        known = self._beyond.get(name, (None, None))[1] if marker is None else marker.digest
        if digest is not None and known not in (None, digest):
            return False
        return self._standing.pop(name, None) is not None or self._beyond.pop(name, None) is not None

    def lift_all(self, reason: Reason) -> bool:
        """Those that stand for this reason. Whether there were any."""
        names = [name for name, marker in self._standing.items() if marker.reason is reason]
        names += [name for name, (of_it, _) in self._beyond.items() if of_it is reason]
        return any([self.lift(name) for name in names])

    def stands(self, zone: str, start_s: int, end_s: int) -> bool:
        """Whether one may concern a zone at some time in [start, end)."""
        return bool(self._beyond) or any(
            (marker.zones is None or zone in marker.zones)
            and (marker.start is None or marker.start < end_s)
            and (marker.end is None or marker.end > start_s)
            for marker in self._standing.values()
        )

    def kept(self) -> dict[str, Any]:
        """For a base; `restore` takes it back."""
        standing = [msgspec.to_builtins(self._standing[name]) for name in sorted(self._standing)]
        return {"standing": standing, "beyond": sorted(self._beyond.items())}

    def restore(self, kept: dict[str, Any]) -> None:
        self._standing = {marker.marker: marker for marker in msgspec.convert(kept["standing"], list[Marker])}
        self._beyond = {name: (Reason(reason), digest) for name, (reason, digest) in kept.get("beyond", ())}


__all__ = ["Markers"]
