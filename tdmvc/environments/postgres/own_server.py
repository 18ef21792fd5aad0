"""Watches what is written to a database of a server that nobody else uses."""

from dataclasses import dataclass

from tdmvc.databases.postgres.connection import PostgresConnection, plain_connection, reporting
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.environments.postgres.marks import TransactionMark, has_written, read_transaction_mark
from tdmvc.environments.postgres.sequences import SequenceReader, Sequences
from tdmvc.errors import DatabaseError
from tdmvc.model.location import ServerLocation


@dataclass(frozen=True, slots=True)
class _Mark:
    """The moment at which the database was in the seeded state."""

    transactions: TransactionMark
    sequences: Sequences


class OwnServerWatch:
    """Knows whether a database is still in the seeded state."""

    def __init__(self, location: ServerLocation, administrator: Administrator) -> None:
        """Begin to watch; the database is in the seeded state.

        Raises:
            DatabaseError: the server refuses.
        """
        self._location = location
        self._administrator = administrator
        self.start()

    def start(self) -> None:
        """Begin to watch anew; the database is in the seeded state.

        Raises:
            DatabaseError: the server refuses.
        """
        self._connection: PostgresConnection = plain_connection(self._location)
        with reporting(str(self._location)):
            self._sequences = SequenceReader(self._connection)
            self._mark = _Mark(read_transaction_mark(self._administrator), self._sequences.read())

    @property
    def pid(self) -> int | None:
        """The process of the server that serves this watch."""
        return None if self._connection.closed else self._connection.info.backend_pid

    def close(self) -> None:
        """Stop to watch."""
        self._connection.close()

    def why_written(self) -> str:
        """Return how the database may differ from the seeded state; empty if it cannot."""
        try:
            if has_written(self._administrator, self._mark.transactions):
                return "the test wrote"
            with reporting(str(self._location)):
                sequences = self._sequences.read()
        except DatabaseError:
            return "the session that watches was ended"
        return "" if sequences == self._mark.sequences else "sequences were used"
