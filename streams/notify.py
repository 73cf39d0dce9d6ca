"""Tell a web address of every change of phase: signed, in order, at least once, each with its id.

For those who have no Kafka. The form is that of Standard Webhooks, so that receivers find a library in most languages: the
headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, HMAC-SHA256 over "id.timestamp.body". The body is the
change as it was published, to the byte. The position is kept in Kafka, and moves only when the receiver has said yes.
"""

import asyncio
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, NamedTuple

import aiohttp
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas.facts import PhaseChange
from schemas.topics import PHASES
from streams.clients import BrokerProblem
from streams.settings import Settings

SECRET_PREFIX = "whsec_"
SECRET_BYTES_MIN = 24
TIMEOUT_S = 15.0
PASSED_ON = "truce-signature"
"""The header of a record that holds the publisher's own signature, where a key is configured."""

_decode = msgspec.json.Decoder(PhaseChange).decode


class NotifyError(ValueError):
    """It cannot go on; the message says why, in one line."""


class Pace(NamedTuple):
    """Seconds between attempts: the first wait, doubled every time up to the most."""

    first_s: float = 1.0
    most_s: float = 300.0

    def wait_s(self, attempt: int) -> float:
        return min(self.most_s, self.first_s * 2 ** min(attempt, 32))


def secret_of(text: str) -> bytes:
    """A shared secret: base64 of at least 24 bytes, with or without "whsec_" before it. Raises `NotifyError`."""
    try:
        secret = b64decode(text.strip().removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        raise NotifyError("the secret is not base64; `openssl rand -base64 32` makes one") from None
    if len(secret) < SECRET_BYTES_MIN:
        raise NotifyError(f"the secret has {len(secret)} bytes; {SECRET_BYTES_MIN} are the least")
    return secret


def signature(secret: bytes, id: str, at_s: int, body: bytes) -> str:
    """What `webhook-signature` holds."""
    digest = hmac.new(secret, f"{id}.{at_s}.".encode() + body, sha256).digest()
    return f"v1,{b64encode(digest).decode()}"


class Notifier:
    """One receiver. `name` is under what its position is kept: another name begins anew."""

    def __init__(
        self,
        settings: Settings,
        url: str,
        secret: bytes,
        name: str,
        *,
        truce: str | None = None,
        pace: Pace | None = None,
        say: Callable[[str], None],
    ) -> None:
        self._settings, self._url, self._secret, self._name = settings, url, secret, name
        self._truce, self._pace, self._say = truce, pace or Pace(), say

    async def run(self, from_now: bool = False) -> None:
        """Until it is cancelled. Raises `NotifyError` where the receiver wants no more, `BrokerProblem` where Kafka is gone."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with self._reading(from_now) as consumer, aiohttp.ClientSession(timeout=timeout) as session:
            self._say(f"following {PHASES} for {self._url}")
            while True:
                for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        await self._deliver(session, record)
                        # Only now: whatever ends this process before this line, the change is sent again.
                        await consumer.commit({partition: record.offset + 1})

    @asynccontextmanager
    async def _reading(self, from_now: bool):
        consumer = AIOKafkaConsumer(
            group_id=f"{self._settings.prefix}-notify-{self._name}",
            enable_auto_commit=False,
            isolation_level="read_committed",
            client_id=f"{self._settings.prefix}-notify",
            **self._settings.aiokafka(),
        )
        try:
            partitions = await self._partitions()
            await consumer.start()
        except (KafkaError, OSError) as fault:
            await consumer.stop()
            raise BrokerProblem(f"no Kafka broker answers at {self._settings.bootstrap}: {fault}") from None
        try:
            # Without a group's assignment: a receiver that is down for hours must not cost the place in a group.
            consumer.assign(partitions)
            for partition in partitions:
                if (offset := await consumer.committed(partition)) is not None:
                    consumer.seek(partition, offset)
                elif from_now:
                    await consumer.seek_to_end(partition)
                else:
                    await consumer.seek_to_beginning(partition)
            yield consumer
        finally:
            await consumer.stop()

    async def _partitions(self) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(**self._settings.aiokafka())
        try:
            await admin.start()
            (topic,) = await admin.describe_topics([PHASES])
        finally:
            await admin.close()
        if not topic["partitions"]:
            raise BrokerProblem(f"there is no topic {PHASES}; `truce topics --create` makes the topics of this program")
        return [TopicPartition(PHASES, number) for number in sorted(found["partition"] for found in topic["partitions"])]

    async def _deliver(self, session: aiohttp.ClientSession, record: Any) -> None:
        """Send one change until the receiver says yes."""
        try:
            change = _decode(record.value)
        except msgspec.DecodeError as fault:
            # Of another version: who subscribed must see it; its place in the log is its id.
            id, what = f"{PHASES}/{record.partition}/{record.offset}", f"a change that this version cannot read ({fault})"
        else:
            if self._truce is not None and change.truce != self._truce:
                return
            id, what = change.id, f"{change.truce}: {change.kind}, {change.before_name} → {change.after_name}"
        attempt = 0
        while True:
            said = await self._attempt(session, id, record)
            if said is None:
                self._say(f"told {self._url} of {what} ({id})")
                return
            wait_s = self._pace.wait_s(attempt)
            self._say(f"{self._url} did not take {id}: {said}; again in {wait_s:g} s")
            await asyncio.sleep(wait_s)
            attempt += 1

    async def _attempt(self, session: aiohttp.ClientSession, id: str, record: Any) -> str | None:
        """None where it was taken, otherwise why not. Raises `NotifyError` where the receiver is gone for good."""
        at_s = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(self._secret, id, at_s, record.value),
        }
        headers |= {name: value.decode() for name, value in record.headers if name == PASSED_ON}
        try:
            async with session.post(self._url, data=record.value, headers=headers, allow_redirects=False) as answer:
                if answer.status == 410:
                    raise NotifyError(f"{self._url} answers 410 Gone: it wants no more")
                return None if 200 <= answer.status < 300 else f"it answers {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            return str(fault) or type(fault).__name__


__all__ = ["Notifier", "NotifyError", "Pace", "secret_of", "signature"]
