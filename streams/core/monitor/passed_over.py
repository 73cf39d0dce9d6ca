"""Offsets of reports that were refused or outranked: a restart from a base must pass over them again.

What outranked them may be forgotten by then, and the judgement would be another. Where there are too many to remember,
no base is taken from which one would have to be known that is not: the restart reads more of the log instead.
"""


class PassedOver:
    """Ascending offsets, no more than a limit."""

    def __init__(self, offsets: list[int] | None = None) -> None:
        self._offsets = offsets or []
        self._lost = -1

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, offset: int, most: int) -> None:
        if len(self._offsets) < most:
            self._offsets.append(offset)
        else:
            self._lost = max(self._lost, offset)

    def since(self, first_offset: int) -> list[int] | None:
        """Those from an offset on, and forget the others; None where not all of them are known."""
        self._offsets = [offset for offset in self._offsets if offset >= first_offset]
        return None if self._lost >= first_offset else sorted(self._offsets)


__all__ = ["PassedOver"]
