"""MariaDB, from the system."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pyarrow as pa
import pymysql
import pytest
from pymysql.converters import encoders

from tdmvc.model.location import Location, ServerLocation, parse_location
from tests.databases.conformance.engines.base import Database, Row
from tests.databases.conformance.engines.parsing import parse
from tests.servers import DatabaseServer


def _connect(location: Location, **options: Any) -> "pymysql.Connection[Any]":
    assert isinstance(location, ServerLocation)
    return pymysql.connect(
        host=location.host,
        port=location.port or 3306,
        user=location.user,
        password=location.password or "",
        database=location.database,
        charset="utf8mb4",
        init_command="SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES'), time_zone = '+00:00'",
        **options,
    )


class _Session:
    def __init__(self, connection: "pymysql.Connection[Any]") -> None:
        self._connection = connection

    def run(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def rows(self, query: str) -> list[Row]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


class MariadbDatabase:
    """One database, whose values are read as the bytes that the server sends."""

    def __init__(self, engine: "Mariadb", server: DatabaseServer, name: str, user: str = "") -> None:
        """Connect to a database.

        Args:
            user: the name and the password that tdmvc gets, as in a URL; by default, the administrator's.
        """
        url = server.url(name)
        self.engine = engine
        self.url = f"mysql://{user}@{url.rpartition('@')[2]}" if user else url
        self.location = parse_location(self.url)
        self._server = server
        self._name = name
        self._connection = _connect(self.location, autocommit=True)

    def run(self, *statements: str) -> None:
        for statement in statements:
            _Session(self._connection).run(statement)

    def rows(self, query: str) -> list[Row]:
        return _Session(self._connection).rows(query)

    def column(self, table: str, type_: pa.DataType, expression: str = "") -> list[object]:
        with (
            closing(_connect(self.location, use_unicode=False, conv=dict(encoders))) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(f'SELECT {expression or "c"} FROM "{table}" ORDER BY id')
            return [parse(text, type_) for (text,) in cursor.fetchall()]

    def declared_types(self, table: str) -> dict[str, str]:
        query = (
            "SELECT column_name, IF(column_name IN (SELECT constraint_name FROM information_schema.check_constraints"
            " WHERE constraint_schema = database() AND check_clause LIKE 'json_valid%'), 'json', column_type)"
            " FROM information_schema.columns"
            f" WHERE table_name = '{table}' AND table_schema = database()"
        )
        return {str(name): str(type_) for name, type_ in self.rows(query)}

    @contextmanager
    def session(self) -> Iterator[_Session]:
        with closing(_connect(self.location, autocommit=False)) as connection:
            _Session(connection).run("START TRANSACTION")
            yield _Session(connection)
            connection.rollback()

    @contextmanager
    def as_reader(self) -> Iterator[Database]:
        name = f"reader_{secrets.token_hex(4)}"
        self.run(f"CREATE USER {name} IDENTIFIED BY '{name}'", f"GRANT SELECT ON {self._name}.* TO {name}")
        try:
            reader = MariadbDatabase(self.engine, self._server, self._name, f"{name}:{name}")
            yield reader
            reader.close()
        finally:
            self.run(f"DROP USER {name}")

    @contextmanager
    def counted_statements(self) -> Iterator[Callable[[], int]]:
        def asked() -> int:
            return int(str(self.rows("SHOW GLOBAL STATUS LIKE 'Questions'")[0][1]))

        before = asked()
        yield lambda: asked() - before

    def close(self) -> None:
        self._connection.close()


class Mariadb:
    name = "MariaDB"
    dialect = "mysql"

    @contextmanager
    def database(self, request: pytest.FixtureRequest) -> Iterator[Database]:
        server: DatabaseServer = request.getfixturevalue("mariadb_server")
        with server.fresh_database() as name:
            database = MariadbDatabase(self, server, name)
            try:
                yield database
            finally:
                database.close()
