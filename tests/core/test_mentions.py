import pytest
from core.land import COUNTRIES, LAND, PLACES

from schemas.facts import Circle, Location, Rejection
from schemas.reasons import Method
from streams.core.gazetteer import Gazetteer, Place
from streams.core.locate import locate
from streams.core.mentions import mentions


def found(text: str, land: Gazetteer = LAND, **said: str) -> Circle:
    circle = locate(Location(text=text, **said), ["XX"], land)
    assert isinstance(circle, Circle), circle
    return circle


def test_names_are_picked_out_of_a_text_the_longest_first() -> None:
    said = [mention.said for mention in mentions("Shells fell on Dupa and near Madinat Capital, not on westburg", ["XX"], LAND)]
    assert said == ["Dupa", "Madinat Capital"]


def test_arabic_has_no_capitals_and_needs_none() -> None:
    assert [mention.said for mention in mentions("سقطت قذائف على غربة اليوم", ["XX"], LAND)] == ["غربة"]


def test_a_text_is_somewhere_about_the_places_it_names_and_never_sharp() -> None:
    circle = found("Shells fell on Dupa this morning")
    assert (circle.method, circle.place, circle.precision) == (Method.TEXT, "Dupa", 5)
    assert circle.radius_m >= 50_000


def test_of_places_of_one_name_the_one_in_the_province_that_is_said_is_meant() -> None:
    assert found("Shells fell on Twin in the countryside of Eastburg").lon == pytest.approx(38.9)
    assert found("Shells fell on Twin in the countryside of Westburg").lon == pytest.approx(37.4)


def test_of_places_of_one_name_the_one_near_the_others_of_the_text_is_meant() -> None:
    near = Place(60, "Midway", 36_150_000, 38_800_000, "XX", "02", 0, ("Midway",))
    land = Gazetteer([*PLACES, near], COUNTRIES, ["XX"])
    assert found("Between Midway and Twin a bus was hit", land).lon == pytest.approx(38.85, abs=0.06)


def test_where_only_a_province_is_named_it_is_the_province() -> None:
    circle = found("Many were wounded in Westburg")
    assert (circle.areas, circle.precision, circle.stated_area) == (["XX.01"], 5, None)


def test_the_text_is_asked_last_and_still_before_the_country() -> None:
    assert found("Shells fell on Dupa", place="Ring").place == "Ring"
    assert found("Shells fell on Dupa", admin1="Eastburg").method is Method.PROVINCE
    assert found("Shells fell on Dupa", country="Exland").method is Method.TEXT
    assert found("Nothing is said", country="Exland").method is Method.COUNTRY


def test_a_text_without_a_known_name_is_refused_and_says_so() -> None:
    refusal = locate(Location(text="Somewhere"), ["XX"], LAND)
    assert isinstance(refusal, Rejection)
    assert "location.text: names no place" in refusal.detail
