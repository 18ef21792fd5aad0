"""Whatever goes wrong, the database is as it was, and the error says what to do; it shows no password and no value."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from tdmvc.databases.base import ReadOptions, TableLoad, TableToWrite
from tdmvc.databases.postgres import PostgresEngine
from tdmvc.databases.postgres.writing.target import PostgresTarget
from tdmvc.errors import DatabaseError
from tdmvc.model.seeding import SeededDataset, SeedMode
from tdmvc.servers import find_postgres, start_postgres
from tdmvc.servers.base import ServerOptions
from tests.databases.postgres.conftest import Target, table, write
from tests.series import long_only
from tests.servers import DatabaseServer

_ROWS = "SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM a"


def _prepare(target: Target) -> list[tuple[Any, ...]]:
    target.run(
        "CREATE TABLE a (id serial PRIMARY KEY, v text CHECK (v <> 'secret'))",
        "CREATE TABLE b (a int REFERENCES a)",
        "INSERT INTO a (v) SELECT 'kept ' || n FROM generate_series(1, 500) n",
        "INSERT INTO b VALUES (5)",
    )
    return _state(target)


def _state(target: Target) -> list[tuple[Any, ...]]:
    return [
        *target.rows(_ROWS),
        *target.rows("SELECT * FROM b"),
        *target.rows("SELECT last_value FROM a_id_seq"),
        *target.rows(
            "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace ORDER BY 1"
        ),
    ]


def _rows(act: Callable[[], None] = lambda: None, batches: int = 20) -> TableToWrite:
    """Return rows among which something happens."""
    schema = table("a", {"id": [1], "v": ["x"]}, "id").schema

    def generate() -> Iterator[pa.RecordBatch]:
        for batch in range(batches):
            if batch == batches // 2:
                act()
            ids = range(batch * 20_000, (batch + 1) * 20_000)
            yield pa.record_batch({"id": pa.array(ids, pa.int64()), "v": [f"row {n}" for n in ids]})

    return TableToWrite(schema, lambda: pa.RecordBatchReader.from_batches(schema.arrow_schema(), generate()))


def _fails(
    target: Target, rows: TableToWrite, mode: SeedMode = SeedMode.REPLACE, **more: Any
) -> DatabaseError:
    with pytest.raises(DatabaseError) as raised:
        target.load(rows, mode=mode, **more)
    error = raised.value
    assert error.exit_code == 7
    assert error.remedy
    assert "secret" not in str(error)
    return error


def _pid(target: Target) -> int:
    query = (
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'tdmvc' AND datname = current_database()"
    )
    ((pid,),) = target.rows(query)
    return int(pid)


@pytest.mark.parametrize("mode", [SeedMode.REPLACE, SeedMode.UPSERT])
def test_a_connection_that_is_lost(target: Target, mode: SeedMode) -> None:
    before = _prepare(target)
    error = _fails(target, _rows(lambda: target.run(f"SELECT pg_terminate_backend({_pid(target)})")), mode)
    assert "connection to the database was lost" in error.message
    assert _state(target) == before


def test_a_row_that_breaks_a_condition(target: Target) -> None:
    before = _prepare(target)
    error = _fails(target, table("a", {"id": [900], "v": ["secret"]}, "id"))
    assert "a row breaks the condition a_v_check" in error.message
    assert _state(target) == before


def test_rows_that_cannot_be_read(target: Target) -> None:
    before = _prepare(target)

    def fail() -> None:
        raise ValueError("damaged part")

    with pytest.raises(ValueError, match="damaged part"), target.open() as opened:
        write(opened, _rows(fail))
    assert _state(target) == before


@pytest.mark.parametrize("fault", ["lost", "unreadable", "interrupted"])
def test_a_fault_while_the_next_table_is_read_already(target: Target, fault: str) -> None:
    target.run("CREATE TABLE c (id int, v text)")
    before = _prepare(target)

    def act() -> None:
        if fault == "lost":
            target.run(f"SELECT pg_terminate_backend({_pid(target)})")
        if fault == "unreadable":
            raise ValueError("damaged part")

    first = _rows(batches=2)
    second = TableToWrite(replace(first.schema, name="c"), _rows(act).read)
    expected = {"lost": DatabaseError, "unreadable": ValueError, "interrupted": KeyboardInterrupt}[fault]
    with pytest.raises(expected):
        _load_both(target, first, second, is_interrupted=fault == "interrupted")
    assert _state(target) == before
    assert not [thread for thread in threading.enumerate() if thread.name == "tdmvc-encode"]


def _load_both(target: Target, first: TableToWrite, second: TableToWrite, *, is_interrupted: bool) -> None:
    with target.open() as opened:
        opened.lock(["a", "c"])
        catalog = opened.read_catalog()
        opened.clear(["c", "a"])
        loads = [TableLoad(one, catalog[one.schema.name].schema, SeedMode.REPLACE) for one in (first, second)]
        with closing(opened.load_all(loads)) as counts:
            assert next(counts).inserted == 40_000
            if is_interrupted:
                raise KeyboardInterrupt
            next(counts)


@long_only
def test_a_statement_that_takes_too_long(target: Target) -> None:
    before = _prepare(target)
    options = ReadOptions(schemas=(target.schema,), timeout_seconds=1)
    with (
        PostgresEngine().open_target(target.location, options) as opened,
        pytest.raises(DatabaseError, match="took longer than allowed"),
    ):
        write(opened, _rows(lambda: time.sleep(1.2)))
    assert _state(target) == before


@pytest.mark.parametrize(
    ("alter", "query", "place"),
    [
        ("ALTER DATABASE {database}", "", "for the database {database} (ALTER DATABASE)"),
        (
            "ALTER ROLE {user} IN DATABASE {database}",
            "",
            "for the user {user} in the database {database}",
        ),
        ("", "-c statement_timeout=150ms", "in the URL or in PGOPTIONS"),
    ],
)
def test_a_timeout_that_is_shorter_than_that_of_locks_says_where_it_is_set(
    target: Target, alter: str, query: str, place: str, request: pytest.FixtureRequest
) -> None:
    before = _prepare(target)
    names = {"database": target.database, "user": target.server.running.user}
    if alter:
        alter = alter.format(**names)
        target.server.execute(target.database, f"{alter} SET statement_timeout = '150ms'")
        request.addfinalizer(
            lambda: target.server.execute(target.database, f"{alter} RESET statement_timeout")
        )
    location = replace(target.location, query=(("options", query),) if query else ())
    options = ReadOptions(schemas=(target.schema,))
    with psycopg.connect(target.server.url(target.database), application_name="their report") as other:
        other.execute(f"LOCK TABLE {target.schema}.a IN ROW EXCLUSIVE MODE")
        with (
            pytest.raises(DatabaseError, match="statement_timeout is 150ms") as raised,
            PostgresEngine().open_target(location, options) as opened,
        ):
            opened.lock(["a"])
    assert place.format(**names) in raised.value.message
    assert "It may have waited for a lock: process" in raised.value.message
    assert "(their report)" in raised.value.message
    assert "pg_terminate_backend" in (raised.value.remedy or "")
    assert _state(target) == before


@pytest.mark.parametrize(("name", "held"), [("a", "ROW EXCLUSIVE"), ("b", "ACCESS SHARE")])
def test_a_lock_that_another_session_holds(target: Target, name: str, held: str) -> None:
    before = _prepare(target)
    rows = {"a": _rows(batches=1), "b": table("b", {"a": [5]})}[name]
    other = psycopg.connect(target.server.url(target.database), application_name="their report")
    other.execute(f"LOCK TABLE {target.schema}.{name} IN {held} MODE")
    with _impatient(target) as opened, pytest.raises(DatabaseError) as raised:
        write(opened, rows)
    assert f"process {other.info.backend_pid} of postgres (their report)" in raised.value.message
    assert _state(target) == before
    target.run(raised.value.remedy.partition("To end it: ")[2].rstrip("."))
    target.load(rows)


@contextmanager
def _impatient(target: Target) -> Iterator[PostgresTarget]:
    with target.open() as opened:
        opened._connection.execute("SET lock_timeout = '200ms'")
        yield opened


def test_a_seed_that_is_running(target: Target) -> None:
    before = _prepare(target)
    with target.open() as first:
        first.lock(["a"])
        with _impatient(target) as opened, pytest.raises(DatabaseError, match="holds a lock") as raised:
            opened.lock([])
        assert f"process {first._connection.info.backend_pid} of postgres (tdmvc)" in raised.value.message
    assert _state(target) == before


def test_a_wrong_password(target: Target) -> None:
    before = _prepare(target)
    with pytest.raises(DatabaseError, match="refuses the password") as raised:
        target.load(_rows(), location=target.location_as(target.role(), "a wrong password"))
    assert raised.value.exit_code == 7
    assert "a wrong password" not in str(raised.value)
    assert _state(target) == before


def test_a_table_that_appeared_in_the_meantime(target: Target) -> None:
    rows = _rows(batches=1)
    with target.open() as opened:
        assert opened.read_catalog() == {}
        opened.lock(["a"])
        target.run("CREATE TABLE a (id int)", "INSERT INTO a VALUES (5)")
        with pytest.raises(DatabaseError, match="The table a cannot be made") as raised:
            opened.create_tables([rows], [])
    assert "run the same command again" in raised.value.remedy
    assert target.rows("SELECT * FROM a") == [(5,)]


def test_a_user_or_database_that_is_read_only(target: Target) -> None:
    before = _prepare(target)
    role = target.role(
        "ALTER TABLE a OWNER TO ROLE", "ALTER USER ROLE SET default_transaction_read_only = on"
    )
    error = _fails(target, _rows(), location=target.location_as(role))
    assert "read-only for this user" in error.message
    assert _state(target) == before
    target.run(f"ALTER ROLE {role} RESET default_transaction_read_only")
    target.run(f"ALTER TABLE b OWNER TO {role}", "DELETE FROM b")
    target.load(_rows(batches=1), location=target.location_as(role))


def test_rows_that_refer_to_a_cleared_table_of_a_user_who_is_no_owner(target: Target) -> None:
    before = _prepare(target)
    location = target.location_as(
        target.role("GRANT ALL ON a TO ROLE", "GRANT ALL ON SEQUENCE a_id_seq TO ROLE")
    )
    error = _fails(target, _rows(batches=1), location=location)
    assert "b refer to rows of a by the reference b_a_fkey" in error.message
    assert _state(target) == before


def test_a_user_who_may_only_read(target: Target) -> None:
    before = _prepare(target)
    error = _fails(target, _rows(), location=target.location_as(target.role("GRANT SELECT ON a TO ROLE")))
    assert "lacks a permission" in error.message
    assert _state(target) == before


def test_a_user_who_may_make_no_table(target: Target) -> None:
    role = target.role()
    with target.open(target.location_as(role)) as opened:
        opened.lock(["a"])
        with pytest.raises(DatabaseError, match="lacks a permission: permission denied for schema"):
            opened.create_tables([_rows()], [])


def test_a_user_who_may_not_use_the_schema(target: Target) -> None:
    before = _prepare(target)
    role = target.role("GRANT ALL ON a TO ROLE", f"REVOKE USAGE ON SCHEMA {target.schema} FROM ROLE")
    error = _fails(target, _rows(), location=target.location_as(role))
    assert f"The user {role} may not use the schema {target.schema}." in error.message
    assert f'GRANT USAGE ON SCHEMA "{target.schema}" TO "{role}";' in error.remedy
    assert _state(target) == before


def test_a_user_who_may_not_keep_the_state(target: Target) -> None:
    before = _prepare(target)
    target.run("DROP SCHEMA IF EXISTS tdmvc CASCADE")
    role = target.role(
        "ALTER TABLE a OWNER TO ROLE",
        "ALTER TABLE b OWNER TO ROLE",
        f"REVOKE CREATE ON DATABASE {target.database} FROM ROLE",
    )
    error = _fails(target, _rows(batches=1), location=target.location_as(role))
    assert "may not keep what was seeded" in error.message
    assert _state(target) == before
    target.run(error.remedy.split("`")[1], "DELETE FROM b")
    target.load(_rows(batches=1), location=target.location_as(role))
    target.run("DROP SCHEMA tdmvc CASCADE")


def test_a_server_that_is_killed_and_one_that_becomes_a_standby() -> None:
    options = ServerOptions(settings={"restart_after_crash": "on", "wal_level": "replica"})
    with start_postgres(find_postgres(), options) as running:
        server = DatabaseServer(running)
        with server.connect() as admin:
            before = _prepare(Target(server, "postgres", "public", admin))[0]

        def kill() -> None:
            # The server ends all its processes when one is killed, and starts again.
            with server.connect() as admin:
                os.kill(_pid(Target(server, "postgres", "public", admin)), signal.SIGKILL)

        engine, location = PostgresEngine(), server.location("postgres")
        with (
            engine.open_target(location, ReadOptions()) as opened,
            pytest.raises(DatabaseError, match="connection to the database was lost"),
        ):
            write(opened, _rows(kill))
        admin = _reconnected(server)
        # Of the sequences, a crash loses up to 32 numbers.
        assert admin.execute(_ROWS).fetchall() == [before]

        signal_file = running.folder / "data" / "standby.signal"
        signal_file.touch()
        owner = (running.folder / "data").stat()
        if os.geteuid() == 0:
            os.chown(signal_file, owner.st_uid, owner.st_gid)
        os.kill(admin.info.backend_pid, signal.SIGKILL)
        _reconnected(server, is_standby=True).close()
        with pytest.raises(DatabaseError, match="is a standby"):
            engine.open_target(location, ReadOptions()).__enter__()


def _reconnected(server: DatabaseServer, *, is_standby: bool = False) -> Any:
    """Return a connection to a server that was killed; for a moment, it may not have noticed yet."""
    for _ in range(1_200):
        with suppress(psycopg.OperationalError):
            connection = server.connect()
            if connection.execute("SELECT pg_is_in_recovery()").fetchall() == [(is_standby,)]:
                return connection
            connection.close()
        time.sleep(0.05)
    raise AssertionError("the server does not come back")


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 16 megabytes of one's own, in a folder that the server's user may enter."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small disk")
    # Not in pytest's folder, which each run of pytest closes for other users again.
    folder = Path(tempfile.mkdtemp(prefix="tdmvc-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m,mode=777", "tdmvc-test", str(folder)],
        capture_output=True,
        check=False,
    )
    try:
        if mounted.returncode:
            pytest.skip("mounting a small disk is not permitted here")
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False, stderr=subprocess.DEVNULL)
        folder.rmdir()


def test_a_disk_that_is_full(target: Target, small_disk: Path) -> None:
    _prepare(target)
    target.run("ALTER TABLE b DROP CONSTRAINT b_a_fkey")
    before = _state(target)
    owner = (target.server.running.folder / "data").stat()
    os.chown(small_disk, owner.st_uid, owner.st_gid)
    target.run(f"CREATE TABLESPACE small_{target.schema} LOCATION '{small_disk}'")
    try:
        target.run(f"ALTER TABLE a SET TABLESPACE small_{target.schema}")
        error = _fails(target, _rows(batches=40))
        assert "disk of the database server is full" in error.message
        assert _state(target) == before
        target.load(_rows(batches=1))
    finally:
        target.run("DROP TABLE b, a", f"DROP TABLESPACE small_{target.schema}")


def test_a_state_is_remembered_with_the_rows_alone(target: Target) -> None:
    _prepare(target)
    state = _seeded()
    with target.open() as opened:
        opened.lock(["a"])
        opened.write_state(state)
    with target.open() as opened:
        assert opened.read_state() == {}
        opened.lock(["a"])
        opened.write_state(state)
        opened.commit()
    with target.open() as opened:
        assert opened.read_state() == {"golden": state}
        assert set(opened.read_catalog()) == {"a", "b"}
    target.run("DROP SCHEMA tdmvc CASCADE")


def _seeded() -> SeededDataset:
    return SeededDataset("golden", "golden@1.0.0", "c0ffee", (), datetime(2026, 1, 1, tzinfo=UTC), "0.1", ())


def test_what_the_driver_logs_is_not_printed() -> None:
    words = (
        "import logging, tdmvc.databases.postgres.connection; logging.getLogger('psycopg').error('a value')"
    )
    ran = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert ran.stderr == ""
