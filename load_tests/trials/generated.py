"""Reports made from the JSON Schema itself: each field by what the schema says of it, and now and then by what it forbids.

Whether a message is a report is then for a validator of the schema to say, which shares nothing with the program.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "v1" / "report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
ODD = (None, True, 0, -1, 1.5, 10**30, -1e308, "", "x" * 5_000, "a\u0000b", "\u202eabc\u2066", "☃", [], {}, [[]], {"lat": 99})
TIMES = ("2016-02-29T20:00:00Z", "2016-02-29T20:00:00+03:00", "2016-02-28T00:00:00.5Z", "2016-02-29T23:59:60Z", "yesterday")


def refused_by_schema(random: Random, count: int) -> Iterator[bytes]:
    """So many messages that are JSON and no reports."""
    while count:
        message = generated(random, 0.04)
        if not VALIDATOR.is_valid(message):
            count -= 1
            yield json.dumps(message, ensure_ascii=random.random() < 0.5).encode()


def generated(random: Random, wrong: float) -> Any:
    """A message of which each value is one that the schema forbids with the chance `wrong`."""
    return _Maker(random, wrong).value(SCHEMA)


class _Maker:
    def __init__(self, random: Random, wrong: float) -> None:
        self._random, self._wrong = random, wrong
        self._makers = {"object": self._object, "array": self._array, "string": self._string}
        self._makers |= {"number": self._number, "integer": self._number}

    def value(self, schema: dict[str, Any]) -> Any:
        if self._errs():
            return self._random.choice(ODD)
        if "$ref" in schema:
            return self.value(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            return self.value(self._random.choice(schema["anyOf"]))
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        if "const" in schema:
            return schema["const"]
        return self._makers[schema["type"]](schema) if schema.get("type") in self._makers else None

    def _errs(self) -> bool:
        return self._random.random() < self._wrong

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        wanted, fields = schema.get("required", ()), schema.get("properties", {})
        often = self._random.random()
        chosen = [name for name in fields if (not self._errs() if name in wanted else self._random.random() < often)]
        return {name: self.value(fields[name]) for name in chosen}

    def _array(self, schema: dict[str, Any]) -> list[Any]:
        count = schema.get("maxItems", 50) + 1 if self._errs() else self._random.randrange(3)
        return [self.value(schema.get("items", {})) for _ in range(count)]

    def _string(self, schema: dict[str, Any]) -> str:
        if schema.get("format") == "date-time":
            return self._random.choice(TIMES if self._errs() else TIMES[:3])
        most = schema.get("maxLength", 20)
        length = most + 1 if self._errs() else self._random.choice((max(1, schema.get("minLength", 1)), 5, most))
        return "".join(self._random.choice("ab ä\u202e") for _ in range(min(length, most + 1)))

    def _number(self, schema: dict[str, Any]) -> float | int:
        low, high = schema.get("minimum", -10), schema.get("maximum", 10**6)
        if self._errs():
            return self._random.choice((low - 1, high + 1))
        chosen = self._random.choice((low, high, self._random.uniform(low, high)))
        return int(chosen) if schema["type"] == "integer" else chosen


__all__ = ["VALIDATOR", "generated", "refused_by_schema"]
