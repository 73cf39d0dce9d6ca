"""What a gazetteer is made of."""

from msgspec import Struct


class Place(Struct, frozen=True, array_like=True):
    """A populated place. Microdegrees; `province` is its country's own code; a population of 0 is not known."""

    id: int
    name: str
    lat_e6: int
    lon_e6: int
    country: str
    province: str
    population: int
    names: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        """GeoNames code of its province, "SY.09"; of its country, where the province is not known."""
        return f"{self.country}.{self.province}" if self.province else self.country


class Country(Struct, frozen=True, array_like=True):
    """A country, its names, and the circle that holds its places."""

    code: str
    names: tuple[str, ...]
    lat_e6: int
    lon_e6: int
    radius_m: int


class Extract(Struct, frozen=True, array_like=True):
    """What the gazetteer of one country needs: its places, those about it, and every country there is."""

    places: tuple[Place, ...]
    countries: tuple[Country, ...]


__all__ = ["Country", "Extract", "Place"]
