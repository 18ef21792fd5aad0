"""A database on a server that others may use, too, and how it gets back to the seeded state."""

import time

from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.databases.mysql.names import quoted, text_literal
from tdmvc.environments.mariadb.schema_copies import create_schema, fill_schema
from tdmvc.environments.mariadb.sessions import Sessions
from tdmvc.model.environment import ResetMethod, ResetReport
from tdmvc.model.location import ServerLocation

_COUNTERS = (
    "Handler_(write|update|delete)",
    # What empties or changes tables as a whole, of whatever engine.
    "Com_(alter|create|drop|rename|truncate|delete|load|xa|import|optimize|repair|flush).*",
)


class ServerDatabase:
    """A copy of a template, which a reset makes again unless nobody wrote on the whole server."""

    def __init__(self, connection: MysqlConnection, location: ServerLocation, template: str) -> None:
        """Make the copy.

        Raises:
            DatabaseError: the server refuses.
        """
        self._connection = connection
        self._sessions = Sessions(connection, location.database)
        self._location = location
        self._template = template
        self._make()

    @property
    def location(self) -> ServerLocation:
        return self._location

    def reset(self) -> ResetReport:
        started = time.perf_counter()
        if self._read_counters() == self._counters:
            return ResetReport(ResetMethod.NOTHING, time.perf_counter() - started)
        ended = self._end_sessions()
        self._make()
        why = "somebody wrote, in this database or in another one of the server"
        return ResetReport(ResetMethod.COPY, time.perf_counter() - started, ended, why)

    def is_used(self) -> bool:
        return bool(self._sessions.others())

    def drop(self) -> None:
        self._end_sessions()
        self._connection.execute(f"DROP DATABASE IF EXISTS {quoted(self._location.database)}")

    def _make(self) -> None:
        name = self._location.database
        self._connection.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")
        create_schema(self._connection, name, like=self._template)
        fill_schema(self._connection, self._template, name)
        self._counters = self._read_counters()

    def _read_counters(self) -> dict[str, str]:
        """Return how much was written on the server since its start; what is undone counts, too."""
        names = "|".join(_COUNTERS)
        rows = self._connection.query(
            f"SHOW GLOBAL STATUS WHERE Variable_name REGEXP {text_literal(f'^({names})$')}"
        )
        return {text_of(name): text_of(value) for name, value in rows}

    def _end_sessions(self) -> tuple[str, ...]:
        """End the sessions in this database, and return them, as people recognise them.

        One that does not end, or may not be ended, is found by the lock that it holds.
        """
        sessions = self._sessions.others()
        self._sessions.end(sessions)
        return tuple(sessions.values())
