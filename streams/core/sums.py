"""Nine running sums as one whole number: three metrics by three bounds, 64 bits each, so that to add is one addition.

A change may be negative, and so may a running sum of changes; what is read out is exact as long as no sum leaves 63 bits.
The largest amount of an incident is a thousand million (its severity, in thousandths), so that takes thousands of millions
of them.
"""

from struct import Struct

METRICS_COUNT = BOUNDS_COUNT = 3
_FIELDS = METRICS_COUNT * BOUNDS_COUNT
_BITS = 64
_SIGNS = sum(1 << (_BITS * field + _BITS - 1) for field in range(_FIELDS))
_UNPACK = Struct(f"<{_FIELDS}q").unpack


def pack(bound: int, amounts: tuple[int, int, int]) -> int:
    """What adds these amounts (incidents, severity, killed) to the sums of a bound."""
    incidents, severity, killed = amounts
    return (incidents + (severity << _BITS) + (killed << 2 * _BITS)) << METRICS_COUNT * _BITS * bound


def packed(sums: list[int]) -> int:
    """The same nine sums, in the order in which `unpack` gives them."""
    return sum(amount << _BITS * field for field, amount in enumerate(sums))


def unpack(total: int) -> list[int]:
    """Nine sums: of each bound in turn the three metrics. Raises `OverflowError` where one left its 63 bits upwards."""
    return list(_UNPACK(((total + _SIGNS) ^ _SIGNS).to_bytes(_FIELDS * _BITS // 8, "little")))


__all__ = ["pack", "packed", "unpack"]
