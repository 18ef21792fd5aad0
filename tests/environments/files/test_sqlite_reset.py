"""A reset of SQLite gives back the seeded file, to connections that stay open, whatever was written."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tdmvc.environments.base import EphemeralDatabase
from tdmvc.environments.files import sqlite as engine
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod
from tests.environments.files.conftest import SCHEMA, Provide, build, path_of
from tests.series import long_only

_COUNTERS = (range(24, 28), range(40, 44), range(92, 100))
"""Where SQLite counts changes of the file and of the schema, so that open connections notice a reset."""


def content(path: Path) -> bytes:
    """Return the bytes of a file without SQLite's counters, read by another program: this one may have locks on it."""
    data = bytearray(subprocess.run(["cat", str(path)], capture_output=True, check=True).stdout)
    for counter in _COUNTERS:
        for at in counter:
            data[at] = 0
    return bytes(data)


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.2)


def test_nothing_is_done_if_nobody_wrote(sqlite_file: EphemeralDatabase) -> None:
    path = path_of(sqlite_file)
    seeded = content(path)
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("SELECT count(*) FROM customers").fetchone() == (2,)
        for _ in range(3):
            assert sqlite_file.reset().method is ResetMethod.NOTHING
    with closing(sqlite3.connect(path)) as undone:
        undone.execute("INSERT INTO customers VALUES (3, 'Cy')")
        undone.rollback()
        assert sqlite_file.reset().method is ResetMethod.NOTHING
    assert content(path) == seeded


WRITES = {
    "insert": "INSERT INTO customers VALUES (3, 'Cy')",
    "update to the same": "UPDATE customers SET name = 'Ann' WHERE id = 1",
    "delete all": "DELETE FROM orders",
    "new table": "CREATE TABLE more (x)",
    "dropped table": "DROP TABLE orders",
    "dropped view": "DROP VIEW names",
    "index": "CREATE INDEX more ON customers (name)",
    "column": "ALTER TABLE customers ADD COLUMN age INTEGER DEFAULT 7",
    "statistics": "ANALYZE",
    "version": "PRAGMA user_version = 7",
    "application": "PRAGMA application_id = 7",
    "large": "INSERT INTO customers SELECT value + 10, printf('%0500d', value) FROM generate",
    "smaller": "DELETE FROM customers; VACUUM",
    "page size": "PRAGMA page_size = 8192; VACUUM",
    "encoding of free pages": "PRAGMA auto_vacuum = FULL; VACUUM",
    "log": "PRAGMA journal_mode = WAL; INSERT INTO customers VALUES (3, 'Cy')",
    "log only": "PRAGMA journal_mode = WAL",
    "persistent journal": "PRAGMA journal_mode = PERSIST; DELETE FROM orders",
    "no journal": "PRAGMA journal_mode = OFF; DELETE FROM orders",
    "savepoint": "SAVEPOINT a; DELETE FROM orders; SAVEPOINT b; DELETE FROM customers; ROLLBACK TO b; RELEASE a",
}


def write(database: sqlite3.Connection, statements: str) -> None:
    numbers = "SELECT 1 UNION ALL SELECT value + 1 FROM g LIMIT 2000"
    generate = f"(WITH RECURSIVE g (value) AS ({numbers}) SELECT value FROM g)"
    for statement in statements.replace("generate", generate).split(";"):
        database.execute(statement).fetchall()


@pytest.mark.parametrize("stays_open", [True, pytest.param(False, marks=long_only)], ids=["open", "closed"])
@pytest.mark.parametrize(
    ("journal", "kind"),
    # SQLite refuses another journal while others use the log.
    [("delete", kind) for kind in WRITES] + [("wal", kind) for kind in WRITES if "journal" not in kind],
)
def test_what_was_written_is_undone_for_open_connections(
    provide: Provide, kind: str, journal: str, stays_open: bool
) -> None:
    schema = (f"PRAGMA journal_mode = {journal}", *SCHEMA)
    database = provide("sqlite", build(schema)).create()
    path = path_of(database)
    seeded = content(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("SELECT * FROM customers").fetchall()
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            write(writer, WRITES[kind])
        if not stays_open:
            other.close()
        report = database.reset()
        assert report.method is (
            ResetMethod.NOTHING if (kind, journal) == ("log only", "wal") else ResetMethod.COPY
        )
        if stays_open:
            assert other.execute("SELECT * FROM customers").fetchall() == [(1, "Ann"), (2, "Bo")]
            assert other.execute("SELECT * FROM orders").fetchall() == [(1, 1, "first"), (2, 1, None)]
            assert other.execute("SELECT name FROM names ORDER BY name").fetchall() == [("Ann",), ("Bo",)]
            other.execute("INSERT INTO customers VALUES (3, 'Cy')")
            assert database.reset().method is ResetMethod.COPY
        assert database.reset().method is ResetMethod.NOTHING
        assert content(path) == seeded


def test_a_log_stays_as_long_as_a_connection_uses_it(sqlite_file: EphemeralDatabase) -> None:
    path = path_of(sqlite_file)
    seeded = content(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as user:
        write(user, "PRAGMA journal_mode = WAL; DELETE FROM orders")
        assert sqlite_file.reset().method is ResetMethod.COPY
        assert user.execute("SELECT count(*) FROM orders").fetchone() == (2,)
        assert sqlite_file.reset().method is ResetMethod.NOTHING
        assert user.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert content(path)[100:] == seeded[100:]
    assert sqlite_file.reset().method is ResetMethod.COPY
    assert content(path) == seeded


def test_a_size_of_pages_that_cannot_be_restored_is_told(
    sqlite_file: EphemeralDatabase, short_wait: None
) -> None:
    path = path_of(sqlite_file)
    seeded = content(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as user:
        write(user, "PRAGMA page_size = 8192; VACUUM; PRAGMA journal_mode = WAL; DELETE FROM orders")
        with pytest.raises(DatabaseError, match="used by"):
            sqlite_file.reset()
    assert sqlite_file.reset().method is ResetMethod.COPY
    assert content(path) == seeded


HOLDS = {
    "writes": ("delete", "BEGIN IMMEDIATE; DELETE FROM orders"),
    "reads": ("delete", "BEGIN; SELECT * FROM orders"),
    "locks": ("delete", "PRAGMA locking_mode = EXCLUSIVE; DELETE FROM orders"),
    "writes with a log": ("wal", "BEGIN IMMEDIATE; DELETE FROM orders"),
    "reads with a log": ("wal", "BEGIN; SELECT * FROM orders"),
}


@pytest.mark.parametrize("other_process", [False, True], ids=["here", "other process"])
@pytest.mark.parametrize("kind", HOLDS)
def test_who_prevents_a_reset_is_named(
    provide: Provide, short_wait: None, kind: str, *, other_process: bool
) -> None:
    journal, statements = HOLDS[kind]
    database = provide("sqlite", build((f"PRAGMA journal_mode = {journal}", *SCHEMA))).create()
    path = path_of(database)
    seeded = content(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        write(writer, "INSERT INTO customers VALUES (3, 'Cy')")
    if other_process:
        program = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
            "[c.execute(s).fetchall() for s in sys.argv[2].split(';')]; print(flush=True); sys.stdin.read()"
        )
        command = [sys.executable, "-c", program, str(path), statements]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            with pytest.raises(DatabaseError, match=rf"process {holder.pid} \(python") as caught:
                database.reset()
            holder.communicate()
    else:
        with closing(sqlite3.connect(path, isolation_level=None)) as holder_here:
            write(holder_here, statements)
            with pytest.raises(
                DatabaseError, match=rf"connection of this process \({os.getpid()}\)"
            ) as caught:
                database.reset()
    assert "commit, roll back or close" in str(caught.value)
    assert database.reset().method is ResetMethod.COPY
    assert content(path) == seeded


def test_a_short_transaction_is_waited_for(sqlite_file: EphemeralDatabase) -> None:
    program = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('BEGIN IMMEDIATE'); c.execute('DELETE FROM orders'); print(flush=True); "
        "time.sleep(0.2); c.execute('COMMIT')"
    )
    command = [sys.executable, "-c", program, str(path_of(sqlite_file))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert sqlite_file.reset().method is ResetMethod.COPY


def test_what_a_killed_program_left_is_undone(sqlite_file: EphemeralDatabase) -> None:
    path = path_of(sqlite_file)
    seeded = content(path)
    program = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN'); "
        "[c.execute('INSERT INTO customers VALUES (?, hex(randomblob(2000)))', (n,)) for n in range(10, 200)]; "
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert path.with_name(f"{path.name}-journal").stat().st_size
    sqlite_file.reset()
    assert content(path) == seeded


def remove(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    other = path.with_name("other")
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE other (x)")
    other.replace(path)


def link(path: Path) -> None:
    replace(path)
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def overwrite(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    os.truncate(path, 5000)


@pytest.mark.parametrize("harm", [remove, replace, link, overwrite, empty, cut])
def test_a_file_that_is_gone_or_replaced_comes_back(
    sqlite_file: EphemeralDatabase, harm: Callable[[Path], None]
) -> None:
    path = path_of(sqlite_file)
    seeded = content(path)
    harm(path)
    # Unfinished work of another file must not be applied to this one.
    path.with_name(f"{path.name}-wal").write_bytes(b"x" * 100)
    report = sqlite_file.reset()
    assert (report.method, bool(report.why)) == (ResetMethod.COPY, True)
    assert content(path) == seeded
    assert not path.is_symlink()
    assert sqlite_file.reset().method is ResetMethod.NOTHING


def test_a_write_at_the_moment_of_the_stamp_is_noticed(sqlite_file: EphemeralDatabase) -> None:
    path = path_of(sqlite_file)
    for _ in range(50):
        with closing(sqlite3.connect(path)) as writer, writer:
            writer.execute("UPDATE customers SET name = name")
        assert sqlite_file.reset().method is ResetMethod.COPY


def test_a_template_that_was_removed_still_restores(sqlite_file: EphemeralDatabase, cache: Path) -> None:
    path = path_of(sqlite_file)
    seeded = content(path)
    subprocess.run(["rm", "-r", str(cache)], check=True)
    run_and_reset(sqlite_file)
    assert content(path) == seeded
    path.unlink()
    assert sqlite_file.reset().method is ResetMethod.COPY
    assert content(path) == seeded


def test_a_template_that_somebody_wrote_to_is_not_used(sqlite_file: EphemeralDatabase, cache: Path) -> None:
    (template,) = cache.glob("sqlite-*/content/database")
    with closing(sqlite3.connect(template)) as writer, writer:
        writer.execute("DELETE FROM orders")
    with pytest.raises(DatabaseError, match="Another program wrote to the template"):
        run_and_reset(sqlite_file)


def run_and_reset(database: EphemeralDatabase) -> None:
    with closing(sqlite3.connect(path_of(database))) as writer, writer:
        writer.execute("DELETE FROM orders")
    assert database.reset().method is ResetMethod.COPY


def test_a_file_that_a_program_has_open_is_used(sqlite_file: EphemeralDatabase) -> None:
    assert not sqlite_file.is_used()
    with closing(sqlite3.connect(path_of(sqlite_file))) as user:
        user.execute("SELECT * FROM orders").fetchall()
        assert sqlite_file.is_used()
    assert not sqlite_file.is_used()


def test_a_mode_that_was_changed_comes_back(sqlite_file: EphemeralDatabase) -> None:
    path = path_of(sqlite_file)
    mode = path.stat().st_mode
    path.chmod(0o444)
    sqlite_file.reset()
    assert path.stat().st_mode == mode


def test_a_reset_without_writes_costs_almost_nothing(sqlite_file: EphemeralDatabase) -> None:
    started = time.process_time()
    for _ in range(200):
        sqlite_file.reset()
    assert (time.process_time() - started) / 200 < 0.002
