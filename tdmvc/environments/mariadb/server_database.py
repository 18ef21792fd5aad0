"""A database on a server that others may use, too, and how it gets back to the seeded state."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.databases.mysql.names import quoted, text_literal
from tdmvc.environments.failures import changed_template_database
from tdmvc.environments.mariadb.schema_copies import create_schema, fill_schema
from tdmvc.environments.mariadb.server_templates import stamp_template
from tdmvc.environments.mariadb.sessions import Sessions
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, ResetReport
from tdmvc.model.location import ServerLocation

_COUNTERS = (
    "Handler_(write|update|delete)",
    # What empties or changes tables as a whole, of whatever engine.
    "Com_(alter|create|drop|rename|truncate|delete|load|xa|import|optimize|repair|flush).*",
)


@dataclass(frozen=True, slots=True)
class ServerTemplate:
    """A template on a server, with the connection that all its copies share."""

    connection: MysqlConnection
    name: str
    stamp: str
    """What `stamp_template` returned when the template was complete."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    """Held by the thread that uses the connection: the endpoint answers several requests at once."""

    @contextmanager
    def unchanged(self, where: str) -> Iterator[None]:
        """Make sure that what the block copies is what was seeded.

        Args:
            where: the copy, for messages.

        Raises:
            DatabaseError: somebody has changed the template; it must not be used any more.
        """
        try:
            yield
        except DatabaseError as error:
            if stamp_template(self.connection, self.name) != self.stamp:
                raise changed_template_database(where, self.name) from error
            raise
        if stamp_template(self.connection, self.name) != self.stamp:
            raise changed_template_database(where, self.name)


class ServerDatabase:
    """A copy of a template, which a reset makes again unless nobody wrote on the whole server."""

    def __init__(self, template: ServerTemplate, location: ServerLocation) -> None:
        """Make the copy.

        Raises:
            DatabaseError: the server refuses, or somebody has changed the template.
        """
        self._template = template
        self._connection = template.connection
        self._sessions = Sessions(self._connection, location.database)
        self._location = location
        self._make()

    @property
    def location(self) -> ServerLocation:
        return self._location

    def reset(self) -> ResetReport:
        started = time.perf_counter()
        with self._template.lock:
            if self._read_counters() == self._counters:
                return ResetReport(ResetMethod.NOTHING, time.perf_counter() - started)
            ended = self._end_sessions()
            self._make()
        why = "somebody wrote, in this database or in another one of the server"
        return ResetReport(ResetMethod.COPY, time.perf_counter() - started, ended, why)

    def is_used(self) -> bool:
        with self._template.lock:
            return bool(self._sessions.others())

    def drop(self) -> None:
        with self._template.lock:
            self._end_sessions()
            self._connection.execute(f"DROP DATABASE IF EXISTS {quoted(self._location.database)}")

    def _make(self) -> None:
        name, template = self._location.database, self._template
        self._connection.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")
        with template.unchanged(str(self._location)):
            create_schema(self._connection, name, like=template.name)
            fill_schema(self._connection, template.name, name)
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
