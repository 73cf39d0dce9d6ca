"""Read the objects of a JSON document one by one, each with the line that it begins on.

A document is an array of objects, an object that has them under one of a few names, or one object a line. It is held in memory
whole: the line of an object is known only to who has seen everything before it. What comes after a fault of the syntax
cannot be told apart any more and is one unreadable row.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from streams.adapters.rows import AdapterError, Took, nobody

_SPACE = " \t\r\n"

Object = dict[str, Any]


class Element(NamedTuple):
    """An element of the array: "file:line", its bytes, and its value, or what is wrong with it."""

    where: str
    original: bytes
    value: Object | str


def elements(path: Path, names: tuple[str, ...], took: Took = nobody) -> Iterator[Element]:
    """The elements of the array of a document; `names` are those of the array where it is inside an object.

    Raises `AdapterError` for a file that is not there, or has no such array in it.
    """
    text = _text(path, took)
    start = _array(text, names)
    if start is None:
        yield from _one_a_line(path, text, names)
        return
    position, line, counted = _after(text, start + 1), 1, 0
    while text[position : position + 1] != "]":
        line, counted = line + text.count("\n", counted, position), position
        where = f"{path.name}:{line}"
        try:
            value, end = _decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as fault:
            said = f"not JSON, and what comes after it is lost: {_said(fault)}"
            yield Element(where, text[position:].encode(errors="surrogateescape"), said)
            return
        original = text[position:end].encode(errors="surrogateescape")
        yield Element(where, original, value if isinstance(value, dict) else "not a JSON object")
        position = _after(text, end)
        if text[position : position + 1] == ",":
            position = _after(text, position + 1)
        elif text[position : position + 1] != "]":
            where = f"{path.name}:{line + text.count(chr(10), counted, position)}"
            rest = text[position:].encode(errors="surrogateescape")
            yield Element(where, rest, "not JSON, and what comes after it is lost: the array goes on without a comma")
            return


def flat(value: Object, separator: str = "/") -> dict[str, str]:
    """The values of an object as text, by the path to each; of a name that comes once the name alone will do too.

    An array of plain values is one text, in which they stand one after another.
    """
    cells: dict[str, str] = {}
    _flatten("", value, separator, cells)
    for path in list(cells):
        cells.setdefault(path.rpartition(separator)[2], cells[path])
    return cells


def _flatten(prefix: str, value: Object, separator: str, cells: dict[str, str]) -> None:
    for name, inner in value.items():
        path = f"{prefix}{name}"
        if isinstance(inner, dict):
            _flatten(f"{path}{separator}", inner, separator, cells)
        elif isinstance(inner, list):
            plain = [_plain(one) for one in inner if one is not None and not isinstance(one, dict | list)]
            if len(plain) == len(inner):
                cells[path] = " ".join(plain)
        elif inner is not None:
            cells[path] = _plain(inner)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)


def _text(path: Path, took: Took) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise AdapterError(f"{path}: there is no such file") from None
    except OSError as error:
        raise AdapterError(f"{path}: {error.strerror}") from None
    took(len(content))
    return content.decode("utf-8-sig", "surrogateescape")


def _array(text: str, names: tuple[str, ...]) -> int | None:
    """Where the bracket of the array is; None where there is none, or the file holds one object a line."""
    position = _after(text, 0)
    if text[position : position + 1] == "[":
        return position
    if text[position : position + 1] != "{":
        return None
    position = _after(text, position + 1)
    try:
        while text[position : position + 1] == '"':
            name, position = _decoder.raw_decode(text, position)
            position = _after(text, position)
            position = _after(text, position + (text[position : position + 1] == ":"))
            if name in names and text[position : position + 1] == "[":
                return position
            _, position = _decoder.raw_decode(text, position)
            position = _after(text, position)
            position = _after(text, position + (text[position : position + 1] == ","))
    except (ValueError, RecursionError):
        return None
    return None


def _one_a_line(path: Path, text: str, names: tuple[str, ...]) -> Iterator[Element]:
    is_any = False
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = _decoder.decode(line.strip())
        except (ValueError, RecursionError) as fault:
            value = f"not JSON: {_said(fault)}"
        if not is_any and not isinstance(value, dict):
            raise AdapterError(f"{path}: no JSON array, none under {', '.join(names)}, and no JSON object on line {number}")
        is_any = True
        original = line.strip().encode(errors="surrogateescape")
        yield Element(f"{path.name}:{number}", original, value if isinstance(value, dict | str) else "not a JSON object")
    if not is_any:
        raise AdapterError(f"{path}: empty")


def _after(text: str, position: int) -> int:
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return position


def _said(fault: Exception) -> str:
    return "nested too deep" if isinstance(fault, RecursionError) else str(fault)


# What is no number in JSON (NaN, Infinity) is a cell that says nothing.
_decoder = json.JSONDecoder(parse_constant=lambda _: None)

__all__ = ["Element", "Object", "elements", "flat"]
