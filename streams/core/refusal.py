"""Say what is wrong with a message, to whoever wrote it.

The decoder knows, but in its own words: here they become a reason of the closed list and a detail that begins with the
name of the field.
"""

import re

import msgspec

from schemas.facts import Rejection
from schemas.reasons import Kind, Reason, ReportType, TimePrecision, Weapon


def wrong_shape(fault: msgspec.ValidationError, what: str) -> Rejection:
    """A decoder's complaint as a rejection, in terms of the contract. `what` is what the bytes should have been."""
    message, at, path = str(fault).rpartition(" - at `$")
    if not at:
        message, path = path, ""
    field = path.removesuffix("`").removeprefix(".")
    missing = _MISSING.fullmatch(message)
    if missing:
        name = f"{field}.{missing[1]}" if field else missing[1]
        return Rejection(Reason.MISSING_FIELD, f"{name}: required, but not given")
    unknown = _UNKNOWN.fullmatch(message)
    if unknown:
        known = _WORDS.get(field)
        listed = f"; known are {', '.join(known)}" if known else ""
        return Rejection(Reason.UNKNOWN_KIND, f"{field}: no such word: {_shown(unknown[1])}{listed}")
    said = _shown(message.replace("`", "").replace(" | null", ""))
    return Rejection(Reason.WRONG_TYPE, f"{field or what}: {said[:1].lower()}{said[1:]}")


def not_json(fault: Exception, value: bytes) -> Rejection:
    """A decoder's complaint about bytes that are not JSON in UTF-8."""
    if value.startswith(b"\xef\xbb\xbf"):
        return Rejection(Reason.NOT_JSON, "begins with a byte order mark: leave it out")
    if isinstance(fault, UnicodeDecodeError):
        return Rejection(Reason.NOT_JSON, f"not UTF-8: {fault.reason}")
    said = str(fault).removeprefix("JSON is malformed: ")
    if said == "Input data was truncated":
        said = "ends too early, or has half a surrogate pair"
    return Rejection(Reason.NOT_JSON, f"not JSON: {said}")


def _shown(text: str) -> str:
    """Somebody else's words in a message of ours: cut, and on one line."""
    text = "".join(character if character.isprintable() else "�" for character in text[:101])
    return text if len(text) <= 100 else text[:100] + "…"


_MISSING = re.compile(r"Object missing required field `(\w+)`")
_UNKNOWN = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_WORDS: dict[str, tuple[str, ...]] = {
    "type": tuple(ReportType),
    "kind": tuple(Kind),
    "weapon": tuple(Weapon),
    "time_precision": tuple(TimePrecision),
    "status": ("active", "retracted"),
    "declares": ("accepts", "extends", "withdraws", "ends", "waives"),
    "access.state": ("open", "denied"),
    "casualties.who": ("civilian", "combatant", "unknown"),
    "casualties.killed": ("tens", "dozens", "hundreds"),
    "casualties.injured": ("tens", "dozens", "hundreds"),
}

__all__ = ["not_json", "wrong_shape"]
