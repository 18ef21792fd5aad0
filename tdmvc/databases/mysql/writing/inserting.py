"""Writes rows into tables: INSERT of many rows at once, and the difference to what is there."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.encoding.literals import InsertFrame, encoder, statements
from tdmvc.databases.mysql.errors import DUPLICATE, RefusedStatementError
from tdmvc.databases.mysql.names import alias, quoted, quoted_names, table_sql
from tdmvc.databases.mysql.writing.changed_rows import MysqlChanges
from tdmvc.model.progress import ProgressCallback
from tdmvc.model.seeding import WrittenRows

_CAST = "tdmvc_cast"
EXISTING, CHANGING = "existing", "changing"
"""Purposes of aliases: a table that is read while rows are inserted, and one whose rows are changed by others."""
_STAGED, _EXCHANGED, _DELETED = "tdmvc_rows", "tdmvc_changed", "tdmvc_deleted"
_MOST_BYTES = 1 << 20
_BINARY_COMPARED = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})


@dataclass(frozen=True, slots=True)
class MysqlWriter:
    """Writes into one table."""

    connection: MysqlConnection
    table: MysqlTable
    most_bytes: int
    """The longest statement that the server accepts."""
    on_progress: ProgressCallback
    changed: MysqlChanges | None = None
    """Told which rows change; None if nobody asks for them."""

    @property
    def _name(self) -> str:
        return table_sql(self.table.schema, self.table.name)

    @property
    def _changing(self) -> str:
        return alias(CHANGING, self.table.schema, self.table.name)

    @property
    def _joined(self) -> str:
        return f"{self._name} AS {self._changing}"

    @property
    def _staged(self) -> str:
        return self.changed.written if self.changed is not None else _STAGED

    @property
    def _existing(self) -> str:
        return alias(EXISTING, self.table.schema, self.table.name)

    @property
    def _doing(self) -> str:
        return f"Loading {self.table.name}"

    def _own_columns(self, names: Sequence[str]) -> list[str]:
        """Return the columns that can be written: the server computes generated ones."""
        computed = {column.name.lower() for column in self.table.columns if column.generation}
        return [name for name in names if name.lower() not in computed]

    def insert(self, rows: pa.RecordBatchReader, into: str | None = None) -> int:
        """Insert rows, and return how many there were.

        Args:
            into: another table with the same columns.

        Raises:
            DatabaseError: the server refuses a row, or the connection is lost.
        """
        columns = {column.name.lower(): column for column in self.table.columns}
        names = self._own_columns(rows.schema.names)
        encoders = [encoder(rows.schema.field(name).type, columns[name.lower()]) for name in names]
        prefix = f"INSERT INTO {into or self._name} ({quoted_names(names)}) VALUES "
        statement = InsertFrame(prefix.encode())
        done = 0
        for batch in rows:
            for sql, count in statements(
                batch.select(names), encoders, statement, min(self.most_bytes, _MOST_BYTES)
            ):
                self.connection.execute(sql, self._doing)
                done += count
                self.on_progress(self._doing, done, None, "rows")
        return done

    def upsert(self, table: TableToWrite) -> WrittenRows:
        """Insert rows whose key is new, and update those that differ.

        Raises:
            DatabaseError: the server refuses a row.
        """
        key = table.schema.key
        names = self._own_columns(table.schema.column_names)
        staged = self._stage(self._staged, table.read(), names)
        matches = " AND ".join(f"{{0}}.{quoted(name)} = r.{quoted(name)}" for name in key)
        if self.changed is not None:
            computed = [column.name for column in self.table.columns if column.generation]
            own = f"{self._staged} AS r STRAIGHT_JOIN {self._joined} ON {matches.format(self._changing)}"
            self.changed.leave(own, self._changing, {*names, *computed}.difference(key))
            self.changed.has_written = True
        differs = " OR ".join(self._differs(name) for name in names)
        updated = self._update(names, matches.format(self._changing), differs)
        existing = matches.format(self._existing)
        inserted = self.connection.execute(
            f"INSERT INTO {self._name} ({quoted_names(names)}) SELECT {quoted_names(names)} FROM {self._staged} AS r "
            f"WHERE NOT EXISTS (SELECT 1 FROM {self._name} AS {self._existing} WHERE {existing})",
            self._doing,
        )
        if self.changed is None:
            self.connection.execute(f"DROP TEMPORARY TABLE {self._staged}")
        return WrittenRows(inserted, updated, unchanged=staged - inserted - updated)

    def delete(self, keys: pa.RecordBatchReader) -> int:
        """Delete the rows with these keys, and return how many there were."""
        names = keys.schema.names
        if not self._stage(_DELETED, keys, names):
            self.connection.execute(f"DROP TEMPORARY TABLE {_DELETED}")
            return 0
        matches = " AND ".join(f"{self._changing}.{quoted(name)} = r.{quoted(name)}" for name in names)
        if self.changed is not None:
            self.changed.leave(f"{_DELETED} AS r STRAIGHT_JOIN {self._joined} ON {matches}", self._changing)
        count = self.connection.execute(
            f"DELETE {self._changing} FROM {_DELETED} AS r STRAIGHT_JOIN {self._joined} ON {matches}",
            self._doing,
        )
        self.connection.execute(f"DROP TEMPORARY TABLE {_DELETED}")
        return count

    def _stage(self, name: str, rows: pa.RecordBatchReader, names: Sequence[str]) -> int:
        """Put rows into a temporary table with the same types."""
        self.connection.execute(f"DROP TEMPORARY TABLE IF EXISTS {name}")
        self.connection.execute(
            f"CREATE TEMPORARY TABLE {name} ENGINE=InnoDB AS SELECT {quoted_names(names)} FROM {self._name} LIMIT 0",
            self._doing,
        )
        return self.insert(rows, into=name)

    def _differs(self, name: str) -> str:
        column = next(one for one in self.table.columns if one.name.lower() == name.lower())
        own, new = f"{self._changing}.{quoted(name)}", f"r.{quoted(name)}"
        if column.kind in _BINARY_COMPARED:
            # The collation may take two texts for the same.
            own, new = f"CAST({own} AS BINARY)", f"CAST({new} AS BINARY)"
        return f"NOT ({own} <=> {new})"

    def _update(self, names: Sequence[str], matches: str, differs: str) -> int:
        values = ", ".join(f"{self._changing}.{quoted(name)} = r.{quoted(name)}" for name in names)
        try:
            return self.connection.execute(
                f"UPDATE {self._staged} AS r STRAIGHT_JOIN {self._joined} ON {matches} SET {values} WHERE {differs}",
                self._doing,
            )
        except RefusedStatementError as error:
            if error.code != DUPLICATE:
                raise
        # Rows may exchange values that are unique, which the server checks row by row.
        return self._exchange(names, matches, differs)

    def _exchange(self, names: Sequence[str], matches: str, differs: str) -> int:
        """Take the rows that differ out, and put them in again with their new values."""
        own = self._own_columns([column.name for column in self.table.columns])
        new = {name.lower() for name in names}
        values = ", ".join(
            f"{'r' if name.lower() in new else self._changing}.{quoted(name)} AS {quoted(name)}"
            for name in own
        )
        rows = f"{self._staged} AS r STRAIGHT_JOIN {self._joined} ON {matches} WHERE {differs}"
        self.connection.execute(f"DROP TEMPORARY TABLE IF EXISTS {_EXCHANGED}")
        self.connection.execute(
            f"CREATE TEMPORARY TABLE {_EXCHANGED} ENGINE=InnoDB AS SELECT {values} FROM {rows}",
            self._doing,
        )
        self.connection.execute(
            f"DELETE {self._changing} FROM {rows}",
            self._doing,
        )
        updated = self.connection.execute(
            f"INSERT INTO {self._name} ({quoted_names(own)}) SELECT {quoted_names(own)} FROM {_EXCHANGED}",
            self._doing,
        )
        self.connection.execute(f"DROP TEMPORARY TABLE {_EXCHANGED}")
        return updated


def make_cast_table(connection: MysqlConnection, table: MysqlTable) -> str:
    """Make an empty temporary table with the columns of another one, and return its name."""
    connection.execute(f"DROP TEMPORARY TABLE IF EXISTS {table_sql(table.schema, _CAST)}")
    connection.execute(
        f"CREATE TEMPORARY TABLE {table_sql(table.schema, _CAST)} LIKE {table_sql(table.schema, table.name)}",
        f"Casting the rows of {table.name}",
    )
    return _CAST
