"""PostgreSQL, from the wheel and from the system."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import psycopg
import pyarrow as pa
import pytest

from tdmvc.model.location import Location, parse_location
from tests.databases.conformance.engines.base import Database, Row
from tests.databases.conformance.engines.parsing import parse
from tests.servers import DatabaseServer

_OWNER, _PASSWORD = "application", "owner's password"
_MAKE_OWNER = f"""
    DO $$ BEGIN
        CREATE ROLE {_OWNER} LOGIN PASSWORD '{_PASSWORD.replace("'", "''")}';
    EXCEPTION WHEN duplicate_object THEN NULL; END $$
"""
_OWNER_IN_URL = f"{_OWNER}:{quote(_PASSWORD)}"


class _Session:
    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def run(self, statement: str) -> None:
        self._connection.execute(statement.encode())

    def rows(self, query: str) -> list[Row]:
        return self._connection.execute(query.encode()).fetchall()


class PostgresDatabase:
    """One database, whose values the server itself writes as texts."""

    def __init__(self, engine: "Postgres", server: DatabaseServer, name: str, user: str = "") -> None:
        """Connect to a database.

        Args:
            user: the name and the password that tdmvc gets, as in a URL; by default, the administrator's.
        """
        url = server.url(name)
        self.engine = engine
        self.url = f"postgresql://{user}@{url.rpartition('@')[2]}" if user else url
        self.location: Location = parse_location(self.url)
        self._server = server
        self._name = name
        self._connection = psycopg.connect(self.url, autocommit=True, options="-c timezone=UTC")

    def run(self, *statements: str) -> None:
        for statement in statements:
            self._connection.execute(statement.encode())

    def rows(self, query: str) -> list[Row]:
        return self._connection.execute(query.encode()).fetchall()

    def column(self, table: str, type_: pa.DataType, expression: str = "") -> list[object]:
        found = self.rows(f'SELECT ({expression or "c"})::text FROM "{table}" ORDER BY id')
        return [parse(text, type_) for (text,) in found]

    def declared_types(self, table: str) -> dict[str, str]:
        query = (
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            f" WHERE attrelid = '{table}'::regclass AND attnum > 0"
        )
        return {str(name): str(type_) for name, type_ in self.rows(query)}

    @contextmanager
    def session(self) -> Iterator[_Session]:
        with psycopg.connect(self.url) as connection:
            yield _Session(connection)
            connection.rollback()

    @contextmanager
    def as_reader(self) -> Iterator[Database]:
        name = f"reader_{secrets.token_hex(4)}"
        with self._server.connect(self._name) as administrator:
            administrator.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'".encode())
            administrator.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}".encode())
            try:
                reader = PostgresDatabase(self.engine, self._server, self._name, f"{name}:{name}")
                yield reader
                reader.close()
            finally:
                administrator.execute(f"DROP OWNED BY {name}".encode())
                administrator.execute(f"DROP ROLE {name}".encode())

    @contextmanager
    def counted_statements(self) -> Iterator[Callable[[], int]]:
        counted = 0
        execute = psycopg.Cursor.execute

        def count(*args: Any, **options: Any) -> Any:
            nonlocal counted
            counted += 1
            return execute(*args, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(psycopg.Cursor, "execute", count)
            yield lambda: counted

    def close(self) -> None:
        self._connection.close()


class Postgres:
    """A server that a fixture starts once."""

    dialect = "postgresql"

    def __init__(self, name: str, fixture: str, *, as_owner: bool = False) -> None:
        """Remember which server it is.

        Args:
            as_owner: whether tdmvc connects as the owner of the database, who is no superuser.
        """
        self.name = name
        self._fixture = fixture
        self._as_owner = as_owner
        self._free: list[str] = []
        """Names of databases that are empty again."""

    @contextmanager
    def database(self, request: pytest.FixtureRequest) -> Iterator[Database]:
        server: DatabaseServer = request.getfixturevalue(self._fixture)
        name = self._free.pop() if self._free else self._new(server)
        database = PostgresDatabase(self, server, name, _OWNER_IN_URL if self._as_owner else "")
        try:
            yield database
        finally:
            database.close()
            self._empty(server, name)
            self._free.append(name)

    def _new(self, server: DatabaseServer) -> str:
        name = f"conformance_{secrets.token_hex(4)}"
        server.execute("", _MAKE_OWNER, f"CREATE DATABASE {name}")
        if self._as_owner:
            server.execute("", f"ALTER DATABASE {name} OWNER TO {_OWNER}")
        self._empty(server, name)
        return name

    def _empty(self, server: DatabaseServer, name: str) -> None:
        """Make a database what it was when it was new: that is ten times as fast as another new one."""
        with server.connect(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            schemas = connection.execute(
                "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'"
            ).fetchall()
            extensions = connection.execute(
                "SELECT quote_ident(extname) FROM pg_extension WHERE extname <> 'plpgsql'"
            ).fetchall()
            for (extension,) in extensions:
                connection.execute(f"DROP EXTENSION {extension} CASCADE".encode())
            for (schema,) in schemas:
                connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())
            connection.execute(f"CREATE SCHEMA public AUTHORIZATION {_OWNER}".encode())
            connection.execute(b"GRANT USAGE ON SCHEMA public TO PUBLIC")
