"""A tick from far ahead on a live topic, where anybody who may write reports may write one."""

import time

import msgspec
import orjson
import pytest

from load_tests.bench import Installation, wait_until
from load_tests.simulation.story import terms_of
from load_tests.trials.trial import judge_at_rest
from schemas.topics import DAYS, LOCATED, REJECTED, TERMS
from streams.broker import QUICK_JVM_FLAGS, Broker
from streams.core.intake import terms_record, tick_value
from streams.core.terms import DAY, parse
from streams.settings import Settings

LIVE = "reports.live"


@pytest.mark.broker
def test_a_tick_from_far_ahead_moves_no_time() -> None:
    now_s = int(time.time())
    values = terms_of("live", 0, topic=LIVE).as_mapping()
    values["truce"] |= {"d_hour": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s - DAY // 2))}
    terms = parse(msgspec.to_builtins(values))
    with Broker(jvm_flags=QUICK_JVM_FLAGS) as broker:
        installation = Installation(broker.bootstrap, 1, {LIVE: 2})
        settings = Settings(bootstrap=broker.bootstrap, prefix=installation.prefix, log_partitions=1)
        try:
            for topic in (LOCATED, TERMS):
                installation.publish(topic, 0, [terms_record(terms)], key=b"live")
            intake = installation.worker("--only", "intake")
            installation.worker("--only", "monitor")
            wait_until(lambda: any(installation.read(DAYS).values()), "time goes on", 60)
            ahead = [tick_value(now_s + days * DAY, {LIVE: 2}) for days in (1, 30, 3_650)]
            for partition in (0, 1):
                installation.publish(LIVE, partition, ahead)
            wait_until(lambda: len(installation.read(REJECTED)[0]) == 6, "all are refused", 60)
            intake.stop()
            installation.worker("--only", "intake", tick_s=3_600)
            assert judge_at_rest(settings, [LIVE], 60).told() == []
            reasons = {orjson.loads(record.value)["reason"] for record in installation.read(REJECTED)[0]}
            days = {orjson.loads(record.value)["day"] for record in installation.read(DAYS)[0] if record.value}
        finally:
            installation.close()
    assert reasons == {"in_the_future"}
    assert max(days) <= 1, "a day of the future has begun"
