"""The published contract as the tests see it: schemas, validators, examples."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from schemas.generate import FOLDER, SCHEMAS, SUFFIX

EXAMPLES = FOLDER / "examples"
REFUSED = EXAMPLES / "refused"
DOCUMENTS = {name: json.loads((FOLDER / (name + SUFFIX)).read_text("utf-8")) for name in SCHEMAS}
_REGISTRY = Registry().with_resources([(d["$id"], Resource.from_contents(d)) for d in DOCUMENTS.values()])
VALIDATORS = {name: Draft202012Validator(document, registry=_REGISTRY) for name, document in DOCUMENTS.items()}

RECEIVED_AT = 1_474_329_600
"""2016-09-20T00:00Z: after every refused example but those that lie in the future."""


def examples(prefix: str) -> list[Path]:
    """Examples of a schema, by name."""
    return sorted(EXAMPLES.glob(f"{prefix}.*.json"))


def refused() -> list[tuple[str, str, Path]]:
    """Reason, field and file of every refused example: `reason.field.json`, `reason.field+variant.json`.

    What is not JSON has no field, but what is wrong with it, in its place.
    """
    found = []
    for path in sorted(REFUSED.glob("*.json")):
        reason, _, rest = path.name.removesuffix(".json").partition(".")
        found.append((reason, rest.partition("+")[0], path))
    return found


def ids(paths: list[Path]) -> list[str]:
    return [path.name.removesuffix(".json") for path in paths]
