"""Watches what is written to a database of a server that nobody else uses, and restores it there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tdmvc.databases.postgres.connection import (
    PostgresConnection,
    Statement,
    lasting_connection,
    reporting,
    run_together,
)
from tdmvc.environments.failures import CannotRestoreError
from tdmvc.environments.postgres.administrator import Administrator, open_transactions
from tdmvc.environments.postgres.copies import Copies
from tdmvc.environments.postgres.log_blocks import (
    CATALOG_CHANGED,
    POSITION,
    LogReader,
    LogScope,
    WrittenBlocks,
    open_log,
)
from tdmvc.environments.postgres.logins import read_login
from tdmvc.environments.postgres.marks import SNAPSHOT, TransactionMark, has_written, read_mark
from tdmvc.environments.postgres.restoring import RowRestorer
from tdmvc.environments.postgres.sequences import SequenceReader, Sequences, parse_sequences
from tdmvc.environments.postgres.shared_objects import SharedObjects, read_shared_objects, shared_statements
from tdmvc.environments.postgres.table_files import TableFile, TableFiles, read_table_files
from tdmvc.errors import DatabaseError
from tdmvc.model.location import ServerLocation

_NEWEST_NUMBER = 2**31
"""Beyond, numbers of transactions cannot be compared simply."""
_MOST_SURVEYS = 20
"""After how many turns a reset gives up waiting for a moment in which nobody writes."""
_MOST_WRITTEN_BLOCKS = 500
"""After how many written blocks (of 8 kB) a table is vacuumed."""
_WROTE_MEANWHILE = "sessions wrote while it was reset"
_NUMBER = """
    SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
"""


@dataclass(frozen=True, slots=True)
class ServerMark:
    """A moment of a server."""

    transactions: TransactionMark
    position: str
    """In the server's log."""


@dataclass(slots=True)
class Survey:
    """What was written to a database, and by whom, when nobody was in a transaction."""

    ended: tuple[str, ...] = ()
    """Sessions that had to be ended."""
    remains: tuple[str, ...] = ()
    """What was changed on the server since the last survey, and no reset brings back."""
    moment: TransactionMark | None = None
    blocks: WrittenBlocks | None = None
    has_settings: bool = False
    """Whether settings of the server were changed, and are restored now."""
    why_not: str = ""
    """Why that cannot be restored in the database; empty if it perhaps can."""


class WriteWatch:
    """Tells whether a database is still in the seeded state, and restores what was changed.

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
            self._seeded: Sequences = self._read_sequences()
            self._files: TableFiles = read_table_files(self._connection)
        self._shared: SharedObjects = read_shared_objects(
            self._administrator.rows_of(*self._shared_statements())
        )
        self._settings = copies.read_settings()
        self._login = read_login(self._administrator)

    def start(self, mark: ServerMark) -> None:
        """Watch the copy of the template that has the name now.

        Args:
            mark: a moment since which nobody but its users can have written to it.

        Raises:
            DatabaseError: the server refuses.
        """
        self._connection = lasting_connection(self._location)
        self.pid = self._connection.info.backend_pid
        """The process of the server that serves this watch, or did."""
        with reporting(str(self._location)):
            ((self._number,),) = self._connection.execute(_NUMBER).fetchall()
            self._restorer = RowRestorer(self._connection, self._copies.template)
        self._written: Counter[TableFile] = Counter()
        self._mark = mark

    def read_mark(self) -> ServerMark:
        """Return the current moment; whoever writes later has a higher number, and is behind the position.

        Raises:
            DatabaseError: the server is gone.
        """
        ((position,),), moment = self._administrator.rows_of(POSITION, SNAPSHOT)
        return ServerMark(read_mark(self._administrator, moment), position)

    def close(self) -> None:
        """Stop to watch."""
        self._connection.close()

    def why_written(self) -> str:
        """Return how the database may differ from the seeded state; empty if it cannot."""
        if self._copies.read_settings() != self._settings:
            return "settings of the server were changed"
        try:
            if has_written(self._administrator, self._mark.transactions, self._location.database):
                return "something was written"
            with reporting(str(self._location)):
                sequences = self._read_sequences()
        except DatabaseError:
            return "the session that watches was ended"
        return "" if sequences == self._seeded else "sequences were used"

    def survey(self) -> Survey:
        """Find what was written. Sessions that are writing are ended; the others in a transaction only if rows have
        to be restored.

        Raises:
            DatabaseError: they cannot be ended, or the server is gone.
        """
        found = Survey()
        if self._copies.read_settings() != self._settings:
            self._copies.write_settings(self._settings)
            self._administrator.rows("SELECT pg_catalog.pg_reload_conf()")
            found.has_settings = True
        name = self._location.database
        for _ in range(_MOST_SURVEYS):
            sessions, prepared, *rows = self._administrator.rows_of(
                *open_transactions(name, self.pid), *self._survey_statements()
            )
            is_writing = bool(prepared) or any(writes for _, _, writes in sessions)
            if not is_writing:
                self._note(found, rows)
                if not sessions or found.blocks is None or not found.blocks.tables:
                    return found
            found.ended += self._administrator.end_transactions(name, self.pid, only_writing=is_writing)
        found.why_not = "sessions keep writing"
        return found

    def _survey_statements(self) -> list[Statement]:
        """Return the statements whose rows `_note` takes."""
        scope = LogScope(self._number, self._copies.prefix, self._own_databases)
        log = self._log.statements(self._mark.position, scope, self._files) if self._log else []
        return [*self._shared_statements(), self._copies.template.state_statement, SNAPSHOT, *log]

    def _note(self, found: Survey, rows: Sequence[list[Any]]) -> None:
        seen = read_shared_objects(rows[:2])
        remains = self._shared.changes(seen)
        if self._login.is_named_in(remains):
            # Without this, neither tdmvc nor the tests could connect any more.
            self._login.restore(self._administrator)
            seen = read_shared_objects(self._administrator.rows_of(*self._shared_statements()))
            remains = self._shared.changes(seen)
        if self._log is not None:
            written = sorted(self._log.others_written(rows[4:]))
            remains += tuple(f"the content of the database {name} was changed" for name in written)
        found.remains += tuple(one for one in remains if one not in found.remains)
        is_changed = seen.database != self._shared.database
        self._shared = SharedObjects(seen.server, self._shared.database)
        self._copies.template.check(rows[2])
        found.moment = read_mark(self._administrator, rows[3])
        found.blocks = None
        if self._log is None:
            found.why_not = "the server cannot read its own log"
        elif self._files.why_unknown:
            found.why_not = self._files.why_unknown
        elif is_changed:
            found.why_not = "settings of the database were changed"
        elif found.moment.next_number >= _NEWEST_NUMBER:
            found.why_not = "the server has made many transactions"
        else:
            try:
                found.blocks = self._log.read(rows[4:], self._files)
            except CannotRestoreError as reason:
                found.why_not = reason.why

    def _shared_statements(self) -> list[Statement]:
        version, name = self._administrator.version, self._location.database
        return shared_statements(version, name, self._copies.prefix, self._own_databases)

    @property
    def _own_databases(self) -> set[str]:
        return {*self._copies.made, self._copies.template.name}

    def restore(self, survey: Survey) -> bool:
        """Restore the rows and sequences that were written, and return whether there were any.

        Raises:
            CannotRestoreError: that is not enough to be in the seeded state again, or not possible.
        """
        if survey.why_not or survey.blocks is None or survey.moment is None or self._log is None:
            raise CannotRestoreError(survey.why_not)
        try:
            own = self._restore(survey.blocks)
            mark = self.read_mark()
            if has_written(self._administrator, survey.moment) and self._log.has_others(
                survey.blocks.end, self._number, self._files, own
            ):
                raise CannotRestoreError(_WROTE_MEANWHILE)
            self._mark = self._vacuum(survey.blocks, mark)
        except DatabaseError as error:
            raise CannotRestoreError(f"restoring the rows failed: {error.what.rstrip('.')}") from error
        return own is not None

    def _vacuum(self, blocks: WrittenBlocks, mark: ServerMark) -> ServerMark:
        """Make room in tables that were written often, and return the moment after that, or the given one.

        Each reset leaves old versions of rows, and the server's own clean-up would write between two resets.

        Raises:
            CannotRestoreError: somebody wrote meanwhile.
        """
        for table, written in blocks.tables.items():
            self._written[table] += len(written)
        often = [table for table, count in self._written.items() if count >= _MOST_WRITTEN_BLOCKS]
        if not often:
            return mark
        with reporting(str(self._location)):
            for table in often:
                del self._written[table]
                self._connection.execute(f"VACUUM (SKIP_LOCKED, TRUNCATE false) {table.name}")
        after = self.read_mark()
        if has_written(self._administrator, mark.transactions):
            raise CannotRestoreError(_WROTE_MEANWHILE)
        return after

    def _restore(self, blocks: WrittenBlocks) -> int | None:
        """Restore what was written, and return the number of the transaction that did it; None if nothing was."""
        first_new = self._mark.transactions.next_number
        with reporting(str(self._location)):
            changes, (states,) = self._restorer.compare(blocks.tables, first_new, [self._sequences.statement])
            used = self._used_sequences(parse_sequences(states))
            if not changes and not used:
                return None
            with self._administrator.own.counted():
                return self._restorer.apply(changes, used)

    def _used_sequences(self, found: Sequences) -> Sequences:
        """Return the seeded states of the sequences that are not in it.

        Raises:
            CannotRestoreError: sessions may have numbers of them in store.
        """
        if found.keys() != self._seeded.keys():
            raise CannotRestoreError(CATALOG_CHANGED)
        used = {
            number: self._seeded[number] for number, state in found.items() if state != self._seeded[number]
        }
        if self._sequences.cached & used.keys():
            raise CannotRestoreError("sessions keep numbers of sequences")
        return used

    def _read_sequences(self) -> Sequences:
        (rows,) = run_together(self._connection, [self._sequences.statement])
        return parse_sequences(rows)
