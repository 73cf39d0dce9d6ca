"""`truce verify` on a cluster: what a worker announced follows from its log, and what somebody else wrote does not."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from commanding import run
from worker.harness import Installation, wait_until
from worker.terms_of_test import record_of

from schemas.topics import CHECKPOINTS, LOCATED, PHASES, TERMS
from streams import clients
from streams.broker import Broker
from streams.core.intake import Arrival
from streams.core.terms import DAY, load
from streams.proof.recomputing import bases_of
from streams.publishing import publish
from streams.scenarios import SCENARIOS, terms_of, terms_path, topic_of
from streams.settings import Settings

REAL = "streams.core.partition:LogPartition"
STORY = "as-agreed"


@pytest.fixture
def truce(broker: Broker) -> Iterator[Installation]:
    installation = Installation(broker.bootstrap, reports={topic_of(STORY): 1})
    yield installation
    installation.close()


def test_what_a_worker_announced_holds_and_what_somebody_else_wrote_does_not(
    broker: Broker, truce: Installation, tmp_path: Path
) -> None:
    terms, pem = terms_of(STORY), tmp_path / "key.pem"
    number, key = terms.truce.partition, terms.truce.id.encode()
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", pem], check=True)

    def verified(*arguments: str) -> dict[str, Any]:
        return orjson.loads(run(broker, "verify", "--json", "--key", pem, *arguments).stdout)

    for topic, partition in ((LOCATED, number), (TERMS, 0)):
        truce.publish(topic, partition, [record_of(terms)], key=key)
    with clients.producer(Settings(bootstrap=truce.bootstrap)) as producer:
        publish(SCENARIOS[STORY](1), topic_of(STORY), [terms], producer)
    worker = truce.worker(state=REAL, instance_id="one", signing_key_file=pem)
    wait_until(lambda: len(truce.values(PHASES, number)) == 2, "two changes of phase", timeout_s=90, pause_s=0.5)
    # The worker may still be at work on the last ticks: then days are not compared, and nothing is called broken.
    found = wait_until(lambda: "same_days" in (seen := verified())["counts"] and seen, "the end", timeout_s=60, pause_s=0.5)
    assert worker.stop() == 0
    assert found["holds"], found
    assert (found["counts"]["same_changes"], found["counts"]["signatures"]) == (2, 2)
    assert found["counts"]["same_days"] > 100
    assert verified("--public")["holds"]

    (record,) = truce.read(PHASES)[number][-1:]
    headers = dict(record.headers)
    assert headers["truce-position"].startswith(f"{LOCATED}/{number}/".encode())
    forged = record.value.replace(b'"sequence":1', b'"sequence":2').replace(b'"after":"qualified"', b'"after":"announced"')
    truce.publish(PHASES, number, [forged], key=key)
    for arguments in ((), ("--public",)):
        faults = " ".join(verified(*arguments)["faults"])
        assert "change no. 2" in faults or "is there twice" in faults
        assert "carries no signature" in faults
    assert "does not follow from the log" in " ".join(verified()["faults"])


def test_a_log_that_was_shortened_is_verified_from_its_oldest_base_and_says_so(broker: Broker, truce: Installation) -> None:
    """A day closes for good after three days here, and time goes on after the story, so that there are bases far into the log."""
    terms = load(terms_path(STORY), ["gate.late_days_max=3", "gate.after_days=30"])
    told = list(SCENARIOS[STORY](1))
    alive = b'{"report_id": "later", "source": "Grey Heron Observatory", "type": "alive"}'
    later = Arrival(told[-1].received_at + 16 * DAY, alive, "a test")
    number, key = terms.truce.partition, terms.truce.id.encode()
    for topic, partition in ((LOCATED, number), (TERMS, 0)):
        truce.publish(topic, partition, [record_of(terms)], key=key)
    with clients.producer(Settings(bootstrap=truce.bootstrap)) as producer:
        publish([*told, later], topic_of(STORY), [terms], producer)
    worker = truce.worker(state=REAL, instance_id="one")

    def verified() -> dict[str, Any]:
        return orjson.loads(run(broker, "verify", "--json").stdout)

    wait_until(lambda: len(truce.values(PHASES, number)) >= 2, "two changes of phase", timeout_s=90, pause_s=0.5)
    whole = wait_until(lambda: "same_days" in (seen := verified())["counts"] and seen, "the end", timeout_s=90, pause_s=0.5)
    assert worker.stop() == 0
    assert whole["holds"] and whole["counts"]["same_changes"] >= 2, whole

    written = [(record.key.decode(), record.value) for record in truce.read(CHECKPOINTS)[number] if record.value]
    needed = sorted({base.first_offset for base in bases_of(written).values()})
    assert needed[-1] > 100, needed
    truce.truncate(LOCATED, number, needed[-1])
    shortened = verified()
    assert shortened["holds"], shortened
    told = " ".join(shortened["notes"])
    assert f"begins at record {needed[-1]}: {terms.truce.id} was recomputed from its base" in told
    assert "before the oldest base, and were not recomputed" in told
    assert shortened["counts"]["same_days"] < whole["counts"]["same_days"]
