"""Seeding databases through the command line: files, PostgreSQL and MariaDB, with the same story for each."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.builders import Tdmvc, copy_repo, publish, quiet_shop
from tests.schemas import assert_valid
from tests.series import IS_LONG
from tests.servers import DatabaseServer

LATER = {1: ("Ann", "ann@x.test"), 2: ("Bo", "bob@x.test"), 4: ("Dan", "dan@x.test")}
ORDERS_LATER = {10: (1, "5.00"), 12: (4, "7.00")}
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with golden@1.0.0 and golden@2.0.0."""
    app = copy_repo(template, tmp_path_factory.mktemp("seeding") / "app")
    shop = quiet_shop(app)
    shop.commit("First")
    publish(app, "1.0.0")
    shop.commit("Later", LATER, ORDERS_LATER)
    publish(app, "2.0.0")
    return app


@pytest.fixture
def app(made: Path, repo: Path) -> Path:
    """That repository in the place of `repo`."""
    repo.rename(repo.with_name("unused"))
    return copy_repo(made, repo)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


def ask(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as con:
        return con.execute(query).fetchall()


def change(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as con, con:
        for statement in statements:
            con.execute(statement)


def methods(tdmvc: Tdmvc, *words: object) -> dict[str, str]:
    document = tdmvc("seed", *words, "--format", "json").json
    assert_valid(document, "seed")
    return {table["target"]: table["method"] for one in document["datasets"] for table in one["tables"]}


def play(tdmvc: Tdmvc, url: str, query: Query, execute: Callable[[str], object]) -> None:
    """Seed an empty database, the same again, another version, a changed table, and a table of an application."""
    assert methods(tdmvc, "golden@1.0.0", "--into", url, "--verify") == {
        "customers": "created",
        "orders": "created",
    }
    assert query("SELECT id, name FROM customers ORDER BY id") == [(1, "Ann"), (2, "Bob"), (3, "Cat")]
    assert set(methods(tdmvc, "golden@1.0.0", "--into", url).values()) == {"nothing"}
    assert set(methods(tdmvc, "golden@2.0.0", "--into", url, "--verify").values()) == {"difference"}
    assert query("SELECT id, name FROM customers ORDER BY id") == [(1, "Ann"), (2, "Bo"), (4, "Dan")]
    assert query("SELECT id, customer_id FROM orders ORDER BY id") == [(10, 1), (12, 4)]
    execute("UPDATE orders SET total = '0' WHERE id = 12")
    assert methods(tdmvc, "golden@2.0.0", "--into", url) == {"customers": "nothing", "orders": "reloaded"}
    assert query("SELECT total FROM orders ORDER BY id") == [("5.00",), ("7.00",)]
    execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, customer_id BIGINT REFERENCES customers (id))")
    execute("INSERT INTO notes VALUES (1, 4)")
    refused = tdmvc("seed", "golden@1.0.0", "--into", url, code=7).err
    assert "would break 1 reference" in refused
    assert "Nothing was written." in refused
    assert query("SELECT max(id) FROM customers") == [(4,)]
    refused = tdmvc("seed", "golden@1.0.0", "--into", url, "--truncate-others", code=7).err
    assert "rows that tdmvc did not load" in refused
    assert "notes (1 row)" in refused
    seeded = methods(tdmvc, "golden@1.0.0", "--into", url, "--truncate-others", "--force", "--verify")
    assert seeded["notes"] == "cleared"
    assert query("SELECT count(*) FROM notes") == [(0,)]


def test_a_sqlite_file_is_seeded(app: Path, tdmvc: Tdmvc, file: Path) -> None:
    play(
        tdmvc, f"sqlite:///{file}", lambda query: ask(file, query), lambda statement: change(file, statement)
    )


def test_a_duckdb_file_is_seeded(app: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    file = tmp_path / "shop.duckdb"

    def run(text: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(file) as con:
            return con.execute(text).fetchall()

    play(tdmvc, f"duckdb:///{file}", run, run)


@pytest.fixture(params=["postgres_server", "mariadb_server"])
def server(request: pytest.FixtureRequest) -> DatabaseServer:
    found: DatabaseServer = request.getfixturevalue(request.param)
    return found


in_long_series = pytest.mark.parametrize(
    "server", ["postgres_server", *(["mariadb_server"] if IS_LONG else [])], indirect=True
)
"""For tests that wait: on the second server only in `make test-long`."""


@pytest.fixture
def database(server: DatabaseServer) -> Iterator[str]:
    with server.fresh_database() as name:
        yield name


def server_query(server: DatabaseServer, database: str) -> Query:
    def query(text: str) -> list[tuple[Any, ...]]:
        with server.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(text)
            return list(cursor.fetchall())

    return query


def test_a_database_of_a_server_is_seeded(
    app: Path, tdmvc: Tdmvc, server: DatabaseServer, database: str
) -> None:
    url = server.url(database)
    play(tdmvc, url, server_query(server, database), lambda one: server.execute(database, one))
    checked_out = tdmvc("checkout", "golden@2.0.0", "--into", url, "--format", "json")
    assert_valid(checked_out.json, "checkout")
    [one] = checked_out.json["datasets"]
    assert (one["rows"], one["changed_files"]) == (5, 0)
    assert server.running.password not in one["target"]
    for words in (("seed", "golden@1.0.0", "--into", url), ("seed", "golden@1.0.0", "--into", url + "x")):
        ran = tdmvc(*words, code=None)
        assert server.running.password not in ran.out + ran.err


@in_long_series
def test_two_commands_at_once_seed_a_database_once(
    app: Path, tdmvc: Tdmvc, server: DatabaseServer, database: str
) -> None:
    words = [
        sys.executable,
        "-m",
        "tdmvc",
        "-C",
        str(app),
        "seed",
        "golden@1.0.0",
        "--into",
        server.url(database),
    ]
    both = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert server_query(server, database)("SELECT count(*) FROM customers") == [(3,)]


WAITING = {
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '{}'",
    "mysql": "SELECT id FROM information_schema.processlist WHERE db = '{}' AND state LIKE 'Waiting%'",
}
"""The sessions that wait for a lock."""


@in_long_series
def test_a_killed_seed_leaves_a_server_as_it_was(
    app: Path, tdmvc: Tdmvc, server: DatabaseServer, database: str
) -> None:
    url = server.url(database)
    tdmvc("seed", "golden@1.0.0", "--into", url)
    query = server_query(server, database)
    before = query("SELECT * FROM customers ORDER BY id")
    words = [sys.executable, "-m", "tdmvc", "-C", str(app), "seed", "golden@2.0.0", "--into", url]
    with server.connect(database) as connection, connection.cursor() as cursor:
        # Somebody else holds a row, so that the command waits in the middle of its work.
        connection.autocommit = False if server.running.scheme == "postgresql" else connection.autocommit
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM customers FOR UPDATE")
        for stop in (signal.SIGKILL, signal.SIGINT):
            waiting = set(query(WAITING[server.running.scheme].format(database)))
            process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            # A server may notice that a client is gone only when it is the client's turn.
            while not set(query(WAITING[server.running.scheme].format(database))) - waiting:
                assert process.poll() is None, process.communicate()
                time.sleep(0.1)
            os.kill(process.pid, stop)
            process.communicate(timeout=30)
            assert process.returncode == (-9 if stop is signal.SIGKILL else 130)
        cursor.execute("ROLLBACK")
    assert query("SELECT * FROM customers ORDER BY id") == before
    tdmvc("seed", "golden@2.0.0", "--into", url, "--verify")


def test_an_applications_own_tables_are_filled_and_nothing_else_is_made(
    app: Path, tdmvc: Tdmvc, file: Path
) -> None:
    change(
        file,
        "CREATE TABLE Customers (id INTEGER PRIMARY KEY, name TEXT, mail TEXT, made TEXT DEFAULT 'now')",
        "CREATE TABLE sessions (id INTEGER)",
        "CREATE TABLE alembic_version (version_num TEXT)",
        "INSERT INTO alembic_version VALUES ('a1')",
    )
    refused = tdmvc("seed", "golden@1.0.0", "--into", file, code=7).err
    assert "The database has no table orders." in refused
    dry = tdmvc("seed", "golden@1.0.0", "--into", file, "--dry-run", "--create").out
    assert dry.startswith("Would seed golden@1.0.0")
    assert "orders" not in {name for (name,) in ask(file, "SELECT name FROM sqlite_master")}
    seeded = tdmvc("seed", "golden@1.0.0", "--into", file, "--create", "--verify").out
    assert "all rows were read back, and are equal" in seeded
    assert ask(file, "SELECT name, made FROM Customers WHERE id = 1") == [("Ann", "now")]
    assert ask(file, "SELECT version_num FROM alembic_version") == [("a1",)]


def test_a_closed_pipe_comes_after_the_commit(app: Path, file: Path) -> None:
    words = f"{sys.executable} -m tdmvc -C {app} seed golden@1.0.0 --into sqlite:///{file} | true"
    subprocess.run(["bash", "-c", words], check=True, capture_output=True)
    assert ask(file, "SELECT count(*) FROM orders") == [(2,)]


def test_the_help_has_examples_that_work(app: Path, tdmvc: Tdmvc, file: Path) -> None:
    text = tdmvc("seed", "--help").out
    for word in ("--verify", "--dry-run", "golden@latest"):
        assert word in text
    tdmvc("seed", "golden@latest", "--into", f"sqlite:///{file}", "--verify")
    assert "Missing option '--into'" in tdmvc("seed", "golden", code=2).err


def test_tables_are_left_out_by_pattern_of_a_seed_and_of_a_checkout(
    app: Path, tdmvc: Tdmvc, file: Path
) -> None:
    url = f"sqlite:///{file}"
    assert methods(tdmvc, "golden@1.0.0", "--into", url, "--exclude", "x*,ord*") == {"customers": "created"}
    refused = tdmvc("seed", "golden@1.0.0", "--into", url, "--tables", "ordr*", code=3).err
    assert "No table matches 'ordr*'." in refused
    assert "orders" in refused
    assert methods(tdmvc, "golden@1.0.0", "--into", url, "--tables", "*") == {
        "customers": "nothing",
        "orders": "created",
    }
    copy = file.with_name("copy.sqlite")
    tdmvc("checkout", "golden@1.0.0", "--into", copy, "--tables", "*s", "--exclude", "orders")
    assert ask(copy, "SELECT name FROM sqlite_master WHERE type = 'table'") == [("customers",)]


def test_a_release_seeds_every_dataset_that_fits(app: Path, tdmvc: Tdmvc, file: Path) -> None:
    plans = app.parent / "plans.csv"
    plans.write_text("id,name\n1,Free\n")
    tdmvc("add", "reference", plans, "--key", "plans=id", "--kind", "reference")
    tdmvc("publish", "reference", "1.0.0", "--release", "3.0.0")
    tdmvc("publish", "golden", "3.0.0", "--release", "3.0.0", "--allow-unchanged")
    document = tdmvc("seed", "release:3.0.0", "--into", file, "--format", "json").json
    assert [(one["ref"], one["mode"]) for one in document["datasets"]] == [
        ("golden@3.0.0", "replace"),
        ("reference@1.0.0", "upsert"),
    ]


def test_rows_whose_objects_are_gone_are_reloaded(app: Path, tdmvc: Tdmvc, file: Path) -> None:
    tdmvc("seed", "golden@1.0.0", "--into", file)
    listings = re.findall(r"[0-9a-f]{32}\.dir", (app / "datasets/golden/versions/1.0.0.yaml").read_text())
    for listing in listings:
        [path] = (app / ".dvc" / "cache").rglob(listing[2:])
        path.unlink()
    document = tdmvc("seed", "golden@2.0.0", "--into", file, "--format", "json").json
    why = {table["why"] for one in document["datasets"] for table in one["tables"]}
    assert "the rows of golden@1.0.0 are neither here nor on a remote" in why
