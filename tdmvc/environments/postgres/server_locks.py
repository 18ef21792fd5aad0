"""Locks on a server that everybody uses: who builds or uses a template, and which runs are alive.

The server releases the locks of a session that ends, however it ends.
"""

from tdmvc.databases.postgres.connection import PostgresConnection, lasting_connection, reporting
from tdmvc.model.location import ServerLocation

RUN = 0x74646D76
"""The class of the locks of runs; the number of the lock is that of the run."""
TEMPLATE = 0x74646D74
"""The class of the locks of templates."""


class ServerLocks:
    """The locks that this run holds, until it closes them."""

    def __init__(self, location: ServerLocation) -> None:
        """Open a session for the locks.

        Args:
            location: a database that every run uses for its locks, because a lock belongs to a database.

        Raises:
            DatabaseError: the server cannot be reached.
        """
        self._where = str(location)
        self._connection: PostgresConnection = lasting_connection(location)

    def close(self) -> None:
        """Release all locks."""
        self._connection.close()

    def take(self, kind: int, number: int) -> None:
        """Take a lock for this run alone; waits for others.

        Raises:
            DatabaseError: the server is gone.
        """
        self._call("pg_advisory_lock", kind, number)

    def share(self, kind: int, number: int) -> None:
        """Take a lock together with others; waits for whoever has it alone.

        Raises:
            DatabaseError: the server is gone.
        """
        self._call("pg_advisory_lock_shared", kind, number)

    def try_take(self, kind: int, number: int) -> bool:
        """Take a lock for this run alone if nobody else has it.

        Raises:
            DatabaseError: the server is gone.
        """
        return self._call("pg_try_advisory_lock", kind, number)

    def try_share(self, kind: int, number: int) -> bool:
        """Take a lock together with others if nobody has it alone.

        Raises:
            DatabaseError: the server is gone.
        """
        return self._call("pg_try_advisory_lock_shared", kind, number)

    def release(self, kind: int, number: int) -> None:
        """Release what `take` and `try_take` took.

        Raises:
            DatabaseError: the server is gone.
        """
        self._call("pg_advisory_unlock", kind, number)

    def unshare(self, kind: int, number: int) -> None:
        """Release what `share` and `try_share` took.

        Raises:
            DatabaseError: the server is gone.
        """
        self._call("pg_advisory_unlock_shared", kind, number)

    def _call(self, function: str, kind: int, number: int) -> bool:
        signed = number - (1 << 32) if number >= 1 << 31 else number
        with reporting(self._where):
            query = f"SELECT pg_catalog.{function}(%s::int, %s::int)"
            ((found,),) = self._connection.execute(query, [kind, signed]).fetchall()
        return bool(found)
