"""Every keyword of JSON Schema: tdmvc's verdict on typed columns and rows is the validator's."""

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.checks.json_schema import JsonSchemaCondition
from tdmvc.documents.json_text import Json, read_document, render_json
from tdmvc.documents.validator import META_SCHEMAS, Draft, SchemaValidator
from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.rules import JsonSchema, Pattern, PatternSyntax
from tdmvc.model.schema import Column
from tests.contracts.json_schema.verdicts import Reasons, column_verdicts, columns_for, row_verdicts

CASES = Path(__file__).parents[2] / "cases" / "json_schema"
EXPECTED_REASONS = {
    "SQL has no form of this schema",
    "SQL has no exact remainder of a floating-point number by this step",
    "its regular expression looks around, or sets options",
    "its regular expression has '\\1', which RE2 may read in another way",
    "its regular expression has '\\p', which RE2 may read in another way",
}
"""Why a rule is not evaluated in SQL."""


def read_cases() -> list[tuple[str, Json, list[Json], list[Json]]]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        groups = read_document(path.read_text(), path.name).value
        assert isinstance(groups, list)
        for group in groups:
            assert isinstance(group, dict)
            for number, case in enumerate(group["cases"]):  # type: ignore[arg-type]
                name = f"{group['keyword']} {number}"
                found.append((name, case["schema"], case["valid"], case["invalid"]))  # type: ignore[index, call-overload]
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [pytest.param(*case[1:], id=case[0]) for case in read_cases()],
)
def test_every_keyword_means_what_the_validator_says(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, schema: Json, valid: list[Json], invalid: list[Json]
) -> None:
    text = render_json(schema)
    url = str(schema.get("$schema", "")).rstrip("#") if isinstance(schema, dict) else ""
    validator = SchemaValidator.of(text, META_SCHEMAS.get(url, Draft.V2020_12))
    values = [*valid, *invalid]
    expected = [True] * len(valid) + [False] * len(invalid)
    assert [validator.is_valid(value) for value in values] == expected
    reasons: Reasons = {}
    seen = set()
    for column, cells, places in columns_for("v", values):
        found = column_verdicts(con, tmp_path, text, column, cells, reasons)
        assert found == [expected[place] for place in places], column
        seen.update(places)
    assert seen == set(range(len(values)))
    assert set(reasons) <= EXPECTED_REASONS
    for value, is_valid in zip(values, expected, strict=True):
        if isinstance(value, dict) and not (None in value.values() or _allows_no_object(schema)):
            held = [columns_for(name, [cell])[0] for name, cell in value.items()]
            columns, cells_by_name = [one[0] for one in held], {one[0].name: one[1] for one in held}
            assert row_verdicts(con, tmp_path, text, columns, cells_by_name, reasons) == [is_valid], value


def _allows_no_object(schema: Json) -> bool:
    """Whether the schema cannot be one of rows, which its reader says."""
    return schema is False or (isinstance(schema, dict) and schema.get("type") in ("integer", "array"))


ROW = '{"properties": {"a": %s, "b": {"type": "integer"}}%s}'


@pytest.mark.parametrize(
    ("a", "more", "is_valid"),
    [
        ('{"type": "integer"}', "", True),
        ('{"type": "integer"}', ', "required": ["a"]', False),
        ('{"type": ["integer", "null"]}', ', "required": ["a"]', True),
        ('{"enum": [1, null]}', ', "required": ["a"]', True),
        ('{"enum": [1, 2]}', ', "required": ["a"]', False),
        ("{}", ', "required": ["a"]', False),
        ('{"minimum": 3}', ', "required": ["a"]', False),
        ('{"anyOf": [{"type": "integer"}, {"type": "null"}]}', ', "required": ["a"]', True),
        ("false", "", True),
        ('{"type": "integer"}', ', "minProperties": 2', False),
        ('{"type": "integer"}', ', "dependentRequired": {"b": ["a"]}', False),
        ('{"type": ["integer", "null"]}', ', "dependentRequired": {"a": ["c"]}', True),
        ('{"type": ["integer", "null"]}', ', "required": ["a"], "dependentRequired": {"a": ["c"]}', False),
        ('{"type": ["integer", "null"]}', ', "required": ["a"], "minProperties": 2', True),
        ('{"type": "integer"}', ', "not": {"required": ["a"]}', True),
        ('{"type": "integer"}', ', "if": {"required": ["a"]}, "then": false', True),
    ],
)
def test_a_null_is_an_absent_property_or_the_null_that_a_required_one_may_be(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, a: str, more: str, *, is_valid: bool
) -> None:
    columns = [Column("a", pa.int64()), Column("b", pa.int64())]
    cells = {"a": pa.array([None], pa.int64()), "b": pa.array([1], pa.int64())}
    assert row_verdicts(con, tmp_path, ROW % (a, more), columns, cells, {}) == [is_valid]


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        (
            pa.decimal128(38, 2),
            Decimal("123456789012345678901234567890123456.78"),
            '{"const": 123456789012345678901234567890123456.78}',
        ),
        (pa.decimal128(18, 2), Decimal("1.50"), '{"const": 1.5}'),
        (pa.int64(), 2**63 - 1, '{"const": 9223372036854775807}'),
        (pa.uint64(), 2**64 - 1, '{"const": 18446744073709551615}'),
        (pa.float32(), 0.1, '{"const": 0.1}'),
        (pa.float64(), 1e300, '{"type": "integer"}'),
        (pa.binary(), b"\x00\xff", '{"const": "AP8="}'),
        (pa.date32(), date(2020, 2, 29), '{"const": "2020-02-29"}'),
        (pa.time64("us"), time(1, 2, 3, 4), '{"const": "01:02:03.000004"}'),
        (pa.timestamp("us"), datetime(2020, 1, 2, 3), '{"const": "2020-01-02T03:00:00"}'),
        (pa.timestamp("us", "UTC"), datetime(2020, 1, 2, 3, tzinfo=UTC), '{"const": "2020-01-02T03:00:00Z"}'),
        (pa.list_(pa.int64()), [1, None], '{"const": [1, null]}'),
        (pa.struct([("a", pa.int64()), ("b", pa.string())]), {"a": 1, "b": None}, '{"const": {"a": 1}}'),
        (pa.list_(pa.float32()), [0.1], '{"const": [0.1]}'),
    ],
)
def test_cells_become_json_without_loss(type_: pa.DataType, value: object, expected: str) -> None:
    condition = JsonSchemaCondition.of(JsonSchema(expected), [Column("v", type_)])
    batch = pa.record_batch([pa.array([value, None, value], type_)], ["v"])
    assert condition.find_broken(batch) == []
    wrong = JsonSchemaCondition.of(JsonSchema('{"const": "something else"}'), [Column("v", type_)])
    assert wrong.find_broken(batch) == [0, 2]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (pa.float64(), math.nan),
        (pa.float32(), math.inf),
        (pa.list_(pa.float64()), [1.0, -math.inf]),
        (pa.struct([("a", pa.float64())]), {"a": math.nan}),
    ],
)
def test_what_json_has_no_value_for_breaks_every_schema(type_: pa.DataType, value: object) -> None:
    condition = JsonSchemaCondition.of(JsonSchema("true"), [Column("v", type_)])
    assert condition.find_broken(pa.record_batch([pa.array([value, None], type_)], ["v"])) == [0]
    of_rows = JsonSchemaCondition.of(JsonSchema("true", is_row=True), [Column("v", type_)])
    assert of_rows.find_broken(pa.record_batch([pa.array([value, None], type_)], ["v"])) == [0]


def test_a_text_that_is_no_json_breaks_every_schema_of_documents() -> None:
    condition = JsonSchemaCondition.of(
        JsonSchema('{"type": ["object", "null"]}', is_text=True), [Column("v", pa.string())]
    )
    texts = ['{"a": 1}', "null", "{", "NaN", "", "[1]", None, '{"a": 1e9999}']
    assert condition.find_broken(pa.record_batch([pa.array(texts)], ["v"])) == [2, 3, 4, 5]


def test_what_nothing_reads_is_not_evaluated() -> None:
    column = Column("v", pa.string())
    for test in (
        Pattern("(", PatternSyntax.ECMA),
        Pattern(r"(?<=a)b", PatternSyntax.PYTHON),
        JsonSchema('{"$ref": "https://example.org/x.json"}'),
        JsonSchema('{"type": "no such type"}'),
        JsonSchema("1"),
        JsonSchema("{"),
    ):
        with pytest.raises(NotEvaluatedError):
            JsonSchemaCondition.of(test, [column])
