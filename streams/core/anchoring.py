"""Group things around anchors, as a function of the set of things and of nothing else.

In canonical order each thing joins the group that it fits best, of those around earlier anchors that will have it, or else
becomes an anchor itself. It must be near the anchor; how well it fits is the mean over the anchor and a few more of the
group, its voices. So links never chain, and yet an anchor that says little does not decide alone.

The same groups come out whatever the order of arrival, because a change only ever makes *later* things decide again:
`resolve` takes those from a heap in canonical order, and when it reaches one, everything that its decision rests on is
final.
"""

from collections.abc import Callable, Collection, Hashable, Iterable
from heapq import heappop, heappush, nsmallest
from typing import Any, NamedTuple, Protocol


class Index(Protocol):
    """What is near what. Things meet in grids, and an anchor may be open to those it meets in one and not in another."""

    def add(self, thing: Any) -> None: ...
    def remove(self, thing: Any) -> None: ...
    def near(self, thing: Any, grids: Collection[Hashable] | None) -> Iterable[Any]: ...
    def near_of_source(self, thing: Any, source: str) -> Iterable[Any]: ...
    def open_anchors(self, thing: Any) -> Iterable[Any]: ...
    def add_anchor(self, thing: Any) -> tuple[Collection[Hashable], Iterable[tuple[Any, Hashable]]]: ...
    def remove_anchor(self, thing: Any) -> Iterable[tuple[Any, Hashable]]: ...
    def meets(self, anchor: Any, thing: Any, grid: Hashable) -> bool: ...


VOICES_MAX = 4
"""Of a group, beside its anchor, the first so many whose source terms list are compared with what comes later. More of
them find no more (measured), and what anybody may say in masses decides nothing and costs nothing."""
EXCLUDED = -8_000
"""What a voice that rules a thing out adds to the mean, thousandths of a bit: the most that a level may weigh."""

Change = tuple[Any, Any, bool]
"""(anchor, thing, joined): the thing joined or left the anchor's group; an anchor is a member of its own."""


class Work(NamedTuple):
    """Since the beginning: neighbours gone through, and pairs compared in full."""

    looked: int
    compared: int

    def __add__(self, other: "Work") -> "Work":  # type: ignore[override]
        return Work(self.looked + other.looked, self.compared + other.compared)


class Standing:
    """How a thing stands: whether it waits to decide, how well it fits where it is; of an anchor, its members by source, and
    its voices."""

    __slots__ = ("members", "queued", "score", "voices")

    def __init__(self) -> None:
        self.queued = False
        self.score = 0
        self.members: Any = None
        self.voices: list[Any] = []


class Anchoring:
    """Things carry `order`, `source`, `anchor` and `handle`, which is for what is known of them here.

    `score(one, other)` gives thousandths of a bit, or None where two exclude each other; a group has a thing from
    `threshold` on. With `exclusive`, a group holds one thing of each source, and has voices: things carry `listed`.
    Otherwise members are kept by identity and any number may join, and the anchor decides alone.
    """

    def __init__(self, index: Index, score: Callable[[Any, Any], int | None], threshold: int, exclusive: bool) -> None:
        self._index = index
        self._score = score
        self._threshold = threshold
        self._exclusive = exclusive
        self._heap: list[tuple[Any, int, Any]] = []
        self._pushed = 0
        self._gone: set[int] = set()
        self._changes: list[Change] = []
        self._looked = self._compared = 0

    def work(self) -> Work:
        return Work(self._looked, self._compared)

    def add(self, thing: Any) -> None:
        thing.handle = Standing()
        self._index.add(thing)
        self._push(thing)

    def remove(self, thing: Any) -> None:
        """Take a thing out; those that rested on it decide again at the next `resolve`."""
        self._index.remove(thing)
        if thing.anchor is not None:
            self._leave(thing)
        if thing.handle.queued:
            self._gone.add(id(thing))

    def forget(self, thing: Any) -> None:
        """Take out what nothing new can come near, without a change to anything: groups stay as they were."""
        self._index.remove(thing)
        if thing.anchor is thing:
            self._index.remove_anchor(thing)

    def resolve(self) -> list[Change]:
        """Let everything decide that has reason to. Gives what joined and left which group, in the order it happened."""
        heap = self._heap
        while heap:
            thing = heappop(heap)[2]
            thing.handle.queued = False
            if id(thing) in self._gone:
                self._gone.discard(id(thing))
                continue
            self._decide(thing)
        changes, self._changes = self._changes, []
        return changes

    def _push(self, thing: Any) -> None:
        if not thing.handle.queued:
            thing.handle.queued = True
            self._pushed += 1
            heappush(self._heap, (thing.order, self._pushed, thing))

    def _key(self, thing: Any) -> Any:
        return thing.source if self._exclusive else id(thing)

    def _fit(self, anchor: Any, thing: Any) -> int | None:
        """How well a thing fits what comes before it in a group; None where it does not."""
        self._compared += 1
        total = self._score(anchor, thing)
        if total is None:
            return None
        before = voices_before(anchor, thing.order) if self._exclusive else []
        self._compared += len(before)
        for voice in before:
            score = self._score(voice, thing)
            total += EXCLUDED if score is None else score
        mean = total // (len(before) + 1)
        return mean if mean >= self._threshold else None

    def _decide(self, thing: Any) -> None:
        best, best_score = None, 0
        order, key = thing.order, self._key(thing)
        for anchor in self._index.open_anchors(thing):
            self._looked += 1
            if anchor.order >= order:
                continue
            holder = anchor.handle.members.get(key)
            if holder is not None and holder is not thing and holder.order < order:
                continue
            score = self._fit(anchor, thing)
            if score is None:
                continue
            if best is None or score > best_score or (score == best_score and anchor.order < best.order):
                best, best_score = anchor, score
        target = thing if best is None else best
        if target is not thing.anchor:
            if thing.anchor is not None:
                self._leave(thing)
            self._join(thing, target, key)
        thing.handle.score = best_score

    def _join(self, thing: Any, anchor: Any, key: Any) -> None:
        thing.anchor = anchor
        if anchor is thing:
            thing.handle.members = {key: thing}
            if self._exclusive:
                thing.handle.voices = []
            self._changes.append((thing, thing, True))
            opened, closed = self._index.add_anchor(thing)
            for other, grid in closed:
                self._release(other, grid)
            if opened:
                self._attract(thing, opened)
            return
        displaced = anchor.handle.members.get(key)
        if displaced is not None:
            self._changes.append((anchor, displaced, False))
            displaced.anchor = None
            self._push(displaced)
        anchor.handle.members[key] = thing
        self._changes.append((anchor, thing, True))
        # Whoever was displaced is later, and so is all that heard it.
        self._hear(anchor, thing)

    def _leave(self, thing: Any) -> None:
        anchor = thing.anchor
        if anchor is thing:
            self._release(thing)
            self._changes.append((thing, thing, False))
            thing.anchor = thing.handle.members = None
            for other, grid in self._index.remove_anchor(thing):
                self._attract(other, (grid,))
            return
        del anchor.handle.members[self._key(thing)]
        self._changes.append((anchor, thing, False))
        thing.anchor = None
        self._hear(anchor, thing)
        if self._exclusive:
            # Its place in the group is free for a later one of the same source.
            for other in self._index.near_of_source(anchor, thing.source):
                self._looked += 1
                if other.order > thing.order and other.anchor is not anchor:
                    self._push(other)

    def _release(self, anchor: Any, grid: Hashable = None) -> None:
        """Its members (that it meets in a grid), but not itself, must look for another anchor."""
        before = anchor.handle.voices if self._exclusive else []
        for key, member in list(anchor.handle.members.items()):
            if member is not anchor and (grid is None or self._index.meets(anchor, member, grid)):
                del anchor.handle.members[key]
                self._changes.append((anchor, member, False))
                member.anchor = None
                self._push(member)
        if grid is not None and any(voice.anchor is not anchor for voice in before):
            self._hear(anchor, anchor)

    def _hear(self, anchor: Any, since: Any) -> None:
        """Where a thing that came or went is or was a voice, those after it that it concerns decide again."""
        if not self._exclusive:
            return
        order, voices = since.order, anchor.handle.voices
        new = since.listed and (len(voices) < VOICES_MAX or order < voices[-1].order)
        if since is not anchor and since not in voices and not new:
            return
        anchor.handle.voices = voices_of(member for member in anchor.handle.members.values() if member is not anchor)
        for other in self._index.near(anchor, None):
            self._looked += 1
            if other.order <= order or other.handle.queued or other is anchor:
                continue
            if other.anchor is anchor or self._suits_better(anchor, other):
                self._push(other)

    def _attract(self, anchor: Any, grids: Collection[Hashable]) -> None:
        """Later things that it would suit better than what they have decide again."""
        order = anchor.order
        for other in self._index.near(anchor, grids):
            self._looked += 1
            if other.order > order and not other.handle.queued and other is not anchor and self._suits_better(anchor, other):
                self._push(other)

    def _suits_better(self, anchor: Any, thing: Any) -> bool:
        """Whether a group would suit a thing better than what it has."""
        score, held = self._fit(anchor, thing), thing.anchor
        if score is None:
            return False
        return held is thing or score > thing.handle.score or (score == thing.handle.score and anchor.order < held.order)


def voices_before(anchor: Any, order: Any) -> list[Any]:
    """Those voices of a group that something of this order is compared with."""
    return [voice for voice in anchor.handle.voices if voice.order < order]


def voices_of(others: Iterable[Any]) -> list[Any]:
    """Of a group but its anchor."""
    return nsmallest(VOICES_MAX, (other for other in others if other.listed), key=lambda other: other.order)


__all__ = ["EXCLUDED", "VOICES_MAX", "Anchoring", "Change", "Index", "Work", "voices_of"]
