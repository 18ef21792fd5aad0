"""Servers of their own for tests of dumps, each emptied after a test."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tdmvc.model.location import ServerLocation
from tdmvc.model.progress import ignore_progress
from tdmvc.servers import PostgresBinaries, RunningServer, find_postgres, start_postgres
from tdmvc.sources.sql_dump import DumpFile, find_dump
from tdmvc.workspace import mysql_dumps, postgres_dumps
from tdmvc.workspace.dump_loading import DumpLoader
from tests.servers import DatabaseServer

Load = Callable[..., tuple[ServerLocation, dict[str, int]]]
"""Loads texts or paths; returns where the database is, with the schemas to read, and what was left out."""


@pytest.fixture(scope="module")
def binaries() -> PostgresBinaries:
    return find_postgres()


@pytest.fixture(scope="module")
def dump_server(binaries: PostgresBinaries) -> Iterator[RunningServer]:
    """A PostgreSQL of one's own, because loading changes the rights of all databases."""
    with start_postgres(binaries) as server:
        yield server


@pytest.fixture(scope="module")
def dump_database(dump_server: RunningServer) -> ServerLocation:
    return postgres_dumps.make_dump_database(dump_server)


@pytest.fixture
def load(
    dump_server: RunningServer, dump_database: ServerLocation, binaries: PostgresBinaries, tmp_path: Path
) -> Iterator[Load]:
    """Load dumps of PostgreSQL."""

    def run(*dumps: str | Path) -> tuple[ServerLocation, dict[str, int]]:
        loader = DumpLoader(ignore_progress)
        schemas = postgres_dumps.load_into_postgres(
            dump_server, dump_database, binaries.program("pg_restore"), _find(dumps, tmp_path), loader
        )
        location = replace(dump_database, query=tuple(("schema", schema) for schema in schemas))
        return location, {noun: count for noun, count in loader.skipped.items() if noun}

    yield run
    with DatabaseServer(dump_server).connect("dump") as connection:
        connection.execute("DROP OWNED BY dump CASCADE")
        connection.execute("DROP EXTENSION IF EXISTS vector CASCADE")
        connection.execute("CREATE SCHEMA IF NOT EXISTS public AUTHORIZATION dump")
        connection.execute("COMMENT ON SCHEMA public IS 'standard public schema'")
        connection.execute("GRANT CREATE, CONNECT, TEMPORARY ON DATABASE dump TO dump")


@pytest.fixture(scope="module")
def mysql_database(mariadb_server: DatabaseServer) -> Iterator[ServerLocation]:
    yield mysql_dumps.make_dump_database(mariadb_server.running)
    mariadb_server.execute("", "DROP DATABASE dump", "DROP USER dump@'127.0.0.1'")


@pytest.fixture
def load_mysql(
    mariadb_server: DatabaseServer, mysql_database: ServerLocation, tmp_path: Path
) -> Iterator[Load]:
    """Load dumps of MySQL."""

    def run(*dumps: str | Path) -> tuple[ServerLocation, dict[str, int]]:
        loader = DumpLoader(ignore_progress)
        mysql_dumps.load_into_mysql(mysql_database, _find(dumps, tmp_path), loader)
        return mysql_database, {noun: count for noun, count in loader.skipped.items() if noun}

    yield run
    mariadb_server.execute("", "DROP DATABASE dump", "CREATE DATABASE dump CHARACTER SET utf8mb4")


def _find(dumps: tuple[str | Path, ...], folder: Path) -> list[DumpFile]:
    found = [find_dump(path) for path in _paths(dumps, folder)]
    assert None not in found
    return [dump for dump in found if dump is not None]


def _paths(dumps: tuple[str | Path, ...], folder: Path) -> list[Path]:
    paths = []
    for number, dump in enumerate(dumps):
        if isinstance(dump, str):
            path = folder / f"dump{number}.sql"
            path.write_text(dump, encoding="utf-8")
            dump = path
        paths.append(dump)
    return paths
