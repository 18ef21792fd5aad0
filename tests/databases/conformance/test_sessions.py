"""Other sessions, triggers and rights: what tdmvc sees of them, and what it leaves alone."""

import time

import duckdb
import pytest

from tdmvc.databases.base import ReadOptions
from tdmvc.errors import DatabaseError
from tests.databases.conformance.access import (
    load,
    open_snapshot,
    open_target,
    read_database,
    rows_of,
    seed,
    to_write,
)
from tests.databases.conformance.contracts import CUSTOMER_ROWS, CUSTOMERS
from tests.databases.conformance.engines.base import Database

Con = duckdb.DuckDBPyConnection
QUICK = ReadOptions(timeout_seconds=1)


def test_a_snapshot_is_of_one_moment_and_blocks_no_writer(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE a (id integer NOT NULL PRIMARY KEY)",
        "CREATE TABLE b (id integer NOT NULL PRIMARY KEY)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO b VALUES (1)",
    )
    with open_snapshot(database, con) as snapshot:
        names = snapshot.read_names()
        database.run("INSERT INTO a VALUES (2)", "UPDATE b SET id = 5")
        sources = snapshot.read_tables(names)
        database.run("INSERT INTO a VALUES (3)", "DELETE FROM b")
        read = [sorted(rows_of(source, con).column("id").to_pylist()) for source in sources]
        again = [
            sorted(rows_of(source, con).column("id").to_pylist()) for source in snapshot.read_tables(names)
        ]
    assert read == again == [[1], [1]]
    assert database.rows("SELECT id FROM a ORDER BY id") == [(1,), (2,), (3,)]


def test_a_snapshot_does_not_see_what_is_not_committed(database: Database, con: Con) -> None:
    database.run("CREATE TABLE a (id integer NOT NULL PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    with database.session() as session:
        session.run("INSERT INTO a VALUES (2)")
        assert read_database(database, con)["a"].values("id") == [1]


def test_a_snapshot_writes_nothing(database: Database, con: Con) -> None:
    database.run("CREATE TABLE a (id integer NOT NULL PRIMARY KEY)", "INSERT INTO a VALUES (1)")
    read_database(database, con)
    with open_snapshot(database, con) as snapshot:
        snapshot.read_others()
        snapshot.read_columns()
    database.run("DROP TABLE a")


def empty(database: Database, con: Con) -> None:
    """Replace the rows of a table by none, as far as others let it happen within a second."""
    with open_target(database, con, QUICK) as target:
        target.lock(["customers"])
        load(target, to_write(CUSTOMERS, []))
        target.commit()


LOCKS = {
    "sqlite": ("INSERT INTO customers VALUES (50, 'x')",),
    "mysql": ("INSERT INTO customers VALUES (50, 'x')", "SELECT * FROM customers FOR UPDATE"),
    "postgresql": ("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE",),
}


@pytest.mark.parametrize("by", ["lock", "row"])
def test_a_lock_of_somebody_else_is_an_error_in_bounded_time(
    database: Database, con: Con, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tdmvc.databases.sqlite.catalog._WAIT_SECONDS", 0.5)
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS))
    with database.session() as session:
        if by == "lock":
            for statement in LOCKS.get(database.engine.dialect, ()):
                session.run(statement)
        else:
            session.run("UPDATE customers SET name = 'SECRET' WHERE id = 1")
        began = time.monotonic()
        with pytest.raises(DatabaseError) as caught:
            empty(database, con)
        assert time.monotonic() - began < 20
    assert "SECRET" not in caught.value.message
    assert caught.value.exit_code == 7
    assert database.rows("SELECT count(*) FROM customers") == [(3,)]


def test_a_locked_table_can_be_read_or_is_an_error_in_bounded_time(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS))
    with database.session() as session:
        for statement in LOCKS.get(database.engine.dialect, ()):
            session.run(statement)
        began = time.monotonic()
        try:
            with open_snapshot(database, con, QUICK) as snapshot:
                (source,) = snapshot.read_tables(["customers"])
                assert rows_of(source, con).num_rows == 3
        except DatabaseError as error:
            assert error.remedy  # noqa: PT017
        assert time.monotonic() - began < 20


TRIGGERS = {
    "sqlite": "CREATE TRIGGER tr AFTER INSERT ON customers BEGIN UPDATE customers SET name = 'fired'; END",
    "mysql": "CREATE TRIGGER tr BEFORE INSERT ON customers FOR EACH ROW SET NEW.name = 'fired'",
    "postgresql": "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN NEW.name = ''fired''; RETURN NEW; END';"
    "CREATE TRIGGER tr BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION f()",
}


def test_triggers_do_not_fire_and_stay(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, []))
    if database.engine.dialect not in TRIGGERS:
        pytest.skip("DuckDB has no triggers")
    database.run(TRIGGERS[database.engine.dialect])
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS))
    assert database.rows("SELECT name FROM customers ORDER BY id") == [("Ada",), (None,), ("",)]
    database.run("INSERT INTO customers VALUES (9, 'x')")
    assert database.rows("SELECT name FROM customers WHERE id = 9") == [("fired",)]


def test_references_hold_again_after_a_load(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE customers (id bigint NOT NULL PRIMARY KEY, name varchar(20))",
        "CREATE TABLE theirs (id bigint NOT NULL PRIMARY KEY, c bigint, FOREIGN KEY (c) REFERENCES customers (id))",
    )
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS))
    database.run("INSERT INTO theirs VALUES (1, 1)")
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        database.run("INSERT INTO theirs VALUES (2, 99)")
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        database.run("DELETE FROM customers WHERE id = 1")


def test_loading_does_not_touch_rows_that_refer_to_a_table(database: Database, con: Con) -> None:
    database.run(
        "CREATE TABLE customers (id bigint NOT NULL PRIMARY KEY, name varchar(20))",
        "CREATE TABLE theirs (id bigint NOT NULL PRIMARY KEY, c bigint,"
        " FOREIGN KEY (c) REFERENCES customers (id) ON DELETE CASCADE)",
        "INSERT INTO customers VALUES (1, 'old')",
        "INSERT INTO theirs VALUES (1, 1)",
    )
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS))
    assert database.rows("SELECT id, c FROM theirs") == [(1, 1)]


def test_a_user_who_may_only_read(database: Database, con: Con) -> None:
    seed(database, con, to_write(CUSTOMERS, CUSTOMER_ROWS))
    with database.as_reader() as reader:
        assert read_database(reader, con)["customers"].rows.num_rows == 3
        with pytest.raises(DatabaseError) as caught:
            empty(reader, con)
        assert caught.value.exit_code == 7
    assert database.rows("SELECT count(*) FROM customers") == [(3,)]
