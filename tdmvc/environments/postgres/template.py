"""The database from which others are copied: nobody may be connected to it then."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tdmvc.databases.postgres.connection import (
    PostgresConnection,
    Statement,
    lasting_connection,
    run_together,
    session_settings,
)
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.model.location import ServerLocation

_LOCK_TIMEOUT = "2s"


class TemplateDatabase:
    """A database in the seeded state, which several threads copy or read."""

    def __init__(self, location: ServerLocation) -> None:
        self.location = location
        self._lock = threading.RLock()
        self._reader: PostgresConnection | None = None

    @property
    def name(self) -> str:
        return self.location.database

    def copy_to(self, administrator: Administrator, database: str) -> None:
        """Make a database that is equal to this one.

        Raises:
            DatabaseError: there is no room, or the server refuses.
        """
        with self._lock:
            self.close()
            with administrator.sessions_ended(self.name):
                administrator.copy(self.name, database)

    @contextmanager
    def reading(self) -> Iterator[PostgresConnection]:
        """Yield a connection to it; meanwhile nobody copies it.

        Raises:
            DatabaseError: the server cannot be reached.
        """
        with self._lock:
            if self._reader is None or self._reader.closed:
                self._reader = lasting_connection(self.location)
                # A session that has locked a table there is ended only when the database is copied.
                wait = [("SELECT pg_catalog.set_config('lock_timeout', %s, false)", [_LOCK_TIMEOUT])]
                run_together(self._reader, [*session_statements(self._reader), *wait])
            yield self._reader

    def close(self) -> None:
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None


def session_statements(connection: PostgresConnection) -> list[Statement]:
    """Return the statements after which a session reads and writes the texts of values without a loss."""
    settings = session_settings(connection.info.server_version)
    # What indexes and computed columns call is found as in the sessions of applications.
    del settings["search_path"]
    return [("SELECT pg_catalog.set_config(%s, %s, false)", item) for item in settings.items()]
