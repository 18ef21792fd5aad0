"""Opens a PostgreSQL database for writing."""

from collections.abc import Iterator
from contextlib import contextmanager

from tdmvc.databases.base import ReadOptions
from tdmvc.databases.postgres.address import read_address
from tdmvc.databases.postgres.catalog.relations import find_schemas
from tdmvc.databases.postgres.connection import PostgresConnection, Session, connected, reporting
from tdmvc.databases.postgres.lock_holders import naming_any_holders
from tdmvc.databases.postgres.writing.target import PostgresTarget
from tdmvc.errors import DatabaseError
from tdmvc.model.location import Location


@contextmanager
def open_target(location: Location, options: ReadOptions) -> Iterator[PostgresTarget]:
    """Open a database for writing; see `DatabaseEngine.open_target`."""
    session = Session(is_read_only=False, timeout_seconds=options.timeout_seconds, is_one_moment=False)
    wanted = options.schemas or read_address(location).schemas
    where = str(location)
    with connected(location, session) as connection:
        with reporting(where):
            _check_writable(connection, where)
            target = PostgresTarget(connection, where, find_schemas(connection, wanted))
        try:
            with naming_any_holders(connection, where):
                yield target
        finally:
            target.roll_back()


def _check_writable(connection: PostgresConnection, where: str) -> None:
    """Make sure that the database can be written.

    Raises:
        DatabaseError: it is a standby, or the user or the database is read-only.
    """
    ((is_standby, is_read_only),) = connection.execute(
        "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::bool"
    ).fetchall()
    if is_standby:
        raise DatabaseError(
            "The server is a standby, which copies another one and cannot be written.",
            where=where,
            remedy="connect to the primary server, or add `?target_session_attrs=read-write` to a URL with both hosts.",
        )
    if is_read_only:
        raise DatabaseError(
            "The database is read-only for this user: default_transaction_read_only is on.",
            where=where,
            remedy="if rows may be loaded into it, turn the setting off for the user (ALTER ROLE … RESET "
            "default_transaction_read_only) or the database, or connect as another user.",
        )
