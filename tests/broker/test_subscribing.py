"""Those who act on changes of phase: the reader of the README, as it is written, and the webhook.

Both are given the same topic: a truce that takes effect, qualifies, and is amended by late news; beside it a
transaction that was aborted, which nobody may hear of.
"""

import hmac
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest
from commanding import outside
from kafka import KafkaProducer

from schemas.facts import Cut, PhaseChange
from schemas.reasons import ChangeKind, ChangeReason, Phase
from schemas.topics import PHASES
from streams.broker import Broker
from streams.notify import NotifyError, Pace, secret_of, signature
from streams.settings import Settings

README = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
SECRET = b64encode(bytes(range(32))).decode()
WAIT_S = 30


def change(number: int, kind: ChangeKind, before: Phase, after: Phase, at: int, supersedes: str | None = None) -> PhaseChange:
    return PhaseChange(
        id=f"{number:032x}",
        truce="a-truce",
        zone="all",
        sequence=number,
        previous=f"{number - 1:032x}" if number else None,
        kind=kind,
        before=before,
        after=after,
        before_name=before,
        after_name=after,
        reason=ChangeReason.LATE_NEWS if supersedes else ChangeReason.D_HOUR,
        detail="of a test",
        effective_at=at,
        decided_at=at,
        supersedes=supersedes,
        streaks={},
        access_streaks={},
        ledger=[],
        blocked_by=Cut(0, "", []),
        terms="",
        rules=1,
        gazetteers=[],
        revisable_until=at,
        assumptions=[],
    )


IN_FORCE = change(0, ChangeKind.ADVANCE, Phase.ANNOUNCED, Phase.IN_FORCE, 100)
QUALIFIED = change(1, ChangeKind.ADVANCE, Phase.IN_FORCE, Phase.QUALIFIED, 700)
VOID = change(2, ChangeKind.VOID, Phase.QUALIFIED, Phase.IN_FORCE, 700, supersedes=QUALIFIED.id)
ENDED = change(3, ChangeKind.END, Phase.IN_FORCE, Phase.ENDED, 900)
CHANGES = [IN_FORCE, QUALIFIED, VOID, ENDED]


@pytest.fixture(scope="module")
def published(broker: Broker, settings: Settings) -> Settings:
    """The changes in transactions; between them one that was aborted."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id="subscribing")
    producer.init_transactions()
    for number, told in enumerate(CHANGES):
        if number == 2:
            producer.begin_transaction()
            never = change(9, ChangeKind.END, Phase.QUALIFIED, Phase.ENDED, 800)
            producer.send(PHASES, msgspec.json.encode(never), key=b"a-truce", partition=0)
            producer.flush()
            producer.abort_transaction()
        producer.begin_transaction()
        producer.send(PHASES, msgspec.json.encode(told), key=b"a-truce", partition=0, headers=[("truce-signature", b"c2ln")])
        producer.commit_transaction()
    producer.close()
    return settings


def test_the_reader_of_the_readme_runs_as_it_is_written_and_folds_amendments(broker: Broker, published: Settings) -> None:
    code = re.search(r"## Subscribing\n.*?```python\n(.*?)```", README, re.DOTALL)
    assert code is not None
    reader = subprocess.Popen(
        [sys.executable, "-c", code[1]],
        env=os.environ | {"TRUCE_BOOTSTRAP": broker.bootstrap},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        timer = threading.Timer(WAIT_S, reader.kill)
        timer.start()
        said = [reader.stdout.readline().split() for _ in CHANGES]
        timer.cancel()
    finally:
        reader.kill()
        reader.wait()
        reader.stdout.close()
    assert said == [
        ["a-truce", "all", phase, told.id]
        for phase, told in zip(("in_force", "qualified", "in_force", "ended"), CHANGES, strict=True)
    ]


class Receiver:
    """A web server of its own thread that answers as told, one answer a request; None drops the connection. Then 204."""

    def __init__(self, *answers: int | None) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        left = list(answers)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = left.pop(0) if left else 204
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                if answer is None:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/truce"

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int) -> list[str]:
        """Ids, in order, once there are so many requests."""
        deadline = time.monotonic() + WAIT_S
        while len(self.got) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return [headers["webhook-id"] for headers, _ in self.got]


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"whsec_{SECRET}\n")
    return path


@pytest.fixture
def notifier(broker: Broker, published: Settings, secret_file: Path, fresh) -> Iterator:
    """`notifier(url)` starts the command; every one of a test goes on under the same name."""
    name, running = fresh("hook"), []

    def start(url: str, *options: str) -> subprocess.Popen:
        pace = ("--retry-first", "0.05", "--retry-most", "0.2")
        running.append(outside(broker, "notify", url, "--secret", str(secret_file), "--name", name, *pace, *options))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stop(process: subprocess.Popen) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(WAIT_S)


def test_every_change_comes_in_order_signed_and_as_it_was_published(notifier) -> None:
    with Receiver(500, None, 302) as receiver:
        process = notifier(receiver.url)
        # The first is refused, dropped, and sent elsewhere, before it is taken.
        assert receiver.wait_for(7) == [CHANGES[0].id] * 3 + [told.id for told in CHANGES]
        assert stop(process) == 0
    for (headers, body), told in zip(receiver.got[3:], CHANGES, strict=True):
        assert body == msgspec.json.encode(told)
        at_s = int(headers["webhook-timestamp"])
        assert abs(at_s - time.time()) < 60
        assert headers["webhook-signature"] == signature(secret_of(SECRET), told.id, at_s, body)
        assert headers["truce-signature"] == "c2ln"


def test_what_was_taken_is_not_sent_again_and_what_was_not_is(notifier) -> None:
    with Receiver(204, *[503] * 1_000) as receiver:
        process = notifier(receiver.url)
        assert receiver.wait_for(3)[:3] == [CHANGES[0].id, CHANGES[1].id, CHANGES[1].id]
        process.kill()
        process.wait()
    with Receiver() as receiver:
        process = notifier(receiver.url)
        assert receiver.wait_for(3) == [told.id for told in CHANGES[1:]]
        assert stop(process) == 0
    with Receiver() as receiver:
        process = notifier(receiver.url)
        assert process.stderr.readline().startswith(f"following {PHASES}")
        time.sleep(1)
        assert receiver.got == []
        assert stop(process) == 0


def test_a_receiver_that_is_gone_ends_it_with_one_line(notifier) -> None:
    with Receiver(410) as receiver:
        process = notifier(receiver.url)
        assert process.wait(WAIT_S) == 1
        assert "410 Gone: it wants no more" in process.stderr.read()


def test_a_signature_is_of_id_time_and_body_together() -> None:
    signed = signature(secret_of(SECRET), "an-id", 1_700_000_000, b"a body")
    by_hand = hmac.digest(bytes(range(32)), b"an-id.1700000000.a body", "sha256")
    assert signed == f"v1,{b64encode(by_hand).decode()}"


@pytest.mark.parametrize(("text", "fault"), [("not base64!", "not base64"), ("c2hvcnQ=", "24 are the least")])
def test_a_secret_that_cannot_be_used_says_why(text: str, fault: str) -> None:
    with pytest.raises(NotifyError, match=fault):
        secret_of(text)


def test_waits_double_up_to_the_most() -> None:
    assert [Pace(1, 10).wait_s(attempt) for attempt in (0, 1, 2, 3, 4, 10_000)] == [1, 2, 4, 8, 10, 10]
