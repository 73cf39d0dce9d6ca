"""The named levels that two claims are compared on, and what each weighs unless terms say otherwise.

A weight is in bits: how much more likely a pair of reports of one incident reaches the level than a pair of two
incidents of the same neighbourhood (the binary logarithm of the ratio, as Fellegi and Sunter put it in 1969). A score is
the sum over the comparisons, one level each.
"""

LADDER: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = (
    # Scaled by both radii: how wide the two circles are together, and how far apart their centres.
    (
        "place",
        (
            ("same_spot", 5.0),  # together at most 2.5 km wide, and within each other's reach
            ("same_town", 3.5),  # at most 15 km
            ("same_district", 1.5),  # at most 50 km
            ("same_province", -1.0),  # wider
            ("close", 1.5),  # beyond both circles by at most half of `distance_m`
            ("near", -1.0),  # by at most `distance_m`
        ),
    ),
    # Scaled by both precisions. Instants, hours and parts of a day have a gap; days either meet or do not.
    (
        "time",
        (
            ("same_time", 4.0),  # within a quarter of an hour
            ("same_part_of_day", 3.0),
            ("within_an_hour", 3.0),
            ("within_three_hours", 1.5),
            ("within_the_window", -3.0),
            ("same_day", 2.5),
            ("same_days", 0.5),
            ("another_day", -5.0),
        ),
    ),
    ("weapon", (("same", 2.0), ("unsaid_by_one", 0.5), ("unsaid_by_both", 0.5), ("alike", -1.0))),
    (
        "killed",
        (("agree", 1.5), ("nobody", 0.5), ("unsaid", 0.0), ("near", 0.0), ("far_apart", -1.5), ("nobody_by_one", -1.0)),
    ),
    (
        "injured",
        (("agree", 1.0), ("nobody", 0.0), ("unsaid", 0.0), ("near", 0.0), ("far_apart", -1.0), ("nobody_by_one", -0.5)),
    ),
    ("by", (("same", 0.5), ("unsaid", 0.0), ("other", -1.0))),
    ("against", (("same", 0.5), ("unsaid", 0.0), ("other", -0.5))),
    ("text", (("near_identical", 6.0), ("alike", 2.0), ("akin", 0.5), ("unlike", -0.5), ("not_comparable", 0.0))),
    ("links", (("shared", 6.0), ("other", 0.0), ("unsaid", 0.0))),
)

COMPARISONS: tuple[str, ...] = tuple(comparison for comparison, _ in LADDER)
NAMES: tuple[tuple[str, str], ...] = tuple((comparison, level) for comparison, levels in LADDER for level, _ in levels)
"""(comparison, level) by number: a level is known by its place here."""
DEFAULTS: tuple[float, ...] = tuple(weight for _, levels in LADDER for _, weight in levels)
NUMBER: dict[tuple[str, str], int] = {name: number for number, name in enumerate(NAMES)}

__all__ = ["COMPARISONS", "DEFAULTS", "LADDER", "NAMES", "NUMBER"]
