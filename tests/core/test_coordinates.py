import pytest
from core.land import COUNTRIES, LAND, PLACES

from schemas.facts import Circle, Location, Rejection
from schemas.reasons import Method
from streams.core.gazetteer import Country, Gazetteer, Place, PlaceKind
from streams.core.geometry import distance_m
from streams.core.locate import locate

# Westburg is at 36.0, 37.0 in the west of Exland, Eastburg at 36.0, 39.0 in its east.
# What is given                                                          point                what was mended
MENDED = [
    (Location(lat=37.0123, lon=36.0123, admin1="Westburg"), (36.0123, 37.0123), "lat and lon swapped"),
    (Location(lat=-36.0123, lon=37.0123, admin1="Westburg"), (36.0123, 37.0123), "sign of lat"),
    (Location(lat=36.0123, lon=-37.0123, admin1="Westburg"), (36.0123, 37.0123), "sign of lon"),
    (Location(lat=3601.23, lon=37.0123, admin1="Westburg"), (36.0123, 37.0123), "decimal point of lat"),
    (Location(lat=36.0123, lon=370123.0, admin1="Westburg"), (36.0123, 37.0123), "decimal point of lon"),
    (Location(lat=360123.0, lon=370123.0, admin1="Westburg"), (36.0123, 37.0123), "decimal points of lat and lon"),
    (Location(lat=36.0123, lon=3.70123, admin1="Westburg"), (36.0123, 37.0123), "decimal point of lon"),
    (Location(lat=3601.23, lon=39.0123, country="Exland"), (36.0123, 39.0123), "decimal point of lat"),
    (Location(lat=3601.23, lon=39.0123), (36.0123, 39.0123), "decimal point of lat"),  # nothing is named: in Exland, then
    (Location(lat=39.0123, lon=36.0123, place="Eastburg", country="Exland"), (36.0123, 39.0123), "lat and lon swapped"),
]


def found(location: Location, land: Gazetteer = LAND) -> Circle:
    circle = locate(location, ["XX"], land)
    assert isinstance(circle, Circle), circle
    return circle


@pytest.mark.parametrize(("location", "point", "said"), MENDED)
def test_coordinates_that_contradict_are_mended_where_one_slip_explains_them(
    location: Location, point: tuple[float, float], said: str
) -> None:
    circle = found(location)
    assert (circle.lat, circle.lon) == pytest.approx(point)
    assert (circle.method, circle.repair) == (Method.COORDINATES, said)
    assert circle.radius_m >= 2_000  # never quite believed


def test_degrees_and_minutes_read_as_decimals_are_mended() -> None:
    far = Place(30, "Farburg", 36_900_000, 37_900_000, "XX", "05", 90_000, ("Farburg",))
    near = [Place(40 + n, "Near", 36_540_000, 37_500_000 + n * 20_000, "XX", "01", 0, ("Near",)) for n in range(4)]
    land = Gazetteer([*PLACES, far, *near], COUNTRIES, ["XX"])
    circle = found(Location(lat=36.54, lon=37.54, admin1="Farburg"), land)
    assert circle.repair == "degrees and minutes read as decimals"
    assert (circle.lat, circle.lon) == (36.9, 37.9)


def test_two_slips_that_both_fit_mend_nothing() -> None:
    # On either side of the equator and in one province: which sign is wrong nobody can say.
    line = [Place(n, "Line", lat, 37_000_000, "XX", "01", 0, ("Line",)) for n, lat in ((1, 500_000), (2, 5_000_000))]
    land = Gazetteer(line, [Country("XX", ("Exland",), 2_000_000, 37_000_000, 400_000)], ["XX"])
    assert isinstance(locate(Location(lat=500.0, lon=37.0, admin1="Line"), ["XX"], land), Circle)  # the province, not a point
    assert found(Location(lat=500.0, lon=37.0, admin1="Line"), land).method is Method.PROVINCE


def test_coordinates_that_agree_are_left_alone() -> None:
    for location in (
        Location(lat=36.0123, lon=37.0123, admin1="Westburg"),
        Location(lat=36.0123, lon=37.0123, country="Exland"),
        Location(lat=36.0123, lon=37.0123, admin1="no such province"),
        Location(lat=12.0, lon=12.34),  # somewhere else altogether, and nothing says that it should not be
    ):
        assert found(location).repair is None
        assert (found(location).lat, found(location).lon) == (location.lat, location.lon)


def test_a_point_just_over_the_border_of_the_province_is_left_alone() -> None:
    circle = found(Location(lat=36.0123, lon=38.0123, admin1="Westburg"))
    assert (circle.lat, circle.lon, circle.repair) == (36.0123, 38.0123, None)


def test_what_contradicts_and_cannot_be_mended_reaches_over_both() -> None:
    circle = found(Location(lat=36.0123, lon=39.0123, admin1="Westburg"))
    assert (circle.lat, circle.lon, circle.repair) == (36.0123, 39.0123, None)
    west = LAND.area("XX.01")
    assert circle.radius_m >= distance_m(36_012_300, 39_012_300, west.lat_e6, west.lon_e6)
    assert {"XX.01", "XX.02"} <= set(circle.areas)
    assert circle.precision >= 4


def test_impossible_coordinates_leave_the_place_to_its_name_and_say_so_without_one() -> None:
    assert found(Location(lat=95.0, lon=500.0, place="Dupa", admin1="Westburg")).method is Method.PLACE_IN_PROVINCE
    refusal = locate(Location(lat=95.5, lon=37.0), ["XX"], LAND)
    assert isinstance(refusal, Rejection)
    assert "location.lat: 95.5 is not between -90 and 90" in refusal.detail


def test_the_middle_of_a_country_is_the_country_and_of_a_province_the_province() -> None:
    country = Country("XX", ("Exland",), 35_000_000, 38_000_000, 200_000, ((35_123_400, 38_123_400),))
    west = Place(40, "West", 36_200_000, 37_300_000, "XX", "01", 0, ("West",), PlaceKind.PROVINCE, 50_000, "a list")
    land = Gazetteer([*PLACES, west], [country], ["XX"])
    whole = found(Location(lat=35.1234, lon=38.1234), land)
    assert (whole.method, whole.precision, whole.areas) == (Method.COUNTRY, 6, ["XX"])
    part = found(Location(lat=36.2, lon=37.3, country="Exland"), land)
    assert (part.method, part.precision, part.areas) == (Method.PROVINCE, 4, ["XX.01"])
    # Where a place is named, somebody knew more.
    assert found(Location(lat=35.1234, lon=38.1234, place="Dupa"), land).method is Method.COORDINATES


def test_the_null_island_is_no_place() -> None:
    assert isinstance(locate(Location(lat=0.0, lon=0.0), ["XX"], LAND), Rejection)


def test_a_point_at_the_border_whose_swap_lies_amid_the_province_is_both() -> None:
    coast = [Place(n, "Coast", 35_500_000 + n * 10_000, 35_800_000 + n % 2, "XX", "01", 0, ("Coast",)) for n in range(4)]
    land = Gazetteer(coast, [Country("XX", ("Exland",), 35_500_000, 35_800_000, 20_000)], ["XX"])
    circle = found(Location(lat=35.8, lon=35.5034, admin1="Coast"), land)
    assert circle.radius_m >= distance_m(35_800_000, 35_503_400, 35_503_400, 35_800_000)
    assert found(Location(lat=35.5034, lon=35.8, admin1="Coast"), land).radius_m == 250
