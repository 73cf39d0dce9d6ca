"""Two tellings of one truce, as reports: of our own making, seeded, and true only to public facts.

`as-it-happened` is Syria in September 2016: calm that both sides tell differently, aid held at the border, a strike
that its side admits, an army's declaration, a convoy hit and told in a dozen ways, and no renewal. `as-agreed` is the
same truce, had it held. Outlets and observatories are invented; public bodies speak in their public role.

A scenario is a function from a seed to arrivals in the order of their receipt. The seed moves minutes, places and delays;
it does not move the story.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from streams.core.intake import Arrival
from streams.core.terms import Terms, load
from streams.scenarios.as_agreed import as_agreed
from streams.scenarios.as_it_happened import as_it_happened

SCENARIOS: dict[str, Callable[[int], Iterator[Arrival]]] = {
    "as-it-happened": as_it_happened,
    "as-agreed": as_agreed,
}

_TRUCES = Path(__file__).parent.parent / "truces"


def terms_path(scenario: str) -> Path:
    """The terms that a scenario is told under, as a file that ships with the program."""
    return _TRUCES / f"demo-{scenario}.toml"


def terms_of(scenario: str) -> Terms:
    return load(terms_path(scenario))


def topic_of(scenario: str) -> str:
    """The simulated topic that its reports go to."""
    return f"reports.simulated.{scenario}"


__all__ = ["SCENARIOS", "terms_of", "terms_path", "topic_of"]
