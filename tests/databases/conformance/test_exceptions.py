"""The table of exceptions names tests and engines that exist, and gives reasons."""

import ast
from pathlib import Path

from tests.databases.conformance.conftest import ENGINES, EXCEPTIONS
from tests.yaml_files import read_yaml


def test_every_exception_names_a_test_an_engine_and_a_reason() -> None:
    tests = {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    names = {engine.name for engine in ENGINES}
    lines = read_yaml(EXCEPTIONS)
    assert [line["test"] for line in lines if line["test"].partition("[")[0] not in tests] == []
    assert [line for line in lines if not set(line["engines"]) <= names or not line["reason"]] == []
