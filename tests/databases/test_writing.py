"""Writing SQLite and DuckDB files: completely or not at all, with all constraints that the rows keep."""

import dataclasses
import datetime as dt
import decimal
import math
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.arrow.types import parse_type
from tdmvc.databases import TableToWrite, find_file_engine
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import Check, ForeignKey, Index, View
from tdmvc.model.finding import Finding
from tdmvc.model.location import PathLocation
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import SourceTable
from tests.snapshots import read_database

Read = Callable[[SourceTable], pa.Table]
Con = duckdb.DuckDBPyConnection
BOTH = pytest.mark.parametrize("name", ["x.sqlite", "x.duckdb"])


def column(name: str, type_: str, physical: str | None = None, **declared: bool) -> Column:
    parsed = parse_type(type_)
    assert parsed is not None
    return Column(name, parsed, physical, **declared)


def table(schema: TableSchema, rows: Sequence[dict[str, object]]) -> TableToWrite:
    data = pa.Table.from_pylist(list(rows), schema=schema.arrow_schema())
    return TableToWrite(schema, lambda: data.to_reader(max_chunksize=2))


def write(path: Path, *tables: TableToWrite) -> list[Finding]:
    engine = find_file_engine(PathLocation(path))
    assert engine is not None
    return engine.write_tables(PathLocation(path), tables)


def rules(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def keyed(name: str, *references: ForeignKey) -> TableSchema:
    columns = (column("id", "int64"), column("other", "int64"))
    return TableSchema(name, columns, ("id",), references)


EVERY_TYPE: dict[str, object] = {
    "bool": True,
    "int8": -1,
    "uint32": 2**32 - 1,
    "int64": 2**62,
    "float64": 1.5,
    "string": "it's 'x'\n",
    "binary": b"\x00\xff",
    "date": dt.date(2024, 2, 29),
    "time": dt.time(10, 0, 0, 5),
    "timestamp": dt.datetime(2024, 1, 1, 10, 0, 0, 120000),
    "timestamptz": dt.datetime(2024, 1, 1, 10, tzinfo=dt.UTC),
    "decimal(10,2)": decimal.Decimal("0.10"),
}


@BOTH
def test_every_type_comes_back_equal(tmp_path: Path, con: Con, read: Read, name: str) -> None:
    schema = TableSchema("t", tuple(column(f"c {type_}", type_) for type_ in EVERY_TYPE))
    row = {f"c {type_}": value for type_, value in EVERY_TYPE.items()}
    assert write(tmp_path / name, table(schema, [row, dict.fromkeys(row)])) == []
    (back,) = read_database(PathLocation(tmp_path / name), con)
    assert read(back).to_pylist() == [row, dict.fromkeys(row)]


def test_sqlite_gets_dates_times_and_nested_values_as_readable_text(tmp_path: Path) -> None:
    schema = TableSchema(
        "t",
        (
            column("a", "timestamp"),
            column("b", "timestamptz"),
            column("c", "list<decimal(3,1)>"),
            column("d", "struct<x: binary, y: date>"),
            column("e", "bool"),
            column("f", "date"),
        ),
    )
    row: dict[str, object] = {
        "a": dt.datetime(1, 2, 3, 4, 5, 6),
        "b": dt.datetime(2024, 1, 1, 10, 0, 0, 5, tzinfo=dt.UTC),
        "c": [decimal.Decimal("1.5"), None],
        "d": {"x": b"\xff", "y": dt.date(2024, 1, 2)},
        "e": False,
        "f": dt.date(2024, 1, 2),
    }
    write(tmp_path / "x.db", table(schema, [row]))
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        (found,) = database.execute("SELECT * FROM t").fetchall()
    assert found == (
        "0001-02-03 04:05:06",
        "2024-01-01 10:00:00.000005+00:00",
        '["1.5",null]',
        '{"x":"ff","y":"2024-01-02"}',
        0,
        "2024-01-02",
    )


@BOTH
def test_keys_references_and_constraints_are_declared(
    tmp_path: Path, con: Con, read: Read, name: str
) -> None:
    parent = TableSchema(
        "parent",
        (column("b", "string", required=True), column("a", "int64", required=True), column("u", "int64", unique=True)),
        ("a", "b"),
    )  # fmt: skip
    child = TableSchema(
        "child",
        (column("x", "string"), column("y", "int64"), column("z", "int64")),
        (),
        (ForeignKey(("y", "x"), "parent", ("a", "b")), ForeignKey(("z",), "parent", ("u",))),
    )
    findings = write(
        tmp_path / name,
        table(child, [{"x": "k", "y": 1, "z": 7}, {"x": None, "y": None, "z": None}]),
        table(parent, [{"b": "k", "a": 1, "u": 7}]),
    )
    assert findings == []
    back = {source.schema.name: source.schema for source in read_database(PathLocation(tmp_path / name), con)}
    assert back["parent"].key == ("a", "b")
    assert [(c.required, c.unique) for c in back["parent"].columns] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert {one.ends for one in back["child"].references} == set(child.references)


@BOTH
def test_rows_that_break_a_key_are_written_without_it(
    tmp_path: Path, con: Con, read: Read, name: str
) -> None:
    findings = write(
        tmp_path / name,
        table(keyed("child", ForeignKey(("other",), "twice", ("id",))), [{"id": 1, "other": 1}]),
        table(keyed("twice"), [{"id": 1, "other": 1}, {"id": 1, "other": 2}]),
    )
    assert sorted(rules(findings)) == ["constraint-left-out", "reference-left-out"]
    back = {source.schema.name: source for source in read_database(PathLocation(tmp_path / name), con)}
    assert back["twice"].schema.key == ()
    assert read(back["twice"]).num_rows == 2
    assert back["child"].schema.key == ("id",)


@BOTH
def test_a_null_in_a_required_column_does_not_stop_the_load(tmp_path: Path, name: str) -> None:
    schema = TableSchema("t", (column("a", "string", required=True),))
    assert rules(write(tmp_path / name, table(schema, [{"a": None}]))) == ["constraint-left-out"]


def test_sqlite_keeps_a_reference_that_rows_break_and_reports_it(tmp_path: Path, con: Con) -> None:
    child = table(keyed("child", ForeignKey(("other",), "parent", ("id",))), [{"id": 1, "other": 9}])
    findings = write(tmp_path / "x.db", child, table(keyed("parent"), [{"id": 1, "other": 1}]))
    assert rules(findings) == ["broken-reference"]
    assert findings[0].details == {"to": "parent", "rows": 1}
    assert read_database(PathLocation(tmp_path / "x.db"), con)[0].schema.references


def test_duckdb_leaves_out_a_condition_that_it_cannot_evaluate_on_a_row(tmp_path: Path, con: Con) -> None:
    checks = (Check("CAST(concat('x', a) AS INTEGER) > 0", None, "duckdb"), Check("a < 100", None, "duckdb"))
    schema = TableSchema("t", (column("a", "int64"),), ("a",), checks=checks)
    path = tmp_path / "x.duckdb"
    (finding,) = write(path, table(schema, [{"a": 1}, {"a": 2}]))
    assert finding.rule == "constraint-left-out"
    (again,) = read_database(PathLocation(path), con)
    assert [check.expression for check in again.schema.checks] == ["a < 100"]


def test_duckdb_leaves_out_a_reference_that_rows_break(tmp_path: Path, con: Con, read: Read) -> None:
    child = table(keyed("child", ForeignKey(("other",), "parent", ("id",))), [{"id": 1, "other": 9}])
    findings = write(tmp_path / "x.duckdb", child, table(keyed("parent"), [{"id": 1, "other": 1}]))
    assert rules(findings) == ["reference-left-out"]
    back = read_database(PathLocation(tmp_path / "x.duckdb"), con)[0]
    assert (back.schema.key, back.schema.references) == (("id",), ())
    assert read(back).num_rows == 1


@BOTH
def test_a_reference_to_a_table_that_is_not_written_is_left_out(tmp_path: Path, name: str) -> None:
    lonely = table(keyed("child", ForeignKey(("other",), "elsewhere", ("id",))), [{"id": 1, "other": 9}])
    assert rules(write(tmp_path / name, lonely)) == ["reference-left-out"]


@BOTH
def test_tables_with_circular_references_are_written(tmp_path: Path, con: Con, read: Read, name: str) -> None:
    rows = [{"id": 1, "other": 2}, {"id": 2, "other": 1}]
    one, two = ForeignKey(("other",), "two", ("id",)), ForeignKey(("other",), "one", ("id",))
    findings = write(
        tmp_path / name,
        table(keyed("before", one), rows),
        table(keyed("one", one), rows),
        table(keyed("two", two), rows),
    )
    back = {source.schema.name: source.schema for source in read_database(PathLocation(tmp_path / name), con)}
    assert len(back["before"].references) == 1
    if name == "x.sqlite":
        assert findings == []
        assert len(back["one"].references) == len(back["two"].references) == 1
    else:
        assert rules(findings) == ["reference-left-out"]
        assert "cycle" in findings[0].message


@BOTH
def test_a_table_that_refers_to_itself_is_written(tmp_path: Path, con: Con, name: str) -> None:
    itself = keyed("t", ForeignKey(("other",), "t", ("id",)))
    assert write(tmp_path / name, table(itself, [{"id": 1, "other": None}, {"id": 2, "other": 1}])) == [] or (
        name == "x.duckdb"
    )
    assert read_database(PathLocation(tmp_path / name), con)[0].schema.key == ("id",)
    findings = write(tmp_path / name, table(itself, [{"id": 1, "other": 2}, {"id": 2, "other": None}]))
    assert rules(findings) == ([] if name == "x.sqlite" else ["reference-left-out"])


def declared(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [row[2] for row in database.execute("PRAGMA table_info(t)")]


def test_sqlite_takes_the_declared_type_of_the_source(tmp_path: Path) -> None:
    schema = TableSchema(
        "t",
        (
            column("a", "string", "NVARCHAR(160)"),
            column("b", "string", "uuid"),
            column("c", "timestamptz", "timestamp with time zone"),
            column("d", "decimal(10,2)", "NUMERIC(10,2)"),
            column("e", "int64", "VARCHAR(3)"),
            column("f", "string", "TEXT); DROP TABLE t; --"),
            column("g", "string", "TEXT DEFAULT 'x'"),
            column("h", "string", "enum('a', 'b')"),
            column("i", "int64"),
            column("j", "int32", "int"),
            column("k", "string", "text"),
        ),
    )
    findings = write(tmp_path / "x.db", table(schema, [{"a": "x", "b": "y-z"}]))
    assert [(f.rule, f.columns) for f in findings] == [("type-replaced", (name,)) for name in "fgh"]
    assert "SQLite cannot declare enum('a', 'b')" in findings[2].message
    assert declared(tmp_path / "x.db") == [
        "NVARCHAR(160)",
        "uuid",
        "timestamp with time zone",
        "NUMERIC(10,2)",
        "INTEGER",
        "TEXT",
        "TEXT",
        "TEXT",
        "INTEGER",
        "INT",
        "TEXT",
    ]


@pytest.mark.parametrize(
    ("type_", "physical", "value", "used"),
    [
        ("string", "uuid", "007", "TEXT"),
        ("string", "uuid", "1e5", "TEXT"),
        ("string", "DATE", "1.0", "TEXT"),
        ("string", "JSON", "1.10", "TEXT"),
        ("string", "REAL", "5", "TEXT"),
        ("string", "INTEGER", "5", "INTEGER"),
        ("string", "INTEGER", "1.5", "INTEGER"),
        ("string", "INTEGER", "x", "INTEGER"),
        ("decimal(30,2)", None, "12345678901234567.89", "TEXT"),
        ("decimal(30,2)", None, "0.10", "decimal(30,2)"),
        ("decimal(38,0)", None, "123456789012345678901", "TEXT"),
    ],
)
def test_sqlite_turns_no_value_into_another_number(
    tmp_path: Path, con: Con, read: Read, type_: str, physical: str | None, value: str, used: str
) -> None:
    schema = TableSchema("t", (column("a", type_, physical),))
    exact: object = value if type_ == "string" else decimal.Decimal(value)
    findings = write(tmp_path / "x.db", table(schema, [{"a": exact}, {"a": None}]))
    assert declared(tmp_path / "x.db") == [used]
    becomes_number = type_ == "string" and used == "INTEGER" and value != "x"
    assert rules(findings) == (
        ["type-replaced"] if used == "TEXT" else ["value-replaced"] if becomes_number else []
    )
    back = read(read_database(PathLocation(tmp_path / "x.db"), con)[0]).column("a").to_pylist()
    assert str(back[0]) == value or decimal.Decimal(back[0]) == exact


def test_values_that_sqlite_lacks_are_reported(tmp_path: Path, con: Con, read: Read) -> None:
    schema = TableSchema("t", (column("a", "float64"), column("b", "uint64")))
    row = {"a": math.nan, "b": 2**64 - 1}
    findings = write(tmp_path / "x.db", table(schema, [row, {"a": math.inf, "b": 1}]))
    assert sorted(rules(findings)) == ["type-replaced", "value-replaced"]
    back = read(read_database(PathLocation(tmp_path / "x.db"), con)[0]).to_pylist()
    assert back == [{"a": None, "b": str(2**64 - 1)}, {"a": math.inf, "b": "1"}]


def test_duckdb_takes_the_type_of_the_source_if_every_value_comes_back(tmp_path: Path, con: Con) -> None:
    schema = TableSchema(
        "t",
        (
            column("a", "string", "uuid"),
            column("b", "string", "uuid"),
            column("c", "string", "NVARCHAR(160)"),
            column("d", "string", "tsvector"),
            column("e", "int64", "SMALLINT"),
            column("f", "timestamp", "DATE"),
            column("g", "string", "INT); DROP TABLE t; --"),
            column("h", "string", "interval"),
            column("i", "string", "json"),
        ),
    )
    uuid = "0e984725-c51c-4bf4-9960-e1c80e27aba0"
    row = {
        "a": uuid,
        "b": uuid.upper(),
        "e": 1,
        "f": dt.datetime(2024, 1, 1, 5),
        "h": "1 day",
        "i": '{"a": 1}',
    }
    findings = write(tmp_path / "x.duckdb", table(schema, [row]))
    con.execute(f"ATTACH '{tmp_path / 'x.duckdb'}' AS x (READ_ONLY)")
    types = [str(type_) for type_ in con.sql("SELECT * FROM x.t").types]
    assert types == [
        "UUID",
        "VARCHAR",
        "VARCHAR",
        "VARCHAR",
        "BIGINT",
        "TIMESTAMP",
        "VARCHAR",
        "INTERVAL",
        "JSON",
    ]
    assert [finding.columns for finding in findings] == [("b",), ("f",)]


def test_duckdb_puts_qualified_names_into_schemas(tmp_path: Path, con: Con, read: Read) -> None:
    path = tmp_path / "x.duckdb"
    sales = keyed("sales.orders", ForeignKey(("other",), "sales.users", ("id",)))
    rows = [{"id": 1, "other": 1}]
    assert (
        write(path, table(sales, rows), table(keyed("sales.users"), rows), table(keyed("users"), rows)) == []
    )
    back = {source.schema.name: source for source in read_database(PathLocation(path), con)}
    assert set(back) == {"sales.orders", "sales.users", "users"}
    assert tuple(one.ends for one in back["sales.orders"].schema.references) == sales.references
    assert read(back["sales.orders"]).num_rows == 1


@BOTH
def test_an_old_file_is_replaced_completely_or_not_at_all(tmp_path: Path, con: Con, name: str) -> None:
    path = tmp_path / name
    write(path, table(keyed("old"), []))
    before = path.read_bytes()

    def fail() -> pa.RecordBatchReader:
        raise OSError(28, "No space left on device")

    with pytest.raises(DatabaseError, match=r"No space left.*(?s:.*)nothing was changed"):
        write(path, TableToWrite(keyed("new"), fail))
    assert path.read_bytes() == before
    write(path, table(keyed("new"), []))
    assert [source.schema.name for source in read_database(PathLocation(path), con)] == ["new"]
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@BOTH
def test_a_folder_that_cannot_be_created_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="cannot be written"):
        write(tmp_path / "file" / name, table(keyed("t"), []))


@BOTH
def test_missing_folders_are_created(tmp_path: Path, name: str) -> None:
    write(tmp_path / "a" / "b" / name, table(keyed("t"), []))
    assert os.listdir(tmp_path / "a" / "b") == [name]


@pytest.mark.parametrize(("name", "log"), [("x.db", "x.db-wal"), ("x.duckdb", "x.duckdb.wal")])
def test_an_unfinished_journal_of_the_old_file_is_never_applied_to_the_new_one(
    tmp_path: Path, name: str, log: str
) -> None:
    (tmp_path / log).write_bytes(b"work")
    with pytest.raises(DatabaseError, match="changes that are not in its file yet"):
        write(tmp_path / name, table(keyed("t"), []))


@pytest.mark.parametrize(
    "declared",
    [
        {"checks": (Check("id > 0)); {copy}; CREATE TABLE x (i int, CHECK (i > 0", dialect="duckdb"),)},
        {"checks": (Check("id > 0), extra INTEGER, CHECK (true", dialect="duckdb"),)},
        {"indexes": (Index("i", definition="(id); {copy}", dialect="duckdb"),)},
    ],
)
def test_the_sql_of_a_contract_declares_only_what_it_should(
    tmp_path: Path, con: Con, declared: dict[str, tuple[Check | Index]]
) -> None:
    copy = f"COPY (SELECT 1) TO '{tmp_path / 'stolen'}'"
    filled = {
        name: tuple(
            dataclasses.replace(one, **{field: getattr(one, field).replace("{copy}", copy)})
            for one in values
            for field in [("expression" if isinstance(one, Check) else "definition")]
        )
        for name, values in declared.items()
    }
    schema = dataclasses.replace(keyed("t"), **filled)  # type: ignore[arg-type]
    assert rules(write(tmp_path / "x.duckdb", table(schema, [{"id": 1, "other": 1}]))) == [
        "declaration-left-out"
    ]
    assert not (tmp_path / "stolen").exists()
    (back,) = read_database(PathLocation(tmp_path / "x.duckdb"), con)
    assert back.schema.column_names == ("id", "other")


@pytest.mark.parametrize(
    "query",
    ["SELECT 1; COPY (SELECT 1) TO '{file}'", "SELECT * FROM read_text('{file}')", "SELECT * FROM '{file}'"],
)
def test_a_view_of_a_contract_reaches_no_file(tmp_path: Path, query: str) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    view = View("v", query.format(file=tmp_path / "secret.csv"), "duckdb")
    engine = find_file_engine(PathLocation(tmp_path / "x.duckdb"))
    assert engine is not None
    findings = engine.write_tables(
        PathLocation(tmp_path / "x.duckdb"), [table(keyed("t"), [{"id": 1, "other": 1}])], [view]
    )
    assert rules(findings) == ["declaration-left-out"]
    assert (tmp_path / "secret.csv").read_text() == "a\n1\n"
