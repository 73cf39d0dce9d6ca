"""An in-memory Kafka: logs with offsets, transactions with fencing and time-outs, groups that rebalance.

What matters for a promise of exactly once is imitated as Kafka does it: markers of a transaction take an offset, and
reach the partitions one after the other, after the commit was answered; whoever reads committed sees nothing from the
first open transaction on; a newer owner of a transactional id fences the older, whose late requests are turned away.
"""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, NamedTuple

from aiokafka.errors import ConcurrentTransactions, InvalidProducerEpoch, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from load_tests.simulation.loop import SimulatedLoop


class Record(NamedTuple):
    """`timestamp` in milliseconds, as the broker appended it, or as stated where the topic says so."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]

    timestamp_type = 1

    @property
    def serialized_value_size(self) -> int:
        return len(self.value or b"")


class Log:
    """One partition. A slot is a record or (None) a marker; beside it stands the transaction of a record, if it has one."""

    def __init__(self) -> None:
        self.slots: list[tuple[Record | None, Transaction | None]] = []
        self.start = 0
        self.open: dict[Transaction, int] = {}
        self.waiting: list[Any] = []

    @property
    def end(self) -> int:
        return len(self.slots)

    def delete_all(self) -> None:
        """Everything is gone, as after the topic was made anew; offsets go on. What a transaction left open is aborted."""
        self.slots = [(None, None)] * self.end
        self.start = self.end
        for transaction in list(self.open):
            transaction.unmarked.remove(self)
        self.open.clear()

    def stable_end(self) -> int:
        """From here on a committed read sees nothing yet."""
        return min(self.open.values(), default=self.end)

    def committed(self, start: int) -> list[Record]:
        found = self.slots[start : self.stable_end()]
        return [record for record, owner in found if record is not None and (owner is None or owner.outcome == "commit")]


class Transaction:
    """From the first record to the last marker. `outcome` is None while it is open, then `commit` or `abort`."""

    def __init__(self) -> None:
        self.outcome: str | None = None
        self.unmarked: list[Log] = []

    def enter(self, log: Log) -> None:
        if self not in log.open:
            log.open[self] = log.end
            self.unmarked.append(log)

    def mark(self, log: Log) -> None:
        log.slots.append((None, None))
        del log.open[self]
        self.unmarked.remove(log)

    @property
    def complete(self) -> bool:
        return self.outcome is not None and not self.unmarked


class Coordinated:
    """What the coordinator knows of a transactional id."""

    def __init__(self) -> None:
        self.epoch = -1
        self.transaction: Transaction | None = None


class Broker:
    """`epoch_s`: the virtual time 0, in seconds since 1970."""

    def __init__(self, loop: SimulatedLoop, random: Random, epoch_s: int) -> None:
        self.logs: dict[TopicPartition, Log] = {}
        self.offsets: dict[str, dict[TopicPartition, int]] = {}
        self.keeps_stated_time: set[str] = set()
        self.transaction_timeout_s = 10.0
        self._loop = loop
        self._random = random
        self._epoch_s = epoch_s
        self._ids: dict[str, Coordinated] = {}

    # -- topics --------------------------------------------------------------------------------------------------------

    def create(self, topic: str, partitions: int, stated_time: bool = False) -> None:
        for number in range(partitions):
            self.logs[TopicPartition(topic, number)] = Log()
        if stated_time:
            self.keeps_stated_time.add(topic)

    def partitions_of(self, topic: str) -> list[int]:
        return sorted(tp.partition for tp in self.logs if tp.topic == topic)

    def topics(self) -> list[str]:
        return sorted({tp.topic for tp in self.logs})

    def now_s(self) -> float:
        return self._epoch_s + self._loop.time()

    def append(self, tp: TopicPartition, entries: Sequence[Any], transaction: Transaction | None = None) -> None:
        """`entries` have a key, a value, headers and perhaps a stated time."""
        log = self.logs[tp]
        if transaction is not None:
            transaction.enter(log)
        for entry in entries:
            stated_ms = getattr(entry, "timestamp_ms", None) if tp.topic in self.keeps_stated_time else None
            at_ms = int(self.now_s() * 1_000) if stated_ms is None else stated_ms
            record = Record(tp.topic, tp.partition, log.end, at_ms, entry.key, entry.value, tuple(entry.headers))
            log.slots.append((record, transaction))
        _tell(log)

    def fetch(self, tp: TopicPartition, position: int, most: int) -> tuple[list[Record], int]:
        """Committed records from a position on, and the next position, beyond markers and what was aborted."""
        log = self.logs[tp]
        if not log.start <= position <= log.end:
            raise OffsetOutOfRangeError({tp: position})
        records = log.committed(position)
        if len(records) > most:
            return records[:most], records[most - 1].offset + 1
        return records, max(position, log.stable_end())

    def wait_for_news(self, tps: Iterable[TopicPartition]) -> Any:
        """A future that is done when one of the partitions may have something new to read."""
        future = self._loop.create_future()
        for tp in tps:
            self.logs[tp].waiting.append(future)
        return future

    # -- transactions --------------------------------------------------------------------------------------------------

    def initialise(self, transactional_id: str) -> int:
        """A new epoch. Raises `ConcurrentTransactions` until what the owner before left open is aborted everywhere."""
        known = self._ids.setdefault(transactional_id, Coordinated())
        transaction = known.transaction
        if transaction is not None and transaction.outcome is None:
            known.epoch += 1
            self._end(known, "abort")
        if known.transaction is not None and not known.transaction.complete:
            raise ConcurrentTransactions()
        known.transaction = None
        known.epoch += 1
        return known.epoch

    def add(self, transactional_id: str, epoch: int, tp: TopicPartition, entries: Sequence[Any]) -> None:
        """Produce within a transaction, which begins with the first record."""
        self.append(tp, entries, self._open(transactional_id, epoch))

    def end_transaction(self, transactional_id: str, epoch: int, outcome: str) -> None:
        """Answered when the decision is safe; the markers follow."""
        known = self._known(transactional_id, epoch)
        transaction = known.transaction
        if transaction is not None and transaction.outcome is None:
            self._end(known, outcome)

    def is_settled(self) -> bool:
        return all(known.transaction is None or known.transaction.complete for known in self._ids.values())

    def _known(self, transactional_id: str, epoch: int) -> Coordinated:
        known = self._ids[transactional_id]
        if epoch < known.epoch:
            raise InvalidProducerEpoch()
        return known

    def _open(self, transactional_id: str, epoch: int) -> Transaction:
        known = self._known(transactional_id, epoch)
        if known.transaction is not None and known.transaction.outcome is not None:
            if not known.transaction.complete:
                raise ConcurrentTransactions()
            known.transaction = None
        if known.transaction is None:
            known.transaction = transaction = Transaction()
            self._later(self.transaction_timeout_s, lambda: self._time_out(known, transaction))
        return known.transaction

    def _time_out(self, known: Coordinated, transaction: Transaction) -> None:
        if known.transaction is transaction and transaction.outcome is None:
            known.epoch += 1
            self._end(known, "abort")

    def _end(self, known: Coordinated, outcome: str) -> None:
        transaction = known.transaction
        assert transaction is not None
        transaction.outcome = outcome
        delay_s = 0.0
        for log in self._random.sample(transaction.unmarked, len(transaction.unmarked)):
            delay_s += self._random.choice((0.0, 0.001, 0.02, 0.5))
            self._later(delay_s, lambda log=log: self._mark(transaction, log))

    def _mark(self, transaction: Transaction, log: Log) -> None:
        transaction.mark(log)
        _tell(log)

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        self._loop.call_world(delay_s, action)


def _tell(log: Log) -> None:
    waiting, log.waiting = log.waiting, []
    for future in waiting:
        if not future.done():
            future.set_result(None)


__all__ = ["Broker", "Log", "Record"]
