"""A schema of items that says what the column's type says is tested in SQL, and as the validator says."""

import duckdb
import pyarrow as pa
import pytest

from tdmvc.arrow.types import SIMPLE
from tdmvc.checks.predicates import InexactError, predicate_sql
from tdmvc.documents.validator import Draft, SchemaValidator
from tdmvc.model.rules import JsonSchema, Rule
from tdmvc.model.schema import Column, TableSchema

STRINGS = (SIMPLE["string"], [["a", "b"], [], None, [None], ["a", None]])
INTEGERS = (SIMPLE["int64"], [[1, 2], [], None, [None, 1]])


@pytest.mark.parametrize(
    ("type_", "cells", "schema"),
    [
        (*STRINGS, '{"items": {"type": "string"}}'),
        (*STRINGS, '{"items": {"type": ["string", "null"], "title": "Tag"}}'),
        (*INTEGERS, '{"items": {"type": "integer", "description": "A count."}}'),
        (*INTEGERS, '{"items": {"type": ["number", "string"]}}'),
        (SIMPLE["bool"], [[True], [None], []], '{"items": {"type": "boolean"}}'),
    ],
)
def test_items_of_the_type_that_the_column_has_are_tested_in_sql(
    type_: pa.DataType, cells: list[object], schema: str
) -> None:
    column = Column("v", pa.list_(type_))
    rule = Rule("r", "t", ("v",), JsonSchema(schema, Draft.V2020_12))
    broken = predicate_sql(rule, TableSchema("t", (column,)))
    rows = pa.table({"v": pa.array(cells, column.type)})
    with duckdb.connect() as con:
        found = con.execute(f"SELECT ({broken}) IS TRUE FROM rows").fetchall()
    assert rows.num_rows == len(found)
    validator = SchemaValidator.of(schema, Draft.V2020_12)
    assert [one for (one,) in found] == [cell is not None and not validator.is_valid(cell) for cell in cells]


@pytest.mark.parametrize(
    ("type_", "schema"),
    [
        (SIMPLE["string"], '{"items": {"type": "integer"}}'),
        (SIMPLE["string"], '{"items": {"type": "string", "minLength": 1}}'),
        (SIMPLE["string"], '{"items": {"type": "string"}, "uniqueItems": true}'),
        (SIMPLE["float64"], '{"items": {"type": "number"}}'),
        (SIMPLE["string"], '{"items": false}'),
    ],
)
def test_other_items_are_left_to_the_validator(type_: pa.DataType, schema: str) -> None:
    rule = Rule("r", "t", ("v",), JsonSchema(schema, Draft.V2020_12))
    with pytest.raises(InexactError):
        predicate_sql(rule, TableSchema("t", (Column("v", pa.list_(type_)),)))
