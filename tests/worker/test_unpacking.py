"""A batch that is taken apart in pieces gives the records that it gives whole, and what unpacks to much stays bounded."""

import gzip
import math
import struct
import tracemalloc
from random import Random
from types import SimpleNamespace
from typing import Any

import lz4.frame
import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from streams.worker import unpacking
from streams.worker.unpacking import (
    HEADER,
    PIECE_BYTES_MAX,
    FetchResult,
    PartitionRecords,
    Records,
    bound_unpacking,
    lz4_most,
)

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
Message = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]


def batch(messages: list[Message], codec: int, base_offset: int = 1_000) -> bytes:
    """As a producer of transactions would send it, at an offset that a broker gave it."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=1,
        producer_id=7,
        producer_epoch=1,
        base_sequence=0,
        batch_size=2**31 - 1,
    )
    for number, (key, value, headers) in enumerate(messages):
        assert builder.append(number, 1_700_000_000_000 + number, key, value, headers) is not None
    built = bytearray(builder.build())
    struct.pack_into(">q", built, 0, base_offset)
    return bytes(built)


def some(seed: int, count: int = 400) -> list[Message]:
    """Short and long, with and without key, value and headers; repetitive, so that every codec makes it smaller."""
    random = Random(seed)

    def text() -> bytes | None:
        return None if random.random() < 0.1 else b"abcdef" * random.choice((0, 1, 5, 30, 200))

    return [(text(), text(), [("name", b"value" * n)] * n) for n in random.choices((0, 0, 1, 3), k=count)]


def weight(message: Message) -> int:
    """Bytes of a record, at most."""
    key, value, headers = message
    return len(key or b"") + len(value or b"") + sum(len(name) + len(said) + 6 for name, said in headers) + 30


def seen(records: Any) -> tuple[list[Any], list[tuple[int, int, bool]]]:
    """What a consumer is given, record by record, and what it reads off each batch."""
    found, batches = [], []
    while records.has_next():
        one = records.next_batch()
        assert one.validate_crc()
        batches.append((one.base_offset, one.next_offset, one.is_transactional))
        found += [(r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in one]
    return found, batches


@pytest.mark.parametrize("codec", [0, GZIP, SNAPPY, LZ4, ZSTD])
@pytest.mark.parametrize("piece", [300, 5_000, PIECE_BYTES_MAX])
def test_pieces_hold_the_records_of_the_whole(monkeypatch: pytest.MonkeyPatch, codec: int, piece: int) -> None:
    monkeypatch.setattr(unpacking, "PIECE_BYTES_MAX", piece)
    fetched = b"".join(batch([m for m in some(seed) if weight(m) < piece], codec, seed * 1_000) for seed in (1, 2))
    whole, batches = seen(MemoryRecords(fetched))
    pieces, cut = seen(Records(fetched))
    assert pieces == whole
    assert (len(cut) > len(batches)) == (piece < PIECE_BYTES_MAX and codec in (GZIP, LZ4, ZSTD))
    # The client goes on behind the last record of each, and behind the last of all where it would have.
    assert [next_offset for _, next_offset, _ in cut] == sorted({next_offset for _, next_offset, _ in cut})
    assert cut[-1] == batches[-1]


def test_offsets_that_compaction_took_from_the_end_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "PIECE_BYTES_MAX", 300)
    fetched = bytearray(batch(some(3), GZIP))
    struct.pack_into(">i", fetched, 23, 5_000)
    struct.pack_into(">I", fetched, 17, calc_crc32c(bytes(fetched[21:])))
    assert seen(Records(bytes(fetched)))[1][-1][1] == 1_000 + 5_001


@pytest.mark.parametrize("codec", [GZIP, LZ4, ZSTD])
def test_a_huge_record_keeps_the_beginnings_of_its_key_and_value(codec: int) -> None:
    most = PIECE_BYTES_MAX
    huge = [
        (b"k", b"v" * (most + 5), [("a", b"1")]),
        (b"k" * (2 * most), None, [("a", b"1")]),
        (None, b"v", [("a", b"1" * (most + 1))]),
        (b"k", b"v", [("b", b"2")]),
    ]
    found, _ = seen(Records(batch(huge, codec)))
    assert [(offset, key, value, headers) for offset, _, key, value, headers in found] == [
        (1_000, b"k", b"v" * most, (("a", b"1"),)),
        (1_001, b"k" * most, None, (("a", b"1"),)),
        (1_002, None, b"v", ()),
        (1_003, b"k", b"v", (("b", b"2"),)),
    ]


@pytest.mark.parametrize("codec", [GZIP, LZ4, ZSTD])
def test_what_unpacks_to_much_stays_bounded(codec: int) -> None:
    fetched = batch([(None, b" " * 200_000, [])] * 1_000, codec)
    assert len(fetched) < 2_000_000
    records, count = Records(fetched), 0
    tracemalloc.start()
    while records.has_next():
        count += sum(len(record.value) == 200_000 for record in records.next_batch())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 1_000
    assert peak < 8 * PIECE_BYTES_MAX, f"{peak:,} bytes for a batch of 200 MB"


def test_a_batch_whose_checksum_is_wrong_is_left_to_the_client() -> None:
    damaged = bytearray(batch(some(4), ZSTD))
    damaged[-10] ^= 1
    assert not Records(bytes(damaged)).next_batch().validate_crc()


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 300_000, 5_000_000])
@pytest.mark.parametrize("block", [4, 5, 6, 7])
def test_what_an_lz4_frame_comes_to_is_told_by_its_blocks(size: int, block: int) -> None:
    unpacked = Random(size).randbytes(size // 2) + b" " * (size - size // 2)
    for checksums in range(4):
        packed = lz4.frame.compress(
            unpacked, block_size=block, content_checksum=checksums & 1, block_checksum=checksums & 2, store_size=checksums > 1
        )
        most, block_bytes = lz4_most(memoryview(packed)), 1 << 8 + 2 * block
        assert size <= most < size + block_bytes
        # Of what is not one whole frame nothing can be told.
        for other in (packed[:-1], packed[:10], packed + b" ", packed + packed, b"?" + packed):
            assert lz4_most(memoryview(other)) == math.inf


def test_an_lz4_frame_of_many_blocks_is_not_looked_through() -> None:
    packed = lz4.frame.compress(b" " * PIECE_BYTES_MAX * 4, block_size=4)
    assert lz4_most(memoryview(packed)) == math.inf


def remade(records: bytes, count: int) -> bytes:
    """A gzip batch of exactly these bytes, with a right checksum."""
    packed = gzip.compress(records)
    header = bytearray(batch(some(1), GZIP)[: HEADER.size])
    struct.pack_into(">i", header, 8, HEADER.size - 12 + len(packed))
    struct.pack_into(">i", header, 57, count)
    struct.pack_into(">I", header, 17, calc_crc32c(bytes(header[21:]) + packed))
    return bytes(header) + packed


@pytest.mark.parametrize(
    ("records", "count"),
    [
        (b"\x0e\x00\x00\x00\x01\x01\x00\x00" + b" " * 9_000, 1),  # more than its records
        (b"\xfe\xff\x7f\x00\x00\x00\x01\xff\xff\x7f" + b" " * 9_000, 1),  # a value that is not all there
        (b"\x01" + b" " * 9_000, 2),  # a record of less than nothing
    ],
)
def test_a_batch_that_is_not_what_it_says_is_corrupt(monkeypatch: pytest.MonkeyPatch, records: bytes, count: int) -> None:
    monkeypatch.setattr(unpacking, "PIECE_BYTES_MAX", 1_000)
    with pytest.raises(CorruptRecordException):
        seen(Records(remade(records, count)))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names that are replaced are put back afterwards."""
    for name in ("MemoryRecords", "PartitionRecords", "FetchResult"):
        monkeypatch.setattr(fetcher, name, getattr(fetcher, name))


def test_what_is_handed_out_at_once_is_bounded_by_bytes(client: None) -> None:
    bound_unpacking()
    tp = TopicPartition("reports.field", 0)
    state = SimpleNamespace(paused=False, position=1_000)
    state.consumed_to = lambda offset: setattr(state, "position", offset)
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    records = fetcher.MemoryRecords(batch([(None, b" " * 200_000, [])] * 200 + [(None, b"short", [])] * 5_000, GZIP))
    unpacked = fetcher.PartitionRecords(tp, records, [], 1_000, None, None, True, fetcher.READ_UNCOMMITTED)
    result = fetcher.FetchResult(tp, assignment=assignment, partition_records=unpacked, backoff=0)
    taken = []
    while result.has_more():
        taken.append(result.getall(1_000))
        assert sum(len(record.value) for record in taken[-1]) <= PIECE_BYTES_MAX + 200_000
        assert state.position == taken[-1][-1].offset + 1
    assert [record.offset for records in taken for record in records] == list(range(1_000, 6_200))
    assert [len(records) for records in taken[:4]] == [42] * 4
    assert len(taken[-2]) == 1_000


def test_it_takes_the_place_of_what_the_client_uses(client: None) -> None:
    bound_unpacking()
    bound_unpacking()
    assert (fetcher.MemoryRecords, fetcher.PartitionRecords, fetcher.FetchResult) == (Records, PartitionRecords, FetchResult)


def test_records_are_as_the_client_gives_them(client: None) -> None:
    fetched, tp = batch(some(5), LZ4), TopicPartition("reports.field", 3)

    def given(records_type: type) -> list[Any]:
        return list(records_type(tp, MemoryRecords(fetched), [], 1_007, None, None, True, fetcher.READ_COMMITTED))

    whole, ours = given(fetcher.PartitionRecords), given(PartitionRecords)
    assert len(ours) == 393
    assert [record._asdict() | {"headers": tuple(record.headers)} for record in ours] == [
        {name: value for name, value in vars(record).items() if name != "checksum"} for record in whole
    ]


@pytest.mark.parametrize("name", ["MemoryRecords", "PartitionRecords", "FetchResult"])
def test_a_client_that_is_not_as_known_stops_the_start(client: None, name: str) -> None:
    delattr(fetcher, name)
    with pytest.raises(RuntimeError, match="aiokafka no longer"):
        bound_unpacking()
