"""Take a compressed batch apart piece by piece, so that what unpacks to much never stands in memory at once.

aiokafka unpacks a batch as a whole, and a megabyte may unpack to gigabytes. Here a batch becomes pieces: batches that are not
compressed, each with as many of its records as fit. The client sees nothing but more batches, and asks for the next when it
is done with one; and what it hands out at once is bounded by bytes, not by number alone. Snappy is left to the client: by its
format it unpacks to 22 times its size at most. So is an lz4 batch whose blocks cannot come to more than a piece, which is
nearly every one.
"""

import gzip
import math
import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

import lz4.frame
import zstandard
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c, encode_varint
from aiokafka.structs import TopicPartition

PIECE_BYTES_MAX = 8_388_608
"""Of a piece, and of what is handed out of a partition at once, which ends with the record that goes beyond.

A longer record keeps as much of its key and of its value, and no headers beyond as much: it is far beyond what a report may
be, and is refused for that."""
READ_BYTES = 262_144

HEADER = struct.Struct(">qiibIhiqqqhii")
BEFORE_CRC, BEFORE_LENGTH = 21, 12
"""Bytes of the header that the checksum does not cover, and that the length does not count."""
MAGIC, COMPRESSION = 2, 0x07
LZ4_MAGIC = b"\x04\x22\x4d\x18"
BLOCK_SIZE = struct.Struct("<I")


class Codec(NamedTuple):
    """`most`: bytes that something packed may unpack to, as far as that can be told without unpacking."""

    opened: Callable[[BinaryIO], BinaryIO]
    most: Callable[[memoryview], float]


def lz4_most(packed: memoryview) -> float:
    """Of one frame, by the number of its blocks, each of which the format bounds."""
    if len(packed) < 7 or bytes(packed[:4]) != LZ4_MAGIC:
        return math.inf
    flags, block_max = packed[4], 1 << 8 + 2 * (packed[5] >> 4 & 7)
    at, most = 7 + 8 * (flags >> 3 & 1) + 4 * (flags & 1), 0
    while most <= PIECE_BYTES_MAX and at + 4 <= len(packed):
        (size,) = BLOCK_SIZE.unpack_from(packed, at)
        at += 4
        if not size:
            # Behind the end stands a checksum, if any; more would be another frame.
            return most if len(packed) - at == 4 * (flags >> 2 & 1) else math.inf
        at += (size & 0x7FFF_FFFF) + 4 * (flags >> 4 & 1)
        most += block_max
    return math.inf


CODECS = {
    1: Codec(lambda packed: gzip.GzipFile(fileobj=packed), lambda packed: 1_032 * len(packed)),
    3: Codec(lz4.frame.LZ4FrameFile, lz4_most),
    4: Codec(lambda packed: zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True), lambda packed: math.inf),
}
"""By their number in a batch."""


class Header(NamedTuple):
    """Of a batch, format 2."""

    base_offset: int
    length: int
    leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    first_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    count: int


class Records:
    """All batches of a fetch, as the client's own `MemoryRecords` gives them, with what is compressed in pieces."""

    def __init__(self, fetched: bytes) -> None:
        self._fetched = memoryview(fetched)
        self._batches = MemoryRecords(fetched)
        self._position = 0
        self._pieces: Pieces | None = None

    def size_in_bytes(self) -> int:
        return self._batches.size_in_bytes()

    def has_next(self) -> bool:
        return self._pieces is not None or self._batches.has_next()

    def next_batch(self) -> Any:
        if self._pieces is None:
            batch = self._batches.next_batch()
            (length,) = struct.unpack_from(">i", self._fetched, self._position + 8)
            packed = self._fetched[self._position : self._position + BEFORE_LENGTH + length]
            self._position += len(packed)
            if not _may_be_large(packed) or not batch.validate_crc():
                return batch  # whose checksum is wrong is for the client to refuse
            self._pieces = Pieces(packed)
        piece = self._pieces.next()
        if not self._pieces.left:
            self._pieces = None
        return MemoryRecords(piece).next_batch()


class Pieces:
    """A compressed batch as batches that are not. `left`: how many of its records are still to come."""

    def __init__(self, packed: memoryview) -> None:
        self._header = Header(*HEADER.unpack_from(packed))
        self._unpacked = CODECS[self._header.attributes & COMPRESSION].opened(BytesIO(packed[HEADER.size :]))
        self._ahead = bytearray()
        self._is_over = False
        self._taken = self._last_record = 0
        self.left = self._header.count

    def next(self) -> bytes:
        """The next piece, of one record at least."""
        self._read_up_to(PIECE_BYTES_MAX + 1)
        count, end = (self.left, len(self._ahead)) if self._is_over else self._whole_records()
        if count:
            records = bytes(self._ahead[:end])
            del self._ahead[:end]
        else:
            count, records = 1, self._cut_record()
        is_last = count == self.left
        if is_last and (self._ahead or self._unpacked.read(1)):
            raise CorruptRecordException("bytes are left in a batch after all of its records")
        self.left -= count
        return self._piece(records, count, is_last)

    def _read_up_to(self, wanted: int) -> None:
        while len(self._ahead) < wanted and not self._is_over:
            more = self._unpacked.read(min(READ_BYTES, wanted - len(self._ahead)))
            self._ahead += more
            self._is_over = not more

    def _whole_records(self) -> tuple[int, int]:
        """How many records are here from beginning to end, and where the last of them ends."""
        count = end = 0
        self._last_record = 0
        while count < self.left:
            try:
                length, begins = _varint(self._ahead, end)
            except IndexError:
                break
            if length < 0:
                raise CorruptRecordException(f"a record of {length} bytes")
            if begins + length > len(self._ahead):
                break
            self._last_record, end = end, begins + length
            count += 1
        return count, end

    def _cut_record(self) -> bytes:
        """One record that is longer than a piece, with the beginnings of its key and its value."""
        self._last_record = 0
        length = self._take_varint()
        ends = self._taken + length
        body = self._take(1, 1) + _written(self._take_varint()) + _written(self._take_varint())
        for _ in ("key", "value"):
            size = self._take_varint()
            kept = self._take(size, PIECE_BYTES_MAX)
            body += _written(len(kept) if size >= 0 else size) + kept
        size = ends - self._taken
        headers = self._take(size, PIECE_BYTES_MAX)
        body += headers if len(headers) == size else _written(0)
        return _written(len(body)) + body

    def _take_varint(self) -> int:
        self._read_up_to(10)
        try:
            value, end = _varint(self._ahead, 0)
        except IndexError:
            raise CorruptRecordException("a batch ends within a record") from None
        del self._ahead[:end]
        self._taken += end
        return value

    def _take(self, size: int, kept_max: int) -> bytes:
        """The next `size` bytes, of which only the first are kept."""
        kept = bytearray()
        while size > 0:
            self._read_up_to(min(size, READ_BYTES))
            if not self._ahead:
                raise CorruptRecordException("a batch ends within a record")
            step = min(size, len(self._ahead))
            kept += self._ahead[: min(step, kept_max - len(kept))]
            del self._ahead[:step]
            self._taken += step
            size -= step
        return bytes(kept)

    def _piece(self, records: bytes, count: int, is_last: bool) -> bytes:
        header = self._header._replace(
            length=HEADER.size - BEFORE_LENGTH + len(records),
            attributes=self._header.attributes & ~COMPRESSION,
            # The client goes on after this offset; behind the last record compaction may have taken others away.
            last_offset_delta=self._header.last_offset_delta if is_last else _offset_delta(records, self._last_record),
            count=count,
        )
        covered = HEADER.pack(*header)[BEFORE_CRC:] + records
        return HEADER.pack(*header._replace(crc=calc_crc32c(covered)))[:BEFORE_CRC] + covered


class Record(NamedTuple):
    """As the client's own `ConsumerRecord`, which costs three times as much to make."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    serialized_key_size: int
    serialized_value_size: int


_new = tuple.__new__


class PartitionRecords(fetcher.PartitionRecords):
    """The records of what was fetched of a partition, as they come out of its batches."""

    def _consumer_record(self, tp: TopicPartition, record: Any) -> Record:
        topic, partition = tp
        key, value = record.key, record.value
        key_size = -1 if key is None else len(key)
        value_size = -1 if value is None else len(value)
        told = record.offset, record.timestamp, record.timestamp_type
        return _new(Record, (topic, partition, *told, key, value, record.headers, key_size, value_size))


class FetchResult(fetcher.FetchResult):
    """What was fetched of a partition."""

    def getall(self, max_records: int | None = None) -> list[Any]:
        """The next records, in order: as many as told, or fewer where they are long."""
        if not self.check_assignment(self._topic_partition) or not self.has_more():
            return []
        taken, size = [], 0
        for record in self._partition_records:
            taken.append(record)
            size += record.serialized_key_size + record.serialized_value_size
            if len(taken) == max_records or size > PIECE_BYTES_MAX:
                self._update_position()
                return taken
        self._update_position()
        self._partition_records = None
        return taken


def _may_be_large(packed: memoryview) -> bool:
    """Whether it is a compressed batch that may unpack to more than a piece."""
    if len(packed) < HEADER.size or packed[16] != MAGIC:
        return False
    header = Header(*HEADER.unpack_from(packed))
    codec = CODECS.get(header.attributes & COMPRESSION)
    return codec is not None and header.count > 0 and codec.most(packed[HEADER.size :]) > PIECE_BYTES_MAX


def _varint(buffer: bytearray | bytes, at: int) -> tuple[int, int]:
    """(value, where it ends). Raises `IndexError` where the buffer ends first."""
    value = shift = 0
    while True:
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7


def _written(value: int) -> bytes:
    written = bytearray()
    encode_varint(value, written.append)
    return bytes(written)


def _offset_delta(records: bytes, at: int) -> int:
    """Of the record that begins there: after its length, its attributes and its time."""
    _, at = _varint(records, at)
    _, at = _varint(records, at + 1)
    return _varint(records, at)[0]


def bound_unpacking() -> None:
    """Have every consumer of this process unpack batches in pieces. Raises `RuntimeError` where the client is not as known."""
    used = {
        "FetchResult": {"getall", "check_assignment", "has_more", "_update_position"},
        "PartitionRecords": {"__next__", "_unpack_records", "_consumer_record"},
    }
    known = getattr(fetcher, "MemoryRecords", None) in (MemoryRecords, Records)
    if not known or not all(names <= set(dir(getattr(fetcher, owner, None))) for owner, names in used.items()):
        raise RuntimeError("aiokafka no longer takes what it fetched apart by the names that are replaced here")
    fetcher.MemoryRecords, fetcher.PartitionRecords, fetcher.FetchResult = Records, PartitionRecords, FetchResult


__all__ = ["PIECE_BYTES_MAX", "Record", "Records", "bound_unpacking", "lz4_most"]
