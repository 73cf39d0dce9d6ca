"""The description of the API (OpenAPI 3.1), from the types of the published language and a table of paths."""

from typing import Any

import msgspec

from schemas.facts import Day, Incident, Level, PhaseChange, PublicTerms
from schemas.generate import plain
from schemas.reasons import Grade, Outcome, Phase

Schema = dict[str, Any]

_TYPES = [PublicTerms, PhaseChange, Day, Level, Incident]
_AT = "#/components/schemas/{name}"


def document() -> Schema:
    """The whole document, as `/api/openapi.json` gives it."""
    _, components = msgspec.json.schema_components(_TYPES, ref_template=_AT)
    schemas = {name: plain(component) for name, component in components.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Truce board",
            "version": "1",
            "description": "What the public topics of the truce monitor say, as JSON. Bodies are as published: times in whole "
            "seconds since 1970, severities and limits in thousandths. Reported and unverified; computations, not determinations "
            "by anyone. Fields may be added; let pass what you do not know.",
        },
        "paths": {path: {"get": _get(path, *told)} for path, told in PATHS.items()} | {"/api/events": {"get": _EVENTS}},
        "components": {"schemas": schemas | _OWN},
    }


def _get(path: str, summary: str, body: Schema, query: dict[str, Schema]) -> Schema:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in ("truce", "incident")
        if f"{{{name}}}" in path
    ]
    parameters += [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in query.items()]
    responses: Schema = {"200": {"description": summary, "content": {"application/json": {"schema": body}}}}
    if parameters and parameters[0]["in"] == "path":
        responses["404"] = {"description": "There is no such thing."}
    operation = path.removeprefix("/api/").replace("{", "").replace("}", "").replace("/", "_")
    return {"operationId": operation, "summary": summary, "parameters": parameters, "responses": responses}


def _ref(name: str) -> Schema:
    return {"$ref": _AT.format(name=name)}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}
_ZONE = {"zone": _TEXT}
_WHICH = {
    "zone": {"type": "string", "description": "Those that may be in it"},
    "day": {"type": "integer", "description": "Those that may be of this day of the truce, 0 first"},
    "grade": {"type": "string", "enum": list(Grade)},
    "status": {"type": "string", "enum": ["live", "withdrawn"]},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 100},
    "after": {"type": "string", "description": "The id that `next` of the answer before gave"},
}

_OWN: Schema = {
    "Summary": _object(
        truce=_TEXT,
        name=_TEXT,
        version=_NUMBER | {"description": "Grows with every message about the truce; starts anew with the board"},
        clock=_or_null(_NUMBER | {"description": "The end of the hour that the truce's clock is in"}),
        phase={"type": "string", "enum": list(Phase)},
        zones=_list(
            _object(
                zone=_TEXT,
                gated={"type": "boolean"},
                phase=_or_null({"type": "string", "enum": list(Phase), "description": "Of gated zones"}),
                streak=_or_null(_NUMBER),
            )
        ),
        standing=_or_null(_TEXT | {"description": "Id of the last change of phase that holds"}),
        incidents=_NUMBER | {"description": "Live and withdrawn"},
    ),
    "Amended": _object(zone=_TEXT, day=_NUMBER, outcome={"type": "string", "enum": list(Outcome)}),
    "Zone": _object(
        type={"const": "Feature"},
        geometry=_object(type={"const": "MultiLineString"}, coordinates=_list(_list(_list({"type": "number"})))),
        properties=_object(zone=_or_null(_TEXT), level=_or_null(_ref("Level")), last_settled=_or_null(_ref("Day"))),
    ),
}

PATHS: dict[str, tuple[str, Schema, dict[str, Schema]]] = {
    "/api/truces": ("Every truce", _object(unreadable=_NUMBER, truces=_list(_ref("Summary"))), {}),
    "/api/truces/{truce}": ("Where a truce stands", _ref("Summary"), {}),
    "/api/truces/{truce}/terms": ("Every version of its terms", _object(terms=_list(_ref("PublicTerms"))), {}),
    "/api/truces/{truce}/phases": (
        "Every change of phase that was ever announced, and which of them were voided by which",
        _object(changes=_list(_ref("PhaseChange")), voided={"type": "object", "additionalProperties": _TEXT}),
        {},
    ),
    "/api/truces/{truce}/days": (
        "Days by zone, and the outcomes that were told before of those that have another now",
        _object(days=_list(_ref("Day")), amended=_list(_ref("Amended"))),
        _ZONE,
    ),
    "/api/truces/{truce}/levels": ("The rolling seven days of each zone", _object(levels=_list(_ref("Level"))), {}),
    "/api/truces/{truce}/incidents": (
        "Incidents, newest first",
        _object(count=_NUMBER, incidents=_list(_ref("Incident")), next=_or_null(_TEXT)),
        _WHICH,
    ),
    "/api/truces/{truce}/incidents/{incident}": ("One incident", _ref("Incident"), {}),
    "/api/truces/{truce}/zones": (
        "The shapes of the map as GeoJSON lines, in degrees; where terms name provinces these are made from places, no borders",
        _object(type={"const": "FeatureCollection"}, made_from_places={"type": "boolean"}, features=_list(_ref("Zone"))),
        {},
    ),
}

_EVENTS: Schema = {
    "operationId": "events",
    "summary": "Server-sent events named `changed`: which topics brought something about which truce, which parts show it",
    "parameters": [{"name": "truce", "in": "query", "required": False, "schema": _TEXT}],
    "responses": {"200": {"description": "A stream without end", "content": {"text/event-stream": {"schema": _TEXT}}}},
}

__all__ = ["PATHS", "document"]
