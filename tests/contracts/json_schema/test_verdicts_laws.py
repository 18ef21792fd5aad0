"""For schemas and values that hypothesis makes up, tdmvc's verdict of each row is the validator's."""

import re
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdmvc.arrow.types import SIMPLE
from tdmvc.checks.predicates import InexactError, predicate_sql
from tdmvc.contracts.patterns import has_match, pattern_fault
from tdmvc.documents.json_text import Json, render_json
from tdmvc.documents.validator import Draft, SchemaError, SchemaValidator
from tdmvc.errors import ConfigError
from tdmvc.model.rules import Format, Pattern, PatternSyntax, Rule
from tdmvc.model.schema import Column, TableSchema
from tests.contracts.json_schema.verdicts import column_verdicts, row_verdicts
from tests.series import trials

INTEGERS = st.sampled_from([0, 1, 2, 3, -1, 10, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)])
DECIMALS = st.sampled_from(
    [Decimal(text) for text in ("0.1", "0.3", "1.5", "-2.25", "3.0", "1e3", "0.000001")]
)
NUMBERS = INTEGERS | DECIMALS
TEXTS = st.sampled_from(["", "a", "ab", "abc", "é", "😀", "1", "a\n", "2020-01-01", " ", "\u00a0", "x-y_z"])
PATTERNS = st.sampled_from(
    [r"^a", r"\s", r"^\w+$", r"^.$", r"b|c", r"^(?!a)", r"^[^a-z]*$", r"\d{1,2}", r"\bab\b", r"(.)\1"]
)
SCALARS = st.booleans() | NUMBERS | TEXTS
TYPES = st.sampled_from(["integer", "number", "string", "boolean", "null", "array", "object"])

LEAVES = st.one_of(
    st.booleans(),
    st.fixed_dictionaries({"type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True)}),
    st.fixed_dictionaries({"enum": st.lists(SCALARS, min_size=1, max_size=4)}),
    st.fixed_dictionaries({"const": SCALARS}),
    st.fixed_dictionaries(
        {},
        optional={
            "minimum": NUMBERS,
            "maximum": NUMBERS,
            "exclusiveMinimum": NUMBERS,
            "exclusiveMaximum": NUMBERS,
            "multipleOf": st.sampled_from([1, 2, 3, Decimal("0.1"), Decimal("0.25")]),
            "minLength": st.integers(0, 3),
            "maxLength": st.integers(0, 3),
            "pattern": PATTERNS,
            "minItems": st.integers(0, 2),
            "uniqueItems": st.booleans(),
            "format": st.sampled_from(["email", "date"]),
        },
    ),
    st.just({"$ref": "#/$defs/shared"}),
    st.fixed_dictionaries({"items": st.fixed_dictionaries({"type": TYPES})}),
)


def _wider(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "allOf": several,
            "anyOf": several,
            "oneOf": several,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "items": inner,
            "contains": inner,
            "minimum": NUMBERS,
            "type": TYPES,
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        },
    )


SCHEMAS = st.recursive(LEAVES, _wider, max_leaves=8)
COLUMNS: list[tuple[pa.DataType, st.SearchStrategy[object]]] = [
    (SIMPLE["int64"], INTEGERS),
    (SIMPLE["bool"], st.booleans()),
    (SIMPLE["string"], TEXTS),
    (SIMPLE["float64"], st.sampled_from([0.0, 0.1, 0.3, 1.0, 1.5, -2.25, 3.0, 1000.0, 1e-6, 1e300])),
    (pa.decimal128(38, 6), DECIMALS),
    (pa.list_(SIMPLE["int64"]), st.lists(st.integers(0, 3), max_size=3)),
    (pa.list_(SIMPLE["string"]), st.lists(TEXTS | st.none(), max_size=2)),
    (
        pa.struct([("a", SIMPLE["int64"]), ("b", SIMPLE["string"])]),
        st.fixed_dictionaries({"a": INTEGERS, "b": TEXTS}),
    ),
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> object:
    with duckdb.connect() as con:
        yield con


@settings(max_examples=trials(3_000, 60), deadline=None)
@given(schema=SCHEMAS, shared=LEAVES.filter(lambda one: one != {"$ref": "#/$defs/shared"}), data=st.data())
def test_a_value_of_a_typed_column_is_valid_as_the_validator_says(
    engine: duckdb.DuckDBPyConnection, schema: Json, shared: Json, data: st.DataObject
) -> None:
    type_, values = data.draw(st.sampled_from(COLUMNS))
    cells = pa.array(data.draw(st.lists(values, min_size=1, max_size=6)), type_)
    text = render_json({"allOf": [schema], "$defs": {"shared": shared}})
    validator = SchemaValidator.of(text, Draft.V2020_12)
    with TemporaryDirectory() as folder:
        found = column_verdicts(engine, Path(folder), text, Column("v", type_), cells, {})
    assert found == [validator.is_valid(value) for value in cells.to_pylist()]


ROW_SCHEMAS = st.fixed_dictionaries(
    {"properties": st.dictionaries(st.sampled_from("abc"), SCHEMAS, min_size=1, max_size=3)},
    optional={
        "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        "additionalProperties": SCHEMAS,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "[bc]"]), SCHEMAS, max_size=2),
        "propertyNames": st.sampled_from([{"enum": ["a", "b"]}, {"pattern": "a|c"}, True]),
        "minProperties": st.integers(0, 3),
        "maxProperties": st.integers(0, 3),
        "dependentRequired": st.dictionaries(
            st.sampled_from("abc"), st.lists(st.sampled_from("abc"), max_size=1), max_size=2
        ),
        "unevaluatedProperties": SCHEMAS,
        "anyOf": st.lists(SCHEMAS, min_size=1, max_size=2),
        "not": SCHEMAS,
    },
)


@settings(max_examples=trials(2_000, 40), deadline=None)
@given(
    schema=ROW_SCHEMAS, shared=LEAVES.filter(lambda one: one != {"$ref": "#/$defs/shared"}), data=st.data()
)
def test_a_row_is_valid_as_the_validator_says_of_its_object(
    engine: duckdb.DuckDBPyConnection, schema: dict[str, Json], shared: Json, data: st.DataObject
) -> None:
    text = render_json({"type": "object", **schema, "$defs": {"shared": shared}})
    validator = SchemaValidator.of(text, Draft.V2020_12)
    chosen = {
        name: data.draw(st.sampled_from(COLUMNS)) for name in data.draw(st.sampled_from(["a", "ab", "abc"]))
    }
    rows = data.draw(st.integers(1, 4))
    columns = [Column(name, type_) for name, (type_, _) in chosen.items()]
    cells = {
        name: pa.array(data.draw(st.lists(values, min_size=rows, max_size=rows)), type_)
        for name, (type_, values) in chosen.items()
    }
    objects = [{name: array[place].as_py() for name, array in cells.items()} for place in range(rows)]
    try:
        with TemporaryDirectory() as folder:
            found = row_verdicts(engine, Path(folder), text, columns, cells, {})
    except ConfigError as error:
        assert "allows no object" in error.message  # noqa: PT017
        assert not any(map(validator.is_valid, objects))
        return
    # A required column that may be null has the value null where the rows lack the column.
    absent = {str(name): None for name in schema.get("required", []) if name not in chosen}  # type: ignore[union-attr]
    for verdict, row in zip(found, objects, strict=True):
        assert verdict in {validator.is_valid(row), validator.is_valid({**row, **absent})}


PIECES = st.sampled_from(
    [
        *(
            "a",
            "b",
            "é",
            "😀",
            ".",
            r"\d",
            r"\D",
            r"\w",
            r"\W",
            r"\s",
            r"\S",
            r"\n",
            r"\x41",
            r"\u00e9",
            r"\.",
            r"\b",
        ),
        *(
            "[ab]",
            "[^a]",
            r"[\w-]",
            r"[^\s]",
            r"[\d\s]",
            "[a-c]",
            "(?:ab)",
            "(a|b)",
            "a*",
            "b+",
            "a?",
            "a{1,2}",
            "b{2,}?",
            "|",
        ),
        *("^", "$", r"\B", r"\/", r"[\b]", r"\cJ", "(?=a)", r"(?!\w)", r"(?<=\s)", r"\p{L}", "(a)?", r"\1"),
    ]
)
SUBJECTS = st.text(st.sampled_from("abcAé😀1٣_- \n\r\t\u00a0\u2028\ufeff\x08\x0b\x85"), max_size=6)


@settings(max_examples=trials(20_000, 300), deadline=None)
@given(pieces=st.lists(PIECES, min_size=1, max_size=6), texts=st.lists(SUBJECTS, min_size=1, max_size=8))
@example(pieces=["^", ".", "$"], texts=["\u2028", "\r", "\x85", "a"])
@example(pieces=[r"\b"], texts=["é", "aé", "a"])
@example(pieces=[r"\B"], texts=["aéa", "é", "aa"])
@example(pieces=["(?!b)", r"[\s\d]"], texts=["\x85", "\ufeff", "٣", "3"])
@example(pieces=["(a)?", r"\1", "b"], texts=["b"])
def test_an_expression_matches_in_sql_and_for_the_validator_what_it_matches_in_ecma_262(
    engine: duckdb.DuckDBPyConnection, pieces: list[str], texts: list[str]
) -> None:
    expression = "".join(pieces)
    if pattern_fault(expression) is not None:
        return
    try:
        validator = SchemaValidator.of(render_json({"pattern": expression}), Draft.V2020_12)
    except SchemaError:
        return
    expected = [has_match(expression, text) for text in texts]
    assert [validator.is_valid(text) for text in texts] == expected
    _compare(engine, Pattern(expression), texts, expected)


@settings(max_examples=trials(20_000, 300), deadline=None)
@given(
    pieces=st.lists(PIECES, min_size=1, max_size=6),
    texts=st.lists(SUBJECTS, min_size=1, max_size=8),
    is_whole=st.booleans(),
)
@example(pieces=["$", r"\D"], texts=["\n"], is_whole=True)
@example(pieces=["(a$|b)", "c?"], texts=["a", "bc", "a\n"], is_whole=True)
@example(pieces=["(^a$|^b$)"], texts=["a", "b", "a\n"], is_whole=True)
def test_an_expression_of_python_matches_in_sql_what_it_matches_there(
    engine: duckdb.DuckDBPyConnection, pieces: list[str], texts: list[str], *, is_whole: bool
) -> None:
    expression = "".join(pieces)
    try:
        compiled = re.compile(expression)
    except re.error:
        return
    match = compiled.fullmatch if is_whole else compiled.search
    pattern = Pattern(expression, PatternSyntax.PYTHON, is_whole=is_whole)
    _compare(engine, pattern, texts, [match(text) is not None for text in texts])


FORMS = st.sampled_from(
    [
        *(
            "2020-02-29",
            "2021-02-29",
            "1900-02-29",
            "2000-02-29",
            "0000-02-29",
            "2020-13-01",
            "2020-04-31",
            "2020-1-1",
            "20200101",
        ),
        *(
            "127.0.0.1",
            "256.1.1.1",
            "01.2.3.4",
            "1.2.3",
            "1.2.3.4\n",
            "::1",
            "/a/b",
            "/a~1b",
            "/a~2",
            "a",
            "",
            "/\n",
            "#/a",
        ),
        *(
            "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
            "2EB8AA08-AA98-11EA-B4AA-73B441D16380",
            "2eb8aa08aa9811eab4aa73b441d16380",
        ),
    ]
) | st.text(st.sampled_from("0123456789-./~ab"), max_size=12)


@settings(max_examples=trials(5_000, 100), deadline=None)
@given(
    name=st.sampled_from(["date", "uuid", "ipv4", "json-pointer"]),
    texts=st.lists(FORMS, min_size=1, max_size=20),
)
def test_a_format_in_sql_is_what_the_validator_says(
    engine: duckdb.DuckDBPyConnection, name: str, texts: list[str]
) -> None:
    schema = render_json({"format": name})
    validator = SchemaValidator.of(schema, Draft.V2020_12, checks_formats=True, knows_formats=True)
    _compare(engine, Format(name), texts, [validator.is_valid(text) for text in texts])


def _compare(
    con: duckdb.DuckDBPyConnection, test: Pattern | Format, texts: list[str], expected: list[bool]
) -> None:
    schema = TableSchema("t", (Column("v", pa.string()),))
    try:
        broken = predicate_sql(Rule("r", "t", ("v",), test), schema)
    except InexactError:
        return
    rows = pa.table({"v": pa.array(texts, pa.string()), "n": range(len(texts))})
    found = con.execute(f"SELECT NOT ({broken}) FROM rows ORDER BY n").fetchall()
    assert [row[0] for row in found] == expected, (test, broken, rows.num_rows)
