"""A reset of MariaDB gives back all that was seeded, whatever was written, and keeps connections if it can."""

from contextlib import closing

import pymysql
import pytest

from tdmvc.environments.base import EphemeralDatabase
from tdmvc.model.environment import ResetMethod
from tests.environments.mariadb.conftest import connect, content, run
from tests.series import sample_of

IN_PLACE = {
    "insert": ("INSERT INTO customers (name) VALUES ('Cy')",),
    "update": ("UPDATE customers SET name = 'Cy', seen = now() WHERE id = 1",),
    "update of a key": (
        "UPDATE customers SET id = id + 10 WHERE id > 2",
        "UPDATE isam SET id = 70",
    ),
    "delete": ("DELETE FROM orders",),
    "delete that cascades": ("DELETE FROM customers WHERE id = 1",),
    "exchange": ("UPDATE isam SET x = 'y'", "UPDATE aria SET x = 'y'"),
    "other engines": ("INSERT INTO isam (x) VALUES ('z')", "DELETE FROM aria LIMIT 1"),
    "undone": ("BEGIN", "INSERT INTO customers (name) VALUES ('Cy')", "ROLLBACK"),
    "undone, but not all": ("BEGIN", "INSERT INTO isam (x) VALUES ('Cy')", "ROLLBACK"),
    "many rows": (
        "INSERT INTO customers (name) SELECT concat(repeat('x', 200), seq) FROM seq_1_to_3000",
        "DELETE FROM customers WHERE id > 100",
    ),
    "letters": ("UPDATE wide SET l = 'TEXT' WHERE a = 'a'", "UPDATE customers SET name = 'ANN' WHERE id = 1"),
    "letters of a key": ("UPDATE wide SET a = 'A' WHERE a = 'a'",),
    "spaces": ("UPDATE wide SET l = 'text  '",),
    "bits of a number": ("UPDATE wide SET d = 0.10000001, e = 0.1 + 1e-16",),
    "sign of nothing": ("UPDATE wide SET d = -0e0, e = -0e0",),
    "texts that are alike": ("SET sql_mode = ''", "UPDATE wide SET f = 'wrong' WHERE f = ''"),
    "null": ("UPDATE wide SET g = NULL, j = NULL, k = NULL",),
    "exchange of unique values": (
        "UPDATE wide SET c = 9 WHERE c = 1",
        "UPDATE wide SET c = 1 WHERE c = 2",
        "UPDATE wide SET c = 2 WHERE c = 9",
    ),
    "unique value of another row": (
        "DELETE FROM wide WHERE c = 1",
        "INSERT INTO wide (a, b, c) VALUES ('n', 1, 1)",
    ),
    "part of a key": (
        "UPDATE parts SET a = 'one and more' WHERE a = 'one'",
        "INSERT INTO parts VALUES ('x', 1)",
    ),
    "sequence": ("SELECT NEXTVAL(numbers)",),
    "sequence far": ("SELECT NEXTVAL(numbers) FROM seq_1_to_20",),
    "sequence set": ("SELECT SETVAL(numbers, 5000)",),
    "routine": ("CALL add_customer('Cy')",),
    "unchecked": ("SET foreign_key_checks = 0", "INSERT INTO orders VALUES (9, 99, NULL)"),
    "without a commit by itself": ("SET autocommit = 0", "DELETE FROM orders", "COMMIT"),
    "savepoint": (
        "BEGIN",
        "DELETE FROM orders WHERE id = 1",
        "SAVEPOINT a",
        "DELETE FROM orders",
        "ROLLBACK TO a",
        "COMMIT",
    ),
    "zero": ("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", "INSERT INTO customers (id, name) VALUES (0, 'zero')"),
    "temporary table": ("CREATE TEMPORARY TABLE orders (x INT)", "INSERT INTO orders VALUES (1)"),
}
ANEW = {
    "new table": ("CREATE TABLE more (x INT)",),
    "dropped table": ("DROP TABLE `lines`",),
    "emptied table": ("TRUNCATE TABLE isam",),
    "column": ("ALTER TABLE customers ADD COLUMN age INT DEFAULT 7",),
    "next number": ("ALTER TABLE orders AUTO_INCREMENT = 90",),
    "view": ("DROP VIEW names",),
    "routine": ("DROP FUNCTION twice",),
    "event": ("DROP EVENT nightly",),
    "trigger": ("DROP TRIGGER audited_insert",),
    "table with a trigger": ("INSERT INTO audited VALUES (5)",),
    "table with a history": ("DELETE FROM kept",),
    "table in memory": ("INSERT INTO memory VALUES (1)",),
    "other database": (
        "CREATE DATABASE other",
        "CREATE TABLE other.t (x INT)",
        "INSERT INTO other.t VALUES (1)",
    ),
    "account": ("CREATE USER other",),
    "dropped account": ("DROP USER app@localhost",),
    "sequence": ("DROP SEQUENCE numbers",),
    "database": ("DROP DATABASE app",),
    "copies": ("DELETE FROM tdmvc_seeded.orders", "DELETE FROM orders"),
    "large": ("INSERT INTO customers (name) SELECT concat(repeat('x', 2000), seq) FROM seq_1_to_9000",),
    "end of the server": ("SHUTDOWN",),
}


@pytest.mark.parametrize("kind", IN_PLACE)
def test_rows_are_restored_in_place(
    database: EphemeralDatabase, seeded: dict[str, object], kind: str
) -> None:
    with closing(connect(database.location)) as user:
        with user.cursor() as cursor:
            for statement in IN_PLACE[kind]:
                cursor.execute(statement)
                cursor.fetchall()
        report = database.reset()
        assert (report.method, report.ended_connections, report.why) == (
            ResetMethod.DELTA,
            (),
            "tables were written",
        )
        assert content(database.location) == seeded
        assert database.reset().method is ResetMethod.NOTHING
        with user.cursor() as cursor:
            cursor.execute("SELECT name FROM customers ORDER BY id")
            assert cursor.fetchall() == (("Ann",), ("Bo",))
    assert database.reset().method is ResetMethod.NOTHING
    # The same numbers are given again.
    run(database.location, ("INSERT INTO orders (customer) VALUES (1)",))
    with closing(connect(database.location)) as user, user.cursor() as cursor:
        cursor.execute("SELECT max(id), NEXTVAL(numbers) FROM orders")
        assert cursor.fetchall() == ((50, 150),)
    assert database.reset().method is ResetMethod.DELTA
    assert content(database.location) == seeded


@pytest.mark.parametrize("kind", sample_of(ANEW))
def test_the_server_begins_anew_if_more_was_changed(
    database: EphemeralDatabase, seeded: dict[str, object], kind: str
) -> None:
    run(database.location, ANEW[kind])
    report = database.reset()
    assert report.method is ResetMethod.SWAP
    assert report.why
    assert content(database.location) == seeded
    assert database.reset().method is ResetMethod.NOTHING


def test_nothing_is_done_if_nobody_wrote(database: EphemeralDatabase, seeded: dict[str, object]) -> None:
    with closing(connect(database.location)) as user, user.cursor() as cursor:
        for _ in range(3):
            cursor.execute("SELECT * FROM customers")
            cursor.execute("UPDATE customers SET name = name")
            cursor.execute("DELETE FROM aria WHERE id = 7")
            assert database.reset().method is ResetMethod.NOTHING
    assert content(database.location) == seeded


def test_open_transactions_are_ended_and_named(
    database: EphemeralDatabase, seeded: dict[str, object]
) -> None:
    with closing(connect(database.location)) as idle, closing(connect(database.location)) as busy:
        busy.begin()
        with busy.cursor() as cursor:
            cursor.execute("DELETE FROM orders")
        report = database.reset()
        assert report.method is ResetMethod.DELTA
        assert [who.startswith("app@") for who in report.ended_connections] == [True]
        assert content(database.location) == seeded
        with pytest.raises(pymysql.err.OperationalError), busy.cursor() as cursor:
            cursor.execute("COMMIT")
        with idle.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM orders")
            assert cursor.fetchall() == ((2,),)


def test_locked_tables_let_the_server_begin_anew(
    database: EphemeralDatabase, seeded: dict[str, object]
) -> None:
    with closing(connect(database.location)) as user, user.cursor() as cursor:
        cursor.execute("LOCK TABLES isam WRITE")
        cursor.execute("DELETE FROM isam")
        report = database.reset()
        assert report.method is ResetMethod.SWAP
        assert len(report.ended_connections) == 1
    assert content(database.location) == seeded


def test_an_application_cannot_hide_what_it_writes(database: EphemeralDatabase) -> None:
    for hidden in ("sql_log_bin = 0", "SESSION binlog_format = 'STATEMENT'"):
        with pytest.raises(pymysql.err.OperationalError, match="BINLOG ADMIN"):
            run(database.location, (f"SET {hidden}",))


def test_a_database_that_somebody_uses_is_used(database: EphemeralDatabase) -> None:
    assert not database.is_used()
    with closing(connect(database.location)):
        assert database.is_used()
