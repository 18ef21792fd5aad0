"""Schemas that say the same in other words give the same columns, and the same verdicts and grades of rows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import SIMPLE
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.validate import validate_tables
from tdmvc.contracts.base import ImportOptions
from tdmvc.contracts.json_schema.format import JsonSchemaReader
from tdmvc.contracts.json_schema.types import JSON
from tdmvc.documents.json_text import Json, render_json
from tdmvc.model.finding import Severity
from tdmvc.model.schema import Column, Contract, TableSchema
from tests.contracts.json_schema.verdicts import NUMBER, write_side
from tests.series import trials

JsonObject = dict[str, Json]
FORMATS = st.sampled_from(["email", "uuid", "date", "ipv4", "no-such-format"])
OPTIONAL: dict[str, st.SearchStrategy[Json]] = {
    "format": FORMATS,
    "minLength": st.integers(0, 4),
    "pattern": st.sampled_from(["^a", "@", "^(?!x)"]),
    "enum": st.sampled_from([["a@b.c", "x"], ["x", 1], [1, 2], [0.5]]),
    "const": st.sampled_from(["x", 1]),
    "minimum": st.integers(0, 3),
    "not": st.sampled_from([{"const": "x"}, {"enum": ["x", 2]}, {"type": "null"}, {"format": "email"}, {}]),
    "items": st.sampled_from([{"format": "email"}, {"type": "string", "format": "email"}, True]),
    "if": st.just({"minLength": 2}),
    "then": st.sampled_from([{"format": "email"}, {"minLength": 4}, True]),
    "properties": st.just({"e": {"type": "string", "format": "email"}}),
}
TYPED = st.sampled_from(["string", "integer", "number", "boolean", "array", "object"])
SCHEMAS = st.fixed_dictionaries({}, optional={"type": TYPED, **OPTIONAL})


def _listed(schema: JsonObject) -> Json:
    return {**schema, **({"type": [schema["type"]]} if "type" in schema else {})}


def _apart(schema: JsonObject) -> Json:
    """Return a schema of which each keyword is a branch, except those that belong together."""
    together = {key: one for key, one in schema.items() if key in ("if", "then")}
    others: list[Json] = [{key: one} for key, one in schema.items() if key not in together]
    return {"allOf": [*others, together]}


SPELLINGS: dict[str, Callable[[JsonObject], Json]] = {
    "a branch": lambda schema: {"allOf": [schema]},
    "a branch beside true": lambda schema: {"allOf": [True, schema, {}]},
    "branches": _apart,
    "a choice of one": lambda schema: {"anyOf": [schema]},
    "exactly one of one": lambda schema: {"oneOf": [schema]},
    "a reference": lambda schema: {"$ref": "#/$defs/same"},
    "a reference in a branch": lambda schema: {"allOf": [{"$ref": "#/$defs/same"}]},
    "a list of types": _listed,
    "another order": lambda schema: dict(reversed(schema.items())),
}
COLUMNS: list[tuple[Column, list[object]]] = [
    (Column("c", SIMPLE["string"]), ["a@b.c", "x", "", "2026-01-01", "127.0.0.1", None]),
    (Column("c", SIMPLE["int64"]), [0, 1, 2, 5, None]),
    (Column("c", SIMPLE["float64"]), [0.5, 1.0, None]),
    (Column("c", pa.list_(SIMPLE["string"])), [["a@b.c"], ["x"], [], None]),
    (Column("c", pa.struct([("e", SIMPLE["string"])])), [{"e": "x"}, {"e": "a@b.c"}, None]),
    (
        Column("c", SIMPLE["string"], JSON),
        ['"a@b.c"', '"x"', "1", "null", '["x"]', '{"e": "x"}', '{"e": "a@b.c"}', None],
    ),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def _text(schema: Json, same: JsonObject) -> str:
    return render_json({"type": "object", "properties": {"c": schema}, "$defs": {"same": same}})


def _grades(
    con: duckdb.DuckDBPyConnection, text: str, column: Column, cells: pa.Array
) -> list[set[Severity]]:
    """Return the severities of the rules that each row breaks."""
    known = {"d": Contract({"t": TableSchema("t", (column,))})}
    table = JsonSchemaReader().read(text, "s.json", ImportOptions("t", known=known)).contract.tables["t"]
    assert table.columns[0].type == column.type
    found: list[set[Severity]] = [set() for _ in range(len(cells))]
    keyed = TableSchema("t", (NUMBER, column), ("#",), further_rules=table.further_rules)
    with TemporaryDirectory() as folder:
        side = write_side(Path(folder), TableSchema("t", (NUMBER, column), ("#",)), {"c": cells})
        (checked,) = validate_tables(
            con, {"t": side}, Contract({"t": keyed}), ValidationOptions(examples=1_000)
        )
    for result in checked.results:
        for row in result.examples:
            found[int(row.key["#"])].add(result.severity)
    return found


@settings(max_examples=trials(1_500, 25), deadline=None)
@given(schema=SCHEMAS, spelling=st.sampled_from(list(SPELLINGS)), held=st.sampled_from(COLUMNS))
def test_another_spelling_grades_rows_alike(
    engine: duckdb.DuckDBPyConnection, schema: JsonObject, spelling: str, held: tuple[Column, list[object]]
) -> None:
    column, values = held
    cells = pa.array(values, column.type)
    other = _text(SPELLINGS[spelling](schema), schema)
    known = {"d": Contract({"t": TableSchema("t", (column,))})}
    read = JsonSchemaReader().read(_text(schema, schema), "s.json", ImportOptions("t", known=known))
    if read.contract.tables["t"].columns[0].type != column.type:
        return  # the schema allows no value of the column, which then has another type
    assert _grades(engine, _text(schema, schema), column, cells) == _grades(engine, other, column, cells)


@settings(max_examples=trials(5_000, 200), deadline=None)
@given(schema=SCHEMAS, spelling=st.sampled_from(list(SPELLINGS)))
def test_another_spelling_makes_the_same_column(schema: JsonObject, spelling: str) -> None:
    def column(text: str) -> Column:
        return JsonSchemaReader().read(text, "s.json", ImportOptions("t")).contract.tables["t"].columns[0]

    assert column(_text(schema, schema)) == column(_text(SPELLINGS[spelling](schema), schema))


@pytest.mark.parametrize("key", ["anyOf", "oneOf"])
@pytest.mark.parametrize("null", [{"type": "null"}, {"const": None}, {"enum": [None], "title": "Nothing"}])
@pytest.mark.parametrize("type_", ["string", "integer", "number", "boolean"])
def test_a_choice_of_a_type_and_null_is_a_nullable_column(key: str, null: JsonObject, type_: str) -> None:
    chosen: JsonObject = {key: [{"type": type_, "enum": [True, 1, "a"]}, null]}
    plain: JsonObject = {"type": [type_, "null"], "enum": [True, 1, "a", None]}
    facts = []
    for schema in (chosen, plain):
        text = render_json({"type": "object", "required": ["c"], "properties": {"c": schema}})
        table = JsonSchemaReader().read(text, "s.json", ImportOptions("t")).contract.tables["t"]
        facts.append((table.columns, [(rule.id, rule.test) for rule in table.further_rules]))
    assert facts[0] == facts[1]
    assert not facts[0][0][0].required


def test_a_format_is_a_warning_wherever_it_is_written() -> None:
    email: JsonObject = {"format": "email"}
    for schema in (
        email,
        {"type": "string", **email},
        {"type": "array", "items": {"type": "string", **email}},
        {"anyOf": [email, {"type": "integer"}]},
        {"if": {"minLength": 2}, "then": email},
    ):
        read = JsonSchemaReader().read(_text(schema, {}), "s.json", ImportOptions("t"))
        about = [rule for rule in read.rules if rule.id == "t.c.format"]
        assert [rule.severity for rule in about] == [Severity.WARNING]
