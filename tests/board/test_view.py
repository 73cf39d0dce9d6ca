"""The board's picture is the public topics folded, and nothing else."""

from random import Random

import msgspec
from board.world import facts, public, told

from schemas.facts import Incident, PhaseChange
from schemas.reasons import ChangeKind, ChangeReason, Outcome, Phase
from schemas.topics import DAYS, INCIDENTS, LEVELS, PHASES, TOPICS
from streams.board.view import TYPES, View

TRUCE = "demo-as-it-happened"


def last(topic: str) -> dict[str, bytes]:
    """The last value of each key of a compacted topic."""
    values = {fact.key: fact.value for fact in facts() if fact.topic == topic}
    return {key: value for key, value in values.items() if value is not None}


def test_it_reads_every_public_topic_and_no_other() -> None:
    assert set(TYPES) == {topic.name for topic in TOPICS if not topic.restricted}


def test_it_holds_the_last_value_of_each_key_and_every_change_of_phase() -> None:
    truce = told().truces[TRUCE]
    assert {f"{TRUCE}/{z}/{d}": msgspec.json.encode(day) for (z, d), day in truce.days.items()} == last(DAYS)
    assert {f"{TRUCE}/{z}": msgspec.json.encode(level) for z, level in truce.levels.items()} == last(LEVELS)
    assert {id: msgspec.json.encode(incident) for id, incident in truce.incidents.items()} == last(INCIDENTS)
    assert [msgspec.json.encode(change) for change in truce.changes] == [f.value for f in facts() if f.topic == PHASES]
    assert truce.phase() is Phase.ENDED


def test_a_message_delivered_again_changes_nothing() -> None:
    once, twice = told(), View()
    for message in public(facts()):
        twice.take(*message)
        twice.take(*message)
    assert vars(twice.truces[TRUCE]) | {"version": 0} == vars(once.truces[TRUCE]) | {"version": 0}


def test_topics_may_come_in_any_order_to_each_other() -> None:
    """Partitions are read side by side: only the messages of one key stay in order."""
    kept, random = list(public(facts())), Random(7)
    by_topic = {topic: [message for message in kept if message[0] == topic] for topic in TYPES}
    view = View()
    while any(by_topic.values()):
        topic = random.choice([topic for topic, messages in by_topic.items() if messages])
        view.take(*by_topic[topic].pop(0))
    found, expected = view.truces[TRUCE], told().truces[TRUCE]
    assert (found.days, found.levels, found.incidents) == (expected.days, expected.levels, expected.incidents)
    assert (found.changes, found.outcomes_before) == (expected.changes, expected.outcomes_before)


def test_an_incident_that_came_and_went_between_two_ticks_is_gone() -> None:
    view = View()
    value = next(fact.value for fact in facts() if fact.topic == INCIDENTS and fact.value)
    incident = msgspec.json.decode(value, type=Incident)
    view.take(INCIDENTS, incident.id, value)
    assert view.take(INCIDENTS, incident.id, None) == (incident.truce, "incidents")
    assert view.truces[incident.truce].incidents == {}


def test_a_message_that_cannot_be_read_is_counted_and_the_rest_goes_on() -> None:
    view = View()
    day = next(fact for fact in facts() if fact.topic == DAYS)
    for value in (b"", b"[]", b'{"truce": 1}', day.value.replace(b'"outcome":"', b'"outcome":"perhaps-')):
        assert view.take(DAYS, day.key, value) is None
    assert view.unreadable == 4
    assert view.take(DAYS, day.key, day.value) == (TRUCE, "days")


def test_an_outcome_that_readers_were_told_and_that_holds_no_longer_is_remembered() -> None:
    truce = told().truces[TRUCE]
    zone, number = "aleppo", 0
    day = truce.days[zone, number]
    view = told()
    amended = msgspec.structs.replace(day, outcome=Outcome.CONTESTED)
    view.take(DAYS, f"{TRUCE}/{zone}/{number}", msgspec.json.encode(amended))
    assert view.truces[TRUCE].outcomes_before == {(zone, number): day.outcome}
    view.take(DAYS, f"{TRUCE}/{zone}/{number}", msgspec.json.encode(day))
    assert view.truces[TRUCE].outcomes_before == {(zone, number): Outcome.CONTESTED}


def test_the_ledger_of_a_change_tells_a_board_that_starts_late_what_was_told_then() -> None:
    """The topic of days is compacted: what a day was before is gone from it, but not from the change that rested on it."""
    told_then = next(f for f in facts("as-agreed") if f.topic == PHASES and b"run_complete" in f.value)
    ledger = msgspec.json.decode(told_then.value, type=PhaseChange).ledger
    day = msgspec.structs.replace(ledger[0], outcome=Outcome.UNKNOWN)
    for order in ((0, 1), (1, 0)):
        messages = [(PHASES, day.truce, told_then.value), (DAYS, f"{day.truce}/{day.zone}/{day.day}", msgspec.json.encode(day))]
        view = View()
        for at in order:
            view.take(*messages[at])
        assert view.truces[day.truce].outcomes_before == {(day.zone, day.day): ledger[0].outcome}


def test_a_change_that_was_voided_stays_and_decides_no_more() -> None:
    changes = [fact for fact in facts("as-agreed") if fact.topic == PHASES]
    qualified = msgspec.json.decode(changes[1].value, type=PhaseChange)
    assert qualified.after is Phase.QUALIFIED
    void = msgspec.structs.replace(
        qualified,
        id="v" * 32,
        sequence=2,
        kind=ChangeKind.VOID,
        before=qualified.after,
        after=qualified.before,
        reason=ChangeReason.LATE_NEWS,
        supersedes=qualified.id,
        ledger=[],
    )
    view = View()
    for change in changes[:2]:
        view.take(change.topic, change.key, change.value)
    assert view.truces[qualified.truce].phase() is Phase.QUALIFIED
    view.take(PHASES, qualified.truce, msgspec.json.encode(void))
    truce = view.truces[qualified.truce]
    assert truce.phase() is Phase.IN_FORCE
    assert [change.id for change in truce.changes][1:] == [qualified.id, void.id]
    assert truce.voided == {qualified.id: void.id}
