"""Connects to PostgreSQL servers: addresses, session settings, and errors without passwords or values of rows.

Imports psycopg (as script.py does) and, alone, the ADBC driver, when the first connection is made.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tdmvc.databases.postgres.address import PostgresAddress, read_address
from tdmvc.databases.postgres.errors import (
    connection_error,
    database_error,
    stream_error,
    too_old,
)
from tdmvc.errors import DatabaseError
from tdmvc.model.location import Location
from tdmvc.sql.quoting import quote_text

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection as ArrowConnection
    from psycopg import Connection
    from psycopg.rows import TupleRow

    PostgresConnection = Connection[TupleRow]
else:
    PostgresConnection = ArrowConnection = Any

# What the driver logs, such as that a connection was lost, is raised as an error, too; its text may have values.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

OLDEST_VERSION = 130000
LOCK_TIMEOUT_SECONDS = 10
"""How long a statement waits for a lock; whoever waits keeps later ones waiting, too."""
DEFAULT_TIMEOUT_SECONDS = 3600
"""How long a statement may take if neither the user nor the server says so."""
_CONNECT_TIMEOUT_SECONDS = 10

SETTINGS: Mapping[str, str] = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "xmloption": "content",
    "quote_all_identifiers": "off",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "search_path": "pg_catalog",
    "row_security": "off",
    "synchronize_seqscans": "off",
    "idle_in_transaction_session_timeout": "0",
    "jit": "off",
}
"""What the text of a value depends on, what would hide rows or end a long transaction, and what takes seconds to
compile a query of the catalog that runs for milliseconds."""
_NEWER_SETTINGS = {"idle_session_timeout": (140000, "0"), "transaction_timeout": (170000, "0")}


_LASTING: Mapping[str, str] = {
    "idle_session_timeout": "0",
    "lock_timeout": "0",
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
}


@dataclass(frozen=True, slots=True)
class Session:
    """How a connection is used."""

    is_read_only: bool = True
    timeout_seconds: int | None = None
    """How long a statement may take; None for what the server says, else an hour."""
    is_one_moment: bool = True
    """Whether all statements of a transaction see one moment, not each what others have committed by then."""


@contextmanager
def connected(location: Location, session: Session) -> Iterator[PostgresConnection]:
    """Yield a connection whose transactions see one moment; what is not committed at the end is rolled back.

    Its settings are `SETTINGS`, so that equal values have equal texts on any server.

    Raises:
        UsageError: the address has a parameter that cannot be used.
        DatabaseError: the driver is not installed, or the server cannot be reached, refuses, or is too old.
    """
    connection = _connect(read_address(location), session)
    try:
        yield connection
    finally:
        connection.close()


def plain_connection(location: Location) -> PostgresConnection:
    """Return a connection that commits by itself, with the settings that the server gives to every session.

    Raises:
        UsageError: the address has a parameter that cannot be used.
        DatabaseError: the driver is not installed, or the server cannot be reached or refuses.
    """
    return _plain_connection(read_address(location))


def lasting_connection(location: Location) -> PostgresConnection:
    """Return a plain connection whose session and statements may last as long as they need, with usual transactions.

    Raises:
        UsageError: the address has a parameter that cannot be used.
        DatabaseError: the driver is not installed, or the server cannot be reached or refuses.
    """
    connection = plain_connection(location)
    with reporting(str(location)):
        connection.execute(
            "SELECT pg_catalog.set_config(given.name, given.value, false)"
            " FROM (SELECT pg_catalog.unnest(%s::text[]), pg_catalog.unnest(%s::text[])) AS given (name, value)"
            " JOIN pg_catalog.pg_settings AS known ON known.name = given.name",
            [list(_LASTING), list(_LASTING.values())],
        )
    return connection


def _plain_connection(address: PostgresAddress) -> PostgresConnection:
    try:
        import psycopg
    except ImportError as error:
        raise DatabaseError.no_driver("PostgreSQL", "postgres", error) from error
    parameters = _with_defaults(address.parameters)
    try:
        return psycopg.connect("", autocommit=True, prepare_threshold=None, **parameters)
    except (psycopg.Error, UnicodeError) as error:
        # The driver's error keeps the parameters in its traceback.
        raise connection_error(str(error), address) from None


def _connect(address: PostgresAddress, session: Session) -> PostgresConnection:
    connection = _plain_connection(address)
    from psycopg import IsolationLevel

    try:
        version = connection.info.server_version
        if version < OLDEST_VERSION:
            raise too_old(version, address.text)
        with reporting(address.text):
            _set_up(connection, session)
        connection.autocommit = False
        connection.isolation_level = (
            IsolationLevel.REPEATABLE_READ if session.is_one_moment else IsolationLevel.READ_COMMITTED
        )
        connection.read_only = session.is_read_only or None
    except BaseException:
        connection.close()
        raise
    return connection


def _with_defaults(parameters: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"application_name": "tdmvc", **parameters, "client_encoding": "UTF8"}
    if "PGCONNECT_TIMEOUT" not in os.environ:
        found.setdefault("connect_timeout", str(_CONNECT_TIMEOUT_SECONDS))
    return found


def _set_up(connection: PostgresConnection, session: Session) -> None:
    settings = session_settings(connection.info.server_version)
    timeout = session.timeout_seconds
    if timeout is None:
        ((own,),) = connection.execute(
            "SELECT setting::int FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'"
        ).fetchall()
        timeout = None if own else DEFAULT_TIMEOUT_SECONDS
    settings["lock_timeout"] = f"{LOCK_TIMEOUT_SECONDS}s"
    if timeout is not None:
        settings["statement_timeout"] = f"{timeout}s"
    calls = ", ".join(["pg_catalog.set_config(%s, %s, false)"] * len(settings))
    connection.execute(f"SELECT {calls}", [part for item in settings.items() for part in item])


def session_settings(version: int) -> dict[str, str]:
    """Return the settings of a session with a server of this version (`170002`)."""
    newer = {name: value for name, (since, value) in _NEWER_SETTINGS.items() if version >= since}
    return {**SETTINGS, **newer}


@contextmanager
def reporting(where: str) -> Iterator[None]:
    """Turn the driver's errors into `DatabaseError`, without values of rows.

    Args:
        where: the database, without its password.
    """
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise database_error(error.sqlstate, error.diag.message_primary or str(error), where) from None


Statement = tuple[str, Sequence[Any] | Mapping[str, Any]]
"""A statement, and the values of its parameters."""


def run_together(connection: PostgresConnection, statements: Sequence[Statement]) -> list[list[Any]]:
    """Return the rows of each of several statements, which cost one round trip together.

    On a connection that commits by itself, they are one transaction, unless one begins or ends it; each sees what
    was committed before it began. The driver's errors are passed on.
    """
    import psycopg

    if not psycopg.Pipeline.is_supported():
        cursors = [connection.execute(text, values or None) for text, values in statements]
    else:
        with connection.pipeline():
            cursors = [connection.execute(text, values or None) for text, values in statements]
    return [cursor.fetchall() if cursor.description else [] for cursor in cursors]


def open_arrow_connection(location: Location, owner: PostgresConnection) -> "ArrowConnection":
    """Return a connection of the ADBC driver, whose rows arrive as Arrow batches; its session is not set up yet.

    Args:
        owner: a connection to the same location; the new one leads to the same server, where a name has several.

    Raises:
        DatabaseError: the driver is not installed, or the server refuses.
    """
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise DatabaseError.no_driver("PostgreSQL", "postgres", error) from error
    address = read_address(location)
    parameters = {**_with_defaults(address.parameters), **_server_of(owner)}
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in parameters.items())
    try:
        connection: ArrowConnection = dbapi.connect(f"postgresql:///?{query}", autocommit=True)
    except dbapi.Error as error:
        raise connection_error(str(error), address) from None
    return connection


def _server_of(connection: PostgresConnection) -> dict[str, str]:
    info = connection.info
    found = {"host": info.host, "port": str(info.port), "hostaddr": info.hostaddr}
    if info.host.startswith(("/", "@")):
        del found["hostaddr"]
    return {name: value for name, value in found.items() if value}


@contextmanager
def reporting_arrow(where: str) -> Iterator[None]:
    """Turn errors of the ADBC driver into `DatabaseError`, without values of rows."""
    from adbc_driver_postgresql import dbapi

    try:
        yield
    except dbapi.Error as error:
        raise database_error(error.sqlstate, str(error), where) from None
    except OSError as error:
        # What goes wrong in the middle of the rows has no SQLSTATE.
        raise stream_error(str(error), where) from None


def copy_settings(connection: "ArrowConnection", owner: PostgresConnection) -> None:
    """Give a connection the settings of another one's session."""
    names = [*session_settings(owner.info.server_version), "lock_timeout", "statement_timeout"]
    values = ", ".join(f"pg_catalog.current_setting({quote_text(name)})" for name in names)
    found = owner.execute(f"SELECT {values}").fetchall()[0]
    calls = ", ".join(
        f"pg_catalog.set_config({quote_text(name)}, {quote_text(value)}, false)"
        for name, value in zip(names, found, strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}")


@contextmanager
def importing(connection: "ArrowConnection", snapshot: str) -> Iterator[None]:
    """Run statements in a transaction that sees what the one that exported a snapshot sees."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(f"SET TRANSACTION SNAPSHOT {quote_text(snapshot)}")
        yield
        # Gives back the locks: the server has room for those of a few thousand tables.
        cursor.execute("COMMIT")
