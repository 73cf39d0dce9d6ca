"""How often a process of ours looks for garbage by itself."""

import gc

YOUNG = 10_000
"""Things made since the last look, for which a look takes some three milliseconds, in which everything waits."""
AT_ONCE = -1
"""Looks that pass before what outlived one is looked through again with the young: none, it counts as old."""
OLD, NEVER = 100, 100_000
"""Looks at the young for one at everything; the interpreter skips it where a quarter more has not come since the last."""


def collect_seldom(by_itself: bool = True) -> None:
    """A truce keeps millions of things for as long as their day is open: to look through them again and again costs a seventh
    of all time. What is young is looked through once; what is old when a quarter more has come, or, where that would hold up
    others, not `by_itself` but when somebody calls for it."""
    gc.freeze()
    gc.set_threshold(YOUNG, AT_ONCE, OLD if by_itself else NEVER)


__all__ = ["collect_seldom"]
