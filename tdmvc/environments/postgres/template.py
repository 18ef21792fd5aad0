"""The database from which others are copied: nobody else can connect to it, so that nobody can write to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tdmvc.databases.postgres.connection import (
    PostgresConnection,
    Statement,
    lasting_connection,
    run_together,
    session_settings,
)
from tdmvc.environments.failures import changed_template_database
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.model.location import ServerLocation
from tdmvc.sql.quoting import quote_name

_STATE = """
    SELECT base.oid::text, base.xmin::text, base.datallowconn, (
        SELECT pg_catalog.string_agg(one::text, ',' ORDER BY one::text)
        FROM pg_catalog.pg_db_role_setting AS one WHERE one.setdatabase = base.oid
    )
    FROM pg_catalog.pg_database AS base WHERE base.datname = %s
"""


@dataclass(frozen=True, slots=True)
class _State:
    """What the server's catalog says about a template. Whoever wants to write to it has to change that first."""

    number: str
    version: str
    """The transaction that wrote the catalog's row, which is another one after each ALTER DATABASE."""
    allows_connections: bool
    settings: str | None


class TemplateDatabase:
    """A database in the seeded state, which several threads copy or read."""

    def __init__(self, location: ServerLocation, administrator: Administrator) -> None:
        """Let nobody connect to the template any more.

        Args:
            administrator: of the server.

        Raises:
            DatabaseError: the server refuses, or there is no such database.
        """
        self.location = location
        self._administrator = administrator
        self._lock = threading.RLock()
        self._reader: PostgresConnection | None = None
        self.state_statement: Statement = (_STATE, [self.name])
        """Reads what `check` compares."""
        self._state = self._read_state()
        if self._state is not None and self._state.allows_connections:
            self._allow_connections(allowed=False)
            self._state = self._read_state()

    @property
    def name(self) -> str:
        return self.location.database

    def check(self, rows: list[Any]) -> None:
        """Compare the rows of `state_statement` with what they were when nobody had changed the template.

        Raises:
            DatabaseError: somebody may have changed it; it must not be used any more.
        """
        if self._state is not None and _parse(rows) == self._state:
            return
        with self._lock:
            # Another thread may have opened it for a moment when the rows were read.
            if self._state is None or self._read_state() != self._state:
                self._state = None
                raise changed_template_database(str(self.location), self.name)

    def copy_to(self, administrator: Administrator, database: str) -> None:
        """Make a database that is equal to this one.

        Raises:
            DatabaseError: there is no room, the server refuses, or somebody may have changed the template.
        """
        with self._lock:
            self.close()
            self.check(administrator.rows_of(self.state_statement)[0])
            with administrator.sessions_ended(self.name):
                administrator.copy(self.name, database)
            self.check(administrator.rows_of(self.state_statement)[0])

    @contextmanager
    def reading(self) -> Iterator[PostgresConnection]:
        """Yield a connection to it; meanwhile nobody copies it.

        Raises:
            DatabaseError: the server cannot be reached, or somebody may have changed the template.
        """
        with self._lock:
            if self._reader is None or self._reader.closed:
                self._reader = self._connect()
                run_together(self._reader, session_statements(self._reader))
            yield self._reader

    def close(self) -> None:
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def _connect(self) -> PostgresConnection:
        """Return a connection, for which the template is opened for a moment.

        Raises:
            DatabaseError: the server refuses, or somebody may have changed the template.
        """
        with self._administrator.lock:
            self.check(self._administrator.rows_of(self.state_statement)[0])
            before = self._state
            self._allow_connections(allowed=True)
            try:
                connection = lasting_connection(self.location)
            finally:
                self._allow_connections(allowed=False)
            self._state = self._read_state()
            own = connection.info.backend_pid
            is_same = (
                before is not None
                and self._state is not None
                and (before.number, before.settings) == (self._state.number, self._state.settings)
            )
            if not is_same or any(pid != own for pid, _ in self._administrator.others(self.name)):
                connection.close()
                self._state = None
                raise changed_template_database(str(self.location), self.name)
        return connection

    def _allow_connections(self, *, allowed: bool) -> None:
        value = "true" if allowed else "false"
        self._administrator.write(f"ALTER DATABASE {quote_name(self.name)} WITH ALLOW_CONNECTIONS {value}")

    def _read_state(self) -> _State | None:
        return _parse(self._administrator.rows_of(self.state_statement)[0])


def _parse(rows: list[Any]) -> _State | None:
    return _State(*rows[0]) if rows else None


def session_statements(connection: PostgresConnection) -> list[Statement]:
    """Return the statements after which a session reads and writes the texts of values without a loss."""
    settings = session_settings(connection.info.server_version)
    # What indexes and computed columns call is found as in the sessions of applications.
    del settings["search_path"]
    return [("SELECT pg_catalog.set_config(%s, %s, false)", item) for item in settings.items()]
