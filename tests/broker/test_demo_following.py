"""What the demo reads of a worker's commits, which become visible on one partition after the other."""

import threading
from pathlib import Path

from kafka import KafkaProducer

from schemas.topics import PHASES
from streams.broker import Broker
from streams.demo.following import Follower
from streams.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "schemas" / "v1" / "examples" / "phase_change.qualified.json"


def test_what_is_written_but_not_yet_visible_is_waited_for(broker: Broker, settings: Settings):
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id="test-of-following")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(PHASES, EXAMPLE.read_bytes(), key=b"a-truce", partition=0).get(timeout=10)
    caught_up = []
    with Follower(settings) as follower:
        reading = threading.Thread(target=lambda: caught_up.extend(follower.catch_up()), daemon=True)
        reading.start()
        reading.join(1)
        assert reading.is_alive()
        producer.commit_transaction()
        reading.join(10)
    producer.close()
    assert [change.after for change in caught_up] == ["qualified"]
