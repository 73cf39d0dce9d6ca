"""What a report is judged by when it comes, as of the last tick."""

from typing import NamedTuple

from streams.core.picture import Picture

RULES = 5
"""The version of the rules. It stands in every phase change, and is raised by whatever makes the same log be decided otherwise.

2: the decisions of 2026-11-27 in the README: the order of claims that are alike, the interval of casualties that several
lineages tell, what is a total, and when an anonymous claim near a border counts nowhere.
3: a tally that outweighs another one, or no longer does, changes the days of the other too; and what tallies count is known
for as long as a day of theirs is told.
4: what a source said long ago takes no room from what it says now: repeats are known however often it used the same words.
5: the decisions of 2026-11-28 in the README below that one: what the accused may lower, who may make one witness of two, what
has closed, which words come too late or count twice, and how spans, places and names are read.
"""


class Present(NamedTuple):
    """`now_s`: None before the first tick. Days that end before `open_from_s` are closed; at `last_moment_s`, some days
    after the end of the truce, measuring stops for good. Seconds since 1970."""

    picture: Picture
    now_s: int | None
    open_from_s: int
    last_moment_s: int


__all__ = ["RULES", "Present"]
