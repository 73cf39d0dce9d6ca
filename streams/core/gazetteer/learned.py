"""A list of places made of reports that say both where something was and what the place is called.

Whoever has an archive of located reports has a list of villages that no gazetteer has. A name is taken where enough
reports of a province agree on its place; where they contradict each other nothing is learned. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from streams.core import names
from streams.core.geometry import distance_m

AGREE_M = 5_000
"""Reports of one place are this near to its middle."""

AGREEING = 0.8
"""The share of reports that must be, or the name is taken for that of several places."""

RADIUS_LEAST_M = 4_000
"""What GeoNames' villages are given: a strike on a village is often said to be at its middle."""


class Told(NamedTuple):
    """What a report calls the place that it gives the coordinates of (microdegrees), and the province that these are in."""

    name: str
    lat_e6: int
    lon_e6: int
    area: str


class LearnedPlace(NamedTuple):
    """A row of the list; `area` is GeoNames' code of the province ("SY.09"), `reports` how many agree on it."""

    name: str
    lat_e6: int
    lon_e6: int
    area: str
    radius_m: int
    reports: int


class Learned(NamedTuple):
    """`contradicted` are names of which the reports of a province disagree; `seldom` are those that too few reports have."""

    places: list[LearnedPlace]
    contradicted: list[str]
    seldom: int


def learn(told: Iterable[Told], least: int) -> Learned:
    """The places that at least so many reports agree on, by province and name; the same for any order of the reports."""
    groups: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one in told:
        key = names.strict(one.name)
        if key:
            groups[one.area, key].append(one)
    learned = Learned([], [], sum(len(group) < least for group in groups.values()))
    for (area, _), group in sorted(groups.items()):
        if len(group) < least:
            continue
        name = min(Counter(names.clean(one.name) for one in group).items(), key=lambda found: (-found[1], found[0]))[0]
        lat_e6, lon_e6 = (round(median(points)) for points in zip(*((one.lat_e6, one.lon_e6) for one in group), strict=True))
        near_m = [m for one in group if (m := distance_m(lat_e6, lon_e6, one.lat_e6, one.lon_e6)) <= AGREE_M]
        if len(near_m) < max(least, AGREEING * len(group)):
            learned.contradicted.append(name)
        else:
            place = LearnedPlace(name, lat_e6, lon_e6, area, max(RADIUS_LEAST_M, *near_m), len(near_m))
            learned.places.append(place)
    return learned


__all__ = ["Learned", "LearnedPlace", "Told", "learn"]
