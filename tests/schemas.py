"""Check documents against the JSON Schemas of docs/formats and of the Open Data Contract Standard, each read once."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft201909Validator, Draft202012Validator

from tests.yaml_files import load_yaml

FORMATS = Path(__file__).parents[1] / "docs" / "formats"


@cache
def validator_of(name: str) -> Draft202012Validator:
    """Return the validator of a published format: `validator_of("diff")`."""
    schema = json.loads((FORMATS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@cache
def _contract_validator() -> Draft201909Validator:
    schema = files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    return Draft201909Validator(json.loads(schema))


def assert_valid(document: Any, name: str) -> None:
    """Fail unless the document follows the published schema."""
    validator_of(name).validate(document)


def assert_valid_contract(text: str) -> None:
    """Fail unless the contract follows the Open Data Contract Standard."""
    _contract_validator().validate(load_yaml(text))
