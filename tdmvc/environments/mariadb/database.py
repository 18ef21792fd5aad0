"""A database on an embedded server, and how it gets back to the seeded state."""

import time

from tdmvc.environments.failures import CannotRestoreError
from tdmvc.environments.mariadb.restartable_server import DATABASE, RestartableServer
from tdmvc.environments.mariadb.restoring import MariadbRestorer
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetMethod, ResetReport
from tdmvc.model.location import ServerLocation


class MariadbDatabase:
    """A database in the seeded state, which is reset by the cheapest method that is sound."""

    def __init__(self, server: RestartableServer) -> None:
        """Take a server that was just started with a copy of a template.

        Raises:
            DatabaseError: the server refuses.
        """
        self._server = server
        self._location = server.location
        self._restorer = MariadbRestorer(server.administrator, DATABASE)

    @property
    def location(self) -> ServerLocation:
        return self._location

    def reset(self) -> ResetReport:
        started = time.perf_counter()
        try:
            if not self._restorer.is_written():
                return ResetReport(ResetMethod.NOTHING, time.perf_counter() - started)
            ended = self._restorer.restore()
        except CannotRestoreError as reason:
            return self._restart(started, reason.why)
        except DatabaseError:
            return self._restart(started, "the server had ended, or the session that watches it")
        return ResetReport(ResetMethod.DELTA, time.perf_counter() - started, ended, "tables were written")

    def is_used(self) -> bool:
        try:
            return bool(self._restorer.sessions.others())
        except DatabaseError:
            return True

    def drop(self) -> None:
        self._server.close()

    def _restart(self, started: float, why: str) -> ResetReport:
        try:
            ended = tuple(self._restorer.sessions.others().values())
        except DatabaseError:
            ended = ()
        had_spare = self._server.restart()
        self._restorer = MariadbRestorer(self._server.administrator, DATABASE)
        method = ResetMethod.SWAP if had_spare else ResetMethod.COPY
        return ResetReport(method, time.perf_counter() - started, ended, why)
