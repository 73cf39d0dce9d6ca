"""How often a process of ours looks for garbage by itself."""

import gc


def collect_seldom() -> None:
    """A truce keeps millions of things for as long as their day is open: to look through them again and again costs a seventh
    of all time. What is young is looked through as ever, little at a time because everything waits meanwhile (10 ms at most;
    350 for a million at once); what is old when a day has closed (see `PartitionOwner`)."""
    gc.freeze()
    gc.set_threshold(2_000, 10, 50_000)


__all__ = ["collect_seldom"]
