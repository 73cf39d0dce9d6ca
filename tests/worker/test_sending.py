"""Batches are compressed as lightly as is asked, and the client is not taken for what it is not."""

import sys

import pytest
from aiokafka.codec import lz4_decode, lz4_encode
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from streams.worker.sending import LZ4_LEVEL, compress_lightly
from streams.worker.unpacking import HEADER

LZ4 = 3
CLIENT = sys.modules[DefaultRecordBatchBuilder.__module__]


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name that is replaced is put back afterwards."""
    monkeypatch.setattr(CLIENT, "lz4_encode", lz4_encode)


def built() -> bytes:
    batch = BatchBuilder(1_000_000, LZ4)
    for number in range(500):
        batch.append(key=b"truce", value=f'{{"report_id":"r{number * 7_919 % 1_000}"}}'.encode(), timestamp=0, headers=[])
    return bytes(batch._build())


def test_a_batch_is_compressed_lightly_and_reads_the_same() -> None:
    heavy = built()
    compress_lightly()
    compress_lightly()
    light = built()
    assert len(light) > len(heavy)
    assert light[HEADER.size :] == lz4_encode(lz4_decode(heavy[HEADER.size :]), level=LZ4_LEVEL)
    assert [(r.key, r.value) for r in MemoryRecords(light).next_batch()] == [
        (r.key, r.value) for r in MemoryRecords(heavy).next_batch()
    ]


@pytest.mark.parametrize("known", [None, len])
def test_a_client_that_compresses_otherwise_is_not_taken_for_known(monkeypatch: pytest.MonkeyPatch, known: object) -> None:
    monkeypatch.setattr(CLIENT, "lz4_encode", known)
    with pytest.raises(RuntimeError):
        compress_lightly()
