"""The map: polygons as terms give them, and hexagons for provinces, which fill the land once and leave no zone out."""

import pytest

from streams.board.shapes import LAND, shapes
from streams.core.terms import load

SQUARE = [[36.0, 35.0], [37.0, 35.0], [37.0, 36.0], [36.0, 36.0], [36.0, 35.0]]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE]}
FEATURE = {"type": "Feature", "geometry": POLYGON, "properties": {}}


@pytest.mark.parametrize(
    "geometry",
    [
        POLYGON,
        FEATURE,
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
        {"type": "FeatureCollection", "features": [FEATURE]},
        {"type": "GeometryCollection", "geometries": [POLYGON]},
    ],
)
def test_polygons_of_terms_are_drawn_as_they_are_however_they_are_wrapped(geometry: dict) -> None:
    drawn = shapes([{"id": "square", "polygons": geometry}], ["SY"])
    assert drawn is not None
    assert drawn.rings == {"square": [tuple(map(tuple, SQUARE))]}
    assert (drawn.west, drawn.south, drawn.east, drawn.north, drawn.hexagons) == (36.0, 35.0, 37.0, 36.0, False)


@pytest.mark.parametrize("name", ["demo-as-agreed", "syria-2016-02", "syria-2016-09"])
def test_every_zone_of_provinces_has_its_place_on_the_map(name: str) -> None:
    terms = load(f"streams/truces/{name}.toml")
    drawn = shapes(terms.as_mapping()["zones"], terms.truce.countries)
    assert drawn is not None
    assert set(drawn.rings) - {LAND} == {zone.id for zone in terms.zones}
    assert drawn.hexagons


def test_zones_share_borders_and_cover_nothing_twice() -> None:
    """Every edge of a border is that of one zone in one direction, so that no two lie over each other."""
    terms = load("streams/truces/demo-as-agreed.toml")
    drawn = shapes(terms.as_mapping()["zones"], terms.truce.countries)
    assert drawn is not None
    edges = [
        (ring[at], ring[(at + 1) % len(ring)]) for rings in drawn.rings.values() for ring in rings for at in range(len(ring))
    ]
    assert len(edges) == len(set(edges)) > 500


def test_damascus_lies_where_it_is() -> None:
    terms = load("streams/truces/demo-as-agreed.toml")
    drawn = shapes(terms.as_mapping()["zones"], terms.truce.countries)
    assert drawn is not None
    lon, lat = drawn.middle("damascus")
    assert abs(lon - 36.29) < 0.25
    assert abs(lat - 33.51) < 0.25


def test_a_truce_without_zones_has_no_map() -> None:
    assert shapes([], ["SY"]) is None
