"""Write the JSON Schemas of the published language from its types.

    python -m schemas.generate            writes schemas/v1/*.schema.json
    python -m schemas.generate --check    exits 1 and names the files that differ from the types

The types say fields, kinds and bounds. What a report needs by its type is a rule of `streams.core.check`; the part of it
that JSON Schema can say is added here, and tests hold the two together.
"""

import argparse
import json
import sys
from enum import EnumMeta
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from schemas import facts, reasons

Schema = dict[str, Any]

FOLDER = Path(__file__).parent / "v1"
SUFFIX = ".schema.json"

SCHEMAS: dict[str, Any] = {
    "report": facts.Report,
    "tick": facts.Tick,
    "located": facts.LogRecord,
    "terms": facts.TermsRecord,
    "public_terms": facts.PublicTerms,
    "incident": facts.Incident,
    "evidence": facts.Evidence,
    "level": facts.Level,
    "day": facts.Day,
    "phase_change": facts.PhaseChange,
    "rejection": facts.Rejected,
}
"""File name to type. A union has no docstring; its schema says what it is below."""

LOG_RECORD = "A record of the log of a truce. `record` says which kind it is."


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description="Write the JSON Schemas from the types.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs from the types")
    is_check = parser.parse_args(arguments).check
    differing = [path for path, text in files().items() if not path.exists() or path.read_text("utf-8") != text]
    for path in differing:
        if is_check:
            print(f"{path.name} differs from the types; run python -m schemas.generate", file=sys.stderr)
        else:
            path.write_text(files()[path], "utf-8")
            print(f"{path.name} written")
    return 1 if is_check and differing else 0


def files() -> dict[Path, str]:
    """The text of every schema file."""
    return {FOLDER / (name + SUFFIX): json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n" for name in SCHEMAS}


def schema(name: str) -> Schema:
    """One schema of draft 2020-12, complete but for the log's, which refers to those of report and terms."""
    (root,), components = msgspec.json.schema_components([SCHEMAS[name]], ref_template="#/$defs/{name}")
    definitions = {title: plain(component) for title, component in components.items()}
    for title, component in definitions.items():
        words = getattr(reasons, title, None)
        if isinstance(words, EnumMeta):
            # In the order in which they are declared, which for some lists means something.
            component["enum"] = [word.value for word in words]
    if "LocatedReport" in definitions:
        definitions["LocatedReport"]["properties"]["report"] = {"$ref": "report" + SUFFIX}
        record = definitions["TermsRecord"]["properties"]["record"]
        definitions["TermsRecord"] = {"properties": {"record": record}, "$ref": "terms" + SUFFIX}
        body: Schema = {"title": "LogRecord", "description": LOG_RECORD, "oneOf": root["anyOf"]}
    else:
        body = definitions.pop(root["$ref"].rpartition("/")[2])
    if name == "report":
        body["allOf"] = [_conditions()]
        definitions |= {"Paired": _PAIRED, "SaysWhere": _SAYS_WHERE}
    head: Schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": name + SUFFIX}
    return head | body | ({"$defs": definitions} if definitions else {})


def plain(node: Any) -> Any:
    """Without what JSON Schema does not know (`discriminator`) and what says nothing (a default of null)."""
    if isinstance(node, list):
        return [plain(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    kept = {key: inner for key, inner in node.items() if key != "discriminator" and (key, inner) != ("default", None)}
    return {
        key: cleandoc(inner) if key == "description" and isinstance(inner, str) else plain(inner) for key, inner in kept.items()
    }


def _given(*names: str) -> Schema:
    """The fields are there and not null. Says nothing of what is not an object."""
    return {"required": list(names), "properties": {name: {"not": {"type": "null"}} for name in names}}


def _inside(name: str, inner: Schema) -> Schema:
    return {"properties": {name: inner}}


def _conditions() -> Schema:
    """What an active report needs by its type; a retraction needs ids and type only."""
    return {
        "if": {"required": ["status"], "properties": {"status": {"const": "retracted"}}},
        "else": {
            "allOf": [
                _inside("location", _ref("Paired")),
                *(
                    {"if": {"required": ["type"], "properties": {"type": {"enum": list(types)}}}, "then": needs}
                    for types, needs in _NEEDS.items()
                ),
            ]
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


_PAIRED: Schema = {
    "description": "Coordinates come in pairs. Those that lie nowhere on the Earth are mended where only one slip explains them.",
    "anyOf": [
        {"properties": {"lat": {"type": "null"}, "lon": {"type": "null"}}},
        {
            "required": ["lat", "lon"],
            "properties": {
                "lat": {"type": "number"},
                "lon": {"type": "number"},
            },
        },
    ],
}
_PLACE_NAMES = ("mgrs", "place", "quarter", "admin2", "admin1", "country", "text")
_SAYS_WHERE: Schema = {
    "description": "Has coordinates or a name in it, so that it could be located.",
    "anyOf": [
        _given("lat", "lon"),
        *({"required": [name], "properties": {name: {"type": "string", "pattern": "\\S"}}} for name in _PLACE_NAMES),
    ],
}
_NEEDS: dict[tuple[str, ...], Schema] = {
    ("violation",): {
        "allOf": [
            _given("kind", "location"),
            _inside("location", _ref("SaysWhere")),
            {"anyOf": [_given("occurred_at"), _given("occurred_from", "occurred_to")]},
        ]
    },
    ("nil",): {
        "allOf": [
            _given("covers"),
            _inside(
                "covers",
                {
                    "allOf": [
                        _given("from", "to"),
                        _inside("location", _ref("Paired")),
                        {"anyOf": [_given("zone"), {"allOf": [_given("location"), _inside("location", _ref("SaysWhere"))]}]},
                    ]
                },
            ),
        ]
    },
    ("access",): _given("access"),
    ("tally",): _given("count", "period"),
    ("declaration",): _given("party", "declares"),
    ("finding", "denial", "acknowledgement"): {
        "allOf": [_given("about"), _inside("about", {"anyOf": [_given("incident"), _given("source", "report_id")]})]
    },
}

__all__ = ["FOLDER", "SCHEMAS", "SUFFIX", "files", "plain", "schema"]

if __name__ == "__main__":
    sys.exit(main())
