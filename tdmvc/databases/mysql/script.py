"""Runs scripts in MySQL and MariaDB, as the program mysql does."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from tdmvc.databases.mysql.address import resolve_address
from tdmvc.databases.mysql.connection import open_driver_connection
from tdmvc.databases.scripts import StatementError
from tdmvc.errors import DatabaseError
from tdmvc.model.location import Location

_NAMES_OBJECTS = frozenset(
    {1005, 1044, 1045, 1049, 1050, 1051, 1054, 1072, 1091, 1115, 1142, 1146, 1193, 1215, 1227}
    | {1235, 1273, 1286, 1305, 1347, 1356, 1360, 1370, 1419, 1420, 1449, 4161}
)
"""Errors whose messages name objects only; others may quote the statement, with values."""
_MULTI_STATEMENTS = 1 << 16
"""The flag of the protocol that lets one text have several statements."""
_LOST = frozenset({2006, 2013, 2014})


class MysqlScript:
    """A connection that commits by itself."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, statement: bytes) -> None:
        import pymysql.cursors

        try:
            # A result may be larger than the memory.
            with self._connection.cursor(pymysql.cursors.SSCursor) as cursor:
                cursor.execute(statement)
                while True:
                    while cursor.fetchone() is not None:
                        pass
                    if not cursor.nextset():
                        break
        except pymysql.err.MySQLError as error:
            raise _refusal(error) from None

    def execute_all(self, statements: Sequence[bytes]) -> None:
        try:
            self.execute(b";\n".join([b"START TRANSACTION", *statements, b"COMMIT"]))
        except StatementError:
            self.execute(b"ROLLBACK")
            raise

    def copy(self, statement: bytes, chunks: Iterable[bytes]) -> None:
        raise StatementError("1064", "MySQL has no COPY")


@contextmanager
def open_script(location: Location) -> Iterator[MysqlScript]:
    """Yield a connection for statements, each in a transaction of its own.

    Raises:
        DatabaseError: the server cannot be reached, or the driver is not installed.
    """
    address = resolve_address(location)
    connection = open_driver_connection(
        address, database=address.location.database or None, client_flag=_MULTI_STATEMENTS
    )
    with closing(connection):
        yield MysqlScript(connection)


def _refusal(error: Exception) -> Exception:
    """Return the error without values of rows, which the server writes into some messages."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if number in _LOST or not number:
        return DatabaseError(
            "The connection to the database server was lost.",
            remedy="run the same command again; if it happens again, the server may lack memory or disk space.",
        )
    message = str(error.args[1]) if number in _NAMES_OBJECTS and len(error.args) > 1 else ""
    return StatementError(str(number), message or f"error {number}")
