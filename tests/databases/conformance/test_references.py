"""References that rows break are found, of each kind, and no others."""

import duckdb
import pytest

from tdmvc.model.declarations import ForeignKey
from tdmvc.model.schema import TableSchema
from tests.databases.conformance.access import load, open_target, to_write
from tests.databases.conformance.contracts import (
    CUSTOMER_ROWS,
    CUSTOMERS,
    ORDERS,
    PAIRS,
    TREE,
    Rows,
    column,
    key,
)
from tests.databases.conformance.engines.base import Database

Con = duckdb.DuckDBPyConnection
Broken = list[tuple[str, tuple[str, ...], object, object]]
PAIRED = TableSchema(
    "paired", (key(), column("x"), column("y")), ("id",), (ForeignKey(("x", "y"), "pairs", ("a", "b")),)
)
TITLED = TableSchema("titled", (key(), column("code", unique=True)), ("id",))
BY_CODE = TableSchema(
    "by_code", (key(), column("code")), ("id",), (ForeignKey(("code",), "titled", ("code",)),)
)


def broken(database: Database, con: Con, *tables: tuple[TableSchema, Rows]) -> Broken:
    """Return what is found right after a load: table, columns, the table that they refer to, rows."""
    with open_target(database, con) as target:
        names = [schema.name for schema, _ in tables]
        target.lock(names)
        catalog = target.read_catalog()
        missing = [to_write(schema, rows) for schema, rows in tables if schema.name not in catalog]
        assert target.create_tables(missing, []) == []
        load(target, *(to_write(schema, rows) for schema, rows in tables))
        found = target.find_broken_references(names)
        assert all("9" not in one.message for one in found), "a value is shown"
        return [(one.table or "", one.columns, one.details["to"], one.details["rows"]) for one in found]


def test_sound_references_are_no_findings(database: Database, con: Con) -> None:
    assert (
        broken(
            database,
            con,
            (CUSTOMERS, CUSTOMER_ROWS),
            (ORDERS, [{"id": 1, "customer": 1, "total": None}, {"id": 2, "customer": None, "total": None}]),
            (TREE, [{"id": 1, "up": 2}, {"id": 2, "up": 1}, {"id": 3, "up": 3}, {"id": 4, "up": None}]),
            (PAIRS, [{"a": 1, "b": 2, "v": None}]),
            (PAIRED, [{"id": 1, "x": 1, "y": 2}, {"id": 2, "x": None, "y": 5}, {"id": 3, "x": 5, "y": None}]),
            (TITLED, [{"id": 1, "code": 5}, {"id": 2, "code": None}]),
            (BY_CODE, [{"id": 1, "code": 5}, {"id": 2, "code": None}]),
        )
        == []
    )


def test_a_reference_to_a_missing_row(database: Database, con: Con) -> None:
    orders: Rows = [
        {"id": number, "customer": 99 if number > 1 else 1, "total": None} for number in (1, 2, 3)
    ]
    assert broken(database, con, (CUSTOMERS, CUSTOMER_ROWS), (ORDERS, orders)) == [
        ("orders", ("customer",), "customers", 2)
    ]


def test_a_reference_of_a_table_to_itself(database: Database, con: Con) -> None:
    rows: Rows = [{"id": 1, "up": 1}, {"id": 2, "up": 99}]
    assert broken(database, con, (TREE, rows)) == [("tree", ("up",), "tree", 1)]


def test_a_reference_of_two_columns(database: Database, con: Con) -> None:
    rows: Rows = [{"id": 1, "x": 2, "y": 1}, {"id": 2, "x": 1, "y": 2}, {"id": 3, "x": None, "y": 99}]
    assert broken(database, con, (PAIRS, [{"a": 1, "b": 2, "v": None}]), (PAIRED, rows)) == [
        ("paired", ("x", "y"), "pairs", 1)
    ]


def test_a_reference_to_a_unique_column(database: Database, con: Con) -> None:
    assert broken(
        database, con, (TITLED, [{"id": 99, "code": None}]), (BY_CODE, [{"id": 1, "code": 99}])
    ) == [("by_code", ("code",), "titled", 1)]


def test_references_from_tables_that_were_not_loaded(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE customers (id bigint NOT NULL PRIMARY KEY, name varchar(20))",
        "INSERT INTO customers VALUES (1, 'Ada'), (99, 'Bob')",
        "CREATE TABLE theirs (id bigint NOT NULL PRIMARY KEY, c bigint, FOREIGN KEY (c) REFERENCES customers (id))",
        "INSERT INTO theirs VALUES (1, 1), (2, 99)",
    )
    assert broken(database, con, (CUSTOMERS, CUSTOMER_ROWS)) == [("theirs", ("c",), "customers", 1)]
    assert database.rows("SELECT id, c FROM theirs ORDER BY id") == [(1, 1), (2, 99)]


def test_a_reference_that_needs_all_columns_or_none(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE pairs (a bigint NOT NULL, b bigint NOT NULL, v varchar(20), PRIMARY KEY (a, b))",
        "CREATE TABLE paired (id bigint NOT NULL PRIMARY KEY, x bigint, y bigint,"
        " FOREIGN KEY (x, y) REFERENCES pairs (a, b) MATCH FULL)",
    )
    if database.engine.dialect != "postgresql":
        pytest.skip("only PostgreSQL checks MATCH FULL; the others take it for MATCH SIMPLE")
    rows: Rows = [{"id": 1, "x": None, "y": None}, {"id": 2, "x": None, "y": 99}, {"id": 3, "x": 1, "y": 2}]
    assert broken(database, con, (PAIRS, [{"a": 1, "b": 2, "v": None}]), (PAIRED, rows)) == [
        ("paired", ("x", "y"), "pairs", 1)
    ]
