"""Tables and columns with odd names, many columns, large cells; databases with many tables."""

import duckdb
import pytest

from tests.databases.conformance.access import open_snapshot, read_database
from tests.databases.conformance.engines.base import Database

Con = duckdb.DuckDBPyConnection
NAMES = (
    'a"b',
    "it's",
    "a.b",
    "dott.ed.name",
    "Upper",
    "UPPER CASE",
    "select",
    "order",
    "user",
    "two words",
    "tab\tand\nline",
    "名 naïve",
    "%s",
    "{x}",
    "$1",
    ":name",
    "?",
    "back`tick",
    "back\\slash",
    "-- comment",
    "/* c */",
    ";",
    "[x]",
    "a=b",
    "ⓤⓝⓘ",
    "x" * 63,
)
"""Each is the name of a table and of a column; 63 bytes are the most that PostgreSQL allows."""


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def reference_name(name: str) -> str:
    # MariaDB names a reference after its table, and adds up to seven characters.
    return f"r {name}"[:50]


def make_odd(database: Database, name: str) -> None:
    database.run(
        f"CREATE TABLE {quoted(name)} (id integer NOT NULL PRIMARY KEY, {quoted(name)} varchar(10))",
        f"CREATE TABLE {quoted(reference_name(name))} (id integer NOT NULL PRIMARY KEY, {quoted(name)} integer,"
        f" FOREIGN KEY ({quoted(name)}) REFERENCES {quoted(name)} (id))",
        f"INSERT INTO {quoted(name)} VALUES (1, 'x')",
        f"INSERT INTO {quoted(reference_name(name))} VALUES (1, 1)",
    )


def test_odd_names(database: Database, con: Con) -> None:
    for name in NAMES:
        make_odd(database, name)
    tables = read_database(database, con)
    for name in NAMES:
        assert tables[name].schema.column_names == ("id", name)
        assert tables[name].rows.to_pylist() == [{"id": 1, name: "x"}]
        (reference,) = tables[reference_name(name)].schema.references
        assert (reference.columns, reference.table, reference.to) == ((name,), name, ("id",))


def test_names_that_differ_only_by_case(database: Database, con: Con) -> None:
    database.run(
        'CREATE TABLE t (id integer NOT NULL PRIMARY KEY, "a" integer)',
        'CREATE TABLE "T" (id integer NOT NULL PRIMARY KEY, "a" integer, "A" integer)',
    )
    tables = read_database(database, con)
    assert tables["T"].schema.column_names == ("id", "a", "A")


def test_tables_with_many_columns(database: Database, con: Con) -> None:
    names = [f"c{number}" for number in range(800)]
    database.run(
        f"CREATE TABLE wide (id integer NOT NULL PRIMARY KEY, {', '.join(f'{name} integer' for name in names)})",
        "INSERT INTO wide (id, c0, c799) VALUES (1, 2, 3)",
    )
    table = read_database(database, con)["wide"]
    assert table.schema.column_names == ("id", *names)
    assert (table.values("c0"), table.values("c1"), table.values("c799")) == ([2], [None], [3])


@pytest.mark.parametrize("size", [1 << 16, 3 << 20])
def test_large_cells(database: Database, con: Con, size: int) -> None:
    type_, large = {
        "mysql": ("longtext", f"repeat('ä', {size})"),
        "sqlite": ("text", f"replace(hex(zeroblob({size})), '00', 'ä')"),
    }.get(database.engine.dialect, ("text", f"repeat('ä', {size})"))
    database.run(
        f"CREATE TABLE t (id integer NOT NULL PRIMARY KEY, v {type_})",
        f"INSERT INTO t VALUES (1, {large})",
        "INSERT INTO t VALUES (2, '')",
    )
    assert read_database(database, con)["t"].values("v") == ["ä" * size, ""]


def test_more_rows_than_a_batch_holds(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE t (id integer NOT NULL PRIMARY KEY, v varchar(20))",
        "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
        " SELECT a.i * 1000 + b.i, NULL FROM n AS a CROSS JOIN n AS b WHERE a.i < 70",
        "UPDATE t SET v = 'last' WHERE id = 69999",
    )
    table = read_database(database, con)["t"]
    assert table.rows.num_rows == 70_000
    assert sorted(table.rows.column("id").to_pylist()) == list(range(70_000))
    assert [row for row in table.rows.column("v").to_pylist() if row] == ["last"]


def test_nulls_in_every_place(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE t (id integer NOT NULL PRIMARY KEY, a integer, b varchar(10), c decimal(10,2))",
        "INSERT INTO t VALUES (1, NULL, NULL, NULL), (2, 0, '', 0), (3, NULL, 'NULL', 1.5)",
    )
    table = read_database(database, con)["t"]
    assert table.values("a") == [None, 0, None]
    assert table.values("b") == [None, "", "NULL"]
    assert [str(value) for value in table.values("c")] == ["None", "0.00", "1.50"]


def test_named_tables_only(database: Database, con: Con) -> None:
    database.run(*(f"CREATE TABLE t{number} (id integer NOT NULL PRIMARY KEY)" for number in range(5)))
    with open_snapshot(database, con) as snapshot:
        assert [one.schema.name for one in snapshot.read_tables(["t3", "t1"])] == ["t3", "t1"]
