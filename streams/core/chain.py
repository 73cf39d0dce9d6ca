"""Announce changes of phase: a chain per truce, each change bound to the one before it by its digest.

`reconcile` compares what follows from all that is known now with what was announced and stands. What no longer holds is
voided, newest first; what is new follows. Nothing announced is ever rewritten.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from schemas.facts import PhaseChange
from schemas.reasons import ChangeKind, ChangeReason, Phase
from streams.core.gate import Wanted

BODY_MAX = 500_000
"""Bytes. No message exceeds 512 KB."""

_encode = msgspec.json.Encoder().encode


class Issued(NamedTuple):
    """A change that was announced and stands."""

    id: str
    wanted: Wanted


class Chain:
    """The changes announced for one truce. `body(wanted, kind, supersedes, cut)` gives a change without id and place."""

    def __init__(self) -> None:
        self.head: str | None = None
        self.sequence = 0
        self.standing: list[Issued] = []

    def phase(self, zone: str) -> Phase:
        """The phase that stands."""
        return next((issued.wanted.after for issued in reversed(self.standing) if issued.wanted.zone == zone), Phase.ANNOUNCED)

    def reconcile(
        self, wanted: Sequence[Wanted], void_reason: ChangeReason, body: Callable[[Wanted, str | None, int], PhaseChange]
    ) -> list[PhaseChange]:
        """What to announce so that exactly the wanted changes stand. `body` gives a change for a wanted one, what it
        supersedes, and how many entries its lists may have."""
        holds = {change.identity for change in wanted}
        announced: list[PhaseChange] = []
        for issued in reversed([issued for issued in self.standing if issued.wanted.identity not in holds]):
            was = issued.wanted
            undone = Wanted(
                ChangeKind.VOID,
                was.zone,
                was.after,
                was.before,
                was.effective_at,
                void_reason,
                f"the change {was.before} to {was.after} no longer holds",
                range(0),
            )
            announced.append(self._announce(undone, issued.id, body))
            self.standing.remove(issued)
        stands = {issued.wanted.identity for issued in self.standing}
        for change in wanted:
            if change.identity not in stands:
                announced.append(self._announce(change, None, body))
                self.standing.append(Issued(announced[-1].id, change))
        order = {change.identity: position for position, change in enumerate(wanted)}
        self.standing.sort(key=lambda issued: order[issued.wanted.identity])
        return announced

    def _announce(
        self, wanted: Wanted, supersedes: str | None, body: Callable[[Wanted, str | None, int], PhaseChange]
    ) -> PhaseChange:
        listed = 1 << 30
        while True:
            change = msgspec.structs.replace(body(wanted, supersedes, listed), sequence=self.sequence, previous=self.head)
            encoded = _encode(change)
            if len(encoded) <= BODY_MAX or listed == 0:
                break
            listed = min(listed, 128) // 2
        change = msgspec.structs.replace(change, id=sha256(encoded).hexdigest()[:32])
        self.head, self.sequence = change.id, self.sequence + 1
        return change


__all__ = ["Chain", "Issued"]
