"""How a source's columns become a table's: the contract's types if no value is lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.arrow.types import unify
from tdmvc.errors import UsageError
from tdmvc.model.declarations import Default, ForeignKey
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import ArrowScan, SourceTable, SqlScan
from tdmvc.sql.quoting import quote_text
from tdmvc.store.ingest import prepare_ingest
from tdmvc.store.parquet import encode_part
from tests.store.sample_columns import VALUES, canonical_type, sample


def schema_of(key: tuple[str, ...] = (), **columns: str) -> TableSchema:
    return TableSchema("t", tuple(Column(n, canonical_type(s)) for n, s in columns.items()), key)


def typed(table: pa.Table, key: tuple[str, ...] | None = None) -> SourceTable:
    """A source that knows its types, as a database or a Parquet file does."""
    columns = tuple(Column(field.name, field.type) for field in table.schema)
    schema = TableSchema("t", columns, key or ())
    return SourceTable(schema, ArrowScan(lambda: table.to_reader()), "x", is_keyed=key is not None)


def texts(values: list[str | None], inferred: str = "string") -> SourceTable:
    """A source of texts in column `c`, whose type was inferred by looking at them."""
    rows = ", ".join(f"({'NULL' if v is None else quote_text(v)})" for v in values)
    query = f"SELECT CAST(c AS VARCHAR) AS c FROM (VALUES {rows}) AS v(c)"
    return SourceTable(schema_of(c=inferred), SqlScan(f"SELECT * FROM ({query})"), "x.csv", text_query=query)


@pytest.fixture
def take(con: duckdb.DuckDBPyConnection) -> Callable[..., tuple[TableSchema, list[object], tuple[str, ...]]]:
    def call(
        source: SourceTable, current: TableSchema | None, **options: object
    ) -> tuple[TableSchema, list[object], tuple[str, ...]]:
        with prepare_ingest(con, "t", [source], current, **options) as ingest:  # type: ignore[arg-type]
            rows = con.sql(ingest.query).to_arrow_table()
            assert rows.column_names == list(ingest.schema.column_names)
            return ingest.schema, rows[rows.column_names[-1]].to_pylist(), ingest.notes

    return call


Take = Callable[..., tuple[TableSchema, list[object], tuple[str, ...]]]


@pytest.mark.parametrize(
    ("spelling", "words", "expected"),
    [
        ("int32", ["1", "-2", "0", None], [1, -2, 0, None]),
        ("uint8", ["0", "255"], [0, 255]),
        ("decimal(10,2)", ["1.50", "2.00", "-3.14"], [Decimal("1.50"), Decimal("2.00"), Decimal("-3.14")]),
        ("float64", ["0.1", "100000.0", "1e+16", "1e-05", "-inf", "nan"],
         [0.1, 100000.0, 1e16, 1e-05, float("-inf"), float("nan")]),
        ("float32", ["0.5", "1000.0"], [0.5, 1000.0]),
        ("bool", ["true", "false"], [True, False]),
        ("date", ["2024-02-29"], [date(2024, 2, 29)]),
        ("time", ["12:00:00", "12:00:00.5"], [time(12), time(12, 0, 0, 500000)]),
        ("timestamp", ["2024-01-01 00:00:00", "2024-01-01 02:03:04.5"],
         [datetime(2024, 1, 1), datetime(2024, 1, 1, 2, 3, 4, 500000)]),
        ("timestamptz", ["2024-01-01 00:00:00+00"], [datetime(2024, 1, 1, tzinfo=UTC)]),
        ("binary", ["abc", "\\xFF"], [b"abc", b"\xff"]),
        ("string", ["1", "2"], ["1", "2"]),
    ],
)  # fmt: skip
def test_texts_that_are_values_of_the_contracts_type_get_that_type(
    take: Take, spelling: str, words: list[str | None], expected: list[object]
) -> None:
    schema, values, notes = take(texts(words), schema_of(c=spelling))
    assert schema.columns[0].type_text == spelling
    assert [repr(v) if isinstance(v, float) else v for v in values] == [
        repr(v) if isinstance(v, float) else v for v in expected
    ]
    assert notes == ()


@pytest.mark.parametrize(
    ("spelling", "words", "expected", "example"),
    [
        ("float64", ["12", "9.5"], [12.0, 9.5], "12 for 12.0"),
        ("float32", ["0.5", "16777216"], [0.5, 16777216.0], "12 for 12.0"),
        ("bool", ["True", "False"], [True, False], "True, False"),
        ("bool", ["TRUE", "FALSE"], [True, False], "TRUE, FALSE"),
        ("timestamp", ["2024-01-01", "2024-02-29"], [datetime(2024, 1, 1), datetime(2024, 2, 29)], "YYYY-MM-DD"),
        ("timestamp", ["2024-01-01T02:03:04.5"], [datetime(2024, 1, 1, 2, 3, 4, 500000)], "YYYY-MM-DDThh:mm:ss"),
        ("timestamp", ["2024-01-01 00:00:00", "2024-01-01 00:00:00.120000"],
         [datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 0, 120000)], "YYYY-MM-DD hh:mm:ss[.ffffff]"),
        ("timestamptz", ["2024-01-01T00:00:00.120Z", "2024-01-01T00:00:00.000Z"],
         [datetime(2024, 1, 1, 0, 0, 0, 120000, UTC), datetime(2024, 1, 1, tzinfo=UTC)],
         "YYYY-MM-DDThh:mm:ss.fffZ"),
        ("timestamptz", ["2024-01-01 02:00:00+02:00"] * 2, [datetime(2024, 1, 1, tzinfo=UTC)] * 2,
         "YYYY-MM-DD hh:mm:ss±hh:mm"),
    ],
)  # fmt: skip
def test_texts_that_all_have_another_usual_form_get_the_type_with_a_note(
    take: Take, spelling: str, words: list[str], expected: list[object], example: str
) -> None:
    schema, values, notes = take(texts(words), schema_of(c=spelling))
    assert schema.columns[0].type_text == spelling
    assert values == expected
    assert schema.columns[0].text_form == example
    assert notes == (f"column c: read as {spelling}; its texts are written as {example}",)
    # What was said once is not said again, until the form changes.
    assert take(texts(words), schema)[2] == ()
    (note,) = take(texts([str(value) for value in usual(spelling)]), schema)[2]
    assert note == f"column c: its texts are now written as tdmvc writes them, not as {example}"
    assert take(typed(pa.table({"c": pa.array(values, schema.columns[0].type)})), schema)[::2] == (schema, ())


def usual(spelling: str) -> list[str]:
    """Return texts in the canonical form of a type."""
    return {
        "bool": ["true"],
        "float32": ["1.0"],
        "float64": ["1.0"],
        "timestamp": ["2024-01-01 00:00:00"],
        "timestamptz": ["2024-01-01 00:00:00+00"],
    }[spelling]


@pytest.mark.parametrize(
    ("spelling", "words"),
    [
        ("int64", ["01067"]), ("int64", ["+49"]), ("int64", ["1e3"]), ("int64", ["-0"]), ("int64", ["00"]),
        ("int32", ["1.0"]), ("int32", ["3000000000"]), ("int32", ["1_000"]), ("int32", [" 1"]), ("int32", ["x"]),
        ("uint8", ["-1"]), ("uint8", ["007"]),
        ("decimal(10,2)", ["1.234"]), ("decimal(4,2)", ["100"]), ("decimal(10,2)", ["1e2"]),
        ("decimal(10,2)", ["1.5"]), ("decimal(10,2)", ["2"]), ("decimal(10,2)", ["+1.50"]),
        ("decimal(10,2)", ["01.50"]),
        ("decimal(10,2)", ["-0.00"]), ("decimal(10,2)", [".50"]), ("decimal(10,0)", ["1."]),
        ("float64", ["9007199254740993"]), ("float64", ["1e400"]), ("float64", ["0.12345678901234567891"]),
        ("float64", ["1_000.5"]), ("float64", [" 1.5"]), ("float64", ["1e5"]), ("float64", ["1E2"]),
        ("float64", ["1.10"]), ("float64", ["0.10000000000000001"]), ("float64", ["Infinity"]), ("float64", ["NaN"]),
        ("float64", ["12", "12.0"]), ("float64", [".5"]), ("float64", ["5."]),
        ("float64", ["-0.0"]), ("float64", ["-0"]),
        ("float32", ["16777217"]), ("float32", ["0.12345678901"]),
        ("bool", ["yes"]), ("bool", ["2"]), ("bool", ["1"]), ("bool", ["t"]), ("bool", ["F"]), ("bool", ["tRUE"]),
        ("bool", ["true", "False"]), ("bool", ["True", "TRUE"]),
        ("date", ["2024-01-01 10:00:00"]), ("date", ["epoch"]), ("date", ["2024-02-30"]), ("date", ["2024-1-1"]),
        ("date", ["infinity"]), ("date", ["20240101"]), ("date", ["0000-01-01"]),
        ("time", ["12:00:00.1234567"]), ("time", ["12:00:00+02"]), ("time", ["12:00"]), ("time", ["24:00:00"]),
        ("time", ["12:00:00.50"]),
        ("timestamp", ["2024-01-01 00:00:00.123456789"]), ("timestamp", ["2024-01-01 00:00:00+02"]),
        ("timestamp", ["2024-01-01T00:00:00Z"]), ("timestamp", ["infinity"]), ("timestamp", ["2024-01-01 00:00"]),
        ("timestamp", ["2024-01-01", "2024-01-01 00:00:00"]),
        ("timestamp", ["2024-01-01 00:00:00", "2024-01-01T00:00:00"]),
        ("timestamp", ["2024-01-01 00:00:00.5", "2024-01-01 00:00:00.50"]),
        ("timestamp", ["2024-01-01 00:00:00", "2024-01-01 00:00:00.000000"]),
        ("timestamptz", ["2024-01-01 00:00:00.1234567Z"]), ("timestamptz", ["2024-01-01T00:00:00 Europe/Berlin"]),
        ("timestamptz", ["2024-01-01 00:00:00Z", "2024-01-01 00:00:00+00"]),
        ("timestamptz", ["2024-01-01 00:00:00+02", "2024-07-01 00:00:00+01"]),
        ("timestamptz", ["2024-01-01 00:00:00"]), ("timestamptz", ["2024-01-01"]),
        ("binary", ["\\x41"]), ("binary", ["é"]), ("struct<a: int64>", ["{'a': 1}"]),
        ("list<int32>", ["null"]), ("list<int32>", ["[1.5]"]), ("list<int32>", ["[3000000000]"]),
        ("list<int32>", ["[true]"]),
        ("list<int32>", ['["1"]']), ("list<int32>", ["1"]), ("list<int32>", ["[1"]), ("list<string>", ["[1]"]),
        ("list<float64>", ["[12345678901234567.89]"]), ("list<float64>", ["[nan]"]), ("list<date>", ['["2024-1-1"]']),
        ("list<decimal(4,2)>", ["[1.234]"]), ("list<binary>", ['["00"]']), ("list<timestamp>", ['["2024-01-01"]']),
        ("struct<a: int64>", ['{"a": 1, "b": 2}']), ("struct<a: int64>", ["{}"]),
        ("struct<a: int64>", ['{"a":1,"a":1}']),
    ],
)  # fmt: skip
def test_a_text_that_would_change_stays_a_text_and_a_note_says_so(
    take: Take, spelling: str, words: list[str]
) -> None:
    for source in (texts([*words, None]), typed(pa.table({"c": [*words, None]}))):
        schema, values, notes = take(source, schema_of(c=spelling))
        assert schema.columns[0].type_text == "string"
        assert values == [*words, None]
        assert notes == (f"column c: {spelling} became string, because {spelling} would change some values",)


@pytest.mark.parametrize(
    ("spelling", "inferred", "words", "expected"),
    [
        ("int64", "decimal(18,2)", ["1.50", "2.00"], "decimal(18,2)"),
        ("int64", "float64", ["1.5", "2"], "float64"),
        ("int32", "int64", ["3000000000"], "int64"),
        ("decimal(18,2)", "decimal(18,3)", ["1.500"], "decimal(18,3)"),
        ("decimal(18,2)", "decimal(18,1)", ["1.5"], "float64"),
        ("decimal(18,2)", "int64", ["9"], "float64"),
        ("decimal(18,2)", "float64", ["9", "9.5"], "float64"),
        ("float64", "int64", ["9007199254740993"], "string"),
        ("float64", "decimal(18,2)", ["1.50"], "string"),
        ("bool", "int64", ["1", "0"], "int64"),
        ("date", "timestamp", ["2024-01-01 10:00:00"], "timestamp"),
    ],
)
def test_a_column_that_changes_its_type_never_needs_to_change_back(
    take: Take, spelling: str, inferred: str, words: list[str], expected: str
) -> None:
    schema, _, notes = take(texts(words, inferred), schema_of(c=spelling))
    assert schema.columns[0].type_text == expected
    assert notes[0] == f"column c: {spelling} became {expected}, because {spelling} would change some values"


@pytest.mark.parametrize(
    ("spelling", "words", "expected"),
    [
        ("list<int32>", ["[1,null]", "[ ]", None], [[1, None], [], None]),
        ("list<float64>", ["[1, 1.5, 1e3]"], [[1.0, 1.5, 1000.0]]),
        ("list<float64>", ["[Infinity]"], [[float("inf")]]),
        ("list<list<string>>", ['[["a\\n",null],null]'], [[["a\n", None], None]]),
        ("struct<a: int64, b: bool>", ['{"b": true, "a": 1}', '{"a":null,"b":null}'],
         [{"a": 1, "b": True}, {"a": None, "b": None}]),
        ("list<decimal(4,2)>", ['[1.5,"2.50"]'], [[Decimal("1.50"), Decimal("2.50")]]),
        ("list<date>", ['["2024-01-01"]'], [[date(2024, 1, 1)]]),
        ("list<timestamptz>", ['["2024-01-01 00:00:00+00:00"]'], [[datetime(2024, 1, 1, tzinfo=UTC)]]),
    ],
)  # fmt: skip
def test_json_text_is_the_list_or_struct_that_it_means(
    take: Take, spelling: str, words: list[str | None], expected: list[object]
) -> None:
    for source in (texts(words), typed(pa.table({"c": words}))):
        schema, values, notes = take(source, schema_of(c=spelling))
        assert schema.columns[0] == Column("c", canonical_type(spelling))
        assert values == expected
        assert notes == ()


def test_a_list_keeps_its_type_where_a_source_has_only_empty_ones(take: Take) -> None:
    stored = schema_of(c="list<int64>")
    for values in ([[]], [[], None]):
        schema, found, notes = take(typed(pa.table({"c": pa.array(values, pa.list_(pa.string()))})), stored)
        assert (schema.columns[0].type_text, found, notes) == ("list<int64>", values, ())
    schema, found, _ = take(typed(pa.table({"c": [["x"]]})), stored)
    assert (schema.columns[0].type_text, found) == ("list<string>", [["x"]])
    schema, found, _ = take(typed(pa.table({"c": [[1]]})), schema_of(c="list<string>"))
    assert (schema.columns[0].type_text, found) == ("list<int64>", [[1]])


def test_a_column_of_json_text_takes_lists_and_structs_as_json(take: Take) -> None:
    stored = TableSchema("t", (Column("c", pa.string(), "JSON"),))
    schema, values, notes = take(typed(pa.table({"c": [[1, None], None]})), stored)
    assert (schema, values, notes) == (stored, ["[1,null]", None], ())
    schema, values, _ = take(typed(pa.table({"c": [[b"\xff"]]})), stored)
    assert values == [[b"\xff"]]


def test_several_files_of_one_table_get_a_type_that_gives_the_texts_of_all_back(
    con: duckdb.DuckDBPyConnection,
) -> None:
    cases = [
        (("decimal(18,1)", "1.5"), ("decimal(18,2)", "1.25"), "float64"),
        (("decimal(18,1)", "1.5"), ("decimal(18,2)", "1.50"), "string"),
        (("int64", "9"), ("decimal(18,2)", "1.50"), "string"),
        (("int64", "9"), ("string", "x"), "string"),
        (("bool", "true"), ("bool", "True"), "bool"),
    ]
    for one, other, expected in cases:
        sources = [texts([text], inferred) for inferred, text in (one, other)]
        with prepare_ingest(con, "t", sources, None) as ingest:
            assert ingest.schema.columns[0].type_text == expected, (one, other)
            if expected == "string":
                found = con.sql(ingest.query).to_arrow_table()["c"].to_pylist()
                assert sorted(found) == sorted([one[1], other[1]])


def test_texts_stay_texts_if_the_contract_says_so(take: Take) -> None:
    schema, values, _ = take(texts(["007", "1"], inferred="int64"), schema_of(c="string"))
    assert schema.columns[0].type_text == "string"
    assert values == ["007", "1"]


def test_without_a_contract_the_sources_type_applies(take: Take) -> None:
    schema, values, notes = take(typed(pa.table({"c": pa.array([1, None], pa.int16())})), None)
    assert schema.columns[0].type_text == "int16"
    assert values == [1, None]
    assert notes == ()


def test_integers_that_pandas_made_floats_become_integers_again(take: Take) -> None:
    floats = pa.table({"c": pa.array([1.0, None, 3.0], pa.float64())})
    schema, values, notes = take(typed(floats), schema_of(c="int64"))
    assert schema.columns[0].type_text == "int64"
    assert values == [1, None, 3]
    assert notes == ()


@pytest.mark.parametrize(
    ("spelling", "values", "type_"),
    [
        ("int64", [1.5], pa.float64()),
        ("int64", [float("nan")], pa.float64()),
        ("int32", [2**31], pa.int64()),
        ("int64", [2**63], pa.uint64()),
        ("float64", [2**53 + 1], pa.int64()),
        ("float32", [0.1], pa.float64()),
        ("decimal(4,2)", [Decimal("1.234")], pa.decimal128(18, 3)),
        ("date", [datetime(2024, 1, 1, 10)], pa.timestamp("us")),
        ("bool", [2], pa.int64()),
        ("string", [1], pa.int64()),
        ("int64", ["x"], pa.string()),
    ],
)
def test_a_typed_value_that_would_be_lost_changes_the_type(
    take: Take, spelling: str, values: list[object], type_: pa.DataType
) -> None:
    schema, taken, notes = take(typed(pa.table({"c": pa.array(values, type_)})), schema_of(c=spelling))
    assert schema.columns[0].type == type_
    assert str(taken) == str(values)
    assert f"column c: {spelling} became {schema.columns[0].type_text}" in notes[0]


@pytest.mark.parametrize("offered", VALUES)
@pytest.mark.parametrize(
    "wanted", ["int32", "float32", "decimal(9,2)", "string", "binary", "date", "timestamptz"]
)
def test_any_type_can_follow_any_other_and_no_value_changes_silently(
    take: Take, offered: str, wanted: str
) -> None:
    schema, values, _ = take(typed(pa.table({"c": sample(offered)})), schema_of(c=wanted))
    kept = schema.columns[0].type_text
    assert kept in (offered, wanted)
    if kept == offered:
        assert values == sample(offered).to_pylist()


def test_columns_keep_the_tables_order_and_new_ones_come_last(take: Take) -> None:
    table = pa.table({"new": ["n"], "b": ["b"], "a": ["a"]})
    schema, _, _ = take(typed(table), schema_of(a="string", gone="string", b="string"))
    assert schema.column_names == ("a", "b", "new")


def test_the_contracts_facts_about_a_column_are_kept(take: Take) -> None:
    current = TableSchema("t", (Column("c", pa.int64(), "BIGINT", True, True, "personal"),))
    schema, _, _ = take(typed(pa.table({"c": pa.array([1], pa.int32())})), current)
    assert schema.columns[0] == Column("c", pa.int64(), "BIGINT", True, True, "personal")


def append(
    con: duckdb.DuckDBPyConnection, folder: Path, old: pa.Table, source: SourceTable
) -> tuple[TableSchema, list[dict[str, object]], tuple[str, ...]]:
    path = folder / "old.parquet"
    path.write_bytes(encode_part(old, ()))
    current = TableSchema("t", tuple(Column(field.name, field.type) for field in old.schema))
    with prepare_ingest(con, "t", [source], current, existing=[path]) as ingest:
        return ingest.schema, con.sql(ingest.query).to_arrow_table().to_pylist(), ingest.notes


def test_appending_keeps_rows_and_columns_of_both_sides(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = pa.table({"id": pa.array([1], pa.int64()), "gone": ["g"]})
    new = typed(pa.table({"id": pa.array([2], pa.int32()), "came": ["c"]}))
    schema, rows, _ = append(con, tmp_path, old, new)
    assert schema.column_names == ("id", "gone", "came")
    assert {row["id"]: row for row in rows} == {
        1: {"id": 1, "gone": "g", "came": None},
        2: {"id": 2, "gone": None, "came": "c"},
    }


@pytest.mark.parametrize(
    ("column", "value", "note"),
    [
        (Column("n", pa.int64(), default=Default(literal="7")), 7, "new rows got its default '7'"),
        (Column("n", pa.string(), default=Default(literal="")), "", "new rows got its default ''"),
        (Column("n", pa.bool_(), default=Default(literal="0")), False, "new rows got its default '0'"),
        (
            Column("n", pa.int64(), default=Default(expression="next()", dialect="sqlite")),
            None,
            "new rows got null, because only sqlite evaluates its default (next())",
        ),
        (
            Column("n", pa.int64(), default=Default(literal="many")),
            None,
            "new rows got null, because 'many' is no int64",
        ),
        (
            Column("n", pa.int64(), required=True),
            None,
            "new rows got null, because it is required and has no default",
        ),
        (Column("n", pa.int64()), None, None),
    ],
)
def test_appended_rows_that_lack_a_column_get_what_an_insert_would_give_them(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, column: Column, value: object, note: str | None
) -> None:
    path = tmp_path / "old.parquet"
    path.write_bytes(encode_part(pa.table({"id": [1], "n": pa.array([None], column.type)}), ()))
    current = TableSchema("t", (Column("id", pa.int64()), column))
    source = typed(pa.table({"id": [2]}))
    with prepare_ingest(con, "t", [source], current, existing=[path]) as ingest:
        rows = con.sql(ingest.query).to_arrow_table().to_pylist()
        assert {row["id"]: row["n"] for row in rows} == {1: None, 2: value}
        assert ingest.notes == (() if note is None else (f"column n: {note}",))


def test_rows_that_are_kept_get_the_default_of_a_column_that_is_appended(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "old.parquet"
    path.write_bytes(encode_part(pa.table({"id": [1]}), ()))
    source = typed(pa.table({"id": [2], "n": [None]}, pa.schema({"id": pa.int64(), "n": pa.int64()})))
    columns = (Column("id", pa.int64()), Column("n", pa.int64(), default=Default(literal="7")))
    source = replace(source, schema=replace(source.schema, columns=columns))
    current = TableSchema("t", columns[:1])
    with prepare_ingest(con, "t", [source], current, existing=[path]) as ingest:
        rows = con.sql(ingest.query).to_arrow_table().to_pylist()
        assert {row["id"]: row["n"] for row in rows} == {1: 7, 2: None}
        assert ingest.notes == ("column n: rows that were there got its default '7'",)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("int32", "int64", "int64"),
        ("int64", "int32", "int64"),
        ("uint64", "int64", "decimal(20,0)"),
        ("decimal(9,1)", "decimal(6,4)", "decimal(18,4)"),
        ("decimal(38,0)", "decimal(38,30)", "string"),
        ("timestamp", "timestamptz", "timestamptz"),
        ("date", "timestamp", "timestamp"),
        ("float32", "float64", "float64"),
        ("bool", "string", "string"),
        ("list<int32>", "list<int64>", "list<int64>"),
    ],
)
def test_two_types_become_one_that_holds_both(old: str, new: str, expected: str) -> None:
    unified = unify(canonical_type(old), canonical_type(new))
    assert unified == canonical_type(expected)
    assert unify(canonical_type(new), canonical_type(old)) == unified


def test_appended_values_that_do_not_fit_widen_the_column_and_lose_no_old_value(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = pa.table({"c": pa.array([1, 2**31 - 1], pa.int32())})
    schema, rows, notes = append(con, tmp_path, old, typed(pa.table({"c": pa.array([2**40], pa.int64())})))
    assert schema.columns[0].type_text == "int64"
    assert [row["c"] for row in rows] == [1, 2**31 - 1, 2**40]
    assert "int32 became int64" in notes[0]
    schema, rows, _ = append(con, tmp_path, old, typed(pa.table({"c": ["x"]})))
    assert [row["c"] for row in rows] == ["1", "2147483647", "x"]
    old = pa.table({"c": pa.array([Decimal("9.50")], pa.decimal128(18, 2))})
    for text in ("9.5", "9", "9.505"):
        schema, rows, notes = append(con, tmp_path, old, texts([text], "float64"))
        assert [row["c"] for row in rows] == ["9.50", text]
        assert "decimal(18,2) became string" in notes[0]
    schema, rows, _ = append(con, tmp_path, pa.table({"c": ["x"]}), typed(pa.table({"c": [1]})))
    assert [row["c"] for row in rows] == ["x", "1"]


def test_several_sources_are_combined(con: duckdb.DuckDBPyConnection) -> None:
    sources = [
        typed(pa.table({"id": pa.array([1], pa.int32()), "a": ["x"]})),
        typed(pa.table({"id": pa.array([2], pa.int64()), "b": ["y"]})),
    ]
    with prepare_ingest(con, "t", sources, None) as ingest:
        rows = con.sql(ingest.query).to_arrow_table().to_pylist()
    assert ingest.schema.columns[0].type_text == "int64"
    assert rows == [{"id": 1, "a": "x", "b": None}, {"id": 2, "a": None, "b": "y"}]


def test_the_key_comes_from_the_option_then_the_source_then_the_contract(take: Take) -> None:
    table = pa.table({"a": [1], "b": [1]})
    current = schema_of(("b",), a="int64", b="int64")
    assert take(typed(table, ("a",)), current, key=("a", "b"))[0].key == ("a", "b")
    assert take(typed(table, ("a",)), current)[0].key == ("a",)
    assert take(typed(table, ()), current)[0].key == ("b",)
    assert take(typed(table), current)[0].key == ("b",)
    assert take(typed(table), current, key=())[0].key == ()
    assert [c.required for c in take(typed(table, ("a",)), None)[0].columns] == [True, False]


def test_an_unknown_key_column_is_reported_with_the_existing_columns(take: Take) -> None:
    with pytest.raises(UsageError, match="names a column that does not exist: nope") as caught:
        take(typed(pa.table({"a": [1]})), None, key=("a", "nope"))
    assert caught.value.where == "table t, columns: a"
    assert "--key t=" in caught.value.remedy
    with pytest.raises(UsageError, match="does not exist: b"):
        take(typed(pa.table({"a": [1]})), schema_of(("b",), b="int64"))


def test_references_are_removed_with_their_columns(take: Take) -> None:
    reference = ForeignKey(("b",), "other", ("id",))
    current = TableSchema("t", (Column("a", pa.int64()), Column("b", pa.int64())), (), (reference,))
    assert take(typed(pa.table({"a": [1], "b": [1]})), current)[0].references == (reference,)
    assert take(typed(pa.table({"a": [1]})), current)[0].references == ()


def test_a_stream_can_be_previewed_and_then_read(con: duckdb.DuckDBPyConnection) -> None:
    opened: list[int] = []

    def open_again() -> pa.RecordBatchReader:
        opened.append(1)
        return pa.table({"c": pa.array([1.0, 2.0])}).to_reader()

    source = SourceTable(schema_of(c="float64"), ArrowScan(open_again), "x")
    with prepare_ingest(con, "t", [source], schema_of(c="int64")) as ingest:
        assert con.sql(ingest.query).to_arrow_table()["c"].to_pylist() == [1, 2]
    assert len(opened) == 2
