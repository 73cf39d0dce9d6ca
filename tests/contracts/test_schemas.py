"""The JSON Schemas are those of the types, and are sound."""

import json

import pytest
from contract import DOCUMENTS, VALIDATORS
from jsonschema import Draft202012Validator

from schemas.generate import SCHEMAS, files, main, schema


def test_the_schemas_checked_in_are_those_of_the_types(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err
    assert {path.name for path in files()} == {path.name for path in next(iter(files())).parent.glob("*.schema.json")}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one_of_draft_2020_12_and_says_what_it_is(name: str) -> None:
    document = DOCUMENTS[name]
    Draft202012Validator.check_schema(document)
    assert document["$id"] == f"{name}.schema.json"
    assert document["description"]


def test_every_field_of_a_report_has_a_description_or_speaks_for_itself() -> None:
    plain = {"weapon", "casualties", "location", "covers", "access", "period", "about", "links"}
    properties = schema("report")["properties"]
    assert {name for name, field in properties.items() if "description" not in field} == plain


def test_unknown_fields_are_let_pass() -> None:
    report = {"report_id": "1", "source": "s", "type": "alive", "mood": {"of": ["the", "day"]}}
    assert VALIDATORS["report"].is_valid(report)
    assert '"additionalProperties": false' not in json.dumps(DOCUMENTS)


def test_a_retraction_needs_only_ids_and_type() -> None:
    assert VALIDATORS["report"].is_valid({"report_id": "1", "source": "s", "type": "violation", "status": "retracted"})
    assert not VALIDATORS["report"].is_valid({"report_id": "1", "source": "s", "type": "violation"})


def test_null_is_as_good_as_absent_and_no_better() -> None:
    report = {"report_id": "1", "source": "s", "type": "access", "text": None}
    assert not VALIDATORS["report"].is_valid(report | {"access": None})
    assert VALIDATORS["report"].is_valid(report | {"access": {"area": "road", "state": "open"}})
