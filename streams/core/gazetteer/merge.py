"""Put places of several lists together: give each its province, and let one place be there once.

Pure. GeoNames comes first, and decides where a place is that others list too; the others add names, and their own name is
kept beside (`Place.source`).
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from streams.core.gazetteer.index import Gazetteer
from streams.core.gazetteer.place import AREAS, Country, Place, PlaceKind, keyed
from streams.core.geometry import distance_m

SAME_M = 3_000
"""Two lists mean one place by the same name this near to each other."""


def merge(
    base: Sequence[Place],
    countries: Sequence[Country],
    home: Sequence[str],
    listed: Iterable[Place],
    area_names: Mapping[str, Sequence[str]],
) -> list[Place]:
    """The base with what is listed. A listed place may name its province, or leave it to the nearest place of the base."""
    listed = list(listed)
    if not listed:
        return list(base)
    known = Gazetteer(base, countries, home, area_names)
    merged = {place.id: place for place in base}
    # Provinces first: the others may say theirs by a name that only this list has.
    titled = dict(area_names)
    for place in listed:
        if place.kind is PlaceKind.PROVINCE:
            placed = _in_province(place, known)
            merged[placed.id] = placed
            titled[placed.area] = (*titled.get(placed.area, ()), *placed.names)
    known = Gazetteer(base, countries, home, titled)
    for place in listed:
        if place.kind is PlaceKind.PROVINCE:
            continue
        placed = place if place.kind is PlaceKind.COUNTRY else _in_province(place, known)
        twin = merged.get(placed.id) or _twin(placed, known)
        merged[twin.id if twin else placed.id] = _together(twin, placed) if twin else placed
    return list(merged.values())


def _in_province(place: Place, known: Gazetteer) -> Place:
    """With the code of its province: of the one it names, if that is one, else of the nearest place."""
    codes = known.provinces(place.province, place.country) if place.province else ()
    if len(codes) == 1:
        return msgspec.structs.replace(place, province=codes[0].partition(".")[2])
    near = [code for code in known.areas(place.lat_e6, place.lon_e6, 0) if code.partition(".")[0] == place.country]
    code = next((code for code in near if not codes or code in codes), codes[0] if codes else near[0] if near else place.country)
    return msgspec.structs.replace(place, province=code.partition(".")[2])


def _twin(place: Place, known: Gazetteer) -> Place | None:
    if place.kind in AREAS or place.kind is PlaceKind.LOCALITY:
        return None
    near = [
        (distance_m(place.lat_e6, place.lon_e6, other.lat_e6, other.lon_e6), other.id, other)
        for name in place.names
        for other in known.named(name, place.country)
        if other.kind is place.kind
    ]
    metres, _, twin = min(near, default=(SAME_M + 1, 0, None))
    return twin if metres <= SAME_M else None


def _together(first: Place, second: Place) -> Place:
    both = msgspec.structs.replace(
        first,
        names=tuple(dict.fromkeys((*first.names, *second.names))),
        population=first.population or second.population,
        radius_m=first.radius_m or second.radius_m,
        source=first.source if second.source in first.source else f"{first.source}, {second.source}",
        keys=(),
    )
    return keyed(both)


__all__ = ["SAME_M", "merge"]
