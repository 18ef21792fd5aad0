"""The connection with which databases of a server are made, renamed and dropped, and their sessions ended."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

from tdmvc.databases.postgres.connection import (
    PostgresConnection,
    Statement,
    lasting_connection,
    plain_connection,
    reporting,
    run_together,
)
from tdmvc.databases.postgres.errors import NOT_READY
from tdmvc.environments.postgres.counter import OwnTransactions
from tdmvc.environments.postgres.database_settings import copied_settings
from tdmvc.environments.postgres.failures import busy_database
from tdmvc.errors import DatabaseError
from tdmvc.model.location import ServerLocation
from tdmvc.sql.quoting import quote_name, quote_text

_STRATEGY_SINCE = 150000
_CLONE_SINCE = 180000
_SWAP_SECONDS = 20.0
_RECOVERY_SECONDS = 20.0
_POLL_SECONDS = 0.001
_CLOSING_SECONDS = 0.002
_OTHER_SESSIONS = """
    SELECT pid, coalesce(nullif(application_name, ''), usename, 'a session')
    FROM pg_catalog.pg_stat_activity WHERE datname = %s AND pid <> pg_catalog.pg_backend_pid()
"""
LOCKS_TABLE = """
    EXISTS (
        SELECT 1 FROM pg_catalog.pg_locks AS lock
        WHERE lock.pid = activity.pid AND lock.locktype = 'relation'
            AND lock.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    )
"""
"""Whether the session `activity` keeps others from writing to a table, which it can without writing anything."""
_IN_TRANSACTION = f"""
    SELECT pid, coalesce(nullif(application_name, ''), usename, 'a session'),
        backend_xid IS NOT NULL OR {LOCKS_TABLE}
    FROM pg_catalog.pg_stat_activity AS activity
    WHERE datname = %s AND pid <> pg_catalog.pg_backend_pid() AND pid <> %s
        AND (state IS DISTINCT FROM 'idle' OR backend_xid IS NOT NULL)
"""
_PREPARED = "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = %s"


def open_transactions(database: str, spared: int) -> list[Statement]:
    """Return the statements that read who is in a transaction of a database.

    The rows of the first are sessions: number of the process, name, and whether the transaction has written or locked
    a table; those of the second, prepared transactions.

    Args:
        spared: the process of a session that does not count.
    """
    return [(_IN_TRANSACTION, [database, spared]), (_PREPARED, [database])]


class Administrator:
    """Makes, renames and drops databases. One thread at a time may use it."""

    def __init__(self, location: ServerLocation, own: OwnTransactions) -> None:
        """Connect to a database of the server that is neither copied nor reset.

        Raises:
            DatabaseError: the server cannot be reached or refuses.
        """
        self.location = location
        self.own = own
        self.connection: PostgresConnection = lasting_connection(location)
        self.lock = threading.RLock()
        self._is_cloning = self.version >= _CLONE_SINCE

    @property
    def version(self) -> int:
        """Of the server: `180006`."""
        return self.connection.info.server_version

    @property
    def host(self) -> str:
        """The server that was found, whatever named it."""
        return self.connection.info.host

    def close(self) -> None:
        self.connection.close()

    def location_of(self, database: str) -> ServerLocation:
        return replace(self.location, database=database)

    def rows(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """Return the rows of a query.

        Raises:
            DatabaseError: the server refuses, or is gone.
        """
        return self.rows_of((query, parameters))[0]

    def rows_of(self, *statements: Statement) -> list[list[Any]]:
        """Return the rows of each of several statements, in one round trip.

        Raises:
            DatabaseError: the server refuses, or is gone.
        """
        with self.lock:
            try:
                with reporting(str(self.location)):
                    return run_together(self._live(), statements)
            except DatabaseError:
                if not self.connection.closed:
                    raise
            # Somebody ended the session while it had nothing to do.
            with reporting(str(self.location)):
                return run_together(self._live(), statements)

    def write(self, *statements: str) -> None:
        """Run statements that write, in one transaction if there are several.

        Raises:
            DatabaseError: the server refuses, or is gone.
        """
        with self.lock, reporting(str(self.location)), self.own.counted():
            connection = self._live()
            if len(statements) == 1:
                connection.execute(statements[0])
                return
            with connection.transaction():
                for statement in statements:
                    connection.execute(statement)

    def _live(self) -> PostgresConnection:
        """Return the connection; a new one if somebody ended the session."""
        end = time.monotonic() + _RECOVERY_SECONDS
        while self.connection.closed:
            try:
                self.connection = lasting_connection(self.location)
            except DatabaseError as error:
                # If the process of a session crashes, the server ends all sessions and begins anew.
                if error.what != NOT_READY or time.monotonic() > end:
                    raise
                time.sleep(_CLOSING_SECONDS)
        return self.connection

    def exists(self, database: str) -> bool:
        return bool(self.rows("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", [database]))

    def create_empty(self, database: str) -> None:
        """Make an empty database.

        Raises:
            DatabaseError: the server refuses.
        """
        self.write(f"CREATE DATABASE {quote_name(database)}")

    def copy(self, template: str, database: str) -> None:
        """Make a database as a copy of another, to which nobody is connected.

        Raises:
            DatabaseError: there is no room, or the server refuses.
        """
        statement = f"CREATE DATABASE {quote_name(database)} TEMPLATE {quote_name(template)}"
        if self.version >= _STRATEGY_SINCE:
            statement += " STRATEGY file_copy"
        try:
            self._copy(statement)
        except DatabaseError:
            if not self._is_cloning or self.exists(database):
                raise
            # Not every file system lets files share their blocks, or says that it does not.
            self._is_cloning = False
            self._copy(statement)
        for statement in copied_settings(self.rows, template, database):
            self.write(statement)

    def _copy(self, statement: str) -> None:
        if self.version >= _CLONE_SINCE:
            method = "clone" if self._is_cloning else "copy"
            self.rows("SELECT pg_catalog.set_config('file_copy_method', %s, false)", [method])
        self.write(statement)

    def drop(self, database: str) -> None:
        """Drop a database, and end the sessions that are connected to it.

        Raises:
            DatabaseError: the server refuses.
        """
        with self.sessions_ended(database):
            if self.exists(database):
                self.write(f"DROP DATABASE IF EXISTS {quote_name(database)} WITH (FORCE)")

    def swap(self, database: str, spare: str, old: str, unnamed: int | None = None) -> tuple[str, ...]:
        """Give a database another name, and its own name to a spare copy; return the sessions that were ended.

        Args:
            unnamed: the process of a session of tdmvc, which is not returned.

        Raises:
            DatabaseError: sessions connect again and again, or the server refuses.
        """
        taking = f"ALTER DATABASE {quote_name(spare)} RENAME TO {quote_name(database)}"
        if not self.exists(database):
            self.write(taking)
            return ()
        prepared = self._roll_back_prepared(database)
        # Programs that connect again at once would keep it from being renamed.
        self.write(f"ALTER DATABASE {quote_name(database)} WITH ALLOW_CONNECTIONS false")
        try:
            with self.sessions_ended(database, unnamed) as ended:
                self.write(f"ALTER DATABASE {quote_name(database)} RENAME TO {quote_name(old)}", taking)
        except BaseException:
            with suppress(DatabaseError):
                self.write(f"ALTER DATABASE {quote_name(database)} WITH ALLOW_CONNECTIONS true")
            raise
        return (*prepared, *ended)

    def others(self, database: str) -> list[tuple[int, str]]:
        """Return the sessions of a database, but not this one: number of the process, and name."""
        return self.rows(_OTHER_SESSIONS, [database])

    def end_transactions(self, database: str, spared: int, *, only_writing: bool) -> tuple[str, ...]:
        """End the sessions of a database that are in a transaction, and roll back prepared ones; return their names.

        Args:
            spared: the process of a session that is not ended.
            only_writing: whether those may stay that have neither written nor locked a table.

        Raises:
            DatabaseError: sessions cannot be ended.
        """
        # A session that its program has just closed needs a moment to end by itself.
        time.sleep(_CLOSING_SECONDS)
        ended: dict[str, None] = {}
        end = time.monotonic() + _SWAP_SECONDS
        while True:
            rows = self.rows(_IN_TRANSACTION, [database, spared])
            found = [(pid, name) for pid, name, writes in rows if writes or not only_writing]
            if not found:
                return (*ended, *self._roll_back_prepared(database))
            self._end(database, found, end)
            ended |= dict.fromkeys(_session(pid, name) for pid, name in found)

    def _end(self, database: str, sessions: list[tuple[int, str]], end: float) -> None:
        if time.monotonic() > end:
            raise busy_database(str(self.location_of(database)), [name for _, name in sessions])
        pids = [pid for pid, _ in sessions]
        self.rows(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.unnest(%s::int[]) AS pid", [pids]
        )
        time.sleep(_POLL_SECONDS)

    def _roll_back_prepared(self, database: str) -> tuple[str, ...]:
        found = [name for (name,) in self.rows(_PREPARED, [database])]
        if found:
            location = self.location_of(database)
            with closing(plain_connection(location)) as connection, reporting(str(location)):
                for name in found:
                    connection.execute(f"ROLLBACK PREPARED {quote_text(name)}")
        return tuple(f"prepared transaction {name}" for name in found)

    @contextmanager
    def sessions_ended(self, database: str, unnamed: int | None = None) -> Iterator[tuple[str, ...]]:
        """Yield the sessions that had to be ended so that nobody is connected to a database.

        Args:
            unnamed: the process of a session of tdmvc, which is not returned.

        Raises:
            DatabaseError: sessions cannot be ended, or connect again and again.
        """
        ended = dict.fromkeys(self._roll_back_prepared(database))
        end = time.monotonic() + _SWAP_SECONDS
        while found := self.others(database):
            self._end(database, found, end)
            ended |= dict.fromkeys(_session(pid, name) for pid, name in found if pid != unnamed)
        yield tuple(ended)


def _session(pid: int, name: str) -> str:
    return f"{name} (process {pid})"
