"""A database that several threads may reset: the endpoint answers requests at once, and tests reset it themselves."""

import threading

from tdmvc.environments.base import EphemeralDatabase
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import ResetReport
from tdmvc.model.location import Location


class SerialDatabase:
    """A database on which one thread at a time works."""

    def __init__(self, database: EphemeralDatabase) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._is_dropped = False

    @property
    def location(self) -> Location:
        return self._database.location

    def reset(self) -> ResetReport:
        """Bring it back to the seeded state.

        Raises:
            DatabaseError: it cannot be reset, or another thread has removed it.
        """
        with self._lock:
            if self._is_dropped:
                # Some engines would make it again, and nobody would remove it.
                raise DatabaseError("The database has been removed.", remedy="ask for another one.")
            return self._database.reset()

    def is_used(self) -> bool:
        with self._lock:
            return not self._is_dropped and self._database.is_used()

    def drop(self) -> None:
        with self._lock:
            self._is_dropped = True
            self._database.drop()
