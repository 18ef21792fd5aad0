"""What a database remembers of a dataset, and how it is noticed that somebody changed a table."""

import datetime as dt
from collections.abc import Collection
from dataclasses import replace

import duckdb

from tdmvc.model.seeding import SeededDataset, SeededTable
from tests.databases.conformance.access import load, open_target, read_database, seed, to_write
from tests.databases.conformance.contracts import (
    CUSTOMER_ROWS,
    CUSTOMERS,
    KEYLESS,
    NUMBERED,
    ORDER_ROWS,
    ORDERS,
)
from tests.databases.conformance.engines.base import Database

Con = duckdb.DuckDBPyConnection
STATE = SeededDataset(
    dataset="golden ä'\"",
    ref="golden@3.2.0",
    content="sha256:" + "a" * 64,
    heads=(("shop/migrations", "0007_x"), ("üser's", 'head "1"')),
    seeded_at=dt.datetime(2024, 2, 29, 12, 34, 56, 123456, tzinfo=dt.UTC),
    tool_version="0.1.0",
    tables=(
        SeededTable("customers", "b" * 32, "sha256:" + "c" * 64, 3, "fingerprint ' \" ä", is_created=True),
        SeededTable("a.b", "d" * 32, "sha256:" + "e" * 64, 0, ""),
    ),
)


def state_of(database: Database, con: Con) -> dict[str, SeededDataset]:
    with open_target(database, con) as target:
        return dict(target.read_state())


def write_state(database: Database, con: Con, *states: SeededDataset) -> None:
    with open_target(database, con) as target:
        target.lock([])
        for state in states:
            target.write_state(state)
        target.commit()


def test_a_state_comes_back_as_it_was(database: Database, con: Con) -> None:
    assert state_of(database, con) == {}
    other = SeededDataset("other", "other@1.0.0", "", (), STATE.seeded_at, "0", ())
    write_state(database, con, STATE, other)
    assert state_of(database, con) == {STATE.dataset: STATE, "other": other}


def test_a_new_state_of_a_dataset_replaces_the_old_one(database: Database, con: Con) -> None:
    newer = SeededDataset(STATE.dataset, "golden@4.0.0", "x", (), STATE.seeded_at, "0", STATE.tables * 500)
    write_state(database, con, STATE)
    write_state(database, con, newer)
    assert state_of(database, con) == {STATE.dataset: newer}


def test_the_state_is_no_table_of_a_dataset(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS))
    write_state(database, con, STATE)
    with open_target(database, con) as target:
        assert list(target.read_catalog()) == ["customers"]
        assert target.snapshot().read_names() == ["customers"]
    assert list(read_database(database, con)) == ["customers"]


def test_no_state_stays_without_commit(database: Database, con: Con) -> None:
    with open_target(database, con) as target:
        target.lock([])
        target.write_state(STATE)
    assert state_of(database, con) == {}


def fingerprint(database: Database, con: Con, name: str) -> tuple[int, str]:
    with open_target(database, con) as target:
        target.lock([name])
        return target.fingerprint(name)


def test_a_fingerprint_stays_as_long_as_nobody_changes_the_table(database: Database, con: Con) -> None:
    with open_target(database, con) as target:
        target.lock([])
        target.create_tables([to_write(one, []) for one in (CUSTOMERS, ORDERS, KEYLESS, NUMBERED)], [])
        load(
            target,
            to_write(CUSTOMERS, CUSTOMER_ROWS),
            to_write(ORDERS, ORDER_ROWS),
            to_write(KEYLESS, [{"v": "a", "n": 1}] * 2),
            to_write(NUMBERED, [{"id": 3, "v": 1}]),
        )
        names = ("customers", "orders", "keyless", "numbered")
        before = {name: target.fingerprint(name) for name in names}
        target.commit()
    assert {name: rows for name, (rows, _) in before.items()} == {
        "customers": 3,
        "orders": 2,
        "keyless": 2,
        "numbered": 1,
    }
    assert {name: fingerprint(database, con, name) for name in names} == before
    with open_target(database, con) as unlocked:
        assert {name: unlocked.fingerprint(name) for name in names} == before
    database.run("DELETE FROM keyless", "CREATE TABLE other (id integer)")
    database.rows("SELECT * FROM customers")
    write_state(database, con, STATE)
    assert fingerprint(database, con, "keyless") != before["keyless"]
    assert all(
        fingerprint(database, con, name) == before[name] for name in ("customers", "orders", "numbered")
    )


CHANGES: dict[str, tuple[str, ...]] = {
    "insert": ("INSERT INTO customers VALUES (9, 'x')",),
    "update": ("UPDATE customers SET name = 'ada' WHERE id = 1",),
    "update to null": ("UPDATE customers SET name = NULL WHERE id = 3",),
    "delete": ("DELETE FROM customers WHERE id = 2",),
    "truncate": ("{truncate} customers",),
    "swap": ("UPDATE customers SET name = CASE id WHEN 2 THEN 'Ada' WHEN 1 THEN NULL ELSE '' END",),
    "replace by as many rows": (
        "DELETE FROM customers WHERE id = 1",
        "INSERT INTO customers VALUES (4, 'Ada')",
    ),
    "new column": ("ALTER TABLE customers ADD COLUMN more integer",),
    "removed column": ("ALTER TABLE customers DROP COLUMN name",),
    "renamed column": ("ALTER TABLE customers RENAME COLUMN name TO title",),
    "new index": ("CREATE UNIQUE INDEX unique_name ON customers (id, name)",),
}


def fingerprints(database: Database, con: Con, names: Collection[str]) -> dict[str, tuple[int, str]]:
    with open_target(database, con) as target:
        target.lock(list(names))
        return {name: target.fingerprint(name) for name in names}


def test_a_fingerprint_changes_with_every_kind_of_change(database: Database, con: Con) -> None:
    words = {"truncate": "DELETE FROM" if database.engine.dialect == "sqlite" else "TRUNCATE TABLE"}
    kinds = {f"t{number}": kind for number, kind in enumerate(CHANGES)}
    seed(database, con, *(to_write(replace(CUSTOMERS, name=name), CUSTOMER_ROWS) for name in kinds))
    before = fingerprints(database, con, kinds)
    for name, kind in kinds.items():
        database.run(*(one.format(**words).replace("customers", name) for one in CHANGES[kind]))
    after = fingerprints(database, con, kinds)
    assert [kind for name, kind in kinds.items() if before[name] == after[name]] == []


def test_a_fingerprint_changes_when_somebody_takes_a_number(database: Database, con: Con) -> None:
    seed(database, con, to_write(NUMBERED, [{"id": 3, "v": 1}]))
    before = fingerprint(database, con, "numbered")
    database.run("INSERT INTO numbered (v) VALUES (1)", "DELETE FROM numbered WHERE id > 3")
    assert fingerprint(database, con, "numbered") != before


SUBTLE: dict[str, tuple[str, str]] = {
    "boolean": ("true", "NULL"),
    "numeric(20,2)": ("1.00", "1.01"),
    "double precision": ("0.1", "0.1000000000000001"),
    "varchar(20)": ("'a'", "'a '"),
    "varchar(21)": ("'NULL'", "NULL"),
    "varchar(22)": ("'a'", "'A'"),
    "date": ("'2024-01-01'", "'2024-01-02'"),
}


def test_a_fingerprint_changes_with_small_differences_of_values(database: Database, con: Con) -> None:
    kinds = {f"t{number}": kind for number, kind in enumerate(SUBTLE)}
    for name, type_ in kinds.items():
        database.run(
            f"CREATE TABLE {name} (id integer NOT NULL PRIMARY KEY, c {type_})",
            f"INSERT INTO {name} VALUES (1, {SUBTLE[type_][0]})",
        )
    before = fingerprints(database, con, kinds)
    database.run(*(f"UPDATE {name} SET c = {SUBTLE[type_][1]}" for name, type_ in kinds.items()))
    after = fingerprints(database, con, kinds)
    assert [type_ for name, type_ in kinds.items() if before[name] == after[name]] == []


def test_a_fingerprint_tells_in_which_column_a_value_is(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE t (id integer NOT NULL PRIMARY KEY, a varchar(20), b varchar(20))",
        "INSERT INTO t VALUES (1, 'x', NULL), (2, 'x,y', 'z')",
    )
    before = fingerprint(database, con, "t")
    database.run("UPDATE t SET a = b, b = a WHERE id = 1")
    first = fingerprint(database, con, "t")
    database.run(
        "UPDATE t SET a = 'x', b = NULL WHERE id = 1", "UPDATE t SET a = 'x', b = 'y,z' WHERE id = 2"
    )
    assert len({before, first, fingerprint(database, con, "t")}) == 3
