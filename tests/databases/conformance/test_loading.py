"""Rows are written in each mode, as differences, and all at once or not at all."""

from collections.abc import Sequence
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from tdmvc.databases.base import TableToWrite
from tdmvc.errors import DatabaseError
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeedMode, WrittenRows
from tests.databases.conformance.access import load, open_target, read_database, rows_of, seed, to_write
from tests.databases.conformance.contracts import (
    CUSTOMER_ROWS,
    CUSTOMERS,
    KEYLESS,
    NUMBERED,
    ORDER_ROWS,
    ORDERS,
    PAIRS,
    SWAPPED,
    TREE,
    Rows,
    column,
    key,
)
from tests.databases.conformance.engines.base import Database

Con = duckdb.DuckDBPyConnection


def test_tables_are_made_and_loaded(database: Database, con: Con) -> None:
    counts = seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS), to_write(ORDERS, ORDER_ROWS))
    assert counts == {"customers": WrittenRows(inserted=3), "orders": WrittenRows(inserted=2)}
    assert database.rows("SELECT id, name FROM customers ORDER BY id") == [(1, "Ada"), (2, None), (3, "")]
    found = database.rows("SELECT id, customer, total FROM orders ORDER BY id")
    assert [
        (id_, customer, None if total is None else Decimal(str(total))) for id_, customer, total in found
    ] == [
        (10, 1, Decimal("0.1")),
        (11, None, None),
    ]


def test_replace_leaves_exactly_the_new_rows(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS), to_write(ORDERS, ORDER_ROWS))
    counts = seed(database, con, to_write(CUSTOMERS, [{"id": 1, "name": "Bob"}]), to_write(ORDERS, []))
    assert counts == {"customers": WrittenRows(inserted=1), "orders": WrittenRows()}
    assert database.rows("SELECT id, name FROM customers") == [(1, "Bob")]
    assert database.rows("SELECT id FROM orders") == []


def test_upsert_writes_only_what_differs(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS))
    rows: Rows = [
        {"id": 1, "name": "Ada"},
        {"id": 2, "name": "Bob"},
        {"id": 3, "name": None},
        {"id": 4, "name": "new"},
    ]
    counts = seed(database, con, to_write(CUSTOMERS, rows[:1] + rows[1:]), mode=SeedMode.UPSERT)
    assert counts == {"customers": WrittenRows(inserted=1, updated=2, unchanged=1)}
    assert database.rows("SELECT id, name FROM customers ORDER BY id") == [
        (1, "Ada"),
        (2, "Bob"),
        (3, None),
        (4, "new"),
    ]
    again = seed(database, con, to_write(CUSTOMERS, rows), mode=SeedMode.UPSERT)
    assert again == {"customers": WrittenRows(unchanged=4)}


@pytest.mark.parametrize("declared", ["", ", UNIQUE (id, n)", ", PRIMARY KEY (n)"])
def test_an_upsert_needs_a_key_that_is_unique_in_the_database(
    database: Database, con: Con, declared: str
) -> None:
    """Otherwise it would change several rows, or insert one a second time."""
    database.run(
        f"CREATE TABLE plain (id bigint NOT NULL, n bigint NOT NULL{declared})",
        "INSERT INTO plain VALUES (1, 1), (1, 2)",
    )
    schema = TableSchema("plain", (key(), key("n")), ("id",))
    with pytest.raises(DatabaseError, match=r"needs a unique key \(id\)") as caught:
        seed(database, con, to_write(schema, [{"id": 1, "n": 3}]), mode=SeedMode.UPSERT)
    assert "--mode replace" in caught.value.remedy
    assert database.rows("SELECT id, n FROM plain ORDER BY n") == [(1, 1), (1, 2)]
    # A difference is of rows that are known to be there, each once.
    with open_target(database, con) as target:
        target.lock(["plain"])
        keys = pa.table({"id": pa.array([], pa.int64())}).to_reader()
        found = target.read_catalog()["plain"].schema
        counts = target.apply_changes(to_write(schema, [{"id": 2, "n": 3}]), keys, found)
    assert counts == WrittenRows(inserted=1)


def test_upsert_keeps_other_rows_and_columns(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE pairs (a bigint NOT NULL, b bigint NOT NULL, extra integer DEFAULT 7, v varchar(20),"
        " PRIMARY KEY (b, a))",
        "INSERT INTO pairs VALUES (1, 1, 1, 'x'), (1, 2, 2, 'y'), (2, 1, 3, 'z')",
    )
    counts = seed(
        database,
        con,
        to_write(
            PAIRS, [{"a": 1, "b": 2, "v": "new"}, {"a": 2, "b": 1, "v": "z"}, {"a": 9, "b": 9, "v": None}]
        ),
        mode=SeedMode.UPSERT,
    )
    assert counts == {"pairs": WrittenRows(inserted=1, updated=1, unchanged=1)}
    assert database.rows("SELECT a, b, extra, v FROM pairs ORDER BY a, b") == [
        (1, 1, 1, "x"),
        (1, 2, 2, "new"),
        (2, 1, 3, "z"),
        (9, 9, 7, None),
    ]


def test_append_adds_rows_and_refuses_keys_that_are_there(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS), to_write(KEYLESS, [{"v": "a", "n": 1}]))
    counts = seed(
        database,
        con,
        to_write(CUSTOMERS, [{"id": 4, "name": "d"}]),
        to_write(KEYLESS, [{"v": "a", "n": 1}] * 2),
        mode=SeedMode.APPEND,
    )
    assert counts == {"customers": WrittenRows(inserted=1), "keyless": WrittenRows(inserted=2)}
    assert len(database.rows("SELECT v FROM keyless")) == 3
    rows: Rows = [{"id": 5, "name": "e"}, {"id": 1, "name": "SECRET"}]
    with pytest.raises(DatabaseError) as caught:
        seed(database, con, to_write(CUSTOMERS, rows), mode=SeedMode.APPEND)
    assert "customers" in caught.value.message
    assert "--mode upsert" in caught.value.remedy
    assert "SECRET" not in caught.value.message
    assert database.rows("SELECT id FROM customers ORDER BY id") == [(1,), (2,), (3,), (4,)]


def test_columns_go_by_their_names_and_others_get_their_defaults(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE customers (extra integer DEFAULT 7, name varchar(20), id bigint NOT NULL PRIMARY KEY,"
        " nothing_ integer)"
    )
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS[:1]))
    assert database.rows("SELECT id, name, extra, nothing_ FROM customers") == [(1, "Ada", 7, None)]


def test_generated_columns_are_computed(database: Database, con: Con) -> None:
    kind = "VIRTUAL" if database.engine.dialect == "duckdb" else "STORED"
    database.run(
        f"CREATE TABLE t (id bigint NOT NULL PRIMARY KEY, g bigint GENERATED ALWAYS AS (id * 2) {kind}, v integer)"
    )
    schema = read_database(database, con)["t"].schema
    seed(database, con, to_write(schema, [{"id": 4, "g": 8, "v": 1}]))
    assert database.rows("SELECT id, g, v FROM t") == [(4, 8, 1)]


def test_rows_may_refer_to_later_rows_and_in_cycles(database: Database, con: Con) -> None:
    rows: Rows = [{"id": 1, "up": 3}, {"id": 2, "up": 2}, {"id": 3, "up": 1}]
    seed(database, con, to_write(TREE, rows))
    assert database.rows("SELECT id, up FROM tree ORDER BY id") == [(1, 3), (2, 2), (3, 1)]


def test_tables_may_refer_to_each_other(database: Database, con: Con) -> None:
    if database.engine.dialect == "sqlite":
        database.run(
            "CREATE TABLE a (id bigint NOT NULL PRIMARY KEY, b bigint REFERENCES b (id))",
            "CREATE TABLE b (id bigint NOT NULL PRIMARY KEY, a bigint REFERENCES a (id))",
        )
    else:
        database.run(
            "CREATE TABLE a (id bigint NOT NULL PRIMARY KEY, b bigint)",
            "CREATE TABLE b (id bigint NOT NULL PRIMARY KEY, a bigint, FOREIGN KEY (a) REFERENCES a (id))",
            "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id)",
        )
    tables = read_database(database, con)
    for _ in range(2):
        seed(
            database,
            con,
            to_write(tables["a"].schema, [{"id": 1, "b": 2}]),
            to_write(tables["b"].schema, [{"id": 2, "a": 1}]),
        )
    assert database.rows("SELECT a.id, b.id FROM a JOIN b ON a.b = b.id AND b.a = a.id") == [(1, 2)]


def keys(schema: TableSchema, rows: Sequence[dict[str, object]]) -> pa.RecordBatchReader:
    fields = [schema.arrow_schema().field(name) for name in schema.key]
    return pa.Table.from_pylist(list(rows), schema=pa.schema(fields)).to_reader()


def apply(
    database: Database, con: Con, schema: TableSchema, upserts: Rows, deleted: Sequence[dict[str, object]]
) -> WrittenRows:
    with open_target(database, con) as target:
        target.lock([schema.name])
        found = target.read_catalog()[schema.name].schema
        counts = target.apply_changes(to_write(schema, upserts), keys(schema, deleted), found)
        target.commit()
        return counts


def test_a_difference_is_written(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS))
    counts = apply(
        database, con, CUSTOMERS, [{"id": 2, "name": "Bob"}, {"id": 9, "name": "new"}], [{"id": 1}]
    )
    assert counts == WrittenRows(inserted=1, updated=1, deleted=1)
    assert database.rows("SELECT id, name FROM customers ORDER BY id") == [(2, "Bob"), (3, ""), (9, "new")]


def test_a_difference_of_rows_with_a_key_of_two_columns(database: Database, con: Con) -> None:
    seed(
        database,
        con,
        to_write(PAIRS, [{"a": 1, "b": 1, "v": "x"}, {"a": 1, "b": 2, "v": "y"}, {"a": 2, "b": 1, "v": "z"}]),
    )
    counts = apply(
        database, con, PAIRS, [{"a": 1, "b": 2, "v": None}, {"a": 2, "b": 2, "v": "new"}], [{"a": 2, "b": 1}]
    )
    assert counts == WrittenRows(inserted=1, updated=1, deleted=1)
    assert database.rows("SELECT a, b, v FROM pairs ORDER BY a, b") == [
        (1, 1, "x"),
        (1, 2, None),
        (2, 2, "new"),
    ]


def test_rows_may_swap_unique_values(database: Database, con: Con) -> None:
    rows: Rows = [{"id": number, "place": number, "x": 0, "y": number} for number in (1, 2, 3)]
    seed(database, con, to_write(SWAPPED, rows))
    swapped: Rows = [
        {"id": number, "place": number % 3 + 1, "x": 0, "y": number % 3 + 1} for number in (1, 2, 3)
    ]
    assert apply(database, con, SWAPPED, swapped, []) == WrittenRows(updated=3)
    assert database.rows("SELECT id, place, y FROM swapped ORDER BY id") == [(1, 2, 2), (2, 3, 3), (3, 1, 1)]
    back = seed(database, con, to_write(SWAPPED, rows), mode=SeedMode.UPSERT)
    assert back == {"swapped": WrittenRows(updated=3)}
    assert database.rows("SELECT id, place, y FROM swapped ORDER BY id") == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]


def test_a_new_row_may_take_the_unique_value_of_one_that_is_deleted(database: Database, con: Con) -> None:
    seed(database, con, to_write(SWAPPED, [{"id": 1, "place": 1, "x": 0, "y": 1}]))
    new: Rows = [{"id": 2, "place": 1, "x": 0, "y": 1}]
    assert apply(database, con, SWAPPED, new, [{"id": 1}]) == WrittenRows(inserted=1, deleted=1)
    assert database.rows("SELECT id, place FROM swapped") == [(2, 1)]


def test_a_difference_of_rows_that_others_refer_to(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS), to_write(ORDERS, ORDER_ROWS))
    assert apply(database, con, CUSTOMERS, [{"id": 1, "name": "Bob"}], [{"id": 3}]) == WrittenRows(
        updated=1, deleted=1
    )
    assert database.rows("SELECT id, customer FROM orders ORDER BY id") == [(10, 1), (11, None)]


@pytest.mark.parametrize("offset", [0, 1000])
def test_new_rows_get_numbers_past_those_that_were_loaded(database: Database, con: Con, offset: int) -> None:
    with open_target(database, con) as target:
        target.lock(["numbered"])
        target.create_tables([to_write(NUMBERED, [])], [])
        load(target, to_write(NUMBERED, [{"id": 7, "v": 1}, {"id": 5, "v": 2}]))
        target.finish(["numbered"], sequence_offset=offset)
        target.commit()
    database.run("INSERT INTO numbered (v) VALUES (3)")
    ((new,),) = database.rows("SELECT id FROM numbered WHERE v = 3")
    assert new == 8 + offset


def test_an_empty_table_numbers_from_its_start(database: Database, con: Con) -> None:
    seed(database, con, to_write(NUMBERED, [{"id": 7, "v": 1}]))
    seed(database, con, to_write(NUMBERED, []))
    database.run("INSERT INTO numbered (v) VALUES (3)")
    ((new,),) = database.rows("SELECT id FROM numbered")
    assert new in (1, 8)


def test_nothing_stays_without_commit(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS), to_write(NUMBERED, [{"id": 3, "v": 1}]))
    with open_target(database, con) as target:
        target.lock(["customers", "numbered", "keyless"])
        target.create_tables([to_write(KEYLESS, [])], [])
        load(
            target,
            to_write(CUSTOMERS, []),
            to_write(KEYLESS, [{"v": "a", "n": 1}]),
            to_write(NUMBERED, [{"id": 300, "v": 1}]),
        )
    assert set(read_database(database, con)) == {"customers", "numbered"}
    assert database.rows("SELECT count(*) FROM customers") == [(3,)]
    database.run("INSERT INTO numbered (v) VALUES (2)")
    assert database.rows("SELECT id FROM numbered ORDER BY id") == [(3,), (4,)]


def test_nothing_stays_after_an_error(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS))
    schema = TableSchema("other", (key(), column("v", "string")), ("id",))

    def interrupt() -> None:
        with open_target(database, con) as target:
            target.lock(["customers", "other"])
            target.create_tables([to_write(schema, [])], [])
            load(target, to_write(CUSTOMERS, []), to_write(schema, [{"id": 1, "v": "x"}]))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert set(read_database(database, con)) == {"customers"}
    assert database.rows("SELECT count(*) FROM customers") == [(3,)]


def test_the_transaction_reads_what_it_wrote(database: Database, con: Con) -> None:
    with open_target(database, con) as target:
        target.lock(["customers"])
        target.create_tables([to_write(CUSTOMERS, [])], [])
        load(target, to_write(CUSTOMERS, CUSTOMER_ROWS))
        snapshot = target.snapshot()
        assert snapshot.read_names() == ["customers"]
        (source,) = snapshot.read_tables(["customers"])
        assert sorted(rows_of(source, con).column("id").to_pylist()) == [1, 2, 3]


def test_many_rows(database: Database, con: Con) -> None:
    rows: Rows = [{"id": number, "name": f"n{number}" if number % 3 else None} for number in range(3000)]
    data = pa.Table.from_pylist([dict(row) for row in rows], schema=CUSTOMERS.arrow_schema())
    seed(database, con, TableToWrite(CUSTOMERS, lambda: data.to_reader(max_chunksize=700)))
    assert database.rows("SELECT count(*), count(name), max(id) FROM customers") == [(3000, 2000, 2999)]
