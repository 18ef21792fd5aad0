"""The door to PyMySQL, with script.py: a connection with fixed settings, whose errors are tdmvc's own."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tdmvc.databases.mysql.address import Address
from tdmvc.databases.mysql.errors import CLEAR_PASSWORD, database_error, strange_answer
from tdmvc.errors import DatabaseError

if TYPE_CHECKING:
    from pymysql import Connection

LOCK_SECONDS = 10
_SETTINGS = (
    "SET NAMES utf8mb4",
    # The same text for the same instant, whatever the server's zone.
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION group_concat_max_len = 16777216",
    # A slow consumer, or a slow producer of rows, is no reason to close the connection.
    "SET SESSION net_write_timeout = 3600",
    "SET SESSION net_read_timeout = 3600",
    "SET SESSION wait_timeout = 28800",
    f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}",
    f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}",
)
_ERROR = 0xFF
READING_MODE = "NO_BACKSLASH_ESCAPES"
WRITING_MODE = (
    "STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,"
    # Days such as 2024-02-31 and 0000-00-00 are written only if the dataset has them, as texts.
    "ALLOW_INVALID_DATES"
)
CREATING_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"
"""A backslash escapes, as in the expressions that the server shows."""

_STRANGE = (RuntimeError, ValueError, LookupError, AssertionError, struct.error)
"""What the driver raises when a server does not keep to the protocol, or asks for a file."""

Row = Sequence[Any]


def text_of(value: object) -> str:
    """Return a value of the catalog, which sends some texts as bytes; a null is empty."""
    if isinstance(value, bytes):
        return value.decode()
    return "" if value is None else str(value)


class _EncryptedPassword:
    """How a password is sent to a server that wants it as it is: only where nobody can listen."""

    def __init__(self, connection: "Connection[Any]") -> None:
        import pymysql

        if not connection._secure:
            raise pymysql.err.OperationalError(CLEAR_PASSWORD, "it wants the password without encryption")
        self._connection = connection

    def authenticate(self, packet: Any) -> Any:
        self._connection.write_packet(self._connection.password + b"\0")
        answer = self._connection._read_packet()
        answer.check_error()
        return answer


class MysqlConnection:
    """An open connection to a server; texts come as str, numbers as their text, and bytes as bytes."""

    def __init__(self, connection: "Connection[Any]", address: Address) -> None:
        self.raw = connection
        self.address = address
        self.active: object = None
        """What is reading a result right now."""
        version = str(self.query("SELECT VERSION()")[0][0])
        self.version_text = version
        self.is_mariadb = "mariadb" in version.lower()
        numbers = version.removeprefix("5.5.5-").split("-")[0].split(".")
        self.version = tuple(int(number) for number in numbers if number.isdigit())

    @property
    def where(self) -> str:
        """The database, for messages; no password."""
        return str(self.address)

    def query(self, sql: str, doing: str = "") -> list[Row]:
        """Return all rows of a small result.

        Raises:
            DatabaseError: the server refuses it, or the connection is lost.
        """
        with self.errors(doing), self.raw.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def query_values(self, sql: str, doing: str = "") -> list[dict[str, object]]:
        """Return all rows of a small result by column, with numbers and times as Python's own.

        Raises:
            DatabaseError: the server refuses it, or the connection is lost.
        """
        from pymysql.converters import decoders

        plain = self.raw.decoders
        self.raw.decoders = decoders
        try:
            with self.errors(doing), self.raw.cursor() as cursor:
                cursor.execute(sql)
                columns = [described[0] for described in cursor.description or ()]
                return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        finally:
            self.raw.decoders = plain

    def start_query(self, sql: str) -> Any:
        """Start a query whose rows somebody else reads from the connection, packet by packet.

        Returns:
            The driver's result, to be given to `end_query`.

        Raises:
            DatabaseError: the server refuses it, the connection is lost, or rows of another query are still read.
        """
        if self.active is not None:
            raise DatabaseError(
                "Two tables cannot be read at the same time over one connection.",
                where=self.where,
                remedy="read one table to its end before the next.",
            )
        with self.errors():
            # A cursor would read the rest of its rows when it is collected.
            self.raw.query(sql, unbuffered=True)
        self.active = self.raw._result
        return self.active

    def receive(self, size: int) -> bytes:
        """Return what the server sent next, at most so many bytes.

        Raises:
            DatabaseError: the connection is lost.
        """
        with self.errors():
            data: bytes = self.raw._rfile.read1(size)
            if not data:
                raise ConnectionError("the server closed the connection")
        return data

    def end_query(self, result: Any, packet: bytes) -> None:
        """Tell the driver that there are no more rows.

        Args:
            packet: what the server sent instead of the next row.

        Raises:
            DatabaseError: it is an error.
        """
        from pymysql.protocol import MysqlPacket

        result.unbuffered_active = False
        result.connection = None
        self.active = None
        if packet[0] == _ERROR:
            with self.errors():
                MysqlPacket(packet, "utf8").raise_for_error()

    def execute(self, sql: str | bytes, doing: str = "") -> int:
        """Run a statement, and return how many rows it changed.

        Raises:
            DatabaseError: the server refuses it, or the connection is lost.
        """
        with self.errors(doing):
            return int(self.raw.query(sql))

    @contextmanager
    def errors(self, doing: str = "") -> Iterator[None]:
        """Turn errors of the driver into tdmvc's own.

        Raises:
            DatabaseError: the server refused a statement, or the connection was lost.
        """
        import pymysql

        try:
            yield
        except (pymysql.MySQLError, OSError) as error:
            raise database_error(error, self.where, doing) from None
        except _STRANGE as error:
            raise strange_answer(error, self.where) from None

    def close(self) -> None:
        """Close the connection; the server undoes what was not committed."""
        self.raw.close()


@contextmanager
def connected(
    address: Address, *, mode: str, timeout_seconds: int | None = None
) -> Iterator[MysqlConnection]:
    """Open a connection, and close it at the end.

    Raises:
        DatabaseError: the server cannot be reached or refuses the user, or the driver is not installed.
    """
    raw = open_driver_connection(
        address, connect_timeout=address.connect_timeout, read_timeout=address.connect_timeout, conv={}
    )
    try:
        connection = MysqlConnection(raw, address)
        for setting in _SETTINGS:
            connection.execute(setting)
        connection.execute(f"SET SESSION sql_mode = '{mode}'")
        if timeout_seconds is not None:
            is_mariadb = connection.is_mariadb
            name, factor = ("max_statement_time", 1) if is_mariadb else ("max_execution_time", 1000)
            connection.execute(f"SET SESSION {name} = {timeout_seconds * factor}")
        if not connection.is_mariadb and connection.version >= (8,):
            # Otherwise the catalog tells numbers that are up to a day old.
            connection.execute("SET SESSION information_schema_stats_expiry = 0")
        # Only the first answers come in a known time.
        raw._read_timeout = None
        yield connection
    finally:
        if raw.open:
            raw.close()


def open_driver_connection(address: Address, **options: Any) -> "Connection[Any]":
    """Return a connection of the driver, which commits by itself.

    Args:
        options: more of the driver's own.

    Raises:
        DatabaseError: the server cannot be reached or refuses the user, or the driver is not installed.
    """
    try:
        import pymysql
    except ImportError as error:
        raise DatabaseError.no_driver("MySQL", "mysql", error) from error
    if address.socket:
        options["unix_socket"] = address.socket
    if address.tls is not None:
        options["ssl"] = address.tls
    elif not address.has_tls or address.socket:
        options["ssl_disabled"] = True
    try:
        return pymysql.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            charset="utf8mb4",
            autocommit=True,
            auth_plugin_map=dict.fromkeys(("mysql_clear_password", "dialog"), _EncryptedPassword),
            **options,
        )
    except (pymysql.MySQLError, OSError) as error:
        raise database_error(error, str(address)) from None
    except _STRANGE as error:
        if "cryptography" not in str(error):
            raise strange_answer(error, str(address)) from None
        raise DatabaseError(
            "The server takes the password only over an encrypted connection, which it does not offer.",
            where=str(address),
            remedy="switch TLS on in the server, use its Unix socket, or install what encrypts the password alone: "
            "pip install 'pymysql[rsa]'",
        ) from None
