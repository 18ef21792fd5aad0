"""Whatever programs write to the file of an environment, a reset gives back the seeded bytes."""

import contextlib
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.environments.base import EphemeralDatabase, TemplateBuild, TemplateKey
from tdmvc.environments.files import provider_for
from tdmvc.model.environment import ResetMethod
from tdmvc.model.location import Location, PathLocation
from tests.series import IS_LONG, trials

TABLES = ("customers", "orders", "t1", "t2")
SCHEMA = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
    "CREATE INDEX names ON customers (name)",
)
ROWS = ("INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bo')", "INSERT INTO orders VALUES (1, 'first')")

tables = st.sampled_from(TABLES)
numbers = st.integers(-3, 30)
statements = st.one_of(
    st.builds("INSERT OR REPLACE INTO {} VALUES ({}, 'x{}')".format, tables, numbers, numbers),
    st.builds("UPDATE {} SET name = 'y{}' WHERE id < {}".format, tables, numbers, numbers),
    st.builds("DELETE FROM {} WHERE id > {}".format, tables, numbers),
    st.builds("CREATE TABLE {} (id INTEGER PRIMARY KEY, name TEXT)".format, tables),
    st.builds("DROP TABLE {}".format, tables),
    st.builds("ALTER TABLE {} ADD COLUMN c{} INTEGER DEFAULT 7".format, tables, st.integers(0, 2)),
    st.builds("CREATE INDEX i{} ON {} (name)".format, st.integers(0, 2), tables),
    st.builds("CREATE VIEW v{} AS SELECT * FROM {}".format, st.integers(0, 2), tables),
    st.builds("SELECT * FROM {}".format, tables),
    st.sampled_from(("BEGIN", "COMMIT", "ROLLBACK")),
)
sqlite_statements = st.one_of(
    statements,
    st.builds("INSERT INTO {} (name) VALUES (hex(randomblob({})))".format, tables, st.integers(1, 9000)),
    st.builds("CREATE TRIGGER g{} AFTER INSERT ON {} BEGIN DELETE FROM orders; END".format, numbers, tables),
    st.builds(
        "PRAGMA journal_mode = {}".format, st.sampled_from(("DELETE", "WAL", "PERSIST", "MEMORY", "OFF"))
    ),
    st.builds("PRAGMA user_version = {}".format, numbers),
    st.builds("PRAGMA page_size = {}".format, st.sampled_from((512, 4096, 8192))),
    st.sampled_from(("VACUUM", "ANALYZE", "PRAGMA wal_checkpoint", "SAVEPOINT s", "ROLLBACK TO s")),
)
duckdb_statements = st.one_of(
    statements,
    st.builds("CREATE SEQUENCE s{}".format, st.integers(0, 2)),
    st.builds("SELECT nextval('s{}')".format, st.integers(0, 2)),
    st.builds("INSERT INTO {} SELECT range + 100, 'z' FROM range({})".format, tables, st.integers(1, 5000)),
    st.builds("CREATE SCHEMA a{}".format, st.integers(0, 2)),
    st.sampled_from(("CHECKPOINT", "FORCE CHECKPOINT", "VACUUM")),
)


@pytest.fixture(scope="module", params=["delete", "wal"])
def sqlite_file(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EphemeralDatabase]:
    def migrate(location: Location) -> None:
        with closing(sqlite3.connect(path_of(location))) as database:
            for statement in (f"PRAGMA journal_mode = {request.param}", *SCHEMA):
                database.execute(statement)

    def seed(location: Location) -> None:
        with closing(sqlite3.connect(path_of(location))) as database, database:
            for statement in ROWS:
                database.execute(statement)

    yield from provided(tmp_path_factory.mktemp("sqlite"), "sqlite", TemplateBuild(migrate, seed))


@pytest.fixture(scope="module")
def duckdb_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EphemeralDatabase]:
    def run(location: Location, all_statements: tuple[str, ...]) -> None:
        with closing(duckdb.connect(str(path_of(location)))) as database:
            for statement in all_statements:
                database.execute(statement)

    build = TemplateBuild(lambda location: run(location, SCHEMA), lambda location: run(location, ROWS))
    yield from provided(tmp_path_factory.mktemp("duckdb"), "duckdb", build)


def provided(folder: Path, scheme: str, build: TemplateBuild) -> Iterator[EphemeralDatabase]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        with provider_for(PathLocation(folder / "db", scheme)).open(
            TemplateKey("s", "r", ""), build
        ) as source:
            yield source.create()


def path_of(location: Location) -> Path:
    assert isinstance(location, PathLocation)
    return location.path


def content(path: Path) -> bytes:
    """Return the bytes of a file, read by another program: this one may have locks on it."""
    return subprocess.run(["cat", str(path)], capture_output=True, check=True).stdout


def without_counters(data: bytes) -> bytes:
    """Return the bytes of a file of SQLite without its counters of changes."""
    return data[:24] + data[28:40] + data[44:92] + data[100:]


@pytest.mark.timeout(3600 if IS_LONG else 120)
@settings(
    max_examples=trials(500, 25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.booleans(), sqlite_statements), max_size=12), st.booleans())
def test_sqlite(sqlite_file: EphemeralDatabase, done: list[tuple[bool, str]], stays_open: bool) -> None:
    path = path_of(sqlite_file.location)
    seeded = without_counters(content(path))
    with ExitStack() as stack:
        users = [
            stack.enter_context(closing(sqlite3.connect(path, isolation_level=None, timeout=0)))
            for _ in range(2)
        ]
        for is_first, statement in done:
            with contextlib.suppress(sqlite3.Error):
                users[is_first].execute(statement).fetchall()
        for user in users:
            with contextlib.suppress(sqlite3.Error):
                user.execute("ROLLBACK")
            if not stays_open:
                user.close()
        has_log = stays_open and any("WAL" in statement for _, statement in done)
        has_pages = any("page_size" in statement for _, statement in done)
        if not (has_log and has_pages):
            sqlite_file.reset()
            if stays_open:
                for user in users:
                    assert user.execute("SELECT * FROM customers ORDER BY id").fetchall() == [
                        (1, "Ann"),
                        (2, "Bo"),
                    ]
                    assert user.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert sqlite_file.reset().method is ResetMethod.NOTHING
    # A log stays as long as a connection uses it; the reset after that is complete.
    sqlite_file.reset()
    assert without_counters(content(path)) == seeded
    assert sqlite_file.reset().method is ResetMethod.NOTHING


@pytest.mark.timeout(3600 if IS_LONG else 120)
@settings(
    max_examples=trials(200, 10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.booleans(), duckdb_statements), max_size=10), st.booleans())
def test_duckdb(duckdb_file: EphemeralDatabase, done: list[tuple[bool, str]], stays_open: bool) -> None:
    path = path_of(duckdb_file.location)
    seeded = content(path)
    with closing(duckdb.connect(str(path))) as user, closing(user.cursor()) as other:
        for is_first, statement in done:
            with contextlib.suppress(duckdb.Error, RuntimeError):
                (user if is_first else other).execute(statement).fetchall()
        for one in (user, other):
            with contextlib.suppress(duckdb.Error):
                one.execute("ROLLBACK")
            if not stays_open:
                one.close()
        duckdb_file.reset()
        assert content(path) == seeded
        if stays_open:
            for one in (user, other):
                assert one.execute("SELECT * FROM customers ORDER BY id").fetchall() == [
                    (1, "Ann"),
                    (2, "Bo"),
                ]
            assert duckdb_file.reset().method is ResetMethod.NOTHING
    assert duckdb_file.reset().method is ResetMethod.NOTHING
    assert content(path) == seeded
