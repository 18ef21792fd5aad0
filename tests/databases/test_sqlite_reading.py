"""SQLite files: what they declare, and that the values decide if a declaration is wrong."""

import datetime as dt
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.databases import ReadOptions, open_snapshot
from tdmvc.databases.base import QualifiedName
from tdmvc.errors import DatabaseError, SourceError, UsageError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.location import PathLocation
from tdmvc.model.source import ArrowScan, SourceTable
from tests.snapshots import read_database, read_rows

Read = Callable[[SourceTable], pa.Table]
Con = duckdb.DuckDBPyConnection


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Path]:
    """Make a SQLite file with a script."""

    def make(script: str) -> Path:
        path = tmp_path / "my base#1.db"
        with closing(sqlite3.connect(path)) as database:
            database.executescript(script)
        return path

    return make


Make = Callable[[str], Path]


def open_one(path: Path, con: Con) -> SourceTable:
    (table,) = read_database(PathLocation(path), con)
    return table


def column_of(
    make: Make, con: Con, read: Read, declared: str, *values: str
) -> tuple[str, list[object], bool]:
    """Return the type of a column with these SQL values, what is read of it, and whether a note was made."""
    rows = ", ".join(f"({value})" for value in values)
    table = open_one(make(f"CREATE TABLE t (c {declared}); INSERT INTO t VALUES {rows};"), con)
    return table.schema.columns[0].type_text, read(table).column("c").to_pylist(), bool(table.notes)


def test_keys_references_and_constraints_are_read(make: Make, con: Con) -> None:
    path = make(
        """
        CREATE TABLE Owner (id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE, boss INT REFERENCES owner);
        CREATE TABLE pair (b TEXT, a INT, owner INT REFERENCES Owner(ID), part TEXT, PRIMARY KEY (a, b));
        CREATE TABLE child (x TEXT, y INT, z INT UNIQUE, FOREIGN KEY (y, x) REFERENCES PAIR (a, b)) ;
        CREATE UNIQUE INDEX some ON pair (part) WHERE part <> '';
        CREATE UNIQUE INDEX two ON pair (part, owner);
        CREATE UNIQUE INDEX calculated ON pair (lower(part));
        """
    )
    tables = {table.schema.name: table for table in read_database(PathLocation(path), con)}
    owner, pair, child = tables["Owner"].schema, tables["pair"].schema, tables["child"].schema
    assert owner.key == ("id",)
    assert [(c.name, c.required, c.unique) for c in owner.columns] == [
        ("id", True, False),
        ("mail", True, True),
        ("boss", False, False),
    ]
    assert tuple(one.ends for one in owner.references) == (ForeignKey(("boss",), "Owner", ("id",)),)
    assert pair.key == ("a", "b")
    assert [column.unique for column in pair.columns] == [False] * 4
    assert tuple(one.ends for one in pair.references) == (ForeignKey(("owner",), "Owner", ("id",)),)
    assert child.key == ()
    assert tables["child"].is_keyed
    assert tuple(one.ends for one in child.references) == (ForeignKey(("y", "x"), "pair", ("a", "b")),)


def test_views_virtual_tables_and_their_shadows_are_left_out(make: Make, con: Con) -> None:
    path = make(
        """
        CREATE TABLE doc_own (id INTEGER PRIMARY KEY AUTOINCREMENT);
        INSERT INTO doc_own DEFAULT VALUES;
        CREATE VIRTUAL TABLE doc USING fts5(body);
        CREATE VIEW v AS SELECT * FROM doc_own;
        """
    )
    assert [table.schema.name for table in read_database(PathLocation(path), con)] == ["doc_own"]


def test_generated_columns_and_tables_without_rowid_are_read(make: Make, con: Con, read: Read) -> None:
    path = make(
        """
        CREATE TABLE t (k TEXT PRIMARY KEY, n INT, twice INT AS (n * 2) STORED, thrice INT AS (n * 3))
        WITHOUT ROWID;
        INSERT INTO t (k, n) VALUES ('a', 1);
        """
    )
    assert read(open_one(path, con)).to_pylist() == [{"k": "a", "n": 1, "twice": 2, "thrice": 3}]


def test_only_the_named_tables_are_read(make: Make, con: Con) -> None:
    path = make("CREATE TABLE orders (a); CREATE TABLE items (a); CREATE TABLE x (a);")
    tables = read_database(PathLocation(path), con, tables=("orders", "items"))
    assert [table.schema.name for table in tables] == ["orders", "items"]


def test_names_with_quotes_and_reserved_words_are_read(make: Make, con: Con, read: Read) -> None:
    path = make(
        'CREATE TABLE "select ""x""" ("a b" INT, "it\'s" TEXT); INSERT INTO "select ""x""" VALUES (1, 2);'
    )
    table = open_one(path, con)
    assert table.schema.name == 'select "x"'
    assert read(table).to_pylist() == [{"a b": 1, "it's": "2"}]


def test_the_declared_type_is_kept_as_it_was_written(make: Make, con: Con) -> None:
    table = open_one(make("CREATE TABLE t (a NVARCHAR(160), b date, c, d JSON);"), con)
    assert [column.physical_type for column in table.schema.columns] == ["NVARCHAR(160)", None, "", "JSON"]
    assert [column.type_text for column in table.schema.columns] == ["string", "date", "string", "string"]
    assert table.schema.columns[3].is_json


@pytest.mark.parametrize(
    ("declared", "values", "expected", "read_values", "has_note"),
    [
        ("INTEGER", ["1", "NULL"], "int64", [1, None], False),
        ("bigint unsigned", ["-9223372036854775808"], "int64", [-(2**63)], False),
        ("INTEGER", ["1", "'x'"], "string", ["1", "x"], True),
        ("INTEGER", ["1", "2.5"], "float64", [1.0, 2.5], True),
        ("INTEGER", ["9007199254740993", "2.5"], "string", ["9007199254740993", "2.5"], True),
        ("BOOLEAN", ["0", "1", "NULL"], "bool", [False, True, None], False),
        ("bool", ["2"], "int64", [2], True),
        ("REAL", ["1", "2.5"], "float64", [1.0, 2.5], False),
        ("DOUBLE PRECISION", ["'x'", "0.1"], "string", ["x", "0.1"], True),
        ("NUMERIC(10,2)", ["0.99", "5"], "decimal(10,2)", [Decimal("0.99"), Decimal("5.00")], False),
        ("DECIMAL(4, 1)", ["0.99"], "decimal(38,2)", [Decimal("0.99")], True),
        ("DECIMAL(3,1)", ["100"], "decimal(38,0)", [Decimal(100)], True),
        ("decimal", ["0.125", "7"], "decimal(18,3)", [Decimal("0.125"), Decimal("7.000")], False),
        ("DECIMAL(10,2)", ["1e300"], "float64", [1e300], True),
        ("DECIMAL(10,2)", ["'n/a'", "1"], "string", ["n/a", "1"], True),
        ("VARCHAR(10)", ["'x'", "''"], "string", ["x", ""], False),
        ("VARCHAR(10)", ["x'00ff'"], "binary", [b"\x00\xff"], True),
        ("BLOB", ["x'00'", "NULL"], "binary", [b"\x00", None], False),
        ("BLOB", ["'text'"], "string", ["text"], True),
        ("JSON", ["'{\"a\":1}'", "'12'"], "string", ['{"a":1}', "12"], False),
        ("", ["1", "2"], "int64", [1, 2], False),
        ("", ["1", "2.5"], "float64", [1.0, 2.5], False),
        ("", ["1", "'x'"], "string", ["1", "x"], True),
        ("uuid", ["'ab'"], "string", ["ab"], False),
        ("INTERVAL", ["NULL"], "string", [None], False),
        ("INTERVAL", ["'1 day'"], "string", ["1 day"], False),
        ("POINT", ["NULL"], "string", [None], False),
        ("TINYINT", ["1"], "int64", [1], False),
        ("DATE", ["'2024-02-29'", "NULL"], "date", [dt.date(2024, 2, 29), None], False),
        ("DATE", ["'2023-02-29'"], "string", ["2023-02-29"], True),
        ("DATE", ["'29/02/2024'"], "string", ["29/02/2024"], True),
        ("DATETIME", ["'2024-01-01 10:00:00'"], "timestamp", [dt.datetime(2024, 1, 1, 10)], False),
        ("DATETIME", ["'2024-01-01T10:00'"], "timestamp", [dt.datetime(2024, 1, 1, 10)], False),
        ("DATETIME", ["'2024-01-01'"], "date", [dt.date(2024, 1, 1)], False),
        ("DATETIME", ["'2024-01-01'", "'2024-01-01 00:00:00'"], "string", ["2024-01-01", "2024-01-01 00:00:00"], True),
        ("DATETIME", ["1700000000"], "int64", [1700000000], True),
        ("TIME", ["'10:00:00.5'"], "time", [dt.time(10, 0, 0, 500000)], False),
        ("TIMESTAMP", ["'2024-01-01 10:00Z'", "'2024-01-01'"], "string", ["2024-01-01 10:00Z", "2024-01-01"], True),
    ],
)  # fmt: skip
def test_a_declared_type_holds_only_if_every_value_has_it(
    make: Make,
    con: Con,
    read: Read,
    declared: str,
    values: list[str],
    expected: str,
    read_values: list[object],
    has_note: bool,
) -> None:
    assert column_of(make, con, read, declared, *values) == (expected, read_values, has_note)


def test_instants_become_utc(make: Make, con: Con, read: Read) -> None:
    type_, values, _ = column_of(
        make, con, read, "TIMESTAMP", "'2024-01-01 10:00:00+02:00'", "'2024-07-01 10:00:00+02:00'"
    )
    assert type_ == "timestamptz"
    assert values == [dt.datetime(2024, month, 1, 8, tzinfo=dt.UTC) for month in (1, 7)]


def test_times_that_are_written_in_several_ways_stay_texts_with_a_note(
    make: Make, con: Con, read: Read
) -> None:
    texts = ["2024-01-01 10:00:00+02:00", "2024-01-01T10:00:00Z"]
    assert column_of(make, con, read, "TIMESTAMP", *(f"'{text}'" for text in texts)) == (
        "string",
        texts,
        True,
    )


def test_bytes_mixed_with_texts_are_refused(make: Make, con: Con) -> None:
    with pytest.raises(SourceError, match=r"(?s)would be lost.*table t, column c"):
        open_one(make("CREATE TABLE t (c TEXT); INSERT INTO t VALUES ('a'), (x'00');"), con)


def test_a_text_that_is_not_utf8_is_refused_by_place_and_without_its_value(make: Make, con: Con) -> None:
    path = make(
        "CREATE TABLE t (a TEXT, c TEXT); INSERT INTO t VALUES ('x', 'y'), ('z', CAST(x'636166e9' AS TEXT));"
    )
    with pytest.raises(SourceError) as caught:
        open_one(path, con)
    assert "text number 2 in column c of table t is not UTF-8" in caught.value.message
    assert "caf" not in caught.value.message


def test_a_file_with_a_write_ahead_log_is_read_with_its_newest_rows(
    tmp_path: Path, con: Con, read: Read
) -> None:
    path = tmp_path / "w.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (a INT)")
        database.execute("INSERT INTO t VALUES (1)")
        database.commit()
        assert (tmp_path / "w.db-wal").stat().st_size
        assert read(open_one(path, con)).to_pylist() == [{"a": 1}]


def test_a_locked_file_is_refused_with_advice(make: Make, con: Con, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdmvc.databases.sqlite.catalog._WAIT_SECONDS", 0.1)
    path = make("CREATE TABLE t (a INT);")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseError, match="Another program is writing"):
            open_one(path, con)


def test_a_damaged_file_is_refused(make: Make, con: Con) -> None:
    path = make("CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x');")
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 4000)
    with pytest.raises(DatabaseError, match="cannot be read"):
        open_one(path, con)


def test_rows_can_be_read_twice_and_by_duckdb(make: Make, con: Con) -> None:
    path = make(
        "CREATE TABLE t (a INT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 20000) INSERT INTO t SELECT i FROM n;"
    )
    scan = open_one(path, con).scan
    assert isinstance(scan, ArrowScan)
    for _ in range(2):
        con.register("rows", scan.open())
        assert con.sql("SELECT count(*), sum(a) FROM rows").fetchall() == [(20000, 200010000)]
        con.unregister("rows")


def test_all_tables_are_read_as_they_were_when_the_snapshot_was_opened(make: Make, con: Con) -> None:
    path = make("PRAGMA journal_mode = WAL; CREATE TABLE a (n INT); CREATE TABLE b (n INT);")
    with open_snapshot(PathLocation(path), lambda: con) as snapshot, closing(sqlite3.connect(path)) as writer:
        writer.executescript("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); CREATE TABLE c (n INT);")
        assert snapshot.read_names() == ["a", "b"]
        assert [read_rows(table, con).num_rows for table in snapshot.read_tables(["a", "b"])] == [0, 0]
        assert snapshot.read_rows(QualifiedName("", "b"), 5) == []
    assert [read_rows(table, con).num_rows for table in read_database(PathLocation(path), con)] == [1, 1, 0]


def test_columns_and_first_rows_are_read_as_they_are(make: Make, con: Con) -> None:
    path = make("CREATE TABLE t (v TEXT, d, g AS (d + 1)); INSERT INTO t VALUES ('1', 2), ('2', 3);")
    with open_snapshot(PathLocation(path), lambda: con) as snapshot:
        assert snapshot.read_columns() == {QualifiedName("", "t"): ("v", "d", "g")}
        assert snapshot.read_rows(QualifiedName("", "t"), 1) == [{"v": "1", "d": 2, "g": 3}]


def test_a_schema_is_refused(make: Make, con: Con) -> None:
    path = make("CREATE TABLE t (a);")
    with (
        pytest.raises(UsageError, match="no schemas"),
        open_snapshot(PathLocation(path), lambda: con, ReadOptions(schemas=("public",))),
    ):
        pass
