"""Stands in for the core's `LogPartition`: a chain over the records of a partition, and what goes wrong on demand.

Every record becomes one fact on `truce.phases` that holds its place in the chain, so that a lost, doubled or reordered
record shows in all that follow it.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping

import orjson

from schemas.facts import Fact
from streams.core.vitals import TruceVitals

RAISES = b"raises"
RAISES_IN_FLUSH = b"raises in flush"
TOO_BIG = b"too big"
HANGS = b"hangs"


class Gap(Exception):
    pass


class HeadsDiffer(Exception):
    pass


class ChainPartition:
    """`apply` raises on a record that begins with `RAISES`; `flush` on one with `RAISES_IN_FLUSH`."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.next_offset = 0
        self.recorded_offset = 0
        self.halted: dict[str, str] = {}
        self.count = 0
        self.head = ""
        self.skipped: list[int] = []
        self._recorded_head: str | None = None
        self._pending: list[Fact] = []
        self._poisoned = False

    @classmethod
    def restore(cls, number: int, checkpoints: Mapping[str, bytes], told: bool = False) -> "ChainPartition":
        partition = cls(number)
        if f"position/{number}" in checkpoints:
            recorded = orjson.loads(checkpoints[f"position/{number}"])
            partition.recorded_offset = recorded["next_offset"]
            partition.skipped = recorded["skipped"]
            partition._recorded_head = recorded["head"]
        return partition

    @staticmethod
    def announced(changes: Iterable[bytes], rejected: Iterable[bytes], next_offset: int) -> bytes:
        heads = [orjson.loads(value)["head"] for value in changes]
        return orjson.dumps({"next_offset": next_offset, "head": heads[-1] if heads else 0, "skipped": []})

    def apply(self, offset: int, value: bytes, key: bytes | None = None) -> None:
        if offset < self.next_offset:
            return
        if offset > self.next_offset:
            raise Gap(f"{offset} after {self.next_offset}")
        self.next_offset = offset + 1
        if offset in self.skipped:
            return
        if value.startswith(HANGS):
            time.sleep(3_600)
        if value.startswith(RAISES_IN_FLUSH):
            self._poisoned = True
        elif value.startswith(RAISES):
            raise ValueError("as the test asked")
        self.count += 1
        self.head = hashlib.sha256(self.head.encode() + value).hexdigest()
        body = {"partition": self.number, "count": self.count, "head": self.head, "offset": offset}
        if value.startswith(TOO_BIG):
            body["padding"] = b"".join(hashlib.sha512(bytes([n, m])).digest() for n in range(256) for m in range(110)).hex()
        self._pending.append(Fact("truce.phases", f"fake-{self.number}", orjson.dumps(body), (("log-offset", b"%d" % offset),)))
        self._pending.append(Fact("truce.levels", f"fake-{self.number}/all", orjson.dumps({"count": self.count})))

    def flush(self, publish: bool = True) -> list[Fact]:
        if self._poisoned:
            raise ValueError("in flush, as the test asked")
        facts, self._pending = self._pending, []
        return facts if publish else []

    def position(self) -> Fact:
        body = {"next_offset": self.next_offset, "head": self.head, "skipped": self.skipped}
        return Fact("truce.checkpoints", f"position/{self.number}", orjson.dumps(body))

    def bases(self) -> list[Fact]:
        return []

    def vitals(self) -> list[TruceVitals]:
        return []

    def source_class(self, rejected: bytes) -> str:
        return "unlisted"

    def recovered(self) -> None:
        if self._recorded_head not in (None, self.head):
            raise HeadsDiffer(f"{self.head} is not {self._recorded_head}")

    def refuse(self, offset: int, value: bytes, fault: Exception) -> tuple[list[Fact], list[bytes]]:
        self.skipped.append(offset)
        self.next_offset = offset + 1
        body = {"reason": "internal_error", "detail": str(fault), "original": value.decode()}
        rejection = Fact("truce.rejected", f"truce.located/{self.number}/{offset}", orjson.dumps(body))
        return [*self.flush(), rejection], [b"marker of %d" % offset]


def chain(values: list[bytes]) -> list[str]:
    """The heads that a partition with these records must publish, one a record."""
    heads, head = [], ""
    for value in values:
        head = hashlib.sha256(head.encode() + value).hexdigest()
        heads.append(head)
    return heads
