"""Runs scripts in a SQLite file, as the program sqlite3 does."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tdmvc.databases.scripts import StatementError
from tdmvc.databases.sqlite.errors import writing_errors


class SqliteScript:
    """A connection that commits by itself."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statements: bytes) -> None:
        """Run statements, one after the other.

        Raises:
            StatementError: SQLite refuses one of them.
        """
        try:
            self._connection.executescript(statements.decode("utf-8"))
        except sqlite3.Error as error:
            raise StatementError(getattr(error, "sqlite_errorname", ""), str(error)) from None


@contextmanager
def open_script(path: Path) -> Iterator[SqliteScript]:
    """Yield a connection for statements; a file that is missing is made.

    Raises:
        DatabaseError: the file cannot be opened.
    """
    with writing_errors(path):
        connection = sqlite3.connect(path, isolation_level=None)
    with closing(connection):
        yield SqliteScript(connection)
