"""Space and time in cells, so that a claim is compared with its neighbours only.

Claims come in breadths, by the size of their circle and the length of their span. A pair meets in the grid of the
broader of the two, in size and in length apart: so a claim looks at a few cells around itself whatever it is compared
with, a street and an hour or a province and a week.
"""

from collections.abc import Iterator
from math import cos, radians
from typing import NamedTuple

from streams.core.features import SHARP_S, Features
from streams.core.geometry import M_PER_DEGREE
from streams.core.terms import DAY, HOUR

SIZES = ((2_500, 100_000), (15_000, 300_000), (120_000, 2_500_000), (20_100_000, 180_000_000))
"""(greatest radius in metres, side of a cell in microdegrees)."""
LENGTHS = ((SHARP_S, 12 * HOUR), (25 * HOUR, DAY), (7 * DAY, 8 * DAY))
"""(longest span, length of a slot), in seconds."""
BREADTHS = range(len(SIZES) * len(LENGTHS))


class Cell(NamedTuple):
    """Of the grid of a breadth: a slot of time, a row and a column."""

    grid: int
    slot: int
    row: int
    column: int


def breadth(features: Features) -> int:
    """A number in `BREADTHS`."""
    length_s = features.end - features.start
    size = length = 0
    while features.radius_m > SIZES[size][0]:
        size += 1
    while length_s > LENGTHS[length][0]:
        length += 1
    return size * len(LENGTHS) + length


def grid_of(one: int, other: int) -> int:
    """Where claims of two breadths meet."""
    (size, length), (other_size, other_length) = divmod(one, len(LENGTHS)), divmod(other, len(LENGTHS))
    return max(size, other_size) * len(LENGTHS) + max(length, other_length)


def cell_of(features: Features, grid: int) -> Cell:
    """Where a claim is listed in a grid: by its centre and its beginning."""
    size, length = divmod(grid, len(LENGTHS))
    side_e6, slot_s = SIZES[size][1], LENGTHS[length][1]
    column = features.lon_e6 // side_e6 % (360_000_000 // side_e6)
    return Cell(grid, features.start // slot_s, features.lat_e6 // side_e6, column)


def cells_near(features: Features, grid: int, listed: int, distance_m: int, window_s: int) -> Iterator[Cell]:
    """Every cell of a grid that may list a claim of the breadth `listed` within reach. Some within it are out of reach."""
    size, length = divmod(grid, len(LENGTHS))
    side_e6, slot_s = SIZES[size][1], LENGTHS[length][1]
    listed_size, listed_length = divmod(listed, len(LENGTHS))
    if length == 0:
        window_s //= 2
    reach_m = distance_m + features.radius_m + SIZES[listed_size][0]
    reach_e6 = reach_m * 1_000_000 // M_PER_DEGREE + 1
    first_slot = (features.start - window_s - LENGTHS[listed_length][0]) // slot_s
    last_slot = (features.end + window_s) // slot_s
    rows = range((features.lat_e6 - reach_e6) // side_e6, (features.lat_e6 + reach_e6) // side_e6 + 1)
    columns = _columns(features.lat_e6, features.lon_e6, reach_e6, side_e6)
    for slot in range(first_slot, last_slot + 1):
        for row in rows:
            for column in columns:
                yield Cell(grid, slot, row, column)


def _columns(lat_e6: int, lon_e6: int, reach_e6: int, side_e6: int) -> list[int]:
    """Columns of cells within reach; the world is round, and meridians come together towards the poles."""
    count = 360_000_000 // side_e6
    furthest_e6 = abs(lat_e6) + reach_e6
    # A cell too many costs a look-up and changes nothing, so floats will do here.
    shrink = cos(radians(furthest_e6 / 1_000_000)) if furthest_e6 < 90_000_000 else 0.0
    if shrink * count * side_e6 <= 2 * reach_e6:
        return list(range(count))
    wide_e6 = int(reach_e6 / shrink) + 1
    first, last = (lon_e6 - wide_e6) // side_e6, (lon_e6 + wide_e6) // side_e6
    if last - first + 1 >= count:
        return list(range(count))
    return [column % count for column in range(first, last + 1)]


__all__ = ["BREADTHS", "LENGTHS", "SIZES", "Cell", "breadth", "cell_of", "cells_near", "grid_of"]
