"""Servers of databases for tests: each is started when a test first asks for it, once for each worker of xdist."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pymysql
import pytest

from tdmvc.errors import DatabaseError
from tdmvc.model.location import ServerLocation
from tdmvc.servers import (
    PostgresBinaries,
    RunningServer,
    find_mariadb,
    find_postgres,
    find_system_postgres,
    start_mariadb,
    start_postgres,
)


@dataclass(frozen=True)
class DatabaseServer:
    """A server that tests use, and its administrator's connections."""

    running: RunningServer

    def location(self, database: str) -> ServerLocation:
        return self.running.location(database)

    def url(self, database: str) -> str:
        """Return the URL of a database, with the password."""
        server = self.running
        return (
            f"{server.scheme}://{server.user}:{quote(server.password)}@{server.host}:{server.port}/{database}"
        )

    def connect(self, database: str = "", **options: Any) -> Any:
        """Return a connection of psycopg or PyMySQL, which commits by itself."""
        server = self.running
        common: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": server.password,
            "autocommit": True,
            **options,
        }
        if server.scheme == "postgresql":
            return psycopg.connect(dbname=database or "postgres", **common)
        return pymysql.connect(database=database or None, **common)

    def execute(self, database: str, *statements: str) -> None:
        """Run statements in a database."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, database: str, query: str) -> list[Any]:
        """Return the rows of a query."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """Yield the name of a new, empty database, and drop it at the end, whoever still uses it."""
        name = f"test_{secrets.token_hex(4)}"
        is_postgres = self.running.scheme == "postgresql"
        # Where files are in memory, copies of them cost two thirds of those through the log, which older versions lack.
        has_strategies = is_postgres and int(self.running.version.split(".")[0]) >= 15
        self.execute("", f"CREATE DATABASE {name}{' STRATEGY file_copy' if has_strategies else ''}")
        try:
            yield name
        finally:
            self.execute("", f"DROP DATABASE IF EXISTS {name}{' WITH (FORCE)' if is_postgres else ''}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseServer]:
    """PostgreSQL from the Python package, which needs nothing of the system, or that of TDMVC_TEST_POSTGRES."""
    with start_postgres(_chosen_postgres()) as running:
        yield DatabaseServer(running)


@pytest.fixture(scope="session")
def system_postgres() -> Iterator[DatabaseServer]:
    """PostgreSQL from the system's package."""
    try:
        binaries = find_system_postgres()
    except DatabaseError as error:
        without_package(error)
    with start_postgres(binaries) as running:
        yield DatabaseServer(running)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[DatabaseServer]:
    """MariaDB from the system's package."""
    try:
        binaries = find_mariadb()
    except DatabaseError as error:
        without_package(error)
    with start_mariadb(binaries) as running:
        yield DatabaseServer(running)


@pytest.fixture
def postgres_database(postgres_server: DatabaseServer) -> Iterator[ServerLocation]:
    """A new, empty database of the PostgreSQL from the Python package."""
    with postgres_server.fresh_database() as name:
        yield postgres_server.location(name)


@pytest.fixture
def system_postgres_database(system_postgres: DatabaseServer) -> Iterator[ServerLocation]:
    """A new, empty database of the system's PostgreSQL."""
    with system_postgres.fresh_database() as name:
        yield system_postgres.location(name)


@pytest.fixture
def mariadb_database(mariadb_server: DatabaseServer) -> Iterator[ServerLocation]:
    """A new, empty database of MariaDB."""
    with mariadb_server.fresh_database() as name:
        yield mariadb_server.location(name)


def _chosen_postgres() -> PostgresBinaries:
    """Return the programs in the folder that TDMVC_TEST_POSTGRES names, with which the tests are run by hand."""
    folder = os.environ.get("TDMVC_TEST_POSTGRES")
    if folder is None:
        return find_postgres()
    program = Path(folder, "postgres")
    version = subprocess.run([program, "-V"], capture_output=True, text=True, check=True).stdout.split()[2]
    return PostgresBinaries(program.parent, version)


def without_package(error: DatabaseError) -> None:
    """Skip a test whose server is not installed, except in CI."""
    if os.environ.get("CI"):
        pytest.fail(error.message)
    pytest.skip(error.message)
