"""Watches what is written to a database of a server that nobody else uses, and restores it there."""

from dataclasses import dataclass

from tdmvc.databases.postgres.connection import PostgresConnection, plain_connection, reporting
from tdmvc.environments.postgres.administrator import Administrator
from tdmvc.environments.postgres.copies import Copies
from tdmvc.environments.postgres.failures import CannotRestoreError
from tdmvc.environments.postgres.log_blocks import LogReader, open_log
from tdmvc.environments.postgres.marks import TransactionMark, has_written, read_transaction_mark
from tdmvc.environments.postgres.restoring import RowRestorer
from tdmvc.environments.postgres.sequences import SequenceReader, Sequences
from tdmvc.environments.postgres.shared_objects import SharedObjects, read_shared_objects
from tdmvc.environments.postgres.table_files import TableFiles, read_table_files
from tdmvc.errors import DatabaseError
from tdmvc.model.location import ServerLocation

_NEWEST_NUMBER = 2**31
"""Beyond, numbers of transactions cannot be compared simply."""
_NUMBER = """
    SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
"""


@dataclass(frozen=True, slots=True)
class ServerMark:
    """A moment of a server."""

    transactions: TransactionMark
    position: str
    """In the server's log."""


class OwnServerWatch:
    """Knows whether a database is still in the seeded state, and restores what was written.

    The numbers of objects and files are the same in all copies of a template, so that they are read once.
    """

    def __init__(self, location: ServerLocation, copies: Copies) -> None:
        """Begin to watch; the database is in the seeded state, and nobody uses it yet.

        Raises:
            DatabaseError: the server refuses.
        """
        self._location = location
        self._copies = copies
        self._administrator: Administrator = copies.administrator
        self._log: LogReader | None = open_log(self._administrator)
        self._connection: PostgresConnection
        self.start(self.read_mark())
        with reporting(str(location)):
            self._sequences = SequenceReader(self._connection)
            self._seeded: Sequences = self._sequences.read(self._connection)
            self._files: TableFiles = read_table_files(self._connection)
        self._shared: SharedObjects = self._read_shared()
        self._settings = copies.read_settings()

    def start(self, mark: ServerMark) -> None:
        """Watch the copy of the template that has the name now.

        Args:
            mark: a moment since which nobody but its users can have written to it.

        Raises:
            DatabaseError: the server refuses.
        """
        self._connection = plain_connection(self._location)
        with reporting(str(self._location)):
            ((self._number,),) = self._connection.execute(_NUMBER).fetchall()
            self._restorer = RowRestorer(self._connection, self._copies.template)
        self._mark = mark

    def read_mark(self) -> ServerMark:
        """Return the current moment; whoever writes later has a higher number, and is behind the position.

        Raises:
            DatabaseError: the server is gone.
        """
        position = self._log.position() if self._log is not None else ""
        return ServerMark(read_transaction_mark(self._administrator), position)

    @property
    def pid(self) -> int | None:
        """The process of the server that serves this watch."""
        return None if self._connection.closed else self._connection.info.backend_pid

    def close(self) -> None:
        """Stop to watch."""
        self._connection.close()

    def why_written(self) -> str:
        """Return how the database may differ from the seeded state; empty if it cannot."""
        if self._copies.read_settings() != self._settings:
            return "settings of the server were changed"
        try:
            if has_written(self._administrator, self._mark.transactions):
                return "something was written"
            sequences = self._read_sequences()
        except DatabaseError:
            return "the session that watches was ended"
        return "" if sequences == self._seeded else "sequences were used"

    def end_transactions(self) -> tuple[str, ...]:
        """End the sessions that are in a transaction, and return their names.

        Raises:
            DatabaseError: they cannot be ended.
        """
        name = self._location.database
        ended = self._administrator.end_transactions(name, self.pid or 0)
        return ended + self._administrator.roll_back_prepared(name)

    def restore_settings(self) -> None:
        """Restore the settings of the server that are changed by ALTER SYSTEM.

        Raises:
            DatabaseError: the server is gone.
        """
        if self._copies.read_settings() != self._settings:
            self._copies.write_settings(self._settings)
            self._administrator.rows("SELECT pg_catalog.pg_reload_conf()")

    def restore(self) -> None:
        """Restore the rows and sequences that were written; nobody is in a transaction.

        Raises:
            CannotRestoreError: that is not enough to be in the seeded state again, or not possible.
        """
        if self._log is None:
            raise CannotRestoreError("the server cannot read its own log")
        if self._files.why_unknown:
            raise CannotRestoreError(self._files.why_unknown)
        if self._connection.closed:
            raise CannotRestoreError("the session that watches was ended")
        try:
            self._restore(self._log)
        except DatabaseError as error:
            raise CannotRestoreError(f"restoring the rows failed: {error.what.rstrip('.')}") from error

    def shared_changes(self) -> tuple[str, ...]:
        """Return what was changed on the server since the last call, and no reset brings back.

        Raises:
            DatabaseError: the server is gone.
        """
        seen = self._read_shared()
        changed = self._shared.kinds_changed(seen)
        self._shared = SharedObjects(seen.server, self._shared.database)
        return changed

    def _restore(self, log: LogReader) -> None:
        administrator = self._administrator
        if self._read_shared().database != self._shared.database:
            raise CannotRestoreError("settings of the database were changed")
        before = read_transaction_mark(administrator)
        if before.next_number >= _NEWEST_NUMBER:
            raise CannotRestoreError("the server has made many transactions")
        written = log.written_since(self._mark.position, self._number, self._files)
        used = self._used_sequences()
        own: int | None = None
        if written.tables or used:
            with reporting(str(self._location)), administrator.own.counted(), self._connection.transaction():
                ((own,),) = self._connection.execute(
                    "SELECT pg_catalog.pg_current_xact_id()::text::bigint"
                ).fetchall()
                self._restorer.restore(written.tables, self._mark.transactions.next_number)
                for number in used:
                    value, is_called = self._seeded[number]
                    self._connection.execute(
                        "SELECT pg_catalog.setval(%s::bigint::regclass, %s, %s)", [number, value, is_called]
                    )
        after = self.read_mark()
        if has_written(administrator, before) and log.has_others(written.end, self._number, self._files, own):
            raise CannotRestoreError("sessions wrote while it was reset")
        self._mark = after

    def _used_sequences(self) -> list[int]:
        """Return the sequences that are not in the seeded state.

        Raises:
            CannotRestoreError: sessions may have numbers of them in store.
        """
        found = self._read_sequences()
        if found.keys() != self._seeded.keys():
            raise CannotRestoreError("the schema was changed")
        used = [number for number, state in found.items() if state != self._seeded[number]]
        if any(number in self._sequences.cached for number in used):
            raise CannotRestoreError("sessions keep numbers of sequences")
        return used

    def _read_sequences(self) -> Sequences:
        with reporting(str(self._location)):
            return self._sequences.read(self._connection)

    def _read_shared(self) -> SharedObjects:
        return read_shared_objects(self._administrator, self._location.database, self._copies.prefix)
