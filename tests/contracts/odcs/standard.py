"""The JSON Schemas of the Open Data Contract Standard, by version."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft201909Validator

from tests.yaml_files import load_yaml

CASES = Path(__file__).parents[2] / "cases" / "odcs"
VERSIONS = ("3.0.2", "3.1.0", "3.2.0")


@cache
def schema_of(version: str) -> dict[str, Any]:
    """Return the standard's schema."""
    if version == VERSIONS[-1]:
        text = files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    else:
        text = (CASES / f"odcs-{version}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator(version: str) -> Draft201909Validator:
    return Draft201909Validator(schema_of(version))


def faults_of(text: str, version: str) -> list[str]:
    """Return what the standard's schema of a version finds wrong with a contract."""
    document = load_yaml(text)
    return [
        f"{error.json_path}: {error.message[:200]}" for error in _validator(version).iter_errors(document)
    ]
