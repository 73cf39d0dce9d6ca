"""The page can be drawn whatever has been read so far, and says every word in both languages."""

import re
from enum import StrEnum

import pytest
from board.world import facts, public, told

from schemas import reasons
from schemas.topics import PUBLIC_TERMS
from streams.board import page
from streams.board.telling import Telling
from streams.board.view import View
from streams.board.words import _LISTS, _WORDS, LANGUAGES, Words

TRUCE = "demo-as-it-happened"
LISTS: dict[str, type[StrEnum]] = {
    "outcome": reasons.Outcome,
    "meaning": reasons.Outcome,
    "condition": reasons.Condition,
    "phase": reasons.Phase,
    "reason": reasons.ChangeReason,
    "grade": reasons.Grade,
    "kind": reasons.Kind,
    "weapon": reasons.Weapon,
    "method": reasons.Method,
    "precision": reasons.TimePrecision,
}


def test_it_can_be_drawn_after_any_number_of_messages() -> None:
    """A board that has just started knows terms and nothing else, then days without levels, and so on."""
    view = View()
    messages = list(public(facts()))
    stops = {*range(1, 40), *range(40, len(messages), 400)}
    drawn = 0
    for number, message in enumerate(messages, 1):
        view.take(*message)
        if number in stops and view.listed():
            for language in LANGUAGES:
                assert "<h1" in page.whole_page(view, view.truces[TRUCE], language, {}, 0)
                drawn += 1
    assert drawn > 50


@pytest.mark.parametrize("topic", sorted({message[0] for message in public(facts())}))
def test_it_can_be_drawn_without_one_of_the_topics(topic: str) -> None:
    view = View()
    for message in public(facts()):
        if message[0] != topic:
            view.take(*message)
    # Without terms there is no name and no limit to show: it is not listed yet.
    assert bool(view.listed()) == (topic != PUBLIC_TERMS)
    for language in LANGUAGES:
        assert page.list_of_truces(view, language, True)
        assert all(page.whole_page(view, truce, language, {}, 0) for truce in view.listed())


def test_a_live_truce_whose_clock_has_stopped_says_so() -> None:
    view = View()
    for message in public(facts()):
        view.take(*message)
    truce = view.truces[TRUCE]
    truce.values["truce"]["simulated"] = False
    clock_s = truce.clock_s or 0
    still = Words("en")("clock_stands")
    assert still not in page.part(truce, "phase", "en", {}, clock_s + 3_600)
    assert still in page.part(truce, "phase", "en", {}, clock_s + 3 * 3_600)


@pytest.mark.parametrize(("name", "words"), LISTS.items())
def test_every_word_of_the_closed_lists_is_said_in_both_languages(name: str, words: type[StrEnum]) -> None:
    assert set(_LISTS[name]) == {word.value for word in words}
    assert all(len(both) == len(LANGUAGES) for both in _LISTS[name].values())


@pytest.mark.parametrize("key", _WORDS)
def test_a_phrase_has_the_same_places_in_both_languages(key: str) -> None:
    english, arabic = _WORDS[key]
    assert english.count("{}") == arabic.count("{}")
    assert key == "utc" or re.search("[\u0600-\u06ff]", arabic) or "{}" in arabic


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rows", "-1"),
        ("rows", "1e9"),
        ("rows", "²"),
        ("day", "x"),
        ("day", "²"),
        ("day", "99999"),
        ("grade", "<b>"),
        ("zone", "<b>"),
    ],
)
def test_a_senseless_query_is_no_fault(key: str, value: str) -> None:
    view = View()
    for message in public(facts()):
        view.take(*message)
    drawn = page.whole_page(view, view.truces[TRUCE], "en", {key: value}, 0)
    assert "<b>" not in drawn


def test_lists_have_the_comma_of_their_language() -> None:
    view = told()
    for language, comma in (("en", ", "), ("ar", "، ")):
        telling = Telling(view.truces[TRUCE], Words(language))
        denied = next(day for day in view.truces[TRUCE].days.values() if len(day.access) > 1 and day.outcome == "denied")
        assert comma.join(("Castello road", "eastern Aleppo")) in telling.why(denied)
