"""Thousands of messages made from the schema: what it forbids is refused, and whatever is taken the state can bear."""

import json
from random import Random

from contract import RECEIVED_AT

from load_tests.simulation.story import terms_of
from load_tests.trials.generated import VALIDATOR, generated, refused_by_schema
from schemas.facts import Fact
from streams.core.intake import RECEIVED_AT_HEADER, Incoming, Intake, terms_record, tick_value
from streams.core.partition import LogPartition

TOPIC = "reports.simulated.made"
HEADERS = ((RECEIVED_AT_HEADER, b"%d" % RECEIVED_AT),)


def test_what_the_schema_forbids_is_refused() -> None:
    intake = Intake()
    intake.follow(terms_record(terms_of("made", 0, topic=TOPIC)))
    for number, message in enumerate(refused_by_schema(Random(1), 500)):
        outcome = intake.take(Incoming(TOPIC, 0, number, 0, None, message, HEADERS))
        assert isinstance(outcome, Fact), message


def test_whatever_is_taken_the_state_can_bear() -> None:
    terms = terms_of("made", 0, topic=TOPIC)
    intake, state = Intake(), LogPartition(0)
    intake.follow(terms_record(terms))
    state.apply(0, terms_record(terms), b"made")
    random, taken, fitting = Random(2), 0, 0
    for number in range(1_500):
        body = generated(random, 0.01)
        fitting += VALIDATOR.is_valid(body)
        value = json.dumps(body).encode() if number % 20 else tick_value(terms.d_hour_s + number * 60, {TOPIC: 1})
        outcome = intake.take(Incoming(TOPIC, 0, number, 0, None, value, HEADERS))
        for entry in outcome if isinstance(outcome, list) else ():
            state.apply(state.next_offset, entry.value, entry.key)
            taken += b'"record":"report"' in entry.value
        if not number % 100:
            state.flush()
    assert state.flush() is not None and not state.halted
    assert taken > 100 and 150 < fitting < 1_350, (taken, fitting)
