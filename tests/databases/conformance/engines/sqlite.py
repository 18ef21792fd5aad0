"""SQLite files."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from tdmvc.model.location import PathLocation
from tests.databases.conformance.engines.base import Database, Row, as_reader
from tests.databases.conformance.engines.parsing import parse


class _Session:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str) -> None:
        self._connection.execute(statement)

    def rows(self, query: str) -> list[Row]:
        return self._connection.execute(query).fetchall()


class SqliteDatabase:
    """One file, with Python's driver, which converts nothing."""

    def __init__(self, engine: "Sqlite", path: Path) -> None:
        self.engine = engine
        self._path = path
        self.location = PathLocation(path, "sqlite")
        self.url = f"sqlite:///{path}"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = wal")

    def run(self, *statements: str) -> None:
        with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str) -> list[Row]:
        with closing(sqlite3.connect(self._path)) as connection:
            return connection.execute(query).fetchall()

    def column(self, table: str, type_: pa.DataType, expression: str = "") -> list[object]:
        found = self.rows(f'SELECT {expression or "c"} FROM "{table}" ORDER BY id')
        as_is = pa.types.is_binary(type_) or pa.types.is_floating(type_)
        values = [value if value is None or as_is else parse(str(value), type_) for (value,) in found]
        # SQLite has no decimals: a column has as many digits behind the point as its declaration says.
        return [round(value, type_.scale) if isinstance(value, Decimal) else value for value in values]

    def declared_types(self, table: str) -> dict[str, str]:
        query = f"SELECT name, type FROM pragma_table_info('{table}')"
        return {str(name): str(type_) for name, type_ in self.rows(query)}

    @contextmanager
    def session(self) -> Iterator[_Session]:
        with closing(sqlite3.connect(self._path, isolation_level=None, timeout=1)) as connection:
            connection.execute("BEGIN")
            yield _Session(connection)

    @contextmanager
    def as_reader(self) -> Iterator[Database]:
        with as_reader(self._path):
            yield self

    @contextmanager
    def counted_statements(self) -> Iterator[Callable[[], int]]:
        yield lambda: 0


class Sqlite:
    name = "SQLite"
    dialect = "sqlite"

    @contextmanager
    def database(self, request: pytest.FixtureRequest) -> Iterator[Database]:
        yield SqliteDatabase(self, request.getfixturevalue("tmp_path_factory").mktemp("sqlite") / "test.db")
