import pytest
from aiokafka.producer import sender

from streams.worker.transactions import SETTLES_S, begin_soon


def test_the_client_waits_for_markers_no_longer_than_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "BACKOFF_OVERRIDE", 0.02)
    begin_soon()
    assert sender.AddPartitionsToTxnHandler.handle_response.__globals__["BACKOFF_OVERRIDE"] == SETTLES_S


@pytest.mark.parametrize("known", [None, 0.5])
def test_a_client_that_waits_otherwise_is_not_taken_for_known(monkeypatch: pytest.MonkeyPatch, known: float | None) -> None:
    monkeypatch.setattr(sender, "BACKOFF_OVERRIDE", known)
    with pytest.raises(RuntimeError):
        begin_soon()
