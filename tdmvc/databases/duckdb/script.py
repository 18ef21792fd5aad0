"""Runs scripts in a DuckDB file, as the program duckdb does."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tdmvc.databases.duckdb.errors import writing_errors
from tdmvc.databases.duckdb.files import connect_file
from tdmvc.databases.scripts import StatementError
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error


class DuckdbScript:
    """A connection that commits by itself."""

    def __init__(self, connection: DuckDBConnection) -> None:
        self._connection = connection

    def execute(self, statements: bytes) -> None:
        """Run statements, one after the other.

        Raises:
            StatementError: DuckDB refuses one of them.
        """
        try:
            self._connection.execute(statements.decode("utf-8"))
        except duckdb_error() as error:
            raise StatementError(type(error).__name__, str(error).partition("\n")[0]) from None


@contextmanager
def open_script(path: Path) -> Iterator[DuckdbScript]:
    """Yield a connection for statements; a file that is missing is made.

    Raises:
        DatabaseError: the file cannot be opened.
    """
    with writing_errors(path):
        connection = connect_file(path)
    with closing(connection):
        yield DuckdbScript(connection)
