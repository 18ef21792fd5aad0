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

    @contextmanager
    def database(self, request: pytest.FixtureRequest) -> Iterator[Database]:
        server: DatabaseServer = request.getfixturevalue(self._fixture)
        with server.fresh_database() as name:
            user = ""
            if self._as_owner:
                server.execute("", _MAKE_OWNER, f"ALTER DATABASE {name} OWNER TO {_OWNER}")
                server.execute(name, f"ALTER SCHEMA public OWNER TO {_OWNER}")
                user = f"{_OWNER}:{quote(_PASSWORD)}"
            database = PostgresDatabase(self, server, name, user)
            try:
                yield database
            finally:
                database.close()
