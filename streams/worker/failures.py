"""How a worker's process may end, and with which exit code."""

FAILED = 1
CANNOT_START = 3
FENCED = 4


class CannotStart(Exception):
    """It would not be right to begin. The message says what is wrong and what to do."""


class Fenced(Exception):
    """Another worker owns this partition now. Ours ends, and never initialises again in place."""


class Unsure(Exception):
    """Whether a transaction was committed is not known here. Ours ends; whoever is started next reads it from the log."""


def exit_code(fault: BaseException) -> int:
    return CANNOT_START if isinstance(fault, CannotStart) else FENCED if isinstance(fault, Fenced) else FAILED


__all__ = ["CANNOT_START", "FAILED", "FENCED", "CannotStart", "Fenced", "Unsure", "exit_code"]
