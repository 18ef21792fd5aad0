"""A contract as JSON Schema is valid under the meta-schema, and says of rows what its rules say."""

import json
from dataclasses import replace
from decimal import Decimal

import jsonschema
import pyarrow as pa
import pytest

from tdmvc.contracts import READERS, WRITERS
from tdmvc.contracts.base import ExportedContract, ImportOptions
from tdmvc.documents.json_text import Json, parse_json
from tdmvc.documents.validator import Draft, SchemaValidator
from tdmvc.errors import UsageError
from tdmvc.model.declarations import Check, Default, ForeignKey
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    Condition,
    Format,
    HasType,
    JsonSchema,
    Length,
    MultipleOf,
    Operator,
    Pattern,
    PatternSyntax,
    Present,
    Query,
    Range,
    References,
    Required,
    RowCount,
    Rule,
    RuleTest,
    Threshold,
    Unique,
    Values,
)
from tdmvc.model.schema import Column, Contract, TableSchema

INTEGER, TEXT, FLAG = pa.int64(), pa.string(), pa.bool_()


def write(table: TableSchema, *tests: tuple[tuple[str, ...], RuleTest]) -> ExportedContract:
    """Return a table with these rules as JSON Schema, after its meta-schema has accepted it."""
    rules = tuple(
        Rule(f"t.r{place}", table.name, columns, test) for place, (columns, test) in enumerate(tests)
    )
    found = WRITERS["json-schema"].write(Contract({table.name: table}), rules, {})
    jsonschema.Draft202012Validator.check_schema(json.loads(found.text))
    return found


@pytest.mark.parametrize(
    ("type_", "test", "valid", "invalid"),
    [
        (INTEGER, HasType("int64"), [1, None, 2.0], ["a", 1.5, True]),
        (INTEGER, Range(1, 10), [1, 10, None], [0, 11]),
        (INTEGER, Range(Decimal("1.5"), 3, True, True), [2, None], [1, 3]),
        (pa.decimal128(18, 2), MultipleOf(Decimal("0.05")), [Decimal("0.15"), None], [Decimal("0.01")]),
        (TEXT, Length(1, 3), ["a", "abc", None], ["", "abcd"]),
        (pa.list_(INTEGER), Length(1, 2), [[1], [1, 2], None], [[], [1, 2, 3]]),
        (TEXT, Pattern("^a"), ["ab", None], ["ba"]),
        (TEXT, Pattern("a|b", is_whole=True), ["a", "b", None], ["ab", "xa"]),
        (TEXT, Values(("a", "b")), ["a", None], ["c", ""]),
        (INTEGER, Values((1, Decimal("2.0"))), [1, 2, None], [3]),
        (FLAG, Values((True,)), [True, None], [False]),
        (TEXT, Present(("", "n/a")), ["a", None], ["", "n/a"]),
        (TEXT, Present((None, "")), ["a"], ["", None]),
        (TEXT, Required(), ["a"], [None]),
        (TEXT, JsonSchema('{"not": {"const": "a"}}'), ["b", None], ["a"]),
        (TEXT, JsonSchema('{"$ref": "#/$defs/x", "$defs": {"x": {"const": "a"}}}'), ["a", None], ["b"]),
        (TEXT, JsonSchema('{"$ref": "#/definitions/x", "definitions": {"x": {"const": "a"}}}', "7"), ["a"], ["b"]),
        (pa.struct([("x", INTEGER)]), HasType("struct<x: int64>"), [{"x": 1}, {"x": None}, {}], [{"x": "a"}, {"y": 1}]),
    ],
)  # fmt: skip
def test_a_rule_is_in_the_schema(
    type_: pa.DataType, test: RuleTest, valid: list[Json], invalid: list[Json]
) -> None:
    found = write(TableSchema("t", (Column("c", type_),)), (("c",), test))
    validator = SchemaValidator.of(found.text, Draft.V2020_12)
    assert [note for note in found.notes if not note.message.startswith("The type ")] == []
    assert [validator.is_valid({"c": value}) for value in valid] == [True] * len(valid)
    assert [validator.is_valid({"c": value}) for value in invalid] == [False] * len(invalid)


@pytest.mark.parametrize(
    ("test", "why"),
    [
        (Unique(), "no form"),
        (References(ForeignKey(("c",), "u", ("id",))), "no form"),
        (Condition(Check("c <> ''")), "no form"),
        (Query("SELECT 1"), "no form"),
        (RowCount(), "no form"),
        (Range("a", "b"), "no values of the type string"),
        (Pattern(r"(?i)a\Z", PatternSyntax.PYTHON), "not one of ECMA-262"),
        (Pattern(r"^\w+$", PatternSyntax.PYTHON), "written for python"),
    ],
)
def test_what_has_no_form_is_a_note(test: RuleTest, why: str) -> None:
    found = write(TableSchema("t", (Column("c", TEXT),)), (("c",), test))
    assert len(found.notes) == 1
    assert "t.r0" in found.notes[0].message
    assert why in found.notes[0].message


def test_warnings_and_thresholds_are_notes_except_formats() -> None:
    table = TableSchema("t", (Column("c", TEXT),))
    rules = (
        Rule("t.warned", "t", ("c",), Length(maximum=3), severity=Severity.WARNING),
        Rule(
            "t.some", "t", ("c",), Length(maximum=3), Threshold(Operator.LESS, (Decimal(5),), is_percent=True)
        ),
        Rule("t.format", "t", ("c",), Format("email"), severity=Severity.WARNING),
    )
    found = WRITERS["json-schema"].write(Contract({"t": table}), rules, {})
    assert [note.message.split()[2] for note in found.notes] == ["t.warned", "t.some"]
    assert json.loads(found.text)["properties"]["c"] == {"type": ["string", "null"], "format": "email"}


def test_a_table_that_is_read_from_what_is_written_has_the_same_rules() -> None:
    table = TableSchema(
        "orders",
        (
            Column("id", INTEGER, required=True),
            Column("code", TEXT, description="A code", default=Default("x")),
            Column("doc", TEXT, physical_type="json"),
            Column("day", pa.date32()),
            Column("small", pa.int16()),
            Column("data", pa.binary()),
        ),
        description="All orders",
    )
    found = write(
        table,
        (("id",), Range(minimum=1)),
        (("code",), Pattern("^a")),
        (("code",), Pattern("b$")),
        ((), JsonSchema('{"dependentRequired": {"code": ["day"]}}', is_row=True)),
    )
    read = READERS["json-schema"].read(found.text, "orders.schema.json", ImportOptions())
    again = read.contract.tables["orders"]
    plain = [replace(column, description=None, default=None) for column in table.columns]
    assert [replace(column, description=None, default=None) for column in again.columns] == plain
    assert again.description == "All orders"
    assert again.column("code").default == Default("x")  # type: ignore[union-attr]
    assert [(rule.columns, rule.test) for rule in read.rules] == [
        (("id",), Required()),
        (("id",), Range(minimum=1)),
        (("code",), Pattern("^a")),
        (("code",), Pattern("b$")),
        (("code", "day"), JsonSchema('{"dependentRequired": {"code": ["day"]}}', is_row=True)),
    ]


def test_several_tables_are_definitions_and_one_can_be_chosen() -> None:
    tables = {name: TableSchema(name, (Column("id", INTEGER),)) for name in ("a", "b c")}
    whole = WRITERS["json-schema"].write(Contract(tables), (), {})
    assert list(json.loads(whole.text)["$defs"]) == ["a", "b c"]
    read = READERS["json-schema"].read(whole.text, "x.json", ImportOptions())
    assert list(read.contract.tables) == ["a", "b c"]
    one = WRITERS["json-schema"].write(Contract(tables), (), {"table": "b c"})
    assert parse_json(one.text)["title"] == "b c"  # type: ignore[call-overload,index]
    with pytest.raises(UsageError, match="no table x"):
        WRITERS["json-schema"].write(Contract(tables), (), {"table": "x"})


def test_the_values_of_a_required_column_have_no_null() -> None:
    table = TableSchema("t", (Column("a", TEXT, required=True), Column("b", TEXT)))
    schema = json.loads(write(table, (("a",), Values(("x",))), (("b",), Values(("x",)))).text)
    assert schema["properties"]["a"]["enum"] == ["x"]
    assert schema["properties"]["b"]["enum"] == ["x", None]
