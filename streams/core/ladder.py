"""The named levels that two claims are compared on, and what each weighs unless terms say otherwise.

A weight is in bits: how much more likely a pair of reports of one incident reaches the level than a pair of two
incidents of the same neighbourhood (the binary logarithm of the ratio, as Fellegi and Sunter put it in 1969). A score is
the sum over the comparisons, one level each.

These were learned without labels (`learning`) from the 5,418 reports of 40 days of the made-up conflict:
`load_tests/truth/write.py --seed 100 --days 40`, then `truce match learn`. What no pair there reached keeps a guess.
Since places are located better the same commands give other weights at three levels, and no better matching: see
`load_tests/truth/RESULTS.md`.
"""

LADDER: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = (
    # Scaled by both radii: how wide the two circles are together, and how far apart their centres.
    (
        "place",
        (
            # Together at most 2.5 km wide: by how far apart.
            ("same_point", 5.05),  # at most 500 m
            ("same_spot", 3.84),  # at most 1 km, or within each other's reach
            ("close", 1.12),  # at most 2 km beyond that reach
            ("near", -1.66),  # as far as `distance_m`
            # Wider: by how wide, where they reach each other,
            ("same_centre", 2.06),  # at most 15 km: the same name, or the same point of a list of places,
            ("same_town", 1.47),  # half of that apart,
            ("overlapping", 0.69),  # or more
            ("same_district", 0.18),  # at most 50 km
            ("same_province", -2.44),
            ("next_to", -0.43),  # and where they do not.
        ),
    ),
    # Scaled by both precisions. Instants, hours and parts of a day have a gap; days either meet or do not.
    (
        "time",
        (
            ("same_moment", 5.58),  # instants within five minutes
            ("same_time", 4.33),  # within a quarter of an hour
            ("same_hour", 3.78),  # hours that meet, or nearly
            ("same_part_of_day", 2.11),
            ("within_an_hour", 1.28),
            ("within_three_hours", -2.39),
            ("within_the_window", -5.61),
            ("same_day", 0.41),
            ("same_days", 0.5),
            ("another_day", -4.25),
        ),
    ),
    ("weapon", (("same", 1.76), ("unsaid_by_one", -0.75), ("unsaid_by_both", -0.22), ("alike", -1.92))),
    (
        "killed",
        (("agree", 2.65), ("nobody", 1.09), ("unsaid", 0.0), ("near", 1.05), ("far_apart", -3.13), ("nobody_by_one", -5.23)),
    ),
    (
        "injured",
        (("agree", 2.84), ("nobody", 1.48), ("unsaid", 0.0), ("near", 1.16), ("far_apart", -3.42), ("nobody_by_one", -3.99)),
    ),
    ("by", (("same", 0.42), ("unsaid", 0.0), ("other", -2.4))),
    ("against", (("same", 0.5), ("unsaid", 0.0), ("other", -0.5))),
    ("text", (("near_identical", 6.4), ("alike", 0.53), ("akin", 0.61), ("unlike", -0.64), ("not_comparable", 0.0))),
    ("links", (("shared", 4.83), ("other", -0.39), ("unsaid", 0.0))),
)

COMPARISONS: tuple[str, ...] = tuple(comparison for comparison, _ in LADDER)
NAMES: tuple[tuple[str, str], ...] = tuple((comparison, level) for comparison, levels in LADDER for level, _ in levels)
"""(comparison, level) by number: a level is known by its place here."""
DEFAULTS: tuple[float, ...] = tuple(weight for _, levels in LADDER for _, weight in levels)
NEUTRAL: frozenset[int] = frozenset(number for number, (_, level) in enumerate(NAMES) if level in ("unsaid", "not_comparable"))
"""Where one of the two says nothing, nothing was compared."""
NUMBER: dict[tuple[str, str], int] = {name: number for number, name in enumerate(NAMES)}

__all__ = ["COMPARISONS", "DEFAULTS", "LADDER", "NAMES", "NEUTRAL", "NUMBER"]
