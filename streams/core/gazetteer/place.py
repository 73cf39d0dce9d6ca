"""What a gazetteer is made of."""

from enum import StrEnum

from msgspec import Struct, structs

from streams.core import names

GEONAMES = "GeoNames"
RADIUS_MAX_M = 2_000_000


class PlaceKind(StrEnum):
    """What a name stands for. Districts (of any level), provinces and countries are areas: a place of the name goes first."""

    PLACE = "place"
    QUARTER = "quarter"
    LOCALITY = "locality"
    DISTRICT = "district"
    PROVINCE = "province"
    COUNTRY = "country"


AREAS = frozenset((PlaceKind.DISTRICT, PlaceKind.PROVINCE, PlaceKind.COUNTRY))


class Place(Struct, frozen=True, array_like=True):
    """A named place. Microdegrees; `province` is its country's own code; a population or radius of 0 is not known.

    `source` is who lists it. `keys` and `sounds` are the keys of its names (`names.strict`, `names.loose`), kept because
    making them is most of the work of loading a gazetteer; see `keyed`.
    """

    id: int
    name: str
    lat_e6: int
    lon_e6: int
    country: str
    province: str
    population: int
    names: tuple[str, ...] = ()
    kind: PlaceKind = PlaceKind.PLACE
    radius_m: int = 0
    source: str = GEONAMES
    keys: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        """GeoNames code of its province, "SY.09"; of its country, where the province is not known."""
        return f"{self.country}.{self.province}" if self.province else self.country


class Country(Struct, frozen=True, array_like=True):
    """A country, its names, and the circle that holds its places.

    `middles` are points, (lat, lon) in microdegrees, that lists give for the country as a whole: whoever writes one of
    them knew the country and no more.
    """

    code: str
    names: tuple[str, ...]
    lat_e6: int
    lon_e6: int
    radius_m: int
    middles: tuple[tuple[int, int], ...] = ()


class Extract(Struct, frozen=True, array_like=True):
    """What the gazetteer of one country needs: its places, those about it, and every country there is."""

    places: tuple[Place, ...]
    countries: tuple[Country, ...]


def keyed(place: Place) -> Place:
    """The place with the keys of its names, each once, in the order of the names."""
    if place.keys:
        return place
    strict = dict.fromkeys(names.strict(spelling) for spelling in place.names)
    loose = dict.fromkeys(names.loose(spelling) for spelling in place.names)
    return structs.replace(
        place,
        keys=tuple(key for key in strict if key),
        sounds=tuple(key for key in loose if key),
    )


def bare(place: Place) -> Place:
    """The place without its keys, which anybody can make again, and with one spelling for each: what it takes to send it."""
    spellings = {names.strict(spelling): spelling for spelling in reversed(place.names)}
    return structs.replace(place, names=tuple(reversed(spellings.values())), keys=(), sounds=())


def is_sound(place: Place) -> bool:
    """Whether a place that somebody else wrote down can be worked with."""
    return (
        abs(place.lat_e6) <= 90_000_000
        and abs(place.lon_e6) <= 180_000_000
        and 0 <= place.radius_m <= RADIUS_MAX_M
        and place.population >= 0
        and bool(place.names)
        and len(place.country) == 2
    )


__all__ = ["AREAS", "GEONAMES", "Country", "Extract", "Place", "PlaceKind", "bare", "is_sound", "keyed"]
