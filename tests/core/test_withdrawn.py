"""What readers are left with of an incident that was withdrawn, came again, and went again before a tick saw it."""

from collections.abc import Collection

import pytest
from core.builders import TERMS, Told, located, run, stated, tick
from msgspec.structs import replace

from schemas.facts import Circle, Incident
from schemas.reasons import Method
from schemas.topics import INCIDENTS
from streams.core.intake import terms_record
from streams.core.terms import HOUR, parse

CIRCLE = Circle(36.20, 37.15, 500, 1, Method.COORDINATES, ["SY.09"])
VAGUE = Circle(36.20, 37.15, 20_000, 3, Method.COORDINATES, ["SY.09"])


def story() -> list[bytes]:
    """told, tick, taken back, tick, told again, taken back again"""
    log = [terms_record(TERMS)]

    def tell(revision: int, status: str, hour: int) -> None:
        body = {"report_id": "v1", "source": "council", "type": "violation", "kind": "attack", "weapon": "mortar"}
        body |= {"revision": revision, "status": status, "occurred_at": stated(TERMS.d_hour_s)}
        told = Told(body, CIRCLE if status == "active" else None, TERMS.d_hour_s + hour * HOUR)
        log.append(located(told, len(log)))

    tell(1, "active", 1)
    log.append(tick(TERMS.d_hour_s + 6 * HOUR, len(log)))
    tell(2, "retracted", 7)
    log.append(tick(TERMS.d_hour_s + 12 * HOUR, len(log)))
    tell(3, "active", 13)
    tell(4, "retracted", 14)
    return log


@pytest.mark.parametrize("flushed_after", [range(7), range(0), range(5, 6), (1, 2), (2, 4, 5, 6)])
def test_it_stays_withdrawn_wherever_the_batches_are_cut(flushed_after: range) -> None:
    log = story()
    readers, _ = run(log, lambda record: log.index(record) in flushed_after)
    [incident] = readers.bodies(INCIDENTS, Incident).values()
    assert incident.status == "withdrawn"


def story_of_new_terms() -> list[bytes]:
    """told, tick, other terms, told better by somebody else, tick: the incident is withdrawn for a better known one"""
    mapping = TERMS.as_mapping()
    others = parse(mapping | {"truce": mapping["truce"] | {"name": "The same, under another name"}})
    log = [terms_record(TERMS)]

    def tell(source: str, circle: Circle, hour: int) -> None:
        body = {"report_id": "v1", "source": source, "type": "violation", "kind": "attack", "weapon": "mortar"}
        log.append(located(Told(body | {"occurred_at": stated(TERMS.d_hour_s)}, circle, TERMS.d_hour_s + hour * HOUR), len(log)))

    tell("council", VAGUE, 1)
    log.append(tick(TERMS.d_hour_s + 6 * HOUR, len(log)))
    log.append(terms_record(others, TERMS.d_hour_s + 24 * HOUR))
    tell("radio", CIRCLE, 7)
    log.append(tick(TERMS.d_hour_s + 12 * HOUR, len(log)))
    return log


@pytest.mark.parametrize("flushed_after", [range(6), range(0), range(3, 4), range(4, 5), (1, 3)])
def test_it_points_to_its_successor_wherever_the_batches_are_cut_around_new_terms(flushed_after: range) -> None:
    the_withdrawn_points_to_the_live(story_of_new_terms(), flushed_after)


def the_withdrawn_points_to_the_live(log: list[bytes], flushed_after: Collection[int]) -> None:
    """Of two incidents, wherever the batches are cut."""
    readers, _ = run(log, lambda record: log.index(record) in flushed_after)
    bodies = readers.bodies(INCIDENTS, Incident)
    [withdrawn] = [one for one in bodies.values() if one.status == "withdrawn"]
    [live] = [one for one in bodies.values() if one.status == "live"]
    assert withdrawn.superseded_by == live.id


def story_of_a_correction() -> list[bytes]:
    """two tell of two things, tick, corrected terms, one says it was the other's, tick: one is withdrawn for the other"""
    log = [terms_record(TERMS)]

    def tell(source: str, revision: int, circle: Circle, hour: int) -> None:
        body = {"report_id": "v1", "source": source, "revision": revision, "type": "violation", "kind": "attack"}
        body |= {"weapon": "mortar", "occurred_at": stated(TERMS.d_hour_s)}
        log.append(located(Told(body, circle, TERMS.d_hour_s + hour * HOUR), len(log)))

    elsewhere = Circle(36.60, 37.60, 500, 1, Method.COORDINATES, ["SY.09"])
    tell("council", 1, CIRCLE, 1)
    tell("radio", 1, elsewhere, 2)
    log.append(tick(TERMS.d_hour_s + 6 * HOUR, len(log)))
    log.append(terms_record(TERMS, TERMS.d_hour_s, correct=True))
    tell("radio", 2, CIRCLE, 7)
    log.append(tick(TERMS.d_hour_s + 12 * HOUR, len(log)))
    return log


@pytest.mark.parametrize("flushed_after", [range(7), range(0), (3,), (4,), (5,), (1, 3)])
def test_it_points_to_its_successor_wherever_the_batches_are_cut_around_a_correction(flushed_after: range) -> None:
    the_withdrawn_points_to_the_live(story_of_a_correction(), flushed_after)


def story_of_another_day(back: bool = False) -> list[bytes]:
    """one tells of it, tick, terms with another salt for later days, it was on one of those, tick; `back`: not after all"""
    mapping = TERMS.as_mapping()
    others = parse(mapping | {"truce": mapping["truce"] | {"salt": "another salt"}})
    log = [terms_record(TERMS), terms_record(others, TERMS.d_hour_s + 24 * HOUR)]
    for revision, hour, received_hour in ((1, 1, 2), (2, 25, 26), (3, 2, 30))[: 3 if back else 2]:
        body = {"report_id": "v1", "source": "council", "revision": revision, "type": "violation", "kind": "attack"}
        body |= {"weapon": "mortar", "occurred_at": stated(TERMS.d_hour_s + hour * HOUR)}
        log.append(located(Told(body, CIRCLE, TERMS.d_hour_s + received_hour * HOUR), len(log)))
        log.append(tick(TERMS.d_hour_s + (received_hour + 1) * HOUR, len(log)))
    return log


@pytest.mark.parametrize("flushed_after", [range(7), range(0), (3,), (4,), (5,), (2, 4)])
def test_what_moves_to_a_day_of_other_terms_is_withdrawn_for_what_they_make_of_it(flushed_after: range) -> None:
    the_withdrawn_points_to_the_live(story_of_another_day(), flushed_after)


@pytest.mark.parametrize("flushed_after", [range(9), range(0), (3, 5), (4, 6), (5,), (6,)])
def test_what_moves_back_is_there_again(flushed_after: range) -> None:
    the_withdrawn_points_to_the_live(story_of_another_day(back=True), flushed_after)


def story_between_two_ticks(*told_after: tuple[str, int, Circle | None]) -> list[bytes]:
    """one tells of it, tick, then what follows, each (source, revision, where; None takes it back)"""
    log = [terms_record(TERMS)]
    told = [("council", 1, VAGUE), *told_after]
    for number, (source, revision, circle) in enumerate(told):
        body = {"report_id": "v1", "source": source, "revision": revision, "type": "violation", "kind": "attack"}
        body |= {"weapon": "mortar", "occurred_at": stated(TERMS.d_hour_s), "status": "active" if circle else "retracted"}
        log.append(located(Told(body, circle, TERMS.d_hour_s + (7 if number else 1) * HOUR), len(log)))
        if not number:
            log.append(tick(TERMS.d_hour_s + 6 * HOUR, len(log)))
    return log


KNOWN_BETTER = replace(CIRCLE, radius_m=2_000, precision=2)


@pytest.mark.parametrize(
    "log",
    [
        story_between_two_ticks(("radio", 1, KNOWN_BETTER), ("watcher", 1, CIRCLE)),
        story_between_two_ticks(("council", 2, None), ("radio", 1, CIRCLE), ("council", 3, VAGUE)),
    ],
    ids=["what it led to is withdrawn too", "taken back and told again"],
)
@pytest.mark.parametrize("flushed_after", [range(9), range(0), (2,), (3,), (4,), (2, 3), (2, 4)])
def test_it_points_to_where_it_is_told_by_now_without_a_tick_in_between(log: list[bytes], flushed_after: Collection[int]) -> None:
    the_withdrawn_points_to_the_live(log, flushed_after)
