"""Tracks which tables of a database on an embedded server were written, and restores them."""

from collections.abc import Collection
from dataclasses import dataclass

from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import quoted
from tdmvc.environments.failures import CannotRestoreError
from tdmvc.environments.mariadb.binary_log import (
    LogPosition,
    read_position,
    read_written_rows,
    read_written_tables,
)
from tdmvc.environments.mariadb.seeded_tables import SEEDED, restore_rows, skip_checks
from tdmvc.environments.mariadb.sessions import Sessions
from tdmvc.environments.mariadb.tables import (
    MariadbTable,
    read_cascades,
    read_counters,
    read_tables,
    with_cascades,
    write_sequence,
)
from tdmvc.errors import DatabaseError

_WAIT_SECONDS = 1
"""How long a table may be locked by others before the server is restarted."""
_ROUNDS = 3
_MOST_BYTES = 16 * 1024**2
"""How large the tables may be together that are restored by a copy."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A moment at which the database was in the seeded state."""

    position: LogPosition
    rows: tuple[str, ...]


class MariadbRestorer:
    """The seeded state of a database; begins when the server has just been started with a copy of a template.

    A commit is in the binary log, of whatever engine, as the rows of tables or as a statement; applications may
    not switch the log off. Rows that were written and undone again are counted.
    """

    def __init__(self, administrator: MysqlConnection, schema: str) -> None:
        """Read what the seeded state is.

        Raises:
            DatabaseError: the server refuses.
        """
        self._administrator = administrator
        self._schema = schema
        self._tables = read_tables(administrator, schema)
        self._seeded = read_tables(administrator, SEEDED)
        self._cascades = read_cascades(administrator, schema)
        self._counters = read_counters(administrator, schema)
        self._sequences = {
            table.name: administrator.query(f"SELECT * FROM {table.sql}")[0]
            for table in self._tables.values()
            if table.is_sequence
        }
        self.sessions = Sessions(administrator)
        administrator.execute(f"SET SESSION lock_wait_timeout = {_WAIT_SECONDS}")
        administrator.execute(f"SET SESSION innodb_lock_wait_timeout = {_WAIT_SECONDS}")
        skip_checks(administrator)
        administrator.execute(f"USE {quoted(schema)}")
        self._mark = self._read_mark()

    def is_written(self) -> bool:
        """Whether anybody wrote since the last time that the database was in the seeded state.

        Raises:
            DatabaseError: the server refuses.
        """
        return self._read_mark() != self._mark

    def restore(self) -> tuple[str, ...]:
        """Restore the tables that were written, and return the sessions that had to be ended.

        Raises:
            CannotRestoreError: it is not certain that the database is in the seeded state now.
        """
        try:
            return self._restore()
        except DatabaseError as error:
            raise CannotRestoreError(error.what.rstrip(".")) from error

    def _restore(self) -> tuple[str, ...]:
        ended: tuple[str, ...] = ()
        start = self._mark.position
        for _ in range(_ROUNDS):
            ended += self.sessions.end_transactions()
            end = read_position(self._administrator)
            written = read_written_tables(self._administrator, start, end, self._schema)
            self._restore_tables(with_cascades(written, self._cascades))
            self._restore_counters()
            start = end
            mark = self._read_mark()
            if mark.position == end:
                self._mark = mark
                return ended
        raise CannotRestoreError("other sessions keep writing")

    def _restore_tables(self, names: Collection[str]) -> None:
        tables = [self._find(name) for name in sorted(names)]
        if sum(table.size_bytes for table in tables) > _MOST_BYTES:
            raise CannotRestoreError("large tables were written")
        for table in tables:
            if table.is_sequence:
                write_sequence(self._administrator, table.sql, self._sequences[table.name])
            else:
                restore_rows(self._administrator, table)

    def _find(self, name: str) -> MariadbTable:
        """Return a table that can be restored by a copy.

        Raises:
            CannotRestoreError: it cannot.
        """
        table = self._tables.get(name)
        if table is None:
            raise CannotRestoreError(f"the table {name} is new")
        if table.is_sequence or name in self._seeded:
            return table
        raise CannotRestoreError(f"the table {name} is large, has triggers or keeps history")

    def _restore_counters(self) -> None:
        """Restore what the next numbers are, of rows that were undone, too."""
        now = read_counters(self._administrator, self._schema)
        if now == self._counters:
            return
        for name, number in now.items():
            if self._counters.get(name) != number:
                next_number = self._counters.get(name, "1")
                self._administrator.execute(
                    f"ALTER TABLE {self._find(name).sql} AUTO_INCREMENT = {next_number}"
                )
        if read_counters(self._administrator, self._schema) != self._counters:
            raise CannotRestoreError("the next numbers of a table cannot be restored")

    def _read_mark(self) -> _Mark:
        rows = read_written_rows(self._administrator)
        return _Mark(read_position(self._administrator), rows)
