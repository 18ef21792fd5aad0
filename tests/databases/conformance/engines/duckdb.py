"""DuckDB files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.model.location import PathLocation
from tdmvc.sql.quoting import quote_text
from tests.databases.conformance.engines.base import Database, Row, as_reader
from tests.databases.conformance.engines.parsing import parse
from tests.duckdb_pool import reused_database


class _Session:
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, statement: str) -> None:
        self._connection.execute(statement)

    def rows(self, query: str) -> list[Row]:
        return self._connection.execute(query).fetchall()


class DuckdbDatabase:
    """One file, which only one process and one configuration can have open."""

    def __init__(self, engine: "Duckdb", path: Path) -> None:
        self.engine = engine
        self._path = path
        self.location = PathLocation(path, "duckdb")
        self.url = f"duckdb:///{path}"
        self.run()

    def run(self, *statements: str) -> None:
        with self._attached() as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str) -> list[Row]:
        with self._attached() as connection:
            return connection.execute(query).fetchall()

    @contextmanager
    def _attached(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file in a database that is there, which takes a tenth of the time."""
        with reused_database() as connection:
            connection.execute(f"ATTACH {quote_text(str(self._path))} AS test")
            try:
                connection.execute("USE test")
                yield connection
            finally:
                connection.execute("USE memory")
                connection.execute("DETACH test")

    def column(self, table: str, type_: pa.DataType, expression: str = "") -> list[object]:
        is_text = not (pa.types.is_nested(type_) or pa.types.is_binary(type_) or pa.types.is_floating(type_))
        value = f"CAST({expression or 'c'} AS VARCHAR)" if is_text else "c"
        if pa.types.is_list(type_) and pa.types.is_struct(type_.value_type):
            value = "map_entries(c)"
        found = [item for (item,) in self.rows(f'SELECT {value} FROM "{table}" ORDER BY id')]
        if is_text:
            return [parse(item, type_) for item in found]
        return [list(item) if isinstance(item, tuple) else item for item in found]

    def declared_types(self, table: str) -> dict[str, str]:
        query = f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{table}'"
        return {str(name): str(type_) for name, type_ in self.rows(query)}

    @contextmanager
    def session(self) -> Iterator[_Session]:
        with duckdb.connect(str(self._path)) as connection:
            connection.execute("BEGIN")
            yield _Session(connection)

    @contextmanager
    def as_reader(self) -> Iterator[Database]:
        with as_reader(self._path):
            yield self

    @contextmanager
    def counted_statements(self) -> Iterator[Callable[[], int]]:
        yield lambda: 0


class Duckdb:
    name = "DuckDB"
    dialect = "duckdb"

    @contextmanager
    def database(self, request: pytest.FixtureRequest) -> Iterator[Database]:
        yield DuckdbDatabase(
            self, request.getfixturevalue("tmp_path_factory").mktemp("duckdb") / "test.duckdb"
        )
