"""Messages of a small truce, as the public topics would carry them: the demo's stories, told to the core."""

from collections.abc import Iterator
from functools import cache

from schemas.facts import Fact
from streams.board.view import TYPES, View
from streams.core.replay import Replay
from streams.scenarios import SCENARIOS, terms_of


@cache
def story(scenario: str) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """Everything that is published while a story is told, in order, and the whole evidence at its end. Told once for all
    tests."""
    run = Replay([terms_of(scenario)])
    return tuple(run.facts(SCENARIOS[scenario](1))), tuple(run.evidence())


def facts(scenario: str = "as-it-happened") -> tuple[Fact, ...]:
    return story(scenario)[0]


def public(found: tuple[Fact, ...]) -> Iterator[tuple[str, str, bytes | None]]:
    """What a reader of the public topics is given."""
    return ((fact.topic, fact.key, fact.value) for fact in found if fact.topic in TYPES)


def told(*scenarios: str) -> View:
    view = View()
    for scenario in scenarios or ("as-it-happened",):
        for _ in view.take_all(public(facts(scenario))):
            pass
    return view
