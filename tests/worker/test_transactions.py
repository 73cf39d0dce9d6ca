import asyncio
from typing import Any

import pytest
from aiokafka.producer import sender
from aiokafka.structs import TopicPartition

from schemas.facts import Fact
from schemas.topics import LEVELS, PHASES
from streams.worker import transactions
from streams.worker.sending import Outgoing
from streams.worker.transactions import SETTLES_S, PartitionWriter, begin_soon


class Producer:
    def __init__(self, **_: Any) -> None: ...
    async def begin_transaction(self) -> None: ...
    async def commit_transaction(self) -> None: ...


class Signer:
    def header(self, body: bytes) -> tuple[str, bytes]:
        return "signed", body


def headers_of(monkeypatch: pytest.MonkeyPatch, signer: Any) -> dict[str, list[str]]:
    """Names of the headers of what is committed, by key."""
    names: dict[str, list[str]] = {}

    async def send_all(_: Any, records: dict[TopicPartition, list[Outgoing]]) -> None:
        for outgoing in records.values():
            names.update({one.key.decode(): [name for name, _ in one.headers] for one in outgoing if one.key})

    monkeypatch.setattr(transactions, "AIOKafkaProducer", Producer)
    monkeypatch.setattr(transactions, "send_all", send_all)
    facts = [Fact(PHASES, "a change", b"body"), Fact(PHASES, "deleted", None), Fact(LEVELS, "a level", b"body")]
    asyncio.run(PartitionWriter({}, "of-a-test", 0, signer).commit(facts, 7))
    return names


def test_changes_of_phase_are_signed_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    position = [transactions.POSITION_HEADER]
    assert headers_of(monkeypatch, Signer()) == {"a change": [*position, "signed"], "deleted": position, "a level": position}


def test_without_a_key_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert headers_of(monkeypatch, None) == {key: [transactions.POSITION_HEADER] for key in ("a change", "deleted", "a level")}


def test_the_client_waits_for_markers_no_longer_than_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "BACKOFF_OVERRIDE", 0.02)
    begin_soon()
    assert sender.AddPartitionsToTxnHandler.handle_response.__globals__["BACKOFF_OVERRIDE"] == SETTLES_S


@pytest.mark.parametrize("known", [None, 0.5])
def test_a_client_that_waits_otherwise_is_not_taken_for_known(monkeypatch: pytest.MonkeyPatch, known: float | None) -> None:
    monkeypatch.setattr(sender, "BACKOFF_OVERRIDE", known)
    with pytest.raises(RuntimeError):
        begin_soon()
