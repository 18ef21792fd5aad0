"""A reset of DuckDB gives back the seeded file, also to the connections of this process, whatever was written."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tdmvc.environments.base import EphemeralDatabase
from tdmvc.environments.files import duckdb as engine
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod
from tests.environments.files.conftest import Provide, build, path_of
from tests.series import sample_of

SCHEMA = (
    "CREATE SEQUENCE ids START 10",
    "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    "CREATE TABLE customers (id INTEGER PRIMARY KEY DEFAULT nextval('ids'), name VARCHAR UNIQUE, mood mood)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers, note VARCHAR)",
    "CREATE VIEW names AS SELECT name FROM customers",
    "CREATE MACRO twice(x) AS 2 * x",
    "CREATE SCHEMA extra",
    "CREATE TABLE extra.things (x INTEGER[])",
)
ROWS = (
    "INSERT INTO customers (name, mood) VALUES ('Ann', 'ok'), ('Bo', NULL)",
    "INSERT INTO orders VALUES (1, 10, 'first'), (2, 10, NULL)",
    "INSERT INTO extra.things VALUES ([1, 2]), (NULL)",
)
WRITES = {
    "insert": "INSERT INTO customers (name) VALUES ('Cy')",
    "update": "UPDATE orders SET note = 'other'",
    "delete": "DELETE FROM orders",
    "sequence": "SELECT nextval('ids')",
    "sequence that no row shows": "BEGIN; SELECT nextval('ids'); COMMIT",
    "new table": "CREATE TABLE more (x INTEGER)",
    "dropped table": "DROP TABLE orders",
    "dropped view": "DROP VIEW names",
    "dropped schema": "DROP SCHEMA extra CASCADE",
    "column": "ALTER TABLE orders ADD COLUMN age INTEGER DEFAULT 7",
    "comment": "COMMENT ON TABLE customers IS 'people'",
    "macro": "CREATE OR REPLACE MACRO twice(x) AS 3 * x",
    "large": "INSERT INTO orders SELECT range + 10, 10, repeat('x', 500) FROM range(20000)",
    "checkpoint": "DELETE FROM orders; CHECKPOINT",
}


@pytest.fixture
def database(provide: Provide) -> EphemeralDatabase:
    return provide("duckdb", build(SCHEMA, ROWS), name="app/db.duckdb").create()


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.3)


def run(path: Path, statements: str) -> None:
    with closing(duckdb.connect(str(path))) as connection:
        for statement in statements.split(";"):
            connection.execute(statement).fetchall()


def content(path: Path) -> bytes:
    """Return the bytes of a file, read by another program: this one may have locks on it."""
    return subprocess.run(["cat", str(path)], capture_output=True, check=True).stdout


def test_nothing_is_done_if_nobody_wrote(database: EphemeralDatabase) -> None:
    seeded = content(path_of(database))
    with closing(duckdb.connect(str(path_of(database)))) as reader:
        assert reader.execute("SELECT count(*) FROM customers").fetchone() == (2,)
        assert database.reset().method is ResetMethod.NOTHING
    run(path_of(database), "BEGIN; DELETE FROM orders; ROLLBACK")
    assert database.reset().method is ResetMethod.NOTHING
    assert content(path_of(database)) == seeded


@pytest.mark.parametrize("kind", sample_of(WRITES, 4))
def test_what_was_written_is_undone(database: EphemeralDatabase, kind: str) -> None:
    path = path_of(database)
    seeded = content(path)
    run(path, WRITES[kind])
    assert database.reset().method is ResetMethod.COPY
    assert database.reset().method is ResetMethod.NOTHING
    assert content(path) == seeded
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("kind", sample_of(WRITES))
def test_connections_of_this_process_stay_open(database: EphemeralDatabase, kind: str) -> None:
    path = path_of(database)
    seeded = content(path)
    with closing(duckdb.connect(str(path))) as user:
        user.execute("SET TimeZone = 'America/Lima'")
        for statement in WRITES[kind].split(";"):
            user.execute(statement).fetchall()
        assert database.reset().method is ResetMethod.COPY
        assert content(path) == seeded
        assert user.execute("SELECT id, name FROM customers").fetchall() == [(10, "Ann"), (11, "Bo")]
        assert user.execute("SELECT count(*), twice(2) FROM orders").fetchall() == [(2, 4)]
        assert user.execute("SELECT current_setting('TimeZone'), current_database()").fetchall() == [
            ("America/Lima", "db")
        ]
        assert database.reset().method is ResetMethod.NOTHING
        with user.cursor() as other:
            assert other.execute("INSERT INTO customers (name) VALUES ('Cy') RETURNING id").fetchall() == [
                (12,)
            ]
        assert database.reset().method is ResetMethod.COPY
        assert user.execute("SHOW DATABASES").fetchall() == [("db",)]
    assert database.reset().method is ResetMethod.NOTHING
    assert content(path) == seeded


def test_a_transaction_of_this_process_is_named(database: EphemeralDatabase, short_wait: None) -> None:
    path = path_of(database)
    seeded = content(path)
    run(path, "DELETE FROM orders")
    with closing(duckdb.connect(str(path))) as user:
        user.execute("BEGIN; INSERT INTO customers (name) VALUES ('Cy')")
        with pytest.raises(DatabaseError, match=rf"transaction of this process \({os.getpid()}\)"):
            database.reset()
    assert database.reset().method is ResetMethod.COPY
    assert content(path) == seeded


def test_other_settings_of_this_process_are_named(database: EphemeralDatabase, short_wait: None) -> None:
    path = path_of(database)
    run(path, "DELETE FROM orders")
    with (
        closing(duckdb.connect(str(path), config={"threads": 1})),
        pytest.raises(DatabaseError, match="opened with other settings"),
    ):
        database.reset()
    assert database.reset().method is ResetMethod.COPY


@pytest.mark.parametrize("read_only", [False, True])
def test_another_process_is_named(database: EphemeralDatabase, short_wait: None, *, read_only: bool) -> None:
    path = path_of(database)
    seeded = content(path)
    run(path, "DELETE FROM orders")
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'True'); "
        "print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(path), str(read_only)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert database.is_used()
        with pytest.raises(DatabaseError, match=rf"process {holder.pid} \(python"):
            database.reset()
        holder.communicate()
    assert not database.is_used()
    assert database.reset().method is ResetMethod.COPY
    assert content(path) == seeded


def remove(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    with closing(duckdb.connect(str(path.with_name("other")))) as other:
        other.execute("CREATE TABLE other (x INTEGER)")
    path.with_name("other").replace(path)


def overwrite(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("stays_open", [False, True])
@pytest.mark.parametrize("harm", [remove, replace, overwrite, empty])
def test_a_file_that_is_gone_or_replaced_comes_back(
    database: EphemeralDatabase, harm: Callable[[Path], None], *, stays_open: bool
) -> None:
    path = path_of(database)
    seeded = content(path)
    with closing(duckdb.connect(str(path))) as user:
        if not stays_open:
            user.close()
        harm(path)
        assert database.reset().method is ResetMethod.COPY
        if stays_open:
            assert user.execute("SELECT count(*) FROM customers").fetchone() == (2,)
    assert content(path) == seeded
    assert database.reset().method is ResetMethod.NOTHING


def test_a_template_that_was_removed_still_restores(database: EphemeralDatabase, cache: Path) -> None:
    path = path_of(database)
    seeded = content(path)
    subprocess.run(["rm", "-r", str(cache)], check=True)
    run(path, "DELETE FROM orders")
    assert database.reset().method is ResetMethod.COPY
    assert content(path) == seeded
