import pytest
from core.land import COUNTRIES, LAND, PLACES

from schemas.facts import Circle, Location, Rejection
from schemas.reasons import Method
from streams.core.gazetteer import Gazetteer, Place, PlaceKind
from streams.core.geometry import distance_m, microdegrees, moved
from streams.core.locate import locate

QUARTER = Place(
    50, "Old Market", 34_010_000, 37_010_000, "XX", "03", 0, ("Old Market", "السوق القديم"), PlaceKind.QUARTER, 0, "a list"
)
CITY = Gazetteer([*PLACES, QUARTER], COUNTRIES, ["XX"])


def found(place: str, land: Gazetteer = LAND, **said: str) -> Circle:
    circle = locate(Location(place=place, **said), ["XX"], land)
    assert isinstance(circle, Circle), circle
    return circle


def error_m(circle: Circle, lat_e6: int, lon_e6: int) -> int:
    return distance_m(microdegrees(circle.lat), microdegrees(circle.lon), lat_e6, lon_e6)


WESTBURG = (36_000_000, 37_000_000)
# What is said                        metres and degrees from Westburg    at most this wide, metres
TOLD = [
    ("10 km north of Westburg", 10_000, 0, 13_000),
    ("10 km NNE of Westburg", 10_000, 22.5, 11_000),
    ("10 km at 100° from Westburg", 10_000, 100, 10_000),
    ("6.2 miles west of Westburg", 9_976, 270, 13_000),
    ("على بعد 10 كم شمال غربة", 10_000, 0, 13_000),
    ("10 km from Westburg", 0, 0, 19_000),
    ("near Westburg", 0, 0, 13_000),
    ("northern Westburg outskirts", 0, 0, 13_000),
]


@pytest.mark.parametrize(("phrase", "metres", "degrees", "most_m"), TOLD)
def test_a_phrase_is_so_far_in_its_direction(phrase: str, metres: int, degrees: float, most_m: int) -> None:
    circle = found(phrase)
    assert circle.method is Method.PHRASE
    assert circle.place == "Westburg"
    assert error_m(circle, *moved(*WESTBURG, metres, int(degrees * 100))) <= 20
    assert 7_000 <= circle.radius_m <= most_m


def test_the_further_and_the_blunter_the_wider() -> None:
    radii = [found(f"{km} km north of Westburg").radius_m for km in (1, 10, 100)]
    assert radii == sorted(radii)
    assert found("30 km NNE of Westburg").radius_m < found("30 km NE of Westburg").radius_m


def test_between_two_places_is_in_the_middle_and_holds_both() -> None:
    circle = found("between Westburg and Dupa")
    assert circle.place == "Westburg, Dupa"
    for lat_e6, lon_e6 in (WESTBURG, (36_100_000, 37_200_000)):
        assert error_m(circle, lat_e6, lon_e6) <= circle.radius_m
    assert found("on the Westburg-Dupa road") == circle
    assert isinstance(locate(Location(place="between Westburg and nowhere"), ["XX"], LAND), Rejection)


def test_what_is_called_after_a_direction_is_no_part_of_a_village() -> None:
    assert isinstance(locate(Location(place="Eastern Dupa"), ["XX"], LAND), Rejection)
    # Of a city that its province is named after, the land around it is meant.
    assert found("Eastern Westburg").method is Method.PROVINCE


def test_the_reference_may_lie_in_another_province_but_the_place_does_not() -> None:
    assert found("10 km south of Eastburg", admin1="Eastburg").method is Method.PHRASE
    assert found("10 km south of Eastburg", admin1="Westburg").method is Method.PROVINCE


@pytest.mark.parametrize(
    ("text", "method", "place"),
    [
        ("Old Market quarter, Capital", Method.QUARTER, "Old Market"),
        ("Old Market quarter of Capital", Method.QUARTER, "Old Market"),
        ("حي السوق القديم، Capital", Method.QUARTER, "Old Market"),
        ("New Market neighbourhood, Capital", Method.QUARTER, "Capital"),
        ("Dupa, Westburg", Method.PLACE_IN_PROVINCE, "Dupa"),
        ("Dupa (Westburg)", Method.PLACE_IN_PROVINCE, "Dupa"),
        ("Twin, Eastburg, Exland", Method.PLACE_IN_PROVINCE, "Twin"),
        ("Dupa, Exland", Method.PLACE, "Dupa"),
        ("Nowhere (10 km north of Westburg)", Method.PHRASE, "Westburg"),
        ("36.0123, 37.0123", Method.COORDINATES, None),
        ("37S CA 12345 67890", Method.MGRS, None),
    ],
)
def test_hierarchies_and_points_in_the_place_are_understood(text: str, method: Method, place: str | None) -> None:
    circle = found(text, CITY)
    assert (circle.method, circle.place) == (method, place)


def test_a_grid_reference_has_a_field_of_its_own() -> None:
    circle = locate(Location(mgrs="37S CA 12345 67890", place="Dupa"), ["XX"], LAND)
    assert isinstance(circle, Circle)
    assert (circle.method, circle.precision) == (Method.MGRS, 1)
    refusal = locate(Location(mgrs="37S 12"), ["XX"], LAND)
    assert isinstance(refusal, Rejection)
    assert "location.mgrs: '37S 12' is not a grid reference" in refusal.detail


def test_a_plus_code_is_completed_by_its_place() -> None:
    circle = found("2222+2C Westburg")
    assert error_m(circle, *WESTBURG) < 80_000
    assert (circle.method, circle.precision) == (Method.COORDINATES, 1)


def test_the_countryside_of_a_village_is_the_land_about_it() -> None:
    circle = found("countryside of Dupa")
    assert (circle.method, circle.place, circle.precision) == (Method.PHRASE, "Dupa", 3)
    assert found("countryside of Westburg").method is Method.PROVINCE
